"""Facebook Messenger.

1. Meta App Dashboard, your app with the product Messenger, API setup: add your page, copy its access token.
2. App settings, Basic: copy the App secret. Think of a Verify token, a long random word.
3. What is copied so far has to be set before this. Messenger, Settings, Webhooks: the Callback URL is {url} with your
   Verify token; subscribe your page to messages, message_edits, message_reactions, messaging_postbacks,
   message_deliveries and message_reads.

Webhook: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events
Signature: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
Sending: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
Errors: https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
Files: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages#sending-attachments

Confirmed by pywa 3: the signature. By Meta's pages alone: everything else.

A person's id (PSID) is theirs on one page only, so an address is `<page id>/<PSID>`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib import download, meta
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models import (
    Address,
    Attachment,
    Can,
    Channel,
    Content,
    Cover,
    Kind,
    LiveSecret,
    Location,
    Message,
    Outgoing,
    Progress,
    Receipt,
    Trouble,
    current,
    secret,
)
from chalicelib.webhook import Request, Response

channel = Channel.MESSENGER
can = Can(
    text=2000,
    covers=frozenset({Cover.BODY}),
    methods=meta.METHODS,
    files=30,
    file_size=25_000_000,
    receipts=True,
    window=24,
    human_window=168,
    reaction_opens=True,  # docs: Send a Message, what opens the standard messaging window
)
accepted = Response()
FILE_HOSTS = (".fbcdn.net", ".fbsbx.com")
SHOWN_AS = ("image", "video", "audio")  # any other file is a file
LARGEST_IMAGE = 8_000_000  # bytes; a larger one goes as a file

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
BY_A_PERSON = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}  # allowed for what a person wrote, 7 days long
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
    """Send one text or file from the page that the customer wrote to; returns its id (mid)."""
    page, _, person = outgoing.to.partition("/")
    if not _ID.fullmatch(page) or not person:
        raise SendFailed("Messenger: this is no address of a person on a page", Outcome.REFUSED)
    file = outgoing.file
    said = meta.call(
        "POST",
        f"{page}/messages",
        config,
        current(config.token),
        ERRORS,
        **(_with_file(person, file, outgoing) if file else {"json": _with_text(person, outgoing)}),
    )
    return meta.id_in(said, ERRORS, "message_id")


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file from Meta's hosts; its address is the proof."""
    answer = download.get(attachment.reference, hosts=FILE_HOSTS, own=download.moved(config), limit=limit)
    return download.content(attachment, answer)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and Meta still tells our app of the page's messages: it stops after an hour of failures,
    without a word. https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps

    Asking needs the permission pages_manage_metadata. The page is the token's own (`me`, as for sending; the reference
    names the page's id there).
    """
    said = meta.call("GET", "me/subscribed_apps", config, current(config.token), ERRORS)
    fields = {field for app in said.get("data") or () for field in app.get("subscribed_fields") or ()}
    if "messages" in fields:
        return []
    return [Trouble("Messenger tells our app nothing of the page any more: subscribe it again, in Meta's console")]


def _with_text(person: str, outgoing: Outgoing) -> dict[str, Any]:
    message = {"text": outgoing.text, "metadata": outgoing.key}  # metadata comes back in the echo
    return {"recipient": {"id": person}, **_kind(outgoing), "message": message}


def _with_file(person: str, file: Content, outgoing: Outgoing) -> dict[str, Any]:
    """The same as a form of several parts, the file among them."""
    kind = file.type.partition("/")[0]
    shown = kind if kind in SHOWN_AS and (kind != "image" or len(file.data) <= LARGEST_IMAGE) else "file"
    message = {"attachment": {"type": shown, "payload": {"is_reusable": False}}, "metadata": outgoing.key}
    form = {"recipient": json.dumps({"id": person}), **_kind(outgoing), "message": json.dumps(message)}
    return {"form": form, "files": {"filedata": (file.name, file.data, file.type)}}


def _kind(outgoing: Outgoing) -> dict[str, str]:
    """A person may answer when machines may not any more."""
    return BY_A_PERSON if outgoing.human else {"messaging_type": "RESPONSE"}


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
    """Files by their address at Meta, which is valid for some days. A shared link (`fallback`) is none: it is named."""
    for file in files:
        inner = file.get("payload") or {}
        url = inner.get("url") or file.get("url") or ""
        if file["type"] not in ("location", "template"):
            link, title = file["type"] == "fallback", file.get("title") or inner.get("title") or ""
            name = f"{title} {url}".strip() if link else title or unquote(urlsplit(url).path.rpartition("/")[2])
            yield Attachment(name=name, type=file["type"], reference="" if link else url)


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
