"""Where commands print, results and beside them what is under way or wrong; and how they read and say times."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console

out = Console(highlight=False, emoji=False, markup=False)
err = Console(highlight=False, emoji=False, markup=False, stderr=True)


UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = 5  # digits


def duration(text: str) -> timedelta:
    """A time as people write it: 30m, 2h, 3d. For click: raises BadParameter."""
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not (number.isascii() and number.isdigit()) or len(number) > LONGEST:
        raise click.BadParameter(f"{text!r} is no time: write it like 30m, 2h or 3d.")
    return timedelta(**{UNITS[unit]: int(number)})


def moment(text: str) -> datetime:
    """A point in time as people write it: so long ago, or in full with its zone. For click: raises BadParameter."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.now(UTC) - duration(text)
    if at.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no zone: write it like 2026-03-02T09:00:00Z, or 2h for so long ago.")
    return at.astimezone(UTC).replace(microsecond=0)


def ago(at: datetime, now: datetime) -> str:
    minutes = round((now - at).total_seconds() / 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


@contextmanager
def working(what: str) -> Iterator[Callable[[str], object]]:
    """Show that something is under way. In a terminal it turns and goes; else only what is told is printed."""
    if not err.is_terminal:
        yield lambda line: err.print(f"{line} …", soft_wrap=True) if line else None
        return
    with err.status(f"{what} …") as status:

        def say(line: str) -> None:
            status.update(f"{line} …")
            status.start() if line else status.stop()

        yield say
