"""Meta's signature, the same for all its products, and what somebody says in its chats."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

HEADERS = {"content-type": "application/json"}
KINDS = ("image", "video", "audio")  # any other attachment is a file


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    mac = hmac.new(current(config.app_secret).encode(), webhook.body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={mac}"}


def digits(id: str, length: int = 16) -> str:
    """An id of digits, made from another."""
    return str(int(hashlib.sha256(id.encode()).hexdigest(), 16))[:length]


def message(said: Said, config: Any) -> dict[str, Any]:
    """What is said, as a message of a chat."""
    whole: dict[str, Any] = {"mid": "m_" + hashlib.sha256(said.id.encode()).hexdigest()}
    if said.text:
        whole["text"] = said.text
    if said.files:
        whole["attachments"] = [_attachment(said, file, config) for file in said.files]
    return whole


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {place(one, file): file for one in said for file in one.files}


def _attachment(said: Said, file: File, config: Any) -> dict[str, Any]:
    kind = file.type.partition("/")[0]
    url = f"{config.api_url}/attachments/{place(said, file)}"
    return {"type": kind if kind in KINDS else "file", "payload": {"url": url}}


def place(said: Said, file: File) -> str:
    """Where a file lies at Meta."""
    return f"{digits(said.id)}/{quote(file.name)}"
