"""Opening hours against a clock that is watched: no gap, no overlap, three years in six zones; and what they do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import hours, phrases, wording
from chalicelib.desk import waiting
from chalicelib.hours import Calendar
from chalicelib.models.people import Conversation
from chalicelib.models.shop import WEEKDAYS
from chalicelib.models.values import Address, Channel
from chalicelib.settings import load
from tests.lab import HOURS, SHOP, WATCHED_SHOP, Lab, laboratory
from tests.lab.flows import desk_is_archived, first_message

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
# Half an hour is skipped on Lord Howe, in Santiago and Cairo the hour after midnight; Kolkata's clocks never change.
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, "America/Santiago", "Africa/Cairo", "Asia/Kolkata")
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
MINUTE, QUARTER, A_DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)
NO_DAY: frozenset[date] = frozenset()


def calendar(zone: str, *week: str, holidays: frozenset[date] = NO_DAY) -> Calendar:
    """Seven texts, from Monday on; one is for every day."""
    days = week * 7 if len(week) == 1 else week
    assert len(days) == 7
    return Calendar(zone, tuple(hours.read(day) for day in days), holidays)


# ---- a clock that is watched ------------------------------------------------------------------------------------


@cache
def transitions(zone: str) -> list[datetime]:
    """The moments at which the clocks change; in all these zones at half an hour or a whole one."""
    each = [FIRST + number * MINUTE * 30 for number in range(int((LAST - FIRST) / MINUTE / 30))]
    offsets = [(at, at.astimezone(ZoneInfo(zone)).utcoffset()) for at in each]
    return [later for (_, before), (later, after) in pairwise(offsets) if before != after]


def changes(zone: str) -> list[date]:
    """The days on which the clocks change, and those around them."""
    around = (-A_DAY, timedelta(), A_DAY)
    return [(at + near).astimezone(ZoneInfo(zone)).date() for at in transitions(zone) for near in around]


def watched(zone: str, start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Look at a wall clock again and again: when, and what it shows.

    One that is set back is taken to stand still until it shows a new time.
    """
    there, shown, at = ZoneInfo(zone), datetime.min, start
    while at < end:
        shown = max(shown, at.astimezone(there).replace(tzinfo=None))
        yield at, shown
        at += step


def shows_open(known: Calendar, shown: datetime, own: Mapping[date, Sequence[hours.Span]]) -> bool:
    """Whether it is open by what the wall clock shows: by a span of that day, or of the night before.

    `own` are the days with hours of their own.
    """
    minute, today = shown.hour * 60 + shown.minute, shown.date()
    for day, passed in ((today, minute), (today - A_DAY, minute + 24 * 60)):
        usual = () if day in known.holidays else known.week[day.weekday()]
        if any(begins <= passed < ends for begins, ends in own.get(day, usual)):
            return True
    return False


def compare(known: Calendar, looks: list[tuple[datetime, datetime]]) -> None:
    """The spans and the watched clock tell the same."""
    upcoming, own = hours.spans(known, looks[0][0]), dict(known.dates)
    begins, ends = next(upcoming)
    for at, shown in looks:
        while ends <= at:
            begins, ends = next(upcoming)
        assert (begins <= at) == shows_open(known, shown, own), (known.zone, at)


# ---- no gap, no overlap -----------------------------------------------------------------------------------------

WEEKS = {
    "an office": ("9:00-12:30, 13:30-18:00",) * 5 + ("10:00-14:00", ""),
    "a bar": ("", "18:00-2:00", "18:00-2:00", "18:00-2:15", "20:00-4:30", "20:00-6:00, 14:00-16:45", "0:00-0:30"),
}
CHRISTMAS = frozenset(date(year, 12, day) for year in (2025, 2026, 2027, 2028) for day in (24, 25, 31))
HALF_DAYS = {date(year, 12, day): hours.read("9:00-13:00") for year in (2026, 2027, 2028) for day in (23, 24)}


@pytest.mark.parametrize("zone", ZONES)
def test_over_three_years_the_hours_are_what_the_clock_on_the_wall_says(zone: str) -> None:
    """Each quarter of an hour; holidays are also the days around each change of the clocks, every second time.

    Those on which they change have hours of their own, as has Christmas Eve, which is a holiday by the week.
    """
    own = tuple({**HALF_DAYS, **dict.fromkeys(changes(zone)[1::3], hours.read("6:15-8:30, 20:00-4:15"))}.items())
    looks = list(watched(zone, FIRST, LAST, QUARTER))
    assert len(looks) == (3 * 365 + 1) * 96
    for number, week in enumerate(WEEKS.values()):
        known = calendar(zone, *week, holidays=CHRISTMAS | set(changes(zone)[number::2]))._replace(dates=own)
        compare(known, looks)


@pytest.mark.parametrize("zone", ZONES)
def test_around_each_change_of_the_clocks_they_are_so_by_the_minute(zone: str) -> None:
    """Spans that begin and end within the hour that is skipped, or comes twice."""
    known = calendar(zone, "0:00-0:20, 0:40-1:10, 1:50-2:10, 2:20-2:40, 2:40-3:05, 22:50-23:10, 23:30-0:00")
    for at in transitions(zone) or [FIRST + 30 * A_DAY]:
        compare(known, list(watched(zone, at - A_DAY, at + A_DAY, MINUTE)))


@pytest.mark.parametrize("zone", ZONES)
def test_who_is_always_open_has_neither_gap_nor_overlap(zone: str) -> None:
    """However the day is cut: each span begins at the moment at which the one before it ends."""
    for cut in ("0:00-24:00", "0:00-2:30, 2:30-12:00, 12:00-0:00", "0:00-0:30, 0:30-1:45, 1:45-23:15, 23:15-24:00"):
        known = calendar(zone, cut)
        ahead = list(islice(hours.spans(known, FIRST), 3 * 366))
        assert all(before[1] == after[0] for before, after in pairwise(ahead))
        assert hours.between(known, FIRST, LAST) == LAST - FIRST


@pytest.mark.parametrize(
    ("zone", "hours_of_day", "day", "opens", "closes"),
    [
        (BERLIN, "9:00-18:00", "2026-03-28", "2026-03-28 08:00", "2026-03-28 17:00"),
        (BERLIN, "9:00-18:00", "2026-03-29", "2026-03-29 07:00", "2026-03-29 16:00"),
        (
            BERLIN,
            "2:30-6:00",
            "2026-03-29",
            "2026-03-29 01:00",
            "2026-03-29 04:00",
        ),  # from 03:00 on, as 02:30 is skipped
        (BERLIN, "1:00-2:30", "2026-03-29", "2026-03-29 00:00", "2026-03-29 01:00"),  # until 02:00, which is 03:00
        (BERLIN, "18:00-2:30", "2026-10-24", "2026-10-24 16:00", "2026-10-25 00:30"),  # until 02:30 the first time
        (BERLIN, "2:30-6:00", "2026-10-25", "2026-10-25 00:30", "2026-10-25 05:00"),
        (NEW_YORK, "22:00-2:00", "2026-10-31", "2026-11-01 02:00", "2026-11-01 07:00"),  # one hour more
        (LORD_HOWE, "2:15-3:00", "2026-10-04", "2026-10-03 15:30", "2026-10-03 16:00"),  # 02:00 is 02:30 there
        ("America/Santiago", "0:00-8:00", "2026-09-06", "2026-09-06 04:00", "2026-09-06 11:00"),  # 00:00 is 01:00
    ],
)
def test_the_clocks_may_change(zone: str, hours_of_day: str, day: str, opens: str, closes: str) -> None:
    midnight = datetime.combine(date.fromisoformat(day), time(1), ZoneInfo(zone))
    known = calendar(zone, hours_of_day)
    found = [span for span in islice(hours.spans(known, midnight - A_DAY), 4) if utc(opens) == span[0]]
    assert found == [(utc(opens), utc(closes))]


def test_a_span_that_the_clocks_skip_is_none() -> None:
    known = calendar(BERLIN, *[""] * 6, "2:10-2:50")
    assert hours.opens(known, utc("2026-03-28 12:00")) == utc("2026-04-05 00:10")


def test_a_night_goes_on_into_a_holiday_and_a_holiday_has_no_night_of_its_own() -> None:
    known = calendar(BERLIN, "18:00-2:00", holidays=frozenset({date(2026, 12, 25)}))
    there = ZoneInfo(BERLIN)
    shown = [
        [f"{at.astimezone(there):%d %H}" for at in span]
        for span in islice(hours.spans(known, utc("2026-12-24 12:00")), 2)
    ]
    assert shown == [["24 18", "25 02"], ["26 18", "27 02"]]


def test_a_day_may_have_hours_of_its_own_be_it_a_holiday_or_a_sunday() -> None:
    rules = load(
        f'{SHOP}{HOURS}[hours.dates]\n2026-04-03 = "10:00-12:00"\n2026-12-24 = "9:00-13:00"\n2026-12-27 = "10-16"\n'
        '2026-12-28 = ""\n[desks.owner.hours]\nmonday = "10-11"\n[desks.owner.hours.dates]\n2026-12-27 = "8-9"\n'
    )
    front, owner = hours.of(rules, "front"), hours.of(rules, "owner")
    assert front and owner
    shown = [f"{at.astimezone(ZoneInfo(BERLIN)):%a %d %H}" for at in islice(opening(front, "2026-12-23 20:00"), 3)]
    assert shown == ["Thu 24 09", "Fri 25 09", "Sun 27 10"]
    assert [f"{at:%d %H}" for at in islice(opening(front, "2026-04-02 20:00"), 2)] == ["03 08", "07 07"]
    assert hours.between(front, utc("2026-12-24 00:00"), utc("2026-12-25 00:00")) == timedelta(hours=4)
    assert hours.opens(front, utc("2026-12-27 15:00")) == utc("2026-12-29 08:00")
    assert [f"{at:%d %H}" for at in islice(opening(owner, "2026-12-23 20:00"), 2)] == ["27 07", "28 09"]


# ---- open, opens next, ends -------------------------------------------------------------------------------------

DAYS = (  # of which the last goes on past midnight, at most until the next begins
    st.lists(st.integers(5 * 60, 29 * 60), max_size=6, unique=True)
    .map(sorted)
    .map(lambda ends: tuple(hours.Span(*pair) for pair in zip(ends[::2], ends[1::2], strict=False)))
)
CALENDARS = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.tuples(*[DAYS] * 7).filter(any),
    st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=10),
    st.dictionaries(st.dates(date(2026, 3, 1), date(2026, 4, 30)), DAYS, max_size=10).map(lambda own: (*own.items(),)),
)
MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 20), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(CALENDARS, MOMENTS, st.integers(1, 600))
def test_what_is_asked_agrees_with_counting_minutes(known: Calendar, start: datetime, minutes: int) -> None:
    end = start + 2 * A_DAY
    looks = list(watched(known.zone, start - A_DAY, end, MINUTE))[24 * 60 :]  # a day before: it may stand still
    open = [at for at, shown in looks if shows_open(known, shown, dict(known.dates))]
    assert hours.between(known, start, end) == len(open) * MINUTE
    closed = sorted({at for at, _ in looks} - {*open})
    assert not closed or hours.closes(known, start) == closed[0]
    opens, passed = hours.opens(known, start), hours.after(known, start, minutes)
    assert opens == open[0] if open else opens >= end
    assert passed == open[minutes - 1] + MINUTE if len(open) >= minutes else passed > end


@settings(derandomize=True, deadline=None, max_examples=40)
@given(CALENDARS, MOMENTS, st.integers(0, 3000), st.integers(0, 3000))
def test_minutes_add_up_and_never_go_back(known: Calendar, start: datetime, some: int, more: int) -> None:
    first = hours.after(known, start, some)
    assert hours.after(known, first, more) == hours.after(known, start, some + more) >= first >= start
    assert hours.between(known, start, first) == timedelta(minutes=some)


def test_no_minutes_pass_at_once_and_the_last_ends_with_the_day() -> None:
    known = calendar(BERLIN, *["9:00-18:00"] * 5, "", "")
    friday = utc("2026-03-06 16:30")  # half an hour before it closes
    assert hours.after(known, friday, 30) == utc("2026-03-06 17:00")
    assert hours.after(known, friday, 31) == utc("2026-03-09 08:01")
    assert hours.after(known, utc("2026-03-07 12:00"), 0) == utc("2026-03-07 12:00")


# ---- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("9:00-18:00", "9:00-18:00"),
        ("9-18", "9:00-18:00"),
        ("13:30 – 18:00 , 09:00-12:30", "9:00-12:30 13:30-18:00"),
        ("0:00-24:00", "0:00-24:00"),
        ("18:00-0:00", "18:00-24:00"),
        ("22:30-4:15", "22:30-4:15"),
        ("12:00-11:59", "12:00-11:59"),
        ("", ""),
    ],
)
def test_spans_are_read_and_said(text: str, means: str) -> None:
    assert " ".join(map(str, hours.read(text))) == means


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("18:00-15:00", "ends before it begins"),
        ("9:00-8:00", "ends before it begins"),
        ("9:00-9:00", "ends before it begins"),
        ("12:00-12:00", "ends before it begins"),
        *((text, "0:00 to 24:00") for text in ("9:60-10:00", "24:00-2:00", "9:00-24:01", "9:00-25:00", "99-99")),
        *(
            (text, "write them like")
            for text in ("9", "nine to five", "9:00-18:00,", "9:0-18:00", "9.00-18.00", "٩-18")
        ),
    ],
)
def test_what_is_no_span_says_how_to_write_one(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        hours.read(text)


def test_a_desk_has_its_own_hours_and_what_they_leave_out_is_the_shops() -> None:
    rules = load(OPEN_SHOP + '[desks.owner.hours]\ntime_zone = "America/New_York"\n')
    shops, own = hours.of(rules, "front"), hours.of(rules, "owner")
    assert shops and own and shops.zone == BERLIN
    assert own == shops._replace(zone=NEW_YORK)
    rules = load(OPEN_SHOP + '[desks.owner.hours]\nsunday = "9-10"\nholidays = []\n')
    own = hours.of(rules, "owner")
    assert own == calendar(BERLIN, *[""] * 6, "9-10")
    assert hours.of(load(SHOP), "front") is None


# ---- what they do -----------------------------------------------------------------------------------------------

CLOSED = 'closed = "{shop} is closed. We are back {opens}."\n'
OPEN_SHOP = SHOP.replace("[acknowledgement]\n", f"{HOURS}[acknowledgement]\n{CLOSED}")
SECOND_NEVER_CLOSES = "[desks.second.hours]\n" + "".join(f'{day} = "0:00-24:00"\n' for day in WEEKDAYS)
OPEN_WATCHED = WATCHED_SHOP.replace("[acknowledgement]\n", f"{HOURS}[acknowledgement]\n")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-03-02 08:00", "Thank you for writing to Corner Shop."),
        ("2026-03-02 07:59", "Corner Shop is closed. We are back Monday 09:00."),
        ("2026-03-02 17:00", "Corner Shop is closed. We are back Tuesday 09:00."),
        ("2026-03-06 17:30", "Corner Shop is closed. We are back Monday 09:00."),
        ("2026-03-28 12:00", "Corner Shop is closed. We are back Monday 09:00."),  # the clocks change on Sunday
        ("2026-04-02 16:30", "Corner Shop is closed. We are back Tuesday 09:00."),  # over Easter
    ],
)
def test_a_closed_shop_says_when_it_is_back(now: str, said: str) -> None:
    assert acknowledged(OPEN_SHOP, now) == [said]


def test_from_a_week_on_it_says_the_date() -> None:
    away = OPEN_SHOP.replace("holidays = [", f"holidays = [{', '.join(f'2026-03-{day:02d}' for day in range(3, 10))}, ")
    assert acknowledged(away, "2026-03-02 18:00") == ["Corner Shop is closed. We are back Tuesday 10 March 09:00."]
    berlin = ZoneInfo(BERLIN)
    friday, later = datetime(2026, 3, 6, 23, 59, tzinfo=berlin), datetime(2026, 3, 13, 0, 30, tzinfo=berlin)
    assert wording.moment(later - 31 * MINUTE, friday, BERLIN, phrases.ENGLISH) == "Thursday 23:59"
    assert wording.moment(later, friday, BERLIN, phrases.ENGLISH) == "Friday 13 March 00:30"
    assert wording.moment(later, friday, BERLIN, phrases.GERMAN) == "Freitag, 13. März, 00:30"


def test_without_words_for_it_a_closed_shop_says_what_it_always_says() -> None:
    assert acknowledged(OPEN_SHOP.replace(CLOSED, ""), "2026-03-07 12:00") == ["Thank you for writing to Corner Shop."]


def test_only_a_closed_shop_may_have_something_to_say() -> None:
    silent = OPEN_SHOP.replace('text = "Thank you for writing to {shop}."\n', "")
    assert len(acknowledged(silent, "2026-03-07 12:00")) == 1
    with laboratory(silent) as lab:
        first_message(lab)
        assert lab.texts() == [] and lab.heads()[0].acknowledged_until is None


def test_who_writes_in_the_evening_is_counted_from_the_next_morning_on() -> None:
    with laboratory(OPEN_WATCHED) as lab:
        lab.now = utc("2026-03-06 16:55")  # Friday, five minutes before it closes
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        assert told(lab) == [
            ("⏰ Not answered", "Mon 09:05"),
            ("Escalated from", "Mon 09:25"),
            ("has been waiting", "Mon 09:55"),
        ]


def test_the_desk_it_is_escalated_to_goes_on_counting_by_its_own_hours() -> None:
    """The second desk never closes. The night that the first one slept is not held against it."""
    with laboratory(OPEN_WATCHED + SECOND_NEVER_CLOSES) as lab:
        lab.now = utc("2026-03-06 16:40")
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        assert told(lab) == [
            ("⏰ Not answered", "Fri 17:50"),
            ("Escalated from", "Mon 09:10"),
            ("has been waiting", "Mon 09:40"),
        ]


def test_the_fallback_desk_goes_on_counting_by_its_own_hours_too() -> None:
    """Twenty minutes passed on Friday; on Saturday the first desk refuses, and the second is open."""
    with laboratory(f'fallback = "second"\n{OPEN_WATCHED}{SECOND_NEVER_CLOSES}') as lab:
        lab.now = utc("2026-03-06 16:40")
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle(until=timedelta(hours=12))
        desk_is_archived(lab)
        lab.now = utc("2026-03-07 12:00")
        lab.ring("twilio_sms", lab.say("Hello?", 2))
        lab.settle()
        assert told(lab) == [("⏰ Not answered", "Fri 17:50"), ("has been waiting", "Sat 13:40")]


def test_a_snooze_is_counted_from_its_end_on_at_another_desk_too() -> None:
    rules, at = load(OPEN_WATCHED + SECOND_NEVER_CLOSES), utc("2026-03-02 09:00")
    asked = waiting.begun(conversation(at), rules.desks["front"], rules, at, "Hello?")
    snoozed = asked.model_copy(update={"snoozed_until": utc("2026-03-05 09:00")})
    there = snoozed.model_copy(update=waiting.moved(snoozed, "second", rules, utc("2026-03-04 09:00")))
    awake = there.model_copy(update=waiting.resumed(there, utc("2026-03-05 09:00")))
    assert waiting.timers(awake, hours.of(rules, "second"))["owner"] == utc("2026-03-05 10:00")


def test_an_agent_has_the_open_minutes_for_an_answer() -> None:
    known = calendar(BERLIN, "9:00-18:00")
    evening = utc("2026-03-02 16:50")
    asked = waiting.begun(conversation(evening), load(SHOP).desks["front"], load(SHOP), evening, "Hello?")
    given_to = asked.model_copy(update=waiting.given(asked, "U0ANN", evening, 20))
    assert waiting.timers(given_to, known) == {waiting.REASSIGN: utc("2026-03-03 08:10")}
    snoozed = given_to.model_copy(update={"snoozed_until": utc("2026-03-03 03:00")})
    assert waiting.timers(snoozed, known) == {"snooze": utc("2026-03-03 03:00")}


# ---- how --------------------------------------------------------------------------------------------------------


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opening(known: Calendar, since: str) -> Iterator[datetime]:
    return (begins for begins, _ in hours.spans(known, utc(since)))


def conversation(at: datetime) -> Conversation:
    customer = Address(channel=Channel.SMS, id="+4915123456789")
    return Conversation(id="c", desk="front", opened_at=at, customer_at=at, heard=customer)


def acknowledged(toml: str, now: str) -> list[str]:
    """What a customer who writes then is told at once."""
    with laboratory(toml) as lab:
        lab.now = utc(now)
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle(until=timedelta(minutes=1))
        return [entry.text for entry in lab.texts()]


def told(lab: Lab) -> list[tuple[str, str]]:
    """What agents were told of somebody who waits, and at what time in Berlin."""
    words = ("⏰ Not answered", "Escalated from", "has been waiting")
    found = [(word, entry) for entry in lab.posts() for word in words if word in entry.text]
    there = [(word, datetime.fromisoformat(entry.at).astimezone(ZoneInfo(BERLIN))) for word, entry in found]
    return [(word, f"{at:%a %H:%M}") for word, at in there]
