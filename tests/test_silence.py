"""Silence against the usual volume: who is named, how soon, how seldom without reason, and how often it is said."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from math import exp
from random import Random
from typing import Any

import pytest

from chalicelib import journal, settings, silence, store
from chalicelib.models.work import Watch
from tests.lab import START, Lab, laboratory, log
from tests.test_watch import TELEGRAM_SHOP, told

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READING = ("cloudwatch-logs.", "dynamodb.BatchGet")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SHARE = [0.1] * 7 + [0.3, 0.6, 1, 1.2, 1.2, 1, 1, 1.1, 1.2, 1, 0.9, 0.8, 0.7, 0.6, 0.4, 0.2, 0.1]  # of an hour


class Shop:
    """What a provider brings in each hour since MONDAY: few at night, less on weekends, in bursts."""

    def __init__(self, seed: int, a_day: float, burst: float, weeks: int) -> None:
        random, self.counts, self.bursts = Random(seed), list[int](), 0
        for number in range(weeks * 7 * 24):
            at = MONDAY + number * HOUR
            rate = a_day / burst / sum(SHARE) * SHARE[at.hour] * (1 if at.weekday() < 5 else 0.4)
            came = poisson(random, rate)
            self.bursts += came
            self.counts.append(sum(1 + poisson(random, burst - 1) for _ in range(came)))

    def usual(self, day: int) -> silence.Usual:
        """Of the four weeks before a day, by its number."""
        return silence.usual({(MONDAY + one * DAY).date(): self.day(one) for one in range(day - silence.DAYS, day)})

    def day(self, number: int) -> dict[str, int]:
        return {f"{hour:02d}": count for hour, count in enumerate(self.counts[24 * number : 24 * number + 24]) if count}

    def alarms(self) -> int:
        """How often silence would have been named, once in each pause."""
        found, named, heard = 0, False, MONDAY + silence.DAYS * DAY
        for hour in range(24 * silence.DAYS, len(self.counts)):
            if hour % 24 == 0:
                usual = self.usual(hour // 24)
            now = MONDAY + hour * HOUR
            if not named and silence.lacking(usual, heard, now, "UTC"):
                found, named = found + 1, True
            if self.counts[hour]:
                heard, named = now + HOUR / 2, False
        return found


def poisson(random: Random, rate: float) -> int:
    count, left = 0, random.random()
    while left > exp(-rate):
        count, left = count + 1, left * random.random()
    return count


def within(shop: Shop, begins: datetime, **rest: Any) -> timedelta | None:
    """How soon it is named when nothing comes from then on; None if not within a week."""
    usual = shop.usual((begins - MONDAY).days)
    hours = (number * HOUR for number in range(7 * 24))
    return next((one for one in hours if silence.lacking(usual, begins, begins + one, "UTC", **rest)), None)


# ---- the rule ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a_day", "burst"), [(40, 1.0), (40, 3.0)])
def test_without_reason_it_is_named_about_once_in_ten_thousand_pauses(a_day: float, burst: float) -> None:
    shop = Shop(1, a_day, burst, 24)
    assert shop.alarms() <= 1 + shop.bursts / 10_000


def test_with_worse_odds_it_would_be_named_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "ODDS", 1 / 20)
    assert Shop(1, 40, 1.0, 20).alarms() > 5


@pytest.mark.parametrize(
    ("a_day", "burst", "least", "most"), [(400, 1.0, 1, 2), (40, 1.0, 3, 5), (40, 3.0, 6, 30), (10, 1.0, 24, 48)]
)
def test_the_more_it_usually_brings_the_sooner_it_is_named(a_day: float, burst: float, least: int, most: int) -> None:
    soon = within(Shop(2, a_day, burst, 6), MONDAY + 36 * DAY + 10 * HOUR)
    assert soon and least * HOUR <= soon <= most * HOUR


def test_a_night_is_no_silence() -> None:
    shop, evening = Shop(2, 40, 1.0, 6), MONDAY + 35 * DAY + 22 * HOUR
    soon = within(shop, evening)
    assert soon and evening + soon > MONDAY + 36 * DAY + 9 * HOUR


def test_who_brings_too_few_to_tell_is_never_named() -> None:
    assert within(Shop(3, 1, 1.0, 6), MONDAY + 36 * DAY) is None
    assert silence.lacking(silence.usual({}), MONDAY, MONDAY, "UTC") is None


def test_holidays_of_the_shop_do_not_count() -> None:
    shop, begins = Shop(2, 40, 1.0, 6), MONDAY + 36 * DAY + 10 * HOUR
    soon = within(shop, begins, holidays=[begins.date()])
    assert soon and begins + soon > MONDAY + 37 * DAY


def test_what_never_came_is_no_silence_however_long() -> None:
    usual = silence.usual({(MONDAY + number * DAY).date(): {} for number in range(silence.DAYS)})
    assert silence.lacking(usual, MONDAY, MONDAY + 999 * DAY, "UTC") is None


# ---- what is said -----------------------------------------------------------------------------------------------


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Telegram brought four messages in each hour of the last four weeks."""
    with laboratory(TELEGRAM_SHOP) as lab:
        log.keep(lab)
        with lab.aside():
            days = [(START - number * DAY).date() for number in range(1, silence.DAYS + 1)]
            store.put_watch(Watch(version=1, day=days[0].isoformat()), {day.isoformat(): by(day) for day in days})
        lab.look()
        yield lab


def by(day: date) -> Mapping[str, Any]:
    return {"by": {"telegram": {f"{hour:02d}": 4 for hour in range(24)}}}


def brings(lab: Lab, provider: str = "telegram") -> None:
    lab.function = "webhook"
    line = {"took": [f"{provider}{lab.now:%d%H%M}"], "provider": provider}
    logging.getLogger("shopbell.journal").info(json.dumps(line))


def after(lab: Lab, hours: float) -> list[str]:
    """A look so many hours later, and what the owner's desk is told of silence by it."""
    before = len(told(lab))
    lab.now += hours * HOUR
    lab.look()
    return [text for text in told(lab)[before:] if "nothing has come" in text or "come again" in text]


def test_silence_is_said_once_and_its_end_once(lab: Lab) -> None:
    assert after(lab, 3) == []
    (red,) = after(lab, 2)
    assert red.startswith("🔴 telegram: nothing has come since Monday 2 March 10:00.") and "about 16 messages" in red
    assert after(lab, 3) == []
    lab.now += HOUR / 2
    brings(lab)
    assert after(lab, 1) == ["🟢 telegram: messages come again."]
    assert after(lab, 2) == []
    (again,) = after(lab, 4)
    assert again.startswith("🔴 telegram")


def test_whoever_brings_something_is_not_silent(lab: Lab) -> None:
    lab.now += 4 * HOUR
    brings(lab)
    assert after(lab, 1) == []


def test_nobody_is_named_before_four_weeks_were_added_up(lab: Lab) -> None:
    with lab.aside():
        known = store.watch()
        store.put_watch(known.model_copy(update={"version": known.version + 1, "day": "2026-03-02"}), {})
    assert after(lab, 8) == []


def test_who_was_not_looked_after_for_days_counts_as_heard_until_a_day_ago(lab: Lab) -> None:
    (red,) = after(lab, 3 * 24)
    assert "nothing has come since Wednesday 4 March 10:00." in red


def test_a_provider_that_is_gone_is_forgotten_without_a_word(lab: Lab) -> None:
    assert len(after(lab, 6)) == 1
    lab.shop = settings.load(TELEGRAM_SHOP.replace("[providers.telegram]\n", ""))
    brings(lab)
    assert after(lab, 1) == []
    with lab.aside():
        assert (set(store.watch().heard), store.watch().silent) == ({"slack"}, {})


def test_a_look_makes_few_calls_and_one_an_hour(lab: Lab) -> None:
    lab.seam.calls.clear()
    after(lab, 2)
    calls = [name for name in lab.seam.calls if name.startswith(READING)]
    lab.seam.calls.clear()
    after(lab, 59 / 60)
    assert len(calls) == len(journal.ACCEPTING) + 1
    assert not [name for name in lab.seam.calls if name.startswith(READING)]
