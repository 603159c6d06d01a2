"""Mail through SendGrid: a customer's channel, and a desk that is a mailbox.

1. SendGrid, Settings, Sender Authentication: your domain. Settings, API Keys, Create API Key: Restricted Access with
   Mail Send, which is api_key.
2. Your domain's DNS: an MX record with priority 10 to mx.sendgrid.net for a host that is used for nothing else, like
   in.shop.example; inbound_address is any address there.
3. Settings, Inbound Parse, Add Host & URL: this host and {url}; tick "POST the raw, full MIME message".
4. SendGrid signs by a policy that its API alone can make, with an API key of full access: POST
   /v3/user/webhooks/security/policies with {"name": "shopbell", "signature": {"enabled": true}}. The public_key in the
   answer is parse_key; PATCH /v3/user/webhooks/parse/settings/HOST with the id in it as security_policy.
5. Settings, Mail Settings, Event Webhooks, Create new webhook: {url}; Delivered, Dropped, Bounced, Opened and Spam
   Reports; Enable Signed Event Webhook, Save; its Verification Key is event_key.

Received: https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
Policy: https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/securing-your-parse-webhooks
Receipts: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
Sending: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send

A mail of more than 4.4 MB passes neither API Gateway nor Lambda; after three days SendGrid drops it without a word.

Confirmed by sendgrid 6.12: the signature, with the vector of its tests, and the fields of both ways to post a mail. By
public code that runs: that mail is signed in the same headers as events are, and how several DKIM results are written.
Not confirmed: whether a second try is signed anew, so the time in a signature may be as old as a try can be; the word
security_policy of step 4.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib import api, mail, signing
from chalicelib.errors import BadSignature, Outcome
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.service import Service
from chalicelib.webhook import Part, Request, each, parts, place_of, read_json, reads

channel = Channel.EMAIL
can = Can(
    text=100_000,
    covers=frozenset({Cover.BODY}),
    files=200,
    file_size=20_000_000,  # SendGrid takes 30 MB as they are written, which is a third more than they are
    receipts=True,
    desk=True,
    libraries=("cryptography",),
)

TRIES = 3 * 24 * 3600 + 3600  # seconds after which SendGrid has given a mail up
PROGRESS = {
    "delivered": Progress.DELIVERED,
    "open": Progress.READ,
    "bounce": Progress.FAILED,  # blocked too: SendGrid tries again only what it calls deferred
    "dropped": Progress.FAILED,
    "spamreport": Progress.FAILED,
}
OUTCOMES = {"Maximum credits exceeded": Outcome.NOT_SENT}  # with HTTP 401
WHOLE, HEAD, FILE = "email", "headers", re.compile(r"attachment[0-9]+")
PASSED = re.compile(r"@([a-z0-9.-]+)\s*:\s*([a-z]+)")


class Config(Frozen):
    parse_key: LiveSecret = secret("public_key in the answer that made the security policy (step 4)", inbound=True)
    event_key: LiveSecret = secret(
        "Verification Key of the Event Webhook, Mail Settings; without it no receipts", inbound=True, optional=True
    )
    api_key: LiveSecret = secret("API key with Mail Send, API Keys in SendGrid's Settings", outbound=True, seeds=True)
    sender: str = setting("the shop's mail address, of a domain authenticated at SendGrid", inbound=True, outbound=True)
    inbound_address: str = setting("an address at the host of your Inbound Parse", inbound=True, outbound=True)
    api_url: str = setting("where SendGrid's API is", default="https://api.sendgrid.com", outbound=True)


def verify(request: Request, config: Config) -> None:
    """ECDSA over the time and the raw body, a line end at its end included: of mails and of events by a key each."""
    seconds = request.header("x-twilio-email-event-webhook-timestamp")
    theirs = request.header("x-twilio-email-event-webhook-signature")
    if not signing.fresh(seconds, request.at, TRIES):
        raise BadSignature
    keys = config.parse_key if _is_form(request) else config.event_key
    if not signing.ecdsa(keys, seconds.encode() + request.body, theirs):
        raise BadSignature


@reads("a SendGrid webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One mail, or words on mails we sent. Clicks and subscriptions say nothing to us."""
    if not _is_form(request):
        return each(request.json(), _receipts, "a SendGrid webhook without its fields")
    return list(_messages(parts(request.body), config, place_of(request.body)))


def unpack(body: bytes, number: int) -> Content:
    """A file of a mail whose webhook was kept."""
    texts, files = mail.sorted_out(parts(body), FILE)
    return mail.taken_out(texts.get(WHOLE, b""), files, number)


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail; returns SendGrid's X-Message-Id, with which the ids in its events begin."""
    draft = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address)
    page = [{"type": "text/html", "value": draft.page}] if draft.page else []
    post = {
        "personalizations": [{"to": [{"email": outgoing.to}]}],
        "from": _from(draft.sender),
        "subject": draft.subject,
        "content": [{"type": "text/plain", "value": draft.text}, *page],
        "headers": dict(mail.plain_headers(draft)),
        **({"reply_to": {"email": draft.reply_to}} if draft.reply_to else {}),
        **({"attachments": [_attached(outgoing.file)]} if outgoing.file else {}),
    }
    headers = {"Authorization": f"Bearer {current(config.api_key)}"}
    answer = api.call("POST", f"{config.api_url}/v3/mail/send", headers=headers, json=post)
    SENDGRID.refuse(answer, config)
    return SENDGRID.id_in(answer.headers, "x-message-id")


def _is_form(request: Request) -> bool:
    return request.body.startswith(b"--")


def _receipts(event: dict[str, Any]) -> Iterator[Message | Receipt]:
    """A bounce that comes late may not say of which mail it is; programs open mails before people do."""
    progress, identifier = PROGRESS.get(event["event"]), str(event.get("sg_message_id") or "").partition(".")[0]
    if progress is None or not identifier or event.get("sg_machine_open"):
        return
    failed = progress is Progress.FAILED
    reason = mail.one_line(str(event.get("reason") or "reported as spam"), 200) if failed else ""
    yield Receipt(provider="sendgrid", progress=progress, ids=(identifier,), reason=reason, source=event)


def _messages(fields: Sequence[Part], config: Config, place: str) -> Iterator[Message]:
    """The mail; its files lie in the webhook's own body, which is kept at `place`.

    SendGrid's boundary is always the same, so a sender may write fields into his mail. Those that count are there a
    second time then, for SendGrid leaves out none of them; and the mail itself comes in one way or the other.
    """
    texts, files = mail.sorted_out(fields, FILE)
    if len(texts) + len(files) != len(fields) or (WHOLE in texts) == (HEAD in texts):
        raise ValueError("a field that is there twice")
    envelope = read_json(texts["envelope"])
    came_to = [str(one) for one in envelope["to"]]
    letter = mail.parse(texts[WHOLE]) if WHOLE in texts else _letter(texts, files)
    message = mail.to_message(
        letter,
        provider="sendgrid",
        id=mail.identity(letter, came_to),
        proved=_proved(texts, str(envelope["from"]), letter),
        came_to=came_to,
        sender=config.sender,
        inbound=config.inbound_address,
        source={name: text.decode("utf-8", "replace") for name, text in texts.items() if name != WHOLE},
        files_at=place,
    )
    if message:
        yield message


def _letter(texts: Mapping[str, bytes], files: Sequence[Part]) -> mail.Mail:
    """From what SendGrid read: each text in the charset that it came in (Anymail, issue 187)."""
    charsets, about = (_table(texts.get(name, b"")) for name in ("charsets", "attachment-info"))
    text, page = (mail.in_charset(texts.get(name, b""), str(charsets.get(name))) for name in ("text", "html"))
    ids = {name: str(_inner(file).get("content-id") or "") for name, file in about.items()}
    shown = {name for name, id in ids.items() if id and f"cid:{id.strip('<>')}" in page}
    return mail.from_fields(texts[HEAD], text, page, files, shown)


def _table(content: bytes) -> dict[str, Any]:
    return _inner(read_json(content)) if content else {}


def _inner(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _proved(texts: Mapping[str, bytes], envelope_from: str, letter: mail.Mail) -> bool:
    """One author, whose domain signed the mail or let its envelope be sent.

    DKIM's results are in no known format, like {@one.example : pass, @two.example : fail}: unless all of them can be
    read, none is believed.
    """
    if len(letter.authors) != 1:
        return False
    domain = letter.sender.address.rpartition("@")[2]
    dkim, spf = (texts.get(name, b"").decode("utf-8", "replace").strip().lower() for name in ("dkim", "SPF"))
    results = [PASSED.fullmatch(one.strip()) for one in re.split("[{},]", dkim) if one.strip()]
    signers = [result[1] for result in results if result and result[2] == "pass"] if all(results) else []
    allowed = [envelope_from.rpartition("@")[2]] if spf == "pass" and mail.is_address(envelope_from) else []
    return any(mail.aligned(other, domain) for other in signers + allowed)


def _from(mailbox: str) -> dict[str, str]:
    (name, address), *_ = mail.addresses(mailbox) or [mail.Mailbox("", mailbox)]
    return {"email": address, **({"name": name} if name else {})}


def _attached(file: Content) -> dict[str, str]:
    return {"filename": file.name, "type": file.type, "content": base64.b64encode(file.data).decode()}


def _error(said: dict[str, Any]) -> tuple[str, str]:
    """The first error, in SendGrid's words: it has no codes."""
    words = str(said["errors"][0]["message"])
    return words, words


SENDGRID = Service("SendGrid", _error, OUTCOMES)
