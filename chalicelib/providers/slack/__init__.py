"""Slack as a desk: customers' messages in threads, agents' answers and choices from there.

1. api.slack.com/apps, Create New App, From a manifest: what shopbell slack manifest --url {base} prints.
2. Install App, Install to your workspace: copy the Bot User OAuth Token. Basic Information: copy the Signing Secret.
3. Once both are set: Event Subscriptions, Retry beside the Request URL {url}
4. In Slack: invite the bot into each desk's channel. The channel's details end with the id that shop.toml wants.

Events: https://docs.slack.dev/apis/events-api/  Signature: https://docs.slack.dev/authentication/verifying-requests-from-slack
Posting: https://docs.slack.dev/reference/methods/chat.postMessage

Confirmed by slack-sdk 3: the signature and its published vector, blocks, and what its client sends and gets.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib import slack
from chalicelib.errors import Unreadable
from chalicelib.models.inbound import Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, Trouble
from chalicelib.models.values import Address, Channel
from chalicelib.providers.slack import blocks, events, interact, people, posts
from chalicelib.slack import App as Config
from chalicelib.slack import call, fetch, verify
from chalicelib.webhook import Request

__all__ = ["Config", "can", "channel", "check", "fetch", "find", "parse", "send", "verify", "vouch"]

channel = Channel.SLACK
can = Can(
    text=blocks.LONGEST_TEXT,  # a message could hold more
    covers=frozenset({Cover.BODY, Cover.TIME}),
    edit=True,
    delete=True,
    react=True,
    files=10,
    file_size=slack.LARGEST,
    desk=True,
    customers=False,
)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """What a person wrote, edited, deleted or chose. Anything else on the endpoint is not for us."""
    try:
        if "form-urlencoded" not in request.header("content-type").lower():
            return list(events.read(request.json_object()))
        form = dict(request.form())
        if "payload" not in form:
            return list(interact.typed(form))
        return list(interact.pressed(replace(request, body=form["payload"].encode()).json_object()))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("something of Slack's without its fields") from error


def send(outgoing: Outgoing, config: Config) -> str:
    """Post, write a post anew, take it back, or react to it; returns `channel:ts`. Share a file; returns its id."""
    if outgoing.reaction:
        return posts.react(outgoing, config)
    if outgoing.change:
        return slack.change(outgoing.refers, posts.anew(outgoing), config)
    if outgoing.file:
        return posts.share(outgoing, outgoing.file, config)
    return posts.whisper(outgoing, config) if outgoing.private_to else posts.post(outgoing, config)


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our post by the key in its metadata. A change leaves no trace of its own: it is made again."""
    return None if outgoing.change else posts.find(outgoing, config)


def vouch(sender: Address, config: Config) -> str:
    """Why this person may not act at a desk; empty if they may. Raises SendFailed."""
    return people.refusal(sender.id, config)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds (SendFailed says why not). Slack has no method that tells where events go.

    https://docs.slack.dev/reference/methods/auth.test
    """
    call("auth.test", config, json={})
    return []
