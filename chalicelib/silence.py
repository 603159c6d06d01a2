"""Whether a provider that brings nothing has fallen silent, against what it brought in the last four weeks. Pure.

The rule: a pause is silence if one so long, in just these hours of the week, is expected once in 10,000. If messages
came one by one and each week were like the others (Poisson) and K had come in these hours of four weeks, nothing would
come in them with a chance of (4/5)^(K+1). They come in bursts, so K is divided by how much more the same hour differs
from week to week than it then would. So

- of pauses between bursts about one in 10,000 is a false alarm: with ten bursts a day one in about three years. Of half
  a million made-up ones, with nights and Sundays, bursts of one to five and 3 to 200 messages a day, two were;
- a provider is named when eleven messages are missing that come one by one, or some more bursts: with forty a day in
  the middle of one after three to five hours, with ten after one to two days. Who brought fewer than forty in four
  weeks is never named: nobody could tell;
- hours count when they are full and over, nights and Sundays for what they usually bring, the shop's holidays not.

Hours are UTC's: for four weeks after the clocks changed, the first and the last of a day are one off.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKS = 4
DAYS = 7 * WEEKS
ODDS = 1 / 10_000
HOUR = timedelta(hours=1)

Slot = tuple[int, str]  # a day of the week by the shop's clock (Monday 0), and an hour of UTC: "00" to "23"


class Usual(NamedTuple):
    """What a provider brought in four weeks: messages in each hour of the week, and how many of them come together."""

    brought: Mapping[Slot, int]
    burst: float


def usual(days: Mapping[date, Mapping[str, int]]) -> Usual:
    """Of the days of four whole weeks, each with its messages by hour."""
    weeks: dict[Slot, list[int]] = {}
    for day, hours in days.items():
        for hour in (f"{number:02d}" for number in range(24)):
            weeks.setdefault((day.weekday(), hour), []).append(hours.get(hour, 0))
    messages = sum(map(sum, weeks.values())) / WEEKS
    burst = sum(map(_variance, weeks.values())) / messages if messages else 1.0
    return Usual({slot: sum(counts) for slot, counts in weeks.items()}, max(1.0, burst))


def lacking(known: Usual, heard: datetime, now: datetime, zone: str, holidays: Collection[date] = ()) -> float | None:
    """How many messages would usually have come since `heard`, if that is silence; else None."""
    here, count = ZoneInfo(zone), 0
    begins = heard.replace(minute=0, second=0, microsecond=0) + HOUR
    for number in range(min(math.floor((now - begins) / HOUR), 24 * DAYS)):
        hour = begins + number * HOUR
        day = hour.astimezone(here).date()
        count += 0 if day in holidays else known.brought[day.weekday(), f"{hour:%H}"]
    chance = (WEEKS / (WEEKS + 1)) ** (count / known.burst + 1)
    return count / WEEKS if chance < ODDS else None


def _variance(counts: Sequence[int]) -> float:
    return (sum(count * count for count in counts) - sum(counts) ** 2 / WEEKS) / (WEEKS - 1)
