"""The part of the outside world that is the shop's own system: it takes answers signed by Standard Webhooks.

The visitor `nobody` is not known to it. What it has seen before (by webhook-id) it takes as done.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from infra.world import Entry, Reply, Sent, World, handed_out, reply

LONGEST = 4000  # characters
OLDEST = 300  # seconds
RECEIPT_TYPE = "application/json"


def answer(sent: Sent, world: World) -> Reply:
    if sent.method == "GET" and sent.path.startswith("/files/"):
        return handed_out(world.held("custom", sent.path.removeprefix("/files/")))
    if sent.method != "POST":
        return reply({"error": "only POST"}, 405)
    if not _is_signed(sent, world):
        return reply({"error": "bad signature"}, 401)
    said = sent.json()
    data = said.get("data")
    if said.get("type") != "message.sent" or not isinstance(data, dict) or not said.get("timestamp"):
        return reply({"error": "not a message"}, 400)
    refused = _refused(data)
    if refused:
        return reply({"error": refused[1]}, refused[0])
    return reply({"message_id": _take(sent.headers["webhook-id"], data, world)})


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """The body of a webhook that says how far a message has come: delivered, read or failed."""
    said = {"message_id": entry.id, "status": progress}
    return json.dumps({"type": "receipt", "timestamp": world.now().isoformat(), "data": said}).encode()


def _take(key: str, data: Mapping[str, Any], world: World) -> str:
    """The id of what was sent under `key`; a repeat changes nothing."""
    known: dict[str, str] = world.state.setdefault("custom", {})
    if key not in known:
        known[key] = f"w-{world.number()}"
        names = [str(file.get("name")) for file in data.get("attachments", ())]
        world.note(
            part="custom",
            what="file" if names else "message",
            to=data["to"],
            text="\n".join(filter(None, [*names, data["text"]])),
            id=known[key],
            key=key,
            raw=dict(data),
        )
    return known[key]


def _refused(data: Mapping[str, Any]) -> tuple[int, str] | None:
    files = data.get("attachments", [])
    if not isinstance(files, list) or not all(isinstance(file, dict) and file.get("url") for file in files):
        return 400, "an attachment without its url"
    for field in ("message_id", "to", *(() if files else ("text",))):
        if not isinstance(data.get(field), str) or not data[field]:
            return 400, f"{field} is missing"
    if data["to"] == "nobody":
        return 404, "no such visitor"
    return (413, "text is too long") if len(data["text"]) > LONGEST else None


def _is_signed(sent: Sent, world: World) -> bool:
    key, seconds, signatures = [sent.headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature")]
    if not key or "." in key or not seconds.isdigit() or abs(world.now().timestamp() - int(seconds)) > OLDEST:
        return False
    content = f"{key}.{seconds}.".encode() + sent.body
    ours = [f"v1,{_mac(secret, content)}" for secret in _secrets(world.credentials)]
    return any(hmac.compare_digest(one.encode(), given.encode()) for one in ours for given in signatures.split())


def _mac(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _secrets(credentials: Mapping[str, str]) -> list[str]:
    """Every whsec_ secret of every account."""
    given = [value for name, value in credentials.items() if name.startswith("SHOPBELL_CUSTOM_") and "SECRET" in name]
    return [secret for value in given for secret in value.split() if secret.startswith("whsec_")]
