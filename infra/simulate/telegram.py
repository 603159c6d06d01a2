"""Telegram's webhooks: a customer writing to the shop's bot."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

CUSTOMER = "700100200"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One message with at most one file: Telegram never batches, and an album is several messages."""
    (one,) = said
    sender = int(one.sender or CUSTOMER)
    first, _, last = (one.name or "Mira Olsen").partition(" ")
    person = {"id": sender, "first_name": first, **({"last_name": last} if last else {})}
    post = {
        "message_id": _number(one.id),
        "from": {**person, "is_bot": False, "language_code": "de"},
        "chat": {**person, "type": "private"},
        "date": int(one.at.timestamp()),
    }
    if one.files:
        (file,) = one.files
        post |= {**_attached(file), "caption": one.text}
    else:
        post["text"] = one.text
    update = {"update_id": 500_000_000 + _number(one.id), "message": post}
    return Webhook(body=json.dumps(update).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    return {"x-telegram-bot-api-secret-token": current(config.secret_token)}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_file_id(file): file for one in said for file in one.files}


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 1_000_000_000 + 1


def _attached(file: File) -> dict[str, Any]:
    """A picture comes in several sizes, the largest last; anything else as a document."""
    unique = _file_id(file).removeprefix("BQAC")
    stored = {"file_id": _file_id(file), "file_unique_id": unique, "file_size": len(file.content)}
    if not file.type.startswith("image/"):
        return {"document": {**stored, "file_name": file.name, "mime_type": file.type}}
    small = {"file_id": f"AgACs{unique}", "file_unique_id": f"s{unique}", "file_size": 900, "width": 90, "height": 67}
    return {"photo": [small, {**stored, "width": 1280, "height": 960}]}


def _file_id(file: File) -> str:
    return "BQAC" + hashlib.sha256(file.content).hexdigest()[:15]
