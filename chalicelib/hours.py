"""When a desk is open: its calendar, when it opens next, where a number of open minutes ends. Pure.

A span belongs to the day on which it begins, so a night goes on into a holiday, and a holiday has no night of its own.
Where clocks change, a wall clock that never goes back decides: an hour that is skipped is nobody's, one that comes
twice counts the first time, and the second is as the first ended. So spans that touch always touch, and none overlap.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.models.shop import WEEKDAYS, Hours, Shop

A_DAY, NOON, MIDNIGHT = timedelta(days=1), 12 * 60, 24 * 60
A_YEAR = 366  # spans: at least as many days
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?", re.ASCII)


class Span(NamedTuple):
    """Minutes from the midnight with which its day begins; past the next midnight they go on."""

    begins: int
    ends: int

    def __str__(self) -> str:
        return "-".join(f"{at // 60}:{at % 60:02d}" for at in (self.begins, (self.ends - 1) % MIDNIGHT + 1))


class Calendar(NamedTuple):
    """Opening hours as they are reckoned with."""

    zone: str
    week: tuple[tuple[Span, ...], ...]  # from Monday on
    holidays: frozenset[date]
    dates: tuple[tuple[date, tuple[Span, ...]], ...] = ()  # days with spans of their own; they may be holidays

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on a day."""
        usual = () if day in self.holidays else self.week[day.weekday()]
        return next((spans for own, spans in self.dates if own == day), usual)


# ---- reading ----------------------------------------------------------------------------------------------------


def of(shop: Shop, name: str) -> Calendar | None:
    """The hours of a desk, None where it is always open. What its own leave out, the shop's say."""
    place = shop.desks.get(name)
    return _calendar(place.hours if place else None, shop.hours, shop.time_zone)


@lru_cache(maxsize=64)
def _calendar(own: Hours | None, shops: Hours | None, zone: str) -> Calendar | None:
    layers = [one for one in (own, shops) if one]
    if not layers:
        return None
    zones = (one.time_zone for one in layers)
    weeks = (one.week for one in layers)
    holidays = (one.holidays for one in layers)
    dates = next((one.dates for one in layers if one.dates is not None), {})
    return Calendar(
        zone=next(filter(None, zones), zone),
        week=tuple(read(text) for text in next(filter(any, weeks), layers[0].week)),
        holidays=frozenset(next((days for days in holidays if days is not None), ())),
        dates=tuple((date.fromisoformat(day), read(text.strip())) for day, text in sorted(dates.items())),
    )


def shift(shop: Shop, name: str) -> Calendar | None:
    """When a person can be called, None at any time."""
    return _calendar(shop.on_call.shifts.get(name) if shop.on_call else None, None, shop.time_zone)


def read(text: str) -> tuple[Span, ...]:
    """The spans of a day in order: "9:00-12:30, 13:30-18:00". Raises ValueError with what would be right."""
    return tuple(sorted(_span(part.strip()) for part in text.split(","))) if text else ()


def _span(said: str) -> Span:
    found = _SPAN.fullmatch(said)
    if not found:
        raise ValueError(f'{said!r} is no span of hours; write them like "9:00-12:30, 13:30-18:00"')
    hours, minutes = (int(found[1]), int(found[3])), (int(found[2] or 0), int(found[4] or 0))
    begins, ends = (60 * hour + minute for hour, minute in zip(hours, minutes, strict=True))
    if max(minutes) > 59 or begins >= MIDNIGHT or ends > MIDNIGHT:
        raise ValueError(f"{said!r} is no span of hours; a day goes from 0:00 to 24:00")
    if begins < ends:
        return Span(begins, ends)
    if ends <= NOON <= begins and begins != ends:
        return Span(begins, ends + MIDNIGHT)
    raise ValueError(f"{said!r} ends before it begins; only an afternoon goes on past midnight, until noon at most")


def clashes(week: tuple[tuple[Span, ...], ...]) -> Iterator[tuple[str, str]]:
    """Spans that begin before the one before them ends: the day, and what is wrong."""
    placed = [(number * MIDNIGHT, day, span) for number, day in enumerate(WEEKDAYS) for span in week[number]]
    again = [(midnight + 7 * MIDNIGHT, day, span) for midnight, day, span in placed[:1]]
    for (midnight, before, earlier), (next_midnight, day, later) in pairwise([*placed, *again]):
        if next_midnight + later.begins < midnight + earlier.ends:
            yield day, f"{later} begins before {before}'s {earlier} ends"


def clashing(calendar: Calendar) -> Iterator[tuple[date, str]]:
    """Days with spans of their own that do not stand apart, or not from those of the nights around them."""
    for day, _ in calendar.dates:
        near = [
            (number * MIDNIGHT + span.begins, number * MIDNIGHT + span.ends)
            for number in (-1, 0, 1)
            for span in calendar.on(day + number * A_DAY)
        ]
        if any(later < ends for (_, ends), (later, _) in pairwise(near)):
            yield day, "its hours begin before others end, on this day or in the night before or after"


def weekly(calendar: Calendar) -> int:
    """The minutes it is open in a week."""
    return sum(span.ends - span.begins for spans in calendar.week for span in spans)


def in_words(calendar: Calendar) -> str:
    """ "Monday to Friday 9:00-18:00; Saturday 10:00-14:00": days in a row with the same spans are told at once."""
    told = []
    for spans, days in groupby(zip(calendar.week, WEEKDAYS, strict=True), key=itemgetter(0)):
        first, *more = (day.capitalize() for _, day in days)
        if spans:
            told.append(f"{' to '.join([first, *more[-1:]])} {', '.join(map(str, spans))}")
    return "; ".join(told)


# ---- reckoning --------------------------------------------------------------------------------------------------


def opens(calendar: Calendar, at: datetime) -> datetime:
    """When it is open from `at` on: `at` itself while it is."""
    begins, _ = next(spans(calendar, at))
    return max(begins, at)


def closes(calendar: Calendar, at: datetime) -> datetime | None:
    """When it is closed from `at` on: `at` itself while it is. None where it is open for a year without end."""
    for begins, ends in islice(spans(calendar, at), A_YEAR):
        if at < begins:
            return at
        at = ends
    return None


def after(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    """When so many open minutes have passed since `start`; none have passed at once."""
    left = timedelta(minutes=minutes)
    if not left:
        return start
    for begins, ends in spans(calendar, start):
        begins = max(begins, start)
        if begins + left <= ends:
            return begins + left
        left -= ends - begins
    raise AssertionError("spans never end")


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much of the time from `start` to `end` is open."""
    total = timedelta()
    for begins, ends in spans(calendar, start):
        if begins >= end:
            break
        total += min(ends, end) - max(begins, start)
    return total


def spans(calendar: Calendar, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Every time it is open that is not over at `since`, in order and without end, in UTC; the end is not in it.

    A calendar has a span in its week, so that there is always another.
    """
    zone = ZoneInfo(calendar.zone)
    day = since.astimezone(zone).date() - A_DAY  # last night may go on
    while True:
        for span in calendar.on(day):
            begins, ends = _moment(day, span.begins, zone), _moment(day, span.ends, zone)
            if begins < ends and since < ends:
                yield begins, ends
        day += A_DAY


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """When the clocks first show so many minutes after a day's midnight, or jump past them."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # before the jump, as `moment` is behind it
    new = moment.astimezone(zone).utcoffset()
    each = (early + timedelta(minutes=number) for number in range(MIDNIGHT))
    return next(at for at in each if at.astimezone(zone).utcoffset() == new)
