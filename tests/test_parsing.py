"""What comes to one address for two providers: both are heard, if the shop has enabled them."""

import json
from dataclasses import replace

import pytest

from chalicelib import parsing, providers, settings
from chalicelib.errors import Unreadable
from chalicelib.models.inbound import Message, Raw
from tests.lab import Lab
from tests.lab.everything import Case, Door, calls, composed, config, post, queued, said, signed

PAIRS = [(called, other) for called, others in providers.BESIDE.items() for other in others]


def both(called: str, other: str) -> Case:
    """A webhook of one app that tells of both, as it comes to the one that is called."""
    mine, theirs = (composed(name, said(name, f"By {name}")) for name in (called, other))
    outer, more = json.loads(mine.body), json.loads(theirs.body)
    assert outer["object"] == more["object"]
    outer["entry"] += more["entry"]
    return mine._replace(body=json.dumps(outer).encode())


def heard(lab: Lab) -> list[str]:
    """Whose messages lie on the queue."""
    return [item.provider for item in queued(lab) if isinstance(item, Message)]


@pytest.mark.parametrize(("called", "other"), PAIRS)
def test_either_address_hears_both(called: str, other: str, front: Door) -> None:
    """In one go to the queue, and each as its own provider says it."""
    assert post(front, signed(both(called, other)), called).status == 200
    (alone,) = providers.load(other).parse(signed(composed(other, said(other, f"By {other}"))), config(other))
    found = [item for item in queued(front) if isinstance(item, Message)]
    assert [(item.provider, item.text) for item in found] == [(called, f"By {called}"), (other, f"By {other}")]
    assert found[1].claim == alone.claim and calls(front) == ["sqs.SendMessageBatch"]


@pytest.mark.parametrize(("called", "other"), PAIRS)
def test_who_is_not_enabled_is_not_heard(called: str, other: str, front: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "enabled", lambda name, account: name != other)
    assert post(front, signed(both(called, other)), called).status == 200
    assert heard(front) == [called]


def test_what_one_cannot_read_costs_neither(front: Door) -> None:
    case = both("messenger", "facebook_page")
    outer = json.loads(case.body)
    outer["entry"].append({"id": outer["entry"][0]["id"], "changes": [{"field": "feed"}]})
    case = case._replace(body=json.dumps(outer).encode())
    with pytest.raises(Unreadable) as caught:
        parsing.parsed(signed(case), "messenger", "", config("messenger"))
    assert [item.provider for item in caught.value.items] == ["messenger", "facebook_page"]
    assert post(front, signed(case), "messenger").status == 200
    assert isinstance(queued(front)[-1], Raw) and len(queued(front)) == 3


def test_the_worker_hears_both_in_what_is_large(lab: Lab) -> None:
    """More than the queue takes at once: the worker splits it."""
    case = both("facebook_page", "messenger")
    outer = json.loads(case.body)
    (chat,) = outer["entry"][1]["messaging"]
    many = [{**chat, "message": {"mid": f"m{number}", "text": f"number {number}"}} for number in range(50)]
    outer["entry"][1]["messaging"] = many
    request = signed(case._replace(body=json.dumps(outer).encode()))
    assert post(lab, replace(request, at=lab.now), "facebook_page").status == 200
    assert [item.type for item in queued(lab)] == ["raw"]
    lab.work()
    assert heard(lab) == ["facebook_page", *["messenger"] * 50]
