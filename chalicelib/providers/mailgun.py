"""Mail through Mailgun: a customer's channel, and a desk that is a mailbox.

1. Mailgun, Sending, Domains, Add new domain: yours, with the DNS records it shows; its MX records too for the host that
   inbound_address is at.
2. Receive, Create route: Match recipient (or Catch all), Forward to {url} and Stop. Put the webhook_user and the
   webhook_password before the host, as https://USER:PASSWORD@…: Mailgun's signature does not cover the mail.
3. Sending, Webhooks, your domain, Add webhook: delivered, permanent fail, opened and spam complaints, each to {url},
   again with user and password.
4. API security: the HTTP webhook signing key is signing_key; Add new key, with the role Developer, is api_key.
5. Domain settings, Spam filter: mark spam with MIME headers; then verdicts is yes, and Mailgun's word on senders is
   believed: without it no sender is proved, and no agent either.

Received: https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http
Signature: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
Receipts: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
Verdicts: https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/spam-filter
Sending: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages

Mailgun tries for eight hours, unless it is told 406: all that is signed is accepted, and a wrong key can be put right
in that time; only what is too large is told so (a mail of more than 4.4 MB passes neither API Gateway nor Lambda). Raw
mail comes to an address that ends in mime.

Confirmed by mailgun 1.10 and by openssl: the signature. By Anymail's tests and by webhooks in public repositories: both
forms of a mail, and that user and password in an address are shown. Not confirmed: whether a second try is signed anew,
so the time may be as old as a try; and that Mailgun says Neutral, and not nothing, of a domain without SPF.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib import mail, signing
from chalicelib.errors import BadSignature, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.service import Service, error_fields
from chalicelib.webhook import MALFORMED, Part, Request, parts, place_of, read_json, reads

channel = Channel.EMAIL
can = Can(
    text=100_000,
    covers=frozenset({Cover.CREDENTIAL}),  # of a mail itself nothing is signed
    files=200,
    file_size=18_000_000,  # Mailgun takes 25 MB as they are written, which is a third more than they are
    receipts=True,
    desk=True,
    ending="mime",
    final=406,
)

TRIES = 12 * 3600  # seconds; Mailgun tries for eight hours, and asks not to be too strict
PROGRESS = {
    "delivered": Progress.DELIVERED,
    "opened": Progress.READ,
    "failed": Progress.FAILED,
    "rejected": Progress.FAILED,
    "complained": Progress.FAILED,
}
PROOF = ("timestamp", "token", "signature")
WHOLE, FILE = "body-mime", re.compile(r"attachment-[0-9]+")
MAILGUN = Service("Mailgun", error_fields("message"))


class Config(Frozen):
    webhook_user: str = setting("user name in the webhook addresses you give Mailgun: https://USER:…", inbound=True)
    webhook_password: LiveSecret = secret("password in these addresses: letters and digits you make up", inbound=True)
    signing_key: LiveSecret = secret("HTTP webhook signing key, API security in Mailgun", inbound=True)
    api_key: LiveSecret = secret("API key, API security in Mailgun", outbound=True, seeds=True)
    domain: str = setting("your sending domain, Sending, Domains in Mailgun", outbound=True)
    sender: str = setting("the shop's mail address", inbound=True, outbound=True)
    inbound_address: str = setting("an address that your route forwards", inbound=True, outbound=True)
    verdicts: str = setting(
        "yes, once spam is marked with MIME headers; else nobody is proved", inbound=True, outbound=True, optional=True
    )
    api_url: str = setting(
        "where Mailgun's API is; in the EU https://api.eu.mailgun.net", default="https://api.mailgun.net", outbound=True
    )


def verify(request: Request, config: Config) -> None:
    """HMAC over time and token, which stand in the body; of the rest of it user and password are the proof."""
    if not signing.basic(config.webhook_user, config.webhook_password, request):
        raise BadSignature
    try:
        told = _told(request.body)
        given = told["signature"] if isinstance(told["signature"], dict) else told
        seconds, token, theirs = (str(given[name]) for name in PROOF)
    except (Unreadable, *MALFORMED):
        raise BadSignature from None
    if not signing.fresh(seconds, request.at, TRIES):
        raise BadSignature
    if not signing.signed(config.signing_key, (seconds + token).encode("utf-8", "surrogatepass"), [theirs]):
        raise BadSignature


@reads("a Mailgun webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One mail, or one word on a mail we sent. Clicks and subscriptions say nothing to us."""
    told = _told(request.body)
    if "event-data" in told:
        return list(_receipts(told["event-data"]))
    items: list[Message | Receipt] = list(_messages(told, parts(request.body), config, place_of(request.body)))
    if told.get("attachments"):
        raise Unreadable("a mail by store(), which leaves its files at Mailgun: the route must forward it", items)
    return items


def unpack(body: bytes, number: int) -> Content:
    """A file of a mail whose webhook was kept."""
    texts, files = mail.sorted_out(parts(body), FILE)
    return mail.taken_out(texts.get(WHOLE, b""), files, number)


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail; returns its Message-ID, which Mailgun makes: what its webhooks name."""
    draft = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address)
    file, auth = outgoing.file, ("api", current(config.api_key))
    form = {"from": draft.sender, "to": outgoing.to, "subject": draft.subject, "text": draft.text}
    form |= {"html": draft.page} if draft.page else {}
    form |= {"h:Reply-To": draft.reply_to} if draft.reply_to else {}
    form |= {f"h:{name}": value for name, value in mail.plain_headers(draft) if name != "Message-ID"}
    files = {"attachment": (file.name, file.data, file.type)} if file else None
    said = MAILGUN.call("POST", f"/v3/{config.domain}/messages", config, auth=auth, form=form, files=files)
    try:
        return _bracketed(said.get("id"))
    except ValueError:
        raise MAILGUN.unknown() from None


def _told(body: bytes) -> dict[str, Any]:
    """An event, or the texts of a form. Raises Unreadable."""
    try:
        told = read_json(body)
    except Unreadable:
        texts, _ = mail.sorted_out(parts(body), FILE)  # the last of each name: behind the mail's own headers (Anymail)
        return {name: text.decode("utf-8", "replace") for name, text in texts.items()}
    if not isinstance(told, dict):
        raise Unreadable("neither an event nor a form")
    return told


def _receipts(event: dict[str, Any]) -> Iterator[Receipt]:
    progress = PROGRESS.get(event["event"])
    if progress is None or event.get("severity") == "temporary":
        return
    status = event.get("delivery-status") or event.get("reject") or {}
    reason = status.get("message") or status.get("description") or status.get("reason") or event.get("reason")
    yield Receipt(
        provider="mailgun",
        progress=progress,
        ids=(_bracketed(event["message"]["headers"]["message-id"]),),
        reason=mail.one_line(str(reason or "reported as spam"), 200) if progress is Progress.FAILED else "",
        source=event,
    )


def _messages(told: Mapping[str, str], fields: Sequence[Part], config: Config, place: str) -> Iterator[Message]:
    """The mail; its files lie in the webhook's own body, which is kept at `place`."""
    texts, files = mail.sorted_out(fields, FILE)
    letter = mail.parse(texts[WHOLE]) if WHOLE in texts else _letter(told, files)
    message = mail.to_message(
        letter,
        provider="mailgun",
        id=mail.identity(letter, [told["recipient"]]),
        proved=bool(config.verdicts) and _proved(letter, [field for field in fields if field.name == "sender"]),
        came_to=[told["recipient"]],
        sender=config.sender,
        inbound=config.inbound_address,
        source={name: text for name, text in told.items() if name not in (WHOLE, *PROOF)},
        files_at=place,
    )
    if message:
        yield message


def _letter(told: Mapping[str, str], files: Sequence[Part]) -> mail.Mail:
    """From what Mailgun read, in UTF-8. It maps the ids of files to their fields, and may give several none at all."""
    lines = [mail.one_line(f"{name}: {value}", 20_000) for name, value in read_json(told["message-headers"].encode())]
    page = told.get("body-html", "")
    ids = read_json(told.get("content-id-map", "{}").encode())
    shown = {file for id, file in ids.items() if id.strip("<>") and f"cid:{id.strip('<>')}" in page}
    return mail.from_fields("\r\n".join(lines).encode(), told.get("body-plain", ""), page, files, shown)


def _proved(letter: mail.Mail, senders: Sequence[Part]) -> bool:
    """One author, whose domain let its envelope be sent (SPF), as the one word of Mailgun's on it says.

    A second word is the sender's own. Of DKIM Mailgun does not say whose signature it found to be good.
    """
    said = [value for name, value in letter.headers if name.lower() == "x-mailgun-spf"]
    if said != ["Pass"] or len(letter.authors) != 1 or len(senders) != 1:
        return False
    envelope_from, author = senders[0].content.decode("utf-8", "replace"), letter.sender.address
    return mail.is_address(envelope_from) and mail.aligned(envelope_from.rpartition("@")[2], author.rpartition("@")[2])


def _bracketed(identifier: Any) -> str:
    """A Message-ID as an answer has it; webhooks leave the brackets out. Raises ValueError for what is none."""
    if not isinstance(identifier, str) or not identifier.strip("<> "):
        raise ValueError("message-id")
    return f"<{identifier.strip('<> ')}>"
