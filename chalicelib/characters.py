"""Characters that cannot be kept, or that make a text look like another."""

import re

LONGEST_LINE = 2_000  # characters
_BREAKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # they turn the direction of what follows: exe.gpj


def clean_text(text: str) -> str:
    """`text` with lone surrogates and NUL replaced by U+FFFD; everything else is kept as it was written."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: str, longest: int = LONGEST_LINE) -> str:
    """`text` as one line: control characters and line ends become a space, turns of direction are left out."""
    return _BREAKS.sub(" ", _UNSEEN.sub("", clean_text(text[: 2 * longest]))).strip()[:longest].rstrip()
