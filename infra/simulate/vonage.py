"""Vonage's webhooks, as its Messages API sends and signs them. A sender is a phone number."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "+4915123456799"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS, or an MMS with one file: Vonage never batches."""
    (one,) = said
    body = {
        "channel": "sms",
        "message_uuid": str(uuid5(NAMESPACE_OID, one.id)),
        "to": config.number.removeprefix("+"),
        "from": (one.sender or EXAMPLE).removeprefix("+"),
        "timestamp": one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "message_type": "text",
        "text": one.text,
        "sms": {"num_messages": "1", "keyword": one.text.partition(" ")[0].upper()},
        "usage": {"price": "0.0", "currency": "EUR"},
    }
    if one.files:
        (file,) = one.files
        kind = file.type.partition("/")[0]
        kind = kind if kind in ("image", "audio", "video") else "file"
        held = {"url": f"{config.api_url}/v3/media/{body['message_uuid']}", "name": file.name, "caption": one.text}
        body = {**{name: value for name, value in body.items() if name not in ("text", "sms")}, "channel": "mms"}
        body |= {"message_type": kind, kind: held}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {str(uuid5(NAMESPACE_OID, one.id)): file for one in said for file in one.files}


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """A token of the account, over the hash of the body."""
    hashed = hashlib.sha256(webhook.body).hexdigest()
    claims = {
        "iat": int(at.timestamp()),
        "jti": str(uuid5(NAMESPACE_OID, hashed)),
        "iss": "Vonage",
        "payload_hash": hashed,
        "api_key": config.api_key,
        "application_id": str(uuid5(NAMESPACE_OID, config.api_key)),
    }
    content = ".".join(_base64url(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
    mac = hmac.new(current(config.signature_secret).encode(), content.encode(), hashlib.sha256).digest()
    return {"authorization": f"Bearer {content}.{_base64url(mac)}"}


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
