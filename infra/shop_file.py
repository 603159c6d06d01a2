"""shop.toml is read whole: each mistake in it is one line, with the file's line, the field and what would be right."""

import tomllib
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from chalicelib import checks, providers, settings
from chalicelib.errors import SettingsError
from chalicelib.models.shop import Shop
from chalicelib.models.values import Channel
from infra import shop_words, toml_places, values
from infra.toml_places import Place, Scan, shown

COUNT_ON = {"acknowledgement": "acknowledgement", "skills": "desks", "accounts": "providers"}  # names, and whence
ROUNDS = 3  # a mended file may show what its mistakes hid
LONGEST = 600  # characters of a problem


class Problem(NamedTuple):
    """One mistake: the place in the file, and what would be right there. `absent`: nothing stands there."""

    place: Place
    words: str
    absent: bool = False


def rules() -> Shop:
    """The shop's rules, all of the file checked. Raises SettingsError with a line for each mistake."""
    refuse(settings.SHOP_FILE)
    return settings.shop()


def refuse(file: Path) -> None:
    """Raises SettingsError, a line for each mistake in a shop.toml, where there are any."""
    if found := problems(file.read_bytes()):
        raise SettingsError(found)


def problems(content: bytes) -> list[str]:
    """Every mistake in a shop.toml, a line each, from its top to its end. Never raises."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [f"shop.toml line {line}: a letter cannot be read; save the file as UTF-8"]
    scan = toml_places.scan(text)
    slips = [(slip.line, slip.place, slip.words) for slip in scan.slips]
    found = [(_line(problem.place, scan), problem.place, problem.words) for problem in _sound(scan)]
    return [_told(*one, scan) for one in sorted([*slips, *found], key=lambda one: one[0])]


def _sound(scan: Scan) -> list[Problem]:
    """What is wrong in that of a file which is TOML; nothing, where it is not known what belongs to which table."""
    if not scan.whole:
        return []
    tables = tomllib.loads(scan.sound)
    gone = [slip.place for slip in scan.slips if slip.place not in scan.headers]
    for place in gone:
        _filled(tables, tuple(takewhile(lambda name: isinstance(name, str), place)))
    return [problem for problem in _meaning(tables, scan) if not _follows(problem, gone)]


def _meaning(tables: dict[str, Any], scan: Scan) -> list[Problem]:
    """What is wrong in the tables of a file. What only follows from another problem is left out."""
    told: list[Problem] = []
    for _ in range(ROUNDS):
        try:
            return [*told, *_names(Shop.model_validate(tables), told)]
        except ValidationError as error:
            found = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
            told += [problem for one in found for problem in _mended(tables, one, scan) if not _below(problem, told)]
    return told


def _names(shop: Shop, told: list[Problem]) -> list[Problem]:
    """What is wrong with the names in a file; nothing where the tables they come from cannot be read."""
    if any(problem.place in (("desks",), ("providers",)) for problem in told):
        return []
    unable = [Problem(place, words) for place, words in _carriers(shop)]
    found = [Problem(place, words) for place, words in [*checks.check(shop), *_accounts(shop)]]
    if any(problem.place[:1] == ("languages",) for problem in told):  # which those of a text are, is not known
        found = [problem for problem in found if "languages" not in problem.place]
    if any(problem.place[:1] == ("desks",) and problem.place[2:3] == ("agents",) for problem in told):
        found = [problem for problem in found if problem.place[:1] != ("on_call",)]
    return [*unable, *(problem for problem in found if not _below(problem, [*told, *unable]))]


def _carriers(shop: Shop) -> Iterator[tuple[Place, str]]:
    """Desks that nobody can reach. Not in `settings`: it would load every provider's module."""
    for name, place in shop.desks.items():
        carrier, medium = place.carrier, Channel.SLACK if place.slack else Channel.EMAIL
        able = [one for one in providers.NAMES if _carries(one, medium)]
        if carrier not in able and carrier in providers.NAMES and place.slack + place.mailbox:
            what = "no Slack channel" if place.slack else "no mailbox"
            yield ("desks", name, "provider"), f"{carrier} carries {what}; these do: {', '.join(able)}"


def _carries(name: str, medium: Channel) -> bool:
    module = providers.load(name)
    return module.can.desk and module.channel is medium


def _accounts(shop: Shop) -> Iterator[tuple[Place, str]]:
    """Settings of providers that stand in the file and cannot, or should not."""
    for name, account, table in shop.accounts():
        fields = providers.load(name).Config.model_fields if name in providers.NAMES else {}
        for field, value in table.items():
            place = ("providers", name, *([account] if account else []), field)
            variable = settings.variable(name, account, field)
            if field in fields and values.is_secret(fields[field]):
                yield place, f"a secret never stands in this file; take it out and set {variable} instead"
            elif field in fields and not isinstance(value, str):
                yield place, f"found {shop_words.written(value)}; it is a text, in quotes"


def _mended(tables: dict[str, Any], error: Any, scan: Scan) -> Iterator[Problem]:
    """A mistake that the types find, told; the tables are changed so that the rest of them can be looked at."""
    place: Place = tuple(error["loc"])
    table, name = _at(tables, place[:-1]), place[-1]
    if error["type"] == "extra_forbidden":
        words, meant = shop_words.unknown(place, table)
        _rename(table, place, meant, scan)
        yield Problem(place, words)
    elif error["type"] != "missing":
        yield Problem(place, shop_words.wrong(place, table[name], str(error["msg"])))
        table[name] = shop_words.stand_in(place, table[name])
    elif name not in table:  # it is where a typing error in its name was mended
        yield Problem(place, shop_words.missing(place), absent=True)
        table[name] = shop_words.stand_in(place, ...)


def _filled(tables: dict[str, Any], place: Place) -> None:
    """Put something where a line could not be read, so that what counts on it is not blamed."""
    if place and shop_words.type_at(place):
        inner: Any = {place[-1]: shop_words.stand_in(place, ...)}
        for name in reversed(place[:-1]):
            inner = {name: inner}
        tables.update(_joined(inner, tables))


def _rename(table: dict[str, Any], place: Place, meant: str, scan: Scan) -> None:
    """Give what stands at `place` the name that is meant, so that it counts; with none it is left out."""
    value = table.pop(str(place[-1]))
    if meant:
        table[meant] = _joined(value, table.get(meant, value))
        for known, line in list(scan.lines.items()):
            if known[: len(place)] == place:
                scan.lines.setdefault((*place[:-1], meant, *known[len(place) :]), line)


def _joined(one: Any, other: Any) -> Any:
    """Two tables as one; of all else the other."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return {**one, **{name: _joined(one.get(name, value), value) for name, value in other.items()}}


def _at(tables: Any, place: Place) -> Any:
    for name in place:
        tables = tables[name]
    return tables


def _below(problem: Problem, told: Iterable[Problem]) -> bool:
    """Whether a problem lies where another is, or below it, is that of a list which has one in an entry, or of a name
    from a table that has one.
    """
    place = problem.place
    entries = [other.place for other in told if isinstance(other.place[-1], int)]
    unsure = any(other.place[0] == COUNT_ON.get(str(name)) for name in place[1:] for other in told)
    at_one = any(place[: len(other.place)] == other.place for other in told)
    return unsure or at_one or place in [one[:-1] for one in entries]


def _follows(problem: Problem, gone: Iterable[Place]) -> bool:
    """Whether a problem may come of what could not be read: at its place, above, below, or absent beside it."""
    place, beside = problem.place, [lost[:-1] for lost in gone] if problem.absent else []
    if any(lost[:1] == (COUNT_ON.get(str(name)),) for name in place[1:] for lost in gone):
        return True
    return place[:-1] in beside or any(place[: len(lost)] == lost or place == lost[: len(place)] for lost in gone)


def _told(line: int, place: Place, words: str, scan: Scan) -> str:
    field, words = _field(place, scan), " ".join(words.split())
    where = f"shop.toml line {line}, {field}" if field else f"shop.toml line {line}"
    return f"{where}: {words if len(words) <= LONGEST else words[:LONGEST] + '…'}"


def _line(place: Place, scan: Scan) -> int:
    """The line of a place, else of the nearest table around it, else 1."""
    return next((scan.lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in scan.lines), 1)


def _field(place: Place, scan: Scan) -> str:
    """A place as its owner sees it in the file: `key in [table]`."""
    below = [one for one in scan.headers if one[: len(place)] == place]
    if place and below:
        return toml_places.header(min(below, key=scan.lines.__getitem__))
    table = next((place[:end] for end in range(len(place) - 1, 0, -1) if place[:end] in scan.headers), ())
    names = [f"entry {name + 1}" if isinstance(name, int) else shown(name) for name in place[len(table) :]]
    key = ".".join(names).replace(".entry", ", entry")
    return f"{key} in {toml_places.header(table)}" if table else key
