"""Viber: chats with the shop's bot.

1. In Viber, as an administrator of your bot: More, Settings, Bots, Edit Info, Your app key. Give it to Shopbell before
   the next step: Viber calls the address at once. (Since February 2024 it makes bots on commercial terms only.)
2. Viber has no page for the address. The answer to this says status 0: curl https://chatapi.viber.com/pa/set_webhook
   -H 'X-Viber-Auth-Token: AUTH_TOKEN' -H 'content-type: application/json'
   -d '{"url": "{url}", "event_types": ["delivered", "seen", "failed"], "send_name": true}'

Reference: https://developers.viber.com/docs/api/rest-bot-api/ (webhooks, callbacks, sending, error codes)
Limits: https://developers.viber.com/docs/faq/ (30 kB of JSON; a callback comes again for an hour)

Confirmed by viberbot, Viber's own library: the signature, by its published vector, callbacks, sending. By public
gateways in use: the error codes. Not confirmed: where the files lie that people send (below viber.com, as all else).

A person's id is theirs with this bot alone. That somebody opened the chat, came or left is no message.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chalicelib import canary, download, proofs
from chalicelib.errors import Outcome
from chalicelib.models.inbound import Attachment, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen
from chalicelib.service import Service, error_fields
from chalicelib.webhook import Request, reads, word

channel = Channel.VIBER
# Viber takes 7,000 characters, but no more than 30 kB of JSON, where an emoji is twelve bytes
can = Can(text=2400, covers=frozenset({Cover.BODY}), files=1, receipts=True)
fetch = download.by_address(".viber.com")
verify = proofs.hmac_of_body("auth_token", "x-viber-content-signature")

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
# kind of a message: name and type where Viber tells none
FILES = {"picture": ("picture.jpg", "image/jpeg"), "video": ("video.mp4", "video/mp4"), "file": ("a file", "")}
_TOKEN = re.compile(r"[0-9]{1,20}", re.ASCII)
# by any code but 12 nothing was sent, nor will be
VIBER = Service("Viber", error_fields("status_message", "status"), {12: Outcome.NOT_SENT}, WORDS)


class Config(Frozen):
    auth_token: LiveSecret = secret("Your app key, More > Settings > Bots > Edit Info", inbound=True, outbound=True)
    sender_name: str = setting("the name above what the bot writes, at most 28 characters", outbound=True)
    api_url: str = setting("where Viber's API is", default="https://chatapi.viber.com/pa", outbound=True)


@reads("a Viber callback")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. That somebody came or left, and Viber's try of the address, say nothing to us."""
    callback = request.json_object()
    read, token = CALLBACKS.get(callback["event"]), str(callback.get("message_token"))
    if read and not _TOKEN.fullmatch(token):  # a number too long for many readers, so some write it as text
        raise ValueError("no message token")
    return list(read(token, callback)) if read else []


def send(outgoing: Outgoing, config: Config) -> str:
    """Send one text; returns its token."""
    sender = {"name": config.sender_name}
    said = _call("/send_message", config, receiver=outgoing.to, type="text", text=outgoing.text, sender=sender)
    token = str(said.get("message_token"))
    if said.get("status") != 0 or not _TOKEN.fullmatch(token):
        raise VIBER.unknown()
    return token


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and the webhook is ours."""
    return canary.registered("Viber", _call("/get_account_info", config).get("webhook"), webhook)


def _call(path: str, config: Config, **said: Any) -> dict[str, Any]:
    return VIBER.call("POST", path, config, headers={"X-Viber-Auth-Token": current(config.auth_token)}, json=said)


def _written(token: str, callback: dict[str, Any]) -> Iterator[Message]:
    said, sender = callback["message"], callback["sender"]
    files, place = tuple(_attachments(said)), said.get("location")
    yield Message(
        provider="viber",
        id=token,
        sender=Address(channel=channel, id=word(sender["id"])),
        name=sender.get("name") or "",
        language=sender.get("language") or "",
        text=_text(said) or ("" if files or place else f"(a message of the kind {word(said['type'])[:40]})"),
        attachments=files,
        location=Location(latitude=place["lat"], longitude=place["lon"]) if place else None,
        sent_at=datetime.fromtimestamp(callback["timestamp"] / 1000, UTC),
        source=callback,
    )


def _receipt(token: str, callback: dict[str, Any]) -> Iterator[Receipt]:
    progress, reason = PROGRESS[callback["event"]], callback.get("desc") or ""
    yield Receipt(provider="viber", progress=progress, ids=(token,), reason=reason, source=callback)


CALLBACKS: dict[str, Any] = {"message": _written, **dict.fromkeys(PROGRESS, _receipt)}


def _text(said: dict[str, Any]) -> str:
    """What was written, else what stands for it. A contact that somebody sends is words, never evidence."""
    if contact := said.get("contact"):
        return "Contact: " + ", ".join(filter(None, [contact.get("name"), contact.get("phone_number")]))
    wordless = {"url": said.get("media"), "sticker": "(a sticker)"}.get(said["type"])
    return said.get("text") or wordless or ""


def _attachments(said: dict[str, Any]) -> Iterator[Attachment]:
    if said["type"] in FILES:
        name, type_ = FILES[said["type"]]
        yield Attachment(name=said.get("file_name") or name, type=type_, size=said.get("size"), reference=said["media"])
