"""Slack as a customers' channel: where an answer stands, what is changed and found again, what is refused."""

from typing import Any

import pytest

from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.outbound import Content
from chalicelib.providers import slack_connect
from infra.world import Entry
from tests.lab import Lab
from tests.lab.everything import Door, config, outgoing, said

CONFIG = config("slack_connect")
FIRST = "1763651001.000001"


def sent(front: Door, **rest: Any) -> Entry:
    slack_connect.send(outgoing("slack_connect", **rest), CONFIG)
    return front.world.ledger[-1]


def test_an_answer_stands_below_what_they_wrote_last(front: Door) -> None:
    entry = sent(front, text="Two are <left> & reserved", context={"thread": FIRST})
    assert (entry.part, entry.to, entry.thread) == ("slack_connect", "C0ACME", FIRST)
    assert entry.raw["text"] == "Two are &lt;left&gt; &amp; reserved" and entry.raw["mrkdwn"] is False


def test_who_is_written_to_first_is_written_to_in_the_channel(front: Door) -> None:
    assert sent(front, context={}).thread == ""


@pytest.mark.parametrize("to", ["", "C0ACME", "U0JO", "C0ACME/", "c0acme/u0jo", "C0ACME/U0JO/x", "x\nC0ACME/U0JO"])
def test_nothing_goes_to_what_is_no_address(to: str, front: Door) -> None:
    with pytest.raises(SendFailed) as failure:
        slack_connect.send(outgoing("slack_connect", to=to), CONFIG)
    assert failure.value.outcome is Outcome.REFUSED and not front.world.ledger


def test_an_answer_is_changed_and_taken_back(front: Door) -> None:
    posted = sent(front)
    changed = sent(front, text="Three & more", change="edit", refers=f"C0ACME:{posted.id}")
    assert (changed.what, changed.text, changed.raw["text"]) == ("edit", "Three & more", "Three &amp; more")
    assert sent(front, text="", change="delete", refers=f"C0ACME:{changed.raw['ts']}").what == "delete"
    sent(front, text="", change="delete", refers=f"C0ACME:{changed.raw['ts']}")  # it is gone already


def test_what_arrived_is_found_by_its_key(front: Door) -> None:
    posted = slack_connect.send(outgoing("slack_connect", key="a-key", context={"thread": FIRST}), CONFIG)
    ours = outgoing("slack_connect", key="a-key", context={"thread": FIRST})
    assert slack_connect.find(ours, CONFIG) == posted
    assert slack_connect.find(ours.model_copy(update={"key": "another"}), CONFIG) is None
    assert slack_connect.find(ours.model_copy(update={"change": "edit"}), CONFIG) is None
    with pytest.raises(SendFailed):
        slack_connect.find(ours.model_copy(update={"file": Content(name="a.pdf", type="x/y", data=b"1")}), CONFIG)


def test_two_people_of_a_channel_are_two_customers_answered_each_in_their_thread(lab: Lab) -> None:
    for user, text in (("U0JO", "Is it back?"), ("U0MAX", "Where is ours?")):
        lab.ring("slack_connect", said("slack_connect", text, sender=f"C0ACME/{user}"))
        lab.settle()
    theirs = [entry for entry in lab.world.ledger if entry.part == "slack_connect"]
    assert len(theirs) == 2 and {entry.to for entry in theirs} == {"C0ACME"}
    assert len({entry.thread for entry in theirs}) == 2 and all(entry.thread for entry in theirs)
    assert len({post.thread or post.id for post in lab.posts()}) == 2
