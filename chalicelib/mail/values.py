"""The values of mail headers: encoded words, addresses, ids, dates. Read by hand, because the standard library's own
readers raise, recurse or take seconds on hostile ones; nothing here raises, and all of it is linear."""

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import formataddr, parsedate_to_datetime
from typing import NamedTuple

from chalicelib.characters import clean_text, one_line

Headers = Iterable[tuple[str, str]]

MOST_ADDRESSES = 50
LONGEST_LIST = 10_000  # characters of an address header that are read
# Python also counts idna, punycode and unicode_escape among its charsets: slow, or never meant for mail.
_CHARSETS = re.compile(
    r"(?:utf|us-ascii|ascii|iso|latin|cp|windows|koi8|gb|big5|euc|shift|hz|mac|tis|ks_c|johab)[a-z0-9_-]*"
)
_ALIASES = {  # names Python does not know, and charsets that are declared when a larger one is written
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "utf8mb4": "utf-8",
}
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]{0,900}+)\?=")
_PIECE = re.compile(
    r"=\?[^?\s]{1,40}\?[bBqQ]\?[^?\s]{0,900}+\?="  # an encoded word, whatever marks it holds
    r'|"((?:[^"\\]|\\.){0,500}+)"|<([^<>]*+)>|[^"<>(),;:]+|.',
    re.DOTALL,
)
_ADDRESS = re.compile(r"[^\s@<>()\[\]\",;:\\\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\",;:\\\x00-\x1f\x7f]{1,255}")
_FRACTION = re.compile(r"(:[0-9]{2})\.[0-9]+")  # of a second, as some servers write
_ID = re.compile(r"<[^<>\s]{1,250}>")


class Mailbox(NamedTuple):
    """Whom a mail is from or to. The address as it was written, checked to be one."""

    name: str
    address: str


def first(headers: Headers, name: str) -> str:
    """The first header called `name`: what was added last, by the server nearest to us. Empty where there is none."""
    return next((value for other, value in headers if other.lower() == name), "")


def every(headers: Headers, name: str) -> list[str]:
    return [value for other, value in headers if other.lower() == name]


def is_address(text: str) -> bool:
    """Whether `text` is one plain mail address and nothing more: no name, no list, no line end."""
    return _ADDRESS.fullmatch(text) is not None


def addresses(value: str) -> tuple[Mailbox, ...]:
    """The mailboxes of an address header, at most 50. What is no address is left out.

    A name that is itself an address is left out as well: it is there to be taken for the sender.
    """
    found = []
    for name, address in _mailboxes(value[:LONGEST_LIST]):
        if is_address(address):
            shown = one_line(decoded(name), 200)
            found.append(Mailbox("" if "@" in shown else shown, address))
        if len(found) == MOST_ADDRESSES:
            break
    return tuple(found)


def encoded(mailbox: str) -> str:
    """`mailbox` as a header has it: a name that is not ASCII in encoded words."""
    (name, address), *more = addresses(mailbox) or [Mailbox("", mailbox)]
    return formataddr((name, address)) if name and not more and address.isascii() else mailbox


def ids(value: str) -> tuple[str, ...]:
    """The message ids in a header, each with its angle brackets."""
    return tuple(_ID.findall(value[:LONGEST_LIST]))


def date_of(value: str) -> datetime | None:
    """A mail date as UTC; None where it cannot be read or is no date on earth."""
    try:
        date = parsedate_to_datetime(_FRACTION.sub(r"\1", value[:200]))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except Exception:  # by version: TypeError, ValueError, IndexError, OverflowError
        return None


def decoded(value: str) -> str:
    """`value` with its encoded words (RFC 2047) read. Neighbours are joined as bytes: some cut a character in two."""
    value = value[: 2 * LONGEST_LIST]
    out, last, charset, waiting = [], 0, "", b""
    for word in _WORD.finditer(value):
        between = value[last : word.start()]
        content = _word_bytes(word[2], word[3])
        if waiting and not between.strip() and word[1].lower() == charset:
            waiting += content
        else:
            out.append(in_charset(waiting, charset) if waiting else "")
            out.append("" if last and not between.strip() else between)
            charset, waiting = word[1].lower(), content
        last = word.end()
    out.append(in_charset(waiting, charset) if waiting else "")
    return clean_text("".join([*out, value[last:]]))


def in_charset(content: bytes, charset: str) -> str:
    """`content` as text. A charset that is unknown or wrong is guessed: UTF-8 with few mistakes, else Windows-1252."""
    name = charset.split("*")[0].strip().strip("\"'").lower()  # a language may follow: utf-8*de
    for codec in (_codec(name), "utf-8"):
        try:
            if codec:
                return clean_text(content.decode(codec))
        except (LookupError, ValueError):
            continue
    text = content.decode("utf-8", "replace")
    beyond_ascii = len(content) - len(content.decode("ascii", "ignore"))
    few = text.count("\ufffd") * 4 <= beyond_ascii
    return clean_text(text if few else content.decode("cp1252", "replace"))


def _codec(name: str) -> str:
    """Python's name for a charset; empty for one that it does not know or that no mail is written in."""
    name = _ALIASES.get(name, name.replace("cp-", "cp", 1))
    if not _CHARSETS.fullmatch(name):
        return ""
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(raw.replace(b" ", b"_"), header=True)
    return base64_bytes(raw)


def base64_bytes(content: bytes) -> bytes:
    """Base64 as mail has it: line ends and rubbish skipped, padding repaired."""
    for ending in (b"==", b"A==", b""):  # a lone last character cannot be decoded: it is filled up
        try:
            return base64.b64decode(content + ending)
        except (ValueError, binascii.Error):
            continue
    return b""


def _mailboxes(value: str) -> Iterator[tuple[str, str]]:
    """Names and addresses, read once from left to right: quotes, nested comments, groups, angle brackets."""
    name: list[str] = []
    address, depth = "", 0
    for piece in _PIECE.finditer(value):
        text = piece[0]
        if text in ("(", ")"):
            depth = max(0, depth + (1 if text == "(" else -1))
        elif depth:
            continue
        elif text in (",", ";"):
            yield from _mailbox(name, address)
            name, address = [], ""
        elif text == ":":
            name = []  # what came before is a group's name
        elif piece[2] is not None:
            if address:  # a second address in brackets is a mailbox of its own
                yield from _mailbox(name, address)
                name = []
            address = piece[2].strip()
        else:
            name.append(re.sub(r"\\(.)", r"\1", piece[1]) if piece[1] is not None else text)
    yield from _mailbox(name, address)


def _mailbox(name: list[str], address: str) -> Iterator[tuple[str, str]]:
    words = "".join(name).strip()
    if address:
        yield words, address
    elif words:
        yield "", words
