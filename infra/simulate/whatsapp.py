"""WhatsApp's webhooks.

A sender is a phone (digits, with or without +; its user id is made up, since WhatsApp always tells one), a user id
alone (`DE.1234`: somebody whose phone is hidden), or both with a space between.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.simulate import File, Said, Webhook
from infra.simulate.meta import HEADERS, digits, sign
from infra.world.whatsapp import PHONE, envelope, value

__all__ = ["compose", "sign"]

EXAMPLE = "DE.8712345678901234 +4915123456780"
MEDIA = ("image", "video", "audio")  # any other file is a document


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with a change for each message; every file is a message of its own, as in WhatsApp."""
    values = []
    for one in said:
        contact, sender = _who(one)
        for message in _messages(one):
            values.append(value(config.phone_number_id, contacts=[contact], messages=[{**sender, **message}]))
    return Webhook(body=envelope(*values), headers=HEADERS)


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {digits(id): file for one in said for id, file in _with_ids(one)}


def _with_ids(said: Said) -> Iterator[tuple[str, File]]:
    """Each file, and the id of the message that it comes with."""
    below = _has_text_below(said)
    for place, file in enumerate(said.files):
        yield said.id if below and not place else f"{said.id}/{place}", file


def _has_text_below(said: Said) -> bool:
    return [_kind(file) for file in said.files][:1] not in ([], ["audio"])


def _who(said: Said) -> tuple[dict[str, Any], dict[str, str]]:
    """The contact, and how a message names it. A phone that is hidden is missing in both."""
    ids = (said.sender or EXAMPLE).split()
    phones = [id.lstrip("+") for id in ids if PHONE.fullmatch(id)]
    users = [id for id in ids if not PHONE.fullmatch(id)] or [f"DE.{digits(phone)}" for phone in phones]
    contact: dict[str, Any] = {"profile": {"name": said.name or "Alex Example"}, "user_id": users[0]}
    sender = {"from_user_id": users[0]}
    if phones:
        contact["wa_id"] = sender["from"] = phones[0]
    return contact, sender


def _messages(said: Said) -> Iterator[dict[str, Any]]:
    """The text, or the files with the text below the first; a sound has no room for a text."""
    if not _has_text_below(said):
        yield _message(said, said.id, "text", {"body": said.text})
    for id, file in _with_ids(said):
        kind = _kind(file)
        media = {"id": digits(id), "mime_type": file.type, "sha256": _hash(file.content)}
        media |= {"filename": file.name} if kind == "document" else {}
        media |= {"caption": said.text} if said.text and id == said.id else {}
        yield _message(said, id, kind, media)


def _message(said: Said, id: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    at = str(int(said.at.timestamp()))
    return {"id": "wamid." + _hash(id.encode()), "timestamp": at, "type": kind, kind: content}


def _kind(file: File) -> str:
    kind = file.type.partition("/")[0]
    return kind if kind in MEDIA else "document"


def _hash(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
