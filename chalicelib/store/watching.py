"""What the tick function remembers, and what each day came to: one row for now, one for each day."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.models.values import SCHEMA
from chalicelib.models.work import Measured, Watch
from chalicelib.store.keys import day_key, measured_key, watch_key
from chalicelib.store.rows import dump, put, put_next
from chalicelib.store.table import get, read, transact


def watch() -> Watch:
    """As it was left. Raises one of aws.FAULTS."""
    return Watch.model_validate(get(watch_key()) or {})


def put_watch(known: Watch, days: Mapping[str, Mapping[str, Any]], found: Measured | None = None) -> None:
    """Write what is remembered, if nobody else wrote it meanwhile, and what days came to. Raises Moved or aws.FAULTS.

    A day's row is its only counter: {"accepted", "filed", "parked", "missing", "targets", "kept": numbers, "by":
    provider -> hour (UTC) -> number, "answers": see tally.Answers}. It is counted from ids in the log, so a message
    costs no call for it. `found` is what answers were measured to take by now.
    """
    row = {**watch_key(), **dump(known), "version": known.version}
    rows = [{**day_key(day), **counts, "schema": SCHEMA} for day, counts in days.items()]
    rows += [{**measured_key(), **dump(found)}] if found else []
    transact([put_next(row), *map(put, rows)])


def answers(days: Iterable[str]) -> list[Any]:
    """The answers that each of these days counted, by one read. Raises one of aws.FAULTS."""
    return [row.get("answers", {}) for row in read([day_key(day) for day in days]).values()]


def measured() -> Measured:
    """What answers were measured to take, the last time. Raises one of aws.FAULTS."""
    return Measured.model_validate(get(measured_key()) or {})


def days(names: Iterable[str]) -> dict[str, dict[str, dict[str, int]]]:
    """What each provider brought by hours, of days by their dates; those that were never added up are left out."""
    rows = {name: day_key(name) for name in names}
    found = read(list(rows.values()))
    return {name: _numbers(found[key["pk"]]["by"]) for name, key in rows.items() if "by" in found.get(key["pk"], {})}


def _numbers(by: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {provider: {hour: int(count) for hour, count in hours.items()} for provider, hours in by.items()}
