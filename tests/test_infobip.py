"""Infobip: what proves a webhook, what becomes of what it takes and refuses, and its receipts."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import infobip
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra.world import infobip as part
from tests.lab.everything import Door, cases, config

CONFIG = config("infobip")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://shop.example/webhooks/infobip"


# ---- the proof --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pair", "taken"), [("us:er", False), ("us:pass:word", True), ("us:old", True), ("us:pass", False), ("us", False)]
)
def test_user_and_password_prove_it(pair: str, taken: bool) -> None:
    """A password may hold a colon, a user may not (RFC 7617)."""
    how = infobip.Config.model_validate({"webhook_user": "us", "webhook_password": "pass:word old"})
    shown = "Basic " + base64.b64encode(pair.encode()).decode()
    for header, right in ((shown, taken), (shown.replace("Basic", "basic"), False), (shown + "=", False), ("", False)):
        request = Request(url=URL, headers={"authorization": header}, at=AT)
        if right:
            infobip.verify(request, how)
            continue
        with pytest.raises(BadSignature):
            infobip.verify(request, how)


# ---- reading ----------------------------------------------------------------------------------------------------


def read(body: Any) -> list[Message | Receipt]:
    return infobip.parse(Request(url=URL, body=json.dumps(body).encode(), at=AT), CONFIG)


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {}}, {"requestError": {}}])
def test_a_webhook_without_results_is_kept_as_unreadable(body: Any) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_a_report_that_cannot_be_read_costs_no_other() -> None:
    both = json.loads(next(case for case in cases("infobip") if case.name == "two_reports").body)
    both["results"].insert(1, {"status": {"groupName": "DELIVERED"}})
    with pytest.raises(Unreadable) as caught:
        read(both)
    assert [item.progress for item in caught.value.items] == [Progress.FAILED, Progress.DELIVERED]


@pytest.mark.parametrize("progress", ["sent", "delivered", "failed", "read"])
def test_receipts_of_the_world_are_understood(progress: str, front: Door) -> None:
    id = infobip.send(outgoing(), CONFIG)
    body = part.receipt(front.world.ledger[0], progress, front.world)
    items = read(json.loads(body)) if body else []
    means = {"delivered": Progress.DELIVERED, "failed": Progress.FAILED}.get(progress)
    assert [(item.progress, item.ids) for item in items if isinstance(item, Receipt)] == [(means, (id,))] * bool(means)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "+4915700000061", "text": "Ja, zwei. 🙂", **rest})


def failed(how: infobip.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        infobip.send(outgoing(**rest), how)
    return caught.value


@pytest.mark.parametrize("letter", ["👟", "ж", "€", "ä"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    assert infobip.send(outgoing(text=parts_for(letter * 3_000, infobip.can)[0]), CONFIG)
    assert "too long" in failed(text=letter * 1_531).reason


def test_what_infobip_refuses_is_told_in_its_words(front: Door) -> None:
    assert "sender" in failed(CONFIG.model_copy(update={"number": "4930000000"})).reason
    assert "phone number" in failed(to="72404").reason and "content.text" in failed(text="").reason
    assert "credentials" in failed(CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)})).reason
    assert not front.world.ledger


def test_what_it_takes_and_rejects_at_once_is_refused(front: Door) -> None:
    """With HTTP status 200: the message's own status says it."""
    front.world.state["infobip"] = {"no_credit": True}
    refused = failed()
    assert (refused.reason, refused.outcome) == ("Infobip: Not enough credits", Outcome.REFUSED)
    assert not front.world.ledger


@pytest.mark.parametrize("messages", [[], [{}], [5], None, [{"messageId": "a", "status": None}], [{}, {}]])
def test_an_answer_without_one_message_is_unknown(messages: Any, front: Door) -> None:
    front.world.fail(part="infobip", status=200, body=json.dumps({"bulkId": "b", "messages": messages}))
    assert failed().outcome is Outcome.UNKNOWN
