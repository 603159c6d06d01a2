"""shop.toml at random, broken in one place: the mistake is told by its line and field, and nothing raises."""

import re
import tomllib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from random import Random
from typing import Any, Literal, NamedTuple, get_args, get_origin

import pytest
from pydantic import BaseModel

from chalicelib import providers, settings
from chalicelib.errors import SettingsError
from chalicelib.models.shop import Shop
from infra import shop_file, shop_words, toml_places
from infra.values import is_secret
from tests.lab import shops
from tests.lab.shops import Row

FILES, BATCHES = 1000, 20
LINE = re.compile(r"shop\.toml line (\d+)(?:, [^\n]+?)?: [^\n]+\Z")
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


class Broken(NamedTuple):
    """A file with one mistake, where that is, and what has to be said of it."""

    rows: list[Row]
    at: int  # the number of the row
    field: str
    said: str = ""


def walk(found: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a file that is read."""
    if place:
        yield place
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, one in inner:
        yield from walk(one, (*place, name))


def a_file(seed: int) -> tuple[Random, list[Row]]:
    random = Random(seed)
    return random, shops.rows(random, shops.shop(random))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_file_that_can_be_used_passes_and_each_of_its_lines_is_known(batch: int) -> None:
    for seed in range(batch, FILES // 5, BATCHES):
        _, rows = a_file(seed)
        text = shops.text(rows)
        assert shop_file.problems(text.encode()) == [], (seed, text)
        scan = toml_places.scan(text)
        assert set(scan.lines) == set(walk(tomllib.loads(text))), (seed, text)
        assert all(scan.lines[row.place] == shops.line(rows, at) for at, row in enumerate(rows) if row.key), (
            seed,
            text,
        )


def test_every_field_of_the_schema_is_made_at_random() -> None:
    made = {(model.__name__, name) for model in models(Shop) for name in model.model_fields}
    unknown = [
        (model.__name__, name)
        for model in models(Shop)
        for name, field in model.model_fields.items()
        if (model.__name__, name) not in shops.MADE and not shops.generic(field.annotation, field.metadata, {})
    ]
    assert not unknown, "say in tests/lab/shops.py how these are made"
    assert not shops.MADE.keys() - made, "these are no more"


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The tables of the schema."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for inner in get_args(kind):
        yield from models(inner)


# ---- one mistake ------------------------------------------------------------------------------------------------


def chosen(random: Random, rows: list[Row], fits: Callable[[Row], Any]) -> int | None:
    fitting = [number for number, row in enumerate(rows) if fits(row)]
    return random.choice(fitting) if fitting else None


def kind(row: Row) -> Any:
    """The type of what a row sets; None for a remark or a header."""
    found = shop_words.type_at(row.place) if row.key else None
    return found.type if found else None


def is_field(row: Row) -> bool:
    """Whether the row sets a field of the schema, and not what the owner named."""
    above = shop_words.type_at(row.place[:-1]) if row.key else None
    return bool(above and isinstance(above.type, type) and issubclass(above.type, BaseModel))


def with_row(rows: list[Row], at: int, *instead: Row) -> list[Row]:
    return [*rows[:at], *instead, *rows[at + 1 :]]


def set_to(rows: list[Row], at: int, value: str, said: str = "") -> Broken:
    """The row with another value, as it is written."""
    row = rows[at]
    return Broken(with_row(rows, at, row._replace(text=f"{shops.dotted(row.key)} = {value}")), at, row.field, said)


def mistyped(random: Random, word: str) -> str:
    at, letter = random.randrange(1, max(2, len(word))), random.choice(LETTERS)
    return random.choice(
        (word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :])
    )


def typing_error(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: is_field(row) and len(row.key[0]) > 3)
    if at is None:
        return None
    row, wrong = rows[at], mistyped(random, rows[at].key[0])
    siblings = shop_words.type_at(row.within)
    if siblings is None or wrong in siblings.type.model_fields:
        return None
    other = row._replace(key=(wrong,), text=wrong + row.text[len(row.key[0]) :])
    return Broken(with_row(rows, at, other), at, other.field, f"did you mean {row.key[0]}?")


def header_typing_error(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.header and row.within[0] != "rules")
    if at is None:
        return None
    row, wrong = rows[at], mistyped(random, str(rows[at].within[0]))
    above = (wrong, *row.within[1:])
    if wrong in Shop.model_fields or get_close_matches(wrong, Shop.model_fields, 1) != [row.within[0]]:
        return None  # it is another table, or as near to another: "roules"
    # A provider's accounts, in tables of their own, go with it
    moved = [one._replace(within=above) if one.within == row.within else one for one in rows]
    moved[at] = Row(shops.header(above), above)
    return Broken(moved, at, moved[at].field, f"did you mean {row.within[0]}?")


WRONG: dict[Any, tuple[str, ...]] = {
    str: ("5", "true", "3.5", '["x"]', '{ x = "y" }', "2026-01-01"),
    int: ('"many"', "true", "2.5", "[5]", "{}", '"5"'),
    bool: ('"yes"', "1", "[]", "0.0"),
    tuple: ('"x"', "5", "{ x = 1 }", "true"),
    dict: ('"x"', "5", "[1]", "false"),
}


def wrong_type(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: basic(kind(row)) in WRONG)
    return None if at is None else set_to(rows, at, random.choice(WRONG[basic(kind(rows[at]))]), "found ")


def basic(found: Any) -> Any:
    """The kind of a type: a text with a choice is a text."""
    return {None: found, tuple: tuple, Literal: str}.get(get_origin(found), dict)


def _words(found: Any) -> bool:
    return all(isinstance(one, str) for one in get_args(found))


def no_choice(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: kind(row) is not None and get_args(kind(row)) and _words(kind(row)))
    return None if at is None else set_to(rows, at, '"sometimes"', f'"{get_args(kind(rows[at]))[0]}"')


def out_of_range(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: kind(row) is int)
    if at is None:
        return None
    found = shop_words.type_at(rows[at].place)
    low, high = (found.bounds[side] for side in ("ge", "le")) if found else (0, 0)
    return set_to(rows, at, str(random.choice((low - 1, high + 1, -(10**9), 10**30))), f"from {low} to {high}")


def wrong_unit(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: kind(row) is int and row.key[0].endswith(("minutes", "days")))
    if at is None:
        return None
    each = 1440 if rows[at].key[0].endswith("days") else 1
    number = random.randint(1, 9) * each
    units = ["min", "m", "minutes"] + (["h", "hours", "hour"] if number % 60 == 0 else [])
    unit = random.choice(units)
    amount = number if unit.startswith("m") else number // 60
    if random.random() < 0.3:
        return set_to(rows, at, f"{amount}{unit}", "is no value")
    right = f"without quotes: {rows[at].key[0]} = {number // each}"
    return set_to(rows, at, f'"{amount}{random.choice(("", " "))}{unit}"', right)


DESKS = (("owner",), ("fallback",), ("escalate_to",), ("desk",))  # what names one


def unknown_desk(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.key[-1:] in DESKS or routed(row))
    return None if at is None else set_to(rows, at, '"nobody"', "'nobody' is no ")


def routed(row: Row) -> bool:
    return bool(row.key) and row.place[0] == "routes"


def unknown_channel(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: routed(row) and row.key != ("default",))
    if at is None:
        return None
    other = rows[at]._replace(key=("fax",), text=f'fax = "{rows[at].value}"'.replace('"', "'"))
    return Broken(with_row(rows, at, other), at, other.field, "'fax' is no channel")


def unknown_provider(random: Random, rows: list[Row]) -> Broken | None:
    name = mistyped(random, random.choice(providers.NAMES))
    if name in providers.NAMES:
        return None
    other = Row(f"[providers.{name}]", ("providers", name))
    said = f"there is no provider '{name}'; there are {', '.join(sorted(providers.NAMES))}"
    return Broken([*rows, other], len(rows), other.field, said)


def unknown_setting(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.header and row.within[0] == "providers")
    if at is None:
        return None
    other = Row("colour = 'red'", rows[at].within, ("colour",))
    return Broken(
        with_row(rows, at, rows[at], other), at + 1, other.field, f"{other.within[1]} has no setting 'colour'"
    )


def secret(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.header and row.within[0] == "providers")
    if at is None:
        return None
    fields = providers.load(str(rows[at].within[1])).Config.model_fields
    name = random.choice([name for name, field in fields.items() if is_secret(field)])
    other = Row(f'{name} = "x"', rows[at].within, (name,))
    return Broken(with_row(rows, at, rows[at], other), at + 1, other.field, "set SHOPBELL_")


RULES = (  # what a rule cannot say, and what is said of it
    ("when.channels", '["fax"]', ", entry 1", "'fax' is not known; there are discord, email, "),
    ("when.providers", '["fax"]', ", entry 1", "'fax' is not known; there are "),
    ("when.accounts", '["EAST"]', ", entry 1", "'EAST' is not known; there are "),
    ("when.words", '["refund", "…!"]', ", entry 2", "there is no letter and no digit in '…!'"),
    ("when.hours", '"close"', "", 'choose "open" or "closed"; did you mean "closed"?'),
    ("skills", '["knitting"]', ", entry 1", "'knitting' is not known; there are "),
    ("tags", '["two words"]', ", entry 1", "a tag is a short word in small letters"),
    ("acknowledgement", '"Thank you!"', "", "'Thank you!' is none of [acknowledgement.texts]; there are none"),
    ("name", '" "', "", "give it its own name"),
    ("words", '["refund"]', "", "it is not known here; it belongs here as when.words"),
)


def bad_rule(random: Random, rows: list[Row]) -> Broken | None:
    """A rule at the end of the file that can be read and not be used."""
    key, value, entry, said = random.choice(RULES)
    within: shops.Place = ("rules", len({row.within[:2] for row in rows if row.within[:1] == ("rules",)}))
    lines = {"name": '"The last"', "when.tags": '["vip"]'} | {key: value}
    made = [Row("[[rules]]", within), *(Row(f"{name} = {one}", within) for name, one in lines.items())]
    return Broken([*rows, *made], len(rows) + 1 + list(lines).index(key), f"{key}{entry} in [[rules]]", said)


def hiding_rule(random: Random, rows: list[Row]) -> Broken | None:
    """A rule that always fits, and others behind it."""
    at = chosen(random, rows, lambda row: row.header and row.within == ("rules", 0))
    if at is None:
        return None
    said = "no rule or pack behind it is ever asked; put it last"
    first = [Row("[[rules]]", ("rules", 0)), Row('name = "All"', ("rules", 0))]
    return Broken([*rows[:at], *first, *rows[at:]], at, "[[rules]]", said)


def misplaced(random: Random, rows: list[Row]) -> Broken | None:
    """What many do: a key of the top is added at the end of the file, where it belongs to the last table."""
    last = [row for row in rows if row.within]
    if not last or last[-1].within[0] == "routes" or any(row.place == ("reopen_days",) for row in rows):
        return None
    within = [row.within for row in rows if row.header][-1]
    other = Row("reopen_days = 3", within, ("reopen_days",))
    return Broken([*rows, other], len(rows), other.field, "it belongs above the first [table]")


def not_toml(random: Random, rows: list[Row]) -> Broken | None:
    """A row that cannot be read any more."""
    at = chosen(random, rows, lambda row: row.key and isinstance(row.value, str))
    if at is None:
        return None
    key, field = shops.dotted(rows[at].key), rows[at].field
    text, said = random.choice(
        (
            (f'{key} = "never closed', 'it needs " at its end'),
            (f"{key} = 'never closed", "it needs ' at its end"),
            (f"{key} = never opened", 'a text stands in quotes: "never opened"'),
            (f'{key} = never opened"', 'a text stands in quotes: "never opened"'),
            (f"{key} =", "there is no value behind the ="),
            (f"{key} = # none", "there is no value behind the ="),
            (f'{key} "x"', "there must be a = "),
            (f'{key}: "x"', "there must be a = "),
            (f'{key} = "a" "b"', 'take out what stands behind it: "b"'),
            (f'{key} = "C:\\shop"', "a \\ in it is written \\\\"),
            (f'{key} = "a"; b', "take out what stands behind it: ; b"),
            (f"{key} = [", "the list is not closed"),
            (f'{key} = ["a",', "the list is not closed"),
            (f'{key} = ["a" "b"]', "a , is needed between the entries of a list"),
            (f"{key} = {{ a = 1", "a table in { } begins and ends in one line"),
            (f"{key} = {{ a = 1 b = 2 }}", "a , is needed between the entries of a table"),
            (f"{key} = 1.2.3", "1.2.3 is no value"),
        )
    )
    return Broken(with_row(rows, at, rows[at]._replace(text=text)), at, field, said)


def no_header(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.header)
    if at is None:
        return None
    whole = shops.header(rows[at].within)
    text, said = random.choice(((whole[:-1], f"at its end: {whole}"), (f"{whole} x", "what stands behind it: x")))
    return Broken(with_row(rows, at, rows[at]._replace(text=text)), at, rows[at].field, said)


def no_name(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.key)
    if at is None:
        return None
    within = rows[at].within
    text, said = random.choice((("= 5", "a name is needed here"), ('"key = 5', "the name is not closed")))
    field = toml_field(rows, at) if within else ""
    return Broken([*rows[:at], Row(text), *rows[at:]], at, field, said)


def toml_field(rows: list[Row], at: int) -> str:
    """The table that a row of a file belongs to."""
    return next((row.field for row in reversed(rows[:at]) if row.header), "")


def twice(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.key)
    if at is None:
        return None
    again = shops.pair(random, rows[at].within, rows[at].key, rows[at].value)
    return Broken(
        [*rows[: at + 1], again, *rows[at + 1 :]], at + 1, again.field, f"twice, first in line {shops.line(rows, at)};"
    )


def header_twice(random: Random, rows: list[Row]) -> Broken | None:
    at = chosen(random, rows, lambda row: row.header)
    if at is None:
        return None
    again = Row(f"[{shops.dotted(rows[at].within)}]", rows[at].within)
    if rows[at].within[-2:-1] == ("rules",):
        rest = Row('name = "again"\nwhen.words = ["again"]')
        return Broken([*rows, again, rest], len(rows), rows[at].field, "each of them begins with [[rules]]")
    if rows[at].within[0] == "rules":
        return None  # it would be that of another rule
    return Broken([*rows, again], len(rows), again.field, f"twice, first in line {shops.line(rows, at)};")


def not_set(random: Random, rows: list[Row]) -> Broken | None:
    """What must be set is not there: told at the table that lacks it, or at the first line."""
    at = chosen(random, rows, lambda row: row.place in (("name",), ("time_zone",), ("owner",)))
    if at is None:
        return None
    return Broken(with_row(rows, at, Row("")), 0, rows[at].field, "it must be set: ")


BREAKS = (
    typing_error,
    header_typing_error,
    wrong_type,
    no_choice,
    out_of_range,
    wrong_unit,
    unknown_desk,
    unknown_channel,
    unknown_provider,
    unknown_setting,
    secret,
    bad_rule,
    hiding_rule,
    misplaced,
    not_toml,
    no_header,
    no_name,
    twice,
    header_twice,
    not_set,
)


def broken(seed: int) -> Broken:
    """A file of that seed with one mistake; the kinds of mistakes take turns, and one that finds no place is passed."""
    random, rows = a_file(seed)
    for turn in range(len(BREAKS)):
        if found := BREAKS[(seed + turn) % len(BREAKS)](random, rows):
            return found
    raise AssertionError("nothing can be broken")


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_mistake_is_told_by_its_line_and_field_and_nothing_else_is_told(batch: int) -> None:
    for seed in range(batch, FILES, BATCHES):
        wrong = broken(seed)
        text, line = shops.text(wrong.rows), shops.line(wrong.rows, wrong.at)
        told = shop_file.problems(text.encode())
        where = f"shop.toml line {line}, {wrong.field}: " if wrong.field else f"shop.toml line {line}: "
        assert len(told) == 1 and told[0].startswith(where), (seed, where, told, text)
        assert wrong.said in told[0] and "\n" not in told[0], (seed, wrong.said, told, text)
        loads(text)


def loads(text: str) -> bool:
    """Whether a function could start with the file. It refuses as it should or not at all."""
    try:
        return bool(settings.load(text))
    except SettingsError:
        return False


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_happens_to_a_file_it_is_told_by_line_or_can_be_used(batch: int) -> None:
    for seed in range(batch, FILES, BATCHES):
        random, rows = a_file(seed)
        text = shops.text(rows)
        for _ in range(random.randint(1, 5)):
            at = random.randrange(len(text))
            text = text[:at] + random.choice(("", *"\"'[]{}=,.#\n\\\r\t 5x-", "\0")) + text[at + random.randint(0, 2) :]
        told = shop_file.problems(text.encode())
        lines = [int(found[1]) if (found := LINE.match(one)) else 0 for one in told]
        assert all(0 < one <= text.count("\n") + 1 for one in lines) and lines == sorted(lines), (seed, told, text)
        assert told or loads(text), (seed, text)


def test_each_kind_of_mistake_is_made() -> None:
    random_rows = [a_file(seed) for seed in range(50)]
    assert all(any(mistake(random, rows) for random, rows in random_rows) for mistake in BREAKS)


# ---- the file that is shipped -----------------------------------------------------------------------------------

SHIPPED = settings.SHOP_FILE.read_text(encoding="utf-8")
SWITCHED_OFF = re.compile(r"^# (?=\[|[\w.]+ = )", re.MULTILINE)


def test_the_shipped_file_passes_also_with_each_of_its_settings_switched_on() -> None:
    assert shop_file.problems(SHIPPED.encode()) == []
    off = list(SWITCHED_OFF.finditer(SHIPPED))
    assert len(off) > 10
    assert shop_file.problems(SWITCHED_OFF.sub("", SHIPPED).encode()) == []


def test_the_shipped_file_shows_every_setting_and_every_provider() -> None:
    shown = {name for place in toml_places.scan(SWITCHED_OFF.sub("", SHIPPED)).lines for name in place}
    assert {name for model in models(Shop) for name in model.model_fields} | {*providers.NAMES} <= shown


# ---- files of people --------------------------------------------------------------------------------------------

MANY = """# All in one file
name = Corner Shop
time zone = "Europe/Berlin"
owner = "fornt"
reopen_days = "2 weeks"
forms = ["a@shop.example",
human_agents = ["messenger"]

[desks.front]
slack = "#front"
replys = "all"
agents = {
  ann = "U0ANN",
}

[desks.mail
mailbox = "service@shop.example"
nudge_minutes = 30
escalate_minutes = 20
escalate_to = "front"
connect = "no"

[routes]
default = "front"
emial = "mail"

[acknowledgement]
text = "Thank you"
fallback = "mail"

[providers.slack]
bot_token = "xoxb-1"
[providers.postmrk]
"""


def test_all_mistakes_of_a_file_are_told_at_once_from_top_to_end() -> None:
    told = [problem.removeprefix("shop.toml line ").partition(": ")[0] for problem in shop_file.problems(MANY.encode())]
    assert told == [
        "2, name",
        "3, time",
        "4, owner",
        "5, reopen_days",
        "6, forms",
        "7, human_agents",
        "7, human_agent",  # and messenger is not enabled
        "10, slack in [desks.front]",
        "11, replys in [desks.front]",
        "12, agents in [desks.front]",
        "16, [desks.mail]",
        "16, [desks.mail]",  # and postmark is not enabled
        "16, agents in [desks.mail]",
        "19, escalate_minutes in [desks.mail]",
        "21, connect in [desks.mail]",
        "25, emial in [routes]",
        "29, fallback in [acknowledgement]",
        "32, bot_token in [providers.slack]",
        "33, [providers.postmrk]",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", b"\xff", b"=", b"[", b"desks = 1", b"a = " + b"[" * 9999, b"a = " + b"9" * 9999]
)
def test_what_is_no_shop_at_all_is_told_too(content: bytes) -> None:
    assert all(LINE.match(one) for one in shop_file.problems(content))
    assert shop_file.problems(content)


def test_a_long_text_that_ends_where_the_next_begins_is_told_where_it_begins() -> None:
    text = SHIPPED + '[templates.a]\ntext = """Hello\n[templates.b]\ntext = """Bye"""\n'
    line = SHIPPED.count("\n") + 2
    assert shop_file.problems(text.encode()) == [
        f'shop.toml line {line}, text in [templates.a]: the text is not closed: it needs """ at its end'
    ]


def test_a_file_of_another_editor_is_read_all_the_same() -> None:
    text = settings.SHOP_FILE.read_text(encoding="utf-8")
    assert shop_file.problems(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == []
    assert shop_file.problems(text.encode("utf-16")) == [
        "shop.toml line 1: a letter cannot be read; save the file as UTF-8"
    ]
