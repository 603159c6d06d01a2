"""Who gets a conversation: nobody, the next in turn, or who has the least; only listed agents, and on to the next."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import route, store
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Receive
from chalicelib.settings import load
from tests.lab import MAIL_SHOP, PASSING_SHOP, ROTA, SHOP, STAFFED_SHOP, WATCHED_SHOP, Lab, laboratory
from tests.lab.flows import first_message, second_message, unanswered

ANN, BEN, CARL = "U0AGENT", "U0BEN", "U0CARL"
LEAST_SHOP = STAFFED_SHOP.replace("round robin", "least open")
TRIO_SHOP = PASSING_SHOP.replace('ben = "U0BEN"', 'ben = "U0BEN", carl = "U0CARL"')
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CUSTOMER = Address(channel=Channel.SMS, id="+4915123456789")


# ---- pure ---------------------------------------------------------------------------------------------------------


def test_round_robin_begins_with_the_first_and_goes_round() -> None:
    assert [route.rotated((ANN, BEN, CARL), number)[0] for number in (1, 2, 3, 4)] == [ANN, BEN, CARL, ANN]
    assert route.rotated((ANN, BEN, CARL), 3) == (CARL, ANN, BEN)
    assert route.rotated((), 1) == ()


def test_least_open_takes_of_equals_the_one_listed_first() -> None:
    assert route.by_load({ANN: 2, BEN: 0, CARL: 0}) == (BEN, CARL, ANN)


def current(**fields: object) -> Contact:
    told = {"id": "c", "desk": "front", "opened_at": AT, "customer_at": AT, "heard": CUSTOMER, "assignee": ANN} | fields
    return Contact(id="p", conversation=Conversation.model_validate(told))


@pytest.mark.parametrize(
    ("before", "desk"),
    [
        (None, "front"),
        (current(), ""),
        (current(status="closed", closed_at=AT), ""),
        (current(status="closed", closed_at=AT, assignee=""), "front"),
        (current(status="closed", closed_at=AT, assignee="U0GONE"), "front"),
        (current(status="closed", closed_at=AT - timedelta(days=30)), "front"),
        (current(status="closed", closed_at=AT, assignee="", desk="owner"), ""),
        (current(status="closed", closed_at=AT, assignee="").model_copy(update={"blocked": True}), ""),
    ],
)
def test_it_is_given_to_somebody_as_it_opens_or_opens_again_with_nobody(before: Contact | None, desk: str) -> None:
    assert route.to_assign(message(), before, load(STAFFED_SHOP), RECEIVE) == desk
    assert route.to_assign(message(), before, load(SHOP), RECEIVE) == ""


def test_a_reaction_to_a_closed_one_gives_it_to_nobody() -> None:
    closed = current(status="closed", closed_at=AT, assignee="")
    assert route.to_assign(message(kind=Kind.REACTION), closed, load(STAFFED_SHOP), RECEIVE) == ""


def message(kind: Kind = Kind.MESSAGE) -> Message:
    return Message(provider="twilio_sms", id="m", kind=kind, sender=CUSTOMER, text="Hello")


RECEIVE = Receive(id="r", count=1, sent_ms=int(AT.timestamp() * 1000), first_ms=int(AT.timestamp() * 1000))


# ---- as it opens --------------------------------------------------------------------------------------------------


def test_round_robin_gives_each_customer_to_the_next_agent() -> None:
    with laboratory(STAFFED_SHOP) as lab:
        assert [opened_by(lab, number) for number in range(4)] == [ANN, BEN, ANN, BEN]
        assert "assigned to ann" in str(cards(lab)[0]) and "assigned to ben" in str(cards(lab)[1])


def test_least_open_counts_what_each_has_open() -> None:
    with laboratory(LEAST_SHOP) as lab:
        assert [opened_by(lab, number) for number in range(3)] == [ANN, BEN, ANN]
        for number, thread in enumerate(threads(lab)):
            if number != 1:  # both of ann's
                lab.ring("slack", lab.say("#resolve", 100 + number, "slack", thread=thread))
        lab.settle()
        assert [opened_by(lab, number) for number in range(3, 6)] == [ANN, ANN, BEN]


def test_a_mailboxs_first_mail_names_who_has_it() -> None:
    with laboratory(MAIL_SHOP.replace("mailbox =", 'assign = "least open"\nmailbox =')) as lab:
        first_message(lab)
        assert "assigned to ann" in lab.posts()[0].text


def test_it_is_asked_of_the_table_once_for_each_opening_and_never_where_nobody_is_given_anything() -> None:
    asked = {}
    for name, shop in (("none", SHOP), ("round robin", STAFFED_SHOP), ("least open", LEAST_SHOP)):
        with laboratory(shop) as lab:
            first_message(lab)
            second_message(lab)
            asked[name] = [call for call in lab.seam.calls if call in ("dynamodb.UpdateItem", "dynamodb.Query")]
    assert asked == {"none": [], "round robin": ["dynamodb.UpdateItem"], "least open": ["dynamodb.Query"] * 2}


def test_a_closed_one_opens_again_with_the_same_agent_or_where_that_one_left_with_another() -> None:
    with laboratory(STAFFED_SHOP) as lab:
        assert opened_by(lab, 0) == ANN
        lab.ring("slack", lab.say("#resolve", 100, "slack", thread=lab.thread()))
        lab.settle()
        lab.now += timedelta(days=1)
        assert opened_by(lab, 0, 1) == ANN
        lab.ring("slack", lab.say("#resolve", 101, "slack", thread=lab.thread()))
        lab.settle()
        lab.shop = load(STAFFED_SHOP.replace('ann = "U0AGENT", ', ""))
        lab.now += timedelta(days=1)
        assert opened_by(lab, 0, 2) == BEN
        assert "assigned to ben" in str(lab.world.ledger[-1].raw) + str(lab.world.ledger[-2].raw)


def test_an_agent_who_is_no_longer_listed_does_no_harm() -> None:
    with laboratory(PASSING_SHOP) as lab:
        unanswered(lab)
        lab.shop = load(PASSING_SHOP.replace('ann = "U0AGENT", ', ""))
        lab.ring("slack", lab.say("#status", 100, "slack", thread=lab.thread()))
        lab.settle(until=timedelta(minutes=5))
        assert any("Assigned to U0AGENT" in entry.text for entry in lab.world.ledger)
        lab.settle()
        assert assignee(lab) == BEN
        lab.shop = load(SHOP)
        lab.ring("twilio_sms", lab.say("It is number 7", 2))
        lab.ring("slack", lab.say("#assign nobody", 101, "slack", thread=lab.thread()))
        lab.settle()
        assert assignee(lab) == ""
        assert not lab.dead_letters()


# ---- on to the next -----------------------------------------------------------------------------------------------


def test_who_does_not_answer_loses_it_to_the_next_each_listed_agent_once() -> None:
    with laboratory(TRIO_SHOP) as lab:
        unanswered(lab)
        lab.settle()
        told = [entry.text for entry in lab.posts() if "has not answered" in entry.text]
        assert len(told) == 2
        assert told[0].startswith("🔁 It is ben's now: ann has not answered. Not answered since Monday 2 March 10:00")
        assert told[1].startswith("🔁 It is carl's now: ben has not answered.")
        assert assignee(lab) == CARL
        assert lab.now - AT < timedelta(minutes=45)


def test_the_one_listed_agent_keeps_it_in_silence() -> None:
    with laboratory(PASSING_SHOP.replace(', ben = "U0BEN"', "")) as lab:
        unanswered(lab)
        lab.settle()
        assert assignee(lab) == ANN
        assert len(lab.posts()) == 1


def test_an_answer_ends_it() -> None:
    with laboratory(PASSING_SHOP) as lab:
        unanswered(lab)
        lab.ring("slack", lab.say("It is on its way", 100, "slack", thread=lab.thread()))
        lab.settle()
        assert assignee(lab) == ANN


def test_who_takes_it_has_the_whole_time() -> None:
    with laboratory(TRIO_SHOP) as lab:
        unanswered(lab)
        lab.now += timedelta(minutes=15)
        lab.ring("slack", lab.say("#assign carl", 100, "slack", thread=lab.thread()))
        lab.settle(until=timedelta(minutes=15))
        assert assignee(lab) == CARL
        lab.settle()
        assert assignee(lab) == BEN  # the only one who has not had it


def test_at_the_desk_it_is_escalated_to_it_is_given_to_somebody_there() -> None:
    shop = WATCHED_SHOP.replace('slack = "C0SECOND"', ROTA.replace("C0FRONT", "C0SECOND"))
    with laboratory(shop) as lab:
        unanswered(lab)
        lab.ring("slack", lab.say("#escalate", 100, "slack", thread=lab.thread()))
        lab.settle(until=timedelta(minutes=3))
        assert assignee(lab) == ANN
        assert any(entry.to == "C0SECOND" and "🔁 It is ann's now." in entry.text for entry in lab.posts())


def test_who_takes_it_there_at_once_keeps_it() -> None:
    shop = WATCHED_SHOP.replace('slack = "C0SECOND"', ROTA.replace("C0FRONT", "C0SECOND"))
    with laboratory(shop) as lab:
        unanswered(lab)
        lab.ring("slack", lab.say("#escalate", 100, "slack", thread=lab.thread()))
        lab.settle(until=timedelta(seconds=20))
        lab.ring("slack", lab.say("#assign ben", 101, "slack", thread=lab.thread()))
        lab.settle(until=timedelta(minutes=5))
        assert assignee(lab) == BEN


def test_an_open_one_that_nobody_has_is_given_to_somebody_as_the_customer_writes() -> None:
    with laboratory() as lab:
        unanswered(lab)
        lab.ring("slack", lab.say("It is on its way", 100, "slack", thread=lab.thread()))
        lab.settle()
        lab.shop = load(STAFFED_SHOP)
        lab.ring("twilio_sms", lab.say("It is not", 2))
        lab.settle()
        assert assignee(lab) == ANN


# ---- how ----------------------------------------------------------------------------------------------------------


def opened_by(lab: Lab, number: int, again: int = 0) -> str:
    """Who gets the conversation of a customer who writes."""
    lab.ring("twilio_sms", lab.say(f"Hello {again}", number * 10 + again, sender=f"+4915123456{number:03d}"))
    lab.settle()
    with lab.aside():
        found = store.find(Address(channel=Channel.SMS, id=f"+4915123456{number:03d}")).contact
    assert found and found.conversation
    return found.conversation.assignee


def assignee(lab: Lab) -> str:
    with lab.aside():
        (found,) = store.heads()
    assert found.conversation
    return found.conversation.assignee


def cards(lab: Lab) -> list[object]:
    return [entry.raw for entry in lab.world.ledger if entry.what == "card"]


def threads(lab: Lab) -> list[str]:
    return [f"{entry.to}:{entry.id}" for entry in lab.world.ledger if entry.what == "card"]
