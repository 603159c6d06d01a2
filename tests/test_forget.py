"""Forgetting somebody: all that was theirs is gone, wherever it lay, and nothing of anybody else."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from chalicelib import files, queue
from chalicelib.models.inbound import Handed, Item, Message, Raw
from chalicelib.models.values import Address, Channel
from infra import erase, export, forget, person, stack
from infra.simulate import File
from tests.lab import Lab, laboratory
from tests.lab.flows import MIRA, OTTO, agent_replies, agent_says, linked, nothing_left, opened, thread_of, two_open

PHOTO = File("kettle.jpg", "image/jpeg", b"\xff\xd8\xff of a kettle")
ASKED = person.Asked(phone=MIRA)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory() as lab:
        yield lab


def run(lab: Lab, asked: person.Asked = ASKED) -> erase.Receipt:
    with lab.aside():
        return erase.forget(asked, lambda: lab.now)


def everything(lab: Lab) -> str:
    """All that is kept anywhere, and all that stands at the desks."""
    gone = lab.world.state.get("slack", {}).get("deleted", [])
    stands = [one.text for one in lab.posts() if one.id not in gone]
    return str([lab.rows(), lab.objects(), stands, [one.body for one in lab.dead_letters()]])


def sms(text: str, number: int, sender: str = MIRA) -> Message:
    address = Address(channel=Channel.SMS, id=sender)
    return Message(provider="twilio_sms", id=f"SM{number}", sender=address, text=text)


def test_a_receipt_counts_and_names_nobody(lab: Lab) -> None:
    opened(lab)
    agent_replies(lab)
    receipt = run(lab)
    assert (receipt.counts["messages"], receipt.counts["posts"], receipt.counts["conversations"]) == (2, 1, 1)
    assert not receipt.left
    assert MIRA[1:] not in str(receipt)
    assert MIRA[1:] not in everything(lab)


def test_a_second_run_finds_nothing_and_changes_nothing(lab: Lab) -> None:
    opened(lab)
    run(lab)
    before = lab.rows()
    assert not +run(lab).counts
    assert [row["pk"] for row in lab.rows()] == [row["pk"] for row in before]


def test_whoever_is_linked_goes_along_and_is_apart_afterwards(lab: Lab) -> None:
    linked(lab)
    run(lab, person.Asked(phone=OTTO))
    kept = everything(lab)
    assert not [words for words in ("Is it blue?", "Where is my order?", "same voice", MIRA[1:]) if words in kept]
    lab.now += timedelta(minutes=2)
    lab.ring("twilio_sms", lab.say("Good morning", 7))
    lab.ring("twilio_sms", lab.say("Good evening", 8, sender=OTTO))
    lab.settle()
    assert thread_of(lab, "Good morning") != thread_of(lab, "Good evening")


def test_nobody_else_loses_a_word(lab: Lab) -> None:
    two_open(lab)
    run(lab)
    kept = everything(lab)
    assert "Is it blue?" in kept
    assert "Where is my order?" not in kept
    agent_says(lab, "Yes", "Is it blue?", 30)
    lab.settle()
    assert [entry.to for entry in lab.texts() if entry.text == "Yes"] == [OTTO]


def test_an_agent_who_writes_in_the_thread_is_told_and_nothing_is_kept(lab: Lab) -> None:
    opened(lab)
    thread = lab.thread()
    run(lab)
    lab.now += timedelta(minutes=2)
    lab.ring("slack", lab.say("She moved to Bremen", 20, "slack", thread=thread))
    lab.settle()
    assert "Bremen" not in everything(lab)
    assert lab.world.ledger[-1].what == "reaction"
    assert lab.world.ledger[-1].text == "x"
    assert not [entry for entry in lab.texts() if "Bremen" in entry.text]


def test_files_and_long_texts_go(lab: Lab) -> None:
    lab.ring("custom", lab.say(f"the beginning {'x' * 6000}", 1, "custom", files=(PHOTO,), sender="mira"))
    lab.settle()
    assert {place.partition("/")[0] for place in lab.objects()} == {"files", "text"}
    (head,) = lab.heads()
    receipt = run(lab, person.Asked(contact=head.id))
    assert not lab.objects()
    assert receipt.counts["files"] == 2
    assert not [entry for entry in lab.files() if entry.id not in lab.world.state["slack"]["deleted"]]


def test_whole_webhooks_that_name_them_go_when_they_are_surely_read(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(lab)
    with lab.aside():
        files.put_raw(b'{"from": "%s"}' % MIRA.encode())
        files.put_raw(b'{"from": "%s"}' % OTTO.encode())
    lab.now = max(at for _, at in person.listed("raw/")) + timedelta(days=3)
    assert run(lab).counts["waiting webhooks"] == 1
    lab.now += timedelta(days=2)
    assert run(lab).counts["bodies"] == 1
    assert [OTTO[1:] in str(body) for body in lab.objects().values()] == [True]


def test_what_was_put_aside_goes(lab: Lab) -> None:
    opened(lab)
    (head,) = lab.heads()
    mine: list[Item] = [sms("hidden words", 20), Handed(claim="c", contact=head.id, group="g", deliveries=("000",))]
    others: list[Item] = [sms("other words", 21, OTTO), Raw(provider="twilio_sms", file="raw/x", at=lab.now)]
    with lab.aside():
        for number, item in enumerate([*mine, *others]):
            letter = {"body": queue.write(item), "reason": "", "attributes": {}}
            files.put_parked(f"letter{number}", json.dumps(letter).encode())
    assert run(lab).counts["put aside"] == len(mine)
    assert sorted(lab.objects()) == ["parked/letter2", "parked/letter3"]


def test_what_is_about_to_be_put_aside_goes_and_the_rest_stays(lab: Lab) -> None:
    opened(lab)
    with lab.aside():
        for number, item in enumerate((sms("hidden words", 20), sms("other words", 21, OTTO))):
            client = queue._sqs()
            client.send_message(
                QueueUrl=os.environ["DEAD_LETTERS_URL"],
                MessageBody=queue.write(item),
                MessageGroupId="g",
                MessageDeduplicationId=f"{number}",
            )
    assert run(lab).counts["put aside"] == 1
    assert "hidden words" not in everything(lab)
    assert "other words" in everything(lab)


def test_signs_that_two_are_one_go(lab: Lab) -> None:
    two_open(lab)
    lab.ring("twilio_sms", lab.say(f"Call {OTTO} about order 10371", 7))
    lab.settle()
    lab.ring("twilio_sms", lab.say("It is order 10371", 8, sender=OTTO))
    lab.settle()
    kinds = {row["pk"].partition("#")[0] for row in lab.rows()}
    assert {"CLUE", "PAIR"} <= kinds
    run(lab)
    assert not {"CLUE", "PAIR"} & {row["pk"].partition("#")[0] for row in lab.rows()}


def test_a_desk_that_is_down_leaves_it_unfinished_and_the_next_run_ends_it(lab: Lab) -> None:
    opened(lab)
    lab.world.fail(part="slack", path="chat.delete", status=503, times=1)
    with pytest.raises(erase.Unfinished, match="cannot be taken back now"):
        run(lab)
    assert "Where is my order?" in everything(lab)
    assert run(lab).counts["posts"] == 1
    assert not nothing_left(lab)


def test_whoever_is_not_known_is_said_so(lab: Lab) -> None:
    with lab.aside(), pytest.raises(person.Nobody, match=r"nobody here is known by \+49 30 1234567"):
        erase.forget(person.Asked(phone="+49 30 1234567"), lambda: lab.now)
    with pytest.raises(person.Nobody, match="in one way"):
        person.heads(person.Asked())
    with pytest.raises(person.Nobody, match="with its country"):
        person.heads(person.Asked(phone="mira"))


def test_the_command_says_first_and_asks(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(lab)
    monkeypatch.setattr(stack, "place", lambda *_: "the laboratory")
    monkeypatch.setattr(erase, "server_time", lambda: lab.now)
    with lab.aside():
        dry = CliRunner().invoke(forget.forget, ["--phone", MIRA, "--dry-run"])
        asked = CliRunner().invoke(forget.forget, ["--phone", MIRA], input="n\n")
        assert "Where is my order?" in everything(lab)
        done = CliRunner().invoke(forget.forget, ["--phone", MIRA, "--yes"])
    assert "posts of ours at the desks: 1" in dry.output
    assert "Nothing is erased" in dry.output
    assert asked.exit_code
    assert done.exit_code == 0
    assert "35 days" in done.output
    assert MIRA[1:] not in done.output
    assert "Where is my order?" not in everything(lab)


# ---- what is kept, for the one it is about ----------------------------------------------------------------------


def test_all_that_is_kept_is_told(lab: Lab) -> None:
    linked(lab)
    agent_says(lab, "It is on its way", "Where is my order?", 30)
    agent_says(lab, "// called twice", "Where is my order?", 31)
    lab.settle()
    with lab.aside():
        found = export.export(ASKED)
    said = [(one["direction"], one["text"]) for one in found["messages"]]
    assert said[0] == ("in", "Where is my order?")
    assert {("in", "Is it blue?"), ("out", "It is on its way"), ("note", "// called twice")} <= set(said)
    assert {one["id"] for contact in found["contacts"] for one in contact["addresses"]} == {MIRA, OTTO}
    assert len(found["conversations"]) == 2


def test_long_texts_and_files_are_told_whole(lab: Lab) -> None:
    lab.ring("custom", lab.say(f"the beginning {'x' * 6000}", 1, "custom", files=(PHOTO,), sender="mira"))
    lab.settle()
    with lab.aside():
        found = export.export(person.Asked(contact=lab.heads()[0].id))
    assert len(found["messages"][0]["text"]) > 6000
    assert set(export.media(found)) == {place for place in lab.objects() if place.startswith("files/")}
    assert found["messages"][0]["attachments"][0]["name"] == "kettle.jpg"


def test_the_file_is_for_the_person(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    two_open(lab)
    monkeypatch.setattr(stack, "place", lambda *_: "the laboratory")
    file = tmp_path / "mira.json"
    with lab.aside():
        done = CliRunner().invoke(forget.export, ["--phone", MIRA, "--output", str(file)])
        shown = CliRunner().invoke(forget.export, ["--phone", MIRA])
    assert done.exit_code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(shown.output)
    assert "Where is my order?" in file.read_text(encoding="utf-8")
    assert "Is it blue?" not in file.read_text(encoding="utf-8")
