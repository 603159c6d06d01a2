"""Infobip's webhooks. A sender is a phone number."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from infra.simulate import File, Said, Webhook, basic

EXAMPLE = "+4915123456733"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """SMS and MMS, as many as there are."""
    results = [_result(one, config) for one in said]
    body = {"results": results, "messageCount": len(results), "pendingMessageCount": 0}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    return basic(config.webhook_user, config.webhook_password)


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _result(one: Said, config: Any) -> dict[str, Any]:
    result = {
        "messageId": str(uuid5(NAMESPACE_OID, one.id)),
        "from": (one.sender or EXAMPLE).removeprefix("+"),
        "to": config.number.removeprefix("+"),
        "receivedAt": one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "price": {"pricePerMessage": 0, "currency": "EUR"},
        "callbackData": None,
    }
    if one.files:
        files = [_media(config, one.id, place, file) for place, file in enumerate(one.files)]
        return {**result, "message": [*files, {"contentType": "text/plain", "value": one.text}]}
    return {**result, "text": one.text, "cleanText": one.text, "keyword": None, "smsCount": 1}


def _media(config: Any, id: str, place: int, file: File) -> dict[str, str]:
    """The stand-in hands it out beside its API."""
    return {"contentType": file.type, "url": f"{config.api_url}/media/{_place(id, place, file)}"}


def _place(id: str, place: int, file: File) -> str:
    return f"{uuid5(NAMESPACE_OID, f'{id} {place}')}/{quote(file.name)}"
