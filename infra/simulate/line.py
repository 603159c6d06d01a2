"""LINE's webhooks. A sender is a person's id: U and 32 hexadecimal digits."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook
from infra.world.line import BOT, token

EXAMPLE = "U" + "4af49806" * 4
MEDIA = ("image", "video", "audio")  # any other attachment is a file


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with everything said; every file is a message of its own, as in LINE, which tells no names."""
    events = [event for one in said for event in _events(one)]
    body = {"destination": BOT, "events": events}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_id(f"{one.id}/{place}"): file for one in said for place, file in enumerate(one.files)}


def _id(id: str) -> str:
    return str(int(hashlib.sha256(id.encode()).hexdigest()[:14], 16))


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    mac = hmac.new(current(config.channel_secret).encode(), webhook.body, hashlib.sha256).digest()
    return {"x-line-signature": base64.b64encode(mac).decode()}


def _events(said: Said) -> Iterator[dict[str, Any]]:
    if said.text or not said.files:
        yield _event(said, said.id, {"type": "text", "text": said.text})
    for place, file in enumerate(said.files):
        yield _event(said, f"{said.id}/{place}", _file(file))


def _event(said: Said, id: str, message: dict[str, Any]) -> dict[str, Any]:
    at, seed = int(said.at.timestamp() * 1000), hashlib.sha256(id.encode()).hexdigest()
    person = said.sender or EXAMPLE
    return {
        "type": "message",
        "message": {"id": _id(id), "quoteToken": f"q{seed[:20]}", **message},
        "webhookEventId": f"01{seed[:24]}".upper(),
        "deliveryContext": {"isRedelivery": False},
        "timestamp": at,
        "source": {"type": "user", "userId": person},
        "replyToken": token(at, person, seed),
        "mode": "active",
    }


def _file(file: File) -> dict[str, Any]:
    kind = file.type.partition("/")[0]
    if kind not in MEDIA:
        return {"type": "file", "fileName": file.name, "fileSize": len(file.content)}
    return {"type": kind, "contentProvider": {"type": "line"}, **({} if kind == "image" else {"duration": 60_000})}
