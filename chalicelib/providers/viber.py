"""Viber: chats with the shop's bot.

1. In Viber, as an administrator of your bot: More, Settings, Bots, Edit Info, Your app key. This is the token; give it
   to Shopbell before the next step, for Viber calls the address at once. (Since February 2024 Viber makes bots on
   commercial terms only.)
2. Viber has no page for the address. Call POST https://chatapi.viber.com/pa/set_webhook with the token in the header
   X-Viber-Auth-Token and, as JSON, url: {url}, event_types: delivered, seen, failed, and send_name: true.
   The answer says status 0.

Reference: https://developers.viber.com/docs/api/rest-bot-api/ (webhooks, callbacks, sending, error codes)
Limits: https://developers.viber.com/docs/faq/ (30 kB of JSON; a callback comes again for an hour)

Confirmed by viberbot, Viber's own library: the signature, by its published vector, what callbacks hold, what is sent
and answered. By public gateways in use: the error codes. Not confirmed: where the files lie that people send (a host
below viber.com, as all else that Viber keeps).

A person's id is theirs with this bot alone. That somebody opened the chat, came or left is no message.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib import api, canary, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen
from chalicelib.webhook import MALFORMED, Request

channel = Channel.VIBER
can = Can(
    text=2400,  # Viber takes 7,000, but no more than 30 kB of JSON, where an emoji is twelve bytes
    covers=frozenset({Cover.BODY}),
    files=1,
    receipts=True,
)
fetch = download.by_address(".viber.com")

OUTCOMES = {12: Outcome.NOT_SENT}  # any other code means that nothing was sent, nor will be
WORDS = {
    2: "the token is not valid (any more)",
    5: "this person has no Viber any more",
    6: "this person has not joined the shop's bot, or has left it",
    7: "Viber has blocked the shop's bot",
    9: "Viber has suspended the shop's bot",
    10: "the bot has no webhook: call set_webhook",
    11: "this person's Viber is too old for bots",
    12: "too many messages, Viber asks us to wait",
    21: "Viber does not let bots write to this person's country",
    23: "the free messages of this month are used up",
    24: "the shop's balance at Viber is used up",
}
PROGRESS = {"delivered": Progress.DELIVERED, "seen": Progress.READ, "failed": Progress.FAILED}
FILES = {  # kind of a message: name and type where Viber tells none
    "picture": ("picture.jpg", "image/jpeg"),
    "video": ("video.mp4", "video/mp4"),
    "file": ("a file", ""),
}
LONGEST = 200  # characters of Viber's own words that an agent is shown
_TOKEN = re.compile(r"[0-9]{1,20}", re.ASCII)


class Config(Frozen):
    auth_token: LiveSecret = secret(
        "the bot's token: Your app key, More > Settings > Bots > Edit Info in Viber", inbound=True, outbound=True
    )
    sender_name: str = setting("the name above what the bot writes, at most 28 characters", outbound=True)
    api_url: str = setting("where Viber's API is", default="https://chatapi.viber.com/pa", outbound=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA256 over the raw body, by the bot's own token."""
    if not signing.signed(config.auth_token, request.body, [request.header("x-viber-content-signature")]):
        raise BadSignature


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. That somebody came or left, and Viber's try of the address, say nothing to us."""
    callback = request.json_object()
    try:
        return list(CALLBACKS.get(callback["event"], _nothing)(callback))
    except MALFORMED as error:
        raise Unreadable("a Viber callback without its fields") from error


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text; returns its token."""
    said = _call(
        "send_message",
        config,
        receiver=outgoing.to,
        type="text",
        text=outgoing.text,
        sender={"name": config.sender_name},
    )
    token = str(said.get("message_token"))
    if said.get("status") != 0 or not _TOKEN.fullmatch(token):
        raise SendFailed("Viber: an answer that cannot be read", Outcome.UNKNOWN)
    return token


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and the webhook is ours."""
    return canary.registered("Viber", _call("get_account_info", config).get("webhook"), webhook)


def _call(method: str, config: Config, **said: Any) -> dict[str, Any]:
    """The answer of Viber's API, which says in a status of its own what became of it. Raises SendFailed."""
    token = current(config.auth_token)
    answer = api.call("POST", f"{config.api_url}/{method}", headers={"X-Viber-Auth-Token": token}, json=said)
    told = answer.json()
    code = told.get("status")
    words = WORDS.get(code) if isinstance(code, int) else None
    words = words or str(told.get("status_message") or answer.status).replace(token, "…")[:LONGEST]
    api.refuse(answer, f"Viber: {words}", OUTCOMES, code)
    return told


def _nothing(callback: dict[str, Any]) -> Iterator[Message | Receipt]:
    return iter(())


def _written(callback: dict[str, Any]) -> Iterator[Message]:
    said, sender = callback["message"], callback["sender"]
    files, location = tuple(_attachments(said)), _location(said)
    yield Message(
        provider="viber",
        id=_token(callback),
        sender=Address(channel=channel, id=_word(sender["id"])),
        name=sender.get("name") or "",
        language=sender.get("language") or "",
        text=_text(said) or ("" if files or location else f"(a message of the kind {_word(said['type'])[:40]})"),
        attachments=files,
        location=location,
        sent_at=datetime.fromtimestamp(callback["timestamp"] / 1000, UTC),
        source=callback,
    )


def _receipt(callback: dict[str, Any]) -> Iterator[Receipt]:
    progress, reason = PROGRESS[callback["event"]], callback.get("desc") or ""
    yield Receipt(provider="viber", progress=progress, ids=(_token(callback),), reason=reason, source=callback)


CALLBACKS: dict[str, Callable[[dict[str, Any]], Iterator[Message | Receipt]]] = {
    "message": _written,
    **dict.fromkeys(PROGRESS, _receipt),
}


def _text(said: dict[str, Any]) -> str:
    """What was written, else what stands for it. A contact that somebody sends is words, never evidence."""
    contact = said.get("contact")
    if contact:
        return "Contact: " + ", ".join(filter(None, [contact.get("name"), contact.get("phone_number")]))
    wordless = {"url": said.get("media"), "sticker": "(a sticker)"}.get(said["type"])
    return said.get("text") or wordless or ""


def _attachments(said: dict[str, Any]) -> Iterator[Attachment]:
    if said["type"] in FILES:
        name, media_type = FILES[said["type"]]
        name = said.get("file_name") or name
        yield Attachment(name=name, type=media_type, size=said.get("size"), reference=said["media"])


def _location(said: dict[str, Any]) -> Location | None:
    place = said.get("location")
    return Location(latitude=place["lat"], longitude=place["lon"]) if place else None


def _token(callback: dict[str, Any]) -> str:
    """A message's id: a number too long for many readers, so some write it as text. Raises ValueError."""
    token = str(callback["message_token"])
    if not _TOKEN.fullmatch(token):
        raise ValueError("no message token")
    return token


def _word(value: Any) -> str:
    """A value that must be a word. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError("a field that is no word")
    return value
