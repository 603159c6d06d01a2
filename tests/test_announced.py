"""Messages that a webhook only announced: fetched before anything is recorded, never lost, never half sent."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import queue, store
from chalicelib.models.inbound import Message
from chalicelib.models.shop import Acknowledgement
from chalicelib.models.values import Channel
from chalicelib.process import announced
from chalicelib.providers import resend
from infra.simulate import resend as simulator
from tests.lab import ANNOUNCED_SHOP, Lab, laboratory
from tests.lab.everything import EVERYTHING_SECRETS, queued

CUSTOMER = simulator.CUSTOMER


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory(ANNOUNCED_SHOP, EVERYTHING_SECRETS) as lab:
        yield lab


def mail(lab: Lab, number: int = 1, **over: Any) -> dict[str, Any]:
    """A mail as the API shows it, and as the outside world keeps it."""
    (one,) = [lab.say(f"Is the kettle blue? ({number})", number, "resend")]
    body = json.loads(simulator.compose([one], resend_config()).body)
    shown = {**(simulator.opened(body["data"]["email_id"]) or {}), **over}
    kept = lab.world.state.setdefault("resend", {}).setdefault("received", {})
    kept[f"mail-{number}"] = shown
    return shown


def resend_config() -> resend.Config:
    prefix = "SHOPBELL_RESEND_"
    given = {name.removeprefix(prefix).lower(): value for name, value in EVERYTHING_SECRETS.items()
             if name.startswith(prefix)}  # fmt: skip
    return resend.Config.model_validate(given)


def announce(lab: Lab, shown: dict[str, Any], number: int = 1) -> None:
    """Post the webhook that announces a mail."""
    told = {name: shown[name] for name in simulator.LISTED}
    data = {"email_id": f"mail-{number}", **told, "attachments": []}
    body = {"type": "email.received", "created_at": lab.now.isoformat(), "data": data}
    assert lab.post_signed("resend", json.dumps(body).encode()) == 200


def fetches(lab: Lab) -> list[str]:
    return [call for call in lab.seam.calls if call.startswith("resend.") and call != "resend.emails"]


def work(lab: Lab) -> None:
    while lab.work():
        pass


def sizes_on_the_queue(lab: Lab) -> list[int]:
    """How long each message is that is put on the queue from now on."""
    sizes: list[int] = []

    def measure(number: int, name: str, apply: Callable[[], Any], given: Any) -> Any:
        if name.startswith("sqs.SendMessageBatch"):
            sizes.extend(len(entry["MessageBody"]) for entry in json.loads(given.body)["Entries"])
        return apply()

    lab.seam.intercept = measure
    return sizes


def put_aside(lab: Lab) -> str:
    """What the owner is told once a message lies in the dead-letter queue."""
    lab.settle()
    assert len(lab.dead_letters()) == 1
    before = len(lab.posts())
    lab.tick()
    lab.settle()
    return "".join(entry.text for entry in lab.posts()[before:])


# ---- all goes well ----------------------------------------------------------------------------------------------


def test_the_whole_mail_reaches_the_desk_from_a_proved_sender(lab: Lab) -> None:
    announce(lab, mail(lab))
    (waiting,) = queued(lab)
    assert isinstance(waiting, Message) and waiting.late and waiting.sender.channel is Channel.UNVERIFIED_EMAIL
    lab.settle()
    (card,), (acknowledgement,) = lab.posts(), lab.texts()
    assert "Is the kettle blue? (1)" in card.text
    assert (acknowledgement.to, acknowledgement.text) == (CUSTOMER, "Thank you for writing to Corner Shop.")
    contact = next(store.heads())
    assert [(heard.address.channel, heard.address.id) for heard in contact.heard] == [("email", CUSTOMER)]
    assert len(fetches(lab)) == 1


def test_it_is_fetched_before_anything_is_read_or_written(lab: Lab) -> None:
    announce(lab, mail(lab))
    lab.seam.calls.clear()
    lab.work()
    assert lab.seam.calls[0] == fetches(lab)[0] and lab.seam.calls[1] == "dynamodb.BatchGetItem"


def test_it_is_recorded_once_however_often_it_is_announced(lab: Lab) -> None:
    shown = mail(lab)
    for _ in range(3):
        announce(lab, shown)
        lab.settle()
    assert len(lab.posts()) == 1
    assert len(list(store.messages(next(store.heads()).conversation.id))) == 1  # type: ignore[union-attr]


def test_an_agents_answer_waits_in_the_threads_group_and_reaches_the_customer(lab: Lab) -> None:
    announce(lab, mail(lab))
    lab.settle()
    lab.ring("resend", lab.say("Yes, it is blue.", 2, "resend", thread=lab.thread(), sender="ann@shop.example"))
    (waiting,) = queued(lab)
    assert isinstance(waiting, Message) and queue.group(waiting).startswith("desk#") and waiting.thread == lab.thread()
    lab.settle()
    assert [entry.text for entry in lab.texts()][1:] == ["Yes, it is blue."]


def test_a_very_long_text_goes_out_in_parts(lab: Lab) -> None:
    announce(lab, mail(lab, text="A very long story. " * 40_000))
    lab.settle()
    texts = "".join(entry.text for entry in lab.posts())
    assert texts.count("A very long story.") >= 39_990
    (row,) = store.messages(next(store.heads()).conversation.id)  # type: ignore[union-attr]
    assert row["text_file"] == f"text/{row['claim']}"


def test_a_very_long_answer_of_an_agent_is_handed_on_by_reference(lab: Lab) -> None:
    announce(lab, mail(lab))
    lab.settle()
    agents = {"from": "ann@shop.example", "to": [f"bell+{lab.thread()}@in.shop.example"]}
    long = mail(lab, 2, text="A very long answer. " * 15_000, **agents)
    long["headers"]["authentication-results"] = "amazonses.com; dmarc=pass header.from=shop.example"
    sizes = sizes_on_the_queue(lab)
    announce(lab, long, 2)
    lab.settle()
    assert 0 < max(sizes) <= queue.LARGEST
    assert "".join(entry.text for entry in lab.texts()).count("A very long answer.") >= 14_990
    assert not lab.dead_letters()


def test_our_own_mail_that_comes_back_is_not_recorded(lab: Lab) -> None:
    shown = mail(lab)
    shown["headers"]["X-Shopbell-Loop"] = "hello@mail.shop.example"
    announce(lab, shown)
    lab.settle()
    assert not lab.world.ledger and not list(store.heads()) and not lab.dead_letters()


# ---- something goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 503}, {"status": 429}, {"hang": 9.0}, {"status": 404}])
def test_what_fails_for_a_while_only_comes_later_and_in_order(lab: Lab, how: dict[str, Any]) -> None:
    lab.world.fail(part="resend", path="/receiving/", times=3, **how)
    announce(lab, mail(lab))
    announce(lab, mail(lab, 2), 2)
    work(lab)
    assert not lab.world.ledger and not list(store.heads())
    lab.settle(timedelta(hours=1))
    assert ["(1)" in entry.text for entry in lab.posts()] == [True, False]
    assert not any("could not be fetched" in entry.text for entry in lab.world.ledger)


def test_what_is_gone_is_recorded_as_far_as_it_is_known_and_not_acknowledged(lab: Lab) -> None:
    """Not even where the unproved are acknowledged."""
    lab.shop = lab.shop.model_copy(update={"acknowledgement": Acknowledgement(text="Thanks.", forms=True)})
    shown = mail(lab)
    lab.world.state["resend"]["received"].clear()
    announce(lab, shown)
    work(lab)
    assert not lab.world.ledger  # it may only be late
    began = lab.now
    lab.settle()
    (card,) = lab.world.ledger
    assert shown["subject"] in card.text and "could not be fetched: Resend: Email not found" in card.text
    recorded = datetime.fromisoformat(card.at)
    assert began + announced.REST_WAITS <= recorded < began + 3 * announced.REST_WAITS
    assert not lab.dead_letters()


def test_half_an_agents_answer_never_leaves(lab: Lab) -> None:
    announce(lab, mail(lab))
    lab.settle()
    before = len(lab.texts())
    agents = mail(lab, 2, **{"from": "ann@shop.example", "to": [f"bell+{lab.thread()}@in.shop.example"]})
    del lab.world.state["resend"]["received"]["mail-2"]
    announce(lab, {**agents, "subject": "You may keep it for half the price"}, 2)
    told = put_aside(lab)
    assert len(lab.texts()) == before
    assert "could not be fetched: Resend: Email not found" in told


def test_the_rest_of_another_message_is_never_taken(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = resend.complete
    monkeypatch.setattr(resend, "complete", lambda item, how: whole(item, how).model_copy(update={"id": "other"}))  # type: ignore[union-attr]
    announce(lab, mail(lab))
    assert "the rest of another message" in put_aside(lab)
    assert not list(store.heads())


def test_what_nobody_can_complete_is_put_aside(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    announce(lab, mail(lab))
    monkeypatch.delattr(resend, "complete")
    assert "cannot tell the rest" in put_aside(lab)


def test_when_it_is_parked_the_next_message_posts_the_card(lab: Lab) -> None:
    """It waits under the address that was proved, not under the one that its webhook told."""
    first = True

    def fail(number: int, name: str, apply: Callable[[], Any], given: Any) -> Any:
        if name == "resend.emails" and first:
            raise ValueError("ours")
        return apply()

    lab.seam.intercept = fail
    announce(lab, mail(lab))
    lab.work()
    conversation = next(store.heads()).conversation
    assert conversation and conversation.opener and not conversation.thread
    while not lab.dead_letters():
        lab.wait()
        work(lab)
    freed = next(store.heads()).conversation
    assert freed and not freed.opener
    first = False
    announce(lab, mail(lab, 2), 2)
    lab.settle(timedelta(minutes=5))
    assert any("(2)" in entry.text for entry in lab.posts())
