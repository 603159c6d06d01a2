"""Telnyx's webhooks. A sender is a phone number."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from infra.simulate import File, Said, Webhook, pairs

EXAMPLE = "+4915123456788"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS or MMS: Telnyx never batches."""
    (one,) = said
    at = one.at.astimezone(UTC).isoformat(timespec="milliseconds")
    message = {
        "record_type": "message",
        "id": str(uuid5(NAMESPACE_OID, one.id)),
        "direction": "inbound",
        "type": "MMS" if one.files else "SMS",
        "messaging_profile_id": str(uuid5(NAMESPACE_OID, config.number)),
        "from": {"phone_number": one.sender or EXAMPLE, "carrier": "Example Mobile", "line_type": "Wireless"},
        "to": [{"phone_number": config.number, "status": "webhook_delivered", "carrier": "Telnyx"}],
        "cc": [],
        "text": one.text,
        "media": [_media(config, one.id, place, file) for place, file in enumerate(one.files)],
        "encoding": "GSM-7" if one.text.isascii() else "UCS-2",
        "parts": 1,
        "received_at": at,
        "errors": [],
        "autoresponse_type": None,
    }
    event: dict[str, Any] = {"record_type": "event", "id": str(uuid5(NAMESPACE_OID, f"event {one.id}"))}
    event |= {"event_type": "message.received", "occurred_at": at, "payload": message}
    body = {"data": event, "meta": {"attempt": 1, "delivered_to": "https://shop.example"}}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    seconds = str(int(at.timestamp()))
    signature = pairs.sign(config.public_key, f"{seconds}|".encode() + webhook.body)
    return {"telnyx-timestamp": seconds, "telnyx-signature-ed25519": signature}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _place(id: str, place: int, file: File) -> str:
    return f"{uuid5(NAMESPACE_OID, f'{id} {place}')}/{quote(file.name)}"


def _media(config: Any, id: str, place: int, file: File) -> dict[str, Any]:
    """The stand-in hands it out beside its API."""
    where = f"{config.api_url}/media/{_place(id, place, file)}"
    return {"url": where, "content_type": file.type, "size": len(file.content), "hash_sha256": None}
