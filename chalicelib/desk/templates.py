"""Canned answers: their gaps, and what an agent puts into them."""

import re
from collections.abc import Mapping

_GAP = re.compile(r"\{(\w+)\}")
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|[“„]([^“”]*)[”“]|(\S+))')


def gaps(text: str) -> list[str]:
    """The names of the gaps, each once, in their order."""
    return list(dict.fromkeys(_GAP.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its gaps filled; what is put in is not looked into again."""
    return _GAP.sub(lambda gap: values[gap[1]], text)


def given(rest: str) -> tuple[dict[str, str], str]:
    """The `name=value` of a line, a value with spaces in quotes; and what is none."""
    values = {found[1]: next(filter(None, found.groups()[1:]), "") for found in _PAIR.finditer(rest)}
    return values, " ".join(_PAIR.sub(" ", rest).split())
