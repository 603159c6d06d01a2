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
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib import download, meta
from chalicelib.meta import chats
from chalicelib.models.inbound import Attachment, Location, Message, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, secret
from chalicelib.models.values import Channel
from chalicelib.webhook import Request

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
fetch = download.by_address(".fbcdn.net", ".fbsbx.com")
SHOWN_AS = ("image", "video", "audio")  # any other file is a file
LARGEST_IMAGE = 8_000_000  # bytes; a larger one goes as a file
UNSHOWN = "(a message that Messenger does not hand on)"
WORDS = chats.words("Messenger", "page") | {  # these are subcodes
    1545041: "this person cannot be reached on Messenger at the moment",
    2018001: "Messenger does not know this person (on this page)",
    2018065: chats.OUTSIDE.format("Messenger"),
    2018108: "this person takes no messages from the page",
    2018278: chats.OUTSIDE.format("Messenger"),
}
PRODUCT = meta.service("Messenger", chats.OUTCOMES, WORDS)
verify = meta.verify


class Config(meta.App):
    token: LiveSecret = secret("Page access token, Messenger > API setup of the app in Meta's console", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Messages and receipts of every entry. Echoes, and what else a page may hear, say nothing to us."""
    return meta.read(request, "page", partial(chats.read, CHAT))


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text or file from the page that the customer wrote to; returns its id (mid)."""
    page, person = meta.whom(outgoing.to, PRODUCT)
    what = _with_file(person, outgoing.file, outgoing) if outgoing.file else _with_text(person, outgoing)
    return PRODUCT.id_in(meta.call("POST", f"{page}/messages", config, PRODUCT, **what), "message_id")


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and Meta still tells our app of the page's messages."""
    if "messages" in meta.subscribed(config, PRODUCT):
        return []
    return [Trouble("Messenger tells our app nothing of the page any more: subscribe it again, in Meta's console")]


def _with_text(person: str, outgoing: Outgoing) -> dict[str, Any]:
    message = {"text": outgoing.text, "metadata": outgoing.key}  # metadata comes back in the echo
    return {"json": {"recipient": {"id": person}, **chats.kind(outgoing), "message": message}}


def _with_file(person: str, file: Content, outgoing: Outgoing) -> dict[str, Any]:
    """The same as a form of several parts, the file among them."""
    kind = file.type.partition("/")[0]
    shown = kind if kind in SHOWN_AS and (kind != "image" or len(file.data) <= LARGEST_IMAGE) else "file"
    message = {"attachment": {"type": shown, "payload": {"is_reusable": False}}, "metadata": outgoing.key}
    form = {"recipient": json.dumps({"id": person}), **chats.kind(outgoing), "message": json.dumps(message)}
    return {"form": form, "files": {"filedata": (file.name, file.data, file.type)}}


def _says(message: dict[str, Any]) -> dict[str, Any]:
    files = message.get("attachments") or []
    attachments, location = tuple(_attachments(files)), _location(files)
    text = message.get("text") or _products(files) or ("" if attachments or location else UNSHOWN)
    return {"text": text, "attachments": attachments, "location": location}


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


CHAT = chats.Chat("messenger", channel, _says)
