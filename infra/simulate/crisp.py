"""Crisp's plugin hooks: a visitor writing in the chat. A sender is a session's id."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

WEBSITE = "8c2f31d0-55aa-4b7e-9d10-1f0a77c3e914"
EXAMPLE = "session_2d7b8a54-0c3e-4a6f-8b1d-5e9f70c64711"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One message: Crisp never batches, and a file is a message without words."""
    (one,) = said
    session, at = one.sender or EXAMPLE, int(one.at.timestamp() * 1000)
    kind, content = _content(one, config)
    message = {
        "website_id": WEBSITE,
        "session_id": session,
        "inbox_id": None,
        "type": kind,
        "content": content,
        "from": "user",
        "origin": "chat",
        "stamped": True,
        "timestamp": at,
        "fingerprint": int(hashlib.sha256(one.id.encode()).hexdigest()[:12], 16),
        "user": {"nickname": one.name or "visitor17", "user_id": session},
    }
    body = {"website_id": WEBSITE, "event": "message:send", "data": message, "timestamp": at}
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Webhook(body=written.encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """Over [time;body], in milliseconds."""
    time = str(int(at.timestamp() * 1000))
    trace = b"[" + time.encode() + b";" + webhook.body + b"]"
    mac = hmac.new(current(config.signing_secret).encode(), trace, hashlib.sha256)
    return {"x-crisp-request-timestamp": time, "x-crisp-signature": mac.hexdigest()}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one, file): file for one in said for file in one.files}


def _content(one: Said, config: Any) -> tuple[str, Any]:
    if not one.files:
        return "text", one.text
    (file,) = one.files
    return "file", {"name": file.name, "type": file.type, "url": f"{config.api_url}/users/upload/{_place(one, file)}"}


def _place(one: Said, file: File) -> str:
    return f"session/{hashlib.sha256(one.id.encode()).hexdigest()[:16]}/{quote(file.name)}"
