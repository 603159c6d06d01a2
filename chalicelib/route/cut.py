"""Long texts in parts, and the words of each delivery."""

import unicodedata

from chalicelib import desk, providers
from chalicelib.models import Delivery, DeliveryKind, Message, Shop

MOST_PARTS = 40  # three go out in one receive, and thirty receives in an hour mean that a message kills the worker
CUT = " … (too long to show: cut here)"


def parts(text: str, size: int) -> list[str]:
    """`text` cut at line ends or spaces into parts of at most `size` characters; no character is cut from its marks."""
    pieces: list[str] = []
    while len(text) > size and len(pieces) < MOST_PARTS - 1:
        cut = _cut(text, size)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text if len(text) <= size else text[: size - len(CUT)] + CUT]


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
    pieces = parts(text, shortest(shop) if forward else providers.load(delivery.provider).can.text)
    piece = pieces[delivery.part] if delivery.part < len(pieces) else ""
    return piece if forward else "\n\n".join(filter(None, [delivery.text, piece]))


def shortest(shop: Shop) -> int:
    """Characters of one post that every desk takes: a message that moves to another desk keeps its parts."""
    return min(providers.load(place.carrier).can.text for place in shop.desks.values())


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
