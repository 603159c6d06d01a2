"""What Outlook packs into winmail.dat: files, and words for a mail that has none beside it.

Read by hand: tnefparse, the one library in Python, has rested since 2021, is under the LGPL, opens mails within mails
without end and raises on a name in Cyrillic. Only what is shown is read here; not words in RTF, which Outlook sends as
text too. Tried on the examples that tnefparse is tested with.
Stream: https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxtnef
"""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from chalicelib.characters import one_line
from chalicelib.mail.html import text_of
from chalicelib.mail.values import in_charset

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_FILES = 200
MOST_ATTRIBUTES, MOST_PROPERTIES, MOST_VALUES = 5_000, 1_000, 100
LARGEST_TEXT = 1_000_000  # bytes
_CODE_PAGE, _BODY, _PROPERTIES = 0x69007, 0x2800C, 0x69003  # attributes of the mail
_FILE_BEGINS, _TITLE, _DATA, _FILE_PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005  # and of each file
_PLAIN, _RICH, _PAGE, _FILE_DATA, _LONG_NAME, _TYPE = 0x1000, 0x1009, 0x1013, 0x3701, 0x3707, 0x370E  # properties
_OBJECT, _UNICODE = 0x0D, 0x1F
_LONG = frozenset({0x0D, 0x1E, 0x1F, 0x102})  # types that tell their length
_SIZES: Mapping[int, int] = {  # bytes of the others
    **dict.fromkeys((0x02, 0x0B), 2),
    **dict.fromkeys((0x03, 0x04, 0x0A), 4),
    **dict.fromkeys((0x05, 0x06, 0x07, 0x14, 0x40), 8),
    0x48: 16,
}
_MANY, _NAMED, _BY_WORDS = 0x1000, 0x8000, 1
_HEAD_OF_OBJECT = 16  # bytes that say what it is: of a mail, packed in the same way


class File(NamedTuple):
    name: str
    type: str
    content: bytes


class Packed(NamedTuple):
    """`rich` says that there are words in RTF, `whole` that nothing else is cut off, wrong or too much."""

    text: str
    files: tuple[File, ...]
    rich: bool
    whole: bool


_Values = Mapping[int, tuple[int, bytes]]  # type and bytes of each property


def unpacked(content: bytes) -> Packed:
    """What `content` holds, as far as it can be read."""
    if not content.startswith(SIGNATURE):
        return Packed("", (), rich=False, whole=False)
    about: dict[int, bytes] = {}
    files: list[dict[int, bytes]] = []
    whole = False
    for attribute, value in _attributes(content):
        whole = not attribute  # which comes last
        if attribute == _FILE_BEGINS:
            files.append({})
        elif attribute in (_CODE_PAGE, _BODY, _PROPERTIES):
            about.setdefault(attribute, value)
        elif files:
            files[-1].setdefault(attribute, value)
    charset = f"cp{int.from_bytes(about.get(_CODE_PAGE, b'')[:4], 'little')}"
    found = tuple(_file(one, charset) for one in files[:MOST_FILES])
    values = _properties(about.get(_PROPERTIES, b""))
    text = _text(values, about.get(_BODY, b""), charset)
    return Packed(text, found, rich=_RICH in values, whole=whole and len(files) <= MOST_FILES)


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each attribute and its value; then a zero if all of them could be read."""
    place = len(SIGNATURE) + 2
    for _ in range(MOST_ATTRIBUTES):
        if place >= len(content):
            yield 0, b""
            return
        if len(content) < place + 9:
            return
        attribute, length = struct.unpack_from("<II", content, place + 1)
        place += 9
        if len(content) < place + length:
            return
        yield attribute, content[place : place + length]
        place += length + 2  # behind it stands a checksum, which mail programs do not heed


def _text(values: _Values, body: bytes, charset: str) -> str:
    plain = _string(values, _PLAIN, charset) or in_charset(body[:LARGEST_TEXT].rstrip(b"\0"), charset)
    return plain if plain.strip() else text_of(_string(values, _PAGE, charset))


def _file(about: Mapping[int, bytes], charset: str) -> File:
    values = _properties(about.get(_FILE_PROPERTIES, b""))
    name = _string(values, _LONG_NAME, charset) or in_charset(about.get(_TITLE, b"")[:1_000].rstrip(b"\0"), charset)
    kind, inner = values.get(_FILE_DATA, (0, b""))
    if _DATA not in about and kind == _OBJECT and inner[_HEAD_OF_OBJECT:].startswith(SIGNATURE):
        return File(name, "application/ms-tnef", inner[_HEAD_OF_OBJECT:])  # an attached mail stays closed
    type_ = one_line(_string(values, _TYPE, charset), 100).lower()
    return File(name, type_ if "/" in type_ else "application/octet-stream", about.get(_DATA, inner))


def _string(values: _Values, name: int, charset: str) -> str:
    kind, value = values.get(name, (0, b""))
    if kind == _UNICODE:
        return in_charset(value[: min(LARGEST_TEXT, len(value) // 2 * 2)], "utf-16-le").rstrip(
            "\ufffd"
        )  # it ends in NUL
    return in_charset(value[:LARGEST_TEXT].rstrip(b"\0"), charset)


def _properties(content: bytes) -> _Values:
    """The properties up to the first that cannot be read."""
    found: dict[int, tuple[int, bytes]] = {}
    place = 4
    try:
        for _ in range(min(MOST_PROPERTIES, *struct.unpack_from("<I", content))):
            kind, name = struct.unpack_from("<HH", content, place)
            place = _behind_name(content, place + 4, name)
            value, place = _value(content, place, kind)
            found.setdefault(name, (kind, value))
    except struct.error:  # it is cut off, or of a kind that is not known
        pass
    return found


def _behind_name(content: bytes, place: int, name: int) -> int:
    """Where the value begins: a property of somebody's own has a longer name."""
    if name < _NAMED:
        return place
    how, length = struct.unpack_from("<II", content, place + 16)
    return place + 24 + (_padded(length) if how == _BY_WORDS else 0)


def _value(content: bytes, place: int, kind: int) -> tuple[bytes, int]:
    """The first value of a property, and where the next property begins. Raises struct.error."""
    type_ = kind & ~_MANY
    count = 1
    if kind & _MANY or type_ in _LONG:
        (count,) = struct.unpack_from("<I", content, place)
        place += 4
    if type_ not in _LONG:
        return b"", place + _padded(count * _size(type_))
    value = b""
    for number in range(min(count, MOST_VALUES)):
        (length,) = struct.unpack_from("<I", content, place)
        value = value if number else content[place + 4 : place + 4 + length]
        place += 4 + _padded(length)
    return value, place


def _size(type_: int) -> int:
    if type_ not in _SIZES:
        raise struct.error(f"a property of type {type_}")
    return _SIZES[type_]


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
