"""LiveChat's webhooks: a visitor writing in the chat. A sender is a customer's id; each has one chat."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook, json_object

CUSTOMER = "3f8a1c64-7b2e-4d95-a0c3-91e5d7f20b6a"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One event: LiveChat never batches, and a file is an event without words."""
    (one,) = said
    customer = one.sender or CUSTOMER
    thread = _id(f"thread of {customer}")
    event = {
        "id": f"{thread}_{_id(one.id)}",
        "created_at": one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "visibility": "all",
        "author_id": customer,
        **_content(one, config),
    }
    body = {
        "webhook_id": "5d0c9b7e41f24a8fb6c3a1e07d92f854",
        "action": "incoming_event",
        "organization_id": "0b6f2d91-58c4-4e3a-9d17-c2a8e5f4701b",
        "payload": {"chat_id": chat(customer), "thread_id": thread, "event": event},
        "additional_data": {},
    }
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def seal(webhook: Webhook, at: datetime, config: Any) -> bytes:
    """The body with the secret key in it; what is no object comes as what a webhook holds."""
    said = json_object(webhook.body)
    said = {"payload": webhook.body.decode("latin-1")} if said is None else said
    return json.dumps({**said, "secret_key": current(config.secret_key)}).encode()


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """Nothing stands in headers."""
    return {}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one, file): file for one in said for file in one.files}


def chat(customer: str) -> str:
    """Where a customer's chat is."""
    return _id(f"chat of {customer}")


def _content(one: Said, config: Any) -> dict[str, Any]:
    if not one.files:
        return {"type": "message", "text": one.text}
    (file,) = one.files
    url = f"{config.api_url}/api/file/{_place(one, file)}"
    return {"type": "file", "name": file.name, "url": url, "content_type": file.type}


def _place(one: Said, file: File) -> str:
    return f"lc/att/11/{hashlib.sha256(one.id.encode()).hexdigest()[:32]}/{quote(file.name)}"


def _id(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()[:10].upper()
