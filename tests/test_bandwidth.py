"""Bandwidth: what proves a webhook, the tokens that it lends, what becomes of what it takes and refuses."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import bandwidth
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra import simulate
from infra.world import File
from infra.world import bandwidth as part
from tests.lab.everything import Case, Door, calls, cases, config

CONFIG = config("bandwidth")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://shop.example/webhooks/bandwidth"


def test_user_and_password_prove_it() -> None:
    right = simulate.basic("us", (SecretStr("old"),))
    for user, passwords, taken in (("us", "new old", True), ("them", "old", False), ("us", "new", False)):
        how = bandwidth.Config.model_validate({"webhook_user": user, "webhook_password": passwords})
        if taken:
            bandwidth.verify(Request(url=URL, headers=right, at=AT), how)
            continue
        with pytest.raises(BadSignature):
            bandwidth.verify(Request(url=URL, headers=right, at=AT), how)


# ---- reading ----------------------------------------------------------------------------------------------------


def read(body: Any) -> list[Message | Receipt]:
    return bandwidth.parse(Request(url=URL, body=json.dumps(body).encode(), at=AT), CONFIG)


@pytest.mark.parametrize("case", cases("bandwidth"), ids=lambda case: case.name)
def test_its_library_reads_the_same(case: Case) -> None:
    """What it does not know is what we ignore on purpose."""
    from bandwidth.models.inbound_callback import InboundCallback
    from bandwidth.models.status_callback import StatusCallback

    for event in json.loads(case.body):
        if event["type"] == "message-pondered":
            continue
        theirs: Any = (InboundCallback if event["to"] == "+12065550100" else StatusCallback).from_dict(event)
        for item in read([event]):
            if isinstance(item, Message):
                assert (item.id, item.sender.id) == (theirs.message.id, theirs.message.var_from)
                assert (item.text, item.sent_at) == (theirs.message.text or "", theirs.message.time)
                assert [file.reference for file in item.attachments] == (theirs.message.media or [])
            else:
                assert item.ids == (theirs.message.id,)
                assert theirs.error_code is None or str(theirs.error_code) in item.reason


@pytest.mark.parametrize("body", [{}, {"type": "message-received"}, None, "x"])
def test_what_is_no_array_is_kept_as_unreadable(body: Any) -> None:
    with pytest.raises(Unreadable):
        read(body)


@pytest.mark.parametrize("progress", ["sent", "delivered", "failed", "read"])
def test_receipts_of_the_world_are_understood(progress: str, front: Door) -> None:
    id = bandwidth.send(outgoing(), CONFIG)
    body = part.receipt(front.world.ledger[0], progress, front.world)
    items = read(json.loads(body)) if body else []
    means = {"delivered": Progress.DELIVERED, "failed": Progress.FAILED}.get(progress)
    assert [(item.progress, item.ids) for item in items if isinstance(item, Receipt)] == [(means, (id,))] * bool(means)


# ---- tokens -----------------------------------------------------------------------------------------------------


@pytest.fixture
def nothing_lent(front: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandwidth, "_tokens", {})


TOKEN, MESSAGE = "bandwidth.token", "bandwidth.messages"


@pytest.mark.usefixtures("nothing_lent")
def test_a_token_is_lent_once_and_again_when_its_hour_is_over(front: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for seconds in (0, 10, 3_539, 3_541):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: now + seconds)
        assert bandwidth.send(outgoing(), CONFIG)
    assert calls(front) == [TOKEN, MESSAGE, MESSAGE, MESSAGE, TOKEN, MESSAGE]


@pytest.mark.usefixtures("nothing_lent")
def test_another_client_has_a_token_of_its_own(front: Door) -> None:
    front.world.credentials = {**front.world.credentials, "SHOPBELL_BANDWIDTH_CLIENT_SECRET": "newer older"}
    for value in ("newer", "older"):
        bandwidth.send(outgoing(), CONFIG.model_copy(update={"client_secret": (SecretStr(value),)}))
    assert calls(front) == [TOKEN, MESSAGE] * 2


@pytest.mark.usefixtures("nothing_lent")
@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (500, "", Outcome.NOT_SENT),
        (429, "", Outcome.NOT_SENT),
        (401, "{}", Outcome.REFUSED),
        (200, "{}", Outcome.NOT_SENT),
        (200, '{"access_token": "x", "expires_in": "soon"}', Outcome.NOT_SENT),
        (200, "<html>", Outcome.NOT_SENT),
    ],
)
def test_without_a_token_nothing_is_sent(status: int, body: str, outcome: Outcome, front: Door) -> None:
    """Nobody sees that one was asked for: there is never doubt whether the message arrived."""
    front.world.fail(part="bandwidth", path="oauth2", status=status, body=body)
    assert failed().outcome is outcome and calls(front) == [TOKEN]
    assert bandwidth.send(outgoing(), CONFIG)


@pytest.mark.usefixtures("nothing_lent")
def test_no_answer_about_a_token_is_as_if_it_had_not_been_asked_for(front: Door) -> None:
    front.world.fail(part="bandwidth", hang=9.0)
    assert failed().outcome is Outcome.NOT_SENT


@pytest.mark.usefixtures("nothing_lent")
def test_a_token_that_was_taken_back_is_not_shown_again(front: Door) -> None:
    bandwidth.send(outgoing(), CONFIG)
    front.world.state["bandwidth"] = {"revoked": [bandwidth.token(CONFIG)]}
    refused = failed()
    assert refused.outcome is Outcome.REFUSED and refused.reason == "Bandwidth: Authentication Failed"
    front.world.state.clear()
    assert bandwidth.send(outgoing(), CONFIG)
    assert calls(front) == [TOKEN, MESSAGE, MESSAGE, TOKEN, MESSAGE]


def test_no_token_is_in_a_reason(front: Door) -> None:
    lent = bandwidth.token(CONFIG)
    front.world.fail(part="bandwidth", status=400, body=json.dumps({"description": f"Bad token {lent}"}))
    assert failed().reason == "Bandwidth: Bad token …"


def test_only_media_of_our_own_account_are_fetched(front: Door) -> None:
    """The token goes nowhere else, not even to another account's media at Bandwidth."""
    theirs = CONFIG.model_copy(update={"api_url": "https://messaging.bandwidth.com"})
    for reference in ("api/v2/users/5500124/media/a/0/b.png", "api/v2/users/5500123/messages", "x"):
        with pytest.raises(SendFailed) as caught:
            bandwidth.fetch(Attachment(reference=f"https://messaging.bandwidth.com/{reference}"), theirs, 100)
        assert caught.value.outcome is Outcome.REFUSED and "not the provider" in caught.value.reason
    front.world.hold("bandwidth", "a/0/b.png", File("b.png", "image/png", b"png"))
    reference = f"{CONFIG.api_url}/api/v2/users/5500123/media/a/0/b.png"
    assert bandwidth.fetch(Attachment(reference=reference), CONFIG, 100).data == b"png"


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "+12065550171", "text": "Ja, zwei. 🙂", **rest})


def failed(how: bandwidth.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        bandwidth.send(outgoing(**rest), how)
    return caught.value


@pytest.mark.parametrize("letter", ["👟", "ж", "€", "ä"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    assert bandwidth.send(outgoing(text=parts_for(letter * 3_000, bandwidth.can)[0]), CONFIG)
    assert "2048" in failed(text=letter * 2_049).reason


def test_what_bandwidth_refuses_is_told_in_its_words(front: Door) -> None:
    wrong = CONFIG.model_copy(update={"number": "+12065550199", "application_id": "x"})
    assert failed(wrong).reason.startswith("Bandwidth: applicationId: is not")
    assert "; from: must be a number" in failed(wrong).reason
    assert "to: must" in failed(to="72404").reason and "text: must" in failed(text="").reason
    assert not front.world.ledger


@pytest.mark.parametrize("id", ["", None, 5, []])
def test_an_answer_without_an_id_is_unknown(id: Any, front: Door) -> None:
    front.world.fail(part="bandwidth", status=202, body=json.dumps({"id": id}))
    assert failed().outcome is Outcome.UNKNOWN
