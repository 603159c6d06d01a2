"""Resend's webhook: a customer's mail, or an agent's answer from a mailbox. The mail itself is asked for later.

Its id holds the mail, packed: so the outside world can tell the rest of it without having seen the webhook.
"""

import base64
import hashlib
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from chalicelib import signing
from chalicelib.mail import MARKER, tokened
from infra.simulate import File, Said, Webhook

CUSTOMER, CUSTOMER_NAME = "emil.berg@customer.example", "Emil Berg"
SERVER = "amazonses.com"  # what takes mail in for Resend calls itself so
LISTED = ("from", "to", "cc", "bcc", "subject", "message_id", "created_at")  # what a webhook tells of a mail


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that DMARC proves; Resend never batches. In a thread it quotes what it answers."""
    (one,) = said
    mail = _mail(one, config)
    identifier = packed(mail)
    files = [{name: file[name] for name in file if name != "size"} for file in mail["attachments"]]
    data = {"email_id": identifier, **{name: mail[name] for name in LISTED}, "attachments": files}
    body = {"type": "email.received", "created_at": _time(one.at), "data": data}
    return Webhook(body=json.dumps(body).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """Svix's headers; the id comes from the body, so a repeat has the same one."""
    webhook_id = f"msg_{hashlib.sha256(webhook.body).hexdigest()[:24]}"
    seconds = str(int(at.timestamp()))
    signatures = signing.standard_signatures(config.webhook_secret, webhook_id, seconds, webhook.body)
    return {"svix-id": webhook_id, "svix-timestamp": seconds, "svix-signature": signatures}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_file_id(file): file for one in said for file in one.files}


def _file_id(file: File) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, file.name))


def packed(mail: Mapping[str, Any]) -> str:
    """A mail as an id."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(mail).encode())).decode()


def opened(identifier: str) -> dict[str, Any] | None:
    """The mail in an id; None for an id that holds none."""
    try:
        mail = json.loads(zlib.decompress(base64.urlsafe_b64decode(identifier)))
    except (ValueError, zlib.error):
        return None
    return mail if isinstance(mail, dict) else None


def _mail(one: Said, config: Any) -> dict[str, Any]:
    """A mail as Resend's API shows it, but for its id."""
    sender, name = one.sender or CUSTOMER, one.name or ("" if one.sender else CUSTOMER_NAME)
    text = one.text + (_history(one, config) if one.thread else "")
    return {
        "object": "email",
        "from": f"{name} <{sender}>" if name else sender,
        "to": [tokened(config.inbound_address, one.thread) or config.inbound_address],
        "cc": [],
        "bcc": [],
        "reply_to": [],
        "subject": "Re: your conversation" if one.thread else (one.text.split("\n")[0][:60] or "A question"),
        "message_id": f"<{uuid.uuid5(uuid.NAMESPACE_URL, one.id).hex}@{sender.rpartition('@')[2]}>",
        "created_at": _time(one.at),
        "html": None,
        "text": text,
        "headers": _headers(one, sender),
        "attachments": [
            {"id": _file_id(file), "filename": file.name, "content_type": file.type,
             "content_disposition": "attachment", "content_id": None, "size": len(file.content)}
            for file in one.files
        ],
    }  # fmt: skip


def _headers(one: Said, sender: str) -> dict[str, Any]:
    domain = sender.rpartition("@")[2]
    date = format_datetime(one.at)
    results = f"spf=pass client-ip=192.0.2.25; envelope-from={sender}; helo=mail.{domain}; dkim=pass header.i=@{domain}"
    written = {
        "return-path": f"<{sender}>",
        "received": [f"from mail.{domain} by inbound-smtp.example with SMTP; {date}", f"from [192.0.2.7]; {date}"],
        "authentication-results": f"{SERVER}; {results}; dmarc=pass header.from={domain};",
        "mime-version": "1.0",
        "date": date,
    }
    return {**written, "in-reply-to": "<what-it-answers@shop.example>"} if one.thread else written


def _history(one: Said, config: Any) -> str:
    """What a mail program puts below an answer."""
    quoted = [MARKER, "", "What the customer wrote before."]
    lines = "\n".join(f"> {line}".rstrip() for line in quoted)
    return f"\n\nOn {one.at:%d %b %Y at %H:%M}, {config.sender} wrote:\n\n{lines}\n"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
