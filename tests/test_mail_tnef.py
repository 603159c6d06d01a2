"""What Outlook packs into winmail.dat: its files and words come out, and whatever it holds, nothing is lost."""

import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import mail
from chalicelib.errors import Unreadable
from chalicelib.mail.tnef import SIGNATURE, File, unpacked

HEAD = b"From: Mira <mira@customer.example>\nTo: service@shop.example\nSubject: Order\nContent-Type: "
SLOWEST = 0.5  # CPU seconds for a megabyte


def attribute(id: int, value: bytes, level: int = 1) -> bytes:
    return struct.pack("<BII", level, id, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def long(kind: int, id: int, value: bytes, name: bytes = b"") -> bytes:
    """A property that tells its length."""
    return struct.pack("<HH", kind, id) + name + struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*given: bytes) -> bytes:
    return struct.pack("<I", len(given)) + b"".join(given)


def stream(*attributes: bytes) -> bytes:
    return SIGNATURE + b"\x01\x00" + b"".join([attribute(0x69007, struct.pack("<II", 1251, 0)), *attributes])


def file(title: bytes, data: bytes, *more: bytes) -> bytes:
    known = [attribute(0x18010, title + b"\0", 2), attribute(0x6800F, data, 2)]
    return b"".join([attribute(0x69002, b"\0" * 14, 2), *known, attribute(0x69005, properties(*more), 2)])


RICH = attribute(0x69003, properties(long(0x102, 0x1009, b"LZFu")))
PLAIN = attribute(0x2800C, "Две кружки".encode("cp1251") + b"\0")
LONG_NAME = long(0x1F, 0x3707, "Größe der Tasse.pdf\0".encode("utf-16-le"))
PDF = file(
    b"GROESS~1.PDF", b"%PDF-1", struct.pack("<HHI", 3, 0x3705, 1), LONG_NAME, long(0x1E, 0x370E, b"Application/PDF\0")
)
NOTE = file("кружка.bin".encode("cp1251"), b"\0\1")


def in_mail(packed: bytes, words: bytes = b"", kind: bytes = b"application/ms-tnef; name=winmail.dat") -> bytes:
    text = b"--b\nContent-Type: text/plain\n\n%b\n" % words if words else b""
    return HEAD + b"multipart/mixed; boundary=b\n\n%b--b\nContent-Type: %b\n\n%b\n--b--\n" % (text, kind, packed)


def test_files_come_out_with_their_names_and_types() -> None:
    found = unpacked(stream(RICH, PDF, NOTE))
    assert found.files == (
        File("Größe der Tasse.pdf", "application/pdf", b"%PDF-1"),
        File("кружка.bin", "application/octet-stream", b"\0\1"),
    )
    assert (found.text, found.rich, found.whole) == ("", True, True)


def test_properties_of_every_kind_are_passed_over() -> None:
    name = b"\0" * 16
    before = [
        struct.pack("<HHhh", 2, 0x1, 7, 0),
        struct.pack("<HHQ", 0x40, 0x2, 7),
        struct.pack("<HH", 0x48, 0x3) + b"\0" * 16,
        struct.pack("<HHI3h", 0x1002, 0x4, 3, 1, 2, 3) + b"\0\0",
        struct.pack("<HHIIcxxxI2sxx", 0x101E, 0x5, 2, 1, b"a", 2, b"bc"),
        long(0x1F, 0x8001, b"a\0", name + struct.pack("<II", 0, 4)),
        long(0x1F, 0x8002, b"a\0", name + struct.pack("<II", 1, 6) + b"k\0e\0y\0\0\0"),
    ]
    assert unpacked(stream(file(b"a", b"b", *before, LONG_NAME))).files[0].name == "Größe der Tasse.pdf"
    unknown = struct.pack("<HHI", 0x77, 0x3, 0)
    assert unpacked(stream(file(b"a", b"b", *before, unknown, LONG_NAME))).files[0].name == "a"


def test_of_several_values_the_first_counts_as_far_as_it_goes() -> None:
    two = struct.pack("<HHII4sI4s", 0x101E, 0x3707, 2, 4, b"one\0", 4, b"two\0")
    assert unpacked(stream(file(b"a", b"b", two))).files[0].name == "one"
    odd = long(0x1F, 0x3707, "zwölf".encode("utf-16-le") + b"\0")
    assert unpacked(stream(file(b"a", b"b", odd))).files[0].name == "zwölf"


def test_an_attached_mail_stays_closed() -> None:
    inner = stream(PLAIN, PDF)
    outer = attribute(0x69002, b"", 2) + attribute(0x69005, properties(long(0x0D, 0x3701, b"i" * 16 + inner)), 2)
    assert unpacked(stream(outer)).files == (File("", "application/ms-tnef", inner),)


# ---- in a mail --------------------------------------------------------------------------------------------------

RTF_ONLY, WORDS = stream(RICH, PDF), b"Two mugs, please."
PAGE = attribute(0x69003, properties(long(0x102, 0x1013, "<p>Две <b>кружки</b></p>".encode("cp1251"))))
UNICODE = attribute(0x69003, properties(long(0x1F, 0x1000, "Две кружки\0".encode("utf-16-le"))))
NAMED = b"application/octet-stream; name=WINMAIL.DAT"


@pytest.mark.parametrize(
    ("raw", "text", "names"),
    [
        (in_mail(RTF_ONLY, WORDS), "Two mugs, please.", ["Größe der Tasse.pdf"]),
        (in_mail(RTF_ONLY, WORDS, NAMED), "Two mugs, please.", ["Größe der Tasse.pdf"]),
        (in_mail(RTF_ONLY), "", ["Größe der Tasse.pdf", "winmail.dat"]),
        (in_mail(stream(PDF)), "", ["Größe der Tasse.pdf"]),
        (in_mail(stream(PLAIN, PDF), WORDS), "Two mugs, please.", ["Größe der Tasse.pdf"]),
        (in_mail(stream(PLAIN, RICH, PDF)), "Две кружки", ["Größe der Tasse.pdf"]),
        (in_mail(stream(UNICODE)), "Две кружки", []),
        (in_mail(stream(PAGE)), "Две кружки", []),
        (in_mail(stream(PLAIN, PDF)[:-90]), "Две кружки", ["GROESS~1.PDF", "winmail.dat"]),
        (in_mail(stream(PDF)[:60], WORDS), "Two mugs, please.", ["attachment", "winmail.dat"]),
        (in_mail(b"junk", WORDS), "Two mugs, please.", ["winmail.dat"]),
        (in_mail(stream(file(b"../a\\b.txt\r\n", b"words")), WORDS), "Two mugs, please.", ["b.txt"]),
        (HEAD + b"application/ms-tnef\n\n" + stream(PLAIN, PDF), "Две кружки", ["Größe der Tasse.pdf"]),
    ],
)
def test_what_is_packed_is_shown_and_what_cannot_be_stays(raw: bytes, text: str, names: list[str]) -> None:
    letter = mail.parse(raw)
    assert letter.text == text
    assert [one.name for one in letter.attachments] == names
    found = [mail.content_of(raw, number) for number in range(len(names))]
    assert [one.name for one in found] == names
    assert [len(one.data) for one in found] == [one.size for one in letter.attachments]
    with pytest.raises(Unreadable):
        mail.content_of(raw, len(names))


def test_a_mail_has_no_more_files_than_parts() -> None:
    many = stream(file(b"a", b"b") * 201)
    assert len(unpacked(many).files) == 200 and not unpacked(many).whole
    assert len(mail.parse(in_mail(many, WORDS)).attachments) == 199


def test_no_more_than_three_of_a_mail_are_opened() -> None:
    part = b"--b\nContent-Type: application/ms-tnef; name=winmail.dat\n\n%b\n" % stream(NOTE)
    letter = mail.parse(HEAD + b"multipart/mixed; boundary=b\n\n" + part * 4)
    assert [one.name for one in letter.attachments] == ["кружка.bin"] * 3 + ["winmail.dat"]


# ---- limits -----------------------------------------------------------------------------------------------------

MB = 1_000_000
HOSTILE = {
    "attributes": stream(attribute(0x1, b"") * 80_000),
    "files": stream(attribute(0x69002, b"") * 80_000),
    "properties": stream(
        attribute(0x69002, b"") + attribute(0x69005, b"\xff\xff\xff\xff" + b"\x03\0\1\0\0\0\0\0" * 120_000)
    ),
    "values": stream(attribute(0x69003, properties(struct.pack("<HHI", 0x101F, 0x1000, 2**32 - 1) + b"\0" * MB))),
    "lengths": stream(attribute(0x69003, properties(struct.pack("<HHII", 0x1F, 0x1000, 1, 2**32 - 1) + b"a" * MB))),
    "within each other": stream(
        attribute(0x69002, b"") + attribute(0x69005, (long(0x0D, 0x3701, SIGNATURE * 9)) * 9_000)
    ),
    "a page": stream(attribute(0x69003, properties(long(0x1E, 0x1013, b"<p>" * 300_000)))),
    "beginnings": SIGNATURE * 250_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_none_takes_long(name: str) -> None:
    raw = in_mail(HOSTILE[name])
    began = time.process_time()
    mail.parse(raw)
    assert time.process_time() - began < SLOWEST * max(1, len(raw) / MB)


PIECES = [stream(), PLAIN, RICH, PDF, NOTE, UNICODE, LONG_NAME, b"\0" * 4, b"\xff" * 4, b"\x01\0\0\0", SIGNATURE]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=12), st.integers(0, 900), st.binary(max_size=3)
)
def test_nothing_makes_it_raise(pieces: list[bytes], place: int, other: bytes) -> None:
    packed = stream(*pieces)
    packed = packed[:place] + other + packed[place + len(other) :]
    for raw in (in_mail(packed), in_mail(packed[:place])):
        letter = mail.parse(raw)
        for number in range(len(letter.attachments)):
            mail.content_of(raw, number)
