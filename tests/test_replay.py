"""Replaying: what customers wrote stands at the desk once more, marked, and nothing else has changed by it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chalicelib import queue, settings
from chalicelib.models.people import Contact
from infra import cli, erase, export, person, replay, stack
from tests.lab import PASSING_SHOP, SHOP, START, WATCHED_SHOP, Lab, laboratory
from tests.lab.flows import (
    MIRA,
    OTTO,
    PHOTO,
    agent_escalates,
    agent_replies,
    agent_resolves,
    agent_says,
    linked,
    opened,
    otto_proves,
    thread_of,
    two_open,
)

MARK = "🔁 Replayed, first received Monday 2 March 10:00."
ALL = ("--since", "2026-03-02T00:00:00Z", "--until", "2026-03-02T23:00:00Z")
TWO_DESKS = SHOP.replace("[desks.owner]", '[desks.second]\nslack = "C0SECOND"\n[desks.owner]')
MOVED = TWO_DESKS.replace('default = "front"', 'default = "front"\nsms = "second"')


@pytest.fixture(autouse=True)
def _no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "place", lambda *_: "shopbell-prod in eu-central-1")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory() as lab:
        yield lab


def shopbell(lab: Lab, *words: str) -> Result:
    with lab.aside():
        return CliRunner().invoke(cli.cli, ["replay", *words], catch_exceptions=False)


def replayed(lab: Lab, *words: str) -> list[Any]:
    """What came to the desks by it, in order."""
    before = len(lab.world.ledger)
    assert shopbell(lab, *ALL, "--yes", "--rate", "50", *words).exit_code == 0
    lab.settle()
    return lab.world.ledger[before:]


def without_marks(head: Contact) -> dict[str, Any]:
    return head.model_dump(exclude={"version"})


def test_it_stands_in_its_thread_again_marked_and_no_customer_hears_of_it(lab: Lab) -> None:
    two_open(lab)
    lab.now += timedelta(hours=1)
    (first, second) = replayed(lab)
    assert MARK in first.text and "Where is my order?" in first.text and "Is it blue?" in second.text
    assert [f"{post.to}:{post.thread}" for post in (first, second)] == [
        thread_of(lab, "Where is my order?"),
        thread_of(lab, "Is it blue?"),
    ]
    assert len([text for text in lab.texts() if "Thank you" in text.text]) == 2


def test_each_senders_come_in_their_order(lab: Lab) -> None:
    for number in range(6):
        lab.ring("twilio_sms", lab.say(f"word {number}", number, sender=(MIRA, OTTO)[number % 2]))
        lab.settle(until=timedelta(minutes=1))
        lab.now += timedelta(seconds=1)
    words = [post.text[-6:] for post in replayed(lab)]
    assert sorted(words) == [f"word {number}" for number in range(6)]
    assert [word for word in words if int(word[-1]) % 2] == ["word 1", "word 3", "word 5"]
    assert [word for word in words if not int(word[-1]) % 2] == ["word 0", "word 2", "word 4"]


def test_the_same_again_does_nothing_and_another_window_does(lab: Lab) -> None:
    opened(lab)
    assert len(replayed(lab)) == 1
    assert replayed(lab) == []
    assert "1 were replayed before" in shopbell(lab, *ALL, "--dry-run").output
    with lab.aside():
        messages = replay.recorded(replay.Window(START - timedelta(hours=1), START + timedelta(hours=1)))
        for number in range(2):
            queue.put(messages, f"twice-{number}")
    before = len(lab.posts())
    lab.settle()
    assert len(lab.posts()) == before + 1


def test_only_what_customers_wrote_in_that_time_by_that_provider(lab: Lab) -> None:
    opened(lab)
    agent_replies(lab)
    lab.ring("custom", lab.say("From the chat", 3, "custom"))
    lab.settle()
    lab.now += timedelta(days=1)
    lab.ring("twilio_sms", lab.say("The day after", 4))
    lab.settle()
    texts = len(lab.texts())
    assert ["From the chat" in post.text for post in replayed(lab, "--provider", "custom")] == [True]
    (other,) = replayed(lab)
    assert "Where is my order?" in other.text
    assert len(lab.texts()) == texts


@pytest.mark.parametrize("shop", [WATCHED_SHOP, PASSING_SHOP])
def test_no_clock_window_or_word_of_the_head_changes(shop: str) -> None:
    with laboratory(shop) as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle(until=timedelta(seconds=30))
        (before,) = lab.heads()
        lab.now += timedelta(minutes=1)
        assert shopbell(lab, *ALL, "--yes").exit_code == 0
        lab.settle(until=timedelta(seconds=30))
        (after,) = lab.heads()
        assert without_marks(after) == without_marks(before) and after.version > before.version
        assert MARK in lab.posts()[-1].text


def test_what_is_closed_stays_closed(lab: Lab) -> None:
    opened(lab)
    agent_resolves(lab)
    (before,) = lab.heads()
    (post,) = replayed(lab)
    assert f"{post.to}:{post.thread}" == thread_of(lab, "Where is my order?")
    assert without_marks(lab.heads()[0]) == without_marks(before)


def test_by_the_rules_as_they_are_now_its_conversation_goes_to_another_desk() -> None:
    with laboratory(TWO_DESKS) as lab:
        opened(lab)
        lab.shop = settings.load(MOVED)
        left = lab.thread()
        entries = replayed(lab)
        (card,) = [entry for entry in entries if MARK in entry.text]
        assert (card.what, card.to) == ("card", "C0SECOND")
        (told,) = [entry for entry in entries if "goes on at the desk 'second'" in entry.text]
        assert f"{told.to}:{told.thread}" == left
        lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=f"C0SECOND:{card.id}"))
        lab.ring("twilio_sms", lab.say("Thanks", 2))
        lab.settle()
        assert lab.texts()[-1].text == "It is on its way"
        assert (lab.posts()[-1].to, lab.posts()[-1].thread) == ("C0SECOND", card.id)


def test_a_rule_is_asked_about_things_as_they_were() -> None:
    """Whoever wrote for the first time then is no returning customer now."""
    rule = '[[rules]]\nname = "{0}"\ndesk = "second"\nwhen = {{ customer = "{0}" }}\n'
    with laboratory(TWO_DESKS) as lab:
        opened(lab)
        lab.shop = settings.load(TWO_DESKS + rule.format("returning"))
        assert [post.to for post in replayed(lab)] == ["C0FRONT"]
        lab.shop = settings.load(TWO_DESKS + rule.format("first"))
        assert "C0SECOND" in [post.to for post in replayed(lab, "--since", "2026-03-02T00:00:01Z")]


def test_what_an_agent_moved_stays_there() -> None:
    with laboratory(WATCHED_SHOP) as lab:
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle(until=timedelta(seconds=30))
        agent_escalates(lab)
        posts = replayed(lab)
        assert [post.to for post in posts] == ["C0SECOND"] * 2


def test_whoever_is_blocked_stays_unseen(lab: Lab) -> None:
    opened(lab)
    agent_says(lab, "#block", "Where is my order?", 9)
    lab.settle()
    assert replayed(lab) == []


def test_words_of_somebody_linked_come_to_who_they_are_now(lab: Lab) -> None:
    linked(lab)
    posts = replayed(lab)
    assert len(posts) == 3
    assert {f"{post.to}:{post.thread}" for post in posts} == {thread_of(lab, "Where is my order?")}


def test_files_come_from_where_they_were_kept(lab: Lab) -> None:
    lab.ring("custom", lab.say("My kettle looks like this", 1, "custom", files=(PHOTO,)))
    lab.settle()
    lab.world.state.clear()  # its host has it no more
    entries = replayed(lab)
    assert any(MARK in entry.text for entry in entries)
    assert [entry.what for entry in entries if "photo.jpg" in f"{entry.text} {entry.raw}"]
    assert not any("could not be" in entry.text for entry in entries)


def test_long_texts_come_whole(lab: Lab) -> None:
    lab.ring("custom", lab.say(f"the beginning {'x' * 5000} the end", 1, "custom"))
    lab.settle()
    text = "".join(post.text for post in replayed(lab))
    assert "the beginning" in text and "the end" in text and text.count("Replayed") == 1


def test_nothing_of_somebody_forgotten_comes_back(lab: Lab) -> None:
    opened(lab)
    with lab.aside():
        queued = replay.recorded(replay.Window(START - timedelta(hours=1), START + timedelta(hours=1)))
        erase.forget(person.Asked(phone=MIRA), lambda: lab.now)
        queue.put(queued, "under-way")
    lab.now += timedelta(minutes=5)
    before = len(lab.world.ledger)
    lab.settle()
    assert len(lab.world.ledger) == before and not lab.dead_letters()
    assert "nothing to replay" in shopbell(lab, *ALL, "--yes").output
    assert MIRA[1:] not in str(lab.rows())


def test_forgetting_and_export_find_what_was_replayed(lab: Lab) -> None:
    opened(lab)
    replayed(lab)
    with lab.aside():
        found = export.export(person.Asked(phone=MIRA))
        assert [one["direction"] for one in found["messages"]] == ["in", "note"]
        receipt = erase.forget(person.Asked(phone=MIRA), lambda: lab.now)
    assert receipt.counts["posts"] == 2 and MIRA[1:] not in str(lab.rows())


def test_a_code_or_a_clue_in_it_counts_once(lab: Lab) -> None:
    two_open(lab)
    lab.ring("twilio_sms", lab.say(f"My old number was {MIRA}", 5, sender=OTTO))
    lab.settle()
    otto_proves(lab)
    before = [without_marks(head) for head in lab.heads()]
    entries = replayed(lab)
    assert [without_marks(head) for head in lab.heads()] == before
    assert entries and all("🔁 Replayed" in entry.text for entry in entries)


def test_nothing_happens_without_a_yes(lab: Lab) -> None:
    opened(lab)
    dry = shopbell(lab, *ALL, "--dry-run").output
    assert "twilio_sms" in dry and "Nothing is replayed" in dry and "Where is" not in dry
    assert shopbell(lab, *ALL).exit_code == 1
    lab.settle()
    assert not any("Replayed" in post.text for post in lab.posts())


def test_a_time_needs_its_zone(lab: Lab) -> None:
    refused = CliRunner().invoke(cli.cli, ["replay", "--since", "2026-03-02T09:00:00"])
    assert refused.exit_code == 2 and "has no zone" in refused.output
    refused = CliRunner().invoke(cli.cli, ["replay", "--since", "soon"])
    assert refused.exit_code == 2 and "is no time" in refused.output


def test_it_goes_no_faster_than_asked(lab: Lab) -> None:
    two_open(lab)
    pauses: list[float] = []
    with lab.aside():
        messages = replay.recorded(replay.Window(START - timedelta(hours=1), START + timedelta(hours=1)))
        assert list(replay.queued(messages, 4, pauses.append)) == messages
    assert pauses == [0.25, 0.25]
