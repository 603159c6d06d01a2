"""Mail through Brevo (once Sendinblue): a customer's channel, and a desk that is a mailbox. It keeps no raw mail.

1. Make up webhook_user and webhook_password, letters and digits; Brevo shows them with each webhook, and signs nothing.
2. Brevo, Senders, Domains & Dedicated IPs, Domains: the sender's domain, verified; and another for mail that comes in,
   such as reply.shop.example, with two MX records: 10 inbound1.sendinblue.com and 20 inbound2.sendinblue.com
3. SMTP & API, API Keys: Generate a new API key.
4. Brevo has no page for mail that comes in. With DOMAIN the other one: curl https://api.brevo.com/v3/webhooks
   -H 'api-key: API_KEY' -H 'content-type: application/json' -d '{"type": "inbound", "events":
   ["inboundEmailProcessed"], "domain": "DOMAIN", "url": "https://WEBHOOK_USER:WEBHOOK_PASSWORD@{url}"}'
5. Transactional, Settings, Webhook, Add a new webhook: the same url; delivered, opened, hard and soft bounced, invalid,
   blocked, spam and error.

Inbound: https://developers.brevo.com/docs/inbound-parse-webhooks
Proof: https://developers.brevo.com/docs/secured-webhooks  Receipts: …/docs/transactional-webhooks
Sending: https://developers.brevo.com/reference/sendtransacemail

Confirmed by django-anymail 15.2: what comes in, how files are fetched, and how sending is answered; by its notes, that
headers have to be ASCII. Not confirmed: that In-Reply-To and References arrive as they are sent, which Brevo's page
leaves open; whether it writes Authentication-Results; the shape of a batch of events; how often it tries again.
"""

import base64
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

from chalicelib import download, mail, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.service import Service, error_fields
from chalicelib.webhook import Request, each, word

OFFICE, OPEN = "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument"
FILES = (  # Brevo goes by a file's ending, and refuses all others: they go as links
    *("application/pdf", "application/zip", "application/msword", "application/rtf", "application/vnd.ms-excel"),
    *(f"{OFFICE}.wordprocessingml.document", f"{OFFICE}.spreadsheetml.sheet", f"{OPEN}.text", f"{OPEN}.spreadsheet"),
    *("image/jpeg", "image/png", "image/gif", "image/tiff", "image/bmp", "text/plain", "text/csv", "text/calendar"),
    *("audio/mpeg", "audio/ogg", "audio/wav", "audio/x-wav", "video/mp4", "video/quicktime", "video/mpeg"),
)
channel = Channel.EMAIL
can = Can(
    text=100_000,
    covers=frozenset({Cover.CREDENTIAL}),
    files=200,
    file_types=dict.fromkeys(FILES, 3_000_000),  # 4 MB as they are written, the least that Brevo's pages name
    receipts=True,
    desk=True,
)
verify = proofs.basic

FAILED = ("hard_bounce", "soft_bounce", "invalid_email", "blocked", "spam", "error")  # while it tries again: deferred
PROGRESS = {  # programs that open a mail before its reader does are events of their own (proxy_open)
    "delivered": Progress.DELIVERED,
    "opened": Progress.READ,
    "unique_opened": Progress.READ,
    **dict.fromkeys(FAILED, Progress.FAILED),
}
OUTCOMES = {"not_enough_credits": Outcome.NOT_SENT, "too_many_requests": Outcome.NOT_SENT}
REASONS = {
    "unauthorized": "the API key is wrong, or keeps other addresses out",
    "not_enough_credits": "the account has sent all it may",
    "account_under_validation": "Brevo has not approved the account yet",
}
ONCE = {"Message-ID": "MessageId", "In-Reply-To": "InReplyTo"}  # behind the headers, which count first
FILE = re.compile(r"brevo/[^/]+/(.+)")
FILE_HOSTS = ("api.brevo.com",)
BREVO = Service("Brevo", error_fields("message", "code"), OUTCOMES, REASONS)


class Config(Frozen):
    webhook_user: str = setting("user name in the webhook addresses you give Brevo: https://USER:…", inbound=True)
    webhook_password: LiveSecret = secret("password in these addresses: letters and digits you make up", inbound=True)
    api_key: LiveSecret = secret("API key (xkeysib-…), SMTP & API in Brevo", outbound=True, seeds=True)
    sender: str = setting("the shop's mail address, of a domain verified in Brevo", inbound=True, outbound=True)
    inbound_address: str = setting("an address at the domain whose mail Brevo takes in", inbound=True, outbound=True)
    verdict_server: str = setting(
        "what the Authentication-Results of a mail you received begin with; without it no sender or agent is proved",
        inbound=True,
        outbound=True,
        optional=True,
    )
    api_url: str = setting("where Brevo's API is", default="https://api.brevo.com", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Mails, or words on mails we sent, one or several. Clicks, deferrals and contacts say nothing to us."""
    said, what = request.json(), "a Brevo webhook without its fields"
    if isinstance(said, dict) and isinstance(said.get("items"), list):
        return each(said["items"], partial(_messages, config), what)
    return each(said if isinstance(said, list) else [said], _receipts, what)


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail; returns the Message-ID that Brevo puts in the place of ours."""
    draft = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address)
    file = outgoing.file
    post = {
        "sender": _sender(draft.sender),
        "to": [{"email": outgoing.to}],
        "subject": draft.subject,
        "textContent": draft.text,
        "headers": {name: value for name, value in mail.plain_headers(draft) if name != "Message-ID"},
        **({"htmlContent": draft.page} if draft.page else {}),
        **({"replyTo": {"email": draft.reply_to}} if draft.reply_to else {}),
        **({"attachment": [{"name": file.name, "content": base64.b64encode(file.data).decode()}]} if file else {}),
    }
    said = BREVO.call("POST", "/v3/smtp/email", config, headers=_shown(config), json=post)
    return BREVO.id_in(said, "messageId")


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file of a mail, by its token."""
    token = FILE.fullmatch(attachment.reference)
    if not token:
        raise SendFailed("it has no token at Brevo", Outcome.REFUSED)
    url = f"{config.api_url}/v3/inbound/attachments/{quote(token[1], safe='')}"
    own, headers = download.moved(config), _shown(config)
    return download.content(attachment, download.get(url, hosts=FILE_HOSTS, own=own, limit=limit, headers=headers))


def _sender(mailbox: str) -> dict[str, str]:
    """Brevo drops a name that has a comma and letters beyond ASCII (Anymail): such letters are encoded here."""
    (name, address), *_ = mail.addresses(mailbox) or [mail.Mailbox("", mailbox)]
    written = name if name.isascii() else mail.encoded(mailbox).rpartition(" <")[0]
    return {"email": address, **({"name": written} if written else {})}


def _shown(config: Config) -> dict[str, str]:
    return {"api-key": current(config.api_key), "Accept": "application/json"}


def _receipts(event: dict[str, Any]) -> Iterator[Receipt]:
    progress = PROGRESS.get(event["event"])
    if progress is None:
        return
    ids, words = (word(event["message-id"]),), str(event.get("reason") or event["event"].replace("_", " "))
    reason = mail.one_line(words, 200) if progress is Progress.FAILED else ""
    yield Receipt(provider="brevo", progress=progress, ids=ids, reason=reason, source=event)


def _messages(config: Config, item: dict[str, Any]) -> Iterator[Message]:
    """The mail. Which of several addresses of ours it came to is known only where Brevo says Delivered-To."""
    letter, (identifier, *_) = _letter(item), item["Uuid"]
    one = len(letter.authors) == 1
    message = mail.to_message(
        letter,
        provider="brevo",
        id=word(identifier),
        proved=one and mail.authenticated(letter.headers, config.verdict_server, letter.sender.address),
        came_to=[value.strip("<> ") for name, value in letter.headers if name.lower() == "delivered-to"][:1],
        sender=config.sender,
        inbound=config.inbound_address,
        source=item,
    )
    if message:
        yield message


def _letter(item: dict[str, Any]) -> mail.Mail:
    headers = tuple(_headers(item.get("Headers") or {}))
    authors = ", ".join(value for name, value in headers if name.lower() == "from")
    text, page = (str(item.get(name) or "") for name in ("RawTextBody", "RawHtmlBody"))
    return mail.Mail(
        headers=(*headers, *((name, str(item.get(field) or "")) for name, field in ONCE.items())),
        authors=mail.addresses(authors) or _mailboxes([item["From"]]),
        to=_mailboxes(item.get("To")),
        cc=_mailboxes(item.get("Cc")),
        reply_to=_mailboxes([item["ReplyTo"]] if item.get("ReplyTo") else []),
        subject=mail.one_line(str(item.get("Subject") or ""), 500),
        text=text.replace("\r\n", "\n") if text.strip() else mail.text_of(page),
        attachments=tuple(_files(item.get("Attachments") or [], page)),
    )


def _headers(those: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Of a header that is there more than once, Brevo gives a list."""
    for name, value in those.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one)


def _mailboxes(those: list[dict[str, Any]] | None) -> tuple[mail.Mailbox, ...]:
    given = [(mail.one_line(str(one.get("Name") or ""), 200), str(one.get("Address") or "")) for one in those or []]
    return tuple(mail.Mailbox(name, address) for name, address in given if mail.is_address(address))


def _files(those: list[dict[str, Any]], page: str) -> Iterator[Attachment]:
    for file in those[: can.files]:
        size, shown_as = file.get("ContentLength"), str(file.get("ContentID") or "").strip("<>")
        yield Attachment(
            name=mail.file_name(str(file.get("Name") or "")),
            type=mail.one_line(str(file.get("ContentType") or ""), 100),
            size=size if isinstance(size, int) else None,
            reference=word(file["DownloadToken"]),
            inline=bool(shown_as) and f"cid:{shown_as}" in page,
        )
