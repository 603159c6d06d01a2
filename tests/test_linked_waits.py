"""What waits when customers are linked: for an answer, for the end of a snooze, for a window to open."""

from datetime import timedelta

from chalicelib import store
from chalicelib.models.people import Contact, Conversation
from tests.lab import WATCHED_SHOP, Lab, laboratory
from tests.lab.flows import MIRA, OTTO
from tests.lab.late import LATE_SHOP, PERSON, WORDS, a_day_later
from tests.test_linking import cards, contact, says, talk, writes

NUDGE = "⏰ Not answered"


def two_wait(lab: Lab) -> None:
    """Mira wrote four minutes before Otto; nothing has fallen due."""
    for text, sender in (("Where is my order?", MIRA), ("Is the lamp blue?", OTTO)):
        lab.ring("twilio_sms", lab.say(text, lab.world.number(), sender=sender))
        lab.settle(until=timedelta(seconds=30))
        lab.now += timedelta(minutes=2)


def agent(lab: Lab, words: str, thread: int) -> None:
    """In the thread of one card, with hardly any time going by."""
    name = f"C0FRONT:{cards(lab)[thread]}"
    lab.ring("slack", lab.say(words, lab.world.number(), "slack", thread=name))
    lab.settle(until=timedelta(seconds=30))


def nudges(lab: Lab) -> list[str]:
    return [entry.thread for entry in lab.posts() if NUDGE in entry.text]


def whatsapp(lab: Lab) -> Contact:
    with lab.aside():
        found = store.find(PERSON).contact
    assert found is not None
    return found


def waits_since(conversation: Conversation) -> str:
    return f"{conversation.waiting.since:%H:%M}" if conversation.waiting else ""


def test_who_waits_in_either_waits_in_the_one_that_stays_and_is_reminded_of_once() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        since = waits_since(talk(lab, MIRA))
        agent(lab, f"#link {OTTO}", 0)
        assert waits_since(talk(lab, OTTO)) == since
        lab.now += timedelta(minutes=11)
        lab.tick()
        lab.settle(until=timedelta(minutes=3))
        assert nudges(lab) == cards(lab)[:1]


def test_who_still_waits_is_waited_for_in_a_conversation_that_was_answered() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        agent(lab, "It is on its way", 0)
        since = waits_since(talk(lab, OTTO))
        agent(lab, f"#link {OTTO}", 0)
        assert waits_since(talk(lab, MIRA)) == since


def test_who_is_unlinked_unanswered_waits_in_the_own_thread_again() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        own = waits_since(talk(lab, OTTO))
        agent(lab, f"#link {OTTO}", 0)
        agent(lab, f"#unlink {OTTO}", 0)
        assert waits_since(talk(lab, OTTO)) == own
        lab.now += timedelta(minutes=11)
        lab.tick()
        lab.settle(until=timedelta(minutes=3))
        assert sorted(nudges(lab)) == sorted(cards(lab))


def test_who_is_unlinked_after_an_answer_waits_no_more() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        agent(lab, f"#link {OTTO}", 0)
        agent(lab, "It is on its way", 0)
        agent(lab, f"#unlink {OTTO}", 0)
        assert [waits_since(talk(lab, one)) for one in (MIRA, OTTO)] == ["", ""]


def test_what_was_last_written_while_linked_waits_where_its_sender_goes() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        agent(lab, f"#link {OTTO}", 0)
        agent(lab, "It is on its way", 0)
        lab.now += timedelta(minutes=5)
        lab.ring("twilio_sms", lab.say("And the lamp?", 77, sender=OTTO))
        lab.settle(until=timedelta(seconds=30))
        since = waits_since(talk(lab, MIRA))
        agent(lab, f"#unlink {OTTO}", 0)
        assert waits_since(talk(lab, OTTO)) == since
        waits = talk(lab, OTTO).waiting
        assert waits and contact(lab, OTTO).due["nudge"] == waits.since + timedelta(minutes=10)


def test_a_snooze_does_not_hide_who_is_awake_and_the_first_of_two_ends_both() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        agent(lab, "#snooze 3h", 0)
        agent(lab, f"#link {OTTO}", 0)
        assert talk(lab, MIRA).snoozed_until is None
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        agent(lab, "#snooze 3h", 0)
        agent(lab, "#snooze 1h", 1)
        first = talk(lab, OTTO).snoozed_until
        agent(lab, f"#link {OTTO}", 0)
        assert talk(lab, MIRA).snoozed_until == first


def test_who_has_it_at_another_desk_does_not_have_it_here() -> None:
    with laboratory(
        WATCHED_SHOP.replace('slack = "C0SECOND"', 'slack = "C0SECOND"\nagents = { ann = "U0AGENT" }')
    ) as lab:
        two_wait(lab)
        agent(lab, "#escalate", 1)
        lab.ring("slack", lab.say("#assign me", 78, "slack", thread=f"C0SECOND:{cards(lab)[2]}"))
        lab.settle(until=timedelta(seconds=30))
        assert talk(lab, OTTO).assignee == "U0AGENT"
        agent(lab, f"#link {OTTO}", 0)
        assert (talk(lab, MIRA).desk, talk(lab, MIRA).assignee) == ("front", "")


def otto_then_held(lab: Lab) -> None:
    """Otto's conversation is the older one; a reply to Mira on WhatsApp is held."""
    writes(lab, "It is me, Mira", OTTO)
    lab.ring("whatsapp", lab.say("Where is my order?", 1, "whatsapp"))
    lab.settle(until=timedelta(minutes=5))
    a_day_later(lab)
    says(lab, WORDS, 1)
    assert len(whatsapp(lab).held) == 1


def test_a_held_reply_goes_with_its_address() -> None:
    with laboratory(LATE_SHOP) as lab:
        otto_then_held(lab)
        says(lab, f"#link {OTTO} her number", 1)
        assert [one.to for one in contact(lab, OTTO).held] == [PERSON]
        says(lab, f"#unlink whatsapp:{PERSON.id}", 0)
        assert [one.to for one in whatsapp(lab).held] == [PERSON]
        assert contact(lab, OTTO).held == ()


def test_a_held_reply_goes_out_by_an_address_that_was_linked() -> None:
    with laboratory(LATE_SHOP) as lab:
        otto_then_held(lab)
        says(lab, f"#link {OTTO}", 1)
        says(lab, "#via sms", 0)
        assert [entry.to for entry in lab.texts() if WORDS in entry.text] == [OTTO]
        assert contact(lab, OTTO).held == ()


def test_an_answer_in_a_joined_thread_is_told_where_the_conversation_goes_on() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        two_wait(lab)
        agent(lab, f"#link {OTTO}", 0)
        agent(lab, "Yes, it is blue", 1)
        told = [entry.thread for entry in lab.posts() if "answered in the thread that was joined" in entry.text]
        assert told == cards(lab)[:1]
        assert [entry.to for entry in lab.texts() if "it is blue" in entry.text] == [OTTO]
