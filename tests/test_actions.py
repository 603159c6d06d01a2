"""The table of actions: the same words do the same from Slack's lines, Slack's buttons and a mailbox."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import desk, store
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Contact
from chalicelib.models.values import Address, Channel
from tests.lab import MAIL_SHOP, SHOP, Lab, laboratory
from tests.lab.flows import opened, second_message

SECOND = 'escalate_to = "second"\n[desks.second]\nslack = "C0SECOND"\n'
SLACK_SHOP = SHOP.replace(
    'slack = "C0FRONT"\n', 'slack = "C0FRONT"\nagents = { ann = "U0AGENT", ben = "U0BEN" }\n' + SECOND
)
POST_SHOP = (
    MAIL_SHOP.replace(
        '{ ann = "ann@shop.example" }\n', '{ ann = "ann@shop.example", ben = "ben@shop.example" }\n' + SECOND
    )
    + "[providers.slack]\n"
)
CUSTOMER = Address(channel=Channel.SMS, id="+4915123456789")
OTHER = "+49 172 999 9999"  # another customer, as an agent writes it
AGENTS = {"U0AGENT": "ann", "U0BEN": "ben", "ann@shop.example": "ann", "ben@shop.example": "ben"}
Seat = Callable[[Lab, str, int], None]


def typed(lab: Lab, words: str, number: int) -> None:
    lab.ring("slack", lab.say(words, number, "slack", thread=lab.thread()))


def pressed(lab: Lab, words: str, number: int) -> None:
    agent = Address(channel=Channel.SLACK, id="U0AGENT")
    lab.put(Message(provider="slack", kind=Kind.COMMAND, id=f"press-{number}", sender=agent, text=words,
                    thread=lab.thread(), private=True))  # fmt: skip


def mailed(lab: Lab, words: str, number: int) -> None:
    lab.ring("postmark", lab.say(words, number, "postmark", thread=lab.thread(), sender="ann@shop.example"))


SEATS: dict[str, tuple[str, Seat]] = {
    "a line in Slack": (SLACK_SHOP, typed),
    "a button in Slack": (SLACK_SHOP, pressed),
    "a line in a mail": (POST_SHOP, mailed),
}
SAID = {  # for each action: what is done before, and the words
    "#assign": ("", "#assign ben"),
    "#resolve": ("", "#resolve"),
    "#reopen": ("#resolve", "#reopen"),
    "#snooze": ("", "#snooze tomorrow 9"),
    "#escalate": ("", "#escalate she is angry"),
    "#note": ("", "#note she called before"),
    "#priority": ("", "#priority urgent"),
    "#tag": ("#tag vip old", "#tag -old regular"),
    "#block": ("", "#block"),
    "#unblock": ("#block", "#unblock"),
    "#template": ("", "#template nothing"),  # what writes to customers is tried in test_windows.py
    "#via": ("", "#via sms"),
    "#public": ("", "#public"),
    "#send": ("", "#send"),
    "#drop": ("", "#drop"),
    "#link": ("", "#link {other}"),
    "#unlink": ("#link {other}", "#unlink {other}"),
    "#code": ("", "#code {other}"),
    "#language": ("", "#language de"),
    "#complaint": ("", "#complaint"),
    "#done": ("#complaint", "#done cause"),
    "#status": ("", "#status"),
    "#help": ("", "#help"),
}


def done(seat: str, words: str, before: str = "") -> tuple[dict[str, Any], list[str]]:
    """The state that an action leaves behind, told in the agents' names; and what the agents were told."""
    shop, way = SEATS[seat]
    with laboratory(shop) as lab:
        opened(lab)
        if "{other}" in words:
            lab.ring("twilio_sms", lab.say("Is it you?", 3, sender=OTHER.replace(" ", "")))
            lab.settle()
        if before:
            way(lab, before.format(other=OTHER), 10)
            lab.settle()
        count = len(lab.world.ledger)
        way(lab, words.format(other=OTHER), 11)
        lab.settle(until=timedelta(hours=1))
        with lab.aside():
            contact = store.find(CUSTOMER).contact
        assert contact is not None
        allowed = ("Thank you", "is your code")
        leaked = [entry for entry in lab.texts() if not any(words in entry.text for words in allowed)]
        assert not leaked, "an action reached the customer"
        return state(contact), [entry.text for entry in lab.world.ledger[count:]]


def state(contact: Contact) -> dict[str, Any]:
    conversation = contact.conversation
    assert conversation is not None
    return {
        "status": conversation.status,
        "assignee": AGENTS.get(conversation.assignee, conversation.assignee),
        "priority": conversation.priority,
        "desk": conversation.desk.replace("mail", "front"),
        "snoozed_until": conversation.snoozed_until,
        "waits": conversation.waiting is not None,
        "ended": conversation.ended.replace("ann@shop.example", "ann"),
        "tags": contact.tags,
        "complaint": conversation.complaint,
        "language": contact.language,
        "blocked": contact.blocked,
        "linked": len(contact.links),
        "awaits a code": contact.proof is not None,
    }


def test_every_action_is_tried_here() -> None:
    assert set(SAID) == set(desk.ACTIONS)


@pytest.mark.parametrize("action", SAID)
def test_both_seats_do_the_same(action: str) -> None:
    before, words = SAID[action]
    states = {seat: done(seat, words, before)[0] for seat in SEATS}
    assert len({str(state) for state in states.values()}) == 1, states


@pytest.mark.parametrize(
    ("words", "before", "field", "value"),
    [
        ("#assign ben", "", "assignee", "ben"),
        ("#assign me", "", "assignee", "ann"),
        ("#assign nobody", "#assign ben", "assignee", ""),
        ("#resolve", "", "status", "closed"),
        ("#reopen", "#resolve", "status", "open"),
        ("#priority urgent", "", "priority", "urgent"),
        ("#language norwegian", "", "language", "no"),
        ("#language off", "#language de", "language", ""),
        ("#snooze tomorrow 9", "", "snoozed_until", datetime(2026, 3, 3, 8, 0, tzinfo=UTC)),
        ("#snooze off", "#snooze tomorrow 9", "snoozed_until", None),
        ("#resolve", "#snooze tomorrow 9", "snoozed_until", None),
        ("#resolve", "", "waits", False),
        ("#block", "", "waits", False),
        ("#assign ben", "", "waits", True),
        ("#escalate she is angry", "", "desk", "second"),
        ("#tag vip", "", "tags", ("vip",)),
        ("#tag -vip", "#tag vip big", "tags", ("big",)),
        ("#block", "", "blocked", True),
        ("#unblock", "#block", "blocked", False),
        ("#link {other}", "", "linked", 2),
        ("#unlink {other}", "#link {other}", "linked", 0),
        ("#code {other}", "", "awaits a code", True),
    ],
)
def test_what_an_action_does(words: str, before: str, field: str, value: object) -> None:
    for seat in SEATS:
        assert done(seat, words, before)[0][field] == value


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("#assign carl", "There is no agent 'carl' at this desk; there is ann, ben."),
        ("#priority soon", "choose one of low, normal, high, urgent"),
        ("#tag", "one or more short words"),
        ("#snooze yesterday", "Until when? It must be ahead, within a year: #snooze 2h, 30m,"),
        ("#snooze off", "This conversation is not snoozed."),
        ("#reopen", "This conversation is open."),
        ("#unblock", "This customer is not blocked."),
        ("#dance", "#dance is not known here: #help lists what is."),
        ("#assign ben\n#dance\nHello", "#dance is not known here"),
        ("Hello\n#resolve", "#resolve stands below your words"),
    ],
)
def test_what_cannot_be_done_is_told_at_once_and_changes_nothing(words: str, told: str) -> None:
    untouched = {seat: done(seat, "#status")[0] for seat in SEATS}
    for seat in SEATS:
        left, said = done(seat, words)
        assert left == untouched[seat]
        assert [text for text in said if told in text and "Nothing was sent" in text], said


def test_an_action_above_a_reply_goes_with_it() -> None:
    with laboratory(SLACK_SHOP) as lab:
        opened(lab)
        typed(lab, "#assign ben\n#resolve\n\nIt is on its way", 11)
        lab.settle(until=timedelta(hours=1))
        with lab.aside():
            contact = store.find(CUSTOMER).contact
        assert contact is not None
        assert (state(contact)["status"], state(contact)["assignee"]) == ("closed", "ben")
        assert [entry.text for entry in lab.texts()][1:] == ["It is on its way"]


def test_what_a_blocked_sender_writes_is_kept_and_shown_to_nobody() -> None:
    with laboratory(SLACK_SHOP) as lab:
        opened(lab)
        typed(lab, "#block", 11)
        lab.settle(until=timedelta(hours=1))
        count = len(lab.world.ledger)
        second_message(lab)
        assert len(lab.world.ledger) == count
        with lab.aside():
            contact = store.find(CUSTOMER).contact
            assert contact is not None and contact.conversation is not None
            kept = [row["text"] for row in store.messages(contact.conversation.id)]
        assert "It is number 7" in kept


def test_a_mailbox_hears_of_what_was_done_with_its_next_mail() -> None:
    with laboratory(POST_SHOP) as lab:
        opened(lab)
        count = len(lab.posts())
        mailed(lab, "#assign ben", 11)
        lab.settle(until=timedelta(hours=1))
        assert len(lab.posts()) == count
        second_message(lab)
        (mail,) = lab.posts()[count:]
        assert "ann gave it to ben." in mail.text and "It is number 7" in mail.text
        assert "assigned to ben" in mail.text
        lab.now += timedelta(minutes=1)
        lab.ring("twilio_sms", lab.say("Hello?", 3))
        lab.settle()
        assert "gave it to" not in lab.posts()[-1].text


def test_a_new_conversation_shows_the_one_before_in_two_lines() -> None:
    with laboratory(SLACK_SHOP) as lab:
        opened(lab)
        typed(lab, "It is on its way", 11)
        lab.settle(until=timedelta(hours=1))
        typed(lab, "#resolve", 12)
        lab.settle(until=timedelta(hours=1))
        lab.now += timedelta(days=30)
        second_message(lab)
        card = [entry for entry in lab.world.ledger if entry.what == "card"][-1]
        assert "Last time: “Where is my order?”" in str(card.raw)
        assert "closed by ann on 2 March 2026, after “It is on its way”" in str(card.raw)
