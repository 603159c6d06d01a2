"""What was put aside: listed with its reason, redriven in order and once, dropped, and nothing without --yes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner, Result

from chalicelib import aws, files, process, route
from infra import cli, letters, stack
from infra.letters import Unclear, Wanted
from infra.terminal import duration
from tests.lab import Lab, laboratory

MARK = "a text that nobody else writes"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setattr(stack, "place", lambda *_: "shopbell-prod in eu-central-1")
    monkeypatch.setenv("COLUMNS", "120")
    with laboratory() as lab:
        yield lab


@pytest.fixture
def broken(lab: Lab) -> Lab:
    """Two customers' messages were put aside by a fault of ours, which is mended now."""
    with mock.patch.object(route, "customer", side_effect=ValueError(MARK)):
        for number, sender in enumerate(("", "+4915199999", "", "")):
            lab.ring("twilio_sms", lab.say(f"{MARK} {number}", number, sender=sender))
        lab.ring("custom", lab.say(f"{MARK} 9", 9, "custom"))
        lab.settle()
    lab.tick()
    lab.settle()
    lab.seam.calls.clear()
    return lab


def shopbell(*words: str) -> Result:
    return CliRunner().invoke(cli.cli, ["parked", *words], catch_exceptions=False)


def aside(lab: Lab) -> list[letters.Letter]:
    with lab.aside():
        return letters.everything()


def arrived(lab: Lab) -> list[str]:
    """What customers' words came to the desk, in order."""
    return [post.text[post.text.index(MARK) :][: len(MARK) + 2] for post in lab.posts() if MARK in post.text]


def test_list_shows_reason_provider_kind_and_age(broken: Lab) -> None:
    said = shopbell("list").output
    rows = [row.split() for row in said.splitlines() if "ValueError" in row]
    kinds = sorted(" ".join(row[-4:]) for row in rows)
    assert kinds == ["custom a message ValueError", *["twilio_sms a message ValueError"] * 4]
    assert "days ago" in said or "h ago" in said
    assert MARK not in said


def test_list_chooses(broken: Lab) -> None:
    assert shopbell("list", "--provider", "custom").output.count("ValueError") == 1
    assert shopbell("list", "--reason", "valueerror").output.count("ValueError") == 5
    assert "Nothing is put aside" in shopbell("list", "--reason", "KeyError").output
    assert shopbell("list", "--older", "1m").output.count("ValueError") == 5
    at = aside(broken)[0].at
    assert Wanted(older=timedelta(hours=2)).matches(aside(broken)[0], at + timedelta(hours=2))
    assert not Wanted(older=timedelta(hours=2)).matches(aside(broken)[0], at + timedelta(hours=1))


def test_what_tick_has_not_moved_yet_is_told(lab: Lab) -> None:
    with mock.patch.object(route, "customer", side_effect=ValueError):
        lab.ring("twilio_sms", lab.say("Hello"))
        lab.settle()
    said = shopbell("list").output
    assert "Nothing is put aside" in said and "1 more on the way" in said


def test_show_tells_all_of_one(broken: Lab) -> None:
    (letter,) = [letter for letter in aside(broken) if letter.provider == "custom"]
    said = shopbell("show", letter.id[:8]).output
    assert letter.id in said and "ValueError" in said and f"{MARK} 9" in said
    assert "Nothing of it is recorded" in said


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after four days but a minute is a message put aside."""
    monkeypatch.setattr(process, "OUTAGE_ENDS", 60.0)


@pytest.mark.usefixtures("impatient")
def test_show_of_what_is_recorded_tells_how_far_it_came(lab: Lab) -> None:
    lab.world.fail(part="slack", path="chat.postMessage", status=503, times=100_000)
    lab.ring("twilio_sms", lab.say("Hello"))
    lab.settle()
    lab.world.faults.clear()
    lab.tick()
    said = shopbell("show", aside(lab)[0].id).output
    assert "How far it came" in said and "Forward to" in said


def test_redrive_without_yes_does_nothing(broken: Lab) -> None:
    said = shopbell("redrive", "--all").output
    assert "5 would be put on the queue of shopbell-prod in eu-central-1 again, 5 a second" in said
    assert len(aside(broken)) == 5 and not broken.work()


def test_redriven_messages_come_to_the_desk_each_senders_in_order_and_once(broken: Lab) -> None:
    said = shopbell("redrive", "--all", "--yes", "--rate", "50").output
    assert "5 on the queue again" in said and not aside(broken)
    broken.settle()
    assert sorted(arrived(broken)) == [f"{MARK} {number}" for number in (0, 1, 2, 3, 9)]
    own = [text for text in arrived(broken) if text[-1] in "023"]
    assert own == [f"{MARK} {number}" for number in (0, 2, 3)]


def test_a_redrive_that_died_in_between_and_is_done_again_doubles_nothing(broken: Lab) -> None:
    before = {letter.id: files.get(f"parked/{letter.id}") for letter in aside(broken)}
    shopbell("redrive", "--all", "--yes", "--rate", "50")
    broken.settle()
    with broken.aside():
        for id, body in before.items():  # as if none of them had been taken away
            files.put_parked(id, body)
    broken.now += timedelta(hours=1)  # past the queue's own five minutes
    shopbell("redrive", "--all", "--yes", "--rate", "50")
    broken.settle()
    assert sorted(arrived(broken)) == [f"{MARK} {number}" for number in (0, 1, 2, 3, 9)]


def test_each_leaves_the_bucket_only_when_the_queue_has_it(broken: Lab) -> None:
    with broken.aside():
        there, pauses = letters.everything(), list[float]()
    assert [letter.id for letter in letters.redrive(there, 4, pauses.append)] == [letter.id for letter in there]
    assert pauses == [0.25] * 5
    assert broken.seam.calls == ["sqs.SendMessage", "s3.DeleteObject"] * 5


def test_an_earlier_one_of_the_same_sender_that_stays_is_told(broken: Lab) -> None:
    own = [letter for letter in aside(broken) if letter.provider == "twilio_sms" and f"{MARK} 1" not in letter.body]
    first, second, third = own
    assert "2 earlier of the same senders stay aside" in shopbell("redrive", third.id).output
    assert "earlier" not in shopbell("redrive", first.id).output
    assert "earlier" not in shopbell("redrive", first.id, second.id, third.id).output


def test_the_body_goes_back_as_it_came(broken: Lab) -> None:
    """Also what a later release wrote into it, and what this one cannot read."""
    strange = json.dumps({"type": "message", "schema": 9, "later": True})
    with broken.aside():
        files.put_parked("strange", json.dumps({"body": strange, "reason": "", "attributes": None}).encode())
    (letter,) = [letter for letter in aside(broken) if letter.id == "strange"]
    assert (letter.what, letter.provider, letter.reason) == ("unreadable", "", "it was received too often")
    assert strange in "".join(shopbell("show", "strange").output.split("  "))
    list(letters.redrive([letter], 50, lambda seconds: None))
    (message,) = broken.take(1)
    assert message["Records"][0]["body"] == strange


def test_drop_forgets_what_was_chosen_and_only_with_yes(broken: Lab) -> None:
    assert "1 would be forgotten in shopbell-prod" in shopbell("drop", "--provider", "custom").output
    assert len(aside(broken)) == 5
    assert "1 dropped" in shopbell("drop", "--provider", "custom", "--yes").output
    assert {letter.provider for letter in aside(broken)} == {"twilio_sms"} and not broken.work()


@pytest.mark.parametrize("command", ["redrive", "drop"])
@pytest.mark.parametrize(
    ("words", "said"),
    [((), "say which"), (("nothing",), "no such thing put aside as nothing"), (("--reason", "x"), "nothing put aside")],
)
def test_a_command_that_chooses_nothing_says_what_to_do(
    broken: Lab, command: str, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(Unclear, match=said):
        shopbell(command, *words, "--yes")
    assert len(aside(broken)) == 5


def test_an_id_that_several_begin_with_is_not_shown(broken: Lab) -> None:
    with broken.aside():
        for id in ("same1", "same2"):
            files.put_parked(id, json.dumps({"body": "", "reason": "", "attributes": None}).encode())
    with pytest.raises(Unclear, match="give more"):
        shopbell("show", "same")


def test_what_a_stranger_wrote_does_not_steer_the_terminal(broken: Lab) -> None:
    with broken.aside():
        body = {"body": "\x1b[2J", "reason": "\x1b[31m", "attributes": None}
        files.put_parked("steering", json.dumps(body).encode())
    assert "\x1b[2J" not in shopbell("show", "steering").output
    assert "\x1b[31m" not in shopbell("list").output


def handed_on(lab: Lab) -> letters.Letter:
    """An acknowledgement that the provider did not take for days."""
    lab.ring("twilio_sms", lab.say("Hello"))
    lab.settle()
    lab.world.fail(part="twilio_sms", status=503, times=100_000)
    lab.ring("slack", lab.say("An answer", 2, "slack", thread=lab.thread()))
    lab.settle()
    lab.world.faults.clear()
    lab.tick()
    (letter,) = aside(lab)
    return letter


@pytest.mark.usefixtures("impatient")
def test_what_was_on_its_way_out_tells_by_whom_it_came(lab: Lab) -> None:
    letter = handed_on(lab)
    assert (letter.what, letter.provider) == ("on its way out", "slack")


@pytest.mark.usefixtures("impatient")
def test_a_reply_that_was_told_as_not_sent_is_not_sent_by_a_redrive(lab: Lab) -> None:
    letter = handed_on(lab)
    before = len(lab.texts())
    list(letters.redrive([letter], 50, lambda seconds: None))
    lab.settle()
    assert len(lab.texts()) == before  # the agent was told, and may have written again


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("2h", 7200), ("3d", 3 * 86400), ("0m", 0)])
def test_times_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "h", "2", "2w", "-1h", "1.5h", "²h", "1" * 9 + "d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write it like"):
        duration(text)


def test_where_it_is_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --here a command never touches this machine's Shopbell."""
    asked: list[Any] = []
    monkeypatch.setattr(stack, "inhabit", lambda *where: asked.append(where))
    monkeypatch.setattr(aws, "region", lambda: "eu-central-1")
    assert stack.place(False, "test", "eu-central-1", None) == "shopbell-test in eu-central-1"
    assert asked == [("test", "eu-central-1")]
