"""Texts with gaps: {shop} is filled in; [a part in brackets] is left out where a gap of it is not known. Pure."""

import re
from collections.abc import Mapping

_GAP = re.compile(r"\{([^{}]*)\}")
_PART = re.compile(r"\[([^\[\]]*\{[^{}\[\]]*\}[^\[\]]*)\]")  # brackets around no gap are brackets


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with what is `known` in its gaps; an empty value is one that is not known."""
    kept = _PART.sub(lambda part: part[1] if all(map(known.get, names(part[1]))) else "", text)
    return _GAP.sub(lambda gap: known.get(gap[1], ""), kept)


def names(text: str) -> list[str]:
    """The gaps of a text, in order."""
    return _GAP.findall(text)


def needed(text: str) -> list[str]:
    """Those of its gaps that must be known: outside of brackets."""
    return names(_PART.sub("", text))
