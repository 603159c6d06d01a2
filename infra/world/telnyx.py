"""Telnyx's part of the outside world: takes an SMS, refuses what Telnyx refuses, reports on it afterwards.

Sending: https://developers.telnyx.com/docs/messaging/messages/send-message
Errors: https://developers.telnyx.com/docs/messaging/messages/error-codes

`world.state["telnyx"]["opted_out"]` may list numbers that answered STOP.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.world import Entry, Reply, Sent, World, handed_out, reply, sms

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MOST_PARTS = 10
STATUS = {"sent": "sent", "delivered": "delivered", "failed": "delivery_failed"}  # an SMS is never known to be read
UNREACHABLE = {"code": "40008", "title": "Undeliverable", "detail": "The carrier did not accept the message."}


def answer(sent: Sent, world: World) -> Reply:
    """POST /v2/messages with an SMS; GET /media/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # its address is the proof
        return handed_out(world.held("telnyx", sent.path.removeprefix("/media/")))
    account = world.account("telnyx", api_key=sent.bearer())
    if account is None:
        return _error(401, "10009", "Authentication failed", "Could not understand the provided credentials.")
    if (sent.method, sent.path) != ("POST", "/v2/messages"):
        return _error(404, "10005", "Resource not found", "The requested resource or URL could not be found.")
    body = sent.json()
    text, to = body.get("text"), body.get("to")
    if body.get("from") != account["number"]:
        return _error(400, "40305", "Invalid 'from' address", "The 'from' address should be your own number.")
    if not isinstance(to, str) or not NUMBER.fullmatch(to):
        return _error(400, "40310", "Invalid 'to' address", "The 'to' address should be in +E.164 format.")
    if not isinstance(text, str) or not text:
        return _error(400, "40316", "No content provided", "The message should have a text or media.")
    if sms.segments(text) > MOST_PARTS:
        detail = f"The SMS message would be divided into {sms.segments(text)} parts. The maximum is {MOST_PARTS}."
        return _error(400, "40302", "Message too large", detail)
    if to in world.state.get("telnyx", {}).get("opted_out", ()):
        return _error(403, "40300", "Blocked due to STOP message", "Messages cannot be sent: the receiver said STOP.")
    return reply({"data": _take(body, world)})


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The event for a message that was sent, was delivered or failed; Telnyx has no word for more."""
    status = STATUS.get(progress)
    if entry.what != "message" or status is None:
        return None
    at = world.now().isoformat(timespec="milliseconds")
    errors = [UNREACHABLE] if progress == "failed" else []
    to = [{**entry.raw["to"][0], "status": status}]
    event = {
        "record_type": "event",
        "id": str(uuid5(NAMESPACE_OID, f"{entry.id} {status}")),
        "event_type": "message.sent" if status == "sent" else "message.finalized",
        "occurred_at": at,
        "payload": {**entry.raw, "to": to, "errors": errors, "completed_at": at},
    }
    return json.dumps({"data": event, "meta": {"attempt": 1, "delivered_to": "https://shop.example"}}).encode()


def _take(body: Mapping[str, Any], world: World) -> dict[str, Any]:
    """Note the message; what Telnyx answers to it."""
    message = {
        "record_type": "message",
        "direction": "outbound",
        "id": str(uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}")),
        "type": "SMS",
        "from": {"phone_number": body["from"], "carrier": "Telnyx", "line_type": "Wireless"},
        "to": [{"phone_number": body["to"], "status": "queued", "carrier": "Example Mobile", "line_type": "Wireless"}],
        "text": body["text"],
        "media": [],
        "parts": sms.segments(body["text"]),
        "received_at": world.now().isoformat(timespec="milliseconds"),
        "sent_at": None,
        "completed_at": None,
        "errors": [],
    }
    world.note(part="telnyx", what="message", to=body["to"], text=body["text"], id=message["id"], raw=message)
    return message


def _error(status: int, code: str, title: str, detail: str) -> Reply:
    return reply({"errors": [{"code": code, "title": title, "detail": detail}]}, status)
