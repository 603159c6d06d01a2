"""X's webhooks. A sender is a person's number."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook
from infra.world.x import ACCOUNT, envelope

EXAMPLE = "2222222222222222222"
WORD = re.compile(rb'(?!(?:null|true|false)\Z)[^\x00-\x20\x7f-\xff{}\[\]"<>&]{1,1000}')


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One event with everything said; each message has one file at most."""
    users = {one.sender or EXAMPLE: _user(one) for one in said}
    body = envelope("dm.received", direct_message_events=[_event(one, config) for one in said], users=users)
    return Webhook(body=body, headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """One plain word it would sign in its check of the address alone, which comes by GET."""
    if WORD.fullmatch(webhook.body):
        raise ValueError("X sends JSON objects only")
    mac = hmac.new(current(config.consumer_secret).encode(), webhook.body, hashlib.sha256).digest()
    return {"x-twitter-webhooks-signature": f"sha256={base64.b64encode(mac).decode()}"}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_number(one.id + file.name): file for one in said for file in one.files}


def _event(one: Said, config: Any) -> dict[str, Any]:
    short = f"https://t.co/{_number(one.id)[:10]}"
    data: dict[str, Any] = {"text": one.text, "entities": {"hashtags": [], "symbols": [], "user_mentions": []}}
    links = [{"url": short, "expanded_url": "https://x.com/messages/media/1"}] if one.files else []
    data["entities"]["urls"] = links
    if one.files:
        (file,) = one.files
        place = f"{config.api_url}/1.1/ton/data/dm/{_number(one.id + file.name)}"
        media = {"id_str": _number(one.id), "media_url_https": place, "url": short, "type": "photo"}
        data |= {"text": f"{one.text} {short}", "attachment": {"type": "media", "media": media}}
    return {
        "type": "message_create",
        "id": _number(one.id),
        "created_timestamp": str(int(one.at.timestamp() * 1000)),
        "message_create": {
            "target": {"recipient_id": ACCOUNT},
            "sender_id": one.sender or EXAMPLE,
            "message_data": data,
        },
    }


def _user(one: Said) -> dict[str, Any]:
    return {"data": {"id": one.sender or EXAMPLE, "name": one.name or "Maya Chen", "username": "maya_chen"}}


def _number(text: str) -> str:
    return str(int(hashlib.sha256(text.encode()).hexdigest()[:15], 16))
