"""Mails as the simulators put them together: raw, with their files, and within the form that a provider posts."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any, NamedTuple

from chalicelib.mail import MARKER, tokened
from chalicelib.webhook import Part
from infra.simulate import Said

BOUNDARY = "xYzZY"


class Writer(NamedTuple):
    """Who writes where nobody is named, and the server that takes in the mail."""

    address: str
    name: str
    server: str


def raw(one: Said, config: Any, writer: Writer, id: str = "", above: Iterable[tuple[str, str]] = ()) -> bytes:
    """The mail as it came in, below what its server writes of it. In a thread it quotes what it answers."""
    sender, name = one.sender or writer.address, one.name or ("" if one.sender else writer.name)
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    for header, value in above:
        mail[header] = value
    mail["Received"] = f"from mail.{domain} by {writer.server} with SMTP; {format_datetime(one.at)}"
    mail["From"] = formataddr((name, sender))
    mail["To"] = to(one, config)
    mail["Subject"] = "Re: your conversation" if one.thread else subject(one)
    mail["Date"] = format_datetime(one.at)
    mail["Message-ID"] = f"<{id or uuid.uuid5(uuid.NAMESPACE_URL, one.id).hex}@{domain}>"
    if one.thread:
        mail["In-Reply-To"] = "<what-it-answers@shop.example>"
    mail.set_content(one.text + (history(one.at, config) if one.thread else ""), cte="base64")
    for file in one.files:
        kind, _, subtype = file.type.partition("/")
        mail.add_attachment(file.content, maintype=kind, subtype=subtype or "octet-stream", filename=file.name)
    if one.files:
        mail.set_boundary(f"=_{uuid.uuid5(uuid.NAMESPACE_OID, one.id).hex}")  # else it is another one each time
    return mail.as_bytes()


def to(one: Said, config: Any) -> str:
    """Where it goes: our address, in a thread with its token."""
    return tokened(config.inbound_address, one.thread) or str(config.inbound_address)


def subject(one: Said) -> str:
    printable = "".join(letter for letter in one.text.split("\n")[0] if letter.isprintable())
    return printable[:60] or "A question"


def history(at: datetime, config: Any) -> str:
    """What a mail program puts below an answer."""
    quoted = [MARKER, "", "What the customer wrote before."]
    lines = "\n".join(f"> {line}".rstrip() for line in quoted)
    return f"\n\nOn {at:%d %b %Y at %H:%M}, {config.sender} wrote:\n\n{lines}\n"


def form(fields: Sequence[Part], boundary: str = BOUNDARY) -> bytes:
    """A form that has several parts (RFC 7578)."""
    return b"".join([*(_written(field, boundary) for field in fields), f"--{boundary}--".encode()])


def _written(field: Part, boundary: str) -> bytes:
    name = f'name="{field.name}"' + (f'; filename="{field.file_name}"' if field.file_name else "")
    kind = f"Content-Type: {field.type}\r\n" if field.type else ""
    head = f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n{kind}\r\n"
    return head.encode("utf-8", "replace") + field.content + b"\r\n"
