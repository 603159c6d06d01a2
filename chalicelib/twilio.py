"""What Twilio's products have in common: the account, the signature, receipts, media, the call that sends.

Webhook: https://www.twilio.com/docs/messaging/guides/webhook-request
Signature: https://www.twilio.com/docs/usage/security#validating-requests
Sending: https://www.twilio.com/docs/messaging/api/message-resource
Media: https://www.twilio.com/docs/messaging/api/media-resource
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from chalicelib import api, download, signing
from chalicelib.errors import OPTED_OUT, BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Intent, Message, Progress, Receipt
from chalicelib.models.outbound import Content
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen
from chalicelib.service import Service
from chalicelib.webhook import Request, Response

MOST_FILES = 10  # of one message
# https://help.twilio.com/articles/223183748: where media lie, with and without "HTTP auth on media URLs"
FILE_HOSTS = ("mms.twiliocdn.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com/media.twiliocdn.com/")
MEDIA = re.compile(
    r"/2010-04-01/Accounts/([A-Za-z0-9]+)/(?:Messages/[A-Za-z0-9]+/Media/[A-Za-z0-9]+|Recordings/[A-Za-z0-9]+\.mp3)\Z"
)
# Stands behind an address: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
CALLS_AGAIN = "#rc=5&rp=ct,rt,5xx"

PROGRESS = {
    "delivered": Progress.DELIVERED,
    "read": Progress.READ,
    "undelivered": Progress.FAILED,
    "failed": Progress.FAILED,
}
ANY = Can(text=1600, covers=frozenset({Cover.PARAMS, Cover.URL}), receipts=True, accepted=Response(status=204))
SMS = ANY._replace(
    files=MOST_FILES,
    # https://help.twilio.com/articles/223134027; to a toll-free number YES does not start again: it is refused then
    answers={"yes": "start", "help": "help", "info": "help"},
)
INTENTS: Mapping[str, Intent] = {"STOP": "stop", "START": "start", "HELP": "help"}
WORDS = {"21610": OPTED_OUT}  # for other codes Twilio's own words stand, or the provider's
TWILIO = Service(
    "Twilio",
    lambda said: (said.get("code"), WORDS.get(str(said.get("code"))) or said.get("message")),
    outcomes=dict.fromkeys((20429, 14107, 30001, 63018), Outcome.NOT_SENT),  # too many requests, queue full
)


class Account(Frozen):
    """The settings that every Twilio provider has."""

    account_sid: str = setting("Account SID, on the first page of the Twilio console", outbound=True)
    auth_token: LiveSecret = secret("Auth token, on the first page of the Twilio console", inbound=True, outbound=True)
    number: str = setting("the shop's number there, or a messaging service (MG…)", outbound=True)
    api_url: str = setting("where Twilio's API is", default="https://api.twilio.com", outbound=True)
    webhook_url: str = setting("where receipts go; Shopbell's own address", outbound=True, optional=True)


def verify(request: Request, config: Account) -> None:
    """HMAC-SHA1 over the URL and the sorted fields; for a JSON body over the URL, which then holds the body's hash.

    Raises BadSignature.
    """
    theirs = [request.header("x-twilio-signature")]
    body_hash = request.query.get("bodySHA256", "")
    if body_hash and not signing.same(signing.sha256(request.body), body_hash):
        raise BadSignature
    fields = "" if body_hash else _signed_fields(request)
    for url in _spellings(request.url):
        if signing.signed(
            config.auth_token,
            (url + fields).encode("utf-8", "surrogatepass"),
            theirs,
            algorithm="sha1",
            encode=signing.base64_digest,
        ):
            return
    raise BadSignature


def is_receipt(form: Mapping[str, str]) -> bool:
    return bool(form.get("MessageStatus")) and "Body" not in form


def receipts(form: Mapping[str, str], provider: str, words: Mapping[str, str]) -> Iterator[Receipt]:
    """Queued, sending, sent: known already. What Twilio may add later is ignored the same way.

    `words` is ours for some of the error codes.
    """
    progress = PROGRESS.get(form["MessageStatus"])
    if progress and form.get("MessageSid"):
        code = form.get("ErrorCode", "")
        reason = {**WORDS, **words}.get(code, f"Twilio error {code}") if code else ""
        yield Receipt(provider=provider, progress=progress, ids=(form["MessageSid"],), reason=reason, source=form)


def intent(form: Mapping[str, str]) -> Intent | None:
    """What the customer asked for, where Twilio answered that (Advanced Opt-Out).

    https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
    """
    return INTENTS.get(form.get("OptOutType", ""))


def sms(form: Mapping[str, str], provider: str) -> Message:
    """An SMS or MMS. Raises Unreadable."""
    if not form.get("MessageSid") or not form.get("From"):
        raise Unreadable("a Twilio webhook without MessageSid or From")
    return Message(
        provider=provider,
        id=form["MessageSid"],
        sender=Address(channel=Channel.SMS, id=form["From"]),
        text=form.get("Body", ""),
        attachments=tuple(attachments(form)),
        automatic="OptOutType" in form,  # Twilio answered it itself, as the messaging service has it set
        intent=intent(form),
        source=form,
    )


def attachments(form: Mapping[str, str]) -> Iterator[Attachment]:
    count = form.get("NumMedia", "")
    for place in range(min(int(count), MOST_FILES) if count.isascii() and count.isdigit() and len(count) < 4 else 0):
        reference = form.get(f"MediaUrl{place}", "")
        name = reference.rpartition("/")[2]
        yield Attachment(name=name, type=form.get(f"MediaContentType{place}", ""), reference=reference)


def post(to: str, content: Mapping[str, str], config: Account, channel: str = "") -> str:
    """Post one message; returns its SID. `channel` stands before numbers that are not called by themselves.

    Raises SendFailed by Twilio's own code, else by HTTP status.
    """
    by_service = config.number.startswith("MG")
    sender = {"MessagingServiceSid": config.number} if by_service else {"From": channel + config.number}
    called_back = {"StatusCallback": config.webhook_url} if config.webhook_url else {}
    form = {"To": to, **sender, **content, **called_back}
    said = TWILIO.call("POST", _path(config, "/Messages.json"), config, form=form, auth=_auth(config))
    return TWILIO.id_in(said, "sid")


def fetch(attachment: Attachment, config: Account, limit: int) -> Content:
    """A medium or a recording of our own account from Twilio's API, which may send on to where it lies.

    A recording may be told of before it can be fetched: https://www.twilio.com/docs/voice/twiml/record
    """
    media = MEDIA.search(attachment.reference)
    if not media or media[1] != config.account_sid:
        raise SendFailed("its address is none of this Twilio account", Outcome.REFUSED)
    answer = download.get(
        config.api_url + media[0],
        hosts=("api.twilio.com", *FILE_HOSTS),
        own=download.moved(config),
        limit=limit,
        auth=_auth(config),
        not_yet=(404,) if media[0].endswith(".mp3") else (),
    )
    return download.content(attachment, answer)


def check(config: Account, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds and the account is active. https://www.twilio.com/docs/iam/api/account

    Where a number's messages go is not looked at: in a messaging service the service may say, and not the number.
    """
    said = read(".json", config)
    return [] if said.get("status") == "active" else [Trouble(f"the Twilio account is {said.get('status')}")]


def read(path: str, config: Account, **query: str) -> dict[str, Any]:
    """What Twilio says of something in the account. Raises SendFailed."""
    with api.repeatable():
        return TWILIO.call("GET", _path(config, path), config, auth=_auth(config), query=query)


def _path(config: Account, path: str) -> str:
    return f"/2010-04-01/Accounts/{config.account_sid}{path}"


def _auth(config: Account) -> tuple[str, str]:
    return config.account_sid, current(config.auth_token)


def _signed_fields(request: Request) -> str:
    """Every distinct field in order, each as its name and its value (twilio-python, request_validator.py)."""
    try:
        fields = sorted(set(request.form()))
    except Unreadable:
        raise BadSignature from None
    return "".join(name + value for name, value in fields)


def _spellings(url: str) -> Iterator[str]:
    """The URL with and without the standard port: Twilio signs either (twilio-python, request_validator.py)."""
    yield url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return
    standard = 443 if parts.scheme == "https" else 80
    if port is None:
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc}:{standard}"))
    else:
        yield urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
