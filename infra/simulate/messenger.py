"""Messenger's webhooks. A sender is a person's id on the shop's page: digits."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from infra.simulate import File, Said, Webhook
from infra.simulate.meta import HEADERS, digits, sign
from infra.world.messenger import envelope, event

__all__ = ["compose", "sign"]

EXAMPLE = "7261534409871265"
KINDS = ("image", "video", "audio")  # any other attachment is a file


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with everything said. Messenger tells no names."""
    return Webhook(body=envelope([_event(one, config) for one in said]), headers=HEADERS)


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one, file): file for one in said for file in one.files}


def _event(said: Said, config: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"mid": "m_" + hashlib.sha256(said.id.encode()).hexdigest()}
    if said.text:
        message["text"] = said.text
    if said.files:
        message["attachments"] = [_attachment(said, file, config) for file in said.files]
    return event(said.sender or EXAMPLE, int(said.at.timestamp() * 1000), message=message)


def _attachment(said: Said, file: File, config: Any) -> dict[str, Any]:
    kind = file.type.partition("/")[0]
    url = f"{config.api_url}/attachments/{_place(said, file)}"
    return {"type": kind if kind in KINDS else "file", "payload": {"url": url}}


def _place(said: Said, file: File) -> str:
    return f"{digits(said.id)}/{quote(file.name)}"
