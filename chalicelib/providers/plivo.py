"""SMS and MMS through Plivo.

1. Plivo Console, Messaging, Applications, XML, Add New Application: put {url} into Message URL, with POST.
2. Phone Numbers, Your Numbers, your number: Application Type XML, and that application as Plivo App.
3. Overview, on the first page: copy Auth ID and Auth Token (of a subaccount, if the number belongs to one).

Webhook: https://docs.plivo.com/docs/messaging/api/message/handling-incoming
Signature: https://docs.plivo.com/docs/messaging/concepts/signature-validation
Sending: https://www.plivo.com/docs/messaging/api/messages and .../docs/messaging/api/response
Receipts: https://docs.plivo.com/docs/messaging/api/message/message-status-callbacks
Reasons: https://plivo.com/docs/messaging/troubleshooting/error-codes
Media: https://plivo.com/docs/messaging/api/media

Confirmed by plivo-python 4.63 and the vector of its tests: the signature. By Plivo's pages alone: everything else.

Messages are signed by Plivo's version 2: the address without its query and a nonce, and not what is said. So it proves
what a password would. Version 3, which covers the fields, is told of for calls alone.
"""

from collections.abc import Iterator, Mapping

from chalicelib import download, signing
from chalicelib.errors import OPTED_OUT, BadSignature, Unreadable
from chalicelib.models.inbound import Attachment, Intent, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.service import Service, error_fields
from chalicelib.webhook import Request

channel = Channel.SMS
can = Can(text=1600, units=737, covers=frozenset({Cover.CREDENTIAL}), files=10, receipts=True)
fetch = download.by_address("media.plivo.com")

PROGRESS = {  # `queued` and `sent` say nothing new
    "delivered": Progress.DELIVERED,
    "undelivered": Progress.FAILED,
    "failed": Progress.FAILED,
    "rejected": Progress.FAILED,
}
INTENTS: dict[str, Intent] = {"optout": "stop", "optin": "start", "help": "help"}
REASONS = {
    "10": "the carrier took it for invalid",
    "20": "the carrier's network had trouble",
    "30": "the carrier took it for spam",
    "200": OPTED_OUT,
    "40": "the shop's number cannot send it",
    "450": "Plivo's Geo Permissions bar the country",
    "900": "the Plivo account has no credit",
}
PLIVO = Service("Plivo", error_fields("error"))


class Config(Frozen):
    auth_id: str = setting("Auth ID, on the first page of the Plivo console", outbound=True)
    auth_token: LiveSecret = secret("Auth token, on the first page of the Plivo console", inbound=True, outbound=True)
    number: str = setting("the shop's number, digits with country code, Phone Numbers in the console", outbound=True)
    api_url: str = setting("where Plivo's API is", default="https://api.plivo.com", outbound=True)
    webhook_url: str = setting("where receipts go; Shopbell's own address", outbound=True, optional=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA256 over the address without its query, and a nonce; by the token of the account or of the main one."""
    content = request.url.partition("?")[0] + request.header("x-plivo-signature-v2-nonce")
    theirs = [request.header(f"x-plivo-signature-{whose}") for whose in ("v2", "ma-v2")]
    signed = content.encode("utf-8", "surrogatepass")
    if not signing.signed(config.auth_token, signed, theirs, encode=signing.base64_digest):
        raise BadSignature


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. A long text comes whole. WhatsApp, which Plivo carries too, is not for us."""
    form = dict(request.form())
    if form.get("Type", "sms") not in ("sms", "mms"):
        return []
    if not form.get("MessageUUID") or not form.get("From"):
        raise Unreadable("a Plivo webhook without MessageUUID or From")
    if "Status" in form:
        return list(_receipt(form))
    return [
        Message(
            provider="plivo",
            id=form["MessageUUID"],
            sender=phone(form["From"]),
            text=form.get("Text") or form.get("Body") or "",
            attachments=tuple(_attachments(form)),
            automatic=bool(form.get("MessageIntent")),  # Plivo knows it, and answers it
            intent=INTENTS.get(form.get("MessageIntent", "")),
            source=form,
        )
    ]


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its message_uuid."""
    post = {"src": config.number.removeprefix("+"), "dst": outgoing.to.removeprefix("+"), "text": outgoing.text}
    post |= {"url": config.webhook_url, "method": "POST"} if config.webhook_url else {}
    proof = (config.auth_id, current(config.auth_token))
    said = PLIVO.call("POST", f"/v1/Account/{config.auth_id}/Message/", config, json=post, auth=proof)
    match said.get("message_uuid"):
        case [str(id)] if id:
            return id
    raise PLIVO.unknown()


def _receipt(form: Mapping[str, str]) -> Iterator[Receipt]:
    """An ErrorCode comes with failures; 000 stands for none."""
    progress = PROGRESS.get(form["Status"])
    if progress:
        code = form.get("ErrorCode", "").lstrip("0") if progress is Progress.FAILED else ""
        reason = f"{REASONS.get(code, 'Plivo error')} ({code})" if code else ""
        yield Receipt(provider="plivo", progress=progress, ids=(form["MessageUUID"],), reason=reason, source=form)


def _attachments(form: Mapping[str, str]) -> Iterator[Attachment]:
    """Media0, Media1 and so on; by another of Plivo's pages they begin at Media1."""
    for place in range(can.files + 1):
        reference = form.get(f"Media{place}")
        if reference:
            yield Attachment(name=reference.rpartition("/")[2], reference=reference)
