"""SMS and MMS through Sinch's SMS API.

1. Sinch Build Dashboard, SMS, Service APIs, your service plan: copy its Service plan ID and API token.
2. The same page, Callback URLs: put {url} there. Your number belongs to this plan: Numbers, Your numbers.
3. Ask Sinch to sign the plan's callbacks by HMAC, and for the secret: without that none of them is taken.
4. Europe, Brazil, Canada, Australia: set SHOPBELL_SINCH_API_URL to the region of the plan, as
   https://eu.sms.api.sinch.com, with br, ca or au for eu.

Webhooks: https://developers.sinch.com/docs/sms/api-reference/sms/webhooks
HMAC for a service plan: https://developers.sinch.com/docs/sms/release-notes.md (2025-02-13)
Sending: https://developers.sinch.com/docs/sms/api-reference/sms/tag/Batches/
Errors: https://developers.sinch.com/docs/sms/api-reference/status-codes/
Media: https://developers.sinch.com/docs/sms/api-reference/sms/tag/Inbounds/

Confirmed by sinch-sdk-python 2.3 and the vector of its tests: the signature and the fields of every webhook. By Sinch's
pages alone: what it answers, and that it puts media into a bucket of S3 which the account's owner names to it.

A signature is not held to five minutes: Sinch repeats a callback for a day, and does not say that it signs anew. What
comes twice has the same claim.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib import download, signing
from chalicelib.errors import BadSignature
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.service import Service
from chalicelib.webhook import Request, moment, reads

channel = Channel.SMS
can = Can(text=2000, units=2000, covers=frozenset({Cover.BODY}), files=10, receipts=True)

REPEATED = 86_400  # seconds in which Sinch repeats a callback that was not accepted
PER_RECEIVER = "per_recipient_final"
MESSAGES = {"mo_text", "mo_binary", "mo_media"}
REPORTS = {"recipient_delivery_report_sms", "recipient_delivery_report_mms"}
NO_TEXT = {"message": "(a message that is no text)"}
FAILED = ("aborted", "cancelled", "deleted", "expired", "failed", "rejected")
# `queued`, `dispatched` and `unknown` say nothing new; Sinch's library writes them in capitals
PROGRESS = {"delivered": Progress.DELIVERED, **dict.fromkeys(FAILED, Progress.FAILED)}


class Config(Frozen):
    hmac_secret: LiveSecret = secret("secret of the signed callbacks, from Sinch's support", inbound=True)
    service_plan_id: str = setting("Service plan ID, SMS, Service APIs in the Sinch dashboard", outbound=True)
    api_token: LiveSecret = secret("API token of the service plan, beside its ID", outbound=True)
    number: str = setting("the shop's number, + and country code, Numbers in the Sinch dashboard", outbound=True)
    api_url: str = setting("where Sinch's API is, by region", default="https://us.sms.api.sinch.com", outbound=True)
    file_hosts: str = setting(
        "hosts of the buckets that Sinch puts media of MMS into; spaces between them", outbound=True, optional=True
    )
    webhook_url: str = setting("where receipts go; Shopbell's own address", outbound=True, optional=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA256 over the raw body, a nonce and the time, with dots between them."""
    theirs, nonce, seconds = (request.header(f"x-sinch-webhook-signature{end}") for end in ("", "-nonce", "-timestamp"))
    # a dot in the nonce would let text of the body pass for it
    if not nonce or "." in nonce or not signing.fresh(seconds, request.at, REPEATED):
        raise BadSignature
    content = request.body + f".{nonce}.{seconds}".encode("utf-8", "surrogatepass")
    if not signing.signed(config.hmac_secret, content, [theirs], encode=signing.base64_digest):
        raise BadSignature


@reads("a Sinch callback")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. Reports on a whole batch, which we never ask for, say nothing to us."""
    said = request.json_object()
    if said["type"] in MESSAGES:
        return [_message(said)]
    return list(_receipt(said)) if said["type"] in REPORTS else []


def send(outgoing: Outgoing, config: Config) -> str:
    """Post a batch of one SMS; returns the batch's id."""
    headers = {"Authorization": f"Bearer {current(config.api_token)}"}
    batch = {"from": config.number, "to": [outgoing.to], "body": outgoing.text, "delivery_report": PER_RECEIVER}
    batch |= {"callback_url": config.webhook_url} if config.webhook_url else {}
    said = SINCH.call("POST", f"/xms/v1/{config.service_plan_id}/batches", config, headers=headers, json=batch)
    return SINCH.id_in(said, "id")


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A medium from the bucket that Sinch put it into; its address is the proof."""
    return download.fetched(attachment, config.file_hosts.lower().split(), config, limit)


def _message(said: dict[str, Any]) -> Message:
    """An SMS or MMS. A long text comes whole. Of media that Sinch could not keep there is no address."""
    body = {"mo_text": {"message": said["body"]}, "mo_binary": NO_TEXT}.get(said["type"], said["body"])
    return Message(
        provider="sinch",
        id=said["id"],
        sender=phone(said["from"]),
        text="\n".join(filter(None, [body.get("subject"), body.get("message")])),
        attachments=tuple(_attachment(file) for file in body.get("media") or () if file.get("url")),
        sent_at=moment(said.get("received_at")),
        source=said,
    )


def _receipt(said: dict[str, Any]) -> Iterator[Receipt]:
    """What we send has one receiver. The codes are Sinch's own: 402 is unroutable, and so on."""
    status = said["status"].lower()
    if progress := PROGRESS.get(status):
        reason = f"Sinch: {status} ({said.get('code')})" if progress is Progress.FAILED else ""
        yield Receipt(provider="sinch", progress=progress, ids=(said["batch_id"],), reason=reason, source=said)


def _attachment(file: dict[str, Any]) -> Attachment:
    """Its media type is called contentType by Sinch's page and content_type by its library."""
    name = download.name_of(file["url"])
    return Attachment(name=name, type=file.get("contentType") or file.get("content_type") or "", reference=file["url"])


def _error(said: dict[str, Any]) -> tuple[None, str]:
    """Words alone: a code and a text, or an error with a message. What became of it goes by the HTTP status."""
    error = said.get("error")
    if isinstance(error, dict):
        return None, error.get("message") or ""
    return None, f"{said.get('text') or ''} ({said['code']})"


SINCH = Service("Sinch", _error)
