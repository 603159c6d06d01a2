"""Slack's events: an agent writing in a thread."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.models import current
from infra.simulate import Said, Webhook

TEAM, BOT, AGENT = "T0SHOP", "U0BELL", "U0AGENT"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One reply in a thread (`channel:ts`); Slack never batches. The message's ts comes from its time."""
    (one,) = said
    where, _, thread = one.thread.partition(":")
    micro = int(hashlib.sha256(one.id.encode()).hexdigest(), 16) % 1_000_000
    event = {
        "type": "message",
        "channel": where,
        "user": one.sender or AGENT,
        "team": TEAM,
        "text": one.text,
        "ts": f"{int(one.at.timestamp())}.{micro:06d}",
        "thread_ts": thread,
        "parent_user_id": BOT,
        "channel_type": "channel",
    }
    outer = {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": "A0BELL",
        "type": "event_callback",
        "event_id": f"Ev{micro:09d}",
        "event_time": int(one.at.timestamp()),
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        "is_ext_shared_channel": False,
        "event": event,
    }
    return Webhook(body=json.dumps(outer).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    seconds = str(int(at.timestamp()))
    content = b"v0:" + seconds.encode() + b":" + webhook.body
    mac = hmac.new(current(config.signing_secret).encode(), content, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": seconds, "x-slack-signature": f"v0={mac}"}
