"""In which line of a TOML file each key stands, and where the file is no TOML: to be printed, never to be obeyed.

`tomllib` alone says what a file means; it tells no lines, stops at the first mistake and names the place where it
noticed it, which may be far below. This reads the same grammar (https://toml.io/en/v1.0.0) for places only.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Container, Iterator
from typing import NamedTuple

Place = tuple[str | int, ...]  # names of tables and keys; the number of an entry in a list, from 0

BARE = re.compile(r"[A-Za-z0-9_-]+")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?!"")(?:[^"\\\n]|\\[^\n])*"|' r"'(?!'')[^'\n]*'", re.DOTALL
)
SCALAR = re.compile(r"[^\s,\[\]{}#\"'=]+(?: \d\d:[\d:.+Z-]+)?")  # a number, a truth, a date with or without its time
BLANK = re.compile(r"[ \t]*")
GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
CLOSED = re.compile(r"[^{}\[\]]*\}[^\n]*")  # the rest of a table in { } that goes over several lines
END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
REST = re.compile(r"[^\n#]*")
TO_BREAK = re.compile(r"[^\n]*")
SEVERAL = re.compile(r"[\[{]|\"\"\"|'''")  # begins what may go over several lines
STATEMENT = re.compile(
    r"^[ \t]*(?:\[\[?[^\[\],\n]+\]?\]?[ \t]*(?:#.*)?$|(?:[\w.?-]|\"[^\"\n]*\"|'[^'\n]*')+[ \t]*=)", re.MULTILINE
)
NOT_CLOSED = "the list is not closed: it needs ] at its end"
DEEPEST = 50  # tables and lists within one another
LOST = "?"  # begins the name that keys get whose table is hidden by a slip
POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Slip(NamedTuple):
    """Where a file is no TOML: the line, from 1, what stands there as far as it is known, what would be right."""

    line: int
    place: Place
    words: str


class Scan(NamedTuple):
    """A file's places. `headers` are those set by a [line]; `sound` is the file without its slips.

    `whole` is False where a slip hides to which table the keys below it belong.
    """

    lines: dict[Place, int]
    headers: set[Place]
    slips: list[Slip]
    sound: str
    whole: bool


class _Stop(Exception):
    """It cannot be read on from `at`; without one the statement is not closed. `to` is its end, where that is known."""

    def __init__(self, words: str, at: int | None = None, to: int | None = None) -> None:
        super().__init__(words)
        self.words, self.at, self.to = words, at, to


class _File:
    """A file on its way to being read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.lines: dict[Place, int] = {}
        self.headers: set[Place] = set()
        self.values: set[Place] = set()  # nothing may be put into these from outside
        self.lists: dict[Place, int] = {}  # [[these]], each with its last entry
        self.slips: list[Slip] = []
        self.gone: list[tuple[int, int, str]] = []  # from, to, and what stands there in the sound file
        self.base: Place = ()
        self.now: Place = ()  # what is being read
        self.whole = True

    def line(self, at: int) -> int:
        return bisect_left(self.breaks, at) + 1

    def note(self, place: Place, at: int) -> None:
        for length in range(1, len(place) + 1):
            self.lines.setdefault(place[:length], self.line(at))


def scan(text: str) -> Scan:
    """The places of a file, whatever it holds. Never raises."""
    file = _File(text.replace("\r\n", "\n"))
    at = _past(GAP, file.text, 0)
    while at < len(file.text):
        at = _past(GAP, file.text, _statement(file, at))
    sound = "".join(_kept(file))
    unseen = _unseen(file, sound)
    return Scan(file.lines, file.headers, file.slips or unseen, sound, file.whole and not unseen)


def shown(name: str | int) -> str:
    """A key as it is written in a file."""
    return str(name) if isinstance(name, int) or BARE.fullmatch(name) else '"' + name.replace('"', '\\"') + '"'


def dotted(place: Place) -> str:
    """A table's name as it stands between brackets; the number of an entry is not told there."""
    return ".".join(shown(name) for name in place if isinstance(name, str))


def header(place: Place) -> str:
    """The line that begins a table, or an entry of a list of tables."""
    return f"[[{dotted(place)}]]" if isinstance(place[-1], int) else f"[{dotted(place)}]"


def _statement(file: _File, at: int) -> int:
    """Read a header, or a key with its value; returns where the next begins."""
    table = file.text.startswith("[", at)
    file.now = () if table else file.base
    try:
        end = _header(file, at) if table else _pair(file, at, file.base)
        if not (found := END.match(file.text, end)):
            raise _behind(file, at, end)
        return found.end()
    except _Stop as stop:
        return _slipped(file, at, stop, table)


def _behind(file: _File, at: int, end: int) -> _Stop:
    """What is wrong where a statement is followed by more: a long text that ended where the next one began, or that."""
    if _next(file, at) < end:
        return _Stop('the text is not closed: it needs """ at its end')
    extra = REST.match(file.text, end)
    return _Stop(f"take out what stands behind it: {extra[0].strip() if extra else ''}", end)


def _next(file: _File, at: int) -> int:
    """Where the first line below `at` begins that looks like a statement."""
    line_end = file.text.find("\n", at)
    found = STATEMENT.search(file.text, line_end) if line_end >= 0 else None
    return found.start() if found else len(file.text)


def _slipped(file: _File, at: int, stop: _Stop, table: bool) -> int:
    """Note a slip and look for the next line that can be read."""
    end, known = stop.to or _resumed(file, at, stop), table and file.whole
    broken = at if stop.at is None or stop.at >= end else stop.at
    place = tuple(name for name in file.now if not str(name).startswith(LOST))
    file.slips.append(Slip(file.line(broken), place, stop.words))
    file.gone.append((at, end, f"{header(file.now)}\n" if known else ""))
    if known:
        file.base = file.now
        file.headers.add(file.now)
        file.note(file.now, at)
    elif table:
        file.base = (f"{LOST}{file.line(at)}",)
    return end


def _resumed(file: _File, at: int, stop: _Stop) -> int:
    """Where to read on: in the next line, or below what may go over several."""
    if stop.at is None:
        return _next(file, at)
    line_end = _past(TO_BREAK, file.text, stop.at)
    unread = stop.at == at  # its value was not looked at
    return _next(file, at) if SEVERAL.search(file.text, at + 1, line_end if unread else stop.at) else line_end


def _header(file: _File, at: int) -> int:
    """[a.b] or [[a.b]]."""
    mark = "[[" if file.text.startswith("[[", at) else "["
    file.whole, known = False, file.whole  # until its name is read
    place, end = _key(file, _past(BLANK, file.text, at + len(mark)))
    file.now = place
    if BARE.match(file.text, end):
        raise _Stop("names within [ ] are put together by dots, without spaces", at)
    _free(file, place, at, file.headers - file.lists.keys())
    file.whole = known
    several = place in file.lists
    if mark == "[[" or several:
        file.lists[place] = file.lists.get(place, -1) + 1
        file.now = place = (*place, file.lists[place])
    if mark == "[" and several:
        raise _Stop(f"it is one of several, and each of them begins with {header(place)}", at)
    if not file.text.startswith("]" * len(mark), end):
        raise _Stop(f"the line needs {']' * len(mark)} at its end: {header(place)}", end)
    file.note(place, at)
    file.headers.add(place)
    file.base = place
    return end + len(mark)


def _free(file: _File, place: Place, at: int, taken: Container[Place]) -> None:
    """Raises where `place` may not be set: it has a value, lies within one, or is `taken`."""
    for length in range(1, len(place)):
        if place[:length] in file.values:
            before = f"{dotted(place[:length])} has a value in line {file.lines[place[:length]]}"
            raise _Stop(f"{before}; nothing can be put into it here", at)
    if place in file.values or place in taken:
        raise _Stop(f"it is there twice, first in line {file.lines[place]}; keep one of them", at)


def _key(file: _File, at: int) -> tuple[Place, int]:
    """A name, or several with dots, within the table that is read; returns where it ends, blanks included."""
    place: list[str | int] = []
    while True:
        if found := BARE.match(file.text, at):
            place.append(found[0])
        elif (found := STRING.match(file.text, at)) and not found[0].startswith(('"""', "'''")):
            place.append(_read(found[0], at))
        elif file.text[at : at + 1] in ('"', "'"):
            raise _Stop(f"the name is not closed: it needs another {file.text[at]}", at)
        else:
            raise _Stop("a name is needed here, of letters, digits, _ and -; any other stands in quotes", at)
        at = _past(BLANK, file.text, found.end())
        if not file.text.startswith(".", at):
            return _within(file, tuple(place)), at
        at = _past(BLANK, file.text, at + 1)


def _within(file: _File, place: Place) -> Place:
    """A header below a [[list]] means its last entry."""
    for length in range(len(place) - 1, 0, -1):
        if place[:length] in file.lists:
            return (*place[:length], file.lists[place[:length]], *place[length:])
    return place


def _pair(file: _File, at: int, base: Place) -> int:
    """key = value; returns where it ends."""
    key, end = _key(file, at)
    file.now = place = (*base, *key)
    if not file.text.startswith("=", end):
        raise _Stop("there must be a = between a name and its value, and no space within the name", end)
    _free(file, place, at, file.lines)
    file.note(place, at)
    end = _value(file, _past(BLANK, file.text, end + 1), place)
    file.values.add(place)
    return end


def _value(file: _File, at: int, place: Place) -> int:
    if len(place) > DEEPEST:
        raise _Stop("too many lists and tables within one another", at)
    if found := STRING.match(file.text, at):
        _read(found[0], at)
        return found.end()
    begins = file.text[at : at + 1]
    if begins in ("", "\n", "#"):
        raise _Stop('there is no value behind the =; a text without words is ""', at)
    if begins in "\"'":
        quote = begins * 3 if file.text.startswith(begins * 3, at) else begins
        raise _Stop(f"the text is not closed: it needs {quote} at its end", None if quote[1:] else at)
    if begins == "[":
        return _list(file, at + 1, place)
    if begins == "{":
        return _table(file, _past(BLANK, file.text, at + 1), place)
    return _scalar(file, at)


def _scalar(file: _File, at: int) -> int:
    found = SCALAR.match(file.text, at)
    if found:
        try:
            tomllib.loads(f"x = {found[0]}")
            return found.end()
        except ValueError:  # a number of more digits than Python reads is none of tomllib's own errors
            pass
    rest = REST.match(file.text, at)
    words = (rest[0] if rest else "").strip().strip("\"'").replace('"', '\\"')
    raise _Stop(f'{words} is no value; a text stands in quotes: "{words}"', at)


def _read(raw: str, at: int) -> str:
    """What a string in quotes says."""
    try:
        return str(tomllib.loads(f"x = {raw}")["x"])
    except ValueError as error:
        why = POSITION.sub("", str(error)).lower()
        raise _Stop(f"the text cannot be read ({why}); a \\ in it is written \\\\", at) from error


def _list(file: _File, at: int, place: Place) -> int:
    """[ value, … ] in one line or several. One that is not closed runs into the statements below it."""
    try:
        return _entries(file, _past(GAP, file.text, at), place)
    except _Stop as stop:
        if stop.at is not None and _next(file, at) <= stop.at:
            raise _Stop(NOT_CLOSED) from stop
        raise


def _entries(file: _File, at: int, place: Place) -> int:
    number = 0
    while not file.text.startswith("]", at):
        if at >= len(file.text):
            raise _Stop(NOT_CLOSED)
        entry = (*place, number)
        file.note(entry, at)
        at = _past(GAP, file.text, _value(file, at, entry))
        if file.text.startswith(",", at):
            at = _past(GAP, file.text, at + 1)
        elif not file.text.startswith("]", at):
            raise _Stop("a , is needed between the entries of a list", at) if at < len(file.text) else _Stop(NOT_CLOSED)
        number += 1
    return at + 1


def _table(file: _File, at: int, place: Place) -> int:
    """{ key = value, … } in one line."""
    while not file.text.startswith("}", at):
        if END.match(file.text, at):
            raise _over_lines(file, at)
        at = _past(BLANK, file.text, _pair(file, at, place))
        file.now = place
        if file.text.startswith(",", at):
            at = _past(BLANK, file.text, at + 1)
            if file.text.startswith("}", at):
                raise _Stop("take out the , before the }", at)
        elif not file.text.startswith("}", at) and not END.match(file.text, at):
            raise _Stop("a , is needed between the entries of a table", at)
    return at + 1


def _over_lines(file: _File, at: int) -> _Stop:
    closed = CLOSED.match(file.text, at)
    return _Stop("a table in { } begins and ends in one line", None if closed else at, closed.end() if closed else None)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _kept(file: _File) -> Iterator[str]:
    """The text without its slips, line for line."""
    at = 0
    for begin, end, instead in file.gone:
        yield file.text[at:begin] + instead
        yield "\n" * (file.text.count("\n", begin, end) - instead.count("\n"))
        at = end
    yield file.text[at:]


def _unseen(file: _File, sound: str) -> list[Slip]:
    """What only tomllib sees. It names the end of what it read."""
    try:
        tomllib.loads(sound)
        return []
    except ValueError as error:
        found = POSITION.search(str(error))
        line = int(found[1]) if found and found[1] else file.line(len(file.text))
        above = max((at for at in file.lines.values() if at <= line), default=line)
        place = max((place for place, at in file.lines.items() if at == above), key=len, default=())
        return [Slip(line, place, POSITION.sub("", str(error)))]
