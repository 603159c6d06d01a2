"""Mail through Resend: a customer's channel, and a desk that is a mailbox. Its webhook has neither body nor headers.

1. Resend, Domains: verify your domain, and switch Receiving on: it shows the address for your mail.
2. Webhooks, Add webhook: {url} with email.received, and for what you sent delivered, opened, bounced, failed,
   complained and suppressed. Its page shows the Signing secret.
3. API Keys: one with full access.

Received: https://resend.com/docs/webhooks/emails/received  Receipts: https://resend.com/docs/webhooks/event-types
The rest: https://resend.com/docs/api-reference/emails/retrieve-received-email
Signature: https://docs.svix.com/receiving/verifying-payloads/how-manual
Sending: https://resend.com/docs/api-reference/emails/send-email  Codes: https://resend.com/docs/api-reference/errors
Repeats: https://resend.com/docs/dashboard/emails/idempotency-keys
Files: https://resend.com/docs/api-reference/emails/retrieve-received-email-attachment

Confirmed by standardwebhooks 1: the signature. By Resend's pages alone: everything else.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from chalicelib import api, download, mail, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.service import Service, error_fields
from chalicelib.webhook import MALFORMED, Request, moment, reads, word

channel = Channel.EMAIL
can = Can(
    text=100_000,  # Resend takes 40 MB
    covers=frozenset({Cover.BODY, Cover.TIME, Cover.ID}),
    files=200,
    file_size=28_000_000,  # Resend takes 40 MB as they are written, which is a third more than they are
    receipts=True,
    idempotent=24,
    desk=True,
)
verify = proofs.standard_webhooks("webhook_secret")

# bounced for good: what passes is email.delivery_delayed
FAILED = ("email.bounced", "email.complained", "email.failed", "email.suppressed")
PROGRESS = {"email.delivered": Progress.DELIVERED, "email.opened": Progress.READ}
PROGRESS |= dict.fromkeys(FAILED, Progress.FAILED)
OUTCOMES = {
    **dict.fromkeys(("rate_limit_exceeded", "daily_quota_exceeded", "monthly_quota_exceeded"), Outcome.NOT_SENT),
    "concurrent_idempotent_requests": Outcome.NOT_SENT,  # an earlier try is still at work
    "application_error": Outcome.UNKNOWN,
    "internal_server_error": Outcome.UNKNOWN,
}
REASONS = {
    "missing_api_key": "the API key is wrong",
    "invalid_api_key": "the API key is wrong",
    "restricted_api_key": "the API key may only send; received mail is read with full access",
    "daily_quota_exceeded": "the account has sent all it may today",
    "monthly_quota_exceeded": "the account has sent all it may this month",
}
SENT_BEFORE = "invalid_idempotent_request"  # the key was used with other words: its first try was taken
FILE = re.compile(r"resend/([^/]+)/([^/]+)")
FILE_HOSTS = ("inbound-cdn.resend.com",)
RESEND = Service("Resend", error_fields("message", "name"), OUTCOMES, REASONS)


class Config(Frozen):
    webhook_secret: LiveSecret = secret("Signing secret (whsec_…), on the webhook's page at Resend", inbound=True)
    api_key: LiveSecret = secret("API key with full access, API Keys in Resend's dashboard", outbound=True, seeds=True)
    sender: str = setting("the shop's mail address, of a domain verified at Resend", inbound=True, outbound=True)
    inbound_address: str = setting("the address that Resend shows under Receiving", inbound=True, outbound=True)
    verdict_server: str = setting(
        "what the Authentication-Results of a mail you received begin with (amazonses.com); without it no sender or"
        " agent is proved",
        outbound=True,
        optional=True,
    )
    api_url: str = setting("where Resend's API is", default="https://api.resend.com", outbound=True)


@reads("a Resend webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One mail that came in, announced, or one word on a mail we sent. Clicks, contacts and domains say nothing."""
    content = request.json_object()
    if content["type"] == "email.received":
        return list(_announced(content["data"], config))
    return list(_receipts(content["type"], content["data"]))


def complete(message: Message, config: Config) -> Message | None:
    """The whole mail. `raw` is left alone: it lies on another host, and what we need stands beside it."""
    # cid: else pictures stand in the HTML, and it is longer than any answer that we read
    said = _call("GET", f"emails/receiving/{quote(message.late, safe='')}", config, query={"html_format": "cid"})
    try:
        return _whole(said, message, config)
    except MALFORMED:
        raise SendFailed("Resend: a mail without its fields, or too long", Outcome.REFUSED) from None


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail; returns Resend's id, or our key where an earlier try was taken and we cannot learn its id."""
    draft = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address)
    post = {
        "from": draft.sender,
        "to": [outgoing.to],
        "subject": draft.subject,
        "text": draft.text,
        "headers": {name: value for name, value in draft.headers if name != "Message-ID"},  # Resend puts its own
        **({"html": draft.page} if draft.page else {}),
        **({"reply_to": draft.reply_to} if draft.reply_to else {}),
        **({"attachments": [_attached(outgoing.file)]} if outgoing.file else {}),
    }
    said = _call("POST", "emails", config, headers={"Idempotency-Key": outgoing.key}, json=post)
    return outgoing.key if said.get("name") == SENT_BEFORE else RESEND.id_in(said, "id")


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file of a mail that came in: first where it lies, for an hour, then the file."""
    ids = FILE.fullmatch(attachment.reference)
    if not ids:
        raise SendFailed("it has no id at Resend", Outcome.REFUSED)
    mail_id, file_id = (quote(id, safe="") for id in ids.groups())
    with api.repeatable():
        place = _call("GET", f"emails/receiving/{mail_id}/attachments/{file_id}", config)
    own = download.moved(config)
    answer = download.get(str(place.get("download_url")), hosts=FILE_HOSTS, own=own, limit=limit)
    return download.content(attachment, answer)


def _attached(file: Content) -> dict[str, str]:
    return {"filename": file.name, "content": base64.b64encode(file.data).decode(), "content_type": file.type}


def _receipts(kind: str, data: dict[str, Any]) -> Iterator[Receipt]:
    progress = PROGRESS.get(kind)
    if progress is None:
        return
    about = data.get("bounce") or data.get("failed") or data.get("suppressed") or {}
    reason = str(about.get("message") or about.get("reason") or "reported as spam")
    yield Receipt(
        provider="resend",
        progress=progress,
        ids=(word(data["email_id"]),),
        reason=mail.one_line(reason, 200) if progress is Progress.FAILED else "",
        source=data,
    )


def _announced(data: dict[str, Any], config: Config) -> Iterator[Message]:
    """What the webhook tells: who, to whom, about what. Nothing is proved yet."""
    identifier = word(data["email_id"])
    letter = _letter(data, ())
    message = _message(letter, identifier, data, config, proved=False)
    if message:
        late = {"late": identifier, "sent_at": moment(data.get("created_at")), "source": data}
        yield message.model_copy(update=late)


def _whole(content: dict[str, Any], message: Message, config: Config) -> Message | None:
    headers = tuple(_headers(content.get("headers") or {}))
    letter = _letter(content, headers)
    same = len(letter.authors) == 1 and letter.sender.address.lower() == message.sender.id
    proved = same and mail.authenticated(headers, config.verdict_server, letter.sender.address)
    found = _message(letter, message.id, content, config, proved=proved)
    return found and found.model_copy(update={"sent_at": message.sent_at})


def _message(
    letter: mail.Mail, identifier: str, data: dict[str, Any], config: Config, *, proved: bool
) -> Message | None:
    return mail.to_message(
        letter,
        provider="resend",
        id=identifier,
        proved=proved,
        came_to=[hidden.address for hidden in _mailboxes(data.get("bcc"))],
        sender=config.sender,
        inbound=config.inbound_address,
        source=None,
    )


def _letter(data: dict[str, Any], headers: tuple[tuple[str, str], ...]) -> mail.Mail:
    text, page = (str(data.get(name) or "") for name in ("text", "html"))
    return mail.Mail(
        headers=(*headers, ("Message-ID", str(data.get("message_id") or ""))),
        authors=mail.addresses(str(data["from"])),
        to=_mailboxes(data["to"]),
        cc=_mailboxes(data.get("cc")),
        reply_to=_mailboxes(data.get("reply_to")),
        subject=mail.one_line(str(data.get("subject") or ""), 500),
        text=text.replace("\r\n", "\n") if text.strip() else mail.text_of(page),
        attachments=tuple(_files(data.get("attachments") or [], page)),
    )


def _mailboxes(those: list[Any] | None) -> tuple[mail.Mailbox, ...]:
    return mail.addresses(", ".join(str(one) for one in those or []))


def _files(those: list[dict[str, Any]], page: str) -> Iterator[Attachment]:
    for file in those[: can.files]:
        name, type_, id = (str(file.get(field) or "") for field in ("filename", "content_type", "id"))
        size, shown_as = file.get("size"), str(file.get("content_id") or "").strip("<>")
        yield Attachment(
            name=mail.file_name(name),
            type=mail.one_line(type_, 100),
            size=size if isinstance(size, int) else None,
            reference=id,
            inline=bool(shown_as) and f"cid:{shown_as}" in page,
        )


def _headers(those: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Of a header that is there more than once, Resend gives a list, or the text of one."""
    for name, value in those.items():
        for one in value if isinstance(value, list) else _listed(str(value)):
            yield name, str(one)


def _listed(value: str) -> list[Any]:
    if not value.startswith("["):
        return [value]
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    return found if isinstance(found, list) else [value]


def _call(method: str, path: str, config: Config, *, headers: Mapping[str, str] = {}, **rest: Any) -> dict[str, Any]:
    """What Resend says: also that it was sent before. A `name` is an error's only where the status is bad."""
    shown = {"Authorization": f"Bearer {current(config.api_key)}", **headers}
    answer = api.call(method, f"{config.api_url}/{path}", headers=shown, **rest)
    if answer.status >= 300 and answer.json().get("name") != SENT_BEFORE:
        RESEND.refuse(answer, config)
    return answer.json()
