"""Times as agents say them: each line is what is said, when it is said, and the moment it means."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.desk import when

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
MONDAY = "2026-03-02 10:00"  # where the shop is


def local(text: str, zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        # spans
        ("2h", "2026-03-02 12:00"),
        ("2H", "2026-03-02 12:00"),
        ("2 h", "2026-03-02 12:00"),
        ("30m", "2026-03-02 10:30"),
        ("30 min", "2026-03-02 10:30"),
        ("90 minutes", "2026-03-02 11:30"),
        ("1h30m", "2026-03-02 11:30"),
        ("1h 30m", "2026-03-02 11:30"),
        ("in 2 hours", "2026-03-02 12:00"),
        ("for 1 hour", "2026-03-02 11:00"),
        ("in 2 Stunden", "2026-03-02 12:00"),
        ("45 Minuten", "2026-03-02 10:45"),
        ("3d", "2026-03-05 10:00"),
        ("1 day", "2026-03-03 10:00"),
        ("in 3 Tagen", "2026-03-05 10:00"),
        ("1d 2h", "2026-03-03 12:00"),
        ("2w", "2026-03-16 10:00"),
        ("1 Woche", "2026-03-09 10:00"),
        ("365 days", "2027-03-02 10:00"),
        # hours
        ("18:00", "2026-03-02 18:00"),
        ("18.00", "2026-03-02 18:00"),
        ("at 18:00", "2026-03-02 18:00"),
        ("until 18:00", "2026-03-02 18:00"),
        ("um 18 Uhr", "2026-03-02 18:00"),
        ("18:30 Uhr", "2026-03-02 18:30"),
        ("bis 14 uhr", "2026-03-02 14:00"),
        ("6pm", "2026-03-02 18:00"),
        ("6 pm", "2026-03-02 18:00"),
        ("6:15 PM", "2026-03-02 18:15"),
        ("12pm", "2026-03-02 12:00"),
        ("12am", "2026-03-03 00:00"),
        ("0:00", "2026-03-03 00:00"),
        ("9:00", "2026-03-03 09:00"),  # past today: the next one
        ("10:00", "2026-03-03 10:00"),  # now is not ahead
        ("noon", "2026-03-02 12:00"),
        # days
        ("tomorrow", "2026-03-03 09:00"),
        ("tomorrow 9", "2026-03-03 09:00"),
        ("Tomorrow 9:45", "2026-03-03 09:45"),
        ("9am tomorrow", "2026-03-03 09:00"),
        ("tomorrow at 5 pm", "2026-03-03 17:00"),
        ("morgen", "2026-03-03 09:00"),
        ("morgen 14", "2026-03-03 14:00"),
        ("morgen um 8", "2026-03-03 08:00"),
        ("übermorgen 7:15", "2026-03-04 07:15"),
        ("Uebermorgen", "2026-03-04 09:00"),
        ("today 18", "2026-03-02 18:00"),
        ("heute 11:30", "2026-03-02 11:30"),
        ("tonight", "2026-03-02 18:00"),
        ("tonight 8", "2026-03-02 20:00"),
        ("heute abend", "2026-03-02 18:00"),
        ("heute Abend 19:30", "2026-03-02 19:30"),
        ("morgen früh", "2026-03-03 09:00"),
        ("morgen früh 8:30", "2026-03-03 08:30"),
        ("tomorrow afternoon 3", "2026-03-03 15:00"),
        ("tomorrow morning", "2026-03-03 09:00"),
        # weekdays
        ("monday 9:30", "2026-03-09 09:30"),  # past today: in a week
        ("monday 11", "2026-03-02 11:00"),
        ("tue", "2026-03-03 09:00"),
        ("friday 5pm", "2026-03-06 17:00"),
        ("next friday", "2026-03-06 09:00"),
        ("on Sunday at 10", "2026-03-08 10:00"),
        ("Montag", "2026-03-09 09:00"),
        ("Dienstag 9:30", "2026-03-03 09:30"),
        ("am Mittwoch um 16 Uhr", "2026-03-04 16:00"),
        ("Do 10", "2026-03-05 10:00"),
        ("nächsten Freitag", "2026-03-06 09:00"),
        ("16:00 samstag", "2026-03-07 16:00"),
        # dates
        ("2026-03-05", "2026-03-05 09:00"),
        ("2026-03-05 10:00", "2026-03-05 10:00"),
        ("2026-03-05T10:00", "2026-03-05 10:00"),
        ("5.3.", "2026-03-05 09:00"),
        ("am 5.3. um 10", "2026-03-05 10:00"),
        ("05.03.2026, 10:30", "2026-03-05 10:30"),
        ("1.3.", "2027-03-01 09:00"),  # past this year: the next one
    ],
)
def test_what_is_understood(said: str, means: str) -> None:
    found = when.understood(said, local(MONDAY, BERLIN), BERLIN)
    assert found == local(means, BERLIN)
    assert found and found.tzinfo is UTC


@pytest.mark.parametrize(
    "said",
    [
        *["", " ", "soon", "9", "later 9", "tomorrow never", "2x", "2h ago", "-2h", "h", "1h30", "2 h monday", "13pm"],
        *["0m", "today", "today 9", "heute 9:00", "yesterday", "2026-03-01", "2026-03-02 09:59", "1.3.2026"],
        *["tomorrow 24", "25:00", "9:60", "0am", "2026-13-01", "2026-02-30", "31.4.", "30.2.2026", "99.99."],
        *[
            "tomorrow 9 10",
            "monday tuesday",
            "noon evening",
            "367d",
            "99999w",
            "2028-01-01",
            "9999-12-31",
            "0000-01-01",
        ],
        *["٣h30", "²h", "nan", "1e3h", "tomorrow;9", "#resolve", "18:00:00", "2026/03/05", "5.3 10", "999999m"],
    ],
)
def test_what_is_past_too_far_or_nonsense_is_not(said: str) -> None:
    assert when.understood(said, local(MONDAY, BERLIN), BERLIN) is None


@pytest.mark.parametrize(
    ("zone", "now", "said", "utc"),
    [
        # the night of 28 March 2026 in Berlin: 02:00 is 03:00
        (BERLIN, "2026-03-28 10:00", "tomorrow 9", "2026-03-29 07:00"),
        (BERLIN, "2026-03-28 10:00", "24h", "2026-03-29 09:00"),
        (BERLIN, "2026-03-28 10:00", "1d", "2026-03-29 08:00"),
        (BERLIN, "2026-03-28 10:00", "1d 24h", "2026-03-30 08:00"),
        (BERLIN, "2026-03-28 10:00", "tomorrow 2:30", "2026-03-29 01:30"),  # skipped: 03:30
        (BERLIN, "2026-03-29 01:30", "1h", "2026-03-29 01:30"),
        (BERLIN, "2026-03-29 01:30", "2:15", "2026-03-29 01:15"),
        # the night of 24 October 2026 in Berlin: 03:00 is 02:00
        (BERLIN, "2026-10-24 10:00", "tomorrow 9", "2026-10-25 08:00"),
        (BERLIN, "2026-10-24 10:00", "2d", "2026-10-26 09:00"),
        (BERLIN, "2026-10-24 10:00", "48h", "2026-10-26 08:00"),
        (BERLIN, "2026-10-25 01:00", "2:30", "2026-10-25 00:30"),  # twice: the first
        (BERLIN, "2026-10-25 02:45", "2:30", "2026-10-25 01:30"),  # the first is past: the second
        (BERLIN, "2026-10-25 02:45", "30m", "2026-10-25 01:15"),
        # the night of 7 March 2026 in New York
        (NEW_YORK, "2026-03-07 10:00", "tomorrow 9", "2026-03-08 13:00"),
        (NEW_YORK, "2026-03-07 10:00", "sunday 2:30", "2026-03-08 07:30"),  # skipped: 03:30
        (NEW_YORK, "2026-03-07 10:00", "3d", "2026-03-10 14:00"),
        (NEW_YORK, "2026-03-07 22:00", "8h", "2026-03-08 11:00"),
        # the night of 31 October 2026 in New York
        (NEW_YORK, "2026-10-31 10:00", "tomorrow 9", "2026-11-01 14:00"),
        (NEW_YORK, "2026-11-01 00:30", "1:30", "2026-11-01 05:30"),
        (NEW_YORK, "2026-11-01 01:45", "1:30", "2026-11-01 06:30"),
        (NEW_YORK, "2026-10-31 10:00", "1w", "2026-11-07 15:00"),
    ],
)
def test_the_clocks_may_change(zone: str, now: str, said: str, utc: str) -> None:
    assert when.understood(said, local(now, zone), zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@given(st.text(max_size=40) | st.from_regex(r"[0-9 :.a-zäü-]{1,20}", fullmatch=True))
def test_whatever_is_said_nothing_breaks_and_what_is_understood_is_ahead(said: str) -> None:
    now = local(MONDAY, BERLIN)
    found = when.understood(said, now, BERLIN)
    assert found is None or now < found <= now + timedelta(days=366)


def test_what_the_refusal_shows_is_understood() -> None:
    for said in when.EXAMPLES.replace(" or ", ", ").split(", "):
        assert when.understood(said, local(MONDAY, BERLIN), BERLIN), said


def test_a_moment_is_spoken_in_the_shops_time_and_a_span_in_words() -> None:
    assert when.spoken(datetime(2026, 7, 3, 22, 5, tzinfo=UTC), BERLIN) == "Saturday 4 July 00:05"
    spans = {1: "1 minute", 119: "119 minutes", 120: "2 hours", 2879: "47 hours", 2880: "2 days"}
    assert {minutes: when.lasting(timedelta(minutes=minutes)) for minutes in spans} == spans
