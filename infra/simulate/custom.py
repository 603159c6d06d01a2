"""Another system's webhooks, signed by Standard Webhooks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from infra.simulate import File, Said, Webhook

VISITOR = "visitor-7"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One message, or a batch of several."""
    items = [_item(one, _files_at(config)) for one in said]
    body = items[0] if len(items) == 1 else {"type": "batch", "items": items}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """The three headers; the id comes from the body, so a repeat has the same one."""
    webhook_id = f"msg_{hashlib.sha256(webhook.body).hexdigest()[:24]}"
    seconds = str(int(at.timestamp()))
    content = f"{webhook_id}.{seconds}.".encode() + webhook.body
    keys = [
        base64.b64decode(secret.get_secret_value().removeprefix("whsec_") + "==") for secret in config.signing_secret
    ]
    macs = [hmac.new(key, content, hashlib.sha256).digest() for key in keys]
    signatures = " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs)
    return {"webhook-id": webhook_id, "webhook-timestamp": seconds, "webhook-signature": signatures}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one, file): file for one in said for file in one.files}


def _files_at(config: Any) -> str:
    """Beside where the system takes answers."""
    return f"{config.reply_url.rpartition('/')[0]}/files" if config.reply_url else "https://files.example"


def _place(one: Said, file: File) -> str:
    return f"{quote(one.id, safe='')}/{quote(file.name)}"


def _item(one: Said, files_at: str) -> dict[str, Any]:
    files = [
        {"name": file.name, "type": file.type, "size": len(file.content), "url": f"{files_at}/{_place(one, file)}"}
        for file in one.files
    ]
    return {
        "type": "message.received",
        "timestamp": one.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "data": {
            "message_id": one.id,
            "sender": {"id": one.sender or VISITOR, "name": one.name or "Noor Haddad"},
            "text": one.text,
            "attachments": files,
        },
    }
