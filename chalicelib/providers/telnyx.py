"""SMS and MMS through Telnyx.

1. Telnyx Portal, Messaging, your messaging profile, Inbound: Send a webhook to {url} with API version 2.
2. My Numbers, your number: let it use this messaging profile.
3. API Keys: make an API key, and copy the Public key.

Webhook: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
Signature: https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks
Sending: https://developers.telnyx.com/docs/messaging/messages/send-message
Errors: https://developers.telnyx.com/docs/messaging/messages/error-codes
Media: https://developers.telnyx.com/docs/messaging/messages/send-receive-mms

Confirmed by PyNaCl and a signature that telnyx-python takes: the signature. By Telnyx's pages alone: everything else.

Telnyx waits two seconds for an answer. Receipts come to the messaging profile's webhook, as messages do.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib import download, signing
from chalicelib.errors import BadSignature, Outcome
from chalicelib.models.inbound import Attachment, Intent, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen
from chalicelib.service import Service
from chalicelib.webhook import Request, moment, reads

channel = Channel.SMS
# Telnyx refuses what takes more than ten SMS. One of several holds 153 septets or 67 units; what takes two of them is
# never cut in two.
can = Can(
    text=1520, units=660, covers=frozenset({Cover.BODY, Cover.TIME}), files=10, receipts=True, libraries=("nacl",)
)
# Telnyx says of no host that all media lie there; these are its own
fetch = download.by_address(".telnyx.com", ".telnyxstorage.com")

FAILED = ("sending_failed", "delivery_failed", "expired", "cancelled")
# `queued`, `sending`, `sent` and `delivery_unconfirmed` say nothing new
PROGRESS = {"delivered": Progress.DELIVERED, **dict.fromkeys(FAILED, Progress.FAILED)}
INTENTS: dict[Any, Intent] = {"STOP": "stop", "START": "start", "HELP": "help"}
OUTCOMES = {
    "10008": Outcome.UNKNOWN,  # it took Telnyx too long
    "10011": Outcome.NOT_SENT,  # too many requests
    "40318": Outcome.NOT_SENT,  # the queue is full
}


class Config(Frozen):
    public_key: LiveSecret = secret("Public key, API Keys in the Telnyx portal", inbound=True)  # replaced like a secret
    api_key: LiveSecret = secret("API key, API Keys in the Telnyx portal", outbound=True)
    number: str = setting("the shop's number, + and country code, My Numbers in the Telnyx portal", outbound=True)
    api_url: str = setting("where Telnyx's API is", default="https://api.telnyx.com", outbound=True)


def verify(request: Request, config: Config) -> None:
    """Ed25519 over the time, a bar and the raw body; at most five minutes old (telnyx-python, telnyx/lib)."""
    seconds = request.header("telnyx-timestamp")
    theirs = request.header("telnyx-signature-ed25519")
    if not signing.fresh(seconds, request.at):
        raise BadSignature
    if not signing.ed25519(config.public_key, f"{seconds}|".encode() + request.body, theirs):
        raise BadSignature


@reads("a Telnyx webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt; events of other products are not for us."""
    event = request.json_object()["data"]
    read = EVENTS.get(event["event_type"])
    return list(read(event["payload"])) if read else []


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its id."""
    headers = {"Authorization": f"Bearer {current(config.api_key)}"}
    message = {"from": config.number, "to": outgoing.to, "text": outgoing.text}
    said = TELNYX.call("POST", "/v2/messages", config, headers=headers, json=message)
    return TELNYX.id_in(said, "data", "id")


def _message(said: dict[str, Any]) -> Iterator[Message | Receipt]:
    """An SMS or MMS. A long text comes whole. An MMS to a group is answered to its sender alone."""
    yield Message(
        provider="telnyx",
        id=said["id"],
        sender=Address(channel=channel, id=said["from"]["phone_number"]),
        text="\n".join(filter(None, [said.get("subject"), said.get("text")])),
        attachments=tuple(_attachment(file) for file in said.get("media") or ()),
        sent_at=moment(said.get("received_at")),
        automatic=bool(said.get("autoresponse_type")),  # Telnyx answered it itself
        intent=INTENTS.get(said.get("autoresponse_type")),
        source=said,
    )


def _receipt(said: dict[str, Any]) -> Iterator[Message | Receipt]:
    """What we send has one receiver."""
    progress = PROGRESS.get(said["to"][0]["status"])
    if progress:
        reason = TELNYX.reason(said) if progress is Progress.FAILED else ""
        yield Receipt(provider="telnyx", progress=progress, ids=(said["id"],), reason=reason, source=said)


EVENTS = {"message.received": _message, "message.sent": _receipt, "message.finalized": _receipt}


def _attachment(file: dict[str, Any]) -> Attachment:
    name = download.name_of(file["url"])
    return Attachment(name=name, type=file.get("content_type") or "", size=file.get("size"), reference=file["url"])


def _error(said: dict[str, Any]) -> tuple[str, str]:
    error = said["errors"][0]
    code = str(error["code"])
    return code, f"{error.get('detail') or error['title']} ({code})"


TELNYX = Service("Telnyx", _error, OUTCOMES)
