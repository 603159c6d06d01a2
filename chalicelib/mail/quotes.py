"""What a person newly wrote in a mail: without quoted history and signature, English and German, and above our line.

Every rule looks at single lines with bounded expressions, so that no text takes more than its length.
"""

import re
from itertools import accumulate

MARKER = "## Please write your answer above this line ##"

_BAR = re.compile(
    r"[-_=* ]{2,40}(?:original[ -]?message|original appointment"
    r"|urspr(?:ü|ue?)ngliche (?:nachricht|mail|e-mail)|original-?nachricht)[-_=*: ]{0,40}",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"[-_=* ]{0,40}(?:(?:begin )?forwarded message|weitergeleitete (?:nachricht|mail|e-mail)"
    r"|anfang der weitergeleiteten (?:nachricht|e-mail))[-_=*: ]{0,40}",
    re.IGNORECASE,
)
_FROM = re.compile(r"\W{0,4}(?:from|von)\*?\s{0,3}:", re.IGNORECASE)
_LABEL = re.compile(
    r"\W{0,4}(?:from|sent|date|to|cc|subject|reply-to|von|gesendet|datum|an|betreff|kopie|antwort an)\*?\s{0,3}:",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"\W{0,4}(?:subject|betreff)\*?\s{0,3}:", re.IGNORECASE)
_BRACKETED = re.compile(r"<[^<>\s@]{1,100}@[^<>\s@]{1,200}>")
_ADDRESS = re.compile(r"[^\s<>@]@[^\s<>@]")
_TIME, _YEAR, _DIGIT = re.compile(r"\d[:.]\d\d"), re.compile(r"\b20\d\d\b"), re.compile(r"\d")
_DEVICE = "(?:iphone|ipad|android|samsung|galaxy|huawei|xiaomi|pixel|phone|handy|mobil|smartphone|tablet|mac|windows)"
_PROGRAM = "(?:outlook|yahoo|gmail|gmx|web[.]de|aol|mail for|mail für|proton|samsung|t-online|mail app|freenet)"
_MOBILE = re.compile(
    rf"(?:(?:sent|written) (?:from|via|with|using) (?:(?:my|the) )?.{{0,20}}(?:{_DEVICE}|{_PROGRAM})|get outlook for"
    rf"|(?:gesendet|geschickt) (?:von|mit|über|aus) (?:(?:meine[mr]|der|dem) )?.{{0,20}}(?:{_DEVICE}|{_PROGRAM})"
    rf"|(?:diese (?:nachricht|e-?mail) wurde )?von meine[mr] .{{0,20}}{_DEVICE}.{{0,40}}(?:gesendet|geschickt)"
    r"|outlook für (?:ios|android)|holen sie sich outlook).{0,80}",
    re.IGNORECASE,
)
_REPLY_SUBJECT = re.compile(r"\s{0,5}(?:re|aw|antw|antwort)\s{0,2}(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,2}:", re.IGNORECASE)
_FORWARDED_SUBJECT = re.compile(r"\s{0,5}(?:fwd?|wg|weitergeleitet)\s{0,2}:", re.IGNORECASE)
_LONGEST_ATTRIBUTION, _LONGEST_JOINED = 3, 500  # lines (mail programs wrap them) and characters
_LABELS_WITHIN = 8  # lines
_SHORT_SIGNATURE = 12  # lines below a bare `--`, which may also be somebody's rule


def above_marker(text: str, *, marker: str = MARKER) -> str:
    """The text above the line that holds `marker`; all of it where there is none."""
    lines = _lines(text)
    return "\n".join(lines[: _marked(lines, marker)]).rstrip()


def stripped(text: str, *, marker: str = MARKER) -> str:
    """What was newly written: above the marker, without quoted history and signature. It may be nothing.

    Where nothing of that kind is recognised the text comes back whole, but for space at its ends. A forwarded mail and
    answers between quoted lines are left as they are.
    """
    lines = _lines(text)
    end = _marked(lines, marker)
    below = end < len(lines)
    lines = lines[:end]
    lines = lines[: _history(lines, below)]
    lines = _without_signature(lines)
    return "\n".join(lines).strip()


def forwarded(subject: str) -> bool:
    """Whether a subject says that the mail passes another one on: then what looks like history is its message."""
    return _FORWARDED_SUBJECT.match(subject) is not None


def is_reply(subject: str) -> bool:
    return _REPLY_SUBJECT.match(subject) is not None


def without_reply_marks(subject: str) -> str:
    """`subject` without any number of Re: and AW: before it."""
    while found := _REPLY_SUBJECT.match(subject):
        subject = subject[found.end() :].strip()
    return subject


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _marked(lines: list[str], marker: str) -> int:
    """The place of the marker's line. Mail programs put marks of quoting around it, or change its case and hashes."""
    core = marker.strip("# ").casefold()
    places = (place for place, line in enumerate(lines) if core in line[:500].casefold())
    return next(places, len(lines))


# ---- history ----------------------------------------------------------------------------------------------------


def _history(lines: list[str], below: bool) -> int:
    """Where quoted history begins. With `below`, more of it follows: what introduces it stands at the very end."""
    quoted = [line.lstrip().startswith(">") for line in lines]
    quoted_after = _after(quoted)
    own_after = _after([bool(line.strip()) and not quote for line, quote in zip(lines, quoted, strict=True)])
    for place, line in enumerate(lines):
        if quoted[place] or not line.strip():
            continue
        if _FORWARD.fullmatch(line.strip()) and not below:
            return len(lines)
        if _begins(lines, place):
            return _without_rule(lines, place)
        if size := _attribution(lines, place):
            own, quotes = own_after[place + size], quoted_after[place + size]
            if (quotes and not own) or (not quotes and _written_by_a_program(lines[place : place + size])):
                return place
    return _last_quote(lines, quoted, below)


def _after(flags: list[bool]) -> list[int]:
    """How many of the flags are set from each place on."""
    return list(accumulate(reversed(flags), initial=0))[::-1]


def _begins(lines: list[str], place: int) -> bool:
    """Whether a mail is copied from here on: a bar that says so, or its head with From, Subject and one more label."""
    line = lines[place].strip()
    if _BAR.fullmatch(line) or _FORWARD.fullmatch(line):
        return True
    if not _LABEL.match(line):
        return False
    near = [other.strip() for other in lines[place : place + _LABELS_WITHIN]]
    has_both = any(map(_FROM.match, near)) and any(map(_SUBJECT.match, near))
    return has_both and sum(bool(_LABEL.match(other)) for other in near) >= 3


def _attribution(lines: list[str], place: int) -> int:
    """How many lines from `place` on say who wrote what follows; 0 if they do not."""
    for size in range(1, _LONGEST_ATTRIBUTION + 1):
        part = lines[place : place + size]
        if len(part) < size or not part[-1].strip() or sum(map(len, part)) > _LONGEST_JOINED:
            return 0
        if _introduces(" ".join(map(str.strip, part))):
            return 0 if size > 1 and _introduces(" ".join(map(str.strip, part[1:]))) else size
    return 0


def _introduces(text: str) -> bool:
    """`On …, Ann wrote:`, `Am … schrieb Ann:`, `Ann schrieb am …:`, `Ann <ann@…> wrote:`, with a digit or address."""
    words = text.casefold()
    if not words.endswith(":") or not (_DIGIT.search(words) or _BRACKETED.search(words)):
        return False
    words = words.rstrip(": ")
    wrote, schrieb = words.endswith(" wrote"), words.endswith((" schrieb", " geschrieben"))
    return (
        (words.startswith("on ") and wrote)
        or (words.startswith("am ") and (schrieb or " schrieb " in words))
        or " schrieb am " in words
        or bool((wrote or schrieb) and _BRACKETED.search(words))
    )


def _written_by_a_program(lines: list[str]) -> bool:
    """An address, or a full date with its time: what people who quote by hand do not write."""
    text = " ".join(lines)
    return bool(_ADDRESS.search(text) or (_TIME.search(text) and _YEAR.search(text)))


def _without_rule(lines: list[str], place: int) -> int:
    """`place`, or that of the drawn line just above it (Outlook)."""
    above = place
    while above and not lines[above - 1].strip():
        above -= 1
    rule = lines[above - 1].strip() if above else ""
    return above - 1 if len(rule) >= 5 and not rule.strip("-_") else place


def _last_quote(lines: list[str], quoted: list[bool], below: bool) -> int:
    """Where the quoted lines at the end begin, with what introduces them in whatever language; the end without that.

    Somebody may quote an error at the end of a first mail: without an introduction it is no history.
    """
    end = len(lines)
    while end and (quoted[end - 1] or not lines[end - 1].strip()):
        end -= 1
    if not below and not any(quoted[end:]):
        return len(lines)
    first = next((line.strip(" \t>") for line in lines[end:] if line.strip(" \t>")), "")
    if _introduces(first):  # Apple quotes that line as well
        return end
    start = end
    while start and lines[start - 1].strip() and not quoted[start - 1] and end - start <= _LONGEST_ATTRIBUTION:
        start -= 1
    for begin in (start, end - 1):
        part = lines[max(begin, 0) : end]
        if part and len(part) <= _LONGEST_ATTRIBUTION and _foreign(" ".join(map(str.strip, part))):
            return begin
    return end if below else len(lines)


def _foreign(text: str) -> bool:
    """Whether `text` may say who wrote what follows, in a language not known here."""
    return text.endswith(":") and len(text) <= _LONGEST_JOINED and _written_by_a_program([text])


# ---- signature --------------------------------------------------------------------------------------------------


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before a signature: below `-- ` (RFC 3676 4.3), or the line a mail program puts at the end."""
    for place, line in enumerate(lines):
        if line == "-- " or (line.strip() == "--" and len(lines) - place <= _SHORT_SIGNATURE):
            lines = lines[:place]
            break
    end = len(lines)
    while end and (not lines[end - 1].strip() or _MOBILE.fullmatch(lines[end - 1].strip(" \t_-*"))):
        end -= 1
    return lines[:end]
