"""A mail that says that one of ours did not arrive: which one, and why.

Only one that holds the head of our mail, as RFC 3462 wants it, is believed to be about it. A desk's mail is left out:
that it bounced has to be read by somebody. Fields: https://www.rfc-editor.org/rfc/rfc3464#section-2.3
Codes: https://www.rfc-editor.org/rfc/rfc3463#section-3
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.characters import one_line
from chalicelib.mail.automation import loop_of
from chalicelib.mail.message import TOKEN, bare
from chalicelib.mail.parse import LARGEST_HEAD, contents_of, head_of
from chalicelib.mail.values import first

REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
LARGEST = 20_000  # bytes of a report that are read
MOST_GROUPS = 50
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
_FAILED = re.compile(r"failed\b", re.IGNORECASE)
_CODE = re.compile(r"[45]\.([0-9]{1,3}\.[0-9]{1,3})")
_PLAIN: Mapping[str, str] = {  # what the second and third number mean
    "1.1": "nobody has this address",
    "1.2": "there is no such mail server",
    "1.10": "this address takes no mail",
    "2.1": "the mailbox is closed",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large",
    "3.4": "the mail is too large",
    "4.1": "the mail server could not be reached",
    "4.4": "there is no such mail server",
    "4.7": "the mail server could not be reached for days",
    "7.1": "the mail server does not take it",
}


class Bounce(NamedTuple):
    """`id` is the Message-ID of our mail, `reason` one line."""

    id: str
    reason: str


def bounced(raw: bytes, sender: str) -> Bounce | None:
    """Which mail of ours to a customer came back for good; None for all other mail. `sender` is our From."""
    failed = _failed(next(contents_of(raw, REPORTS), b"")[:LARGEST])
    id = _ours(next(contents_of(raw, RETURNED), b"")[:LARGEST_HEAD], bare(sender).lower())
    return Bounce(id, _reason(failed)) if failed and id else None


def _ours(returned: bytes, address: str) -> str:
    """The Message-ID of a mail that we sent to a customer; empty for any other."""
    headers = head_of(returned)
    id = first(headers, "message-id").strip()
    wanted = f"<{TOKEN.pattern}@{re.escape(address.rpartition('@')[2])}>"
    to_desk = first(headers, "auto-submitted").strip().lower() == "auto-generated"
    return id if loop_of(headers) == address and re.fullmatch(wanted, id) and not to_desk else ""


def _failed(report: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of the first recipient whom it did not reach, and will not."""
    groups = map(head_of, _BLANK.split(report.strip(), MOST_GROUPS))
    return next((group for group in groups if _FAILED.match(first(group, "action").strip())), ())


def _reason(fields: tuple[tuple[str, str], ...]) -> str:
    """In plain words where the code has some, with what the server said: it may tell whom to ask."""
    code = _CODE.match(first(fields, "status").strip())
    told = first(fields, "diagnostic-code")
    said = told.partition(";")[2] or told or first(fields, "status")  # its kind stands first: smtp; 550 5.1.1 …
    words = [_PLAIN.get(code[1], "") if code else "", one_line(said)]
    return one_line(": ".join(filter(None, words)), 200) or "the mail came back"
