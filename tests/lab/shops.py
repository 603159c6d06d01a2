"""Files of shops at random, from the schema: every one can be used. Each line of a file knows what it sets."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from random import Random
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from chalicelib import providers
from chalicelib.models.shop import WEEKDAYS, Desk, Expected, Hours, Language, Rule, Said, Shop, Spoken
from chalicelib.models.values import Channel
from chalicelib.rules import STAGES
from infra.values import is_secret

Place = tuple[str | int, ...]  # the number is that of an entry in a list
DESKS = ("front", "mail", "night-shift", "büro", "back office", "2nd", "vip.desk")
TEXTS = ("Corner Shop", "Büro & Söhne", 'The "Old" Shop', "C:\\shop # no comment", "[x] = y", "ショップ 🛒", "it's us")
CHANNELS = [str(one) for one in Channel if one is not Channel.TIMER]
MOST_MINUTES = 20_000  # until a desk does something: a shop may be open a few hours a week
BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Row(NamedTuple):
    """Some lines of a file: a header, a key with its value, or a remark. `key` is relative to the table `within`."""

    text: str
    within: Place = ()
    key: tuple[str, ...] = ()
    value: Any = None

    @property
    def place(self) -> Place:
        return (*self.within, *self.key)

    @property
    def header(self) -> bool:
        return bool(self.within) and not self.key

    @property
    def field(self) -> str:
        """What the row sets, as a problem has to name it."""
        if self.header:
            return header(self.within)
        return f"{dotted(self.key)} in {header(self.within)}" if self.within else dotted(self.key)


def shop(random: Random) -> dict[str, Any]:
    """The tables of a shop that can be used, from the types of models/shop.py."""
    names = random.sample(DESKS, random.randint(1, 4))
    enabled = {"slack", "postmark", *random.sample(providers.NAMES, random.randint(0, 5))}
    chosen = {name: accounts(random, name) for name in random.sample(sorted(enabled), len(enabled))}
    made = table(Shop, random, {"desks": names, "providers": sorted(enabled)})
    desks = {name: desk(random, number, names) for number, name in enumerate(names)}
    channels = random.sample(CHANNELS, random.randint(0, 4))
    routes = {name: random.choice(names) for name in ["default", *channels]}
    if "acknowledgement" in made:
        made["acknowledgement"]["languages"] = said(random, made["acknowledgement"], made.get("languages", ["en"])[1:])
    rota = {"on_call": on_call(random, desks[names[0]])} if made.get("hours") and random.random() < 0.5 else {}
    made |= {**rota, "desks": desks, "routes": routes, "providers": chosen}
    return made | ({"rules": rules(random, made)} if random.random() < 0.6 else {})


def on_call(random: Random, place: Mapping[str, Any]) -> dict[str, Any]:
    """Some of a desk's agents, the last of them with a shift."""
    people = [*place["agents"]]
    return {"people": people, "minutes": random.randint(1, 60), "shifts": {people[-1]: {"sunday": "8:00-20:00"}}}


def rules(random: Random, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rules of names that are there; only the last may do without conditions, where no pack comes behind it."""
    known = {
        "desks": list(made["desks"]),
        "providers": list(made["providers"]),
        "accounts": ["NORTH2"] if any("NORTH2" in tables for tables in made["providers"].values()) else [],
        "texts": ["none", *made.get("acknowledgement", {}).get("texts", {})],
    }
    written = []
    for name in random.sample(TEXTS, random.randint(1, 4)):
        one = table(Rule, random, known) | {"name": name}
        has = made["desks"][one["desk"]] if "desk" in one else next(iter(made["desks"].values()))
        skills = [skill for skills in has.get("skills", {}).values() for skill in skills]
        written.append(one | {"skills": skills[:1], "when": {"words": ["refund"], **one.get("when", {})}})
    return written


def said(random: Random, ours: Mapping[str, Any], others: list[str]) -> dict[str, Any]:
    """The acknowledgement's words in other languages, of which each can be sent."""
    fields = ["text"] if ours.get("text") else []
    return {code: {field: random.choice(TEXTS) for field in fields} for code in others if random.random() < 0.5}


def desk(random: Random, number: int, names: list[str]) -> dict[str, Any]:
    """A desk of the file, with a place of its own."""
    slack, others = random.random() < 0.6, [name for name in names if name != names[number]]
    made = table(Desk, random, {"desks": others})
    made |= {"slack": f"C0DESK{number}"} if slack else {"mailbox": f"desk{number}@shop.example"}
    who = ("ann", "ben", "Zoë K.")[: random.randint(1, 3)]
    made["agents"] = {name: f"U0{at}" if slack else f"agent{at}@shop.example" for at, name in enumerate(who)}
    if "skills" in made:
        made["skills"] = {name: ["returns", "español"][: random.randint(1, 2)] for name in who}
    if made.get("assign", "none") == "none":
        made.pop("reassign_minutes", None)
    if made.get("reassign_minutes"):
        made["reassign_minutes"] = random.randint(1, MOST_MINUTES)
    steps = [step for step in ("nudge_minutes", "escalate_minutes", "owner_minutes") if made.get(step)]
    minutes = sorted(random.sample(range(1, MOST_MINUTES), len(steps)))
    made |= dict(zip(steps, minutes, strict=True))
    if not others or "escalate_to" not in made:
        made.pop("escalate_minutes", None)
        made.pop("escalate_to", None)
    return made


def accounts(random: Random, provider: str) -> dict[str, Any]:
    """The tables of a provider: some settings, and perhaps a second account with some."""
    fields = providers.load(provider).Config.model_fields
    open_to_all = [name for name, field in fields.items() if not is_secret(field)]

    def some() -> dict[str, Any]:
        return {name: random.choice(TEXTS) for name in open_to_all if random.random() < 0.2}

    return some() | ({"NORTH2": some()} if random.random() < 0.3 else {})


def table(model: type[BaseModel], random: Random, known: Mapping[str, list[str]]) -> dict[str, Any]:
    """A table of the schema: what must be set, and about half of what may be. `known` are names that exist."""
    made = {}
    for name, field in model.model_fields.items():
        if field.is_required() or random.random() < 0.5:
            maker = MADE.get((model.__name__, name)) or generic(field.annotation, field.metadata, known)
            value = maker(random, known) if maker else None
            if value is not None:
                made[name] = value
    return made


Maker = Callable[[Random, Mapping[str, list[str]]], Any]


def generic(kind: Any, metadata: list[Any], known: Mapping[str, list[str]]) -> Maker | None:
    """How to make a value by its type alone; None where the type does not say enough."""
    if get_origin(kind) is Annotated:
        return generic(get_args(kind)[0], list(get_args(kind)[1:]), known)
    if get_origin(kind) in (Union, UnionType):
        return generic(get_args(kind)[0], metadata, known)
    if get_origin(kind) is Literal:
        return lambda random, known: random.choice(get_args(kind))
    if kind is bool:
        return lambda random, known: random.random() < 0.5
    if kind is int:
        low, high = (next((getattr(one, side) for one in metadata if hasattr(one, side)), 9) for side in ("ge", "le"))
        return lambda random, known: random.randint(low, high)
    if kind == tuple[date, ...]:
        return lambda random, known: [date(2026, month, 24) for month in range(1, random.randint(1, 12))]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return lambda random, known: table(kind, random, known)
    if get_origin(kind) is Mapping and issubclass(get_args(kind)[1], BaseModel):
        return lambda random, known: {
            name: table(get_args(kind)[1], random, known)
            for name in ("one", "two-2", "on_its_way")[: random.randint(1, 3)]
        }
    return None


def _one_of(names: str) -> Maker:
    return lambda random, known: random.choice(known[names]) if known[names] else None


def _able(random: Random, known: Mapping[str, list[str]]) -> Any:
    return [name for name in known["providers"] if providers.load(name).can.human_window]


def _approved(random: Random, known: Mapping[str, list[str]]) -> Any:
    named = {name: providers.load(name).can.templates for name in known["providers"]}
    return {name: one.like for name, one in named.items() if one}


def _text(random: Random, known: Mapping[str, list[str]]) -> Any:
    return random.choice(TEXTS)


def _mails(random: Random, known: Mapping[str, list[str]]) -> Any:
    return [f"form{number}@shop.example" for number in range(random.randint(0, 3))]


def _targets(random: Random, known: Mapping[str, list[str]]) -> Any:
    return {
        name: {"first_minutes": random.randint(0, MOST_MINUTES)} for name in ("sms", "email?") if random.random() < 0.5
    }


def _zone(random: Random, known: Mapping[str, list[str]]) -> Any:
    return random.choice(("Europe/Berlin", "Asia/Kolkata", "UTC"))


def _day(random: Random, known: Mapping[str, list[str]]) -> Any:
    return random.choice(("9:00-12:30, 13:30-18:00", "10:00-20:00", ""))


def _hours(random: Random, known: Mapping[str, list[str]]) -> Any:
    return {**table(Hours, random, known), "monday": "9:00-18:00"}


def _languages(random: Random, known: Mapping[str, list[str]]) -> Any:
    return random.sample(get_args(Language), random.randint(1, 3))


def _later(random: Random, known: Mapping[str, list[str]]) -> Any:
    """What depends on the rest of the table is set by `shop` and `desk`, once that is known."""
    return None


MADE: dict[tuple[str, str], Maker] = {  # what a type does not say
    ("Shop", "name"): _text,
    ("Shop", "time_zone"): _zone,
    ("Shop", "owner"): _one_of("desks"),
    ("Shop", "fallback"): _one_of("desks"),
    ("Shop", "forms"): _mails,
    ("Shop", "alarm_mail"): lambda random, known: "you@shop.example",
    ("Shop", "test_addresses"): _mails,
    ("Shop", "human_agent"): _able,
    ("Shop", "targets"): _targets,
    ("Shop", "on_call"): _later,
    ("OnCall", "people"): _later,
    ("Automatic", "updates"): _later,
    ("Shop", "desks"): _later,
    ("Shop", "routes"): _later,
    ("Shop", "providers"): _later,
    ("Shop", "rules"): _later,
    ("Shop", "packs"): lambda random, known: random.sample(STAGES, random.randint(0, 4)),
    ("When", "channels"): lambda random, known: random.sample(CHANNELS, random.randint(0, 3)),
    ("When", "providers"): lambda random, known: known["providers"][:2],
    ("When", "accounts"): lambda random, known: known["accounts"][:1],
    ("When", "words"): lambda random, known: random.sample(("refund", "Geld zurück", "退款", "où est"), 2),
    ("When", "stages"): lambda random, known: random.sample(STAGES, random.randint(0, 4)),
    ("When", "languages"): lambda random, known: random.sample(get_args(Spoken), random.randint(0, 3)),
    ("When", "tags"): lambda random, known: ["vip", "büro"][: random.randint(0, 2)],
    ("Rule", "name"): _text,
    ("Rule", "desk"): _one_of("desks"),
    ("Rule", "tags"): lambda random, known: ["vip", "return"][: random.randint(0, 2)],
    ("Rule", "acknowledgement"): _one_of("texts"),
    ("Rule", "skills"): _later,
    ("Desk", "skills"): lambda random, known: {},
    ("Acknowledgement", "texts"): lambda random, known: {"thanks": random.choice(TEXTS)},
    ("Desk", "slack"): _later,
    ("Desk", "mailbox"): _later,
    ("Desk", "agents"): _later,
    ("Desk", "provider"): _later,
    ("Desk", "account"): _later,
    ("Desk", "escalate_to"): _one_of("desks"),
    ("Shop", "hours"): _hours,
    ("Desk", "hours"): _hours,
    **{("Hours", name): _day for name in WEEKDAYS},
    ("Hours", "time_zone"): _zone,
    ("Hours", "dates"): lambda random, known: {f"2026-{random.randint(1, 12):02d}-24": "9:00-13:00"},
    ("Hours", "country"): lambda random, known: random.choice(("DE-BE", "IN", "")),
    ("Shop", "languages"): _languages,
    ("Acknowledgement", "complaint"): _text,
    ("Acknowledgement", "text"): _text,
    ("Acknowledgement", "closed"): _later,
    ("Acknowledgement", "call"): _text,
    ("Acknowledgement", "call_closed"): _later,
    ("Acknowledgement", "orders"): lambda random, known: random.choice(("CS-", "#", "ORDER2026/")),
    ("Acknowledgement", "languages"): _later,
    **{("Said", name): _later for name in Said.model_fields},
    **{("Promise", name): _text for name in Expected.model_fields},
    **{("Expected", name): _text for name in Expected.model_fields},
    ("Promise", "languages"): _later,
    ("Template", "text"): _text,
    ("Template", "approved"): _approved,
}


# ---- how it is written ------------------------------------------------------------------------------------------


def rows(random: Random, tables: Mapping[str, Any]) -> list[Row]:
    """The tables as a file, in one of the many ways in which it may be written."""
    written = [Row("# Your shop"), *_rows(random, (), tables)]
    return [
        row
        for one in written
        for row in ([one, Row(random.choice(("", "# a = [ remark")))] if random.random() < 0.2 else [one])
    ]


def text(written: list[Row]) -> str:
    return "".join(f"{row.text}\n" for row in written)


def line(written: list[Row], number: int) -> int:
    """The line at which the row of that number begins."""
    return sum(row.text.count("\n") + 1 for row in written[:number]) + 1


def dotted(place: Place) -> str:
    return ".".join(key(name) for name in place if isinstance(name, str))


def header(place: Place) -> str:
    return f"[[{dotted(place)}]]" if isinstance(place[-1], int) else f"[{dotted(place)}]"


def key(name: str) -> str:
    return name if name and set(name) <= BARE else json.dumps(name, ensure_ascii=False)


def value(random: Random, found: Any) -> str:
    """A value as it may stand in a file."""
    if isinstance(found, Mapping):
        return "{ " + ", ".join(f"{key(name)} = {value(random, one)}" for name, one in found.items()) + " }"
    if isinstance(found, list):
        between = random.choice((", ", ",\n  ", ",  # one\n\n  "))
        return (
            "[" + between.join(value(random, one) for one in found) + random.choice(("", "\n" if found else "")) + "]"
        )
    if isinstance(found, str) and "'" not in found and random.random() < 0.2:
        return random.choice((f"'{found}'", f"'''{found}'''"))
    return str(found) if isinstance(found, date) else json.dumps(found, ensure_ascii=False)


def _rows(random: Random, within: Place, found: Mapping[str, Any]) -> Iterator[Row]:
    """Keys first, then the tables below: a key behind a header would be the header's."""
    lists = [name for name, one in found.items() if isinstance(one, list) and one and isinstance(one[0], Mapping)]
    inner = [name for name, one in found.items() if isinstance(one, Mapping) and not _inline(random, within, name)]
    for name in [name for name in found if name not in (*inner, *lists)]:
        if isinstance(found[name], Mapping) and found[name] and random.random() < 0.5:
            yield from (pair(random, within, (name, below), one) for below, one in found[name].items())
        else:
            yield pair(random, within, (name,), found[name])
    for name in inner:
        yield from _table(random, (*within, name), found[name])
    for name in lists:
        for number, entry in enumerate(found[name]):
            yield from _table(random, (*within, name, number), entry)


def _table(random: Random, place: Place, found: Mapping[str, Any]) -> Iterator[Row]:
    below = list(_rows(random, place, found))
    if not found or isinstance(place[-1], int) or any(row.within == place for row in below):
        yield Row(f"{random.choice(('', '  '))}{header(place)}{random.choice(('', ' # a remark'))}", place)
    yield from below


def _inline(random: Random, within: Place, name: str) -> bool:
    return len(within) == 2 and random.random() < 0.8  # agents, approved, a second account, the conditions of a rule


def pair(random: Random, within: Place, place: tuple[str, ...], found: Any) -> Row:
    equals, behind = random.choice((" = ", "=", "   =  ")), random.choice(("", "", "   # a remark"))
    return Row(f"{dotted(place)}{equals}{value(random, found)}{behind}", within, place, found)
