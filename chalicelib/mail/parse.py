"""A raw mail as plain data. No input makes it raise, recurse or take long: it is cut by hand and everything is capped.

The standard library's parser is not used on whole mails: on hostile ones it raises LookupError, IndexError, ValueError,
OverflowError or RecursionError, and 20,000 parts take it seconds. Only single parameters pass through its readers.
"""

import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message as Params
from email.utils import collapse_rfc2231_value
from itertools import islice
from typing import NamedTuple

from chalicelib.characters import one_line
from chalicelib.errors import Unreadable
from chalicelib.mail import values
from chalicelib.mail.html import text_of
from chalicelib.mail.subjects import is_reply
from chalicelib.mail.values import Mailbox, addresses, date_of, decoded, every, first, ids, in_charset
from chalicelib.models.inbound import Attachment
from chalicelib.models.outbound import Content

LARGEST = 40_000_000  # bytes of a mail; the largest that a provider takes in is 35 MB
LARGEST_HEAD = 256_000  # bytes of one part's headers
LARGEST_TEXT = 1_000_000  # bytes of text, all parts together
MOST_HEADERS, MOST_PART_HEADERS = 1_000, 50
LONGEST_HEADER = 20_000  # characters
LONGEST_PARAMETERS = 2_000  # characters of Content-Type and Content-Disposition
MOST_PARTS = 200
DEEPEST = 30
MOST_CALENDARS = MOST_PACKED = 3  # that are read
_BLANK = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_SIGNATURE = "-- "  # the one line that ends with a space and does not go on
_SHOWN = re.compile(rb"""\bcid:([^\s"'<>)]{1,250})""", re.IGNORECASE)
_PACKED = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})  # winmail.dat
_UTF8 = (("content-type", "text/plain; charset=utf-8"),)
_CALENDAR = "[calendar invitation]"  # one that cannot be read
_NAMES = {"message/rfc822": "message.eml", "text/calendar": "invitation.ics"}  # of what mail programs give none


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail. `text` is what its reader sees: plain parts, and HTML as text where there is no plain twin.

    `calendar` is an invitation or an answer to one, as one line; it is the text where there is no other.
    Addresses are as written, `authors` are those of every From header. Headers are in the order of the mail, unfolded,
    their encoded words as they came. Attachments are known by name, type and size.
    """

    headers: tuple[tuple[str, str], ...] = ()
    authors: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str = ""
    calendar: str = ""
    attachments: tuple[Attachment, ...] = ()

    @property
    def sender(self) -> Mailbox:
        return self.authors[0] if self.authors else Mailbox("", "")

    @property
    def message_id(self) -> str:
        return next(iter(ids(first(self.headers, "message-id"))), "")

    @property
    def in_reply_to(self) -> str:
        return next(iter(ids(first(self.headers, "in-reply-to"))), "")

    @property
    def references(self) -> tuple[str, ...]:
        return ids(first(self.headers, "references"))

    @property
    def answers(self) -> bool:
        """Whether it answers another mail: only then it holds history."""
        return bool(self.in_reply_to or self.references or is_reply(self.subject))

    @property
    def date(self) -> datetime | None:
        """When its sender says that it was written."""
        return date_of(first(self.headers, "date"))

    @property
    def received_at(self) -> datetime | None:
        """When the server nearest to us took it in."""
        return date_of(first(self.headers, "received").rpartition(";")[2])


class _Part(NamedTuple):
    """A part of the tree that has no parts itself. Parts with the same `choice` are the same in several forms."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    type: str
    choice: int
    name: str = ""


class _Text(NamedTuple):
    plain: bool
    text: str
    choice: int


def parse(raw: bytes) -> Mail:
    """The mail in `raw`, whatever it is."""
    headers, _ = _split(raw[:LARGEST], MOST_HEADERS)
    texts: list[_Text] = []
    files: list[_Part] = []
    shown: set[bytes] = set()
    left = LARGEST_TEXT
    for part in _parts(raw):
        if _is_text(part):
            content = _content(part)[:left]
            left -= len(content)
            shown.update(_SHOWN.findall(content) if part.type == "text/html" else ())
            texts.append(_Text(part.type == "text/plain", _read(content, part), part.choice))
        else:
            files.append(part)
    calendar = _calendar(files)
    return Mail(
        headers=headers,
        authors=_all(headers, "from"),
        to=_all(headers, "to"),
        cc=_all(headers, "cc"),
        reply_to=_all(headers, "reply-to"),
        subject=one_line(decoded(first(headers, "subject")), 500),
        text=_chosen(texts) or calendar,
        calendar=calendar,
        attachments=tuple(_attachment(part, shown) for part in files),
    )


def content_of(raw: bytes, number: int) -> Content:
    """An attachment of the mail in `raw`, as `parse` numbers them. Raises Unreadable where it has none such."""
    files = (part for part in _parts(raw) if not _is_text(part))
    part = next(islice(files, number, None), None)
    if part is None:
        raise Unreadable("a mail without this file")
    about = _attachment(part, set())
    return Content(name=about.name, type=about.type, data=_content(part))


def contents_of(raw: bytes, types: Collection[str]) -> Iterator[bytes]:
    """What the parts of these types hold, in the order of the mail."""
    return (_content(part) for part in _leaves(raw[:LARGEST]) if part.type in types)


def head_of(content: bytes) -> tuple[tuple[str, str], ...]:
    """The headers with which something begins that is no mail, or no whole one."""
    return _split(content.lstrip(), MOST_HEADERS)[0]


def file_name(name: str) -> str:
    """The name of a file as it can be shown: without folders, on one line, at most 255 characters."""
    return re.split(r"[/\\]", one_line(name, 1000))[-1].strip()[:255]


def _parts(raw: bytes) -> list[_Part]:
    """The parts of a mail in reading order, with what some of them pack up."""
    parts = list(_leaves(raw[:LARGEST]))
    packed = [number for number, part in enumerate(parts) if _is_packed(part)][:MOST_PACKED]
    if not packed:
        return parts
    words = any(_is_text(part) and part.body.strip() for part in parts)
    for number in reversed(packed):
        parts[number : number + 1] = _unpacked(parts[number], words)
    return parts[:MOST_PARTS]


def _is_packed(part: _Part) -> bool:
    return part.type in _PACKED or (part.type == "application/octet-stream" and _name(part).lower() == "winmail.dat")


def _unpacked(part: _Part, words: bool) -> list[_Part]:
    """What it holds, its words where the mail has none; the part itself as well if that is not all of it."""
    from chalicelib.mail import tnef  # late: few mails have one

    found = tnef.unpacked(_content(part))
    files = [_Part((), file.content, file.type, 0, file_name(file.name) or "attachment") for file in found.files]
    text = [_Part(_UTF8, found.text.encode(), "text/plain", 0)] if found.text.strip() and not words else []
    all_of_it = found.whole and (words or text or not found.rich)
    return [*text, *files] if all_of_it else [*text, *files, part]


# ---- the tree ---------------------------------------------------------------------------------------------------


def _leaves(raw: bytes) -> Iterator[_Part]:
    """The parts of a mail in reading order. An attached mail stays closed."""
    waiting, count, effort = [(raw, 0, 0)], 0, 8 * len(raw)
    while waiting and count < MOST_PARTS:
        content, depth, choice = waiting.pop()
        count += 1
        headers, body = _split(content, MOST_PART_HEADERS if depth else MOST_HEADERS)
        type_ = _type(headers)
        if type_.startswith("multipart/") and depth < DEEPEST and effort > 0:
            effort -= len(body)
            inner = list(_between(body, _parameter(headers, "content-type", "boundary")))
            if inner:
                choice = count if type_ == "multipart/alternative" else choice
                waiting += [(part, depth + 1, choice) for part in reversed(inner)]
                continue
            type_ = "text/plain"  # it has no parts after all: whatever it holds is shown
        yield _Part(headers, body, type_, choice)


def _split(content: bytes, most: int) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """Headers and body, at the first empty line. What begins without a header is all body."""
    if not _HEADER.match(content) and not content.startswith(b"From "):  # the latter begins a mail in an mbox file
        return (), content.removeprefix(b"\r").removeprefix(b"\n")
    end = _BLANK.search(content)
    head = content[: end.start()] if end else content
    return tuple(_headers(head[:LARGEST_HEAD], most)), content[end.end() :] if end else b""


def _headers(head: bytes, most: int) -> Iterator[tuple[str, str]]:
    """Name and value of each header, continued lines joined."""
    joined: list[list[bytes]] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and joined:
            joined[-1].append(line.strip())
        elif _HEADER.match(line):
            if len(joined) == most:
                break
            joined.append([line.strip()])
    for lines in joined:
        name, _, value = b" ".join(lines).partition(b":")
        yield name.decode("ascii").strip(), in_charset(value.strip()[:LONGEST_HEADER], "utf-8")


def _between(body: bytes, boundary: str) -> Iterator[bytes]:
    """What lies between the lines that are the boundary; nothing where there is none."""
    if not boundary:
        return
    line = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?+[ \t]*+(?=\r?\n|\Z)"
    )
    start, count = -1, 0
    for mark in line.finditer(body):
        if start >= 0:
            yield body[start : mark.start()]
            count += 1
        if mark[1] or count == MOST_PARTS:
            return
        end = mark.end()
        start = end + (2 if body[end : end + 2] == b"\r\n" else 1)
    if start >= 0:
        yield body[start:]


# ---- one part ---------------------------------------------------------------------------------------------------


def _is_text(part: _Part) -> bool:
    """Whether it is read as words: plain or HTML, neither named nor sent as an attachment."""
    return part.type in ("text/plain", "text/html") and not _sent_as_file(part)


def _sent_as_file(part: _Part) -> bool:
    disposition = first(part.headers, "content-disposition").lstrip().lower()
    return disposition.startswith("attachment") or bool(_name(part))


def _name(part: _Part) -> str:
    """The file's name, as RFC 2231 or as encoded words have it."""
    given = part.name or _parameter(part.headers, "content-disposition", "filename")
    return file_name(decoded(given or _parameter(part.headers, "content-type", "name")))


def _content(part: _Part) -> bytes:
    match first(part.headers, "content-transfer-encoding").strip().lower():
        case "base64":
            return values.base64_bytes(part.body)
        case "quoted-printable":
            return binascii.a2b_qp(part.body)
        case _:
            return part.body


def _read(content: bytes, part: _Part) -> str:
    text = in_charset(content, _parameter(part.headers, "content-type", "charset"))
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if part.type != "text/plain":
        return text_of(text)
    flowed = _parameter(part.headers, "content-type", "format").lower() == "flowed"
    return _unflowed(text, _parameter(part.headers, "content-type", "delsp").lower() == "yes") if flowed else text


def _unflowed(text: str, spaces_go: bool) -> str:
    """A text whose paragraphs were broken for sending, each as one line again (RFC 3676 4)."""
    pieces: list[str] = []
    flows = -1  # how deep the line is quoted that goes on
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if depth != flows or content == _SIGNATURE:
            pieces.append("\n" + ">" * depth + " " * (depth > 0))
        flows = depth if content.endswith(" ") and content != _SIGNATURE else -1
        pieces.append(content[:-1] if spaces_go and flows == depth else content)
    return "".join(pieces)[1:]


def _calendar(files: list[_Part]) -> str:
    """The first invitation of a mail, of those that are read."""
    parts = [part for part in files if part.type == "text/calendar"][:MOST_CALENDARS]
    if not parts:
        return ""
    from chalicelib.mail import calendar  # late: few mails have one

    charsets = (_parameter(part.headers, "content-type", "charset") for part in parts)
    found = (calendar.shown(_content(part), charset) for part, charset in zip(parts, charsets, strict=True))
    return next(filter(None, found), _CALENDAR)


def _attachment(part: _Part, shown: set[bytes]) -> Attachment:
    """`shown` are the Content-IDs that stand within the text."""
    name = _name(part) or _NAMES.get(part.type, "")
    id = first(part.headers, "content-id").strip().strip("<>").encode()
    return Attachment(name=name, type=part.type[:100], size=_size(part), inline=id in shown)


def _size(part: _Part) -> int:
    """Bytes of the file; for base64 without decoding it."""
    if first(part.headers, "content-transfer-encoding").strip().lower() != "base64":
        return len(_content(part))
    letters = len(part.body) - sum(part.body.count(white) for white in (b"\r", b"\n", b" ", b"\t", b"="))
    return letters * 3 // 4


def _type(headers: tuple[tuple[str, str], ...]) -> str:
    kind = first(headers, "content-type").partition(";")[0].strip().lower()
    return one_line(kind) if "/" in kind else "text/plain"


def _parameter(headers: tuple[tuple[str, str], ...], header: str, name: str) -> str:
    """A parameter of a header, put together as RFC 2231 has it."""
    params = Params()
    try:
        params["content-type"] = one_line(first(headers, header), LONGEST_PARAMETERS)
        return collapse_rfc2231_value(params.get_param(name, "") or "")
    except Exception:  # by version: LookupError, ValueError, IndexError, TypeError
        return ""


# ---- all parts --------------------------------------------------------------------------------------------------


def _chosen(texts: list[_Text]) -> str:
    """The words of all parts in order. Of one text in several forms the plain one counts, unless it is empty."""
    plain = {text.choice for text in texts if text.choice and text.plain and text.text.strip()}
    shown = [text.text.strip("\n") for text in texts if text.plain or text.choice not in plain]
    return "\n\n".join(text.rstrip() for text in shown if text.strip())


def _all(headers: tuple[tuple[str, str], ...], name: str) -> tuple[Mailbox, ...]:
    return addresses(", ".join(every(headers, name)[:10]))
