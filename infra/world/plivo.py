"""Plivo's part of the outside world: takes an SMS, refuses what Plivo refuses, reports on it afterwards.

Sending: https://www.plivo.com/docs/messaging/api/messages  Errors: https://docs.plivo.com/docs/messaging/api/response

`world.state["plivo"]` may hold `no_credit`. Plivo takes what is for numbers that answered STOP, and reports it failed.
"""

import re
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_OID, uuid5

from infra.world import Entry, Reply, Sent, World, handed_out, reply, sms

LONGEST = {True: 1600, False: 737}  # septets, or UTF-16 units of what GSM-7 cannot write
NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
RECEIPT_TYPE = "application/x-www-form-urlencoded"
STATUS = {"sent": "sent", "delivered": "delivered", "failed": "undelivered"}  # an SMS is never known to be read
API_ID = "5a1c7d02-0c2f-4a77-9d4e-3b0f0c1d2e3f"


def answer(sent: Sent, world: World) -> Reply:
    """POST /v1/Account/<auth id>/Message/ with an SMS; GET /media/<id> of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # its address is the proof
        return handed_out(world.held("plivo", sent.path.removeprefix("/media/")))
    auth_id, token = sent.basic()
    account = world.account("plivo", auth_id=auth_id, auth_token=token)
    if account is None:
        return _error(401, "authentication failed")
    if sent.path != f"/v1/Account/{auth_id}/Message/":
        return _error(404, "not found")
    if sent.method != "POST":
        return _error(405, "HTTP method is not allowed")
    body = sent.json()
    wrong = _wrong(body, account["number"])
    if wrong:
        return _error(400, wrong)
    if world.state.get("plivo", {}).get("no_credit"):
        return _error(402, "insufficient credit")
    id = str(uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}"))
    world.note(part="plivo", what="message", to=body["dst"], text=body["text"], id=id, raw=body)
    return reply({"api_id": API_ID, "message": "message(s) queued", "message_uuid": [id]}, 202)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The status callback; Plivo has no word for more."""
    status = STATUS.get(progress)
    if entry.what != "message" or status is None:
        return None
    at = world.now().strftime("%Y-%m-%d %H:%M:%S.%f")
    form = {
        "From": entry.raw["src"],
        "To": entry.to,
        "Type": "sms",
        "MessageUUID": entry.id,
        "ParentMessageUUID": entry.id,
        "PartInfo": "1 of 1",
        "Status": status,
        "Units": str(sms.segments(entry.text)),
        "MessageTime": at,
        "Sequence": "2",
        **({"ErrorCode": "20"} if status == "undelivered" else {}),
    }
    return urlencode(form).encode()


def _wrong(body: dict[str, Any], number: str) -> str:
    """What Plivo would not take; empty if there is nothing."""
    src, dst, text = (body.get(name) for name in ("src", "dst", "text"))
    if src != number.removeprefix("+"):
        return "src parameter is not a number of this account"
    if not isinstance(dst, str) or not NUMBER.fullmatch(dst):
        return "dst parameter is not a valid phone number"
    if dst.removeprefix("+") == src:
        return "dst and src cannot be the same"
    if not isinstance(text, str) or not text:
        return "text parameter not present"
    if sms.length(text) > LONGEST[sms.narrow(text)]:
        return "text parameter is too long"
    return ""


def _error(status: int, words: str) -> Reply:
    return reply({"api_id": API_ID, "error": words}, status)
