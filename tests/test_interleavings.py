"""Two invocations at once: whatever the order of their calls, nothing is lost, doubled or out of order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import pytest

from chalicelib import store
from chalicelib.models.inbound import Message
from chalicelib.models.people import Contact
from chalicelib.models.values import Address, Channel
from tests.lab import CALLING_SHOP, PASSING_SHOP, ROTA, SHOP, TELLING_SHOP, WATCHED_SHOP, Lab, laboratory
from tests.lab.flows import (
    MIRA,
    OTTO,
    PARTS,
    Flow,
    agent_says,
    at_rest,
    complained,
    conversation,
    forgets,
    judge,
    kept_waiting,
    linked,
    nothing_left,
    opened,
    part,
    speaks,
    told_once,
    two_open,
    unanswered,
)
from tests.lab.interleave import Job, Trace, apart, orders, together

SWITCHES = 2  # at most, here; `make soak` plays every order
MOST, FEW = 5, 2  # orders of one race
BSUID = Address(channel=Channel.WHATSAPP, id="DE.871234")
THIRD = "+491728888888"
PHONE = Address(channel=Channel.WHATSAPP, id="+4915123456780")


class Race(NamedTuple):
    """Two jobs made by `jobs` after `before`; `flow` says what the world must have seen; here `most` orders of them."""

    name: str
    jobs: Callable[[Lab], list[Job]]
    flow: Flow
    most: int = MOST


def nothing(lab: Lab) -> None:
    """Everything happens at once."""


def same_webhook(lab: Lab) -> list[Job]:
    webhook = lab.webhook("twilio_sms", lab.say("Where is my order?"))
    return [lambda: lab.answers.append(lab.post(webhook).status)] * 2


def two_addresses(lab: Lab) -> list[Job]:
    """One person, known by user id and phone, and the same phone alone: two groups of the queue."""
    lab.put(
        whatsapp("Where is my order?", "1", BSUID, PHONE),
        whatsapp("It is number 7", "2", PHONE),
    )
    return workers(lab)


def card_being_posted(lab: Lab) -> list[Job]:
    """The second message is taken while the first, from another address of the contact, is about to post the card."""
    lab.put(whatsapp("Where is my order?", "1", BSUID, PHONE))
    (first,) = lab.take(1)
    lab.put(whatsapp("It is number 7", "2", PHONE))
    (second,) = lab.take(1)
    return [lambda: lab.run(first), lambda: lab.run(second)]


def both_known(lab: Lab) -> None:
    """A contact of two addresses, whose conversation was closed ten days ago."""
    lab.put(whatsapp("Good morning", "0", BSUID, PHONE))
    lab.settle()
    lab.ring("slack", lab.say("#resolve", 11, "slack", thread=lab.thread()))
    lab.settle()
    lab.now += timedelta(days=10)
    lab.world.ledger.clear()


def open_again(lab: Lab) -> list[Job]:
    lab.put(whatsapp("Where is my order?", "1", BSUID), whatsapp("It is number 7", "2", PHONE))
    return workers(lab)


def customer_and_agent(lab: Lab) -> list[Job]:
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    return workers(lab)


def reply_and_close(lab: Lab) -> list[Job]:
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    lab.work()  # recorded and handed on
    lab.ring("slack", lab.say("#resolve", 11, "slack", thread=lab.thread()))
    return workers(lab)


def customer_and_close(lab: Lab) -> list[Job]:
    lab.ring("slack", lab.say("#resolve", 11, "slack", thread=lab.thread()))
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    return workers(lab)


def customer_and_timer(lab: Lab) -> list[Job]:
    """A reply that cannot go out: its timer falls due as the customer writes again."""
    lab.world.fail(part="twilio_sms", status=503, times=12)
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    while not lab.timers() or lab.now < lab.timers()[0]:
        if not lab.work():
            lab.wait()
    lab.tick()
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    return workers(lab)


def last_parts(lab: Lab) -> list[Job]:
    """The first part of a long SMS waits; the other two come at once, and either may find that all are there."""
    part(lab, 1)
    lab.work()
    part(lab, 2)
    part(lab, 3)
    return workers(lab)


def part_at_the_end(lab: Lab) -> list[Job]:
    """The first part has waited long enough, as another comes; the third never does."""
    part(lab, 1)
    lab.work()
    lab.now += timedelta(minutes=2, seconds=1)
    part(lab, 2)
    return workers(lab)


def tick_and_tick(lab: Lab) -> list[Job]:
    lab.now += timedelta(minutes=11)
    return [lab.tick, lab.tick]


def snoozed(lab: Lab) -> None:
    """A snooze that falls due now."""
    unanswered(lab)
    lab.ring("slack", lab.say("#snooze 2h", 10, "slack", thread=lab.thread()))
    lab.settle(until=timedelta(minutes=5))
    lab.now += timedelta(hours=2)


def tick_and_customer(lab: Lab) -> list[Job]:
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    (message,) = lab.take(1)
    return [lab.tick, lambda: lab.run(message)]


def waking_and_customer(lab: Lab) -> list[Job]:
    lab.tick()
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    return workers(lab)


def waking_and_snooze(lab: Lab) -> list[Job]:
    lab.tick()
    lab.ring("slack", lab.say("#snooze 2h", 11, "slack", thread=lab.thread()))
    return workers(lab)


def nudge_and_reply(lab: Lab) -> list[Job]:
    lab.now += timedelta(minutes=11)
    lab.tick()
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    return workers(lab)


def nudged(lab: Lab) -> None:
    """All but the escalation has happened, and that falls due now."""
    unanswered(lab)
    lab.settle(until=timedelta(minutes=15))
    lab.now += timedelta(minutes=20)


def escalation_and_reply(lab: Lab) -> list[Job]:
    lab.tick()
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    return workers(lab)


def escalation_and_snooze(lab: Lab) -> list[Job]:
    """What is due is put off: it moves now, or once the snooze has ended."""
    lab.tick()
    lab.ring("slack", lab.say("#snooze 2h", 10, "slack", thread=lab.thread()))
    return workers(lab)


def update_and_reply(lab: Lab) -> list[Job]:
    """The reply may be out at once, before the update that was planned before it."""
    lab.now += timedelta(minutes=10)
    lab.tick()
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    first, second = workers(lab)

    def answered_at_once() -> None:
        second()
        lab.work()

    return [first, answered_at_once]


def update_and_customer(lab: Lab) -> list[Job]:
    lab.now += timedelta(minutes=10)
    lab.tick()
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    return workers(lab)


def closed_lately(lab: Lab) -> None:
    """Answered and closed; whether all is well is asked now."""
    unanswered(lab)
    for number, words in ((10, "It is on its way"), (11, "#resolve")):
        lab.ring("slack", lab.say(words, number, "slack", thread=lab.thread()))
        lab.settle(until=timedelta(seconds=30))
    lab.now += timedelta(days=3, minutes=1)


def follow_up_and_customer(lab: Lab) -> list[Job]:
    lab.tick()
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    return workers(lab)


def asked_once(lab: Lab) -> list[str]:
    asked = [entry.text for entry in lab.texts() if entry.text.startswith("Is everything all right")]
    return [f"asked {len(asked)} times"] if len(asked) > 1 else []


def urgent_at_night(lab: Lab) -> None:
    lab.now += timedelta(hours=12)
    unanswered(lab)
    lab.ring("slack", lab.say("#priority urgent", 10, "slack", thread=lab.thread()))
    while lab.work():
        pass


def call_and_take(lab: Lab) -> list[Job]:
    lab.tick()
    lab.ring("slack", lab.say("#assign ben", 11, "slack", thread=lab.thread()))
    return workers(lab)


def called_once(lab: Lab) -> list[str]:
    """Ann, unless it was given to Ben before; never Ben, whose it is."""
    called = [entry.text for entry in lab.posts() if "you are on call" in entry.text]
    return [f"called: {called}"] if len(called) > 1 or any("ben, you" in text for text in called) else []


def escalate_and_customer(lab: Lab) -> list[Job]:
    lab.ring("slack", lab.say("#escalate she is angry", 10, "slack", thread=lab.thread()))
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    return workers(lab)


def in_two_threads(lab: Lab) -> None:
    unanswered(lab)
    lab.ring("slack", lab.say("#escalate", 10, "slack", thread=lab.thread()))
    lab.settle(until=timedelta(minutes=5))


def assign_and_assign(lab: Lab) -> list[Job]:
    """From the thread that was left and from the one where it goes on."""
    card = [entry for entry in lab.world.ledger if entry.what == "card"][-1]
    lab.ring("slack", lab.say("#assign ann", 11, "slack", thread=lab.thread()))
    lab.ring("slack", lab.say("#assign ben", 12, "slack", thread=f"{card.to}:{card.id}"))
    return workers(lab)


def assign_and_reassign(lab: Lab) -> list[Job]:
    lab.now += timedelta(minutes=21)
    lab.tick()
    lab.ring("slack", lab.say("#assign carl", 10, "slack", thread=lab.thread()))
    return workers(lab)


def one_step_left(lab: Lab) -> None:
    complained(lab)
    lab.ring("slack", lab.say("#done answered apologised amends", 10, "slack", thread=lab.thread()))
    lab.settle()


def step_and_resolve(lab: Lab) -> list[Job]:
    lab.ring("slack", lab.say("#done cause", 11, "slack", thread=lab.thread()))
    lab.ring("slack", lab.say("#resolve", 12, "slack", thread=lab.thread()))
    return workers(lab)


def ticked(head: Contact) -> bool:
    """No step is lost; and it is closed, unless that came first and was asked about."""
    known = conversation(head).complaint
    assert known is not None
    return "cause" in known.done and known.asked is (conversation(head).status == "open")


def link_and_message(lab: Lab) -> list[Job]:
    """Otto writes while he is linked with Mira: in his own thread or in hers, once, and heard by whom he is."""
    agent_says(lab, f"#link {OTTO}", "Where is my order?", 20)
    lab.ring("twilio_sms", lab.say("It is number 7", 4, sender=OTTO))
    return workers(lab)


def link_and_link(lab: Lab) -> list[Job]:
    """The same two, told in both their threads."""
    agent_says(lab, f"#link {OTTO}", "Where is my order?", 20)
    agent_says(lab, f"#link {MIRA}", "Is it blue?", 21)
    return workers(lab)


def three_open(lab: Lab) -> None:
    """The third has waited longest."""
    lab.ring("twilio_sms", lab.say("Do you gift-wrap?", 8, sender=THIRD))
    lab.settle()
    two_open(lab)


def chain(lab: Lab) -> list[Job]:
    """Mira with Otto, and Otto with a third."""
    agent_says(lab, f"#link {OTTO}", "Where is my order?", 20)
    agent_says(lab, f"#link {THIRD}", "Is it blue?", 21)
    return workers(lab)


def unlink_and_reply(lab: Lab) -> list[Job]:
    """Otto was heard last in Mira's thread. He is answered there while he leaves."""
    agent_says(lab, "It is on its way", "Where is my order?", 20)
    agent_says(lab, f"#unlink {OTTO}", "Is it blue?", 21)
    return workers(lab)


def unlink_and_message(lab: Lab) -> list[Job]:
    agent_says(lab, f"#unlink {OTTO}", "Where is my order?", 20)
    lab.ring("twilio_sms", lab.say("I still wait", 6, sender=OTTO))
    return workers(lab)


def forget_and_message(lab: Lab) -> list[Job]:
    """She writes while she is forgotten."""
    lab.ring("twilio_sms", lab.say("It is number 7", 2))
    (message,) = lab.take(1)
    return [lambda: lab.run(message), lambda: forgets(lab)]


def forget_and_reply(lab: Lab) -> list[Job]:
    """An agent answers her while she is forgotten."""
    lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
    (message,) = lab.take(1)
    return [lambda: lab.run(message), lambda: forgets(lab)]


def without_card(lab: Lab) -> None:
    """Recorded, and the desk does not answer yet."""
    lab.world.fail(part="slack", path="chat.postMessage", status=503)
    lab.ring("twilio_sms", lab.say("Where is my order?"))
    lab.work()
    lab.wait()


def forget_and_card(lab: Lab) -> list[Job]:
    """Her card is posted while she is forgotten."""
    (message,) = lab.take(1)
    return [lambda: lab.run(message), lambda: forgets(lab)]


def one_of_all(*ids: str) -> Callable[[Lab], list[str]]:
    """Who speaks for all of them has all their addresses, and the rows of all lead there in one step."""

    def wrong(lab: Lab) -> list[str]:
        (live, *others) = set(speaks(lab, *ids))
        with lab.aside():
            heads = {head.id: head for head in store.heads()}
        merged = {head.merged for head in heads.values()} - {""}
        found = [f"several speak: {others}"] if others else []
        found += [f"merged into {merged}"] if merged != {live} else []
        has = {address.id for address in heads[live].addresses}
        return found + ([f"it has {has}"] if has != set(ids) else [])

    return wrong


def answered_or_told(lab: Lab) -> list[str]:
    """The answer went to Otto before he left, or nowhere; never to Mira."""
    to = [entry.to for entry in lab.texts() if "on its way" in entry.text]
    told = any("is another customer now" in entry.text for entry in lab.posts())
    wrong = ["not unlinked"] if len(set(speaks(lab, MIRA, OTTO))) < 2 else []
    return wrong + ([] if (to, told) in (([OTTO], False), ([], True)) else [f"it went to {to}, told: {told}"])


def where_he_is(lab: Lab) -> list[str]:
    """What Otto wrote is recorded in the conversation that he was in then."""
    with lab.aside():
        claims = [store.claim(row["claim"]) for head in store.heads() for row in said_in(head, "I still wait")]
    wrong = ["not unlinked"] if len(set(speaks(lab, MIRA, OTTO))) < 2 else []
    return wrong + ([] if len(claims) == 1 else [f"recorded {len(claims)} times"])


def said_in(head: Contact, text: str) -> list[dict[str, Any]]:
    assert head.conversation is not None
    return [row for row in store.messages(head.conversation.id) if row["text"] == text]


def workers(lab: Lab) -> list[Job]:
    first, second = lab.take(2)
    return [lambda: lab.run(first), lambda: lab.run(second)]


def whatsapp(text: str, id: str, sender: Address, *aliases: Address) -> Message:
    return Message(provider="whatsapp", id=id, sender=sender, aliases=aliases, text=text)


BOTH = ("Where is my order?", "It is number 7")
REPLY = ("It is on its way",)
REMINDED = ("⏰ Not answered", "Escalated from", "has been waiting for")
TRIO_SHOP = PASSING_SHOP.replace('ben = "U0BEN"', 'ben = "U0BEN", carl = "U0CARL"')
STAFFED_SECOND = WATCHED_SHOP.replace('slack = "C0SECOND"', ROTA.replace("C0FRONT", "C0SECOND"))


def timed(*customers: str, agents: tuple[str, ...] = (), before: Callable[[Lab], None] = unanswered,
          shop: str = WATCHED_SHOP, also: Callable[[Contact], bool] = at_rest) -> Flow:  # fmt: skip
    """What the world must have seen where timers are in play; `also` is what must hold of the customer in the end."""
    return Flow("", nothing, customers, agents, (), 1, before, shop, also=also)


def answered(head: Contact) -> bool:
    return at_rest(head) and conversation(head).waiting is None


def given(head: Contact) -> bool:
    return conversation(head).assignee in ("U0AGENT", "U0BEN")


RACES = [
    Race("the same webhook twice", same_webhook, Flow("", nothing, BOTH[:1], acknowledged=1)),
    Race("first messages from two addresses", two_addresses, Flow("", nothing, BOTH, acknowledged=1)),
    Race("while the card is being posted", card_being_posted, Flow("", nothing, BOTH, acknowledged=1)),
    Race("two addresses open again", open_again, Flow("", nothing, BOTH, (), (), 1, both_known)),
    Race("customer and agent", customer_and_agent, Flow("", nothing, BOTH, ("It is on its way",), (), 1, opened)),
    Race("reply and close", reply_and_close, Flow("", nothing, BOTH[:1], ("It is on its way",), (), 1, opened)),
    Race("customer and close", customer_and_close, Flow("", nothing, BOTH, (), (), 2, opened)),
    Race("two parts at once", last_parts, Flow("", nothing, ("".join(PARTS),), acknowledged=1)),
    Race("parts as waiting ends", part_at_the_end, Flow("", nothing, PARTS[:2], acknowledged=1)),


    Race("tick and tick", tick_and_tick, timed(*BOTH[:1], *REMINDED)),
    Race("tick and customer", tick_and_customer, timed(*BOTH, before=snoozed, shop=SHOP)),
    Race("waking and customer", waking_and_customer, timed(*BOTH, before=snoozed, shop=SHOP)),
    Race("waking and snooze", waking_and_snooze, timed(*BOTH[:1], before=snoozed, shop=SHOP)),
    Race("nudge and reply", nudge_and_reply, timed(*BOTH[:1], agents=REPLY, also=answered)),
    Race("escalation and reply", escalation_and_reply, timed(*BOTH[:1], agents=REPLY, before=nudged, also=answered)),
    Race("escalation and snooze", escalation_and_snooze,
         timed(*BOTH[:1], "Escalated from", "Back from snooze", before=nudged), FEW),
    Race("update and reply", update_and_reply,
         timed(*BOTH[:1], agents=REPLY, before=kept_waiting, shop=TELLING_SHOP, also=answered)._replace(
             ends=told_once), FEW),
    Race("update and customer", update_and_customer,
         timed(*BOTH, before=kept_waiting, shop=TELLING_SHOP)._replace(ends=told_once), FEW),
    Race("follow-up and customer", follow_up_and_customer,
         timed(*BOTH, before=closed_lately, shop=TELLING_SHOP)._replace(
             acknowledged=2, ends=asked_once), FEW),
    Race("call and take", call_and_take,
         timed(*BOTH[:1], before=urgent_at_night, shop=CALLING_SHOP)._replace(ends=called_once), FEW),
    Race("escalate and customer", escalate_and_customer, timed(*BOTH, "Escalated from")),
    Race("assign and assign", assign_and_assign, timed(*BOTH[:1], "took it", "gave it to ben",
         before=in_two_threads, shop=STAFFED_SECOND, also=given)),
    Race("assign and reassign", assign_and_reassign, timed(*BOTH[:1], "gave it to carl", shop=TRIO_SHOP)),
    Race("complaint step and resolve", step_and_resolve,
         Flow("", nothing, ("The lamp arrived broken",), acknowledged=1, before=one_step_left, also=ticked)),
    Race("customer and timer", customer_and_timer, Flow("", nothing, BOTH, ("It is on its way",), (), 1, opened)),
    Race("link and message", link_and_message,
         Flow("", nothing, BOTH, (), (), 2, two_open, threads=2, ends=one_of_all(MIRA, OTTO))),
    Race("link and link", link_and_link,
         Flow("", nothing, BOTH[:1], (), (), 2, two_open, threads=2, ends=one_of_all(MIRA, OTTO))),
    Race("link and link, a chain", chain,
         Flow("", nothing, BOTH[:1], (), (), 3, three_open, threads=3, ends=one_of_all(MIRA, OTTO, THIRD))),
    Race("unlink and reply", unlink_and_reply,
         Flow("", nothing, BOTH, (), (), 2, linked, threads=2, ends=answered_or_told)),
    Race("unlink and message", unlink_and_message,
         Flow("", nothing, (*BOTH, "I still wait"), (), (), 2, linked, threads=2, ends=where_he_is)),
    Race("forget and message", forget_and_message, Flow("", nothing, (), (), (), 1, opened, ends=nothing_left)),
    Race("forget and reply", forget_and_reply, Flow("", nothing, (), (), (), 1, opened, ends=nothing_left)),
    Race("forget and card", forget_and_card, Flow("", nothing, (), (), (), 1, without_card, ends=nothing_left)),
]  # fmt: skip


@contextmanager
def played(race: Race, wrong: dict[str, list[str]]) -> Iterator[Callable[[list[int]], Trace]]:
    """A race that stands before its start: each order of it is played apart; what is wrong then goes into `wrong`."""
    with laboratory(race.flow.shop) as lab:
        race.flow.before(lab)

        def play(choices: list[int]) -> Trace:
            trace, found = apart(lambda: _played(lab, race, choices))
            if found:
                wrong["".join(str(who) for who, _ in trace)] = found
            return [(who, free) for who, free in trace]

        yield play


def _played(lab: Lab, race: Race, choices: list[int]) -> tuple[Trace, list[str]]:
    trace = together(lab, race.jobs(lab), choices)
    lab.settle()
    return trace, _judge(lab, race)


def _judge(lab: Lab, race: Race) -> list[str]:
    """The order of two addresses is the order in which they were recorded: either will do."""
    found = judge(lab, race.flow, None)
    return [what for what in found if what not in ("no acknowledgement", "out of order at the desk")]


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
def test_no_order_loses_doubles_or_leaks(race: Race) -> None:
    wrong: dict[str, list[str]] = {}
    with played(race, wrong) as play:
        count = len(list(islice(orders(play, SWITCHES, Random(0)), race.most)))
    assert not wrong
    assert count >= 2
