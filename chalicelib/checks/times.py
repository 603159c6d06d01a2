"""What a type cannot say of hours and minutes: that they can be read, do not clash and come to an end."""

import re
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib import hours
from chalicelib.checks.problem import CHANNELS, Problem, listed
from chalicelib.models.shop import WEEKDAYS, Hours, Shop, Target

TIERS = ("nudge_minutes", "escalate_minutes", "owner_minutes")
STEPS = ("reassign_minutes", *TIERS)
COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)


def zone(place: tuple[str, ...], zone: str) -> Iterator[Problem]:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield place, f"{zone!r} is no time zone; write one like Europe/Berlin"


def targets(rules: Shop) -> Iterator[Problem]:
    for channel in rules.targets or ():
        if channel not in CHANNELS:
            yield ("targets", channel), f"{channel!r} is no channel; there are {listed(CHANNELS, channel)}"


def automatic(rules: Shop) -> Iterator[Problem]:
    if rules.automatic.updates and rules.targets is None:
        yield ("automatic", "updates"), "a target says when they come; add [targets]"


def open_hours(rules: Shop) -> Iterator[Problem]:
    """Each table by itself; then, where they can be reckoned with, that no desk's minutes take longer than a year."""
    tables: dict[tuple[str, ...], Hours | None] = {("hours",): rules.hours}
    tables |= {("desks", name, "hours"): place.hours for name, place in rules.desks.items()}
    found = [problem for place, table in tables.items() if table for problem in spans(place, table, rules)]
    found += [] if found else dict(_dates(rules)).items()
    yield from found
    for name, place in () if found else rules.desks.items():
        calendar = hours.of(rules, name)
        steps = {("desks", name, step): getattr(place, step) for step in STEPS} | dict(_targets(rules))
        for at, minutes in steps.items() if calendar else ():
            if calendar and (minutes or 0) > 52 * hours.weekly(calendar):
                yield at, f"the desk {name!r} is open so little that {minutes} minutes take over a year"


def _targets(rules: Shop) -> Iterator[tuple[tuple[str, ...], int | None]]:
    for channel, target in (rules.targets or {}).items():
        yield from ((("targets", channel, field), getattr(target, field)) for field in Target.model_fields)


def spans(place: tuple[str, ...], table: Hours, rules: Shop) -> Iterator[Problem]:
    """Spans that can be read and are apart, at least one of them, and a known zone."""
    if table.time_zone:
        yield from zone((*place, "time_zone"), table.time_zone)
    if table.country and not COUNTRY.fullmatch(table.country):
        yield (*place, "country"), f"write a country, or a region of it, like DE or DE-BE, not {table.country!r}"
    week = []
    for day, text in zip(WEEKDAYS, table.week, strict=True):
        try:
            week.append(hours.read(text))
        except ValueError as error:
            yield (*place, day), str(error)
    for day, text in (table.dates or {}).items():
        try:
            hours.read(text.strip())
        except ValueError as error:
            yield (*place, "dates", day), str(error)
        if not _is_day(day):
            yield (*place, "dates", day), f"{day!r} is no day; write it like 2026-12-24"
    if len(week) == len(WEEKDAYS):
        yield from (((*place, day), words) for day, words in hours.clashes(tuple(week)))
    if not any(table.week) and not (rules.hours and any(rules.hours.week)):
        yield place, 'no day has hours; write them like monday = "9:00-12:30, 13:30-18:00"'


def _dates(rules: Shop) -> Iterator[Problem]:
    """Days with hours of their own that clash with the days around them, at whatever desk."""
    for name in ("", *rules.desks):
        own = rules.desks[name].hours if name else None
        table = ("desks", name, "hours") if own and own.dates is not None else ("hours",)
        calendar = hours.of(rules, name)
        clashing = hours.clashing(calendar) if calendar else ()
        yield from (((*table, "dates", f"{day}"), words) for day, words in clashing)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
