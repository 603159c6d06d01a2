"""LINE: one-on-one chats with the shop's official account.

1. LINE Developers Console, your channel, Basic settings: copy the Channel secret.
2. Messaging API: issue a Channel access token (long-lived).
3. What is copied so far has to be set before this. Messaging API, Webhook settings: the Webhook URL is {url} (Verify
   tries it); switch Use webhook on. LINE Official Account features: switch Auto-reply messages off.

Webhook: https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
Signature: https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
Sending: https://developers.line.biz/en/reference/messaging-api/#send-push-message
Repeating: https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
Files: https://developers.line.biz/en/reference/messaging-api/#get-content

Confirmed by the vector of LINE's own tests: the signature. By LINE's pages alone: everything else.

Only a one-on-one chat is one customer: groups and rooms are ignored on purpose, for an answer there would be read by
people who never wrote. A person's id is theirs with one LINE provider only, so an address is `<account's>/<person's>`.

An answer to what somebody wrote is free while the event's reply token lives, about a minute; every other message counts
against the account's plan. So an acknowledgement goes by the reply token, once; all else is pushed, with a retry key.
LINE tells neither what was delivered nor what was read, and takes messages for people who have blocked the account.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from chalicelib import api, canary, download, proofs, signing
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Kind, Location, Message, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, digest
from chalicelib.service import Service
from chalicelib.webhook import MALFORMED, Request, each, reads, word

channel = Channel.LINE
# LINE takes 5,000 UTF-16 units, and an emoji is two or more
can = Can(text=2500, covers=frozenset({Cover.BODY}), files=1, idempotent=24)
verify = proofs.hmac_of_body("channel_secret", "x-line-signature", encode=signing.base64_digest)
FILE_HOST = "api-data.line.me"

FRESH = timedelta(seconds=50)  # for a reply token: LINE gives it a minute
MONTHLY_LIMIT = "You have reached your monthly limit."  # comes with 429, and waiting does not help
OUTCOMES = {MONTHLY_LIMIT: Outcome.REFUSED}
FILES = {  # kind of a message: name and type where LINE tells none
    "image": ("photo.jpg", "image/jpeg"),
    "video": ("video.mp4", "video/mp4"),
    "audio": ("audio.m4a", "audio/mp4"),
    "file": ("a file", ""),
}
_MESSAGE = re.compile(r"[0-9]{1,30}", re.ASCII)


class Config(Frozen):
    channel_secret: LiveSecret = secret("Channel secret, Basic settings of the channel in LINE's console", inbound=True)
    channel_token: LiveSecret = secret("Channel access token, Messaging API settings of the channel", outbound=True)
    api_url: str = setting("where LINE's API is", default="https://api.line.me", outbound=True)


@reads("a LINE webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """The messages of every event; none where LINE only tries the address. Raises Unreadable, with the others."""
    outer = request.json_object()
    return each(outer["events"], partial(_read, word(outer["destination"])), "a LINE event without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text; returns its id. A reply token that LINE does not take is no refusal: the next try is pushed."""
    _, _, person = outgoing.to.partition("/")
    if not person:
        raise SendFailed("LINE: this is no address of a person", Outcome.REFUSED)
    token, key = _reply_token(outgoing), str(uuid5(NAMESPACE_OID, outgoing.key))
    way, to = ("reply", {"replyToken": token}) if token else ("push", {"to": person})
    headers = {**_shown(config), **({"X-Line-Retry-Key": key} if way == "push" else {})}  # with a reply LINE refuses it
    body = {**to, "messages": [{"type": "text", "text": outgoing.text}]}
    answer = api.call("POST", f"{config.api_url}/v2/bot/message/{way}", headers=headers, json=body)
    if way == "reply" and answer.status == 400:
        raise SendFailed("LINE: the reply token is not valid any more", Outcome.NOT_SENT)
    if way == "reply" or answer.status != 409:  # a push with this key was accepted before
        LINE.refuse(answer, config)
    return _id(answer.json()) or key


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file by its message's id, as long as LINE keeps it. One that lies elsewhere is not fetched."""
    if not _MESSAGE.fullmatch(attachment.reference):
        raise SendFailed("it does not lie at LINE", Outcome.REFUSED)
    own = download.moved(config)
    url = f"{own or f'https://{FILE_HOST}'}/v2/bot/message/{attachment.reference}/content"
    answer = download.get(url, hosts=[FILE_HOST], own=own, limit=limit, headers=_shown(config))
    return download.content(attachment, answer)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and the webhook is ours and switched on.

    https://developers.line.biz/en/reference/messaging-api/#get-webhook-endpoint-information (read, never tried)
    """
    answer = api.call("GET", f"{config.api_url}/v2/bot/channel/webhook/endpoint", headers=_shown(config))
    if answer.status != 404:  # no address is set
        LINE.refuse(answer, config)
    said = answer.json()
    troubles = canary.registered("LINE", said.get("endpoint"), webhook)
    return troubles or ([Trouble("LINE's webhook is switched off")] if said.get("active") is not True else [])


def _shown(config: Config) -> dict[str, str]:
    return {"Authorization": f"Bearer {current(config.channel_token)}"}


def _reply_token(outgoing: Outgoing) -> str:
    """The token an acknowledgement answers by; empty where the message is to be pushed."""
    got = outgoing.context.get("reply_token_at", "")
    if not outgoing.automatic or outgoing.tried or not got or not outgoing.at:
        return ""
    fresh = outgoing.at - datetime.fromisoformat(got) < FRESH
    return outgoing.context.get("reply_token", "") if fresh else ""


def _id(said: dict[str, Any]) -> str:
    """The id of what was sent, also where it was sent by an earlier try; empty where LINE tells none."""
    try:
        return word(said["sentMessages"][0]["id"])
    except MALFORMED:
        return ""


def _read(bot: str, event: dict[str, Any]) -> Iterator[Message]:
    """What one event means. In `standby` another service has the chat: recorded, never acknowledged."""
    about = ABOUT.get(event["type"])
    source = event.get("source") or {}
    if not about or source.get("type") != "user":
        return
    yield Message(
        provider="line",
        sender=Address(channel=channel, id=f"{bot}/{word(source['userId'])}"),
        sent_at=_moment(event["timestamp"]),
        automatic=event.get("mode") == "standby",
        context=_context(event),
        source=event,
        **about(event),
    )


def _context(event: dict[str, Any]) -> dict[str, str]:
    """The reply token and its time. What comes again has a new token, but the old time: then it is taken for old."""
    token = event.get("replyToken")
    return {"reply_token": word(token), "reply_token_at": _moment(event["timestamp"]).isoformat()} if token else {}


def _written(event: dict[str, Any]) -> dict[str, Any]:
    """A message. Of a kind that is not known here it is only told that it came."""
    said = event["message"]
    kind = said["type"]
    attachments = (_attachment(said),) if kind in FILES else ()
    location = _location(said) if kind == "location" else None
    text = said["text"] if kind == "text" else _sticker(said) if kind == "sticker" else ""
    return {
        "id": word(said["id"]),
        "text": text or ("" if attachments or location else f"(a message of the kind {kind})"),
        "attachments": attachments,
        "location": location,
        "reply_to": said.get("quotedMessageId") or "",
    }


def _edited(event: dict[str, Any]) -> dict[str, Any]:
    """Only of groups so far; two edits in one millisecond are two."""
    said = event["message"]
    version = f"{event['timestamp']:d} {digest(said['text'])}"
    return {"kind": Kind.EDIT, "id": word(said["id"]), "version": version, "text": said["text"]}


def _unsent(event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": Kind.DELETE, "id": word(event["unsend"]["messageId"])}


def _pressed(event: dict[str, Any]) -> dict[str, Any]:
    """A button, or a date that was picked. LINE's own id of the event stays the same when it comes again."""
    postback = event["postback"]
    picked = postback.get("params") or {}
    text = ", ".join(word(value) for value in picked.values())
    return {"id": word(event["webhookEventId"]), "text": text or postback["data"], "choice": postback["data"]}


ABOUT = {"message": _written, "messageEdited": _edited, "unsend": _unsent, "postback": _pressed}


def _sticker(said: dict[str, Any]) -> str:
    """What stands on it, else up to three of the words that describe it: LINE picks these anew each time."""
    about = said.get("text") or ", ".join((said.get("keywords") or [])[:3])
    return f"(sticker: {about})" if about else "(sticker)"


def _attachment(said: dict[str, Any]) -> Attachment:
    """LINE keeps a file under its message's id, for a while; one that lies elsewhere is known by its address."""
    name, media_type = FILES[said["type"]]
    kept = said.get("contentProvider") or {}
    return Attachment(
        name=said.get("fileName") or name,
        type=media_type,
        size=said.get("fileSize"),
        reference=kept.get("originalContentUrl") or said["id"],
    )


def _location(said: dict[str, Any]) -> Location:
    name = ", ".join(filter(None, [said.get("title"), said.get("address")]))
    return Location(latitude=said["latitude"], longitude=said["longitude"], name=name)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _error(said: dict[str, Any]) -> tuple[str | None, Any]:
    """LINE has no codes: one of its texts says more than the HTTP status."""
    words = said.get("message")
    return MONTHLY_LIMIT if words == MONTHLY_LIMIT else None, words


LINE = Service("LINE", _error, OUTCOMES)
