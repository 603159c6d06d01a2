"""Long texts in parts, and the words of each delivery."""

import unicodedata
from collections.abc import Callable
from functools import partial

from chalicelib import desk, providers, sms
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.provider import Can
from chalicelib.models.shop import Shop

MOST_PARTS = 40  # three go out in one receive, and thirty receives in an hour mean that a message kills the worker
CUT = " … (too long to show: cut here)"


def parts(text: str, size: int, units: int | None = None, octets: bool = False) -> list[str]:
    """`text` cut at line ends or spaces into parts that are not too long; no character is cut from its marks.

    `size`, `units` and `octets` as Can has them: `text`, `units` and `octets`.
    """
    pieces: list[str] = []
    room = partial(_room, size=size, units=units, octets=octets)
    while (fits := room(text)) < len(text) and len(pieces) < MOST_PARTS - 1:
        cut = _cut(text, fits)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text if fits >= len(text) else text[: room(CUT + text) - len(CUT)] + CUT]


def parts_for(text: str, can: Can) -> list[str]:
    """`text` in the parts that a provider sends."""
    return parts(text, can.text, can.units, can.octets)


def part(message: Message, delivery: Delivery, shop: Shop) -> str:
    """The words of a delivery: its own, its part of the message, or (to a customer) both."""
    if delivery.kind in (DeliveryKind.ACKNOWLEDGE, DeliveryKind.NOTICE) or delivery.change == "delete":
        return delivery.text
    if delivery.file is not None:
        return ""
    if delivery.said:
        return delivery.said
    forward = delivery.kind is DeliveryKind.FORWARD
    text = desk.shown(message) if forward else message.text
    if delivery.public:
        return text
    pieces = parts(text, shortest(shop)) if forward else parts_for(text, providers.load(delivery.provider).can)
    piece = pieces[delivery.part] if delivery.part < len(pieces) else ""
    return piece if forward else "\n\n".join(filter(None, [delivery.text, piece]))


def shortest(shop: Shop) -> int:
    """Characters of one post that every desk takes: a message that moves to another desk keeps its parts."""
    return min(providers.load(place.carrier).can.text for place in shop.desks.values())


def _room(text: str, size: int, units: int | None, octets: bool) -> int:
    """How many characters of `text` one part takes. What comes before the first letter beyond GSM-7 may go alone."""
    if octets:
        return _within(text, size, _octets)
    if units is None:
        return size
    return max(_within(text, size, sms.septets), _within(text, units, _units))


def _within(text: str, most: int, measure: Callable[[str], int]) -> int:
    """How many of its first characters take no more than `most`, up to one that cannot be measured so."""
    for place, letter in enumerate(text):
        taken = measure(letter)
        if not taken or taken > most:
            return place
        most -= taken
    return len(text)


def _octets(letter: str) -> int:
    return len(letter.encode("utf-8", "surrogatepass"))


def _units(letter: str) -> int:
    return 1 + (letter > "\uffff")


def _cut(text: str, size: int) -> int:
    """Where to cut: after the last line end or space of the second half, else before a whole character."""
    for mark in ("\n", " "):
        cut = text.rfind(mark, size // 2, size)
        if cut > 0:
            return cut + 1
    cut = size
    while cut > size // 2 and _joined(text[cut - 1], text[cut]):
        cut -= 1
    return cut


def _joined(before: str, after: str) -> bool:
    """Whether two characters are one for the reader: marks, joiners, variation selectors, skin tones, flags."""
    joiner, flags = "\u200d", range(0x1F1E6, 0x1F200)
    return (
        joiner in (before, after)
        or unicodedata.category(after) in ("Mn", "Me", "Mc")
        or 0x1F3FB <= ord(after) <= 0x1F3FF
        or (ord(before) in flags and ord(after) in flags)
    )
