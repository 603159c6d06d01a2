"""Mail through Mandrill (Mailchimp Transactional): a customer's channel, and a desk that is a mailbox.

1. Set webhook_key to any word for now: Mandrill shows its own only once it has seen that the address answers.
2. Mailchimp Transactional, Inbound: Add an inbound domain, set its MX records; Routes, Add new route: the local part of
   inbound_address with * behind it, POST to URL {url}
3. Settings, Webhooks, Add a webhook: delivered, hard-bounced, soft-bounced, opened, marked as spam, rejected; Post
   To URL {url}
4. Inbound, Webhooks key: this is webhook_key. One that stands beside the other webhook is another: set both, the newer
   one first, with a space between.
5. Settings, SMTP & API Info: New API Key; Domains: the sender's own, verified.

Webhooks: https://mailchimp.com/developer/transactional/docs/webhooks/
Signature: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/
Inbound: https://mailchimp.com/developer/transactional/guides/set-up-inbound-email-processing/
Sending: https://mailchimp.com/developer/transactional/api/messages/send-new-message/ (send-raw beside it)

Confirmed by django-anymail 15.2: the signature, raw_msg, who comes to which address, and how sending is answered. By a
sample of Mandrill's own in its .NET library: the names of SpamAssassin's rules. Not confirmed: whether a route and a
webhook have one key or two, how often Mandrill tries again, and the HTTP status of each refusal.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib import api, mail, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.service import Service, error_fields
from chalicelib.webhook import MALFORMED, Request, Response, each, place_of, read_json, reads

channel = Channel.EMAIL
can = Can(
    text=100_000,
    covers=frozenset({Cover.PARAMS, Cover.URL}),
    methods=("POST", "HEAD"),
    files=200,
    file_size=18_000_000,  # Mandrill takes 25 MB as they are written, which is a third more than they are
    receipts=True,
    desk=True,
)

FAILED = ("hard_bounce", "soft_bounce", "reject", "spam")  # soft as well: while Mandrill tries again, it is a deferral
PROGRESS = {"delivered": Progress.DELIVERED, "open": Progress.READ, **dict.fromkeys(FAILED, Progress.FAILED)}
REFUSED = ("Invalid_Key", "ValidationError", "PaymentRequired", "Unknown_Subaccount")
# by name, for Mandrill says 500 of what it refuses
OUTCOMES = {**dict.fromkeys(REFUSED, Outcome.REFUSED), "GeneralError": Outcome.UNKNOWN}
REASONS = {"Invalid_Key": "the API key is wrong", "PaymentRequired": "the account may not send until it is paid for"}
TAKEN = ("sent", "queued", "scheduled")
SIGNED = ("DKIM_VALID_AU", "author's domain")  # SpamAssassin's rule, and in what it says of it
MOST_FILES = 200  # of one mail: a file is counted from as many times that as mails stand before its own
SHORT = ("event", "ts", "email", "from_email", "from_name", "to", "subject", "dkim", "spf", "spam_report", "headers")
WHAT = "a Mandrill webhook without its fields"
MANDRILL = Service("Mandrill", error_fields("message", "name"), OUTCOMES, REASONS)


class Config(Frozen):
    webhook_key: LiveSecret = secret("webhook key, Inbound and Settings, Webhooks in Mandrill", inbound=True)
    api_key: LiveSecret = secret("API key, Settings, SMTP & API Info in Mandrill", outbound=True, seeds=True)
    sender: str = setting("the shop's mail address, of a domain verified in Mandrill", inbound=True, outbound=True)
    inbound_address: str = setting("an address at your inbound domain in Mandrill", inbound=True, outbound=True)
    api_url: str = setting("where Mandrill's API is", default="https://mandrillapp.com/api/1.0", outbound=True)


def verify(request: Request, config: Config) -> Response | None:
    """HMAC-SHA1 over the URL and the sorted fields. By HEAD Mandrill only looks whether we are there."""
    if request.method == "HEAD":
        return can.accepted
    try:
        fields = "".join(name + value for name, value in sorted(request.form()))
    except Unreadable:
        raise BadSignature from None
    content = (request.url + fields).encode("utf-8", "surrogatepass")
    theirs = [request.header("x-mandrill-signature")]
    if not signing.signed(config.webhook_key, content, theirs, algorithm="sha1", encode=signing.base64_digest):
        raise BadSignature
    return None


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Mails, or words on mails we sent. Clicks, unsubscriptions and lists of addresses say nothing to us."""
    place = place_of(request.body)
    return each(enumerate(_events(request)), partial(_meant, config, place), WHAT)


@reads("a Mandrill webhook")
def unpack(body: bytes, number: int) -> Content:
    """A file of a mail whose webhook was kept."""
    mail_number, file_number = divmod(number, MOST_FILES)
    event = _events(Request(url="", body=body, at=datetime.now(UTC)))[mail_number]
    return mail.content_of(_raw(event["msg"]), file_number)


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail as it shall arrive, headers and all; returns Mandrill's id."""
    draft, key = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address), current(config.api_key)
    post = {"key": key, "raw_message": mail.raw(draft, outgoing).decode("ascii"), "to": [outgoing.to], "async": False}
    answer = api.call("POST", f"{config.api_url}/messages/send-raw.json", json=post)
    if answer.status >= 300 or answer.json().get("status") == "error":
        MANDRILL.refuse(answer, config)
    return _taken(answer.body)


def _taken(body: bytes) -> str:
    """The id of the one mail, from a list of what became of it for each recipient."""
    try:
        (one,) = json.loads(body)
        status, reason = one["status"], one.get("reject_reason")
    except (*MALFORMED, RecursionError):
        raise MANDRILL.unknown() from None
    if status in ("rejected", "invalid"):
        raise SendFailed(f"Mandrill: {status} ({mail.one_line(str(reason or 'no reason'), 100)})", Outcome.REFUSED)
    if status not in TAKEN:
        raise MANDRILL.unknown()
    return MANDRILL.id_in(one, "_id")


def _events(request: Request) -> list[dict[str, Any]]:
    fields = dict(request.form())
    events = read_json(fields.get("mandrill_events", "").encode("utf-8", "surrogatepass"))
    if not isinstance(events, list):
        raise Unreadable(WHAT)
    return events


def _meant(config: Config, place: str, numbered: tuple[int, dict[str, Any]]) -> Iterator[Message | Receipt]:
    number, event = numbered
    kind = event.get("event")
    if kind == "inbound":
        yield from _messages(event, number, config, place)
    elif kind in PROGRESS:
        yield _receipt(event, PROGRESS[kind])


def _receipt(event: dict[str, Any], progress: Progress) -> Receipt:
    about = event["msg"]
    words = about.get("diag") or about.get("bounce_description") or event["event"].replace("_", " ")
    reason = "reported as spam" if event["event"] == "spam" else mail.one_line(str(words), 200)
    failed = progress is Progress.FAILED
    ids = (str(event.get("_id") or about["_id"]),)
    return Receipt(provider="mandrill", progress=progress, ids=ids, reason=reason if failed else "", source=event)


def _messages(event: dict[str, Any], number: int, config: Config, place: str) -> Iterator[Message]:
    about, at = event["msg"], event.get("ts")
    letter = _letter(about, number)
    proved = len(letter.authors) == 1 and _signed_by_author(about)
    came_to = [str(about.get("email") or "")]
    message = mail.to_message(
        letter,
        provider="mandrill",
        id=mail.identity(letter, [*came_to, str(proved)]),  # who forges a mail may know its id
        proved=proved,
        came_to=came_to,
        sender=config.sender,
        inbound=config.inbound_address,
        source={name: part[name] for part in (event, about) for name in SHORT if name in part},
        files_at=place,
    )
    if message:
        sent_at = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else message.sent_at
        yield message.model_copy(update={"sent_at": sent_at})


def _letter(about: dict[str, Any], number: int) -> mail.Mail:
    """From the raw mail; its words as Mandrill read them if it is 8-bit, which JSON cannot carry in its own charset."""
    letter, text = mail.parse(_raw(about)), str(about.get("text") or "")
    if text.strip() and not about["raw_msg"].isascii():
        letter = replace(letter, text=text.replace("\r\n", "\n"))
    files = enumerate(letter.attachments, number * MOST_FILES)
    return replace(letter, attachments=tuple(file.model_copy(update={"reference": str(at)}) for at, file in files))


def _raw(about: dict[str, Any]) -> bytes:
    raw: bytes = about["raw_msg"].encode("utf-8", "surrogatepass")
    return raw


def _signed_by_author(about: dict[str, Any]) -> bool:
    """Whether a signature holds that is of the author's own domain, as SpamAssassin says; `dkim` may be of any other.

    The rules are cut out of a text that quotes the mail's own words, so name and description both have to be there.
    """
    rules = (about.get("spam_report") or {}).get("matched_rules") or []
    said = [rule for rule in rules if rule.get("name") == SIGNED[0] and SIGNED[1] in str(rule.get("description"))]
    return len(said) == 1 and (about.get("dkim") or {}).get("valid") is True
