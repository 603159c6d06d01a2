"""Vonage's part of the outside world: the Messages API for SMS, and the status webhooks that come back.

Reference: https://developer.vonage.com/en/api/messages  Errors: https://developer.vonage.com/en/api-errors/messages

`world.state["vonage"]` may hold `opted_out`, numbers that answered STOP (Vonage takes what is for them, and they get
none of it), and `no_credit`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.world import Entry, Reply, Sent, World, handed_out, reply

LONGEST = 1000  # characters
NUMBER = re.compile(r"[1-9][0-9]{2,14}", re.ASCII)
EXPLAINED = "https://developer.vonage.com/api-errors"
STATUS = {"delivered": "delivered", "failed": "rejected"}  # an SMS is never known to be read


def answer(sent: Sent, world: World) -> Reply:
    """POST /v1/messages with an SMS; GET /v3/media/<id> of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/v3/media/"):  # its address is the proof
        return handed_out(world.held("vonage", sent.path.removeprefix("/v3/media/")))
    key, secret = sent.basic()
    account = world.account("vonage", api_key=key, api_secret=secret)
    if account is None:
        return _problem(401, "unauthorized", "Unauthorized", "You did not provide correct credentials.")
    if sent.method != "POST" or sent.path != "/v1/messages":
        return _problem(404, "not-found", "Not Found", "The requested resource does not exist.")
    body = sent.json()
    name = _wrong(body, account)
    if name:
        return _problem(422, "messages#1020", "Invalid params", f"The value of {name} is invalid.")
    if world.state.get("vonage", {}).get("no_credit"):
        return _problem(402, "low-balance", "Low balance", "This request could not be performed: the balance is low.")
    return reply({"message_uuid": _take(body, world)}, 202)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The status webhook for a message that was delivered or failed; Vonage has no word for more."""
    status = STATUS.get(progress)
    if entry.what != "message" or status is None:
        return None
    said: dict[str, Any] = {
        "message_uuid": entry.id,
        "to": entry.to,
        "from": entry.raw["from"],
        "timestamp": world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "status": status,
        "client_ref": entry.key,
        "channel": "sms",
        "destination": {"network_code": "26201"},
        "sms": {"count_total": "1"},
        "usage": {"currency": "EUR", "price": "0.0333"},
    }
    if status == "rejected":
        title, detail = "Absent Subscriber - Temporary", "The phone is switched off or out of reach."
        said["error"] = {"type": f"{EXPLAINED}/messages#1180", "title": title, "detail": detail, "instance": entry.id}
    return json.dumps(said).encode()


def _wrong(body: Mapping[str, Any], account: Mapping[str, str]) -> str:
    """The name of the first field that the real API would not take; empty if there is none."""
    text, to = body.get("text"), body.get("to")
    right = {
        "channel": body.get("channel") == "sms",
        "message_type": body.get("message_type") == "text",
        "to": isinstance(to, str) and bool(NUMBER.fullmatch(to)),
        "from": body.get("from") == account["number"].removeprefix("+"),
        "text": isinstance(text, str) and 0 < len(text) <= LONGEST,
        "client_ref": isinstance(body.get("client_ref", ""), str) and len(body.get("client_ref", "")) <= 100,
        "webhook_version": body.get("webhook_version", "v1") in ("v0.1", "v1"),
    }
    return next((name for name, holds in right.items() if not holds), "")


def _take(body: dict[str, Any], world: World) -> str:
    """Note the message, unless its receiver opted out; the id that Vonage gives it."""
    id = str(uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}"))
    if body["to"] not in world.state.get("vonage", {}).get("opted_out", ()):
        key = body.get("client_ref", "")
        world.note(part="vonage", what="message", to=body["to"], text=body["text"], id=id, key=key, raw=body)
    return id


def _problem(status: int, kind: str, title: str, detail: str) -> Reply:
    sign = "/" if "#" in kind else "#"
    said = {"type": f"{EXPLAINED}{sign}{kind}", "title": title, "detail": detail, "instance": "bf0ca0bf927b3b52"}
    return reply(said, status)
