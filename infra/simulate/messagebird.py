"""MessageBird's webhooks, as a flow posts them. A sender is a phone number."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "+4915123456711"
LASTS = 60  # seconds


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS or MMS: a flow never batches."""
    (one,) = said
    body: dict[str, Any] = {
        "id": uuid5(NAMESPACE_OID, one.id).hex,
        "originator": (one.sender or EXAMPLE).removeprefix("+"),
        "recipient": config.number.removeprefix("+"),
        "body": one.text,
        "createdDatetime": one.at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    if one.files:
        places = [_place(one.id, place, file) for place, file in enumerate(one.files)]
        body["mediaURLs"] = [f"{config.api_url}/media/{place}" for place in places]
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """A token over the hashes of the address and the body."""
    seconds, hashed = int(at.timestamp()), hashlib.sha256(webhook.body).hexdigest()
    claims = {"iss": "MessageBird", "nbf": seconds, "exp": seconds + LASTS, "jti": str(uuid5(NAMESPACE_OID, hashed))}
    claims |= {"url_hash": hashlib.sha256(url.encode()).hexdigest()}
    claims |= {"payload_hash": hashed} if webhook.body else {}
    content = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    mac = hmac.new(current(config.signing_key).encode(), content.encode(), hashlib.sha256).digest()
    return {"messagebird-signature-jwt": f"{content}.{_base64url(mac)}"}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _place(id: str, place: int, file: File) -> str:
    return f"{uuid5(NAMESPACE_OID, f'{id} {place}')}/{quote(file.name)}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
