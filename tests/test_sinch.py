"""Sinch: its signature by its own library, what becomes of what it takes and refuses, and its receipts."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import sinch
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra import simulate
from infra.world import sinch as part
from tests.lab.everything import Door, cases, config

CONFIG = config("sinch")
AT = datetime.fromtimestamp(1_634_579_353, UTC)
URL = "https://shop.example/webhooks/sinch"
# From sinch-sdk-python, tests/unit/domains/conversation/v1/sinch_events/test_conversation_sinch_event.py
SECRET, NONCE, SECONDS = "foo_secret1234", "01FJA8B4A7BM43YGWSG9GBV067", "1634579353"
SIGNATURE = "Yc+3R1pIS78xLASybulhs8BsSo9BPB3Pr92QCUoczfk="
BODY = (
    b'{"app_id":"01EB37HMH1M6SV18BSNS3G135H","accepted_time":"2020-11-17T15:09:11.659Z",'
    b'"project_id":"c36f3d3d-1513-2edd-ae42-11995557ff61",'
    b'"message_delivery_report":{"message_id":"01EQBC1A3BEK731GY4YXEN0C2R",'
    b'"conversation_id":"01EPYATA64TMNZ1FV02JKF12JF","status":"QUEUED_ON_CHANNEL",'
    b'"contact_id":"01EXA07N79THJ20WSN6AS30TMW"}}'
)


def library(secret: str = SECRET) -> Any:
    """Sinch's own reader of its callbacks. Loaded late: that takes a second or two."""
    from sinch.domains.sms.sinch_events.v1 import SmsSinchEvent

    return SmsSinchEvent(secret)


def headers(signature: str = SIGNATURE, nonce: str = NONCE, seconds: str = SECONDS) -> Mapping[str, str]:
    name = "x-sinch-webhook-signature"
    return {name: signature, f"{name}-nonce": nonce, f"{name}-timestamp": seconds}


def accepts(given: Mapping[str, str], body: bytes = BODY, at: datetime = AT, secret: str = SECRET) -> bool:
    try:
        sinch.verify(
            Request(url=URL, headers=given, body=body, at=at), sinch.Config.model_validate({"hmac_secret": secret})
        )
    except BadSignature:
        return False
    return True


def signed(body: bytes, nonce: str, secret: str = SECRET) -> str:
    return b64encode(hmac.digest(secret.encode(), body + f".{nonce}.{SECONDS}".encode(), "sha256")).decode()


# ---- the signature ----------------------------------------------------------------------------------------------


def test_the_published_signature_holds() -> None:
    assert library().validate_authentication_header(dict(headers()), BODY)
    assert accepts(headers()) and accepts(headers(), secret=f"new {SECRET}")
    assert not accepts(headers(), body=BODY + b" ") and not accepts(headers(), secret="other")
    assert not accepts(headers(nonce=NONCE[:-1])) and not accepts(headers(seconds="1634579354"))


def test_a_callback_is_repeated_for_a_day() -> None:
    for seconds, taken in ((86_400, True), (-300, True), (86_401, False), (-86_401, False)):
        assert accepts(headers(), at=AT + timedelta(seconds=seconds)) is taken


def test_the_nonce_ends_where_the_body_ends() -> None:
    """By a dot in the nonce the end of a body could pass for it; there is always a nonce."""
    body, nonce = b'{"type":"mo_text"}', "a.b"
    assert library().validate_authentication_header(dict(headers(signed(body, nonce), nonce)), body)
    assert not accepts(headers(signed(body, nonce), nonce), body)
    assert not accepts(headers(signed(body, ""), ""), body)
    assert accepts(headers(signed(body, "ab"), "ab"), body)


def test_the_vendor_accepts_what_the_simulator_signed() -> None:
    webhook = simulate.load("sinch").compose([simulate.Said(text="Größe 38? 👟", id="1", at=AT)], CONFIG)
    made = simulate.load("sinch").sign(webhook, URL, AT, CONFIG)
    assert library(CONFIG.hmac_secret[0].get_secret_value()).validate_authentication_header(dict(made), webhook.body)


def test_what_its_library_trips_over_is_refused_here() -> None:
    """A signature beyond ASCII, and a body that is no UTF-8."""
    theirs = library()
    with pytest.raises(TypeError):
        theirs.validate_authentication_header(dict(headers(signature="ü")), BODY)
    assert not accepts(headers(signature="ü")) and not accepts(headers(), body=b"\xff\xfe")


# ---- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "unicode", "binary", "short_code", "delivered", "rejected", "expired"])
def test_its_library_reads_the_same(name: str) -> None:
    case = next(case for case in cases("sinch") if case.name == name)
    (item,) = case.means
    theirs = library().parse_event(json.loads(case.body))
    assert item.get("ids", [item.get("id")]) == [getattr(theirs, "batch_id", None) or theirs.id]
    assert name == "binary" or item.get("text", "") == getattr(theirs, "body", "")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"type": "mo_text"},
        {"type": []},
        {"type": "mo_media", "id": "1", "from": "491", "body": "x"},
        {"type": "mo_text", "id": "1", "from": 491, "body": "x"},
        {"type": "recipient_delivery_report_sms", "status": 5},
    ],
)
def test_a_callback_without_its_fields_is_kept_as_unreadable(said: Any) -> None:
    with pytest.raises(Unreadable):
        sinch.parse(Request(url=URL, body=json.dumps(said).encode(), at=AT), CONFIG)


@pytest.mark.parametrize("progress", ["sent", "delivered", "failed", "read"])
def test_receipts_of_the_world_are_understood(progress: str, front: Door) -> None:
    id = sinch.send(outgoing(), CONFIG)
    body = part.receipt(front.world.ledger[0], progress, front.world)
    items = sinch.parse(Request(url=URL, body=body, at=AT), CONFIG) if body else []
    means = {"delivered": Progress.DELIVERED, "failed": Progress.FAILED}.get(progress)
    assert [(item.progress, item.ids) for item in items if isinstance(item, Receipt)] == [(means, (id,))] * bool(means)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "+4915700000051", "text": "Ja, zwei. 🙂", **rest})


def failed(how: sinch.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        sinch.send(outgoing(**rest), how)
    return caught.value


def test_what_goes_out(front: Door) -> None:
    sinch.send(outgoing(), CONFIG)
    sinch.send(outgoing(), CONFIG.model_copy(update={"webhook_url": URL}))
    first, second = (entry.raw for entry in front.world.ledger)
    assert (first["from"], first["to"], first["body"]) == ("+4930990500", ["+4915700000051"], "Ja, zwei. 🙂")
    assert first["delivery_report"] == "per_recipient_final"
    assert second == {**first, "callback_url": URL}


@pytest.mark.parametrize("letter", ["👟", "ж", "€", "ä"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    assert sinch.send(outgoing(text=parts_for(letter * 3_000, sinch.can)[0]), CONFIG)
    assert "2000" in failed(text=letter * 2_001).reason


def test_what_sinch_refuses_is_told_in_its_words(front: Door) -> None:
    assert "from" in failed(CONFIG.model_copy(update={"number": "+4930000000"})).reason
    assert "MSISDN" in failed(to="72404").reason and "body" in failed(text="").reason
    assert failed(CONFIG.model_copy(update={"api_token": (SecretStr("nobody"),)})).reason == "Sinch: HTTP 401"
    front.world.state["sinch"] = {"blocked": True}
    blocked = failed()
    assert blocked.outcome is Outcome.REFUSED and blocked.reason == "Sinch: The account is blocked (blocked_account)"
    front.world.fail(part="sinch", status=400, body='{"error": {"code": 400, "message": "not a valid value"}}')
    assert failed().reason == "Sinch: not a valid value"
    assert not front.world.ledger


@pytest.mark.parametrize("id", ["", None, 5, []])
def test_an_answer_without_an_id_is_unknown(id: Any, front: Door) -> None:
    front.world.fail(part="sinch", status=201, body=json.dumps({"id": id}))
    assert failed().outcome is Outcome.UNKNOWN
