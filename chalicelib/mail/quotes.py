"""What a person newly wrote in a mail: without quoted history and signature, and above our line.

Every rule looks at single lines and at a few of them joined, so that no text takes more than its length. The words of
each language stand in languages.py. In doubt a text stays whole: history shown twice is better than words lost.
"""

import re
from itertools import accumulate
from typing import NamedTuple

from chalicelib.mail.introductions import (
    addressed,
    attribution,
    begins,
    by_program,
    foreign_attribution,
    introduces,
    labelled,
    passes_on,
)
from chalicelib.mail.languages import NAMED, fits, folded, words

MARKER = "## Please write your answer above this line ##"

_SENT, _WITHIN = words("sent"), words("within")
_LINK = re.compile(r"[<(]https?://[^\s<>()]{1,500}[>)]")
_MOST_LINES = 5_000  # that are looked at one by one
_SHORT_SIGNATURE = 12  # lines below a bare `--`, which may also be somebody's rule
_LONGEST_SENT, _NAMED_WITHIN = 140, 70  # characters


def above_marker(text: str, *, marker: str = MARKER) -> str:
    """The text above the line that holds `marker`; all of it where there is none."""
    return "\n".join(_above(_lines(text), marker)).rstrip()


def stripped(text: str, *, marker: str = MARKER) -> str:
    """What was newly written: above the marker, without quoted history and signature. It may be nothing.

    Where nothing of that kind is recognised the text comes back whole, but for space at its ends. A forwarded mail and
    answers between quoted lines are left as they are, and so is what has more lines than a person writes.
    """
    whole = _lines(text)
    lines = _above(whole, marker)
    if len(lines) <= _MOST_LINES:
        lines = _without_signature(_new(_without_signature(lines), below=len(lines) < len(whole)))
    return "\n".join(lines).strip()


def answers_within(new: str) -> bool:
    """Whether `new` says that answers stand in the quoted text, where no mark tells them from it (Outlook)."""
    said = folded(new)
    return any(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", said) for phrase in _WITHIN if phrase in said)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _above(lines: list[str], marker: str) -> list[str]:
    """The lines above the marker's. Mail programs put marks of quoting around it, or change its case and hashes."""
    core = marker.strip("# ").casefold()
    places = (place for place, line in enumerate(lines) if line and core in line[:500].casefold())
    return lines[: next(places, len(lines))]


# ---- history ----------------------------------------------------------------------------------------------------


class _Text(NamedTuple):
    """A text's lines; which are quoted; how many quoted and how many other words' lines follow from each place on."""

    lines: list[str]
    quoted: list[bool]
    quoted_after: list[int]
    own_after: list[int]


def _text(lines: list[str]) -> _Text:
    quoted = [_is_quoted(line) for line in lines]
    own = [bool(line.strip()) and not quote for line, quote in zip(lines, quoted, strict=True)]
    return _Text(lines, quoted, _after(quoted), _after(own))


def _new(lines: list[str], *, below: bool) -> list[str]:
    """The lines without history. With `below`, more of it follows: what introduces it stands at the very end."""
    text = _text(lines)
    for place, line in enumerate(lines):
        if text.quoted[place] or not line.strip():
            continue
        if passes_on(line) and not below:
            return lines
        if begins(lines, place):
            return lines[: _top(lines, place)]
        if (size := attribution(lines, place)) and (new := _around(text, place, place + size)):
            return lines[new]
    return lines[: _last_quote(text, below)]


def _is_quoted(line: str) -> bool:
    """GroupWise writes `>>> Ann <ann@…> 3.2.2025 10:14 >>>` above what it copies."""
    return line.lstrip().startswith(">") and not line.rstrip().endswith(" >>>")


def _after(flags: list[bool]) -> list[int]:
    """How many of the flags are set from each place on."""
    return list(accumulate(reversed(flags), initial=0))[::-1]


def _top(lines: list[str], place: int) -> int:
    """`place`, or that of a drawn line above it, with labels between them (Outlook, Yandex)."""
    above = place
    while above and (not lines[above - 1].strip() or labelled(lines[above - 1])):
        above -= 1
    rule = lines[above - 1].strip() if above else ""
    return above - 1 if len(rule) >= 5 and not rule.strip("-_") else place


def _around(text: _Text, place: int, after: int) -> slice | None:
    """What is new around the attribution between the two places: what is above it, or below the only quote.

    None where it introduces no history: answers stand between the quoted lines, or a person wrote it.
    """
    quotes, own, line = text.quoted_after[after], text.own_after[after], text.lines[place:after]
    if quotes and own:
        first = text.own_after[0] == text.own_after[place]
        below = _below_the_quote(text, after) if first and by_program(line) else 0
        return slice(below, None) if below else None
    return slice(_top(text.lines, place)) if quotes or addressed(line) else None


def _below_the_quote(text: _Text, after: int) -> int:
    """Where the answer below the quoted lines begins; 0 if more of them follow it."""
    end = after
    while text.quoted[end] or not text.lines[end].strip():
        end += 1
    return 0 if text.quoted_after[end] else end


def _last_quote(text: _Text, below: bool) -> int:
    """Where the quoted lines at the end begin, with what introduces them in whatever language; the end without that.

    Somebody may quote an error at the end of a first mail: without an introduction it is no history.
    """
    lines, end = text.lines, len(text.lines)
    while end and (text.quoted[end - 1] or not lines[end - 1].strip()):
        end -= 1
    if not below and not text.quoted_after[end]:
        return len(lines)
    first = next((line.strip(" \t>") for line in lines[end:] if line.strip(" \t>")), "")
    if introduces(first):  # Apple quotes that line as well
        return end
    size = foreign_attribution(lines[:end])
    return end - size if size or below else len(lines)


# ---- signature --------------------------------------------------------------------------------------------------


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before a signature: below `-- ` (RFC 3676 4.3), or the line a mail program puts at the end.

    Above quoted lines it is left, for answers may stand between those.
    """
    last_quoted = max((place for place, line in enumerate(lines) if _is_quoted(line)), default=-1)
    for place in range(last_quoted + 1, len(lines)):
        line = lines[place]
        if line == "-- " or (line.strip() == "--" and len(lines) - place <= _SHORT_SIGNATURE):
            lines = lines[:place]
            break
    end = len(lines)
    while end and (not lines[end - 1].strip() or _is_programs(lines, end - 1)):
        end -= 1
    return lines[:end]


def _is_programs(lines: list[str], place: int) -> bool:
    """Whether a line, alone or the first below an empty one, is a mail program's `Sent from my iPhone`."""
    if place and lines[place - 1].strip():
        return False
    said = folded(_LINK.sub("", lines[place][:1_000])).strip("-_*[](). ")
    named = any(name in said[:_NAMED_WITHIN] for name in NAMED)
    return len(said) <= _LONGEST_SENT and named and any(fits(said, phrase) for phrase in _SENT)
