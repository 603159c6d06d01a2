"""What the shop means to keep to, by the clock: its targets, and which of them were kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import watch, words
from chalicelib.desk import targets, waiting
from chalicelib.models import Address, Channel, Conversation
from chalicelib.settings import load
from tests.lab import HOURS, SHOP, STACK, START, Lab, laboratory, log

BERLIN = ZoneInfo("Europe/Berlin")
TWO_DESKS = SHOP.replace(
    'slack = "C0FRONT"', 'slack = "C0FRONT"\nescalate_to = "second"\n[desks.second]\nslack = "C02ND"'
)
TARGETS = f"[targets]\nsms = {{ next_minutes = 10, resolution_minutes = 120 }}\n{HOURS}"
TARGET_SHOP = TWO_DESKS.replace("[acknowledgement]\n", f"{TARGETS}[acknowledgement]\n")
REMINDED = ("⏰ Not answered", "Escalated from", "has been waiting", "⏰ Open since")


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Monday 2 March, 10:00 in Berlin; open from 9 to 18."""
    with laboratory(TARGET_SHOP) as lab:
        log.keep(lab)
        yield lab


# ---- how many minutes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "toml", "first", "following", "end"),
    [
        ("sms", "", 15, 15, 0),
        ("email", "", 1440, 1440, 0),
        ("email?", "", 1440, 1440, 0),
        ("whatsapp", "", 5, 5, 0),
        ("webchat", "", 5, 5, 0),
        ("sms", "[targets.sms]\nfirst_minutes = 30", 30, 30, 0),
        ("sms", "[targets.sms]\nnext_minutes = 30", 15, 30, 0),
        ("sms", "[targets.sms]\nnext_minutes = 0\nresolution_minutes = 60", 15, 0, 60),
        ("line", "[targets.sms]\nfirst_minutes = 30", 5, 5, 0),
    ],
)
def test_each_channel_has_its_targets(channel: str, toml: str, first: int, following: int, end: int) -> None:
    rules = load(f"{SHOP}[targets]\n{toml}")
    new = conversation(channel)
    assert targets.answer(rules, new) == first
    assert targets.answer(rules, new.model_copy(update={"agent_at": START})) == following
    assert targets.resolution(rules, new) == end
    assert targets.answer(load(SHOP), new) == targets.resolution(load(SHOP), new) == 0


@pytest.mark.parametrize(
    ("own", "tiers"),
    [
        ("", {"nudge": 12, "owner": 30}),
        ('escalate_to = "owner"', {"nudge": 12, "escalate": 15, "owner": 30}),
        ("owner_minutes = 7", {"owner": 7}),
        ('nudge_minutes = 3\nescalate_to = "owner"', {"nudge": 3}),
    ],
)
def test_the_tiers_follow_the_target_unless_the_desk_says_its_own(own: str, tiers: dict[str, int]) -> None:
    rules = load(SHOP.replace('slack = "C0FRONT"', f'slack = "C0FRONT"\n{own}') + "[targets]\n")
    assert targets.tiers(rules, conversation("sms"), rules.desks["front"]) == tiers


def test_a_target_of_a_minute_still_has_its_tiers() -> None:
    rules = load(SHOP + "[targets.webchat]\nfirst_minutes = 1\n")
    assert targets.tiers(rules, conversation("webchat"), rules.desks["front"]) == {"nudge": 1, "owner": 2}


def test_the_figures_of_a_conversation_are_of_that_one_alone() -> None:
    one = conversation("sms").model_copy(update={"targets": 2, "kept": 1})
    answered = waiting.resolved(one.model_copy(update={"by": START}), START + timedelta(minutes=1))
    assert (answered["targets"], answered["kept"]) == (3, 1)
    assert waiting.resolved(one, START) == waiting.over()


# ---- who is reminded, and when ----------------------------------------------------------------------------------


def test_the_tiers_come_each_once_and_in_opening_hours(lab: Lab) -> None:
    lab.now = utc("2026-03-06 16:47")  # Friday, thirteen minutes before it closes
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle()
    assert told(lab) == [
        ("⏰ Not answered", "Fri 17:59"),
        ("Escalated from", "Mon 09:02"),
        ("has been waiting", "Mon 09:17"),
        ("⏰ Open since", "Mon 10:47"),
    ]


def test_a_further_answer_has_its_own_target(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    says(lab, "Which one?", 10, after=5)
    lab.ring("twilio_sms", lab.say("Number 7", 2))
    lab.settle(until=timedelta(minutes=60))
    assert told(lab)[:2] == [("⏰ Not answered", "Mon 10:13"), ("Escalated from", "Mon 10:15")]


def test_one_that_is_closed_in_time_is_not_told_of_and_one_that_opens_again_has_a_new_end(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    says(lab, "On its way", 10, after=5)
    says(lab, "#resolve", 11, after=5)
    lab.settle(until=timedelta(hours=3))
    assert not told(lab)
    lab.ring("twilio_sms", lab.say("It is not here", 2))
    says(lab, "It will be", 12, after=5)
    lab.settle(until=timedelta(hours=3))
    assert [what for what, _ in told(lab)] == ["⏰ Open since"]
    lab.settle()
    assert len(told(lab)) == 1


# ---- what was kept ----------------------------------------------------------------------------------------------


def test_it_is_known_when_the_answer_leaves_whether_it_was_in_time(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    says(lab, "Which one?", 10, after=15)  # in time, by the minute
    assert figures(lab) == (1, 1)
    says(lab, "Please say", 11, after=1)  # nobody asked
    assert figures(lab) == (1, 1)
    lab.ring("twilio_sms", lab.say("Number 7", 2))
    says(lab, "It is on its way", 12, after=11)
    assert figures(lab) == (2, 1)
    says(lab, "#status", 13, after=1)
    assert "In time: 1 of 2" in lab.world.ledger[-1].text
    says(lab, "#resolve", 14, after=60)
    assert figures(lab) == (3, 2)


def test_a_night_is_not_held_against_the_answer(lab: Lab) -> None:
    lab.now = utc("2026-03-06 16:55")
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.settle(until=timedelta(minutes=1))
    lab.now = utc("2026-03-09 08:09")
    says(lab, "It is on its way", 10)
    assert figures(lab) == (1, 1)


def test_the_day_says_how_many_were_in_time(lab: Lab) -> None:
    lab.look()
    for number, minutes in ((1, 3), (2, 16), (3, 4)):
        lab.ring("twilio_sms", lab.say("Where is my order?", number, sender=f"+49151234500{number}"))
        lab.settle(until=timedelta(seconds=30))
        says(lab, "It is on its way", 10 + number, after=minutes)
    lab.now = START + timedelta(days=1)
    with lab.aside():
        sum_ = watch.reckoned(STACK, START, lab.now, lab.now)
    assert (sum_.targets, sum_.kept) == (3, 2)
    assert "0 parked, 2 of 3 in time, median first answer" in words.summed(sum_)


def test_what_was_meant_stays_as_it_was_meant() -> None:
    """The rules may change while somebody waits: they count from the next time on."""
    rules, front = load(f"{SHOP}[targets]\n"), load(SHOP).desks["front"]
    asked = waiting.begun(conversation("sms"), front, rules, START, "Hello?")
    left = waiting.answered(asked, front, load(SHOP), START + timedelta(minutes=15))
    assert (left["targets"], left["kept"], left["waiting"]) == (1, 1, None)


# ---- how --------------------------------------------------------------------------------------------------------


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def conversation(channel: str) -> Conversation:
    heard = Address(channel=Channel(channel), id="somebody")
    return Conversation(id="c", desk="front", opened_at=START, customer_at=START, heard=heard)


def says(lab: Lab, text: str, number: int, after: float = 0, **rest: Any) -> None:
    """An agent writes, so many minutes later, in the thread that was begun last."""
    lab.settle(until=timedelta(seconds=30))
    lab.now += timedelta(minutes=after)
    card = [entry for entry in lab.world.ledger if entry.what == "card"][-1]
    lab.ring("slack", lab.say(text, number, "slack", thread=f"{card.to}:{card.id}", **rest))
    lab.settle(until=timedelta(seconds=30))


def figures(lab: Lab) -> tuple[int, int]:
    now = lab.heads()[0].conversation
    assert now is not None
    return now.targets, now.kept


def told(lab: Lab) -> list[tuple[str, str]]:
    """What agents were told of somebody who waits, and at what time in Berlin."""
    found = [(word, entry) for entry in lab.posts() for word in REMINDED if word in entry.text]
    there = [(word, datetime.fromisoformat(entry.at).astimezone(BERLIN)) for word, entry in found]
    return [(word, f"{at:%a %H:%M}") for word, at in there]
