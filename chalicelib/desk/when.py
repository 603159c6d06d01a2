"""Times as agents say them: "2h", "18:00", "tomorrow 9", "montag 9:30", in the shop's time zone. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

Value = TypeVar("Value")
EXAMPLES = "2h, 30m, 3d, 18:00, tomorrow 9, monday 9:30 or 2026-03-05 10:00"
A_DAY, LONGEST = timedelta(days=1), timedelta(days=366)
MORNING = 9  # the hour of a day that is named without one


def _by_word(table: Mapping[str, Value]) -> dict[str, Value]:
    return {word: value for words, value in table.items() for word in words.split()}


UNITS = _by_word(
    {
        "m min mins minute minutes minuten": timedelta(minutes=1),
        "h hr hrs hour hours std stunde stunden": timedelta(hours=1),
        "d day days tag tage tagen": A_DAY,
        "w week weeks woche wochen": timedelta(weeks=1),
    }
)
DAYS_AHEAD = _by_word({"today tonight heute": 0, "tomorrow morgen": 1, "übermorgen uebermorgen overmorrow": 2})
WEEKDAYS = _by_word(
    {
        "mon monday mo montag": 0,
        "tue tues tuesday di dienstag": 1,
        "wed wednesday mi mittwoch": 2,
        "thu thur thurs thursday do donnerstag": 3,
        "fri friday fr freitag": 4,
        "sat saturday sa samstag sonnabend": 5,
        "sun sunday so sonntag": 6,
    }
)
PARTS = _by_word(  # the hour that a part of a day stands for
    {
        "morning früh frueh vormittag": MORNING,
        "noon midday mittag": 12,
        "afternoon nachmittag": 14,
        "evening tonight abend": 18,
    }
)
FILLERS = frozenset(_by_word({"in for at on um am bis until till den the next nächsten naechsten kommenden": 0}))

_SPAN = re.compile(r"(\d{1,5})\s*([a-z]+)")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|uhr)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?")
_JOINED = re.compile(r"(?<=\d)\s+(?=(?:am|pm|uhr)\b)|(?<=\d)t(?=\d)")  # "9 am" is one word, 2026-03-05T10:00 are two


def understood(words: str, now: datetime, zone: str) -> datetime | None:
    """The moment that an agent means, in UTC; None for what is past, too far ahead, or not understood.

    A span of days or weeks keeps the hour, also over a change of the clocks. A day without an hour means nine o'clock,
    an hour or a weekday without a date the next one.
    """
    here = now.astimezone(ZoneInfo(zone))
    said = words.casefold().replace(",", " ").strip()
    try:
        moments = _after_a_span(said, here) or list(_moments(said, here))
    except (ValueError, OverflowError):  # no such word, day, hour or year
        return None
    return next((moment for moment in moments if now < moment <= now + LONGEST), None)


def spoken(at: datetime, zone: str) -> str:
    """A moment as agents read it, in the shop's time zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%A %-d %B %H:%M}"


def lasting(span: timedelta) -> str:
    """How long, roughly, in words."""
    minutes = int(span.total_seconds() // 60)
    for name, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {name}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _after_a_span(said: str, here: datetime) -> list[datetime]:
    """ "2h", "1h 30m", "in 3 days": one moment, or none where it is no span."""
    text = re.sub(r"^(?:in|for)\s+", "", said)
    found = _SPAN.findall(text)
    if not found or _SPAN.sub("", text).strip() or any(unit not in UNITS for _, unit in found):
        return []
    spans = [(UNITS[unit] >= A_DAY, int(count) * UNITS[unit]) for count, unit in found]
    days = sum((span for by_day, span in spans if by_day), timedelta())
    rest = sum((span for by_day, span in spans if not by_day), timedelta())
    return [_utc(here + days) + rest]


def _moments(said: str, here: datetime) -> Iterator[datetime]:
    """What a day, an hour or both may mean: several moments, of which the first that is ahead counts."""
    tokens = [word for word in _JOINED.sub(lambda found: "" if found[0].isspace() else " ", said).split()
              if word not in FILLERS]  # fmt: skip
    days = [found for word in tokens if (found := _days(word, here.date()))]
    parts = [PARTS[word] for word in tokens if word in PARTS]
    others = [word for word in tokens if word not in PARTS and not _days(word, here.date())]
    if not tokens or max(len(days), len(parts), len(others)) > 1:
        return
    clock = _clock(others[0], parts, bare=bool(days)) if others else time(parts[0] if parts else MORNING)
    for day in days[0] if days else (here.date(), here.date() + A_DAY):
        for fold in (0, 1):  # an hour that the clocks go through twice
            yield _utc(datetime.combine(day, clock, here.tzinfo).replace(fold=fold))


def _days(word: str, today: date) -> list[date]:
    """The days that a word may mean: for a weekday this one and that in a week, for a date without a year two."""
    if word in DAYS_AHEAD:
        return [today + timedelta(days=DAYS_AHEAD[word])]
    if word in WEEKDAYS:
        first = today + timedelta(days=(WEEKDAYS[word] - today.weekday()) % 7)
        return [first, first + timedelta(weeks=1)]
    if found := _ISO.fullmatch(word):
        return [date(int(found[1]), int(found[2]), int(found[3]))]
    if found := _DOTTED.fullmatch(word):
        years = [int(found[3])] if found[3] else [today.year, today.year + 1]
        return [date(year, int(found[2]), int(found[1])) for year in years]
    return []


def _clock(word: str, parts: list[int], *, bare: bool) -> time:
    """The hour that a word names. A bare number is one only beside a day. Raises ValueError."""
    found = _CLOCK.fullmatch(word)
    if not found or not (bare or parts or found[2] or found[3]):
        raise ValueError(word)
    hour, half = int(found[1]), found[3]
    if half in ("am", "pm") and not 1 <= hour <= 12:
        raise ValueError(word)
    late = half == "pm" or (half is None and bool(parts) and parts[0] > 12)  # "abend 8" is 20:00
    if half in ("am", "pm") or (late and hour < 12):
        hour = hour % 12 + (12 if late else 0)
    return time(hour, int(found[2] or 0))


def _utc(moment: datetime) -> datetime:
    """An hour that the clocks skip is moved on by what they skip."""
    return moment.astimezone(UTC)
