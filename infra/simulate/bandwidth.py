"""Bandwidth's callbacks. A sender is a phone number."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from infra.simulate import File, Said, Webhook, basic

EXAMPLE = "+4915123456722"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """SMS and MMS, as many as there are: an array even for one."""
    body = json.dumps([_event(one, config) for one in said], ensure_ascii=False).encode()
    return Webhook(body=body, headers={"content-type": "application/json; charset=utf-8"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    return basic(config.webhook_user, config.webhook_password)


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _event(one: Said, config: Any) -> dict[str, Any]:
    at = one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    media = f"{config.api_url}/api/v2/users/{config.account_id}/media"
    message = {
        "id": str(uuid5(NAMESPACE_OID, one.id)),
        "owner": config.number,
        "applicationId": config.application_id,
        "time": at,
        "segmentCount": 1,
        "direction": "in",
        "to": [config.number],
        "from": one.sender or EXAMPLE,
        "text": one.text,
        "media": [f"{media}/{_place(one.id, place, file)}" for place, file in enumerate(one.files)],
        "channel": "MMS" if one.files else "SMS",
    }
    description = "Incoming message received"
    return {"time": at, "type": "message-received", "to": config.number, "description": description, "message": message}


def _place(id: str, place: int, file: File) -> str:
    return f"{uuid5(NAMESPACE_OID, id)}/{place}/{quote(file.name)}"
