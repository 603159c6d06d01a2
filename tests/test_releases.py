"""What a release wrote is read by the next and the other way round: so a deployment and a rollback find all in order.

`tests/golden/releases/` holds what each release left in the middle of things, and its fields (see lab/releases.py).
"""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws
from chalicelib.models.inbound import ITEM, Progress
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim
from chalicelib.models.values import Channel
from chalicelib.store import keys
from infra import letters
from tests.lab import DEAD, QUEUE, Lab
from tests.lab.flows import judge, last_reply
from tests.lab.releases import (
    FIELDS,
    QUEUED,
    RELEASES,
    ROWS,
    Kept,
    Stop,
    apart,
    attributes,
    died,
    fields,
    flow,
    kind,
    left,
    resumed,
)

MORE_CHANNELS = tuple(f"channel: '{one}' is new" for one in Channel)  # put aside there, redriven by whoever knows it
LATER = {"ORDER", "ORDERS", "order", "demand"}  # kinds since then: there the messages are put aside, the rows fade
# what the release before cannot read, each with what becomes of it there
AGREED = frozenset(f": {one} is there in one of them only" for one in LATER if one.islower())
OF_THEMSELVES = tuple(f"{name}#" for name in ("ADDRESS", "CONTACT", "FRAGMENT", "DESK", "WATCH", "DAY", "CLUE", "PAIR"))
FOLDERS = sorted(RELEASES.iterdir(), key=lambda folder: [int(part) for part in folder.name.split(".")])
LAST = FOLDERS[-1]
FILES = [file for folder in FOLDERS for file in sorted(folder.glob("*.json")) if file.name != FIELDS]
EACH = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name} {file.stem}")


@cache
def kept(file: Path) -> Kept:
    found: Kept = json.loads(file.read_text())
    return found


def of(folder: Path) -> list[Kept]:
    return [kept(file) for file in FILES if file.parent == folder]


def rows(those: list[Kept]) -> list[dict[str, Any]]:
    return [row for one in those for row in one["rows"]]


def bodies(those: list[Kept]) -> list[str]:
    return [message["body"] for one in those for name in (QUEUE, DEAD) for message in one["queues"][name]]


@cache
def of_now() -> list[Kept]:
    """What this release leaves in the same places."""
    return [left(Stop(one["flow"], one["call"], one["times"])) for one in of(LAST)]


# ---- this release reads what those before it wrote --------------------------------------------------------------


@EACH
def test_what_a_release_left_unfinished_is_finished_here(file: Path) -> None:
    there = kept(file)
    with resumed(there) as lab:
        for _ in range(4):
            lab.settle()
            lab.now += timedelta(minutes=1)
            lab.tick()
        assert judge(lab, flow(there["flow"]), died(there), there["calls"]) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_rows_and_queue_messages_say_the_same_here(folder: Path) -> None:
    then = json.loads((folder / FIELDS).read_text())
    for row in rows(of(folder)):
        if kind(row) in ROWS:
            said = {name: one for name, one in as_json(row).items() if name in then[kind(row)]["properties"]}
            assert not lost(said, ROWS[kind(row)].model_validate(aws.decode(row)).model_dump(mode="json"))
    for body in bodies(of(folder)):
        assert not lost(json.loads(body), ITEM.validate_json(body).model_dump(mode="json"))


def lost(said: Any, read: Any, place: str = "") -> list[str]:
    """Where something that was written does not come out as it was."""
    if isinstance(said, dict) and isinstance(read, dict):
        names = [name for name in said if name != "schema"]
        return [one for name in names for one in lost(said[name], read.get(name), f"{place}.{name}")]
    if isinstance(said, list) and isinstance(read, list) and len(said) == len(read):
        return [one for pair in zip(said, read, strict=True) for one in lost(*pair, place)]
    same = str(said).replace("+00:00", "Z") == str(read).replace("+00:00", "Z")  # a mark writes its times otherwise
    return [] if same else [f"{place}: {said!r} is {read!r}"]


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """A row's values as JSON would have them."""
    found: dict[str, Any] = json.loads(json.dumps(aws.decode(row), default=int))
    return found


def test_every_kind_of_row_and_queue_message_is_kept() -> None:
    every = {name.removesuffix("_key").upper() for name in vars(keys) if name.endswith("_key") and name != "_key"}
    assert {kind(row) for row in rows(of_now())} == every - LATER
    assert {json.loads(body)["type"] for body in bodies(of_now())} == {*QUEUED} - LATER


def test_a_customer_of_the_release_before_is_known() -> None:
    """A receipt is of what was sent, what comes again is a duplicate, and a thread leads where it led."""
    with resumed(kept(LAST / "04-receipt.json")) as lab:
        lab.settle()
        reply, before = last_reply(lab), len(lab.posts())
        assert [one.receipt for one in deliveries(lab) if one.provider_id == reply.id] == [Progress.DELIVERED]
        lab.ring("twilio_sms", lab.say("Where is my order?"))
        lab.settle()
        assert len(lab.posts()) == before
        lab.ring("twilio_sms", lab.say("And the other one?", 2))
        lab.ring("slack", lab.say("Tomorrow", 11, "slack", thread=lab.thread()))
        lab.settle()
        assert f"{lab.posts()[-1].to}:{lab.posts()[-1].thread}" == lab.thread()
        assert lab.texts()[-1].text == "Tomorrow"
        assert sum("Thank you for writing" in text.text for text in lab.texts()) == 1


def deliveries(lab: Lab) -> list[Delivery]:
    claims = [Claim.model_validate(row) for row in lab.rows() if row["pk"].startswith("CLAIM#")]
    return [one for claim in claims for one in claim.in_order]


def test_what_the_release_before_put_aside_can_be_redriven() -> None:
    with resumed(kept(LAST / "09-what-nobody-can-read.json")) as lab, lab.aside():
        (letter,) = letters.everything()
        assert (letter.what, letter.provider, letter.reason) == (
            "a whole webhook",
            "slack",
            "a signed webhook that cannot be read",
        )
        assert list(letters.redrive([letter], 1, lambda seconds: None)) == [letter]
        assert letters.everything() == []


# ---- the release before reads what this one writes --------------------------------------------------------------


def test_no_field_is_gone_or_needed_that_the_release_before_does_not_know() -> None:
    """What is said here must be so again, or stand in AGREED with what becomes of it after a rollback."""
    found = set(apart(json.loads((LAST / FIELDS).read_text()), fields()))
    assert {one for one in found if not one.endswith(MORE_CHANNELS)} == AGREED


def test_rows_are_where_the_release_before_looks_and_hold_what_it_looks_for() -> None:
    """Kinds whose keys come of what the outside world answers: see the test of a customer that is known."""
    for then, now in zip(of(LAST), of_now(), strict=True):
        there = {place(row): row for row in now["rows"]}
        for row in then["rows"]:
            assert place(row) in there or not row["pk"]["S"].startswith(OF_THEMSELVES)
            assert not attributes(row) - attributes(there.get(place(row), row)), f"{kind(row)} is without"


def place(row: dict[str, Any]) -> tuple[str, str]:
    return row["pk"]["S"], row["sk"]["S"]


# ---- these tests can fail ---------------------------------------------------------------------------------------


def rename(contact: Any) -> None:
    contact["properties"]["label"] = contact["properties"].pop("name")


def remove(contact: Any) -> None:
    del contact["properties"]["conversation"]["anyOf"][0]["properties"]["thread"]


def require(contact: Any) -> None:
    contact["properties"]["shoe_size"] = {"type": "string"}
    contact["required"].append("shoe_size")


def leave_out(contact: Any) -> None:
    contact["required"].remove("id")


def mean_another(contact: Any) -> None:
    contact["properties"]["blocked"]["default"] = True


def retype(contact: Any) -> None:
    contact["properties"]["version"]["type"] = "string"


def drop_word(contact: Any) -> None:
    words(contact).remove("sms")


def add_word(contact: Any) -> None:
    words(contact).append("carrier pigeon")


def words(contact: Any) -> list[str]:
    found: list[str] = contact["properties"]["heard"]["items"]["properties"]["address"]["properties"]["channel"]["enum"]
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename, ".CONTACT.name is gone"),
        (remove, ".CONTACT.conversation.anyOf[0].thread is gone"),
        (require, ".CONTACT.shoe_size must be there now"),
        (leave_out, ".CONTACT.id may be left out now"),
        (mean_another, ".CONTACT.blocked (left out): false is true now"),
        (retype, '.CONTACT.version.type: "integer" is "string" now'),
        (drop_word, ".CONTACT.heard.items.address.channel: 'sms' is gone"),
        (add_word, ".CONTACT.heard.items.address.channel: 'carrier pigeon' is new"),
    ],
)
def test_a_change_that_breaks_the_other_way_is_named(change: Callable[[Any], None], said: str) -> None:
    new = copy.deepcopy(fields())
    change(new["CONTACT"])
    assert list(apart(fields(), new)) == [said]


def test_a_field_more_that_may_be_left_out_breaks_nothing() -> None:
    new = copy.deepcopy(fields())
    new["CONTACT"]["properties"]["shoe_size"] = {"type": "string", "default": ""}
    assert list(apart(fields(), new)) == []
