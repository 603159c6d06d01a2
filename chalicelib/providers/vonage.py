"""SMS and MMS through Vonage: webhooks of both its APIs, sending by its Messages API.

1. Vonage API Dashboard, Applications, yours, Capabilities, Messages: Inbound URL and Status URL are {url} with POST.
   Link your number to it.
2. API settings: copy API key, API secret and Signature secret.
3. Only where your numbers bring their messages by the SMS API: API settings, Inbound SMS webhooks, the same address,
   by POST. Vonage's support switches signing on; choose SHA-256 or SHA-512 and set SHOPBELL_VONAGE_SMS_METHOD to it.

Messages API: https://developer.vonage.com/en/api/messages (inbound, status, sending)
Its signature: https://developer.vonage.com/en/getting-started/concepts/webhooks#signed-webhooks
SMS API: https://developer.vonage.com/en/messaging/sms/guides/inbound-sms and .../delivery-receipts
Its signature: https://developer.vonage.com/en/getting-started/concepts/signing-messages
Errors: https://developer.vonage.com/en/api-errors/messages
Media: https://developer.vonage.com/en/messages/concepts/secure-inbound-media (we show no token: the standard way)

Confirmed by PyJWT 2: the tokens of signed webhooks. By Vonage's pages alone: everything else, the SMS API's signatures
among it.

The account's settings say which API brings a number's messages. Sending goes by the Messages API for either: it gives
one id and one receipt to a text of several SMS, finds out by itself whether a text needs Unicode, and takes the address
for receipts with each message. The SMS API brings a long text in its parts.

Neither signature is held to five minutes: Vonage repeats a webhook for a day, and does not say that it signs anew. What
comes twice has the same claim.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from chalicelib import download, signing
from chalicelib.errors import OPTED_OUT, BadSignature, Outcome, Unreadable
from chalicelib.models.inbound import Attachment, Fragment, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.service import Service
from chalicelib.webhook import Request, Response, moment, reads

channel = Channel.SMS
can = Can(text=1000, covers=frozenset({Cover.BODY}), methods=("GET", "POST"), files=1, receipts=True, gets=True)

BEARER = "Bearer "
REPEATED = 86_400  # seconds in which Vonage repeats a webhook that was not accepted
MOST_PARTS = 255  # of one SMS
FAILED = ("expired", "failed", "rejected", "undeliverable")
# of both APIs; `unknown`, `accepted`, `buffered` and `submitted` say nothing new
PROGRESS = {"delivered": Progress.DELIVERED, "read": Progress.READ, **dict.fromkeys(FAILED, Progress.FAILED)}
OUTCOMES = {  # by the end of an error's `type`; what is not here goes by the HTTP status
    "1000": Outcome.NOT_SENT,  # too many messages
    "1100": Outcome.NOT_SENT,  # it could not be passed on
    "throttled": Outcome.NOT_SENT,
    "1070": Outcome.REFUSED,  # no credit
    "low-balance": Outcome.REFUSED,
}
ERRORS = {"9": OPTED_OUT}  # err-code of the SMS API; for others Vonage's number stands
fetch = download.by_address(".nexmo.com")
FILES = ("image", "audio", "video", "file", "vcard")  # what an MMS may hold beside its text
_NAME = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)

Method = Literal["", "md5hash", "md5", "sha1", "sha256", "sha512"]


class Config(Frozen):
    signature_secret: LiveSecret = secret("Signature secret, API settings of the Vonage dashboard", inbound=True)
    api_key: str = setting("API key, on the first page of the Vonage dashboard", inbound=True, outbound=True)
    api_secret: LiveSecret = secret("API secret, on the first page of the Vonage dashboard", outbound=True)
    sms_method: Method = setting(
        "the SMS API's signature method, if in use: md5hash, md5, sha1, sha256 or sha512", inbound=True, optional=True
    )
    number: str = setting("the shop's number, digits with country code, Numbers in the dashboard", outbound=True)
    api_url: str = setting("where Vonage's Messages API is", default="https://api.nexmo.com", outbound=True)
    webhook_url: str = setting("where receipts go; Shopbell's own address", outbound=True, optional=True)


def verify(request: Request, config: Config) -> Response | None:
    """A signed token over the body's hash; of the SMS API a signature among the fields, if `sms_method` is set.

    An empty GET is the SMS API's check of the URL, which proves nothing and asks for nothing.
    """
    shown = request.header("authorization")
    if request.method == "POST" and shown.startswith(BEARER):
        _check_token(shown.removeprefix(BEARER), request, config)
    elif not config.sms_method:
        raise BadSignature
    elif request.method == "GET" and not request.query and not request.body:
        return Response()
    else:
        _check_fields(request, config)
    return None


@reads("a Vonage webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. Other channels that the account may have are not for us."""
    fields = _fields(request)
    return list(_messages_api(fields) if "message_uuid" in fields else _sms_api(fields))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its message_uuid."""
    body = {
        "channel": "sms",
        "message_type": "text",
        "from": config.number.removeprefix("+"),
        "to": outgoing.to.removeprefix("+"),
        "text": outgoing.text,
        "client_ref": outgoing.key[:100],
        **({"webhook_url": config.webhook_url, "webhook_version": "v1"} if config.webhook_url else {}),
    }
    known_by = (config.api_key, current(config.api_secret))
    said = VONAGE.call("POST", "/v1/messages", config, json=body, auth=known_by)
    return VONAGE.id_in(said, "message_uuid")


def _check_token(token: str, request: Request, config: Config) -> None:
    """A token of this very account, made for this body, in the time in which Vonage may still repeat it."""
    said = signing.claims(config.signature_secret, token)
    hashed, at = said.get("payload_hash"), said.get("iat")
    if not (isinstance(hashed, str) and signing.same(signing.sha256(request.body), hashed)):
        raise BadSignature
    if said.get("iss") != "Vonage" or said.get("api_key") != config.api_key or not isinstance(at, int):
        raise BadSignature
    now = int(request.at.timestamp())
    if at not in range(now - REPEATED - signing.TOLERANCE, now + signing.TOLERANCE + 1):
        raise BadSignature


def _check_fields(request: Request, config: Config) -> None:
    """`sig` is over the other fields in order of their names, & and = in their values written as _."""
    try:
        fields = {name: _plain(value) for name, value in _fields(request).items()}
        if not all(map(_NAME.fullmatch, fields)):  # & and = in a name could shift the bounds of the fields
            raise BadSignature
        theirs = fields.pop("sig").lower()
        content = "".join(f"&{name}={re.sub('[&=]', '_', fields[name])}" for name in sorted(fields)).encode()
    except (KeyError, ValueError, Unreadable):
        raise BadSignature from None
    if not _signed(config, content, theirs):
        raise BadSignature


def _signed(config: Config, content: bytes, theirs: str) -> bool:
    """The plain MD5 hash is what an account has unless it chooses; every other method is an HMAC."""
    if config.sms_method == "md5hash":
        return signing.md5_hashed(config.signature_secret, content, theirs)
    return signing.signed(config.signature_secret, content, [theirs], algorithm=config.sms_method)


def _fields(request: Request) -> dict[str, Any]:
    """The webhook's fields: of the query of a GET, else of a JSON object, else of a form. Raises Unreadable."""
    if request.method == "GET":
        return dict(request.query)
    if request.body.lstrip().startswith(b"{"):
        return request.json_object()
    return dict(request.form())


def _plain(value: Any) -> str:
    """A field's value as it is signed. Raises ValueError for what is no plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int):
        raise ValueError("a field that is a structure")
    return str(value)


def _messages_api(fields: dict[str, Any]) -> Iterator[Message | Receipt]:
    """A message has a type; a receipt a status."""
    if fields["channel"] not in ("sms", "mms"):
        return
    if "status" in fields:
        yield from _receipt(fields["message_uuid"], fields["status"], VONAGE.reason(fields.get("error") or {}), fields)
        return
    kind = fields["message_type"]
    file = fields.get(kind) if kind in FILES else None
    yield Message(
        provider="vonage",
        id=fields["message_uuid"],
        sender=phone(_plain(fields["from"])),
        text=fields.get("text") or (file or {}).get("caption") or ("" if file else f"(a message of the kind {kind})"),
        attachments=(_attachment(kind, file),) if file else (),
        sent_at=moment(fields.get("timestamp")),
        source=fields,
    )


def _sms_api(fields: dict[str, Any]) -> Iterator[Message | Receipt]:
    """A receipt is about a message of ours: msisdn is then whom it was for."""
    if "status" in fields:
        code = _plain(fields.get("err-code", ""))
        reason = ERRORS.get(code, f"Vonage error {code}" if code not in ("", "0") else "")
        yield from _receipt(fields["messageId"], fields["status"], reason, fields)
        return
    yield Message(
        provider="vonage",
        id=fields["messageId"],
        sender=phone(_plain(fields["msisdn"])),
        text=fields.get("text") or ("(a message that is no text)" if fields.get("type") == "binary" else ""),
        sent_at=moment(fields.get("message-timestamp")),
        fragment=_fragment(fields),
        source=fields,
    )


def _receipt(id: str, status: str, reason: str, fields: dict[str, Any]) -> Iterator[Receipt]:
    """A reason belongs to a failure alone: the SMS API gives err-code 0 to what went well."""
    if progress := PROGRESS.get(status):
        said = reason if progress is Progress.FAILED else ""
        yield Receipt(provider="vonage", progress=progress, ids=(id,), reason=said, source=fields)


def _fragment(fields: dict[str, Any]) -> Fragment | None:
    """Which part of a long text it is. One whose numbers make no sense stands for itself."""
    ref, part, whole = (_plain(fields.get(f"concat-{name}", "")) for name in ("ref", "part", "total"))
    number, total = (int(one) if _NUMBER.fullmatch(one) else 0 for one in (part, whole))
    joins = _plain(fields.get("concat", "")) == "true" and ref and 1 <= number <= total <= MOST_PARTS and total > 1
    return Fragment(of=f"{_plain(fields['to'])} {ref}", number=number, total=total) if joins else None


def _attachment(kind: str, file: Mapping[str, Any]) -> Attachment:
    name = file.get("name") or download.name_of(file["url"])
    return Attachment(name=name, type=kind, reference=file["url"])


def _error(said: dict[str, Any]) -> tuple[str | None, str]:
    """The longer words first; behind them the code, the end of an address that explains it or what it is called by."""
    code = re.split("[#/]", str(said.get("type", "")))[-1]
    words = said.get("detail") or said.get("title") or ""
    return code if code in OUTCOMES else None, f"{words} ({code})" if words and code else words


VONAGE = Service("Vonage", _error, OUTCOMES)
