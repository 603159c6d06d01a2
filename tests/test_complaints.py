"""Who complains comes first, gets an apology, and is not closed with a step forgotten."""

import time
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib import complaints
from chalicelib.complaints.packs import PACKS
from chalicelib.models.people import Complaint, Contact
from tests.bench.recognised import Score, scored
from tests.lab import MAIL_SHOP, SHOP, Lab, laboratory
from tests.lab.flows import agent_says, linked

TEXTS = tomllib.loads((Path(__file__).parent / "texts" / "complaints.toml").read_text(encoding="utf-8"))
BROKEN = "The lamp arrived broken and I want my money back"
THANKS = "Thank you for writing to Corner Shop."


# ---- who complains ----------------------------------------------------------------------------------------------


def test_it_is_told_from_short_texts() -> None:
    """What is `scored` was written after the packs, and is not looked at: see the README for what it comes to."""
    for part, least in (("scored", Score(0.95, 0.75, 0.5)), ("tuned", Score(0.95, 0.95, 0.9))):
        found = scored(TEXTS, part)
        assert found.precision >= least.precision and found.recall >= least.recall and found.wish >= least.wish
    assert sum(len(parts["scored"]) for parts in TEXTS.values()) >= 120
    assert set(TEXTS) == set(PACKS)


@given(some.text(), some.sampled_from(["", "en", "pl", "th"]))
def test_no_text_is_too_strange(text: str, language: str) -> None:
    assert complaints.complaint(text, language) is None or complaints.complaint(text, language)


@pytest.mark.parametrize("text", ["not " * 50_000, "seit " * 50_000, "?" * 200_000, "a " * 100_000 + "broken"])
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    complaints.complaint(text, "de")
    assert time.process_time() - began < 0.5


def test_where_the_words_do_not_say_theirs_the_customers_language_counts() -> None:
    assert complaints.complaint("scam", "en") and not complaints.complaint("scam", "fr")
    assert complaints.complaint(BROKEN, "de") == Complaint(wants="refund")
    assert complaints.complaint("壊れています。返金してください", "ja") is None  # no pack


# ---- what it changes --------------------------------------------------------------------------------------------


def writes(lab: Lab, text: str, number: int = 1) -> Contact:
    lab.ring("twilio_sms", lab.say(text, number))
    lab.settle()
    return lab.heads()[0]


def says(lab: Lab, text: str, number: int) -> Contact:
    lab.now += timedelta(minutes=1)
    agent_says(lab, text, "money back", number)
    lab.settle()
    return lab.heads()[0]


def known(head: Contact) -> Complaint:
    assert head.conversation is not None and head.conversation.complaint is not None
    return head.conversation.complaint


def status(head: Contact) -> str:
    assert head.conversation is not None
    return head.conversation.status


def test_a_complaint_comes_first_and_gets_an_apology() -> None:
    with laboratory(SHOP) as lab:
        head = writes(lab, BROKEN)
        assert head.conversation is not None and head.conversation.priority == "high"
        assert [entry.text for entry in lab.texts()] == [f"We are sorry that something went wrong. {THANKS}"]
        card = str(lab.posts()[0].raw)
        assert "high priority" in card and "wants a refund" in card and "☐ apologised" in card


def test_an_inquiry_gets_none_of_it() -> None:
    with laboratory(SHOP) as lab:
        head = writes(lab, "Where is my order?")
        assert head.conversation is not None and head.conversation.complaint is None
        assert [entry.text for entry in lab.texts()] == [THANKS]
        assert "apologised" not in str(lab.posts()[0].raw)


def test_the_shops_own_apology_comes_first() -> None:
    own = SHOP.replace("[acknowledgement]", '[acknowledgement]\ncomplaint = "Oh no!"')
    with laboratory(own) as lab:
        writes(lab, BROKEN)
        assert lab.texts()[0].text == f"Oh no! {THANKS}"


def test_the_apology_is_in_the_customers_language() -> None:
    with laboratory(f'languages = ["en", "de"]\n{SHOP}') as lab:
        writes(lab, "Die Lampe kam kaputt an, ich will mein Geld zurück")
        assert lab.texts()[0].text.startswith(
            "Es tut uns leid, dass etwas schiefgegangen ist. Danke für Ihre Nachricht"
        )


def test_a_rule_that_says_how_urgent_it_is_says_it_for_complaints_too() -> None:
    rule = '[[rules]]\nname = "Broken"\nwhen.complaint = true\ndesk = "owner"\npriority = "low"\n'
    with laboratory(SHOP + rule) as lab:
        head = writes(lab, BROKEN)
        assert head.conversation is not None
        assert (head.conversation.desk, head.conversation.priority) == ("owner", "low")


def test_a_complaint_may_come_later_and_the_card_shows_it() -> None:
    with laboratory(SHOP) as lab:
        writes(lab, "Where is my order?")
        head = writes(lab, BROKEN, 2)
        assert known(head).wants == "refund"
        assert [entry for entry in lab.world.ledger if entry.what == "edit" and "☐ cause named" in str(entry.raw)]
        assert len(lab.texts()) == 1


def test_once_known_it_stays_as_it_is_until_it_opens_again() -> None:
    with laboratory(SHOP) as lab:
        writes(lab, BROKEN)
        says(lab, "#done apologised cause", 10)
        assert known(writes(lab, "This is the worst service I have ever had", 2)).done == ("apologised", "cause")
        says(lab, "#resolve", 11)
        assert status(says(lab, "#resolve", 12)) == "closed"
        assert known(writes(lab, "Still broken, the worst service ever", 3)).done == ()


# ---- what agents do ---------------------------------------------------------------------------------------------


def test_a_reply_answers_and_agents_tick_the_rest() -> None:
    with laboratory(SHOP) as lab:
        writes(lab, BROKEN)
        assert known(says(lab, "We send you the money today", 10)).done == ("answered",)
        assert known(says(lab, "#done apologised, amends", 11)).done == ("answered", "apologised", "amends")
        assert "ann ticked: apologised, amends offered. Left: cause named." in said(lab)
        assert "☑ amends offered ☐ cause named" in str(lab.world.ledger[-2].raw) + str(lab.world.ledger[-1].raw)
        says(lab, "#done everything", 12)
        assert "What is done? #done and one or more of answered, apologised, amends, cause." in said(lab)


def said(lab: Lab) -> str:
    return "\n".join(entry.text for entry in lab.posts()).replace("U0AGENT", "ann")


@pytest.mark.parametrize("shop", [SHOP, MAIL_SHOP])
def test_closing_asks_once_about_what_nobody_ticked(shop: str) -> None:
    with laboratory(shop) as lab:
        writes(lab, BROKEN)
        head = says(lab, "#resolve", 10)
        assert status(head) == "open" and known(head).asked
        assert "nobody has ticked answered or apologised or amends offered or cause named" in said(lab)
        assert status(says(lab, "#resolve", 11)) == "closed"


def test_nothing_is_asked_where_all_is_done() -> None:
    with laboratory(SHOP) as lab:
        writes(lab, BROKEN)
        says(lab, "#done apologised amends cause", 10)
        assert status(says(lab, "#resolve\nIt is on its way", 11)) == "closed"


def test_an_agent_knows_better() -> None:
    with laboratory(SHOP) as lab:
        writes(lab, BROKEN)
        head = says(lab, "#complaint off", 10)
        assert head.conversation is not None and head.conversation.priority == "normal" and known(head).denied
        assert known(writes(lab, BROKEN, 2)).denied
        says(lab, "#done cause", 11)
        assert "This is not taken for a complaint: #complaint does that." in said(lab)
        again = says(lab, "#complaint", 12)
        assert (
            known(again) == Complaint(wants="refund") and again.conversation and again.conversation.priority == "high"
        )
        assert "☐ cause named" in str([entry.raw for entry in lab.world.ledger][-3:])


def test_who_is_linked_with_one_who_complains_complains() -> None:
    with laboratory(SHOP) as lab:
        linked(lab)
        head = writes(lab, BROKEN, 30)
        assert any(one.conversation and one.conversation.complains for one in [head, *lab.heads()])
