"""Viber's callbacks. A sender is a person's id with the bot: 24 letters of base64."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "01234567890ABCDEFGHIJK=="
KINDS = {"image": "picture", "video": "video"}  # any other attachment is a file


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One text, or one file with the text beside it: Viber never batches, and of a file its address has the name."""
    (one,) = said
    body = {
        "event": "message",
        "timestamp": int(one.at.timestamp() * 1000),
        "chat_hostname": "SN-CHAT-03_",
        "message_token": int(_hash(one.id)[:15], 16),
        "sender": {
            "id": one.sender or EXAMPLE,
            "name": one.name or "Oksana",
            "avatar": "https://media-direct.example/a.jpg",
            "language": "uk",
            "country": "UA",
            "api_version": 10,
        },
        "message": _file(one, config) if one.files else {"text": one.text, "type": "text"},
        "silent": False,
    }
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    mac = hmac.new(current(config.auth_token).encode(), webhook.body, hashlib.sha256).hexdigest()
    return {"x-viber-content-signature": mac}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one): file for one in said for file in one.files}


def _file(one: Said, config: Any) -> dict[str, Any]:
    (file,) = one.files
    kind = KINDS.get(file.type.partition("/")[0], "file")
    about = {"media": f"{config.api_url}/media/{_place(one)}", "file_name": file.name, "size": len(file.content)}
    return {"type": kind, "text": one.text, **about}


def _place(one: Said) -> str:
    (file,) = one.files
    return f"{_hash(one.id)[:20]}/{quote(file.name)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
