"""How many SMS a text takes: one holds 160 characters of GSM-7, or 70 where a single one is not among those. Pure.

https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding
"""

from unicodedata import combining, normalize

SEPTET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_SEPTETS = frozenset("|^€{}[]~\\\f")  # these take the place of two
INSTEAD = str.maketrans("łŁđĐ’‘“”„–—…", 'lLdD\'\'"""--.')  # of what cannot be taken apart
ONE, ONE_WIDE = 160, 70  # what fits into a single one
EACH, EACH_WIDE = 153, 67  # … into each of several


def plain(text: str) -> str:
    """The text with a plain letter for each that would make it wide, as people write SMS: dziekuje for dziękuję."""
    return "".join(one if one in SEPTET | TWO_SEPTETS else _plain(one) for one in text)


def _plain(character: str) -> str:
    """The letter without its marks, if there is such a one."""
    bare = "".join(one for one in normalize("NFKD", character.translate(INSTEAD)) if not combining(one))
    return bare if set(bare) <= SEPTET else character


def others(text: str) -> str:
    """The characters of a text that make all of it wide."""
    return "".join(dict.fromkeys(one for one in text if one not in SEPTET | TWO_SEPTETS))


def length(text: str) -> int:
    """How many places a text takes, of those that one SMS has."""
    if others(text):
        return len(text.encode("utf-16-le")) // 2
    return sum(map(septets, text))


def septets(letter: str) -> int:
    """How many places a letter takes in GSM-7; 0 where it is not in it."""
    return 1 if letter in SEPTET else 2 * (letter in TWO_SEPTETS)


def count(text: str) -> int:
    one, each = (ONE_WIDE, EACH_WIDE) if others(text) else (ONE, EACH)
    return 1 if length(text) <= one else -(-length(text) // each)
