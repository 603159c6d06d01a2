"""Chatwoot's webhooks: somebody writing in one of its inboxes. A sender is a place there, like a browser's own id."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "5a7c1e90-4b2d-4f3a-8c66-000000004711"
INBOX = {"id": 7, "name": "Corner Shop"}
KINDS = ("image", "audio", "video")  # any other attachment is a file


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One message: Chatwoot never batches."""
    (one,) = said
    place, number = one.sender or EXAMPLE, _number(one.id)
    body: dict[str, Any] = {
        "account": {"id": int(config.account_id or 1), "name": "Corner Shop"},
        "additional_attributes": {},
        "content_attributes": {},
        "content_type": "text",
        "content": one.text or None,
        "conversation": {
            "additional_attributes": {"browser_language": "en"},
            "contact_inbox": {"id": 31, "inbox_id": INBOX["id"], "source_id": place, "hmac_verified": False},
            "id": _conversation(place),
            "inbox_id": INBOX["id"],
            "messages": [{"id": number, "message_type": 0, "private": False, "status": "sent"}],
            "status": "open",
        },
        "created_at": one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "id": number,
        "inbox": INBOX,
        "message_type": "incoming",
        "private": False,
        "sender": {"id": _number(place), "name": one.name or "Ida Berg", "email": None, "phone_number": None},
        "source_id": None,
        "event": "message_created",
    }
    files = [_attached(one.id, place, file, config) for place, file in enumerate(one.files)]
    body |= {"attachments": files} if files else {}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """Over the time, a dot and the body."""
    seconds = str(int(at.timestamp()))
    mac = hmac.new(current(config.signing_secret).encode(), f"{seconds}.".encode() + webhook.body, hashlib.sha256)
    return {"x-chatwoot-timestamp": seconds, "x-chatwoot-signature": f"sha256={mac.hexdigest()}"}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place, file): file for one in said for place, file in enumerate(one.files)}


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:7], 16) + 1


def _conversation(place: str) -> int:
    """The number at the end of a place, else one made of it."""
    digits = re.search(r"[1-9][0-9]{0,8}$", place, re.ASCII)
    return int(digits[0]) if digits else _number(place)


def _place(id: str, place: int, file: File) -> str:
    return f"{uuid5(NAMESPACE_OID, f'{id} {place}').hex}/{quote(file.name)}"


def _attached(id: str, place: int, file: File, config: Any) -> dict[str, Any]:
    kind = file.type.partition("/")[0]
    url = f"{config.api_url}/rails/active_storage/blobs/redirect/{_place(id, place, file)}"
    about = {"extension": None, "data_url": url, "thumb_url": "", "file_size": len(file.content)}
    return {"id": place + 1, "message_id": _number(id), "file_type": kind if kind in KINDS else "file", **about}
