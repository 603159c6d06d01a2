"""SMS and MMS through Twilio.

1. Twilio Console, Phone Numbers, Manage, Active numbers, your number, Messaging: A message comes in: Webhook with
   HTTP POST, {url}#rc=5&rp=ct,rt,5xx (behind # stands that Twilio calls again, which it does not do by itself).
2. The console's first page: copy Account SID and Auth token.

Webhook: https://www.twilio.com/docs/messaging/guides/webhook-request
Signature: https://www.twilio.com/docs/usage/security#validating-requests
Sending: https://www.twilio.com/docs/messaging/api/message-resource
Media: https://www.twilio.com/docs/messaging/api/media-resource

Confirmed by twilio 9: the signature, by the vectors of its tests and ours by its validator, and what its client sends
and is answered. By Twilio's pages alone: everything else.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from chalicelib import api, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models import (
    Address,
    Attachment,
    Can,
    Channel,
    Content,
    Cover,
    Frozen,
    LiveSecret,
    Message,
    Outgoing,
    Progress,
    Receipt,
    Trouble,
    current,
    secret,
    setting,
)
from chalicelib.webhook import Request, Response

channel = Channel.SMS
can = Can(text=1600, covers=frozenset({Cover.PARAMS, Cover.URL}), files=10, receipts=True)
accepted = Response(status=204)
# https://help.twilio.com/articles/223183748: where media lie, with and without "HTTP auth on media URLs"
FILE_HOSTS = ("mms.twiliocdn.com", "media.twiliocdn.com", "s3-external-1.amazonaws.com/media.twiliocdn.com/")
MEDIA = re.compile(r"/2010-04-01/Accounts/([A-Za-z0-9]+)/Messages/[A-Za-z0-9]+/Media/[A-Za-z0-9]+\Z")

PROGRESS = {
    "delivered": Progress.DELIVERED,
    "read": Progress.READ,
    "undelivered": Progress.FAILED,
    "failed": Progress.FAILED,
}
OUTCOMES = {20429: Outcome.NOT_SENT, 14107: Outcome.NOT_SENT, 30001: Outcome.NOT_SENT}  # too many requests, queue full


class Config(Frozen):
    account_sid: str = setting("Account SID, on the first page of the Twilio console", outbound=True)
    auth_token: LiveSecret = secret("Auth token, on the first page of the Twilio console", inbound=True, outbound=True)
    number: str = setting("the shop's number or messaging service (MG…), Phone Numbers in the console", outbound=True)
    api_url: str = setting("where Twilio's API is", default="https://api.twilio.com", outbound=True)
    webhook_url: str = setting("where receipts go; Shopbell's own address", outbound=True, optional=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA1 over the URL and the sorted fields; for a JSON body over the URL, which then holds the body's hash."""
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


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt; other callbacks of Twilio say nothing to us."""
    form = dict(request.form())
    if form.get("MessageStatus") and "Body" not in form:
        return list(_receipt(form))
    if not form.get("MessageSid") or not form.get("From"):
        raise Unreadable("a Twilio webhook without MessageSid or From")
    return [
        Message(
            provider="twilio_sms",
            id=form["MessageSid"],
            sender=Address(channel=channel, id=form["From"]),
            text=form.get("Body", ""),
            attachments=tuple(_attachments(form)),
            automatic="OptOutType" in form,  # Twilio answered STOP, START or HELP itself
            source=form,
        )
    ]


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its SID."""
    sender = "MessagingServiceSid" if config.number.startswith("MG") else "From"
    form = {"To": outgoing.to, sender: config.number, "Body": outgoing.text}
    if config.webhook_url:
        form["StatusCallback"] = config.webhook_url
    answer = api.call(
        "POST",
        f"{config.api_url}/2010-04-01/Accounts/{config.account_sid}/Messages.json",
        form=form,
        auth=(config.account_sid, current(config.auth_token)),
    )
    said = answer.json()
    reason = f"Twilio: {said.get('message', answer.status)}".replace(current(config.auth_token), "…")
    api.refuse(answer, reason, OUTCOMES, said.get("code"))
    if not said.get("sid"):
        raise SendFailed("Twilio: an answer that cannot be read", Outcome.UNKNOWN)
    return str(said["sid"])


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A medium of our own account from Twilio's API, which sends on to where it lies."""
    media = MEDIA.search(attachment.reference)
    if not media or media[1] != config.account_sid:
        raise SendFailed("its address is none of this Twilio account", Outcome.REFUSED)
    answer = download.get(
        config.api_url + media[0],
        hosts=("api.twilio.com", *FILE_HOSTS),
        own=download.moved(config),
        limit=limit,
        auth=(config.account_sid, current(config.auth_token)),
    )
    return download.content(attachment, answer)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds and the account is active. https://www.twilio.com/docs/iam/api/account

    Where a number's messages go is not looked at: in a messaging service the service may say, and not the number.
    """
    auth = (config.account_sid, current(config.auth_token))
    answer = api.call("GET", f"{config.api_url}/2010-04-01/Accounts/{config.account_sid}.json", auth=auth)
    said = answer.json()
    api.refuse(
        answer, f"Twilio: {said.get('message', answer.status)}".replace(auth[1], "…"), OUTCOMES, said.get("code")
    )
    return [] if said.get("status") == "active" else [Trouble(f"the Twilio account is {said.get('status')}")]


def _receipt(form: dict[str, str]) -> Iterator[Receipt]:
    """Queued, sending, sent: known already. What Twilio may add later is ignored the same way."""
    progress = PROGRESS.get(form["MessageStatus"])
    if progress and form.get("MessageSid"):
        reason = f"Twilio error {form['ErrorCode']}" if form.get("ErrorCode") else ""
        yield Receipt(provider="twilio_sms", progress=progress, ids=(form["MessageSid"],), reason=reason, source=form)


def _attachments(form: dict[str, str]) -> Iterator[Attachment]:
    count = form.get("NumMedia", "")
    for place in range(min(int(count), can.files) if count.isascii() and count.isdigit() and len(count) < 4 else 0):
        reference = form.get(f"MediaUrl{place}", "")
        name = reference.rpartition("/")[2]
        yield Attachment(name=name, type=form.get(f"MediaContentType{place}", ""), reference=reference)


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
