"""Slack as a desk: customers' messages in threads, agents' answers from there.

Events: https://docs.slack.dev/apis/events-api/  Signature: https://docs.slack.dev/authentication/verifying-requests-from-slack
Posting: https://docs.slack.dev/reference/methods/chat.postMessage
"""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib import api, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models import (
    Address,
    Attachment,
    Can,
    Channel,
    Cover,
    Frozen,
    Kind,
    LiveSecret,
    Message,
    Outgoing,
    Receipt,
    current,
    secret,
    setting,
)
from chalicelib.webhook import Request, Response

channel = Channel.SLACK
can = Can(
    text=3000,  # a section's text; a message could hold more
    covers=frozenset({Cover.BODY, Cover.TIME}),
    edit=True,
    delete=True,
    react=True,
    files=10,
    desk=True,
    customers=False,
)
accepted = Response()

WRITTEN = {None, "file_share", "thread_broadcast", "me_message"}  # subtypes of what a person wrote
OUTCOMES = {
    "ratelimited": Outcome.NOT_SENT,
    "rate_limited": Outcome.NOT_SENT,
    "service_unavailable": Outcome.NOT_SENT,
    # Slack says of these that part of the action may have succeeded (docs: common errors)
    "fatal_error": Outcome.UNKNOWN,
    "internal_error": Outcome.UNKNOWN,
    "request_timeout": Outcome.UNKNOWN,
}
REACTIONS = {
    "⏳": "hourglass_flowing_sand",
    "📤": "outbox_tray",
    "✅": "white_check_mark",
    "👀": "eyes",
    "❌": "x",
    "❓": "question",
}
DONE_ALREADY = {"already_reacted", "no_reaction"}
PAGES = 5  # of 200 posts each, when looking whether a post already arrived
METADATA = "shopbell_delivery"


class Config(Frozen):
    signing_secret: LiveSecret = secret("Signing secret, Basic Information page of the Slack app", inbound=True)
    bot_token: LiveSecret = secret("Bot token (xoxb-…), OAuth & Permissions page of the Slack app", outbound=True)
    api_url: str = setting("where Slack's API is", default="https://slack.com/api", outbound=True)


def verify(request: Request, config: Config) -> Response | None:
    """HMAC-SHA256 over version, time and body; at most five minutes old. The URL check is signed as well."""
    seconds = request.header("x-slack-request-timestamp")
    content = b"v0:" + seconds.encode("utf-8", "surrogatepass") + b":" + request.body
    theirs = [request.header("x-slack-signature")]
    if not signing.fresh(seconds, request.at) or not signing.signed(
        config.signing_secret, content, theirs, prefix="v0="
    ):
        raise BadSignature
    return _challenge(request)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """What a person wrote, edited or deleted in a thread. Anything else on the endpoint is not for us."""
    if "form-urlencoded" in request.header("content-type").lower():
        return []  # buttons and slash commands
    outer = request.json_object()
    event = outer.get("event")
    if outer.get("type") != "event_callback" or not isinstance(event, dict) or event.get("type") != "message":
        return []
    try:
        return list(_read(outer, event))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("a Slack message event without its fields") from error


def send(outgoing: Outgoing, config: Config) -> str:
    """Post, or react to a post; returns `channel:ts`."""
    if outgoing.reaction:
        return _react(outgoing, config)
    where, _, thread = outgoing.thread.partition(":")
    post = {
        "channel": where or outgoing.to,
        "text": _escape(_marked(outgoing)),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": METADATA, "event_payload": {"key": outgoing.key}},
    }
    if outgoing.card:
        post["blocks"] = list(_blocks(outgoing))
    if thread:
        post["thread_ts"] = thread
    said = _call("chat.postMessage", config, json=post)
    if not said.get("channel") or not said.get("ts"):
        raise SendFailed("Slack: an answer without the post's id", Outcome.UNKNOWN)
    return f"{said['channel']}:{said['ts']}"


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our post by the key in its metadata: in the thread, or in the channel for a card."""
    where, _, thread = outgoing.thread.partition(":")
    query = {"channel": where or outgoing.to, "limit": "200", "include_all_metadata": "true"}
    if outgoing.since:
        query["oldest"] = f"{outgoing.since.timestamp() - 60:.6f}"  # our clocks may differ by a minute
    method = "conversations.replies" if thread else "conversations.history"
    if thread:
        query["ts"] = thread
    for _ in range(PAGES):
        said = _call(method, config, query=query)
        for post in said.get("messages", []):
            if post.get("metadata", {}).get("event_payload", {}).get("key") == outgoing.key:
                return f"{query['channel']}:{post['ts']}"
        query["cursor"] = said.get("response_metadata", {}).get("next_cursor", "")
        if not query["cursor"]:
            return None
    raise SendFailed("Slack: too many posts to look through", Outcome.UNKNOWN)


def _challenge(request: Request) -> Response | None:
    if b"url_verification" not in request.body:
        return None
    try:
        outer = request.json_object()
    except Unreadable:
        return None
    return Response(body=str(outer.get("challenge", ""))[:500]) if outer.get("type") == "url_verification" else None


def _read(outer: dict[str, Any], event: dict[str, Any]) -> Iterator[Message]:
    if event.get("subtype") == "message_changed":
        if event["message"].get("text") != event.get("previous_message", {}).get("text"):  # not merely unfurled
            version = event["message"].get("edited", {}).get("ts") or event["ts"]
            yield from _written(outer, event, event["message"], Kind.EDIT, version)
    elif event.get("subtype") == "message_deleted":
        yield from _written(outer, event, event["previous_message"], Kind.DELETE)
    elif event.get("subtype") in WRITTEN:
        yield from _written(outer, event, event, Kind.MESSAGE)


def _written(
    outer: dict[str, Any], event: dict[str, Any], post: dict[str, Any], kind: Kind, version: str = ""
) -> Iterator[Message]:
    """A reply in a thread, by a person of the team that installed the app. Bots, our own posts among them, are not."""
    foreign = {post.get("user_team"), post.get("source_team")} - {None, outer.get("team_id")}
    bot = _bot_user(outer)
    in_thread = post.get("thread_ts") not in (None, post["ts"])
    elsewhere = post.get("parent_user_id") not in (None, bot)
    if post.get("bot_id") or not post.get("user") or foreign or not in_thread or (bot and elsewhere):
        return
    text = str(post.get("text") or "")
    yield Message(
        provider="slack",
        kind=kind,
        id=f"{event['channel']}:{post['ts']}",
        version=version,
        sender=Address(channel=channel, id=post["user"]),
        text="" if kind is Kind.DELETE else _plain(text),
        mentions=bool(re.search(r"<[@!]", text)),
        attachments=tuple(_attachments(post)),
        thread=f"{event['channel']}:{post['thread_ts']}",
        parent_is_ours=bool(bot) and post.get("parent_user_id") == bot,
        source=event,
    )


def _bot_user(outer: dict[str, Any]) -> str:
    authorizations = outer.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    return str(first.get("user_id", "")) if first.get("is_bot") else ""


def _attachments(post: dict[str, Any]) -> Iterator[Attachment]:
    for file in post.get("files") or []:
        size = file.get("size")
        yield Attachment(
            name=str(file.get("name", "")),
            type=str(file.get("mimetype", "")),
            size=size if isinstance(size, int) else None,
            reference=str(file.get("url_private_download", "")),
        )


def _plain(text: str) -> str:
    """Slack's markup as a customer should read it: links by their address, entities as characters."""
    text = re.sub(r"<(?:mailto:|tel:)[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(https?://[^|>]+)(?:\|[^>]*)?>", r"\1", text)
    text = re.sub(r"<[@#!][^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<([@#!][^>]*)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _marked(outgoing: Outgoing) -> str:
    return f"(possibly repeated) {outgoing.text}" if outgoing.repeat else outgoing.text


def _blocks(outgoing: Outgoing) -> Iterator[dict[str, Any]]:
    """The card: who, where from, how to answer, and the first message; all plain text, so nothing in it is markup."""
    card = outgoing.card
    assert card is not None
    yield {"type": "header", "text": {"type": "plain_text", "text": card.title[:150], "emoji": False}}
    facts = [{"type": "plain_text", "text": fact[:150], "emoji": False} for fact in card.facts[:10]]
    if facts:
        yield {"type": "context", "elements": facts}
    text = _marked(outgoing) or " "
    yield {"type": "section", "text": {"type": "plain_text", "text": text[: can.text], "emoji": False}}
    if card.hint:
        yield {"type": "context", "elements": [{"type": "plain_text", "text": card.hint[:300], "emoji": False}]}


def _react(outgoing: Outgoing, config: Config) -> str:
    where, _, ts = outgoing.refers.partition(":")
    method = "reactions.remove" if outgoing.removed else "reactions.add"
    _call(
        method,
        config,
        json={"channel": where, "timestamp": ts, "name": REACTIONS.get(outgoing.reaction, outgoing.reaction)},
    )
    return outgoing.refers


def _call(method: str, config: Config, **rest: Any) -> dict[str, Any]:
    """One method of Slack's API. Slack reports most failures with HTTP 200 and `ok: false`."""
    headers = {"Authorization": f"Bearer {current(config.bot_token)}"}
    verb = "GET" if "query" in rest else "POST"
    answer = api.call(verb, f"{config.api_url}/{method}", headers=headers, **rest)
    said = answer.json()
    code = said.get("error")
    code = code if isinstance(code, str) else ""
    if said.get("ok") is True or code in DONE_ALREADY:
        return said
    reason = f"Slack: {code or answer.status}".replace(current(config.bot_token), "…")
    api.refuse(answer, reason, OUTCOMES, code)
    # HTTP 200 without ok: a code means refused; an answer that cannot be read tells nothing
    raise SendFailed(reason, Outcome.REFUSED if code else Outcome.UNKNOWN, answer.retry_after)
