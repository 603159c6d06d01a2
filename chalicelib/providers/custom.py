"""Any other system, in both directions: a form, a chat widget, a shop's own app.

1. Make up a key: 24 bytes or more in Base64, behind whsec_. Your system signs with it, and so do we.
2. Let your system post to {url} what chalicelib/providers/custom.py describes.
3. Answers go to the address in reply_url, where your system takes them.

Confirmed by standardwebhooks 1: signatures, in both directions.

Both directions are signed as https://www.standardwebhooks.com says: headers webhook-id (no dot in it),
webhook-timestamp (Unix seconds, at most five minutes off) and webhook-signature (`v1,` HMAC-SHA256 under a whsec_
secret, or `v1a,` Ed25519 for a whpk_ key; several may stand there, separated by spaces). The names svix-* are taken
too. Bodies are JSON objects in UTF-8.

In, POST to /webhooks/custom:

    {"type": "message.received", "timestamp": "2026-03-01T09:30:00Z", "data": {
        "message_id": "m-1",                    required, unique within your system
        "sender": {"id": "visitor-7",           required, lasting, unique within your system
                   "name": "…", "email": "…", "phone": "…"},
        "text": "…",
        "attachments": [{"name": "…", "type": "image/png", "size": 2048, "url": "https://…"}],
        "location": {"latitude": 52.5, "longitude": 13.4, "name": "…"},
        "choice": "…",                          what stands behind the button that was pressed
        "language": "de",                       of the page or the app, if you know it
        "reply_to": "m-0",                      the id of the message it answers
        "channel": "…",                         your own word; it comes back with each answer
        "automatic": false}}                    true: written by a machine, never acknowledged

    "message.edited"     message_id, sender and the whole new text; its timestamp tells two edits apart
    "message.deleted"    message_id and sender
    "message.reaction"   message_id, sender and emoji; an empty one takes it back; its timestamp tells two apart
    "receipt"            message_id of what we sent, status (delivered, read or failed), reason
    "batch"              {"type": "batch", "items": [any of these, …]}

An id may be a string or a whole number. Other types are ignored, `message.sent` (our own words, coming back) among
them. name, email and phone are shown as the sender's name: nobody proved them, so they never lead to another address.

Out, POST to the setting `reply_url`, answered with any 2xx and, if you like, {"message_id": "…"} for your receipts:

    {"type": "message.sent", "timestamp": "…", "data": {
        "message_id": "…", "to": "visitor-7", "text": "…", "automatic": false, "channel": "…",
        "attachments": [{"name": "…", "type": "image/png", "size": 2048, "url": "https://…"}]}}

An attachment's url can be read by whoever has it, for a limited time: fetch it at once. Yours are fetched by us, from
the host of `reply_url` and those of `file_hosts`, without any credentials, at most 25 MB.

The webhook-id is the same when we send it again: take it once, answer 2xx each time. 408, 425, 429 and 503 mean later
(Retry-After is honoured), any other 4xx means never.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib import api, download, proofs, signing
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, with_typed
from chalicelib.webhook import Request, moment

channel = Channel.WEBCHAT
can = Can(
    text=4000,  # ours to choose: with it a body stays under the 20 kB that the standard asks for
    covers=frozenset({Cover.BODY, Cover.TIME, Cover.ID}),
    files=10,
    file_size=1_000_000_000,
    receipts=True,
    idempotent=96,  # its side of the standard: it knows a webhook-id for as long as we try
    libraries=("nacl",),
)
verify = proofs.standard_webhooks("signing_secret")

KINDS = {
    "message.received": Kind.MESSAGE,
    "message.edited": Kind.EDIT,
    "message.deleted": Kind.DELETE,
    "message.reaction": Kind.REACTION,
}
PROGRESS = {"delivered": Progress.DELIVERED, "read": Progress.READ, "failed": Progress.FAILED}
OUTCOMES = {408: Outcome.NOT_SENT, 425: Outcome.NOT_SENT}  # HTTP's own "come again", beside 429 and 503
MALFORMED = (KeyError, TypeError, AttributeError, ValueError)


class Config(Frozen):
    signing_secret: LiveSecret = secret(
        "whsec_… that your system signs with (or its whpk_… public key)", inbound=True, outbound=True
    )
    reply_secret: LiveSecret = secret(
        "whsec_… that we sign answers with; only where it is not signing_secret", outbound=True, optional=True
    )
    reply_url: str = setting("where your system takes answers (https://…)", outbound=True, optional=True)
    file_hosts: str = setting(
        "hosts that attachments may be fetched from, beside that of reply_url; spaces between them",
        outbound=True, optional=True,
    )  # fmt: skip


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One item, or all of a batch. Raises Unreadable, with the others, if an item cannot be read."""
    outer, account = request.json_object(), request.account
    if outer.get("type") != "batch":
        return _read(outer, account)
    items = outer.get("items")
    if not isinstance(items, list):
        raise Unreadable("a batch without items")
    found: list[Message | Receipt] = []
    unread = 0
    for item in items:
        try:
            found += _read(item, account)
        except Unreadable:
            unread += 1
    if unread:
        raise Unreadable("a batch with items that cannot be read", found)
    return found


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text or file; returns the id the answer gives it, else our own key."""
    if not config.reply_url:
        raise SendFailed("your system takes no answers: reply_url is not set", Outcome.REFUSED)
    now = (outgoing.at or datetime.now(UTC)).timestamp()  # the signature holds the time of this very try
    since = outgoing.since or datetime.fromtimestamp(now, UTC)
    body = {"type": "message.sent", "timestamp": since.isoformat(timespec="seconds"), "data": _data(outgoing)}
    headers = _signed(outgoing.key, str(int(now)), body, config)
    answer = api.call("POST", config.reply_url, headers=headers, json=body)
    said = answer.json()
    error = said.get("error")
    reason = f"your system answered {answer.status}{f' ({error[:200]})' if isinstance(error, str) else ''}"
    api.refuse(answer, reason, OUTCOMES, answer.status if answer.status in OUTCOMES else None)
    try:
        return _id(said["message_id"])
    except MALFORMED:
        return outgoing.key


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file from one of the hosts that the shop named."""
    hosts = config.file_hosts.lower().split()
    answer = download.get(attachment.reference, hosts=hosts, own=config.reply_url, limit=limit)
    return download.content(attachment, answer)


def _read(item: Any, account: str) -> list[Message | Receipt]:
    try:
        if item["type"] == "receipt":
            return list(_receipt(item))
        kind = KINDS.get(item["type"])
        return [_message(kind, item, account)] if kind else []
    except MALFORMED as error:
        raise Unreadable("an item of a custom webhook without its fields") from error


def _message(kind: Kind, item: dict[str, Any], account: str) -> Message:
    data = item["data"]
    where, text = data.get("location"), _text(kind, data)
    return Message(
        provider="custom",
        kind=kind,
        id=_id(data["message_id"]),
        version=_version(kind, item, text),
        sender=_address(data["sender"], account),
        name=_name(data["sender"]),
        language=_words(data, "language"),
        text=text,
        attachments=tuple(_attachments(data)),
        location=Location.model_validate(where) if where else None,
        choice=_words(data, "choice"),
        reply_to=_id(data["reply_to"]) if data.get("reply_to") else "",
        sent_at=moment(item.get("timestamp")),
        automatic=data.get("automatic") is True,
        context={"channel": data["channel"]} if _words(data, "channel") else {},
        source=item,
    )


def _receipt(item: dict[str, Any]) -> Iterator[Receipt]:
    """Queued, sent and whatever else a system may say is known or nothing to us."""
    data = item["data"]
    progress = PROGRESS.get(data["status"])
    if progress:
        ids = (_id(data["message_id"]),)
        yield Receipt(provider="custom", progress=progress, ids=ids, reason=_words(data, "reason"), source=item)


def _text(kind: Kind, data: dict[str, Any]) -> str:
    """The words; of a reaction the emoji."""
    if kind is Kind.REACTION:
        return _words(data, "emoji")
    return "" if kind is Kind.DELETE else _words(data, "text")


def _version(kind: Kind, item: dict[str, Any], text: str) -> str:
    """What tells two edits, or a reaction and its removal, apart in every envelope."""
    if kind not in (Kind.EDIT, Kind.REACTION):
        return ""
    timestamp = _words(item, "timestamp")
    if not timestamp:
        raise ValueError("no timestamp")
    return timestamp if kind is Kind.EDIT else f"{timestamp} {text}".rstrip()


def _address(sender: dict[str, Any], account: str) -> Address:
    """Ids are unique only within one system, so provider and account are part of it: customB2:visitor-7."""
    return Address(channel=channel, id=f"custom{account}:{_id(sender['id'])}")


def _name(sender: dict[str, Any]) -> str:
    return with_typed(_words(sender, "name"), _words(sender, "email"), _words(sender, "phone"))


def _attachments(data: dict[str, Any]) -> Iterator[Attachment]:
    for file in data.get("attachments") or []:
        yield Attachment(
            name=_words(file, "name"), type=_words(file, "type"), size=file.get("size"), reference=_words(file, "url")
        )


def _words(table: dict[str, Any], field: str) -> str:
    """A string that may be absent or null. Raises TypeError for anything else."""
    value = table.get(field)
    if value is not None and not isinstance(value, str):
        raise TypeError(field)
    return value or ""


def _id(value: object) -> str:
    """A string that is not empty, or a whole number. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError("no id")
    return str(value)


def _data(outgoing: Outgoing) -> dict[str, Any]:
    data = {"message_id": outgoing.key, "to": outgoing.to.partition(":")[2], "text": outgoing.text}
    file = outgoing.file
    about = {"name": file.name, "type": file.type, "size": len(file.data), "url": file.url} if file else {}
    return {
        **data,
        "automatic": outgoing.automatic,
        **({"attachments": [about]} if about else {}),
        **{k: v for k, v in outgoing.context.items() if k == "channel"},
    }


def _signed(key: str, seconds: str, body: dict[str, Any], config: Config) -> dict[str, str]:
    """The three headers, with a signature under each live secret."""
    written = json.dumps(body, allow_nan=False).encode()  # as `requests` writes it
    signatures = signing.standard_signatures(config.reply_secret or config.signing_secret, key, seconds, written)
    if not signatures:
        raise SendFailed("there is no whsec_ secret to sign answers with", Outcome.REFUSED)
    return {"webhook-id": key, "webhook-timestamp": seconds, "webhook-signature": signatures}
