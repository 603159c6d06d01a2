"""What mobile networks make of a text: its length in GSM-7 or UCS-2, and how many SMS it takes.

The alphabet: 3GPP TS 23.038, sections 6.2.1 and 6.2.1.1. The lengths: 3GPP TS 23.040, section 9.2.3.24.1.
"""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ESCAPED = "\f^{}\\[~]|€"


def narrow(text: str) -> bool:
    """Whether GSM-7 can write it."""
    return all(letter in BASIC or letter in ESCAPED for letter in text)


def length(text: str) -> int:
    """Septets of GSM-7 where that can write it, else UTF-16 units."""
    return sum(_sizes(text))


def segments(text: str) -> int:
    """How many SMS it takes. What is written by two septets or two units is never cut in two."""
    alone, joined = (160, 153) if narrow(text) else (70, 67)
    sizes = _sizes(text)
    if sum(sizes) <= alone:
        return 1
    count, room = 1, joined
    for size in sizes:
        if size > room:
            count, room = count + 1, joined
        room -= size
    return count


def _sizes(text: str) -> list[int]:
    if narrow(text):
        return [1 + (letter in ESCAPED) for letter in text]
    return [1 + (ord(letter) > 0xFFFF) for letter in text]
