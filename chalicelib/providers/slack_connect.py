"""Slack as a customers' channel: people of other teams, in channels that are shared by Slack Connect.

1. api.slack.com/apps, Create New App, From scratch: an app of its own, beside the desk's.
2. OAuth & Permissions, Bot Token Scopes: channels:history, groups:history, chat:write, files:read and files:write.
   Install to your workspace, and copy the Bot User OAuth Token. Basic Information: copy the Signing Secret.
3. Once both are set: Event Subscriptions, Request URL {url}, with the bot events message.channels and message.groups.
4. In Slack: invite this bot into each channel that you share with a customer, and the desk's bot into none of them.

Events: https://docs.slack.dev/reference/events/message  Sharing: https://docs.slack.dev/apis/slack-connect/
Posting: https://docs.slack.dev/reference/methods/chat.postMessage

Confirmed by slack-sdk 3: the signature, and what its client sends and gets. By Slack's pages alone: whose team a writer
is of.

Whoever is of another team is a customer, in each channel by itself: an address is `<channel>/<user>`, and an answer
stands below what they wrote last, to be read by all in that channel. What the shop's own people write there is none.
Slack tells neither what was delivered nor what was read.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib import slack
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, Trouble
from chalicelib.models.values import Address, Channel
from chalicelib.slack import App as Config
from chalicelib.slack import fetch, verify
from chalicelib.webhook import MALFORMED, Request

__all__ = ["Config", "can", "channel", "check", "fetch", "find", "parse", "send", "verify"]

channel = Channel.SLACK_CONNECT
can = Can(
    text=4000,  # a message could hold more, but Slack asks for no more; and no more can be written anew
    covers=frozenset({Cover.BODY, Cover.TIME}),
    edit=True,
    delete=True,
    files=10,
    file_size=slack.LARGEST,
)

_WHERE = re.compile(r"([CG][A-Z0-9]+)/([UW][A-Z0-9]+)", re.ASCII)


def parse(request: Request, config: Config) -> list[Message]:
    """What a customer wrote, edited or deleted. Anything else on the endpoint is not for us."""
    try:
        return list(_read(request.json_object()))
    except MALFORMED as error:
        raise Unreadable("something of Slack's without its fields") from error


def send(outgoing: Outgoing, config: Config) -> str:
    """Post, write a post anew, take it back, or share a file; returns `channel:ts`, or the file's id."""
    if outgoing.change:
        anew = None if outgoing.change == "delete" else {"text": slack.escape(outgoing.text)}
        return slack.change(outgoing.refers, anew, config)
    where, thread = _place(outgoing)
    if outgoing.file:
        return slack.share(outgoing.file, where, thread, slack.escape(outgoing.text), config)
    post: dict[str, Any] = {"channel": where, "text": slack.escape(outgoing.text), "mrkdwn": False}
    post |= {"metadata": slack.metadata(outgoing.key), **({"thread_ts": thread} if thread else {})}
    return slack.posted(slack.call("chat.postMessage", config, json=post))


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our post by the key in its metadata. A change leaves no trace of its own: it is made again."""
    if outgoing.change:
        return None
    if outgoing.file:
        raise SendFailed("Slack: a file cannot be looked for", Outcome.REFUSED)
    return slack.find(*_place(outgoing), outgoing.key, outgoing.since, config)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds (SendFailed says why not). Slack has no method that tells where events go."""
    slack.call("auth.test", config, json={})
    return []


def _read(outer: dict[str, Any]) -> Iterator[Message]:
    """What a person of another team wrote."""
    told = slack.told(outer)
    _, others = slack.teams(outer, told.post) if told else ("", set())
    if not told or not others or told.post.get("bot_id") or not told.post.get("user"):
        return
    where, post, deleted = told.event["channel"], told.post, told.kind is Kind.DELETE
    yield Message(
        provider="slack_connect",
        kind=told.kind,
        id=f"{where}:{post['ts']}",
        version=told.version,
        sender=Address(channel=channel, id=f"{where}/{post['user']}"),
        text="" if deleted else slack.plain(str(post.get("text") or "")),
        attachments=() if deleted else tuple(slack.attachments(post)),
        sent_at=datetime.fromtimestamp(float(post["ts"]), UTC),
        context={"thread": post.get("thread_ts") or post["ts"]},
        source=told.event,
    )


def _place(outgoing: Outgoing) -> tuple[str, str]:
    """The channel, and the thread of what they wrote last. Raises SendFailed."""
    found = _WHERE.fullmatch(outgoing.to)
    if not found:
        raise SendFailed("Slack: this is no address of a person in a shared channel", Outcome.REFUSED)
    return found[1], outgoing.context.get("thread", "")
