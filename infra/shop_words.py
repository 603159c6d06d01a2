"""What would be right in shop.toml, in the words of a person who edits a file; the types of models/shop.py say it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chalicelib.models.shop import Shop
from infra.toml_places import Place, dotted, header

LONGEST = 60  # characters of what was found that are shown
CLOSE = 0.8  # as alike as a name and the same with a typing error; below it lies what is merely alike (0.6)
AMOUNT = re.compile(r"\s*(\d+)\s*([a-z]+)\s*")
SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800} | {
    name + ending: seconds
    for name, seconds in (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800))
    for ending in ("", "s")
}


class Type(NamedTuple):
    """What may stand at a place: its type, and the bounds of it."""

    type: Any
    bounds: Mapping[str, Any]


def type_at(place: Place) -> Type | None:
    """What may stand at a place of shop.toml; None where nothing is known there."""
    found: Type | None = Type(Shop, {})
    for name in place:
        found = _below(found.type, name) if found else None
    return found


def unknown(place: Place, there: Iterable[str]) -> tuple[str, str]:
    """What to say of a key that means nothing in its table, and the key that is meant; empty where that is unsure.

    `there` are the keys that the table has already.
    """
    *table, name = place
    known = type_at(tuple(table))
    fields = list(known.type.model_fields) if known else []
    free = [field for field in fields if field not in there]
    near = _near(name, free, CLOSE) or _near(name, fields, CLOSE)
    if not near and (elsewhere := _tables_with(str(name), tuple(table))):
        return f"it is not known here; it belongs {' or '.join(elsewhere)}", ""
    near = near or _near(name, free, 0.6) or _near(name, fields, 0.6)
    if near:
        return f"it is not known here; did you mean {near}?", near
    return f"it is not known here; take it out, or choose one of {', '.join(sorted(fields))}", ""


def missing(place: Place) -> str:
    return f"it must be set: {_example(place, ...)}"


def wrong(place: Place, value: Any, otherwise: str) -> str:
    """What to say of a value that cannot stand at a place: what was found and what would be right."""
    known = type_at(place)
    right = _right(known, place, value) if known else ""
    return f"found {_cut(written(value))}; {right or otherwise.replace('Input should be', 'it should be')}"


def stand_in(place: Place, value: Any) -> Any:
    """Something that may stand at a place, so that the rest of the file can be looked at; as like `value` as it can."""
    known = type_at(place)
    kind = known.type if known else str
    if get_origin(kind) is Literal:
        return get_args(kind)[-1]
    if kind in (int, float):
        return kind((known.bounds if known else {}).get("ge", 0))
    if kind is str:
        return "?" if value is ... else str(value)
    if kind is bool:
        return False
    if kind is date:
        return date.min
    if get_origin(kind) in (tuple, list):
        entry = get_args(kind)[0]
        return [stand_in((*place, 0), ...)] if entry is str or get_origin(entry) is Literal else []
    return {"?": "?"} if get_origin(kind) is Mapping and get_args(kind)[1] is str else {}


def written(value: Any) -> str:
    """A value as it stands in a file."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{dotted((name,))} = {written(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float) else str(value)


def _right(known: Type, place: Place, value: Any) -> str:
    kind = known.type
    if get_origin(kind) is Literal:
        near = _near(value, get_args(kind), 0.6)
        return f"choose {_or(map(written, get_args(kind)))}" + (f"; did you mean {written(near)}?" if near else "")
    if kind in (int, float):
        return _number(known, str(place[-1]), value)
    if kind is str:
        return f"it is a text, in quotes: {_example(place, value)}"
    if kind is bool:
        return "it is true or false, without quotes"
    if kind is date:
        return "it is a day, without quotes, like 2026-12-24"
    if get_origin(kind) in (tuple, list):
        return f"it is a list: {_example(place, value)}"
    if _is_table(kind):
        return f"it is a table: {_example(place, value)}"
    return ""


def _number(known: Type, name: str, value: Any) -> str:
    whole = "a whole number" if known.type is int else "a number"
    lowest, highest = known.bounds.get("ge"), known.bounds.get("le")
    within = f" from {lowest} to {highest}" if highest is not None else f", at least {lowest}" if lowest else ""
    unit = next((word for word in ("seconds", "minutes", "hours", "days", "weeks") if name.endswith(word)), "")
    amount = AMOUNT.fullmatch(value.lower()) if isinstance(value, str) else None
    of = f" of {unit}" if unit else ""
    said = f"it is {whole}{of}{within}{', without quotes' if isinstance(value, str) else ''}"
    if unit and amount and amount[2] in SECONDS and not int(amount[1]) * SECONDS[amount[2]] % SECONDS[unit]:
        return f"{said}: {name} = {int(amount[1]) * SECONDS[amount[2]] // SECONDS[unit]}"
    return said


def _example(place: Place, value: Any) -> str:
    """A line that could stand at a place, made of what was found there."""
    known = type_at(place)
    kind, name = known.type if known else str, dotted(place[-1:])
    text = written(value if isinstance(value, str) else "…" if value is ... or _has_parts(value) else str(value))
    if _is_table(kind) and not isinstance(place[-1], int):
        named = get_origin(kind) is Mapping and _is_table(get_args(kind)[1])
        there = (*place, "NAME") if named else place
        return f"{header(there)} on a line of its own, and below it what belongs to it"
    if get_origin(kind) in (tuple, list) and _is_table(get_args(kind)[0]):
        return f"{header((*place, 0))} on a line of its own for each entry, and below it what belongs to that"
    if get_origin(kind) in (tuple, list):
        return f"{name} = [{text}]"
    return text if isinstance(place[-1], int) else f"{name} = {text}"


def _has_parts(value: Any) -> bool:
    return isinstance(value, list | Mapping)


def _below(kind: Any, name: str | int) -> Type | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(name))
        return _plain(field) if field else None
    inner = get_args(kind)
    if get_origin(kind) in (tuple, list) and inner:
        return _plain(inner[0])
    return _plain(inner[1]) if _is_table(kind) and len(inner) == 2 and isinstance(name, str) else None


def _plain(found: Any, bounds: Iterable[Any] = ()) -> Type:
    """A field's type without what is around it, its bounds beside it."""
    if isinstance(found, FieldInfo):
        return _plain(found.annotation, found.metadata)
    if get_origin(found) is Annotated:
        return _plain(get_args(found)[0], [part for one in get_args(found)[1:] for part in _parts(one)])
    if get_origin(found) in (Union, UnionType):
        return _plain(next(one for one in get_args(found) if one is not type(None)), bounds)
    sides = ((side, getattr(one, side, None)) for one in bounds for side in ("ge", "le"))
    return Type(found, {side: value for side, value in sides if value is not None})


def _parts(metadata: Any) -> Iterable[Any]:
    return metadata.metadata if isinstance(metadata, FieldInfo) else [metadata]


def _is_table(kind: Any) -> bool:
    return get_origin(kind) in (Mapping, dict) or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _tables_with(name: str, but: Place) -> list[str]:
    """Where in the file a key would be known; in a table within this one as it is written here."""
    there = [place for place in _tables((), Shop) if place != but and name in _fields(place)]
    within = [place for place in there if dotted(place[: len(but)]) == dotted(but) and len(but) > 1]
    return [f"here as {dotted((*place[len(but) :], name))}" for place in within] or list(map(_where, there))


def _where(place: Place) -> str:
    return f"in {header(place)}" if place else "above the first [table]"


def _tables(place: Place, kind: Any) -> Iterator[Place]:
    """Every table of the schema; NAME stands for those that the owner names, 0 for the entries of a list."""
    below: str | int = 0 if get_origin(kind) in (tuple, list) else "NAME"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield place
        for name, field in kind.model_fields.items():
            yield from _tables((*place, name), _plain(field).type)
    elif named := _below(kind, below):
        yield from _tables((*place, below), named.type)


def _fields(place: Place) -> Iterable[str]:
    known = type_at(place)
    return known.type.model_fields if known else ()


def _near(name: Any, known: Iterable[Any], cutoff: float) -> str:
    found = get_close_matches(str(name).lower(), list(known), 1, cutoff)
    return found[0] if found else ""


def _or(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
