"""Rocket.Chat's omnichannel webhooks. A sender is a visitor's id; each has one chat."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

VISITOR = "vQ7mTz3KcWn5pLxRa"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One message with at most one file: a webhook is sent for each."""
    (one,) = said
    visitor, at = (
        one.sender or VISITOR,
        one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
    username = f"guest-{hashlib.sha256(visitor.encode()).hexdigest()[:3]}"
    message = {"u": {"_id": visitor, "username": username}, "_id": _id(one.id), "username": username, "msg": one.text}
    message |= {"ts": at, "rid": room(visitor), "_updatedAt": at}
    if one.files:
        (file,) = one.files
        message |= _uploaded(one.id, file, config) | {"msg": "", "attachments": [_shown(one, file)]}
    body = {
        "_id": room(visitor),
        "label": one.name or "Noor Haddad",
        "createdAt": at,
        "lastMessageAt": at,
        "visitor": {
            "_id": visitor,
            "token": f"token-of-{visitor}",
            "name": one.name or "Noor Haddad",
            "username": username,
        },
        "agent": {"_id": config.user_id, "username": "shopbell", "name": "Shop"},
        "type": "Message",
        "messages": [message],
    }
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    return {"x-rocketchat-livechat-token": current(config.secret_token)}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, file): file for one in said for file in one.files}


def room(visitor: str) -> str:
    """Where a visitor's chat is."""
    return f"room-of-{visitor}"


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:17]


def _place(id: str, file: File) -> str:
    return f"{_id(f'file {id}')}/{quote(file.name)}"


def _uploaded(id: str, file: File, config: Any) -> dict[str, Any]:
    """The stand-in hands it out beside its API."""
    where, size = f"{config.api_url}/file-upload/{_place(id, file)}", len(file.content)
    about = {"_id": _id(f"file {id}"), "name": file.name, "type": file.type, "size": size}
    return {"file": about, "fileUpload": {"publicFilePath": where, "type": file.type, "size": size}}


def _shown(one: Said, file: File) -> dict[str, Any]:
    return {"title": file.name, "type": "file", "description": one.text, "title_link_download": True}
