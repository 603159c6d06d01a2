"""What the shop means to keep to, by the clock: its targets, and which of them were kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import watch, wording, words
from chalicelib.desk import oncall, targets, waiting
from chalicelib.models.inbound import Message, timer
from chalicelib.models.people import Contact, Conversation, Heard
from chalicelib.models.shop import WEEKDAYS
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Direction, Plan
from chalicelib.phrases import PHRASES
from chalicelib.route import silent, unasked
from chalicelib.settings import load
from infra import playbook
from tests.lab import HOURS, SHOP, STACK, START, Lab, laboratory, log

BERLIN = ZoneInfo("Europe/Berlin")
AUTOMATIC = PHRASES["en"].automatic
SMS = Address(channel=Channel.SMS, id="+4915123456789")
WHATSAPP = Address(channel=Channel.WHATSAPP, id="+4915123456780")
UNPROVED = Address(channel=Channel.UNVERIFIED_EMAIL, id="mira@example.com")
TWO_DESKS = SHOP.replace(
    'slack = "C0FRONT"', 'slack = "C0FRONT"\nescalate_to = "second"\n[desks.second]\nslack = "C02ND"'
)
TARGETS = f"[targets]\nsms = {{ next_minutes = 10, resolution_minutes = 120 }}\n{HOURS}"
TARGET_SHOP = TWO_DESKS.replace("[acknowledgement]\n", f"{TARGETS}[acknowledgement]\n")
AUTOMATIC_SHOP = (  # nobody else is told before a month has passed
    SHOP.replace('slack = "C0FRONT"', 'slack = "C0FRONT"\nnudge_minutes = 40000')
    + f"{TARGETS}[automatic]\nupdates = 2\nfollow_up_days = 3\n"
)
NIGHT_SHOP = SHOP.replace(
    'slack = "C0FRONT"',
    'slack = "C0FRONT"\nagents = { ann = "U0AGENT", carl = "U0CARL" }\n'
    '[desks.mail]\nmailbox = "agents@shop.example"\nagents = { ben = "ben@shop.example" }',
).replace(
    "[acknowledgement]\n",
    f'{HOURS}[on_call]\npeople = ["ann", "carl", "ben"]\nminutes = 20\n'
    f'[on_call.shifts.carl]\nwednesday = "6-8"\n[providers.postmark]\n[acknowledgement]\n',
)
RULES = load(AUTOMATIC_SHOP)
REMINDED = ("⏰ Not answered", "Escalated from", "has been waiting", "⏰ Open since")


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Monday 2 March, 10:00 in Berlin; open from 9 to 18."""
    with laboratory(TARGET_SHOP) as lab:
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
    answered = waiting.resolved(one.model_copy(update={"by": START}), load(SHOP), START + timedelta(minutes=1))
    assert (answered["targets"], answered["kept"]) == (3, 1)
    assert waiting.resolved(one, load(SHOP), START) == waiting.over()


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
    log.keep(lab)
    for number, minutes in ((1, 3), (2, 16)):
        lab.ring("twilio_sms", lab.say("Where is my order?", number, sender=f"+49151234500{number}"))
        lab.settle(until=timedelta(seconds=30))
        says(lab, "It is on its way", 10 + number, after=minutes)
    lab.now = START + timedelta(days=1)
    with lab.aside():
        sum_ = watch.reckoned(STACK, START, lab.now, lab.now)
    assert (sum_.targets, sum_.kept) == (2, 1)
    assert "0 parked, 1 of 2 in time, median first answer" in words.summed(sum_)


def test_what_was_meant_stays_as_it_was_meant() -> None:
    """The rules may change while somebody waits: they count from the next time on."""
    rules, front = load(f"{SHOP}[targets]\n"), load(SHOP).desks["front"]
    asked = waiting.begun(conversation("sms"), front, rules, START, "Hello?")
    left = waiting.answered(asked, front, load(SHOP), START + timedelta(minutes=15))
    assert (left["targets"], left["kept"], left["waiting"]) == (1, 1, None)


# ---- customers who wait are not forgotten -------------------------------------------------------------------------


@pytest.fixture
def telling() -> Iterator[Lab]:
    with laboratory(AUTOMATIC_SHOP) as lab:
        yield lab


def test_who_waits_is_told_so_often_and_no_more_and_the_agents_see_it(telling: Lab) -> None:
    telling.ring("twilio_sms", telling.say("Where is my order?"))
    telling.settle(until=timedelta(hours=4))
    assert customer_told(telling) == [
        ("Mon 10:15", "We are still on it, and you are not forgotten. You hear from us again by Monday 10:30."),
        ("Mon 10:30", "We are still on it, and you are not forgotten."),
    ]
    assert sum("The customer is told: “We are still on it" in entry.text for entry in telling.posts()) == 2


def test_the_time_that_is_named_is_one_at_which_the_desk_is_open(telling: Lab) -> None:
    telling.now = utc("2026-03-06 16:40")  # twenty minutes before it closes for the weekend
    telling.ring("twilio_sms", telling.say("Where is my order?"))
    telling.settle()
    assert [(at, text.partition("again by ")[2]) for at, text in customer_told(telling)] == [
        ("Fri 17:55", "Monday 09:10."),
        ("Mon 09:10", ""),
    ]


@pytest.mark.parametrize("words", ["It is on its way", "#snooze tomorrow 9"])
def test_an_agent_who_acts_ends_or_holds_it(telling: Lab, words: str) -> None:
    telling.ring("twilio_sms", telling.say("Where is my order?"))
    says(telling, words, 10, after=5)
    telling.settle(until=timedelta(hours=5))
    assert not customer_told(telling)


def test_one_that_falls_due_as_the_desk_closes_waits_for_the_morning() -> None:
    put_off = unasked.update(planned(waits("2026-03-05 16:45")), RULES, utc("2026-03-05 17:00"))
    assert not put_off.deliveries
    assert waiting.scheduled(put_off.contact, RULES).due["update"] == utc("2026-03-06 08:01")


def test_nothing_comes_between_an_agents_words() -> None:
    """She answered at 10:50, and the customer wrote again."""
    talking = waits("2026-03-05 09:55", agent_at=utc("2026-03-05 09:50"))
    put_off = unasked.update(planned(talking), RULES, utc("2026-03-05 10:10"))
    assert not put_off.deliveries
    due = waiting.scheduled(put_off.contact, RULES).due["update"]
    assert due == utc("2026-03-05 10:21")
    assert unasked.update(planned(talking), RULES, due).deliveries


@pytest.mark.parametrize(
    ("change", "hours", "told"),
    [
        ({}, 2, True),
        ({"quiet": True}, 2, False),
        ({"address": UNPROVED}, 2, False),
        ({"address": WHATSAPP, "provider": "whatsapp"}, 2, True),
        ({"address": WHATSAPP, "provider": "whatsapp"}, 24, False),  # its window is closed
    ],
)
def test_only_who_may_be_written_to_is_told(change: dict[str, Any], hours: int, told: bool) -> None:
    head = waits("2026-03-04 09:00")
    assert head.conversation
    heard = head.heard[0].model_copy(update=change)
    there = head.conversation.model_copy(update={"heard": heard.address})
    known = head.model_copy(update={"heard": (heard,), "conversation": there})
    at = utc("2026-03-04 09:00") + timedelta(hours=hours)
    assert bool(unasked.update(planned(known), RULES, at).deliveries) is told
    blocked = known.model_copy(update={"blocked": True})
    assert not unasked.update(planned(blocked), RULES, at).deliveries


@pytest.mark.parametrize(("text", "stop"), [("STOP", True), ("Unsubscribe.", True), ("stop it, please", False)])
def test_who_says_stop_is_quiet_until_they_write_again(text: str, stop: bool) -> None:
    assert silent.stops(Message(provider="telegram", id="1", sender=SMS, text=text)) is stop


# ---- how things stand ---------------------------------------------------------------------------------------------


def test_who_asks_is_told_how_things_stand(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    asks_status(lab, 2, after=3)
    says(lab, "On its way", 10, after=10)
    asks_status(lab, 3, after=15)
    assert head(lab).waiting is None  # nobody is reminded of it
    says(lab, "#resolve", 11, after=1)
    asks_status(lab, 4, after=60 * 24 * 2)
    assert [text for _, text in customer_told(lab)] == [
        "We have had your message since Monday 10:00, and mean to answer it by Monday 10:15.",
        "We last answered you on Monday 10:13. If anything is still open, just write.",
        "Nothing of yours is open with us. If you need anything, just write.",
    ]
    assert [entry.text for entry in lab.posts()].count("Status?") == 3  # the desk sees it, and has nothing to answer
    assert head(lab).status == "closed"


def test_a_time_that_has_passed_is_not_named(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    asks_status(lab, 2, after=60)
    assert customer_told(lab)[-1][1] == "We have had your message since Monday 10:00, and will answer it."


def test_it_is_told_once_in_a_while_and_to_no_machine(lab: Lab) -> None:
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    for number in range(2, 5):
        asks_status(lab, number, after=1)
    lab.put(Message(provider="twilio_sms", id="m", sender=SMS, text="Status", automatic=True))
    lab.settle(until=timedelta(seconds=30))
    assert len(customer_told(lab)) == 1


def test_the_word_is_one_only_where_somebody_wrote_before(lab: Lab) -> None:
    asks_status(lab, 1)
    assert not customer_told(lab) and head(lab).waiting


def test_a_shop_that_does_not_want_it_answers_it_itself() -> None:
    with laboratory(f"{SHOP}[automatic]\nstatus = false\n") as silent:
        silent.ring("twilio_sms", silent.say("Where is my order?"))
        asks_status(silent, 2)
        assert not customer_told(silent) and head(silent).waiting


@pytest.mark.parametrize(
    ("text", "asks"),
    [("STATUS", True), ("status?", True), (" Estado! ", True), ("状态", True), ("status of 7", False), ("", False)],
)
def test_it_is_that_one_word(text: str, asks: bool) -> None:
    here = Conversation(id="c", desk="front", opener="m", opened_at=START, customer_at=START, heard=SMS)
    message = Message(provider="telegram", id="1", sender=SMS, text=text)
    assert unasked.asks_status(message, here, RULES) is asks
    assert not unasked.asks_status(message, None, RULES)


@pytest.mark.parametrize("code", PHRASES)
def test_each_language_has_the_words_and_nothing_is_left_in_them(code: str) -> None:
    rules = RULES.model_copy(update={"languages": ("en", code)})
    asked, at = waits("2026-03-02 09:00").conversation, utc("2026-03-02 09:05")
    assert asked and asked.waiting
    answered = asked.model_copy(update={"waiting": None, "agent_at": START})
    said = [
        wording.update(rules, code, at, START),
        wording.update(rules, code, None, START),
        wording.follow_up(rules, code),
        *(wording.stands(rules, code, one, at) for one in (asked, answered, conversation("sms"))),
        wording.stands(rules, code, asked, at + timedelta(days=1)),
    ]
    monday = PHRASES[code].weekdays.split()[0]  # type: ignore[index]
    assert [monday in text for text in said] == [True, False, False, True, True, False, True]
    assert not [text for text in said if "{" in text or not text.endswith(PHRASES[code].automatic)]  # type: ignore[index]
    assert len(set(said)) == len(said)


# ---- after the end ------------------------------------------------------------------------------------------------


def test_who_was_answered_is_asked_once_some_days_after_the_end(telling: Lab) -> None:
    telling.ring("twilio_sms", telling.say("Where is my order?"))
    says(telling, "On its way", 10, after=5)
    says(telling, "#resolve", 11, after=5)
    telling.settle(until=timedelta(days=20))
    ((at, text),) = customer_told(telling)
    assert (at, text[:31]) == ("Thu 10:10", "Is everything all right now? If")
    assert head(telling).status == "closed"


def test_on_a_day_on_which_the_desk_is_open_and_only_who_was_answered() -> None:
    """Three days after a Thursday is a Sunday."""
    closed, at = conversation("sms"), utc("2026-03-05 16:30")
    answered = closed.model_copy(update={"agent_at": START})
    assert waiting.resolved(answered, RULES, at)["follow_up"] == utc("2026-03-09 08:00")
    assert waiting.resolved(closed, RULES, at)["follow_up"] is None
    assert waiting.resolved(answered, load(SHOP), at)["follow_up"] is None


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({}, True),
        ({"status": "open"}, False),
        ({"customer_at": START + timedelta(hours=2)}, False),
        ({"agent_at": START + timedelta(days=3, minutes=-10)}, False),
    ],
)
def test_not_if_it_goes_on_or_they_wrote_since(change: dict[str, Any], asked: bool) -> None:
    ended = {"status": "closed", "closed_at": START + timedelta(hours=1), "waiting": None, **change}
    head = waits("2026-03-02 09:00", **ended)
    plan = unasked.follow_up(planned(head), RULES, START + timedelta(days=3))
    assert bool(plan.deliveries) is asked


# ---- on call ------------------------------------------------------------------------------------------------------


@pytest.fixture
def night() -> Iterator[Lab]:
    """Tuesday 3 March, 22:00 in Berlin, and an urgent conversation."""
    with laboratory(NIGHT_SHOP) as lab:
        lab.now = utc("2026-03-03 21:00")
        lab.ring("twilio_sms", lab.say("The kettle burns"))
        says(lab, "#priority urgent", 10)
        yield lab


def test_one_is_called_then_the_next_each_once_and_by_name(night: Lab) -> None:
    """Carl's shift is from six to eight in the morning. Then the desk opens, and closes with nobody left."""
    night.settle(until=timedelta(days=3))
    assert calls(night) == [
        ("C0FRONT", "<@U0AGENT>", "Tue 22:00"),
        ("ben@shop.example", "", "Tue 22:20"),
        ("C0FRONT", "<@U0CARL>", "Wed 06:00"),
    ]
    first, second, _ = (entry for entry in night.world.ledger if "on call" in entry.text)
    assert first.thread == night.thread().partition(":")[2]
    assert "ann, you are on call: this is urgent, and the desk 'front' is closed. Not answered since" in first.text
    assert second.text.startswith("SMS · +4915123456789: 📟 ben")


@pytest.mark.parametrize("words", ["#assign me", "#priority high"])
def test_whoever_acts_ends_the_calls(night: Lab, words: str) -> None:
    night.settle(until=timedelta(minutes=5))
    says(night, words, 11, after=1)
    night.settle(until=timedelta(hours=10))
    assert len(calls(night)) == 1


def test_while_the_desk_is_open_nobody_is_called() -> None:
    def due(asked: str, toml: str = NIGHT_SHOP, **fields: object) -> datetime | None:
        at, rules = utc(asked), load(toml)
        waits = waiting.begun(conversation("sms"), rules.desks["front"], rules, at, "Hello?")
        return oncall.due(waits.model_copy(update={"priority": "urgent", **fields}), rules)

    assert due("2026-03-04 10:00") == utc("2026-03-04 17:00")
    assert due("2026-03-04 19:00") == utc("2026-03-04 19:00")
    assert due("2026-03-04 19:00", priority="high") is None
    assert due("2026-03-04 19:00", waiting=None) is None
    never_closes = (
        NIGHT_SHOP + "[desks.front.hours]\nholidays = []\n" + "".join(f'{day} = "0:00-24:00"\n' for day in WEEKDAYS)
    )
    assert due("2026-03-04 19:00", never_closes) is None
    only_by_day = NIGHT_SHOP.replace('"ann", "carl", "ben"', '"carl"').replace('"6-8"', '"10-16"')
    assert due("2026-03-04 19:00", only_by_day) is None


# ---- said in plain words ------------------------------------------------------------------------------------------


def test_the_playbook_tells_the_clocks() -> None:
    told = playbook.doc(load(f'{TARGET_SHOP}[hours.dates]\n2026-12-24 = "9-13"\n2026-12-27 = ""\n')).splitlines()
    assert "- after 100 % of the target without an answer the conversation moves to second" in told
    assert '  desk0 -- "100 % of the target" --> desk1' in told
    assert "- sms: 15 min to the first answer, 10 min to each further one, closed within 120 min" in told
    assert "- on 2026-12-24 open 9:00-13:00" in told and "- on 2026-12-27 closed" in told
    told = playbook.doc(load(NIGHT_SHOP + "[automatic]\nfollow_up_days = 2\n")).splitlines()
    people = "ann, carl (Wednesday 6:00-8:00), ben"
    assert f"- urgent while the desk is closed: {people} are called, one each 20 min" in told
    assert "- who was answered: whether all is well, 2 days after the end" in told


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


def calls(lab: Lab) -> list[tuple[str, str, str]]:
    """Who was called: where, by what mention, and when in Berlin."""
    found = [(entry, entry.raw.get("blocks", [{}])[0]) for entry in lab.world.ledger if "you are on call" in entry.text]
    there = [datetime.fromisoformat(entry.at).astimezone(BERLIN) for entry, _ in found]
    named = [block.get("text", {}).get("text", "") for _, block in found]
    return [(entry.to, name, f"{at:%a %H:%M}") for (entry, _), name, at in zip(found, named, there, strict=True)]


def asks_status(lab: Lab, number: int, after: float = 0) -> None:
    lab.settle(until=timedelta(seconds=30))
    lab.now += timedelta(minutes=after)
    lab.ring("twilio_sms", lab.say("Status?", number))
    lab.settle(until=timedelta(seconds=30))


def customer_told(lab: Lab) -> list[tuple[str, str]]:
    """What customers were told by itself beside the acknowledgement, at what time in Berlin, without its last words."""
    automatic = [entry for entry in lab.texts() if entry.text.endswith(AUTOMATIC)]
    there = [(datetime.fromisoformat(entry.at).astimezone(BERLIN), entry.text) for entry in automatic]
    return [(f"{at:%a %H:%M}", text.removesuffix(AUTOMATIC).rstrip()) for at, text in there]


def waits(since: str, **fields: Any) -> Contact:
    """A customer who began to wait for an answer by SMS."""
    at, began = utc(since), conversation("sms").model_copy(update={"heard": SMS})
    asked = waiting.begun(began, RULES.desks["front"], RULES, at, "Where is it?").model_copy(update=fields)
    heard = Heard(address=SMS, provider="twilio_sms", at=at)
    return Contact(id="p", heard=(heard,), conversation=asked)


def planned(head: Contact) -> Plan:
    return Plan(contact=head, message=timer("p", "update", START), direction=Direction.NOTE)


def head(lab: Lab) -> Conversation:
    now = lab.heads()[0].conversation
    assert now is not None
    return now


def figures(lab: Lab) -> tuple[int, int]:
    return head(lab).targets, head(lab).kept


def told(lab: Lab) -> list[tuple[str, str]]:
    """What agents were told of somebody who waits, and at what time in Berlin."""
    found = [(word, entry) for entry in lab.posts() for word in REMINDED if word in entry.text]
    there = [(word, datetime.fromisoformat(entry.at).astimezone(BERLIN)) for word, entry in found]
    return [(word, f"{at:%a %H:%M}") for word, at in there]
