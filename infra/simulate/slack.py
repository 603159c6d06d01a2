"""Slack's webhooks: an agent writing in a thread, changing that, pressing a button, typing a slash command."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

TEAM, BOT, AGENT = "T0SHOP", "U0BELL", "U0AGENT"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One thing in a thread (`channel:ts`); Slack never batches. Its ts comes from its time.

    What is pressed where there is no thread (`channel:`) is a slash command.
    """
    (one,) = said
    where, _, thread = one.thread.partition(":")
    if one.press:
        return _pressed(one, where, thread) if thread else _typed(one, where)
    in_thread = {"user": one.sender or AGENT, "team": TEAM, "thread_ts": thread, "parent_user_id": BOT}
    return told(one, where, config, in_thread)


def told(one: Said, where: str, config: Any, about: Mapping[str, str]) -> Webhook:
    """The event of a message in a channel, or of its change; `about` says whose it is."""
    event = _changed(one, where, about) if one.changes else _written(one, where, about)
    if one.files:
        event |= {"subtype": "file_share", "files": [_file(one, file, config) for file in one.files]}
    return Webhook(body=json.dumps(_outer(one, event)).encode(), headers={"content-type": "application/json"})


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_id(one, file): file for one in said for file in one.files}


def _id(one: Said, file: File) -> str:
    return "F" + hashlib.sha256(f"{one.id} {file.name}".encode()).hexdigest()[:10].upper()


def _file(one: Said, file: File, config: Any) -> dict[str, Any]:
    """As Slack tells of it; the stand-in hands it out beside its API."""
    id, where = _id(one, file), config.api_url.removesuffix("/api")
    url = f"{where}/files/{id}/download/{quote(file.name)}"
    about = {"id": id, "name": file.name, "title": file.name, "mimetype": file.type, "size": len(file.content)}
    return {**about, "mode": "hosted", "url_private": url, "url_private_download": url}


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    seconds = str(int(at.timestamp()))
    content = b"v0:" + seconds.encode() + b":" + webhook.body
    mac = hmac.new(current(config.signing_secret).encode(), content, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": seconds, "x-slack-signature": f"v0={mac}"}


def _outer(one: Said, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "token": "unused",
        "team_id": TEAM,
        "api_app_id": "A0BELL",
        "type": "event_callback",
        "event_id": f"Ev{_micro(one):09d}",
        "event_time": int(one.at.timestamp()),
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
        "is_ext_shared_channel": False,
        "event": event,
    }


def _written(one: Said, where: str, about: Mapping[str, str]) -> dict[str, Any]:
    post = {"type": "message", "channel": where, "channel_type": "channel", "text": one.text, "ts": time_stamp(one)}
    return {**post, **about}


def _changed(one: Said, where: str, about: Mapping[str, str]) -> dict[str, Any]:
    assert one.changes is not None
    before, now = _written(one.changes, where, about), time_stamp(one)
    outside = {"type": "message", "channel": where, "hidden": True, "ts": now, "previous_message": before}
    if not one.text:
        return {**outside, "subtype": "message_deleted", "deleted_ts": before["ts"]}
    after = {**before, "text": one.text, "edited": {"user": before["user"], "ts": now}}
    return {**outside, "subtype": "message_changed", "message": after}


def _pressed(one: Said, where: str, thread: str) -> Webhook:
    """A button under the thread's first post."""
    button = {"type": "button", "action_id": "choice-0", "block_id": "b1", "value": one.text}
    payload = {
        "type": "block_actions",
        "user": {"id": one.sender or AGENT, "username": "agent", "team_id": TEAM},
        "api_app_id": "A0BELL",
        "token": "unused",
        "container": {"type": "message", "message_ts": thread, "channel_id": where, "is_ephemeral": False},
        "trigger_id": f"7001.{_micro(one)}.aa11",
        "team": {"id": TEAM, "domain": "shop"},
        "channel": {"id": where, "name": "orders"},
        "message": {"type": "message", "bot_id": "B0BELL", "ts": thread, "text": "a card"},
        "actions": [{**button, "action_ts": time_stamp(one)}],
    }
    return _form({"payload": json.dumps(payload)})


def _typed(one: Said, where: str) -> Webhook:
    return _form(
        {
            "token": "unused",
            "team_id": TEAM,
            "team_domain": "shop",
            "channel_id": where,
            "channel_name": "orders",
            "user_id": one.sender or AGENT,
            "user_name": "agent",
            "command": "/shopbell",
            "text": one.text,
            "api_app_id": "A0BELL",
            "trigger_id": f"7001.{_micro(one)}.bb22",
        }
    )


def _form(fields: Mapping[str, str]) -> Webhook:
    return Webhook(body=urlencode(fields).encode(), headers={"content-type": "application/x-www-form-urlencoded"})


def time_stamp(one: Said) -> str:
    """The id that Slack gives to what was said."""
    return f"{int(one.at.timestamp())}.{_micro(one):06d}"


def _micro(one: Said) -> int:
    return int(hashlib.sha256(one.id.encode()).hexdigest(), 16) % 1_000_000
