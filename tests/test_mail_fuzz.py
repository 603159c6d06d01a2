"""Mails of the corpus, spoiled by chance in every way that came to mind: none may raise or take long."""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib import mail

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parent / "mails").glob("*/*.eml"))]
MAILS, SEEDS = 70, range(6)
SLOWEST = 0.5  # CPU seconds for a megabyte; no mail here has more
LARGE = 60_000  # bytes to which a repeated part grows
CHARSETS = [
    b"utf-7",
    b"punycode",
    b"idna",
    b"utf-16",
    b"hz",
    b"iso-2022-jp",
    b"x",
    b"\x00",
    b"koi8-r",
    b"unicode_escape",
]
WORDS = [
    b"=?utf-8?b?",
    b"=?utf-8?q?=C3",
    b"?=",
    b"=?koi8-r?Q?=C1?=",
    b"=?",
    b"\xff",
    b"=?utf-16?b?//4A?=",
    b"\n ",
    b" ",
]
HEADERS = [b"From", b"To", b"Subject", b"Content-Type", b"References", b"Date", b"Precedence", b"Auto-Submitted", b"X"]
PIECES = [b"a@b.example, ", b"<", b"(", b'"', b"\\", b";", b"; a*0*=utf-8''%41", b"boundary=b ", b"1 ", b":", *WORDS]
TRAPS = [
    b"&#" + b"9" * 5_000 + b";",
    b"; charset*" + b"9" * 30 + b"*=y",
    b"; charset*=idna''%FF",
    b"<!--",
    b"<p hidden>",
]


def flipped(raw: bytes, chance: random.Random) -> bytes:
    spoiled = bytearray(raw)
    for _ in range(chance.randint(1, 30)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(1, len(raw) + 1)]


def spliced(raw: bytes, chance: random.Random) -> bytes:
    other = chance.choice(CORPUS)
    return raw[: chance.randrange(1, len(raw) + 1)] + other[chance.randrange(len(other)) :]


def trapped(raw: bytes, chance: random.Random) -> bytes:
    """With what breaks others put after its values."""
    places = [mark.end() for mark in re.finditer(rb"[;:>]", raw)] or [0]
    for _ in range(chance.randint(1, 5)):
        place = chance.choice(places)
        raw = raw[:place] + chance.choice(TRAPS) + raw[place:]
    return raw


def repeated(raw: bytes, chance: random.Random) -> bytes:
    """One to five of its lines, again and again."""
    lines = raw.split(b"\n")
    place = chance.randrange(len(lines))
    part = b"\n".join(lines[place : place + chance.randint(1, 5)]) + b"\n"
    return b"\n".join([*lines[:place], part * (LARGE // len(part)), *lines[place:]])


def nested(raw: bytes, chance: random.Random) -> bytes:
    for depth in range(chance.randint(1, 60)):
        edge = b"b" if chance.random() < 0.5 else b"b%d" % depth
        kind = chance.choice([b"mixed", b"alternative", b"report", b"related"])
        raw = b"Content-Type: multipart/%b; boundary=%b\n\n--%b\n%b\n--%b--\n" % (kind, edge, edge, raw, edge)
    return raw


def many_parts(raw: bytes, chance: random.Random) -> bytes:
    return b"Content-Type: multipart/mixed; boundary=b\n\n" + (b"--b\n" + raw) * chance.randint(
        1, LARGE // len(raw) + 1
    )


def huge_header(raw: bytes, chance: random.Random) -> bytes:
    pieces = chance.choices(PIECES, k=chance.randint(1, 10))
    value = b"".join(pieces)
    return chance.choice(HEADERS) + b": " + value * (chance.randrange(LARGE) // len(value)) + b"\n" + raw


def many_headers(raw: bytes, chance: random.Random) -> bytes:
    return b"".join(chance.choice(HEADERS) + b": x\n" for _ in range(chance.randrange(5_000))) + raw


def other_charset(raw: bytes, chance: random.Random) -> bytes:
    return re.sub(rb"charset=[^\s;]+", lambda _: b"charset=" + chance.choice(CHARSETS), raw)


def other_lines(raw: bytes, chance: random.Random) -> bytes:
    return raw.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b"\n>", b"\n\t"]))


SPOIL: list[Callable[[bytes, random.Random], bytes]] = [
    *(
        flipped,
        cut,
        spliced,
        trapped,
        repeated,
        nested,
        many_parts,
        huge_header,
        many_headers,
        other_charset,
        other_lines,
    )
]


def read(raw: bytes) -> None:
    """All that is done with a mail, and with its bytes as if they were a page or a text."""
    letter = mail.parse(raw)
    str((letter.date, letter.received_at, letter.references))
    mail.stripped(letter.text).encode()
    mail.automatic(letter.headers, sender=letter.sender.address, subject=letter.subject)
    mail.proved(letter.headers, letter.sender.address)
    page = raw.decode("utf-8", "replace")
    mail.stripped(mail.text_of(page))
    mail.stripped(page)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_spoiled_mail_raises_or_takes_long(seed: int) -> None:
    chance = random.Random(seed)
    size, all_taken = 0, 0.0
    for _ in range(MAILS):
        raw = chance.choice(CORPUS)
        spoils = chance.choices(SPOIL, k=chance.randint(1, 3))
        for spoil in spoils:
            raw = spoil(raw, chance)[: 4 * LARGE]
        began = time.process_time()
        read(raw)
        taken = time.process_time() - began
        assert taken < SLOWEST, [spoil.__name__ for spoil in spoils]
        size, all_taken = size + 2 * len(raw), all_taken + taken  # read twice: as a mail and as a page
    assert all_taken < SLOWEST * size / 1_000_000
