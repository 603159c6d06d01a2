"""Infobip's part of the outside world: takes an SMS, refuses what Infobip refuses, reports on it afterwards.

Sending: https://github.com/infobip/infobip-api-java-client (com/infobip/api/SmsApi.java, com/infobip/model)
Statuses: https://www.infobip.com/docs/developer-resources/api-fundamentals/message-status-codes

`world.state["infobip"]` may hold `no_credit`: Infobip then takes a message, and says in its status that it does not.
"""

import json
import re
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.world import Entry, Reply, Sent, World, handed_out, reply, sms

MOST_PARTS = 10
NUMBER = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)
PENDING = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED", "description": "Message sent."}
NO_CREDIT = {"groupId": 5, "groupName": "REJECTED", "id": 12, "name": "REJECTED_NOT_ENOUGH_CREDITS"}
STATUS = {  # an SMS is never known to be read
    "sent": {"groupId": 3, "groupName": "DELIVERED", "id": 2, "name": "DELIVERED_TO_OPERATOR"},
    "delivered": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
    "failed": {"groupId": 2, "groupName": "UNDELIVERABLE", "id": 9, "name": "UNDELIVERABLE_NOT_DELIVERED"},
}
NO_ERROR = {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "description": "No Error", "permanent": False}
ABSENT = {"groupId": 1, "groupName": "HANDSET_ERRORS", "id": 6, "name": "EC_ABSENT_SUBSCRIBER_SM", "permanent": False}


def answer(sent: Sent, world: World) -> Reply:
    """POST /sms/3/messages with one SMS; GET /media/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # its address is the proof
        return handed_out(world.held("infobip", sent.path.removeprefix("/media/")))
    account = world.account("infobip", api_key=sent.bearer("App"))
    if account is None:
        return _error(401, "E401", "The request lacks valid authentication credentials.")
    if (sent.method, sent.path) != ("POST", "/sms/3/messages"):
        return _error(404, "E404", "Requested URL not found.")
    try:
        (message,) = sent.json()["messages"]
        (to,) = (one["to"] for one in message["destinations"])
        wrong = _wrong(message["sender"], to, message["content"]["text"], account["number"])
    except (LookupError, TypeError, ValueError):
        wrong = "messages: must hold sender, destinations and content"
    if wrong:
        return _error(400, "E400", f"Request cannot be processed. {wrong}")
    id, status = str(uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}")), PENDING
    if world.state.get("infobip", {}).get("no_credit"):
        status = {**NO_CREDIT, "description": "Not enough credits"}
    else:
        world.note(part="infobip", what="message", to=to, text=message["content"]["text"], id=id, raw=message)
    return reply({"bulkId": id, "messages": [{"messageId": id, "status": status, "destination": to}]})


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The report on a message; Infobip has no word for more."""
    status = STATUS.get(progress)
    if entry.what != "message" or status is None:
        return None
    at = world.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    said = {
        "bulkId": entry.id,
        "messageId": entry.id,
        "to": entry.to,
        "sender": entry.raw["sender"],
        "sentAt": at,
        "doneAt": at,
        "messageCount": sms.segments(entry.text),
        "status": {**status, "description": "As its name says"},
        "error": {**ABSENT, "description": "Absent Subscriber"} if progress == "failed" else NO_ERROR,
    }
    return json.dumps({"results": [said]}).encode()


def _wrong(sender: Any, to: Any, text: Any, number: str) -> str:
    """What Infobip would not take; empty if there is nothing."""
    if sender != number:
        return "sender: is not registered"
    if not isinstance(to, str) or not NUMBER.fullmatch(to):
        return "destinations.to: must be a valid phone number"
    if not isinstance(text, str) or not text:
        return "content.text: must not be empty"
    if sms.segments(text) > MOST_PARTS:
        return "content.text: is too long"
    return ""


def _error(status: int, code: str, description: str) -> Reply:
    said = {"errorCode": code, "description": description, "action": "Check the request.", "violations": []}
    return reply({**said, "resources": []}, status)
