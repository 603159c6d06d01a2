"""Opting out of SMS: which words count, that nothing goes out then, and what agents and customers are told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import sms, wording, words
from chalicelib.models.inbound import Intent, Message
from chalicelib.models.people import Heard
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Receive
from chalicelib.phrases import PHRASES
from chalicelib.route import optout, silent
from chalicelib.settings import load
from infra import erase, export, person
from tests.lab import SHOP, Lab, laboratory
from tests.lab.flows import MIRA, OTTO, agent_replies, agent_says, opened, two_open
from tests.lab.late import PERSON, asks_in_slack

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SENDER = Address(channel=Channel.SMS, id=MIRA)
WANTS = Heard(address=SENDER, provider="twilio_sms", at=AT)
WANTS_NONE = WANTS.model_copy(update={"stopped": AT})
HELP = "a person reads what you write here"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory() as lab:
        yield lab


def said(text: str, provider: str = "vonage", **rest: Any) -> Message:
    return Message(**{"provider": provider, "id": "1", "sender": SENDER, "text": text, **rest})


def accepted(at: datetime) -> Receive:
    return Receive(id="1", count=1, sent_ms=int(at.timestamp() * 1000), first_ms=0)


def customer(lab: Lab, text: str, number: int, provider: str = "twilio_sms", sender: str = MIRA) -> None:
    lab.ring(provider, lab.say(text, number, provider, sender=sender))
    lab.settle(until=timedelta(seconds=30))
    lab.now += timedelta(minutes=1)


def agent(lab: Lab, text: str, number: int) -> None:
    lab.ring("slack", lab.say(text, number, "slack", thread=lab.thread()))
    lab.settle(until=timedelta(seconds=30))
    lab.now += timedelta(minutes=1)


def texts(lab: Lab) -> list[str]:
    return [entry.text for entry in lab.texts()]


def shown(lab: Lab) -> str:
    """What agents were told last."""
    return lab.posts()[-1].text


# ---- the words --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        *(
            (text, "stop")
            for text in ("STOP", " stop.\n", "Stop!", "“Stop”", "STOPALL", "stop all", "Stop  All", "END")
        ),
        *((text, "stop") for text in ("Unsubscribe", "CANCEL", "quit", "REVOKE", "OptOut", "opt-out", "Opt out", "TD")),
        *((text, "stop") for text in ("ARRET", "Arrêt", "ARRE\u0302T", "ＳＴＯＰ", "remove")),
        *((text, "start") for text in ("START", "Unstop", "NONARRET")),
        *((text, "help") for text in ("HELP", "help?", "Info", "AIDE")),
        *((text, None) for text in ("stop it", "Please stop", "Cancel my order", "st op", "stopp", "YES", "", "?")),
        *((text, None) for text in ("end of March", "Where can I get help?", "stop" + " " * 40 + "me", "s" * 4000)),
    ],
)
def test_one_of_the_words_and_nothing_else(text: str, asks: Intent | None) -> None:
    assert optout.intent(said(text), WANTS) == asks
    assert silent.stops(said(text)) is (asks == "stop")


@pytest.mark.parametrize(
    ("message", "was", "asks"),
    [
        (said("YES", "twilio_sms"), WANTS_NONE, "start"),
        (said("YES", "twilio_sms"), WANTS, None),  # it answers a question
        (said("YES", "twilio_sms"), None, None),
        (said("YES", "vonage"), WANTS_NONE, None),
        (said("BASTA", "twilio_sms", intent="stop"), WANTS, "stop"),  # a word of the messaging service's own
        (said("STOP", "whatsapp", sender=PERSON), WANTS, None),
        (said("STOP", "twilio_sms", kind="edit"), WANTS, None),
    ],
)
def test_a_provider_may_know_more(message: Message, was: Heard | None, asks: Intent | None) -> None:
    assert optout.intent(message, was) == asks


@pytest.mark.parametrize(
    ("message", "was", "at", "since"),
    [
        (said("STOP"), WANTS, AT, AT),
        (said("STOP"), None, AT, AT),
        (said("STOP", sent_at=AT - timedelta(hours=1)), WANTS, AT, AT - timedelta(hours=1)),
        (said("STOP"), WANTS_NONE, AT + timedelta(hours=1), AT + timedelta(hours=1)),
        (said("STOP"), WANTS_NONE, AT - timedelta(hours=1), AT),
        (said("Hello?"), WANTS_NONE, AT + timedelta(days=90), AT),
        (said("Hello?"), WANTS, AT, None),
        (said("START"), WANTS_NONE, AT + timedelta(hours=1), None),
        (said("START"), WANTS, AT, None),
        (said("START", sent_at=AT - timedelta(hours=1)), WANTS_NONE, AT + timedelta(hours=1), AT),  # it comes late
        (said("START", came_at=AT - timedelta(hours=1)), WANTS_NONE, AT + timedelta(hours=1), AT),
    ],
)
def test_since_when_nothing_goes_there(message: Message, was: Heard | None, at: datetime, since: datetime) -> None:
    assert optout.stopped(message, was, accepted(at)) == since


@pytest.mark.parametrize("language", PHRASES)
def test_what_help_gets_names_the_shop_and_the_way_out_in_letters_of_an_sms(language: str) -> None:
    shop = load(f'languages = ["{language}"]\n{SHOP}')
    text = wording.help(shop, language)
    assert "Corner Shop" in text and "STOP" in text and not sms.others(text) and sms.count(text) <= 2


# ---- nothing goes out -------------------------------------------------------------------------------------------


def test_who_said_stop_gets_nothing_whatever_they_write(lab: Lab) -> None:
    """No acknowledgement, no status, no help; the agents are told with each message."""
    for number, text in enumerate(("STOP", "Where is my order?", "Status", "HELP"), 1):
        customer(lab, text, number, "vonage")
        told = [entry for entry in lab.posts() if "(STOP, Monday 2 March 10:00): nothing goes there" in entry.text]
        assert len(told) == number
    agent(lab, "#resolve", 10)
    lab.now += timedelta(days=2)
    customer(lab, "Hello?", 5)
    assert texts(lab) == [] and "'acknowledge'" not in str(lab.rows())  # nor was anything planned


def test_a_word_calls_for_no_answer_and_no_acknowledgement(lab: Lab) -> None:
    for number, text in enumerate(("STOP", "YES"), 1):
        customer(lab, text, number)
    (head,) = lab.heads()
    assert texts(lab) == [] and not head.stopped and head.conversation and head.conversation.waiting is None


def test_a_yes_to_a_question_is_an_answer(lab: Lab) -> None:
    customer(lab, "Where is my order?", 1)
    agent(lab, "Is it number 7?", 10)
    customer(lab, "Yes", 2)
    (head,) = lab.heads()
    assert head.conversation and head.conversation.waiting


def test_nobody_is_told_anything_as_time_goes_by() -> None:
    with laboratory(SHOP + "[targets]\n[automatic]\nupdates = 2\nfollow_up_days = 1\n") as lab:
        customer(lab, "Where is my order?", 1)
        customer(lab, "STOP", 2)
        customer(lab, "Hello?", 3)  # its last word is not STOP any more
        lab.settle()
        agent(lab, "#resolve", 10)
        lab.settle()
        assert texts(lab) == ["Thank you for writing to Corner Shop."]


def test_a_reply_is_held_until_start(lab: Lab) -> None:
    opened(lab)
    customer(lab, "stop", 2)
    agent_replies(lab)
    assert "Held, not sent: SMS · +4915123456789 wants no messages (STOP" in shown(lab)
    assert "When START comes from there, you are asked here" in shown(lab)
    customer(lab, "Hello?", 3)
    agent(lab, "#send", 11)
    assert "Nothing was sent" in shown(lab)
    customer(lab, "START", 4)
    assert "#send" in shown(lab) and "said START and may be written to again" in str([one.text for one in lab.posts()])
    agent(lab, "#send", 12)
    assert texts(lab) == ["Thank you for writing to Corner Shop.", "It is on its way"]
    before, after = (entry.text for entry in lab.world.ledger if entry.what == "edit")
    assert "wants no messages: STOP" in before and "STOP" not in after  # on the card


def test_agents_begin_nothing_there_and_send_no_code(lab: Lab) -> None:
    two_open(lab)
    customer(lab, "STOP", 5)
    agent_says(lab, f"#code {MIRA}", "Is it blue?", 23)
    asks_in_slack(lab, f"#new {MIRA} Are you there?")
    lab.settle()
    told = [entry.text for entry in lab.world.ledger if "wants no messages" in entry.text and "❌" in entry.text]
    assert len(told) == 2 and len(texts(lab)) == 2


def test_a_code_that_waits_goes_to_nobody_who_said_stop_since(lab: Lab) -> None:
    """It is another contact's address: that one's head says so."""
    two_open(lab)
    lab.world.fail(part="twilio_sms", path="Messages.json", status=429)
    agent_says(lab, f"#code {MIRA}", "Is it blue?", 23)
    lab.settle(until=timedelta(seconds=1))
    customer(lab, "STOP", 5)
    lab.settle()
    assert not [text for text in texts(lab) if "is your code" in text]
    assert words.said_stop(doubtful=False) in str([one.text for one in lab.posts()])


def test_of_a_reply_that_may_have_arrived_before_the_agent_is_told_so(lab: Lab) -> None:
    opened(lab)
    lab.world.fail(part="twilio_sms", path="Messages.json", status=500)
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    lab.settle(until=timedelta(seconds=1))
    customer(lab, "STOP", 5)
    lab.settle()
    assert words.said_stop(doubtful=True) in shown(lab) and len(texts(lab)) == 1


def test_stop_counts_from_a_blocked_customer_too(lab: Lab) -> None:
    opened(lab)
    agent(lab, "#block", 10)
    customer(lab, "STOP", 2)
    assert lab.heads()[0].stopped


def test_it_is_one_number_that_is_stopped_and_not_the_person(lab: Lab) -> None:
    """The agent is offered the other one."""
    two_open(lab)
    agent_says(lab, f"#link {OTTO}", "Where is my order?", 20)
    lab.settle()
    customer(lab, "STOP", 5)
    assert f"• #via {OTTO} sends it by SMS · {OTTO}" in "".join(entry.text for entry in lab.posts())
    agent_says(lab, f"#via {OTTO}\nIt is on its way", "Where is my order?", 21)
    lab.settle()
    assert [entry.to for entry in lab.texts() if entry.text == "It is on its way"] == [OTTO]


# ---- help -------------------------------------------------------------------------------------------------------


def test_help_is_told_once_a_day_and_never_where_the_provider_tells_it(lab: Lab) -> None:
    customer(lab, "HELP", 1)  # Twilio does
    assert texts(lab) == []
    for number in (2, 3):
        customer(lab, "help?", number, "vonage")
    assert len(texts(lab)) == 1 and HELP in texts(lab)[0]
    lab.now += timedelta(days=1)
    customer(lab, "INFO", 4, "vonage")
    assert len(texts(lab)) == 2


def test_help_is_not_told_to_machines_or_twice_or_too_late(lab: Lab) -> None:
    addresses = [Address(channel=Channel.SMS, id=id) for id in (MIRA, OTTO, "22395", "+491721111111")]
    machine, told, code, late = (said("HELP", id=address.id, sender=address) for address in addresses)
    lab.put(machine.model_copy(update={"automatic": True}))
    lab.put(told.model_copy(update={"intent": "help"}))  # as Telnyx and Plivo say it
    lab.put(code)
    lab.put(late.model_copy(update={"sent_at": AT - timedelta(hours=1)}))
    lab.settle()
    assert texts(lab) == [] and len(lab.posts()) == 4


def test_a_shop_may_leave_help_to_its_provider() -> None:
    with laboratory(SHOP + "[automatic]\nhelp = false\n") as lab:
        customer(lab, "HELP", 1, "vonage")
        assert texts(lab) == []


# ---- what is kept of it -----------------------------------------------------------------------------------------


def test_it_is_handed_over_and_erased_with_the_rest(lab: Lab) -> None:
    customer(lab, "STOP", 1)
    asked = person.Asked(phone=MIRA)
    with lab.aside():
        (contact,) = export.export(asked)["contacts"]
        assert contact["addresses"] == [{"channel": "sms", "id": MIRA, "stopped": "2026-03-02T09:00:00+00:00"}]
        erase.forget(asked, lambda: lab.now)
    assert "stopped" not in str(lab.rows())
