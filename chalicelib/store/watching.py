"""What the tick function remembers, and what each day came to: one row for now, one for each day."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.models import SCHEMA, Watch
from chalicelib.store.keys import day_key, watch_key
from chalicelib.store.rows import dump, put, put_next
from chalicelib.store.table import get, read, transact


def watch() -> Watch:
    """As it was left. Raises one of aws.FAULTS."""
    return Watch.model_validate(get(watch_key()) or {})


def put_watch(known: Watch, days: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what is remembered, if nobody else wrote it meanwhile, and what days came to. Raises Moved or aws.FAULTS.

    A day's row is its only counter: {"accepted", "filed", "parked", "missing", "targets", "kept": numbers, "by":
    provider -> hour (UTC) -> number}. It is counted from ids in the log, so a message costs no call for it.
    """
    row = {**watch_key(), **dump(known), "version": known.version}
    transact([put_next(row), *(put({**day_key(day), **counts, "schema": SCHEMA}) for day, counts in days.items())])


def days(names: Iterable[str]) -> dict[str, dict[str, dict[str, int]]]:
    """What each provider brought by hours, of days by their dates; those that were never added up are left out."""
    rows = {name: day_key(name) for name in names}
    found = read(list(rows.values()))
    return {name: _numbers(found[key["pk"]]["by"]) for name, key in rows.items() if key["pk"] in found}


def _numbers(by: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {provider: {hour: int(count) for hour, count in hours.items()} for provider, hours in by.items()}
