"""SMS and MMS through Infobip.

1. Infobip Portal, Developer Tools, Subscriptions Management, Create subscription: SMS, every event of delivery and of
   inbound messages. Notification profile: {url}, with Basic authentication by a user and a password of your own.
2. Channels and Numbers, Numbers, your number, SMS: let what comes in follow the subscription. For MMS the same again.
3. Developer Tools, API keys: a key that may send SMS. Your base URL stands on the portal's first page.

Inbound: https://infobip.com/docs/api/channels/sms/inbound-sms/receive-inbound-sms-messages
Subscriptions: https://infobip.com/docs/cpaas-x/subscriptions-management/create-manage-subscriptions
Sending: https://github.com/infobip/infobip-api-java-client (com/infobip/api/SmsApi.java, com/infobip/model)
Statuses: https://www.infobip.com/docs/developer-resources/api-fundamentals/message-status-codes

Confirmed by Infobip's Java client (its models and tests): every field, and the ways to prove a webhook. By its pages
alone: which status is final. Not confirmed: the longest text, where the media of an MMS lie, how often a webhook is
repeated. Of its HMAC no page found names the header, so a password is what proves a webhook.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib import download, proofs
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.service import LONGEST, Service
from chalicelib.webhook import MALFORMED, Request, each, moment, reads

channel = Channel.SMS
can = Can(text=1520, units=660, covers=frozenset({Cover.CREDENTIAL}), files=10, receipts=True)  # ten SMS at most
fetch = download.by_address(".infobip.com")
verify = proofs.basic

ON_ITS_WAY = "DELIVERED_TO_OPERATOR"  # of the group DELIVERED, and yet not with the receiver
PROGRESS = {  # by group; ACCEPTED and PENDING say nothing new
    "DELIVERED": Progress.DELIVERED,
    "UNDELIVERABLE": Progress.FAILED,
    "EXPIRED": Progress.FAILED,
    "REJECTED": Progress.FAILED,
}


class Config(Frozen):
    webhook_user: str = setting("user of the Basic authentication, a word of your own", inbound=True)
    webhook_password: LiveSecret = secret("its password: a long random word of your own", inbound=True)
    api_key: LiveSecret = secret("API key, Developer Tools in the Infobip Portal", outbound=True)
    number: str = setting("the shop's number, digits with country code, Numbers in the Portal", outbound=True)
    api_url: str = setting(
        "your base URL, on the first page of the Portal: https://….api.infobip.com",
        default="https://api.infobip.com",
        outbound=True,
    )


@reads("an Infobip webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Messages and receipts, as many as Infobip puts into one webhook. Raises Unreadable, with the others."""
    return each(request.json_object()["results"], _read, "an Infobip webhook without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its messageId."""
    headers = {"Authorization": f"App {current(config.api_key)}", "Accept": "application/json"}
    receivers = [{"to": outgoing.to.removeprefix("+")}]
    message = {"sender": config.number, "destinations": receivers, "content": {"text": outgoing.text}}
    said = INFOBIP.call("POST", "/sms/3/messages", config, headers=headers, json={"messages": [message]})
    return INFOBIP.id_in(_taken(said)[0], "id")


def _taken(said: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What became of the one message: its id and the description of its status; the status where that is a refusal."""
    try:
        (message,) = said["messages"]
        status = message["status"]
        refused = PROGRESS.get(status["groupName"]) is Progress.FAILED
        return {"id": message["messageId"], "description": status.get("description")}, status["name"] * refused
    except MALFORMED:
        return {}, ""


def _read(said: dict[str, Any]) -> Iterator[Message | Receipt]:
    """A result with a status is about what we sent. cleanText, which lacks a keyword, is not what somebody wrote."""
    if "status" in said:
        yield from _receipt(said)
        return
    parts = said["message"] if isinstance(said.get("message"), list) else [{"value": said["text"]}]
    yield Message(
        provider="infobip",
        id=said["messageId"],
        sender=phone(said["from"]),
        text="\n".join(part["value"] for part in parts if part.get("value")),
        attachments=tuple(_attachment(part) for part in parts if part.get("url")),
        sent_at=moment(said.get("receivedAt")),
        source=said,
    )


def _receipt(said: dict[str, Any]) -> Iterator[Receipt]:
    status, error = said["status"], said.get("error") or {}
    progress = PROGRESS.get(status["groupName"])
    if progress and status["name"] != ON_ITS_WAY:
        why = f"{error.get('description') or status.get('description')} ({error.get('name') or status['name']})"
        reason = why[:LONGEST] if progress is Progress.FAILED else ""
        yield Receipt(provider="infobip", progress=progress, ids=(said["messageId"],), reason=reason, source=said)


def _attachment(part: dict[str, Any]) -> Attachment:
    name = download.name_of(part["url"])
    return Attachment(name=name, type=part.get("contentType") or "", reference=part["url"])


def _error(said: dict[str, Any]) -> tuple[str | None, object]:
    """A message may be taken and rejected at once, with a good HTTP status."""
    taken, failure = _taken(said)
    return "rejected" if failure else None, said.get("description") or taken.get("description")


INFOBIP = Service("Infobip", _error)
