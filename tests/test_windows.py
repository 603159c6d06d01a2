"""Reply windows: how they stand, what happens to a reply that comes too late, and the ways out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest

from chalicelib import desk, store
from chalicelib.desk import templates
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Button, Delivery, DeliveryKind
from chalicelib.models.people import Contact, Heard, Held
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel
from chalicelib.process import outgoing
from chalicelib.settings import load
from tests.lab import SHOP, Lab, at_desk, laboratory, late
from tests.lab.flows import changed
from tests.lab.interleave import apart, orders, together
from tests.lab.late import LATE_MAIL_SHOP, LATE_SHOP, PERSON, PHONE, WORDS, a_day_later, says, writes

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MESSENGER = Address(channel=Channel.MESSENGER, id="102938475610293/7261534409871265")
PEOPLE_SHOP = 'human_agent = ["messenger"]\n' + LATE_SHOP


def shop(toml: str = LATE_SHOP) -> Shop:
    return load(toml)


def heard(provider: str, at: datetime = AT) -> Heard:
    return Heard(address=Address(channel=Channel.WHATSAPP, id="x"), provider=provider, at=at)


def message(provider: str, kind: Kind = Kind.MESSAGE, **rest: Any) -> Message:
    return Message(**{"provider": provider, "kind": kind, "id": "1", "sender": PERSON, "text": "👍", **rest})


# ---- the pure part ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "toml", "hours", "state"),
    [
        ("whatsapp", LATE_SHOP, 0, "open"),
        ("whatsapp", LATE_SHOP, 23.9, "open"),
        ("whatsapp", LATE_SHOP, 23.99, "closed"),  # a moment before, for a reply takes one to get there
        ("whatsapp", LATE_SHOP, 24, "closed"),
        ("whatsapp", PEOPLE_SHOP, 25, "closed"),
        ("messenger", LATE_SHOP, 23.9, "open"),
        ("messenger", LATE_SHOP, 24, "closed"),  # without Meta's permission it would be refused
        ("messenger", PEOPLE_SHOP, 23.9, "open"),
        ("messenger", PEOPLE_SHOP, 24, "human"),
        ("messenger", PEOPLE_SHOP, 167.9, "human"),
        ("messenger", PEOPLE_SHOP, 168, "closed"),
        ("twilio_sms", LATE_SHOP, 10_000, "open"),
        ("telegram", LATE_SHOP, 10_000, "open"),
        ("postmark", LATE_SHOP, 10_000, "open"),
        ("custom", LATE_SHOP, 10_000, "open"),
    ],
)
def test_how_a_window_stands(provider: str, toml: str, hours: float, state: str) -> None:
    found = desk.window(heard(provider), AT + timedelta(hours=hours), shop(toml))
    assert found.state == state
    assert (found.until is None) == (provider not in ("whatsapp", "messenger"))


@pytest.mark.parametrize(
    ("one", "opens"),
    [
        (message("whatsapp"), True),
        (message("whatsapp", Kind.REACTION), False),  # Meta names messages and calls
        (message("messenger", Kind.REACTION), True),
        (message("messenger", Kind.REACTION, text=""), False),  # taken back
        (message("whatsapp", Kind.EDIT), False),
        (message("whatsapp", Kind.DELETE), False),
        (message("whatsapp", automatic=True), False),  # a new number, said by WhatsApp
    ],
)
def test_what_opens_a_window(one: Message, opens: bool) -> None:
    assert desk.opens(one) is opens


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("sent", "before", "kind", "at"),
    [
        (None, None, Kind.MESSAGE, AT),
        (AT - HOUR, None, Kind.MESSAGE, AT - HOUR),
        (AT + HOUR, None, Kind.MESSAGE, AT),  # a clock that is ahead opens nothing longer
        (AT - HOUR, AT - 5 * HOUR, Kind.MESSAGE, AT - HOUR),
        (AT - 5 * HOUR, AT - HOUR, Kind.MESSAGE, AT - HOUR),  # late, or again: never back
        (AT, AT - 5 * HOUR, Kind.EDIT, AT - 5 * HOUR),
        (AT, None, Kind.EDIT, AT),  # of what we never saw
    ],
)
def test_when_a_window_was_opened(sent: datetime | None, before: datetime | None, kind: Kind, at: datetime) -> None:
    assert desk.last_opened(message("whatsapp", kind, sent_at=sent), AT, before) == at


@pytest.mark.parametrize(
    ("one", "toml", "line"),
    [
        (message("whatsapp"), LATE_SHOP, "⏱ You can answer here until Tuesday 3 March 09:58 (WhatsApp)"),
        (
            message("whatsapp", sent_at=AT - HOUR),
            LATE_SHOP,
            "⏱ You can answer here until Tuesday 3 March 08:58 (WhatsApp)",
        ),
        (
            message("messenger", sender=MESSENGER),
            LATE_SHOP,
            "⏱ You can answer here until Tuesday 3 March 09:58 (Messenger)",
        ),
        (
            message("messenger", sender=MESSENGER),
            PEOPLE_SHOP,
            "⏱ You can answer here until Monday 9 March 09:58 (Messenger)",
        ),
        (message("whatsapp", Kind.EDIT), LATE_SHOP, ""),
        (message("twilio_sms", sender=PHONE), LATE_SHOP, ""),
    ],
)
def test_the_line_under_a_customers_message(one: Message, toml: str, line: str) -> None:
    """In the shop's own time: Berlin is an hour ahead, and we stop two minutes before the end."""
    assert desk.closing(one, AT, shop(toml)) == line


def test_in_summer_the_shops_clock_is_another() -> None:
    summer = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)
    assert "Friday 3 July 10:58" in desk.closing(message("whatsapp"), summer, shop())


def contact(*others: Address) -> Contact:
    known = [Heard(address=one, provider="twilio_sms", at=AT) for one in others]
    return Contact(id="c", heard=(Heard(address=PERSON, provider="whatsapp", at=AT), *known))


def test_an_address_is_named_by_its_channel_while_that_is_enough() -> None:
    second = Address(channel=Channel.SMS, id="+4915100000")
    assert desk.held.word_for(contact(PHONE), PHONE) == "sms"
    assert desk.held.word_for(contact(PHONE, second), PHONE) == PHONE.id
    for word in ("sms", "SMS", PHONE.id):
        assert [one.address for one in desk.held.meant(contact(PHONE), word)] == [PHONE]
    assert len(desk.held.meant(contact(PHONE, second), "sms")) == 2


def test_unverified_and_closed_addresses_are_not_offered() -> None:
    unproved = Address(channel=Channel.UNVERIFIED_EMAIL, id="mira@customer.example")
    found = desk.held.open_addresses(contact(PHONE, unproved), PERSON, AT + timedelta(days=2), shop())
    assert found == [PHONE]
    assert not desk.held.open_addresses(contact(PHONE), PHONE, AT + timedelta(days=2), shop())


def test_the_gaps_of_a_canned_answer() -> None:
    assert templates.gaps("Hi {name}, {order} and {name} {} { x }") == ["name", "order"]
    assert templates.given('order=1037 name="Mira Olsen" what=“a lamp” of=„Berlin“') == (
        {"order": "1037", "name": "Mira Olsen", "what": "a lamp", "of": "Berlin"},
        "",
    )
    assert templates.given('order=1037 please name=""') == ({"order": "1037", "name": ""}, "please")
    assert templates.filled("{name} {order}", {"name": "{order}", "order": "7"}) == "{order} 7"


# ---- a reply that comes too late --------------------------------------------------------------------------------


def head() -> Contact:
    found = store.find(PERSON).contact
    assert found is not None
    return found


def replied(lab: Lab) -> list[tuple[str, str]]:
    """What customers got of agents: to whom, and what."""
    return [(entry.to, entry.text) for entry in lab.texts() if "Thank you for writing" not in entry.text]


def kept(lab: Lab) -> list[Held]:
    with lab.aside():
        return list(head().held)


def told(lab: Lab) -> str:
    """What the desk, or the one who asked, heard last."""
    return [entry for entry in lab.world.ledger if at_desk(entry) and "reaction" not in entry.what][-1].text


def buttons(lab: Lab) -> list[Button]:
    """The buttons under the last notice that has some."""
    with lab.aside():
        rows = list(store.messages(head().conversation.id))  # type: ignore[union-attr]
        claims = store.claims(row["claim"] for row in rows).values()
    found = [one.buttons for claim in sorted(claims, key=lambda claim: claim.message) for one in claim.in_order]
    return list([one for one in found if one][-1])


@pytest.mark.parametrize("toml", [LATE_SHOP, LATE_MAIL_SHOP], ids=["Slack", "mail"])
def test_a_reply_that_comes_too_late_is_held_and_told_at_once_with_the_ways_out(toml: str) -> None:
    with laboratory(toml) as lab:
        late.two_addresses(lab)
        count = len(lab.posts())
        says(lab, WORDS)
        lab.settle(until=timedelta(minutes=1))
        (held,) = kept(lab)
        (notice,) = lab.posts()[count:]
        assert not replied(lab)
        assert (held.to, held.words) == (PERSON, WORDS)
        for words in (
            "Held, not sent: WhatsApp takes no answer any more (since Tuesday 3 March 09:58)",
            f"#via sms {held.name} sends it by SMS · {PHONE.id}",
            "#template NAME sends a text that is approved there: order_update",
            f"#drop {held.name} forgets it",
            "When the customer writes again, you are asked here.",
        ):
            assert words in notice.text
        assert [(one.label, one.says or one.options) for one in buttons(lab)] == [
            ("Send by SMS", f"#via sms {held.name}"),
            ("Template …", (("order_update", "#template order_update"),)),
            ("Drop it", f"#drop {held.name}"),
        ]


def test_nothing_but_what_a_channel_has_is_offered() -> None:
    with laboratory(SHOP) as lab:  # no templates, one address
        late.held(lab)
        (held,) = kept(lab)
        assert "#via" not in told(lab) and "#template" not in told(lab)
        assert [one.says for one in buttons(lab)] == [f"#drop {held.name}"]


@pytest.mark.parametrize(("minutes", "out"), [(24 * 60 - 3, True), (24 * 60 - 1, False)])
def test_the_window_ends_a_little_before_it_does(minutes: int, out: bool) -> None:
    with laboratory(LATE_SHOP) as lab:
        writes(lab)
        lab.now = lab.started + timedelta(minutes=minutes)
        says(lab, WORDS)
        lab.settle(until=timedelta(minutes=1))
        assert bool(replied(lab)) is out
        assert bool(kept(lab)) is not out


def test_a_message_that_came_late_counts_from_when_it_was_written() -> None:
    with laboratory(LATE_SHOP) as lab:
        lab.put(message("whatsapp", id="w1", text="Hi", sent_at=lab.now - timedelta(hours=20)))
        lab.settle(until=timedelta(minutes=1))
        assert "until Monday 2 March 13:58" in lab.posts()[0].text
        lab.now += timedelta(hours=5)
        says(lab, WORDS)
        lab.settle(until=timedelta(minutes=1))
        assert not replied(lab) and kept(lab)


@pytest.mark.parametrize("size", [2800, 2940, 2950, 2999, 3000, 3001, 5900])
def test_the_line_stands_whole_under_the_last_part(size: int) -> None:
    with laboratory(LATE_SHOP) as lab:
        text = " ".join(f"word{number}" for number in range(1000))[:size]
        lab.ring("whatsapp", lab.say(text, 1, "whatsapp"))
        lab.settle(until=timedelta(minutes=1))
        assert "⏱ You can answer here until Tuesday 3 March 09:58 (WhatsApp)" in lab.posts()[-1].text
        assert len([entry for entry in lab.posts() if "⏱" in entry.text]) == 1


def test_the_card_keeps_the_line_when_it_is_written_anew() -> None:
    with laboratory(LATE_SHOP) as lab:
        writes(lab)
        lab.now += timedelta(hours=3)
        with lab.aside():
            place = lab.shop.desks["front"]
            notice = Delivery(id="n", kind=DeliveryKind.NOTICE, to="front", provider="slack", thread=lab.thread())
            anew = outgoing._card_now(head(), notice, place)
        assert anew["card"].text == "Where is my order?"
        assert anew["below"] == "⏱ You can answer here until Tuesday 3 March 09:58 (WhatsApp)"


SEATS = {"a line in Slack": (LATE_SHOP, says), "a button": (LATE_SHOP, late.presses), "a mail": (LATE_MAIL_SHOP, says)}


@pytest.mark.parametrize("seat", SEATS)
@pytest.mark.parametrize(
    ("words", "to", "left"), [("#send", PERSON.id, 0), ("#drop", "", 0), ("#via sms", PHONE.id, 0), ("#status", "", 1)]
)
def test_every_seat_can_settle_what_is_held(seat: str, words: str, to: str, left: int) -> None:
    toml, way = SEATS[seat]
    with laboratory(toml) as lab:
        late.held_of_two(lab)
        writes(lab, "Hello?", 2)
        lab.now += timedelta(minutes=2)
        way(lab, words, 11)
        lab.settle(until=timedelta(minutes=5))
        assert replied(lab) == ([(to, WORDS)] if to else [])
        assert len(kept(lab)) == left
        way(lab, words, 12)
        lab.settle(until=timedelta(minutes=5))
        assert replied(lab) == ([(to, WORDS)] if to else [])
        if not left:
            assert "Nothing was sent" in told(lab)


def test_the_question_comes_when_the_customer_writes_again_and_once() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.held_of_two(lab)
        for number, text in enumerate(("Hello?", "Still there?"), 2):
            writes(lab, text, number)
        asked = [entry for entry in lab.posts() if "⏸ Held reply" in entry.text]
        (held,) = kept(lab)
        (question,) = asked
        assert f"⏸ Held reply: “{WORDS}” #send {held.name} sends it now, #drop {held.name} drops it." in question.text
        assert [(one.label, one.says) for one in buttons(lab)] == [
            ("Send it now", f"#send {held.name}"),
            ("Drop it", f"#drop {held.name}"),
        ]
        a_day_later(lab)
        writes(lab, "Anybody?", 4)
        assert len([entry for entry in lab.posts() if "⏸ Held reply" in entry.text]) == 2


def test_a_customer_who_writes_elsewhere_can_be_answered_there() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.held_of_two(lab)
        lab.ring("twilio_sms", lab.say("Hello?", 8, sender=PHONE.id))
        lab.settle(until=timedelta(minutes=5))
        (held,) = kept(lab)
        assert f"#via sms {held.name} sends it now" in told(lab)
        says(lab, f"#via sms {held.name}", 11)
        lab.settle(until=timedelta(minutes=5))
        assert replied(lab) == [(PHONE.id, WORDS)]


def test_a_held_reply_cannot_go_out_while_its_window_is_closed() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.held(lab)
        says(lab, "#send", 11)
        lab.settle(until=timedelta(minutes=5))
        assert "Nothing was sent. WhatsApp takes no answer any more" in told(lab)
        assert len(kept(lab)) == 1 and not replied(lab)


def test_two_held_replies_are_told_apart() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.held(lab)
        says(lab, "And take care", 12)
        lab.settle(until=timedelta(minutes=5))
        first, second = kept(lab)
        lab.now += timedelta(minutes=1)
        writes(lab, "Hello?", 2)
        sending, dropping = buttons(lab)
        assert sending.options == ((WORDS, f"#send {first.name}"), ("And take care", f"#send {second.name}"))
        assert [says for _, says in dropping.options] == [f"#drop {first.name}", f"#drop {second.name}"]
        says(lab, "#send", 13)
        lab.settle(until=timedelta(minutes=5))
        assert f"Say which: {first.name} (“{WORDS}”), {second.name}" in told(lab)
        says(lab, f"#send {second.name}", 14)
        lab.settle(until=timedelta(minutes=5))
        says(lab, "#send", 15)
        lab.settle(until=timedelta(minutes=5))
        assert [text for _, text in replied(lab)] == ["And take care", WORDS]


def test_there_is_an_end_to_what_is_held() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.too_late(lab)
        for number in range(11):
            says(lab, f"number {number}", 10 + number)
            lab.settle(until=timedelta(minutes=5))
        assert len(kept(lab)) == 10
        assert "Nothing was sent. 10 replies to this customer are held already" in told(lab)


def test_a_long_held_reply_lies_in_the_bucket_and_goes_out_whole() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.too_late(lab)
        text = " ".join(f"word{number}" for number in range(1500))
        says(lab, text)
        lab.settle(until=timedelta(minutes=5))
        writes(lab, "Hello?", 2)
        late.sends(lab)
        assert " ".join(part for _, part in replied(lab)) == text
        assert len(replied(lab)) == 4


def test_a_conversation_is_not_closed_over_a_held_reply() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.held(lab)
        (held,) = kept(lab)
        says(lab, "#resolve", 11)
        lab.settle(until=timedelta(minutes=5))
        assert f"Not closed: a reply is held. #send, #via or #drop it first: {held.name} (“{WORDS}”)" in told(lab)
        says(lab, "#drop\n#resolve", 12)
        lab.settle(until=timedelta(minutes=5))
        with lab.aside():
            conversation = head().conversation
        assert conversation and conversation.status == "closed"
        assert not kept(lab)


def test_words_that_would_be_held_are_not_taken_with_a_close() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.too_late(lab)
        late.closes_with_a_word(lab)
        assert "your words would be held: write them without closing" in told(lab)
        assert not kept(lab) and not replied(lab)


def test_blocking_drops_what_is_held_and_says_so() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.held(lab)
        says(lab, "#block", 11)
        lab.settle(until=timedelta(minutes=5))
        assert "A held reply was dropped." in told(lab)
        assert not kept(lab)


def test_a_held_reply_can_be_changed_and_taken_back() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.too_late(lab)
        reply, edit = changed(lab, "It is on its wey", WORDS)
        for one in (reply, edit, edit.model_copy(update={"version": "2", "text": f"{WORDS}!"})):
            lab.put(one)
            lab.settle(until=timedelta(minutes=5))
        assert f"Held as you changed it: “{WORDS}!”" in told(lab)
        writes(lab, "Hello?", 2)
        late.sends(lab)
        assert [text for _, text in replied(lab)] == [f"{WORDS}!"]
        lab.put(edit.model_copy(update={"version": "3", "text": "No"}))
        lab.settle(until=timedelta(minutes=5))
        assert "was not carried to the customer" in told(lab)
        assert len(replied(lab)) == 1


@pytest.mark.parametrize(
    "change", [{"kind": Kind.DELETE, "text": ""}, {"text": "// a note after all"}, {"text": "#help"}]
)
def test_what_is_taken_back_is_held_no_more(change: dict[str, Any]) -> None:
    with laboratory(LATE_SHOP) as lab:
        late.too_late(lab)
        reply, edit = changed(lab, WORDS, "")
        for one in (reply, edit.model_copy(update=change)):
            lab.put(one)
            lab.settle(until=timedelta(minutes=5))
        assert f"Not held any more, and not sent: “{WORDS}”" in told(lab)
        assert not kept(lab) and not replied(lab)


def test_a_reply_that_an_outage_made_late_is_told_with_the_ways_out() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.two_addresses(lab)
        lab.now -= timedelta(hours=2)  # still in time
        lab.world.fail(part="whatsapp", status=503, times=18)
        says(lab, WORDS)
        lab.settle()
        assert not replied(lab) and not kept(lab)
        failed = [entry.text for entry in lab.posts() if "❌ Not sent to the customer" in entry.text]
        assert len(failed) == 1
        assert "more than 24 hours old" in failed[0]
        assert f"#via sms sends it by SMS · {PHONE.id}, with your words below" in failed[0]
        assert "#template NAME" in failed[0]


# ---- people, who may answer for longer --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "hours", "sent_as"),
    [
        (PEOPLE_SHOP, 2, "RESPONSE"),
        (PEOPLE_SHOP, 30, "HUMAN_AGENT"),
        (PEOPLE_SHOP, 169, ""),
        (LATE_SHOP, 30, ""),
    ],
)
def test_a_persons_answer_on_messenger(toml: str, hours: int, sent_as: str) -> None:
    with laboratory(toml) as lab:
        lab.ring("messenger", lab.say("Where is my order?", 1, "messenger"))
        lab.settle(until=timedelta(minutes=5))
        acknowledged = lab.texts()[0].raw
        lab.now += timedelta(hours=hours)
        if hours > 24:
            lab.world.state["messenger"] = {"7261534409871265": [10, 2018278]}
        says(lab, WORDS)
        lab.settle(until=timedelta(minutes=5))
        sent = [entry.raw.get("tag") or entry.raw["messaging_type"] for entry in lab.texts()[1:]]
        assert sent == ([sent_as] if sent_as else [])
        assert acknowledged["messaging_type"] == "RESPONSE" and "tag" not in acknowledged
        assert ("Held, not sent: Messenger" in told(lab)) is not bool(sent_as)


# ---- another address --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seat", SEATS)
def test_an_answer_by_another_address_goes_there_alone(seat: str) -> None:
    toml, way = SEATS[seat]
    with laboratory(toml) as lab:
        late.two_addresses(lab)
        lab.now -= timedelta(hours=5)
        lab.world.state.pop("whatsapp")
        way(lab, f"#via sms\n{WORDS}", 11)
        lab.settle(until=timedelta(minutes=5))
        way(lab, "And the invoice, too", 12)
        lab.settle(until=timedelta(minutes=5))
        assert replied(lab) == [(PHONE.id, WORDS), (PERSON.id, "And the invoice, too")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("#via", "Say by which address of this customer: #via whatsapp (WhatsApp · DE.8712345678901234), #via sms"),
        ("#via fax\nHello", "Say by which address of this customer: #via whatsapp"),
        ("#via +4915199999\nHello", "Say by which address of this customer: #via whatsapp"),
        ("#via email?\nHello", "mira@customer.example is not proved to be this customer's."),
        ("#via mira@customer.example\nHello", "is not proved to be this customer's."),
        ("#via sms", "Write your answer below #via."),
        ("#via sms abc\nHello", "Write one address after #via, and your words below."),
        ("#via sms\n// only for us", "A note stands below #via"),
        ("#via sms\n#template thanks", "#via and #template each write to the customer"),
        ("#send", "No reply is held here."),
        ("#send\nHello", "write your words below as a message of their own"),
        ("#drop abc", "No such reply is held: it was sent or dropped already."),
        ("#template", "There is no template ''; in shop.toml there is order_update, thanks."),
        ("#template nothing", "There is no template 'nothing'"),
        ("#template order_update name=Mira", "Please say what is missing: #template order_update order=…"),
        ("#template order_update order=7 colour=red", "After order_update stands what fills its gaps: name=… order=…."),
        ("#template order_update 7", "After order_update stands what fills its gaps"),
        ("#template thanks\nHello", "write your words below as a message of their own"),
    ],
)
def test_what_cannot_be_done_says_what_can(words: str, said: str) -> None:
    with laboratory(LATE_SHOP) as lab:
        unproved = Address(channel=Channel.UNVERIFIED_EMAIL, id="mira@customer.example")
        lab.put(message("whatsapp", id="w0", aliases=(PHONE, unproved), text="Good morning"))
        lab.settle(until=timedelta(minutes=5))
        lab.put(Message(provider="custom", id="m0", sender=unproved, text="By mail"))
        lab.settle(until=timedelta(minutes=5))
        lab.ring("twilio_sms", lab.say("Are you there?", 7, sender=PHONE.id))
        lab.settle(until=timedelta(minutes=5))
        says(lab, words, 11)
        lab.settle(until=timedelta(minutes=5))
        assert "❌ Nothing was sent." in told(lab) and said in told(lab)
        assert not replied(lab)


def test_an_address_of_somebody_else_is_never_written_to() -> None:
    with laboratory(LATE_SHOP) as lab:
        lab.ring("twilio_sms", lab.say("I am Noor", 1, sender="+4915777777"))
        writes(lab, "Where is my order?", 2)
        (card,) = [entry for entry in lab.world.ledger if entry.what == "card"][1:]
        says(lab, f"#via +4915777777\n{WORDS}", 11, thread=f"{card.to}:{card.id}")
        says(lab, f"#via sms\n{WORDS}", 12, thread=f"{card.to}:{card.id}")
        lab.settle(until=timedelta(minutes=5))
        assert not replied(lab)
        assert "#via whatsapp" in told(lab)


# ---- canned answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seat", SEATS)
def test_a_canned_answer_in_time_is_a_plain_text(seat: str) -> None:
    toml, way = SEATS[seat]
    with laboratory(toml) as lab:
        writes(lab)
        lab.now += timedelta(hours=1)
        way(lab, '#template order_update order="10 37"', 11)
        lab.settle(until=timedelta(minutes=5))
        way(lab, "#template thanks name=Mira", 12)
        lab.settle(until=timedelta(minutes=5))
        assert [text for _, text in replied(lab)] == [
            "Hello Alex Example, your order 10 37 is on its way.",
            "Thank you, Mira! Corner Shop",
        ]
        assert {entry.raw["type"] for entry in lab.texts()} == {"text"}


@pytest.mark.parametrize("seat", SEATS)
def test_a_canned_answer_too_late_is_an_approved_one_or_none(seat: str) -> None:
    toml, way = SEATS[seat]
    with laboratory(toml) as lab:
        late.too_late(lab)
        way(lab, "#template order_update order=1037", 11)
        lab.settle(until=timedelta(minutes=5))
        (entry,) = lab.texts()[1:]
        assert entry.text == "Hello Alex Example, your order 1037 is on its way."
        assert (entry.raw["type"], entry.raw["template"]["name"]) == ("template", "order_update")
        way(lab, "#template thanks", 12)
        lab.settle(until=timedelta(minutes=5))
        assert len(lab.texts()) == 2 and not kept(lab)
        assert "approved there: order_update" in told(lab)


def test_a_customers_name_fills_one_gap_and_no_more() -> None:
    with laboratory(LATE_SHOP) as lab:
        lab.ring("whatsapp", lab.say("Hi", 1, "whatsapp", name="{order}\n{desk}"))
        lab.settle(until=timedelta(minutes=5))
        says(lab, "#template order_update order=1037")
        lab.settle(until=timedelta(minutes=5))
        assert [text for _, text in replied(lab)] == ["Hello {order} {desk}, your order 1037 is on its way."]


def test_the_card_offers_the_canned_answers() -> None:
    with laboratory(LATE_SHOP) as lab:
        writes(lab)
        with lab.aside():
            found = desk.card(head(), lab.shop.desks["front"], lab.shop).buttons
        options = next(one.options for one in found if one.label == "Template …")
        assert options == (("order_update", "#template order_update"), ("thanks", "#template thanks"))


# ---- two at once ------------------------------------------------------------------------------------------------


def held_in_two_threads(lab: Lab) -> None:
    """A reply is held, the customer has written again, and there is an older thread beside the open one."""
    writes(lab, "Good morning", 0)
    says(lab, "#resolve", 9)
    lab.settle()
    lab.now += timedelta(days=10)
    late.too_late(lab)
    says(lab, WORDS)
    lab.settle(until=timedelta(minutes=1))
    lab.now += timedelta(minutes=1)
    writes(lab, "Hello?", 2)
    lab.now += timedelta(minutes=1)


def about_to_write(lab: Lab) -> None:
    late.held(lab)
    lab.world.state.pop("whatsapp")


def in_both(first: str, second: str) -> Callable[[Lab], None]:
    def play(lab: Lab) -> None:
        _, card = [entry for entry in lab.world.ledger if entry.what == "card"]
        says(lab, first, 11)
        says(lab, second, 12, thread=f"{card.to}:{card.id}")

    return play


def sent_as_the_customer_writes(lab: Lab) -> None:
    says(lab, "#send", 11)
    lab.ring("whatsapp", lab.say("Hello?", 2, "whatsapp"))


RACES: dict[str, tuple[Callable[[Lab], None], Callable[[Lab], None], set[tuple[int, int, int]]]] = {
    # before, what happens at once, and what may come of it: replies out, replies held, times that nothing was sent
    "send and send": (held_in_two_threads, in_both("#send", "#send"), {(1, 0, 1)}),
    "drop and send": (held_in_two_threads, in_both("#drop", "#send"), {(1, 0, 1), (0, 0, 1)}),
    "via and send": (held_in_two_threads, in_both("#via whatsapp", "#send"), {(1, 0, 1)}),
    "send and a customer's message": (about_to_write, sent_as_the_customer_writes, {(1, 0, 0), (0, 1, 1)}),
}


@pytest.mark.parametrize("race", RACES)
def test_in_no_order_of_calls_a_held_reply_is_lost_or_doubled(race: str) -> None:
    before, both, allowed = RACES[race]
    seen: set[tuple[int, ...]] = set()
    with laboratory(LATE_SHOP) as lab:
        before(lab)
        both(lab)
        first, second = lab.take(2)

        def one_order(choices: list[int]) -> tuple[list[tuple[int, bool]], list[int]]:
            trace = together(lab, [lambda: lab.run(first), lambda: lab.run(second)], choices)
            lab.settle(until=timedelta(minutes=5))
            failed = [entry for entry in lab.posts() if "Nothing was sent" in entry.text]
            return trace, [len(replied(lab)), len(kept(lab)), len(failed)]

        def play(choices: list[int]) -> list[tuple[int, bool]]:
            trace, came = apart(lambda: one_order(choices))
            seen.add(tuple(came))
            return [(who, free) for who, free in trace]

        count = len(list(islice(orders(play, 2, Random(0)), 8)))
    assert seen == allowed
    assert count >= 8


def test_a_held_reply_that_is_sent_twice_by_the_queue_goes_out_once() -> None:
    with laboratory(LATE_SHOP) as lab:
        late.asked_again(lab)
        says(lab, "#send", 11)
        (taken,) = lab.take(1)
        lab.run(taken)
        lab.run(taken)
        lab.settle(until=timedelta(minutes=5))
        assert [text for _, text in replied(lab)] == [WORDS]
