"""Facebook Messenger.

Webhook: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events
Signature: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
Sending: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
Errors: https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes

A person's id (PSID) is theirs on one page only, so an address is `<page id>/<PSID>`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib import meta
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models import (
    Address,
    Attachment,
    Can,
    Channel,
    Cover,
    Kind,
    LiveSecret,
    Location,
    Message,
    Outgoing,
    Progress,
    Receipt,
    current,
    secret,
)
from chalicelib.webhook import Request, Response

channel = Channel.MESSENGER
can = Can(text=2000, covers=frozenset({Cover.BODY}), methods=meta.METHODS, files=30, receipts=True, window=24)
accepted = Response()

OUTCOMES = meta.OUTCOMES | {
    80006: Outcome.NOT_SENT,
    1200: Outcome.NOT_SENT,
    200: Outcome.REFUSED,
    551: Outcome.REFUSED,
}
WORDS = meta.WORDS | {
    551: "this person cannot be reached on Messenger at the moment",
    1200: "Messenger could not send for the moment",
    80006: "this page sends too much, Meta asks us to wait",
    # subcodes
    1545041: "this person cannot be reached on Messenger at the moment",
    2018001: "Messenger does not know this person (on this page)",
    2018065: "the customer's last message is more than 24 hours old; Messenger then takes no answer",
    2018108: "this person takes no messages from the page",
    2018278: "the customer's last message is more than 24 hours old; Messenger then takes no answer",
}
ERRORS = meta.Errors("Messenger", OUTCOMES, WORDS)
_ID = re.compile(r"[0-9]{1,30}", re.ASCII)


class Config(meta.App):
    token: LiveSecret = secret("Page access token, Messenger > API setup of the app in Meta's console", outbound=True)


def verify(request: Request, config: Config) -> Response | None:
    """The signature over the body; a GET is Meta's check of the URL."""
    return meta.verify(request, config.app_secret, config.verify_token)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Messages and receipts of every entry. Echoes, and what else a page may hear, say nothing to us."""
    return meta.read(request, "page", _entry)


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text from the page that the customer wrote to; returns its id (mid)."""
    page, _, person = outgoing.to.partition("/")
    if not _ID.fullmatch(page) or not person:
        raise SendFailed("Messenger: this is no address of a person on a page", Outcome.REFUSED)
    body = {
        "recipient": {"id": person},
        "messaging_type": "RESPONSE",
        "message": {"text": outgoing.text, "metadata": outgoing.key},  # metadata comes back in the echo
    }
    said = meta.post(f"{page}/messages", body, config, current(config.token), ERRORS)
    return meta.id_in(said, ERRORS, "message_id")


def _entry(entry: dict[str, Any]) -> Iterator[meta.Found]:
    """In `standby` another app or the page's own inbox answers: recorded, never acknowledged."""
    page = entry["id"]
    if not _ID.fullmatch(page):
        raise ValueError("a page's id is digits")
    yield from meta.each(entry.get("messaging", ()), partial(_event, page, automatic=False))
    yield from meta.each(entry.get("standby", ()), partial(_event, page, automatic=True))


def _event(page: str, event: dict[str, Any], *, automatic: bool) -> Iterator[Message | Receipt]:
    """One event: which key it has says what it is. What the page itself did is an echo."""
    sender = event.get("sender") or {}
    known = next((name for name in (*ABOUT, *PROGRESS) if name in event), "")
    if not known or sender.get("id") == page:
        return
    person = Address(channel=channel, id=f"{page}/{sender['id']}")
    if known in PROGRESS:
        yield _receipt(person, PROGRESS[known], event[known], event)
    elif not event[known].get("is_echo"):
        yield Message(
            provider="messenger",
            sender=person,
            sent_at=meta.moment(event.get("timestamp"), per_second=1000),
            automatic=automatic,
            source=event,
            **ABOUT[known](event[known], event),
        )


def _receipt(reader: Address, progress: Progress, said: dict[str, Any], event: dict[str, Any]) -> Receipt:
    """A delivery mostly names its messages; else, and for what was read, all up to the watermark is meant."""
    if said.get("mids"):
        return Receipt(provider="messenger", progress=progress, ids=said["mids"], source=event)
    before = meta.moment(said["watermark"], per_second=1000)
    if not before:
        raise ValueError("a watermark is a time")
    return Receipt(provider="messenger", progress=progress, reader=reader, before=before, source=event)


def _written(message: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """A message; or that it was taken back, which has the message's own id."""
    if message.get("is_deleted"):
        return {"kind": Kind.DELETE, "id": message["mid"]}
    files = message.get("attachments") or []
    attachments, location = tuple(_attachments(files)), _location(files)
    text = message.get("text") or _products(files)
    return {
        "id": message["mid"],
        "text": text or ("" if attachments or location else "(a message that Messenger does not hand on)"),
        "choice": (message.get("quick_reply") or {}).get("payload") or "",
        "reply_to": (message.get("reply_to") or {}).get("mid") or "",
        "attachments": attachments,
        "location": location,
    }


def _pressed(postback: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """A button; in standby without what stands behind it. Its id is missing in old versions of the API."""
    id = postback.get("mid") or f"{event['sender']['id']}@{event['timestamp']}"
    return {"id": id, "text": postback.get("title") or "", "choice": postback.get("payload") or ""}


def _edited(edit: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": Kind.EDIT, "id": edit["mid"], "version": str(edit["num_edit"]), "text": edit["text"]}


def _reacted(reaction: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """A reaction has no id of its own: the time tells it from its removal and from the next."""
    given = reaction["action"] == "react"
    return {
        "kind": Kind.REACTION,
        "id": reaction["mid"],
        "version": f"{reaction['action']}@{event['timestamp']}",
        "text": (reaction.get("emoji") or reaction.get("reaction") or "") if given else "",
    }


ABOUT: Mapping[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
    "message": _written,
    "postback": _pressed,
    "message_edit": _edited,
    "reaction": _reacted,
}
PROGRESS = {"delivery": Progress.DELIVERED, "read": Progress.READ}


def _attachments(files: list[dict[str, Any]]) -> Iterator[Attachment]:
    """Files by their address at Meta, which is valid for some days; a shared link is one of type `fallback`."""
    for file in files:
        inner = file.get("payload") or {}
        url = inner.get("url") or file.get("url") or ""
        if file["type"] not in ("location", "template"):
            name = file.get("title") or inner.get("title") or unquote(urlsplit(url).path.rpartition("/")[2])
            yield Attachment(name=name, type=file["type"], reference=url)


def _location(files: list[dict[str, Any]]) -> Location | None:
    for file in files:
        if file["type"] == "location":
            where = file["payload"]["coordinates"]
            return Location(latitude=where["lat"], longitude=where["long"], name=file.get("title") or "")
    return None


def _products(files: list[dict[str, Any]]) -> str:
    """The names of the shop's products that were shared from its catalogue."""
    templates = [(file.get("payload") or {}).get("product") or {} for file in files if file["type"] == "template"]
    products = [product for template in templates for product in template.get("elements") or ()]
    return "\n".join(f"Product: {product['title']}" for product in products)
