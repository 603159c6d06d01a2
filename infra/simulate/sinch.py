"""Sinch's callbacks. A sender is a phone number."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "+4915123456744"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS or MMS: Sinch never batches what comes in."""
    (one,) = said
    body = {
        "type": "mo_media" if one.files else "mo_text",
        "id": _id(one.id),
        "from": (one.sender or EXAMPLE).removeprefix("+"),
        "to": config.number.removeprefix("+"),
        "body": {"message": one.text, "media": _media(config, one)} if one.files else one.text,
        "operator_id": "26201",
        "received_at": one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """Over the body, a nonce that Sinch draws anew for each call, and the time."""
    nonce, seconds = _id(hashlib.sha256(webhook.body).hexdigest()), str(int(at.timestamp()))
    content = b".".join([webhook.body, nonce.encode(), seconds.encode()])
    mac = hmac.new(current(config.hmac_secret).encode(), content, hashlib.sha256).digest()
    name = "x-sinch-webhook-signature"
    return {name: base64.b64encode(mac).decode(), f"{name}-nonce": nonce, f"{name}-timestamp": seconds}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _media(config: Any, one: Said) -> list[dict[str, Any]]:
    """The stand-in hands them out beside its API."""
    places = [(_place(one.id, place, file), file) for place, file in enumerate(one.files)]
    return [
        {"url": f"{config.api_url}/media/{place}", "contentType": file.type, "status": "Uploaded", "code": 0}
        for place, file in places
    ]


def _place(id: str, place: int, file: File) -> str:
    return f"{_id(f'{id} {place}')}/{quote(file.name)}"


def _id(text: str) -> str:
    """As a ULID is written."""
    return "01" + base64.b32encode(hashlib.sha256(text.encode()).digest())[:24].decode()
