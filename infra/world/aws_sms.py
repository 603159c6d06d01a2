"""AWS End User Messaging, which takes an SMS and refuses what AWS refuses; and of SNS what its webhooks need.

Sending: https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html

`world.state["aws_sms"]["opted_out"]` may list numbers that answered STOP.
"""

import json
import re
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.simulate import sns
from infra.world import Entry, Reply, Sent, World, amazon, reply

RECEIPT_TYPE = "text/plain; charset=UTF-8"
TARGET, TYPE = "PinpointSMSVoiceV2.SendTextMessage", "application/x-amz-json-1.0"
NUMBER = re.compile(r"\+?[1-9][0-9]{1,18}", re.ASCII)
LONGEST = 1600  # characters
FIELDS = frozenset(
    ("DestinationPhoneNumber", "OriginationIdentity", "MessageBody", "MessageType", "ConfigurationSetName", "Keyword")
)
EVENTS = {  # an SMS is never known to be read
    "sent": ("SUCCESSFUL", "Message has been accepted by phone carrier"),
    "delivered": ("DELIVERED", "Message has been delivered"),
    "failed": ("UNREACHABLE", "Phone is currently unreachable"),
}


def answer(sent: Sent, world: World) -> Reply:
    """POST / with an SMS, by AWS's JSON protocol; GET of what is SNS's."""
    try:
        if sent.method == "GET":
            return amazon.of_sns(sent, world)
        amazon.region(sent, "sms-voice")
        if (sent.method, sent.path, sent.headers.get("x-amz-target")) != ("POST", "/", TARGET):
            raise amazon.Refused("UnknownOperationException", "")
        if sent.headers.get("content-type") != TYPE:
            raise amazon.Refused("SerializationException", "")
        return reply({"MessageId": _take(_checked(sent.json(), world), world)})
    except amazon.Refused as no:
        reason = {"Reason": no.reason} if no.reason else {}
        return reply({"__type": no.code, "Message": no.message, **reason}, no.status)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The event of an SMS that got as far as `progress`; none without a configuration set."""
    if entry.what != "message" or progress not in EVENTS or "ConfigurationSetName" not in entry.raw:
        return None
    status, words = EVENTS[progress]
    at = int(world.now().timestamp() * 1000)
    event = {
        "eventType": f"TEXT_{status}",
        "eventVersion": "1.0",
        "eventTimestamp": at,
        "isFinal": True,
        "originationPhoneNumber": entry.raw["OriginationIdentity"],
        "destinationPhoneNumber": entry.to,
        "messageId": entry.id,
        "messageRequestTimestamp": at,
        "messageType": "TRANSACTIONAL",
        "messageStatus": status,
        "messageStatusDescription": words,
        "totalMessageParts": 1,
    }
    account = world.account("aws_sms", number=entry.raw["OriginationIdentity"]) or {}
    topic = account.get("topics", "").split()[:1]
    return json.dumps(sns.notification(json.dumps(event), topic[0] if topic else "")).encode()


def _checked(text: dict[str, Any], world: World) -> dict[str, Any]:
    """The SMS in the call, if AWS would take it."""
    to, body = text.get("DestinationPhoneNumber"), text.get("MessageBody")
    if not text.keys() <= FIELDS or text.get("MessageType") not in ("TRANSACTIONAL", "PROMOTIONAL"):
        raise amazon.Refused("ValidationException", "A parameter is invalid.", reason="INVALID_PARAMETER")
    if not isinstance(to, str) or not NUMBER.fullmatch(to):
        raise amazon.Refused("ValidationException", "DestinationPhoneNumber is invalid.", reason="INVALID_PARAMETER")
    if not isinstance(body, str) or not body.strip() or len(body) > LONGEST:
        raise amazon.Refused("ValidationException", "MessageBody is invalid.", reason="FIELD_VALIDATION_FAILED")
    if world.account("aws_sms", number=str(text.get("OriginationIdentity"))) is None:
        raise amazon.Refused("ConflictException", "No identity found.", reason="NO_ORIGINATION_IDENTITIES_FOUND")
    if to in world.state.get("aws_sms", {}).get("opted_out", ()):
        reason = "DESTINATION_PHONE_NUMBER_OPTED_OUT"
        raise amazon.Refused("ConflictException", "Destination phone number has opted out.", reason=reason)
    return text


def _take(text: dict[str, Any], world: World) -> str:
    """Note the SMS; its id."""
    id = str(uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}"))
    to = text["DestinationPhoneNumber"]
    world.note(part="aws_sms", what="message", to=to, text=text["MessageBody"], id=id, raw=text)
    return id
