"""What agents ask outside any thread: what is open at their desk, and conversations that the shop begins."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import desk, queue, route, store
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Contact, Heard
from chalicelib.models.values import Address, Channel
from infra.world import Entry
from tests.lab import Lab, laboratory, late
from tests.lab.late import (
    LATE_MAIL_SHOP,
    LATE_SHOP,
    PERSON,
    PHONE,
    WORDS,
    asks_by_mail,
    asks_in_slack,
    closed_long_ago,
    says,
    writes,
)

SEATS: dict[str, tuple[str, Any]] = {"Slack": (LATE_SHOP, asks_in_slack), "mail": (LATE_MAIL_SHOP, asks_by_mail)}


def asked(lab: Lab, ask: Any, text: str, number: int = 20, **rest: Any) -> list[Entry]:
    """What the world has seen because of it."""
    count = len(lab.world.ledger)
    ask(lab, text, number, **rest)
    lab.settle(until=timedelta(minutes=5))
    return lab.world.ledger[count:]


def contact(address: Address = PHONE) -> Contact:
    found = store.find(address).contact
    assert found is not None and found.conversation is not None
    return found


def to_customers(seen: list[Entry]) -> list[tuple[str, str]]:
    return [(one.to, one.text) for one in seen if one.part not in ("slack", "postmark")]


def at_desks(seen: list[Entry]) -> list[Entry]:
    return [one for one in seen if one.part in ("slack", "postmark")]


# ---- a conversation that the shop begins ------------------------------------------------------------------------


@pytest.mark.parametrize("seat", SEATS)
def test_a_conversation_begins_with_a_card_and_the_customer_answers_into_it(seat: str) -> None:
    toml, ask = SEATS[seat]
    with laboratory(toml) as lab:
        closed_long_ago(lab)
        seen = asked(lab, ask, f"#new {PHONE.id} {WORDS}\nCome by!")
        (card,) = at_desks(seen)
        assert to_customers(seen) == [(PHONE.id, f"{WORDS}\nCome by!")]
        assert card.what in ("card", "mail")
        assert "Started by" in card.text and f"{WORDS}\nCome by!" in card.text
        assert "Last time: “Where is my order?”" in card.text
        lab.now += timedelta(minutes=1)
        lab.ring("twilio_sms", lab.say("Great!", 3, sender=PHONE.id))
        lab.settle(until=timedelta(minutes=5))
        answer = lab.posts()[-1]
        assert "Great!" in answer.text
        assert answer.thread == (card.thread or card.id)
        says(lab, "See you", 30, thread=card.thread if seat == "mail" else f"{card.to}:{card.id}")
        lab.settle(until=timedelta(minutes=5))
        assert lab.texts()[-1].text == "See you"


@pytest.mark.parametrize(("days", "cards"), [(3, 0), (8, 1)])
def test_it_goes_on_with_a_conversation_that_was_closed_lately(days: int, cards: int) -> None:
    with laboratory(LATE_SHOP) as lab:
        late.goes_on(lab)
        says(lab, "#resolve")
        lab.settle(until=timedelta(minutes=5))
        lab.now += timedelta(days=days)
        seen = asked(lab, asks_in_slack, f"#new {PHONE.id} {WORDS}")
        assert len([one for one in seen if one.what == "card"]) == cards
        assert to_customers(seen) == [(PHONE.id, WORDS)]
        with lab.aside():
            conversation = contact().conversation
        assert conversation and (conversation.status, conversation.desk) == ("open", "front")
        private = [one for one in at_desks(seen) if "It stands in the thread" in one.text]
        assert len(private) == 1 - cards


def test_an_open_conversation_goes_on_in_its_thread_at_its_own_desk() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.goes_on(lab)
        seen = asked(lab, asks_in_slack, f"#new {PHONE.id} {WORDS}", channel="C0OWNER")
        post, word = [one for one in at_desks(seen)]
        assert (post.to, post.thread) == ("C0FRONT", lab.thread().partition(":")[2])
        assert post.text == f"U0AGENT wrote to the customer:\n{WORDS}"
        assert word.to == "C0OWNER" and "at the desk 'front'" in word.text
        assert to_customers(seen) == [(PHONE.id, WORDS)]


def test_a_desk_begins_at_itself() -> None:
    with laboratory(LATE_SHOP) as lab:
        closed_long_ago(lab)
        (card, *_) = at_desks(asked(lab, asks_in_slack, f"#new {PHONE.id} {WORDS}", channel="C0OWNER"))
        assert (card.what, card.to) == ("card", "C0OWNER")


def test_a_long_text_goes_to_both_sides_in_parts() -> None:
    with laboratory(LATE_SHOP) as lab:
        closed_long_ago(lab)
        text = " ".join(f"word{number}" for number in range(700))
        seen = asked(lab, asks_in_slack, f"#new {PHONE.id} {text}")
        assert " ".join(text for _, text in to_customers(seen)) == text
        shown = " ".join(one.text for one in at_desks(seen))
        assert all(word in shown for word in text.split())


def test_a_reply_of_it_that_fails_is_told_in_the_thread_that_it_began() -> None:
    with laboratory(LATE_SHOP) as lab:
        closed_long_ago(lab)
        lab.world.state.setdefault("twilio_sms", {})["opted_out"] = [PHONE.id]
        seen = asked(lab, asks_in_slack, f"#new {PHONE.id} {WORDS}")
        card, told = at_desks(seen)
        assert "❌ Not sent to the customer" in told.text
        assert told.thread == card.id


def test_words_below_leave_without_signature_and_token() -> None:
    with laboratory(LATE_MAIL_SHOP) as lab:
        closed_long_ago(lab)
        token = "bell+" + "a" * 26 + "@inbound.shop.example"
        seen = asked(lab, asks_by_mail, f"#new {PHONE.id}\n{WORDS} {token}\n\n-- \nAnn, direct line 17")
        assert to_customers(seen) == [(PHONE.id, f"{WORDS} bell@inbound.shop.example")]


@pytest.mark.parametrize("seat", SEATS)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("#new +4915999999 Hello", "Nobody wrote from +4915999999"),
        ("#new mira@customer.example Hello", "Nobody wrote from mira@customer.example"),
        ("#new whatsapp:+4915123456780 Hello", "Nobody wrote from whatsapp:+4915123456780"),
        ("#new email?:eve@evil.example Hello", "Nobody wrote from"),
        ("#new +4915123456780", "#new ADDRESS TEXT"),
        ("#new", "Nobody wrote from"),
        ("#new +4915123456780 // a note", "A note stands below #new"),
        ("#new +4915123456780 Hello\n#resolve", "#resolve stands below your words"),
    ],
)
def test_what_cannot_be_begun_is_told_and_nothing_leaves(seat: str, words: str, said: str) -> None:
    toml, ask = SEATS[seat]
    with laboratory(toml) as lab:
        closed_long_ago(lab)
        (told,) = asked(lab, ask, words)
        assert said in told.text and told.text.partition("❌")[1]
        with lab.aside():
            assert contact().conversation.status == "closed"  # type: ignore[union-attr]


def test_a_blocked_customer_is_not_written_to() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.goes_on(lab)
        says(lab, "#block")
        lab.settle(until=timedelta(minutes=5))
        (told,) = asked(lab, asks_in_slack, f"#new {PHONE.id} {WORDS}")
        assert "This customer is blocked" in told.text


def test_where_the_window_is_closed_another_address_is_offered() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.two_addresses(lab)
        (told,) = asked(lab, asks_in_slack, f"#new {PERSON.id} {WORDS}")
        assert f"WhatsApp takes no answer any more (since Tuesday 3 March 09:58).\n#new sms:{PHONE.id}" in told.text
        seen = asked(lab, asks_in_slack, f"#new sms:{PHONE.id} {WORDS}", 21)
        assert to_customers(seen) == [(PHONE.id, WORDS)]


def test_a_number_of_two_channels_has_to_be_said() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.goes_on(lab)
        lab.put(Message(provider="whatsapp", id="w9", text="Hi", sender=Address(channel=Channel.WHATSAPP, id=PHONE.id)))
        lab.settle(until=timedelta(minutes=5))
        (told,) = asked(lab, asks_in_slack, f"#new {PHONE.id} {WORDS}")
        assert f"Say which: #new sms:{PHONE.id}, #new whatsapp:{PHONE.id}" in told.text


def test_another_name_of_the_same_person_is_as_good() -> None:
    """A phone that is only known beside a user's id: it is written to by that id."""
    with laboratory(LATE_SHOP) as lab:
        writes(lab)
        seen = asked(lab, asks_in_slack, f"#new +4915123456780 {WORDS}")
        assert to_customers(seen) == [(PERSON.id, WORDS)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mira@Customer.example", {("email", "mira@customer.example")}),
        ("mail:mira@customer.example", {("email", "mira@customer.example")}),
        ("+49-151/2345.6780", {("sms", "+4915123456780"), ("whatsapp", "+4915123456780")}),
        ("004915123456780", {("sms", "+4915123456780"), ("whatsapp", "+4915123456780")}),
        ("SMS:+4915123456780", {("sms", "+4915123456780")}),
        ("whatsapp:DE.123", {("whatsapp", "DE.123")}),
        ("telegram:700100200", {("telegram", "700100200")}),
    ],
)
def test_how_an_address_may_be_typed(typed: str, found: set[tuple[str, str]]) -> None:
    assert {(one.channel.value, one.id) for one in route.outside.addresses(typed)} == found


def test_anything_else_is_looked_for_on_every_channel_but_the_unproved() -> None:
    channels = {one.channel for one in route.outside.addresses("page/123")}
    assert channels == set(Channel) - {Channel.UNVERIFIED_EMAIL, Channel.SLACK, Channel.TIMER}


# ---- who may ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rest",
    [
        {"sender": Address(channel=Channel.UNVERIFIED_EMAIL, id="ann@shop.example")},
        {"sender": Address(channel=Channel.EMAIL, id="eve@evil.example")},
        {"automatic": True},
        {"kind": Kind.EDIT},
        {"account": "B2"},
        {"text": f"Hello\n#new {PHONE.id} x"},
        {"text": "#newest kettle"},
        {"thread": "a" * 26},
        {"provider": "twilio_sms"},
    ],
)
def test_only_a_listed_agents_proved_mail_with_the_command_on_top_is_an_agents(rest: dict[str, Any]) -> None:
    with laboratory(LATE_MAIL_SHOP) as lab:
        ann = Address(channel=Channel.EMAIL, id="ann@shop.example")
        mail = Message(provider="postmark", id="1", sender=ann, text=f"#new {PHONE.id} x")
        assert route.outside.from_mailbox(mail, lab.shop).outside
        assert not route.outside.from_mailbox(mail.model_copy(update=rest), lab.shop).outside


def test_a_customer_who_writes_the_command_is_a_customer() -> None:
    with laboratory(LATE_MAIL_SHOP) as lab:
        closed_long_ago(lab)
        (shown, *_) = asked(lab, asks_by_mail, f"#new {PHONE.id} Send money", sender="eve@evil.example")
        assert shown.to == "agents@shop.example" and "eve@evil.example" in shown.text
        assert not [one for one in lab.texts() if one.to == PHONE.id]


def test_a_channel_that_is_no_desk_is_told_so_in_private() -> None:
    with laboratory(LATE_SHOP) as lab:
        closed_long_ago(lab)
        for number, words in enumerate((f"#new {PHONE.id} {WORDS}", "#status", "#help"), 20):
            (told,) = asked(lab, asks_in_slack, words, number, channel="C0ELSE")
            assert (told.to, told.text) == (
                "C0ELSE",
                "❌ This is no desk of the shop: ask in a channel that shop.toml names.",
            )


def test_one_agents_words_stay_in_order_and_wait_for_nobody_elses() -> None:
    one = Message(provider="slack", kind=Kind.COMMAND, id="1", sender=late.AGENT, thread="C0FRONT:", outside=True)
    other = one.model_copy(update={"sender": Address(channel=Channel.SLACK, id="U0BEN")})
    assert queue.group(one) == queue.group(one.model_copy(update={"id": "2"}))
    assert len({queue.group(each) for each in (one, other, one.model_copy(update={"thread": "C0OWNER:"}))}) == 3


@pytest.mark.parametrize("who", ["U0GUEST", "U0VISIT", "U0BOT2", "U0GONE", "U0OTHER", "U0STRANGE", "U0NOBODY"])
def test_who_may_not_act_in_a_thread_may_not_outside(who: str) -> None:
    with laboratory(LATE_SHOP) as lab:
        closed_long_ago(lab)
        for number, words in enumerate((f"#new {PHONE.id} {WORDS}", "#status"), 20):
            lab.put(Message(provider="slack", kind=Kind.COMMAND, id=f"slash-{number}", thread="C0FRONT:", private=True,
                            sender=Address(channel=Channel.SLACK, id=who), text=words, outside=True))  # fmt: skip
            lab.settle(until=timedelta(minutes=30))
        assert not lab.texts()
        assert not [one for one in lab.world.ledger if "open at front" in one.text]


# ---- what is open -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seat", SEATS)
def test_what_is_open_is_listed_the_newest_first(seat: str) -> None:
    toml, ask = SEATS[seat]
    with laboratory(toml) as lab:
        (told,) = asked(lab, ask, "#status", 19)
        assert "0 open at " in told.text
        for number in range(22):
            lab.ring("twilio_sms", lab.say(f"question {number}", number, sender=f"+49151000000{number:02}"))
            lab.settle(until=timedelta(minutes=5))
            lab.now += timedelta(minutes=1)
        (told,) = asked(lab, ask, "#status")
        first, *lines = told.text.splitlines()
        assert "22 open at " in first and "the newest:" in first
        assert [line.partition("“")[2].rstrip("”") for line in lines] == [f"question {n}" for n in range(21, 1, -1)]
        assert lines[0].startswith("• +4915100000021 · SMS · nobody has it · since ")


def test_what_is_open_says_who_has_it_and_how_urgent_it_is() -> None:
    at = "2026-03-02T09:00:00Z"
    conversation = {"id": "k", "desk": "front", "opened_at": at, "customer_at": at, "heard": PHONE}
    more = {"assignee": "U0AGENT", "priority": "high"}
    one = Contact.model_validate({"id": "c", "name": "Mira", "conversation": {**conversation, **more}})
    with laboratory(LATE_SHOP) as lab:
        said = route.outside.standing("front", 1, [one], lab.shop)
    assert said.splitlines()[1] == "• Mira · SMS · U0AGENT · high priority · since Monday 2 March 10:00"


def test_the_list_of_words_is_told_to_who_asks_or_mistypes() -> None:
    with laboratory(LATE_SHOP) as lab:
        (listed,) = asked(lab, asks_in_slack, "#help")
        (mistyped,) = asked(lab, asks_in_slack, "#dance", 21)
        assert listed.text.splitlines() == [
            "#new ADDRESS TEXT: write to an address that wrote before",
            "#status: what is open at this desk",
            "#help: this list",
        ]
        assert listed.text in mistyped.text


def test_an_address_that_is_not_the_contacts_any_more_is_none() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    known = Contact(id="c", heard=(Heard(address=PHONE, provider="twilio_sms", at=at),))
    with pytest.raises(desk.Cannot, match="Nobody wrote from mira"):
        route.outside._heard(known, Address(channel=Channel.EMAIL, id="mira@customer.example"))
