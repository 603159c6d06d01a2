"""Snooze, nudge, escalate, and the tick that wakes them: each once, at its time, and only while it holds."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from moto.dynamodb.models import dynamodb_backends

from chalicelib import aws, process, queue, store
from chalicelib.desk import waiting
from chalicelib.models.inbound import Kind, Message, timer
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Desk
from chalicelib.models.values import Address, Channel
from chalicelib.settings import load
from tests.lab import ACCOUNT, FALLBACK_SHOP, REGION, ROTA, TABLE, WATCHED_SHOP, Lab, laboratory
from tests.lab.flows import first_message, opened, unanswered

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACE = Desk(slack="C0FRONT", nudge_minutes=10, escalate_minutes=30, escalate_to="second", owner_minutes=60)
RULES = load(WATCHED_SHOP)
CUSTOMER = Address(channel=Channel.SMS, id="+4915123456789")
MAIL_SECOND = WATCHED_SHOP.replace(
    'slack = "C0SECOND"', 'mailbox = "agents@shop.example"\nagents = { ann = "ann@shop.example" }'
).replace("[providers.slack]", "[providers.slack]\n[providers.postmark]")


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


def conversation(**fields: object) -> Conversation:
    return Conversation.model_validate(
        {"id": "c", "desk": "front", "thread": "C0FRONT:1", "opened_at": AT, "customer_at": AT, "heard": CUSTOMER}
        | fields
    )


def asked(at: datetime = AT, before: Conversation | None = None) -> Conversation:
    return waiting.begun(before or conversation(), PLACE, RULES, at, "Where is it?")


def scheduled(head: Contact) -> Contact:
    return waiting.scheduled(head, RULES)


# ---- what a conversation calls for --------------------------------------------------------------------------------


def test_a_conversation_that_waits_has_the_timers_of_its_desk() -> None:
    assert waiting.timers(asked()) == {"nudge": minutes(10), "escalate": minutes(30), "owner": minutes(60)}


def test_further_messages_do_not_put_it_off() -> None:
    assert waiting.timers(asked(minutes(5), asked())) == waiting.timers(asked())


def test_a_closed_one_and_one_that_nobody_waits_in_have_none() -> None:
    assert waiting.timers(asked().model_copy(update={"status": "closed"})) == {}
    assert waiting.timers(conversation()) == waiting.timers(None) == {}


def test_a_snooze_holds_all_others_and_they_count_anew_from_its_end() -> None:
    snoozed = asked().model_copy(update={"snoozed_until": minutes(120)})
    assert waiting.timers(snoozed) == {"snooze": minutes(120)}
    back = snoozed.model_copy(update=waiting.resumed(snoozed, minutes(120)))
    assert waiting.timers(back) == {"nudge": minutes(130), "escalate": minutes(150), "owner": minutes(180)}


def test_a_customer_who_writes_ends_the_snooze() -> None:
    snoozed = asked().model_copy(update={"snoozed_until": minutes(120)})
    assert waiting.timers(asked(minutes(50), snoozed))["nudge"] == minutes(60)


def test_what_fired_does_not_come_again_before_an_answer_and_comes_after_one() -> None:
    head = Contact(id="p", conversation=asked())
    nudged = scheduled(waiting.spent(scheduled(head), "nudge", minutes(10)))
    assert nudged.due == {"escalate": minutes(30), "owner": minutes(60)}
    assert nudged.conversation is not None
    still = waiting.begun(nudged.conversation, PLACE, RULES, minutes(12), "Hello?")
    assert "nudge" not in waiting.timers(still)
    answered = still.model_copy(update=waiting.answered(still, PLACE, RULES, minutes(13)))
    assert waiting.timers(answered) == {}
    assert waiting.timers(asked(minutes(20), answered))["nudge"] == minutes(30)


def test_an_answer_to_what_came_before_the_last_word_leaves_that_waiting() -> None:
    later = asked().model_copy(update={"customer_at": minutes(3)})
    left = waiting.answered(later, PLACE, RULES, minutes(2))["waiting"]
    assert left is not None and left.since == minutes(3)
    assert waiting.answered(later, PLACE, RULES, minutes(4))["waiting"] is None


def test_timers_of_other_kinds_stay_and_one_of_another_release_is_dropped_when_it_fires() -> None:
    head = Contact(id="p", conversation=asked(), due={"late": minutes(1), "survey": minutes(2), "snooze": minutes(3)})
    there = scheduled(head)
    assert {"late", "survey"} < set(there.due) and "snooze" not in there.due
    assert "survey" not in scheduled(waiting.spent(there, "survey", minutes(2))).due


# ---- unanswered ---------------------------------------------------------------------------------------------------


def test_an_unanswered_customer_is_told_of_in_the_thread_then_at_the_second_desk_then_at_the_owners_each_once() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        first_message(lab)
        assert told(lab, "⏰ Not answered", "Escalated from", "has been waiting") == [
            ("C0FRONT", "⏰ Not answered"),
            ("C0SECOND", "Escalated from"),
            ("C0OWNER", "has been waiting"),
        ]
        owner = lab.posts()[-1].text
        assert "SMS · +4915123456789 has been waiting for 60 minutes at the desk 'second', nobody has it" in owner
        assert owner.endswith("Not answered since Monday 2 March 10:00.")
        assert not lab.timers()


@pytest.mark.parametrize("words", ["It is on its way", "#resolve", "#block"])
def test_an_answer_a_close_or_a_block_ends_all_of_it(words: str) -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        says(lab, words, minutes=5)
        lab.settle()
        assert not told(lab, "⏰", "Escalated")


@pytest.mark.parametrize("words", ["// she called before", "#note she called", "#priority high", "<@U0BEN> look"])
def test_notes_and_other_actions_do_not(words: str) -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        says(lab, words, minutes=5)
        lab.settle(until=timedelta(minutes=20))
        assert told(lab, "⏰ Not answered") == [("C0FRONT", "⏰ Not answered")]


def test_each_unanswered_time_is_nudged_anew() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        lab.settle(until=timedelta(minutes=15))
        says(lab, "It is on its way")
        lab.settle(until=timedelta(minutes=15))
        lab.ring("twilio_sms", lab.say("It is not", 2))
        lab.settle(until=timedelta(minutes=15))
        assert len(told(lab, "⏰ Not answered")) == 2


@pytest.mark.parametrize("change", [{"kind": Kind.REACTION}, {"kind": Kind.DELETE}, {"automatic": True}])
def test_a_reaction_and_a_machine_wait_for_nothing(change: dict[str, object]) -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        says(lab, "It is on its way", minutes=1)
        lab.settle(until=timedelta(minutes=5))
        lab.put(Message(provider="twilio_sms", id="m2", sender=CUSTOMER, text="👍").model_copy(update=change))
        lab.settle()
        assert not told(lab, "⏰")


def test_a_conversation_without_a_thread_is_told_of_at_the_desk_with_the_customers_name() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=20)
        first_message(lab)
        nudge = next(entry for entry in lab.posts() if "⏰ Not answered" in entry.text)
        assert (nudge.thread, nudge.text[:20]) == ("", "SMS · +4915123456789")


# ---- escalation ---------------------------------------------------------------------------------------------------


def test_an_agent_escalates_with_a_reason_and_the_old_thread_says_where_it_goes_on() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        escalated(lab)
        card = next(entry for entry in lab.posts() if entry.to == "C0SECOND")
        assert "Escalated from 'front' by U0AGENT: she is angry" in card.text
        assert card.text.count("Not answered since Monday 2 March 10:00.") == 1
        assert "Where is my order?" in card.text
        assert "(she is angry): the conversation goes on at the desk 'second'." in lab.posts()[-1].text
        assert (lab.posts()[-1].to, lab.posts()[-1].thread) == ("C0FRONT", lab.thread().partition(":")[2])


def test_what_the_customer_writes_then_stands_in_the_new_thread() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        escalated(lab)
        lab.ring("twilio_sms", lab.say("It is number 7", 2))
        lab.settle(until=timedelta(minutes=1))
        last = lab.posts()[-1]
        assert (last.to, last.thread, last.text) == ("C0SECOND", new_thread(lab).partition(":")[2], "It is number 7")


def test_words_in_the_old_thread_are_answered_as_before_and_say_where_it_goes_on() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        escalated(lab)
        says(lab, "It is on its way", number=11)
        lab.settle()
        assert lab.texts()[-1].text == "It is on its way"
        assert "goes on in a newer thread at the desk 'second'" in lab.posts()[-1].text
        assert not told(lab, "⏰")


def test_it_is_closed_from_either_thread_and_both_cards_show_it() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        escalated(lab)
        lab.seam.calls.clear()
        says(lab, "#resolve", number=12)
        lab.settle()
        assert head(lab).status == "closed"
        edited = [entry.text for entry in lab.world.ledger if entry.what == "edit"][-2:]
        assert all("closed" in text and "Where is my order?" in text for text in edited)
        assert ["Escalated from 'front' by U0AGENT: she is angry" in text for text in edited] == [True, False]
        posted = lab.seam.calls.count("slack.chat.postMessage") + lab.seam.calls.count("slack.chat.update")
        assert posted == 3  # the word that it is closed, and two cards


def test_the_second_desk_may_be_a_mailbox() -> None:
    with laboratory(MAIL_SECOND) as lab:
        escalated(lab)
        mail = lab.posts()[-2] if lab.posts()[-1].part == "slack" else lab.posts()[-1]
        assert mail.part == "postmark" and "Escalated from 'front'" in mail.text
        sender = "ann@shop.example"
        lab.ring("postmark", lab.say("It is on its way", 20, "postmark", thread=mail.thread, sender=sender))
        lab.settle()
        assert lab.texts()[-1].text == "It is on its way"


def test_what_waits_for_a_desk_goes_where_the_conversation_has_moved() -> None:
    """The first message cannot be posted at the first desk; the conversation moves; it follows, by mail."""
    with laboratory(MAIL_SECOND) as lab:
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=10_000)
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle(until=timedelta(minutes=50))
        mails = [entry.text for entry in lab.posts() if entry.part == "postmark"]
        assert len(mails) == 2
        assert "Escalated from 'front'" in mails[0] and "Where is my order?" in mails[1]


@pytest.mark.parametrize(("fallback", "desk"), [("", "front"), ('fallback = "owner"', "owner")])
def test_a_second_desk_that_refuses_falls_back(fallback: str, desk: str) -> None:
    with laboratory(fallback + WATCHED_SHOP) as lab:
        lab.world.state.setdefault("slack", {})["archived"] = ["C0SECOND"]
        escalated(lab)
        assert head(lab).desk == desk
        assert told(lab, "Escalated from") == [(f"C0{desk.upper()}", "Escalated from")]


def test_a_card_that_is_given_up_sets_the_conversation_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OUTAGE_ENDS", 4 * 3600.0)  # instead of four days of trying
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        lab.world.fail(part="slack", path="chat.postMessage", status=503, times=100_000)
        says(lab, "#escalate", minutes=1)
        lab.settle(most=10_000)
        assert head(lab).opener == ""
        assert len(lab.dead_letters()) == 4  # the card, the word in the old thread, nudge, owner
        lab.world.faults.clear()
        lab.ring("twilio_sms", lab.say("It is number 7", 2))
        lab.settle(until=timedelta(minutes=1))
        cards = [entry for entry in lab.world.ledger if entry.what == "card"]
        assert (cards[-1].to, "It is number 7" in cards[-1].text) == ("C0SECOND", True)


def test_where_there_is_nowhere_to_escalate_to_it_is_said() -> None:
    with laboratory() as lab:
        opened(lab)
        says(lab, "#escalate")
        lab.settle()
        assert "nowhere to escalate to" in lab.posts()[-1].text


# ---- snooze -------------------------------------------------------------------------------------------------------


def test_a_snoozed_conversation_comes_back_at_its_time_and_is_nudged_from_then_on() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        says(lab, "#snooze tomorrow 9", minutes=1)
        until(lab, datetime(2026, 3, 3, 7, 55, tzinfo=UTC))
        assert not told(lab, "⏰")
        assert head(lab).snoozed_until == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
        assert any("snoozed it until Tuesday 3 March 09:00." in entry.text for entry in lab.posts())
        until(lab, datetime(2026, 3, 3, 8, 9, tzinfo=UTC))
        assert told(lab, "Back from snooze", "⏰ Not answered") == [("C0FRONT", "Back from snooze")]
        until(lab, datetime(2026, 3, 3, 8, 12, tzinfo=UTC))
        assert told(lab, "⏰ Not answered") == [("C0FRONT", "⏰ Not answered")]


def test_a_customers_message_ends_the_snooze_at_once() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        says(lab, "#snooze 3d", minutes=1)
        lab.settle(until=timedelta(minutes=30))
        lab.ring("twilio_sms", lab.say("It is number 7", 2))
        lab.settle(until=timedelta(minutes=15))
        assert head(lab).snoozed_until is None
        assert told(lab, "⏰ Not answered", "Back from") == [("C0FRONT", "⏰ Not answered")]


def test_a_snooze_may_go_with_a_reply_and_may_be_ended() -> None:
    with laboratory() as lab:
        opened(lab)
        says(lab, "#snooze 2h\nI will ask the carrier")
        lab.settle(until=timedelta(minutes=30))
        assert lab.texts()[-1].text == "I will ask the carrier"
        assert head(lab).snoozed_until
        says(lab, "#snooze off", number=12)
        lab.settle()
        assert "ended the snooze" in lab.posts()[-2].text + lab.posts()[-1].text
        assert not told(lab, "Back from snooze")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("#snooze", "Until when?"),
        ("#snooze soon", "#snooze 2h, 30m, 3d, 18:00, tomorrow 9, monday 9:30 or 2026-03-05 10:00"),
        ("#snooze 2026-03-01", "It must be ahead, within a year"),
        ("#snooze off", "This conversation is not snoozed."),
    ],
)
def test_a_time_that_is_past_or_makes_no_sense_is_refused_in_one_line(words: str, said: str) -> None:
    with laboratory() as lab:
        opened(lab)
        says(lab, words)
        lab.settle()
        assert said in lab.posts()[-1].text and "\n" not in lab.posts()[-1].text
        assert head(lab).snoozed_until is None


def test_a_snooze_older_than_the_customers_last_word_hides_nothing() -> None:
    with laboratory() as lab:
        opened(lab)
        lab.ring("slack", lab.say("#snooze 2h", 10, "slack", thread=lab.thread()))
        (snooze,) = lab.take(1)
        lab.now += timedelta(seconds=5)
        lab.ring("twilio_sms", lab.say("It is number 7", 2))
        lab.settle(until=timedelta(seconds=5))
        lab.run(snooze)
        lab.settle()
        assert "the customer has written since" in lab.posts()[-1].text
        assert head(lab).snoozed_until is None


# ---- the tick -----------------------------------------------------------------------------------------------------


def test_a_tick_costs_the_same_however_many_conversations_there_are() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        few = ticked(lab)
        fill(lab, 10_000)
        assert ticked(lab) == few
        assert few == [("dynamodb.Query", 0), ("sqs.ReceiveMessage", 0)]


def test_a_tick_twice_and_a_tick_late_do_it_once() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        lab.now += timedelta(hours=5)
        for _ in range(3):
            lab.tick()
        lab.settle()
        assert [what for _, what in told(lab, "⏰ Not answered", "Escalated from", "has been waiting")] == [
            "⏰ Not answered",
            "Escalated from",
            "has been waiting",
        ]


def test_a_timer_of_another_release_is_dropped_and_hides_no_other() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        write(lab, lambda head: head.model_copy(update={"due": {**head.due, "survey": AT}}))
        lab.settle(until=timedelta(minutes=15))
        assert told(lab, "⏰ Not answered") == [("C0FRONT", "⏰ Not answered")]
        assert "survey" not in contact(lab).due
        assert not lab.dead_letters()


def test_a_timer_that_stands_in_the_head_again_after_it_was_worked_off_hides_no_other() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        lab.settle(until=timedelta(minutes=15))
        fired = {"nudge": 10, "escalate": 30}
        write(lab, lambda head: with_ahead(head, fired))
        lab.settle(until=timedelta(minutes=30))
        assert told(lab, "⏰ Not answered", "Escalated from") == [
            ("C0FRONT", "⏰ Not answered"),
            ("C0SECOND", "Escalated from"),
        ]


def test_a_timer_that_was_moved_on_does_nothing() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        unanswered(lab)
        with lab.aside():
            queue.put([timer(contact(lab).id, "nudge", minutes(3))], "request")
        count = len(lab.posts())
        lab.settle(until=timedelta(minutes=5))
        assert len(lab.posts()) == count


def test_a_fallback_desk_has_nobody_of_the_desk_before() -> None:
    shop = FALLBACK_SHOP.replace('slack = "C0FRONT"\n', ROTA)
    with laboratory(shop) as lab:
        lab.world.state.setdefault("slack", {})["archived"] = ["C0FRONT"]
        first_message(lab)
        assert (head(lab).desk, head(lab).assignee) == ("second", "")


# ---- how ----------------------------------------------------------------------------------------------------------


def says(lab: Lab, words: str, minutes: float = 0, number: int = 10) -> None:
    lab.now += timedelta(minutes=minutes)
    lab.ring("slack", lab.say(words, number, "slack", thread=lab.thread()))


def until(lab: Lab, at: datetime) -> None:
    """All that happens until then."""
    lab.settle(until=at - lab.now)
    lab.now = at


def escalated(lab: Lab) -> None:
    unanswered(lab)
    says(lab, "#escalate she is angry", minutes=1)
    lab.settle(until=timedelta(minutes=2))


def new_thread(lab: Lab) -> str:
    return head(lab).thread


def told(lab: Lab, *words: str) -> list[tuple[str, str]]:
    """Where agents were told something with one of these words in it, in order."""
    return [(entry.to, word) for entry in lab.posts() for word in words if word in entry.text]


def contact(lab: Lab) -> Contact:
    with lab.aside():
        (found,) = store.heads()
    return found


def head(lab: Lab) -> Conversation:
    found = contact(lab).conversation
    assert found is not None
    return found


def write(lab: Lab, change: Callable[[Contact], Contact]) -> None:
    """Write the head, changed, past everything."""
    before = contact(lab)
    with lab.aside():
        store.move(change(before).model_copy(update={"version": before.version + 1}), "", {})


def with_ahead(head: Contact, ahead: dict[str, int]) -> Contact:
    assert head.conversation is not None and head.conversation.waiting is not None
    left = head.conversation.waiting.model_copy(update={"ahead": ahead})
    return scheduled(head.model_copy(update={"conversation": head.conversation.model_copy(update={"waiting": left})}))


def ticked(lab: Lab) -> list[tuple[str, int]]:
    """The calls of one tick; of a query how many rows it went through, which is what it costs."""
    made: list[tuple[str, int]] = []

    def intercept(number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        answer = apply()
        made.append((name, json.loads(answer.content).get("ScannedCount", 0)))
        return answer

    with mock.patch.object(lab.seam, "intercept", intercept):
        lab.tick()
    return made


def fill(lab: Lab, count: int) -> None:
    """Heads of open conversations without a timer, right into moto's table."""
    first_message(lab)
    rows = dynamodb_backends[ACCOUNT][REGION].tables[TABLE]
    with lab.aside():
        found = aws.client("dynamodb").scan(TableName=TABLE)["Items"]
    (row,) = [row for row in found if row["pk"]["S"].startswith("CONTACT#")]
    assert "due_at" not in row
    for number in range(count):
        rows.put_item({**row, "pk": {"S": f"CONTACT#{number}"}})
