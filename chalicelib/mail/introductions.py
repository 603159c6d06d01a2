"""What stands above a quoted mail: a bar, the head of a copied one, or the line that says who wrote it."""

import re
from itertools import takewhile

from chalicelib.mail.languages import folded, words

_SENDER, _DATE, _SUBJECT = (frozenset(words(field)) for field in ("sender", "date", "subject"))
_LABELS = _SENDER | _DATE | _SUBJECT | frozenset(words("other"))
_ORIGINAL, _FORWARDED = frozenset(words("original")), frozenset(words("forwarded"))
_DATED = tuple(f"{word} " for word in words("dated"))
_WROTE = tuple(f" {verb.removesuffix(' …')}" for verb in words("wrote"))
_WROTE_NAME = tuple(f" {verb.removesuffix('…')}" for verb in words("wrote") if verb.endswith("…"))

_BRACKETED = re.compile(r"<[^<>\s@]{1,100}@[^<>\s@]{1,200}>")
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_TIME, _YEAR, _DIGIT = re.compile(r"\d[:.]\d\d"), re.compile(r"(?<!\d)20\d\d(?!\d)"), re.compile(r"\d")
_WHOLE_DATE = re.compile(r"(?<!\d)(?:20\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d)(?!\d)")
_DATE_FIRST = re.compile(r"\W{0,3}(?:[^\W\d_]{1,20}\W{1,3}){0,2}\d")
_FOREIGN_LABEL = re.compile(r"\W{0,4}[^\W\d_][^:\d]{0,29}:\s")
_ENDING = re.compile(r":[\s\u200e\u200f\u202a-\u202e]*$|:   |---\s*$")
_GAP = ":   "  # Yahoo's app writes what it quotes into the same line
_LONGEST_ATTRIBUTION, _LONGEST_JOINED = 3, 500  # lines (mail programs wrap them) and characters
_LABELS_WITHIN = 8  # lines
_LONGEST_LABEL, _LONGEST_BAR = 40, 120  # characters
_OUTLOOKS_RULE = 20  # underscores at least; Outlook draws 32


def begins(lines: list[str], place: int) -> bool:
    """Whether a mail is copied from here on: a bar that says so, or its head."""
    line = lines[place].strip()
    if _is_bar(line, _ORIGINAL, least=2) or _is_bar(line, _FORWARDED, least=0):
        return True
    if line.startswith(">>> ") and line.endswith(" >>>"):
        return True
    if not line.strip("_"):
        return len(line) >= _OUTLOOKS_RULE and _foreign_head(lines, place)
    return labelled(line) and _head(lines[place : place + _LABELS_WITHIN])


def _is_bar(line: str, known: frozenset[str], *, least: int) -> bool:
    """Whether a line is one of those words with at least so many dashes before it."""
    line = line.strip()
    core = line.strip("-_=*: ")
    return len(line) <= _LONGEST_BAR and line.find(core) >= least and folded(core) in known


def _label(line: str) -> str:
    """`from` of `*From:* Ann`; empty where nothing is labelled."""
    before, colon, _ = line[:_LONGEST_LABEL].partition(":")
    return folded(before).strip("*_ ") if colon else ""


def _head(near: list[str]) -> bool:
    """Whether `From:`, `Subject:` and a date stand in these lines before an empty one. People hardly list all three."""
    labels = {_label(line): line for line in takewhile(str.strip, near)}
    dated = any(label in _DATE and _DIGIT.search(line) for label, line in labels.items())
    return dated and not _SENDER.isdisjoint(labels) and not _SUBJECT.isdisjoint(labels)


def _foreign_head(lines: list[str], place: int) -> bool:
    """Whether a head in a language not known here stands below Outlook's drawn line."""
    below = (line.strip() for line in lines[place + 1 : place + _LABELS_WITHIN] if line.strip())
    head = list(takewhile(_FOREIGN_LABEL.match, below))
    return len(head) >= 3 and any(map(_BRACKETED.search, head)) and any(map(_YEAR.search, head))


def passes_on(line: str) -> bool:
    """Whether a mail that is passed on stands below: it is part of what its author says."""
    return _is_bar(line, _FORWARDED, least=0)


def labelled(line: str) -> bool:
    return _label(line) in _LABELS


def addressed(attribution: list[str]) -> bool:
    """Whether an address stands in brackets: people who tell what somebody wrote do not write it so."""
    return _BRACKETED.search(folded(" ".join(attribution))) is not None


def by_program(attribution: list[str]) -> bool:
    """Whether a program wrote it: with such an address, or with a whole date and its time."""
    said = " ".join(attribution)
    return addressed(attribution) or (_TIME.search(said) is not None and _WHOLE_DATE.search(said) is not None)


def attribution(lines: list[str], place: int) -> int:
    """How many lines from `place` on say who wrote what follows; 0 if they do not."""
    for size in range(1, _LONGEST_ATTRIBUTION + 1):
        part = lines[place : place + size]
        if len(part) < size or not part[-1].strip() or sum(map(len, part)) > _LONGEST_JOINED:
            break
        if _ENDING.search(part[-1]) and introduces(" ".join(map(str.strip, part))):
            return 0 if size > 1 and introduces(" ".join(map(str.strip, part[1:]))) else size
    return 0


def introduces(text: str) -> bool:
    """`On …, Ann wrote:`, `Am … schrieb Ann:`, `Ann schrieb am …:`, `Ann <ann@…> wrote:`, `3.2.2025, 10:14, ann@…:`"""
    text, gap, _ = text.partition(_GAP)
    said = folded(text + gap.strip())
    barred = said.startswith("---") and said.endswith("---")  # Zoho
    if not (barred or said.endswith(":")) or not (_DIGIT.search(said) or _BRACKETED.search(said)):
        return False
    said = said.strip("- ").rstrip(",: ")
    begins = said.startswith(_DATED)
    dated = _DATE_FIRST.match(said) is not None and _TIME.search(said) is not None
    if said.endswith(_WROTE):
        return begins or dated or _BRACKETED.search(said) is not None
    if begins and any(verb in said for verb in _WROTE_NAME):
        return True
    if _BRACKETED.search(said) and _TIME.search(said) and any(f"{verb} (" in said for verb in _WROTE):
        return True  # Apple in Turkish
    if any(f"{verb} {word}" in said for verb in _WROTE if verb in said for word in _DATED):
        return True
    return dated and _YEAR.search(said) is not None and "@" in said.rpartition(" ")[2]  # Gmail, mail.ru and Yandex


def foreign_attribution(lines: list[str]) -> int:
    """How many of the last lines may say who wrote what follows, in a language not known here.

    A date and a time make it whole; without them an address will do. The fewest lines, for the others may be new.
    """
    addressed = 0
    for size in range(1, min(len(lines), _LONGEST_ATTRIBUTION) + 1):
        said = folded(" ".join(lines[-size:])) if lines[-size].strip() else ""
        if not said.endswith(":") or len(said) > _LONGEST_JOINED:
            break
        if _TIME.search(said) and _YEAR.search(said):
            return size
        addressed = addressed or (size if _ADDRESS.search(said) else 0)
    return addressed
