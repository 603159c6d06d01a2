"""A mail of ours, ready for whoever carries it: words for customer or desk, subject, thread, marks against loops."""

import html
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.characters import one_line
from chalicelib.errors import Outcome, SendFailed
from chalicelib.mail.automation import LOOP
from chalicelib.mail.message import bare, tokened
from chalicelib.mail.quotes import MARKER
from chalicelib.mail.subjects import without_reply_marks
from chalicelib.mail.values import ids, is_address
from chalicelib.models.outbound import Outgoing
from chalicelib.models.values import digest

MOST_REFERENCES = 20
LONGEST_VALUE = 995  # characters of a header in a provider's API
REPEATED = "(possibly repeated)"
DESK_SUBJECT, CUSTOMER_SUBJECT, OWN_SUBJECT = "Conversation", "A message for you", "A word from Shopbell"

# The page's looks, on each element: mail programs drop style sheets
FITS = '<meta name="viewport" content="width=device-width">'
PAGE = "margin:0;padding:12px;font-family:Helvetica,Arial,sans-serif;color:#1d2430;background-color:#ffffff"
FRAME = "max-width:640px;border:1px solid #d5dbe3;border-radius:8px;border-collapse:separate"
CELL = "padding:14px 18px"
TOP = "background-color:#f4f6f9;border-radius:7px 7px 0 0"
OWN = "font-size:14px;line-height:21px;font-style:italic;color:#5b4a12;background-color:#fdf7e3"
LINE = "border-top:1px solid #d5dbe3"
TITLE = "font-size:20px;line-height:26px;font-weight:bold"
STATE = "font-size:14px;line-height:22px;font-weight:bold;color:#1f4f8f"
WORDS = "font-size:16px;line-height:24px"
SMALL = "font-size:13px;line-height:19px;color:#5b6472"


class Draft(NamedTuple):
    """A mail to be sent. Every value that becomes a header is one line. `page` is HTML, empty where there is none."""

    sender: str
    subject: str
    text: str
    page: str
    reply_to: str
    headers: tuple[tuple[str, str], ...]


def draft(outgoing: Outgoing, *, sender: str, inbound: str) -> Draft:
    """The mail of a delivery: at a desk if it has a thread, a card or words of our own, else to a customer.

    `sender` is our From, `inbound` the address whose plus part takes the thread's token along. Raises SendFailed where
    it goes to no mail address.
    """
    if not is_address(outgoing.to):
        raise SendFailed("this is no mail address", Outcome.REFUSED)
    address = bare(sender).lower()
    domain = address.rpartition("@")[2]
    reply_to = outgoing.reply_address or tokened(inbound, outgoing.thread)
    headers = [("Message-ID", _message_id(outgoing.key, domain)), *_threading(outgoing, domain), (LOOP, address)]
    return Draft(
        sender=one_line(sender),
        subject=_subject(outgoing),
        text=_desk_text(outgoing) if _to_desk(outgoing) else _words(outgoing),
        page=_desk_page(outgoing) if outgoing.card else "",
        reply_to=reply_to if is_address(reply_to) else "",
        headers=tuple((name, one_line(value, 6_000)) for name, value in [*headers, *_automation(outgoing)]),
    )


def plain_headers(draft: Draft) -> Iterator[tuple[str, str]]:
    """The headers of a draft for an API that takes short ASCII values: of too many references the last ones count."""
    for name, value in draft.headers:
        words = [word for word in value.split(" ") if word.isascii() and len(word) <= LONGEST_VALUE]
        while len(" ".join(words)) > LONGEST_VALUE:
            words.pop(0)
        if words:
            yield name, " ".join(words)


def reply_subject(subject: str) -> str:
    """`subject` on one line, with exactly one Re: before it."""
    return f"Re: {without_reply_marks(one_line(subject, 300))}".rstrip()


def _to_desk(outgoing: Outgoing) -> bool:
    return bool(outgoing.thread or outgoing.card or outgoing.own)


def _subject(outgoing: Outgoing) -> str:
    """The customer's own, answered. In a mailbox's thread always the same, or it would not be shown as one."""
    given = one_line(outgoing.subject or outgoing.context.get("subject", ""), 300)
    if outgoing.thread:
        return given or f"{DESK_SUBJECT} {digest('subject', outgoing.thread)[:6]}"
    if outgoing.own:
        return given or OWN_SUBJECT
    return reply_subject(given or "your message") if outgoing.context else given or CUSTOMER_SUBJECT


def _message_id(key: str, domain: str) -> str:
    """The same for each try, so that a mail program may show a second copy only once."""
    return f"<{digest('message', key)}@{domain}>"


def _threading(outgoing: Outgoing, domain: str) -> list[tuple[str, str]]:
    """In-Reply-To and References: the customer's last mail, or in a mailbox's thread an id that all its mails name."""
    context = outgoing.context
    answered = ids(context.get("message_id", ""))[:1]
    if outgoing.thread:
        answered = (f"<{digest('thread', outgoing.thread)}@{domain}>",)
    if not answered:
        return []
    before = [known for known in ids(context.get("references", "")) if known not in answered]
    references = " ".join([*before, *answered][-MOST_REFERENCES:])
    return [("In-Reply-To", answered[0]), ("References", references)]


def _automation(outgoing: Outgoing) -> list[tuple[str, str]]:
    """What tells other machines that a machine wrote this; an agent's reply to a customer is a person's."""
    if outgoing.automatic:
        return [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")]
    if _to_desk(outgoing):  # it should call forth no out-of-office reply
        return [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "OOF, AutoReply")]
    return []


def _words(outgoing: Outgoing) -> str:
    file = f"📎 {outgoing.file.name}" if outgoing.file else ""  # no mail goes without words
    return _marked(outgoing, outgoing.text or file)


def _own(outgoing: Outgoing) -> str:
    return outgoing.own if outgoing.text else _marked(outgoing, outgoing.own)


def _marked(outgoing: Outgoing, words: str) -> str:
    return f"{REPEATED}\n\n{words}" if outgoing.repeat and words else words


def _desk_text(outgoing: Outgoing) -> str:
    """Our line on top, so that an answer can be told from what it quotes; then card, our words and the customer's."""
    card = outgoing.card
    head = "\n".join(filter(None, [card.title, " · ".join(card.state), *card.facts])) if card else ""
    marker = MARKER if outgoing.thread else ""  # what has no thread cannot be answered
    said = [_own(outgoing), _words(outgoing), outgoing.below]
    return "\n\n".join(filter(None, [marker, head, *said, card.hint if card else ""]))


def _desk_page(outgoing: Outgoing) -> str:
    """The same as HTML; everything in it is escaped, and it loads nothing. Tables, for Outlook draws with Word."""
    card = outgoing.card
    assert card is not None
    head = [
        f'<div dir="auto" style="{TITLE}">{_escaped(card.title)}</div>',
        f'<div style="{STATE}">{_escaped(" · ".join(card.state))}</div>' if card.state else "",
        *(f'<div dir="auto" style="{SMALL}">{_escaped(fact)}</div>' for fact in card.facts),
    ]
    rows = [
        _row("".join(head), f"{CELL};{TOP}"),
        _row(_escaped(_own(outgoing)), f"{CELL};{OWN}"),
        _row(_escaped(_words(outgoing)), f"{CELL};{WORDS}"),
        _row(_escaped(outgoing.below), f"{CELL};{OWN}"),
        _row(_escaped(card.hint), f"{CELL};{SMALL};{LINE}") if card.hint else "",
    ]
    table = f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="{FRAME}">{"".join(rows)}'
    page = f'<body style="{PAGE}"><p style="{SMALL}">{_escaped(MARKER)}</p>{table}</table></body>'
    return f'<!DOCTYPE html><html><head><meta charset="utf-8">{FITS}</head>{page}</html>'


def _row(inside: str, style: str) -> str:
    return f'<tr><td dir="auto" style="{style}">{inside}</td></tr>' if inside else ""


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")
