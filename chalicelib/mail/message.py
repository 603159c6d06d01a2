"""A mail as a Message: who wrote it, what is new in it, to which thread it belongs, what an answer has to quote."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.mail.automation import automatic, by_machine, loop_of
from chalicelib.mail.parse import Mail
from chalicelib.mail.quotes import answers_within, stripped
from chalicelib.mail.subjects import forwarded
from chalicelib.mail.values import addresses, first
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.values import Address, Channel, digest

TOKEN = re.compile(r"[a-z2-7]{26}")
MOST_REFERENCES = 10
LONGEST_LANGUAGE = 80  # characters: it may name several


def to_message(
    mail: Mail, *, provider: str, id: str, proved: bool, came_to: Iterable[str], sender: str, inbound: str, source: Any,
    files_at: str = "",
) -> Message | None:  # fmt: skip
    """The Message of a mail that came to the addresses `came_to`; None for a mail of our own that came back.

    `sender` is our From, `inbound` the address whose plus part carries reply tokens. `proved` says that the author is
    who he claims to be. `files_at` begins the references of its files. Raises ValueError for a mail without author or
    id.
    """
    author = mail.sender.address.lower()
    if not author or not id:
        raise ValueError("a mail without author or id")
    ours = {bare(sender).lower(), inbound.lower()}
    if loop_of(mail.headers) in ours:
        return None  # a mailbox passes everything on to us
    envelope = [address.lower() for address in came_to]
    named = [other.address.lower() for other in (*mail.to, *mail.cc)]
    thread = _thread([*envelope, *named], inbound)
    text = _from_desk(mail.text, inbound) if thread else _from_customer(mail)
    return Message(
        provider=provider,
        id=id,
        sender=Address(channel=Channel.EMAIL if proved else Channel.UNVERIFIED_EMAIL, id=author),
        name=mail.sender.name,
        language=first(mail.headers, "content-language")[:LONGEST_LANGUAGE],
        text=f"{mail.calendar}\n\n{text}" if mail.calendar and not thread and text != mail.calendar else text,
        full=mail.text if len(text) < len(mail.text.strip()) else "",
        attachments=tuple(_attachments(mail, files_at or f"{provider}/{id}")),
        sent_at=mail.received_at,
        thread=thread,
        automatic=_by_machine(mail) if thread else _unanswerable(mail, ours) or not _addressed(named, envelope, ours),
        context=_context(mail),
        source=source,
    )


def identity(mail: Mail, came_to: Iterable[str]) -> str:
    """An id for a mail that came to these addresses, where its provider gives it none: the same in each try of his.

    Not the Message-ID alone, which its author chose: he might know that of another mail, or use one for all of his.
    """
    own = mail.message_id or digest(mail.text, mail.subject)
    return digest(own, first(mail.headers, "date"), mail.sender.address.lower(), *sorted(came_to))


def bare(mailbox: str) -> str:
    """The address in `Corner Shop <service@shop.example>`."""
    return next((found.address for found in addresses(mailbox)), mailbox)


def tokened(inbound: str, thread: str) -> str:
    """The address at which an answer finds its thread; empty for a thread that is no token."""
    local, _, domain = inbound.partition("@")
    return f"{local}+{thread}@{domain}" if TOKEN.fullmatch(thread) else ""


def _thread(recipients: list[str], inbound: str) -> str:
    local, _, domain = inbound.lower().partition("@")
    wanted = re.compile(rf"{re.escape(local)}\+({TOKEN.pattern})@{re.escape(domain)}")
    found = map(wanted.fullmatch, recipients)
    return next((match[1] for match in found if match), "")


def _from_desk(text: str, inbound: str) -> str:
    """What an agent newly wrote; no token of ours is passed on in it."""
    local, _, domain = inbound.partition("@")
    ours = re.compile(rf"({re.escape(local)})\+{TOKEN.pattern}(@{re.escape(domain)})", re.IGNORECASE)
    return ours.sub(r"\1\2", stripped(text))


def _from_customer(mail: Mail) -> str:
    """What a customer newly wrote, if the mail is an answer; else all of it, for it may quote what it is about.

    Some write their question into the subject and nothing else, and some their answers into the quoted mail.
    """
    history = mail.answers and not forwarded(mail.subject)
    new = stripped(mail.text) if history else ""
    return (new if not answers_within(new) else "") or mail.text.strip("\n") or mail.subject


def _by_machine(mail: Mail) -> bool:
    return by_machine(mail.headers, sender=mail.sender.address, subject=mail.subject, types=_types(mail))


def _unanswerable(mail: Mail, ours: set[str]) -> bool:
    """Whether a customer's mail must get no automatic answer."""
    author, subject = mail.sender.address, mail.subject
    return automatic(mail.headers, sender=author, subject=subject, types=_types(mail), ours=ours)


def _types(mail: Mail) -> set[str]:
    return {file.type.lower() for file in mail.attachments}


def _addressed(named: list[str], envelope: list[str], ours: set[str]) -> bool:
    """Whether the mail names us: an address it came to, or one of our domains. A hidden copy gets no answer."""
    domains = {address.rpartition("@")[2] for address in ours}
    return any(other in envelope or other.rpartition("@")[2] in domains for other in named)


def _attachments(mail: Mail, where: str) -> Iterator[Attachment]:
    for number, file in enumerate(mail.attachments):
        yield file.model_copy(update={"reference": f"{where}/{file.reference or number}"})


def _context(mail: Mail) -> dict[str, str]:
    """What an answer has to quote; and the one Reply-To, which counts for the shop's own forms alone."""
    known = {
        "message_id": mail.message_id,
        "references": " ".join(mail.references[-MOST_REFERENCES:]),
        "subject": mail.subject,
        "reply_to": mail.reply_to[0].address.lower() if len(mail.reply_to) == 1 else "",
    }
    return {name: value for name, value in known.items() if value}
