"""Whether whole words and phrases are in a text, in any script and in time that grows with its length alone.

Capitals, accents and signs do not count. Scripts that are written without spaces, and Korean, whose particles stick to
its words, have no whole words: there each letter stands for itself. A text is folded piece by piece, because Unicode's
order of marks takes the square of their number (100,000 of them 9 s).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

PIECE = 256  # characters
LONGEST = 100_000  # characters, folded; words behind them are not found
_UNSEEN = re.compile("[\u00ad\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u0652]"
)  # also Hebrew's and Arabic's points
_PLAIN = str.maketrans("ıłøđ", "ilod")  # letters that Unicode does not part from their strokes
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_INDIC = "\u0900-\u0963\u0966-\u0dff"  # whose vowel signs are no letters to Python
_WORD = re.compile(f"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\\W_]|[{_INDIC}])+")


class Searched:
    """A text that is asked for words."""

    def __init__(self, text: str) -> None:
        whole = _folded(text[:LONGEST])
        self._text, self._words = f" {whole} ", frozenset(whole.split())

    def holds(self, phrases: Iterable[str]) -> Iterator[str]:
        """Those that are in it."""
        near = ((phrase, found) for phrase in phrases if self._words.issuperset((found := folded(phrase)).split()))
        return (phrase for phrase, found in near if f" {found} " in self._text)


@lru_cache(maxsize=4096)
def folded(words: str) -> str:
    """Words of a rule as they are looked for; empty if there is no letter in them."""
    return _folded(words)


def _folded(text: str) -> str:
    pieces = (text[first : first + PIECE] for first in range(0, len(text), PIECE))
    return " ".join(_WORD.findall("".join(map(_plain, pieces))[:LONGEST]))


def _plain(piece: str) -> str:
    """Without capitals and accents; what was parted on the way is whole again."""
    apart = unicodedata.normalize("NFKD", _UNSEEN.sub("", piece)).casefold().translate(_PLAIN)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))
