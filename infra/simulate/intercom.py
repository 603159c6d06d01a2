"""Intercom's webhooks: a contact who writes in a conversation. A sender is a contact's id there."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "66b0e2f1a9c47d0012ab4711"
WORKSPACE = "sh0pb3ll"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One more part of a conversation: Intercom never batches."""
    (one,) = said
    at, contact = int(one.at.timestamp()), one.sender or EXAMPLE
    part = {
        "type": "conversation_part",
        "id": _number(one.id),
        "part_type": "comment",
        "body": f"<p>{escape(one.text)}</p>".replace("\n", "<br>") if one.text else None,
        "created_at": at,
        "author": {"type": "user", "id": contact, "name": one.name or "Ivo Kranjc", "email": None},
        "attachments": [_attached(one.id, file, config) for file in one.files],
    }
    item = {
        "type": "conversation",
        "id": _conversation(contact),
        "created_at": at,
        "source": {
            "type": "conversation",
            "id": _number(contact),
            "delivered_as": "admin_initiated",
            "body": "<p>How may we help?</p>",
            "author": {"type": "admin", "id": "814860", "name": "Ann", "email": "ann@shop.example"},
            "attachments": [],
        },
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [part], "total_count": 1},
    }
    body = {
        "type": "notification_event",
        "app_id": WORKSPACE,
        "topic": "conversation.user.replied",
        "id": f"notif_{hashlib.sha256(one.id.encode()).hexdigest()[:32]}",
        "created_at": at,
        "delivery_attempts": 1,
        "data": {"type": "notification_event_data", "item": item},
    }
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    mac = hmac.new(current(config.client_secret).encode(), webhook.body, hashlib.sha1)
    return {"x-hub-signature": f"sha1={mac.hexdigest()}"}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, file): file for one in said for file in one.files}


def _conversation(contact: str) -> str:
    """The conversation of a contact: the number at the end of a contact's id, else one made of it."""
    return contact[-4:] if contact[-4:].isdigit() else _number(contact)


def _number(text: str) -> str:
    return str(int(hashlib.sha256(text.encode()).hexdigest()[:12], 16))


def _place(id: str, file: File) -> str:
    return f"i/o/{_number(id)}/{quote(file.name)}"


def _attached(id: str, file: File, config: Any) -> dict[str, Any]:
    about = {"name": file.name, "content_type": file.type, "filesize": len(file.content)}
    return {"type": "upload", "url": f"{config.api_url}/{_place(id, file)}?expires=1790000000", **about}
