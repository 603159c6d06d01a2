"""Mail through Postmark: a customer's channel, and a desk that is a mailbox.

1. Think of a user name and a password, letters and digits. In the next two steps they stand before the host of the
   address, as https://USER:PASSWORD@…
2. Postmark, your server, Default Inbound Stream, Settings: the Webhook is {url} with Include raw email content switched
   on. Setup Instructions shows the inbound address: let your shop's mail be forwarded to it.
3. Default Transactional Stream, Webhooks: the same address for Delivery, Bounce and Open.
4. API Tokens: copy the Server API token. Sender Signatures: confirm the address you write from.

Inbound: https://postmarkapp.com/developer/webhooks/inbound-webhook  Receipts: …/webhooks/bounce-webhook and its like
Sending: https://postmarkapp.com/developer/api/email-api  Codes: https://postmarkapp.com/developer/api/overview
Looking: https://postmarkapp.com/support/article/1125-custom-metadata-faq
Limits: https://postmarkapp.com/support/article/1056-what-are-the-attachment-and-email-size-limits

Confirmed by Postmark's pages alone.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import canary, mail, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Channel, Frozen, digest
from chalicelib.service import Service
from chalicelib.webhook import Request, place_of, reads, word

channel = Channel.EMAIL
# only 200 is taken for an answer; 403 would end the retries for good, so a wrong password is 401
can = Can(
    text=100_000,  # Postmark takes 5 MB
    covers=frozenset({Cover.CREDENTIAL}),
    files=200,
    file_size=7_000_000,  # Postmark takes 10 MB as they are written, which is a third more than they are
    receipts=True,
    desk=True,
)
verify = proofs.basic

PROGRESS = {
    "Delivery": Progress.DELIVERED,
    "Open": Progress.READ,
    "Bounce": Progress.FAILED,
    "SpamComplaint": Progress.FAILED,
}
FINAL_BOUNCES = {  # after the others Postmark tries again, or they are answers of machines
    *("BadEmailAddress", "Blocked", "DMARCPolicy", "HardBounce", "ManuallyDeactivated", "SpamComplaint"),
    *("SpamNotification", "VirusNotification"),
}
OUTCOMES = {100: Outcome.NOT_SENT, 429: Outcome.NOT_SENT}  # maintenance, too many; with HTTP 422 all others are refused
REASONS = {
    10: "the server token is wrong",
    400: "the sender address is not confirmed at Postmark",
    401: "the sender address is not confirmed at Postmark",
    405: "the account may not send any more",
    406: "mail to this address bounced or was reported as spam before, so Postmark no longer delivers to it",
    412: "Postmark has not approved the account yet: it sends only within the sender's own domain",
    413: "Postmark has not approved the account yet",
}
STREAM = "outbound"
LONGEST_KEY = 80  # characters of a metadata value


class Config(Frozen):
    webhook_user: str = setting("user name in the webhook addresses you give Postmark: https://USER:…", inbound=True)
    webhook_password: LiveSecret = secret("password in these addresses: letters and digits you make up", inbound=True)
    server_token: LiveSecret = secret("Server API token, API Tokens of the Postmark server", outbound=True, seeds=True)
    sender: str = setting("the shop's mail address, confirmed as a sender at Postmark", inbound=True, outbound=True)
    inbound_address: str = setting("the inbound stream's address, on Setup Instructions", inbound=True, outbound=True)
    api_url: str = setting("where Postmark's API is", default="https://api.postmarkapp.com", outbound=True)


@reads("a Postmark webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One mail, or one word on a mail we sent. Clicks and subscriptions say nothing to us."""
    content = request.json_object()
    if "RecordType" in content:
        return list(_receipts(content))
    return list(_messages(content, config, place_of(request.body)))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail; returns Postmark's MessageID."""
    draft = mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address)
    headers = [*draft.headers, ("X-PM-KeepID", "true")]  # else Postmark puts its own Message-ID
    post = {
        "From": draft.sender,
        "To": outgoing.to,
        "Subject": draft.subject,
        "TextBody": draft.text,
        "Headers": [{"Name": name, "Value": value} for name, value in headers],
        "Metadata": {"key": _key(outgoing)},
        "MessageStream": STREAM,
        **({"HtmlBody": draft.page} if draft.page else {}),
        **({"ReplyTo": draft.reply_to} if draft.reply_to else {}),
        **({"Attachments": [_attached(outgoing.file)]} if outgoing.file else {}),
    }
    return POSTMARK.id_in(_call("POST", "/email", config, json=post), "MessageID")


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our mail by the key in its metadata.

    Postmark does not say how soon a mail is found, so not finding it proves nothing: raises SendFailed (refused).
    """
    key = _key(outgoing)
    query = {"count": "10", "offset": "0", "messagestream": STREAM, "metadata_key": key}
    found = _call("GET", "/messages/outbound", config, query=query).get("Messages")
    if not isinstance(found, list):
        raise POSTMARK.unknown()
    for other in found:
        if (other.get("Metadata") or {}).get("key") == key:  # and not just any
            return POSTMARK.id_in(other, "MessageID")
    raise SendFailed("Postmark: not found, or not yet", Outcome.REFUSED)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds and mail is sent on to us; and the mails of these two days that could not be.

    https://postmarkapp.com/developer/api/server-api and …/developer/api/messages-api#inbound-message-search
    """
    troubles = canary.registered("Postmark", _call("GET", "/server", config).get("InboundHookUrl"), webhook)
    query = {"count": "50", "offset": "0", "status": "failed", "fromdate": f"{now - timedelta(days=1):%Y-%m-%d}"}
    failed = _call("GET", "/messages/inbound", config, query=query).get("InboundMessages") or ()
    return [*troubles, *(Trouble(_not_handed_over(one), lasts=False) for one in failed)]


def _not_handed_over(found: dict[str, Any]) -> str:
    sender, subject = (mail.one_line(str(found.get(field, "")), 100) for field in ("From", "Subject"))
    return f"Postmark could not hand over a mail from {sender}: {subject} ({found.get('MessageID')}). Retry it there."


@reads("a Postmark webhook")
def unpack(body: bytes, number: int) -> Content:
    """A file of a mail whose webhook was kept: as Postmark lists it, else out of the raw mail."""
    content = json.loads(body)
    if not content.get("Attachments"):
        return mail.content_of(content["RawEmail"].encode("utf-8", "replace"), number)
    file = content["Attachments"][number]
    data = base64.b64decode(file.get("Content") or file["Data"])
    return Content(name="", type=str(file.get("ContentType") or ""), data=data)


def _attached(file: Content) -> dict[str, str]:
    return {"Name": file.name, "Content": base64.b64encode(file.data).decode(), "ContentType": file.type}


def _receipts(content: dict[str, Any]) -> Iterator[Receipt]:
    progress = PROGRESS.get(content["RecordType"])
    if progress is None or (content["RecordType"] == "Bounce" and content.get("Type") not in FINAL_BOUNCES):
        return
    reason = str(content.get("Description") or content.get("Name") or "reported as spam")
    yield Receipt(
        provider="postmark",
        progress=progress,
        ids=(word(content["MessageID"]),),
        reason=mail.one_line(reason, 200) if progress is Progress.FAILED else "",
        source={name: value for name, value in content.items() if name != "Content"},  # the mail that bounced
    )


def _messages(content: dict[str, Any], config: Config, place: str) -> Iterator[Message]:
    """The mail; its files lie in the webhook's own body, which is kept at `place`."""
    letter = _letter(content)
    message = mail.to_message(
        letter,
        provider="postmark",
        id=word(content["MessageID"]),
        proved=_proved(content, letter),
        came_to=[str(content.get("OriginalRecipient") or "")],
        sender=config.sender,
        inbound=config.inbound_address,
        source=_without_files(content),
        files_at=place,
    )
    if message:
        yield message


def _letter(content: dict[str, Any]) -> mail.Mail:
    """From the raw mail where Postmark adds it, unless it is 8-bit: JSON cannot carry that in its own charset."""
    fields, raw = _from_fields(content), content.get("RawEmail")
    if not isinstance(raw, str) or not raw.strip():
        return fields
    whole = mail.parse(raw.encode("utf-8", "replace"))
    whole = replace(whole, attachments=fields.attachments or whole.attachments)
    if not whole.authors:  # none that could be answered; Postmark reads more
        return replace(whole, authors=(*fields.authors, *fields.authors))
    return whole if raw.isascii() else replace(fields, authors=whole.authors)


def _from_fields(content: dict[str, Any]) -> mail.Mail:
    """From what Postmark read. Its Headers leave out what has a field of its own."""
    text, page = (str(content.get(name) or "") for name in ("TextBody", "HtmlBody"))
    return mail.Mail(
        headers=tuple(_headers(content)),
        authors=tuple(_mailboxes([content["FromFull"]])),
        to=tuple(_mailboxes(content.get("ToFull") or [])),
        cc=tuple(_mailboxes(content.get("CcFull") or [])),
        reply_to=mail.addresses(str(content.get("ReplyTo") or "")),
        subject=mail.one_line(str(content.get("Subject") or ""), 500),
        text=text.replace("\r\n", "\n") if text.strip() else mail.text_of(page),
        attachments=tuple(_files(content)),
    )


def _headers(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for header in content.get("Headers") or []:
        yield str(header["Name"]), str(header["Value"])


def _mailboxes(those: list[dict[str, Any]]) -> Iterator[mail.Mailbox]:
    for one in those:
        name, address = (mail.one_line(str(one.get(field) or ""), 320) for field in ("Name", "Email"))
        yield mail.Mailbox(name, address)


def _files(content: dict[str, Any]) -> Iterator[Attachment]:
    page = str(content.get("HtmlBody") or "")
    for file in (content.get("Attachments") or [])[: can.files]:
        name, type_ = (str(file.get(field) or "") for field in ("Name", "ContentType"))
        size, id = file.get("ContentLength"), str(file.get("ContentID") or "").strip("<>")
        yield Attachment(
            name=mail.file_name(name),
            type=mail.one_line(type_, 100),
            size=size if isinstance(size, int) else None,
            inline=bool(id) and f"cid:{id}" in page,
        )


def _proved(content: dict[str, Any], letter: mail.Mail) -> bool:
    """One author, the same to Postmark and to us, whose domain signed the mail or let it be sent."""
    theirs = mail.addresses(str(content.get("From") or content["FromFull"].get("Email") or ""))
    ours = {mailbox.address.lower() for mailbox in (*theirs, *letter.authors)}
    one = len(letter.authors) == len(theirs) == len(ours) == 1
    return one and mail.proved(list(_headers(content)) or letter.headers, letter.sender.address)


def _without_files(content: dict[str, Any]) -> dict[str, Any]:
    """The webhook without the bytes of its files, which would not fit into a queue message."""
    files = content.get("Attachments") or []
    light = [{name: value for name, value in file.items() if name not in ("Content", "Data")} for file in files]
    return {**{name: value for name, value in content.items() if name != "RawEmail"}, "Attachments": light}


def _key(outgoing: Outgoing) -> str:
    return outgoing.key if len(outgoing.key) <= LONGEST_KEY else digest(outgoing.key)


def _call(method: str, path: str, config: Config, **rest: Any) -> dict[str, Any]:
    headers = {"X-Postmark-Server-Token": current(config.server_token), "Accept": "application/json"}
    return POSTMARK.call(method, path, config, headers=headers, **rest)


def _error(said: dict[str, Any]) -> tuple[int, Any]:
    """The code counts before the HTTP status; in an answer that is good it is 0."""
    code = said.get("ErrorCode")
    return code if isinstance(code, int) else 0, said.get("Message")


POSTMARK = Service("Postmark", _error, OUTCOMES, REASONS)
