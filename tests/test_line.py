"""LINE: its signature, what its events mean, and by which of its two ways an answer goes."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib import api
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.models.values import Address, Channel
from chalicelib.providers import line
from chalicelib.webhook import Request
from infra import simulate
from infra.simulate import File, Said
from infra.simulate import line as simulator
from infra.world import World
from infra.world.line import BOT, token
from tests.lab import Lab, carried, prepare
from tests.lab.everything import said

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERSON = "U5c1d2a7e90b34f6688aa01c3d5e7f912"
FIELDS = {
    "channel_secret": "next-secret right-secret",
    "channel_token": "a-right-token",
    "api_url": "http://world/line",
}
CONFIG = line.Config.model_validate(FIELDS)
PAYLOADS = sorted((Path(__file__).parent / "payloads" / "line").glob("*.body"))


def request(body: bytes, signature: str = "") -> Request:
    headers = {"x-line-signature": signature, "content-type": "application/json"}
    return Request(url="https://shop.example/webhooks/line", body=body, headers=headers, at=AT)


def parsed(*events: Any) -> list[Message]:
    items = line.parse(request(json.dumps({"destination": BOT, "events": events}).encode()), CONFIG)
    return [item for item in items if isinstance(item, Message)]


def event(kind: str = "message", **rest: Any) -> dict[str, Any]:
    """An event as LINE sends it; a text, if nothing else is said."""
    return {
        "type": kind,
        "message": {"type": "text", "id": "5612", "text": "Hello", "quoteToken": "q1"},
        "webhookEventId": "01KJQ000000000000000000001",
        "deliveryContext": {"isRedelivery": False},
        "timestamp": int(AT.timestamp() * 1000),
        "source": {"type": "user", "userId": PERSON},
        "replyToken": token(int(AT.timestamp() * 1000), PERSON, "00000001"),
        "mode": "active",
        **rest,
    }


# ---- the signature ----------------------------------------------------------------------------------------------


def accepts(body: bytes, signature: str, secret: str) -> bool:
    try:
        line.verify(request(body, signature), line.Config.model_validate({"channel_secret": secret}))
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("secret", "body", "signature"),
    [
        ("channel_secret", b"bodybodybodybody", "/gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k="),  # of LINE's own tests
        ("test-secret", '{"text":"héllo"}'.encode(), "HFadjP937OPzdHVZPzJGz+VaYJpad9i+REHCds5pFAM="),
    ],
)
def test_signatures_that_others_computed(secret: str, body: bytes, signature: str) -> None:
    assert accepts(body, signature, secret)
    assert accepts(body, signature, f"another {secret}")
    assert not accepts(body, signature, secret[:-1])
    assert not accepts(body + b" ", signature, secret)
    for wrong in ("", signature.rstrip("="), signature.lower(), f" {signature}", "ü", "\udcff", signature * 2):
        assert not accepts(body, wrong, secret)


def test_the_simulator_signs_so() -> None:
    webhook = simulate.webhook("line", [Said(text="héllo 👋", id="1", at=AT)], "https://shop.example", AT, CONFIG)
    mac = hmac.new(b"next-secret", webhook.body, hashlib.sha256).digest()
    assert webhook.headers["x-line-signature"] == base64.b64encode(mac).decode()
    line.verify(request(webhook.body, webhook.headers["x-line-signature"]), CONFIG)


# ---- what events mean -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: str(path.stem))
def test_a_payload_means_what_its_case_says(payload: Path) -> None:
    case = json.loads(payload.with_suffix(".json").read_text(encoding="utf-8"))
    found = line.parse(request(payload.read_bytes()), CONFIG)
    shown = [item.model_dump(mode="json", exclude_defaults=True, exclude={"source"}) for item in found]
    assert [{"type": "message", **one} for one in shown] == case["means"]


def test_an_address_holds_the_account() -> None:
    """A person has another id with another LINE provider, and their accounts may share this Shopbell."""
    (message,) = parsed(event())
    assert message.sender == Address(channel=Channel.LINE, id=f"{BOT}/{PERSON}")


def test_what_comes_again_is_the_same_by_another_token() -> None:
    """LINE sends it with the time of its first coming; only the token is new. We take it for old."""
    (first,) = parsed(event())
    again = event(
        replyToken="f" * 51, webhookEventId="01KJQ00000000000000000000X", deliveryContext={"isRedelivery": True}
    )
    (second,) = parsed(again)
    assert second.claim == first.claim and second.sent_at == first.sent_at == AT
    assert second.context == {"reply_token": "f" * 51, "reply_token_at": AT.isoformat()}


def test_a_button_pressed_twice_is_two_and_sent_twice_is_one() -> None:
    pressed = event("postback", postback={"data": "a=1"})
    claims = [
        one.claim for one in parsed(pressed, pressed, {**pressed, "webhookEventId": "01KJQ0000000000000000000ZZ"})
    ]
    assert claims[0] == claims[1] != claims[2]


def test_edits_are_told_apart_by_time_and_words() -> None:
    edits = [
        event("messageEdited", timestamp=at, message={"type": "text", "id": "5612", "text": text})
        for at, text in ((1000, "one"), (2000, "two"), (2000, "three"), (3000, "one"))
    ]
    messages = parsed(*edits, *edits)
    assert len({message.claim for message in messages}) == 4
    assert {message.original_claim for message in messages} == {parsed(event())[0].claim}
    assert {message.kind for message in messages} == {Kind.EDIT}


@pytest.mark.parametrize("kind", ["group", "room"])
def test_nobody_in_a_group_is_a_customer(kind: str) -> None:
    source = {"type": kind, f"{kind}Id": "C1", "userId": PERSON}
    kinds = ("message", "messageEdited", "unsend", "postback")
    assert not parsed(*[event(one, source=source, unsend={"messageId": "1"}, postback={"data": "x"}) for one in kinds])


BROKEN: list[Any] = [
    *(None, 5, "x", [], {}),
    *(event(message=None), event(message={"type": "text"}), event(timestamp="soon"), event(timestamp=10**30)),
    *(event(source={"type": "user"}), event("unsend"), event("postback", postback={"params": 5})),
    event(message={"type": "location", "id": "1", "latitude": "north", "longitude": 1}),
    event(message={"type": "sticker", "id": "1", "keywords": [5]}),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_an_event_that_cannot_be_read_costs_no_other(broken: Any) -> None:
    with pytest.raises(Unreadable) as raised:
        parsed(event(), broken, event(message={"type": "text", "id": "77", "text": "and this"}))
    assert [item.text for item in raised.value.items] == ["Hello", "and this"]


@given(body=some.binary(max_size=80) | some.text('{"events":[]}destination', max_size=60).map(str.encode))
def test_garbage_is_unreadable_or_something(body: bytes) -> None:
    try:
        line.parse(request(body), CONFIG)
    except Unreadable as error:
        assert not error.items


def test_every_file_is_a_message_of_its_own() -> None:
    files = (File("lamp.jpg", "image/jpeg", b"123"), File("invoice.pdf", "application/pdf", b"12345"))
    webhook = simulator.compose([Said(text="Look", id="1", at=AT, files=files)], CONFIG)
    items = line.parse(request(webhook.body), CONFIG)
    assert len({item.claim for item in items}) == 3
    texts = [(item.text, [file.size for file in item.attachments]) for item in items if isinstance(item, Message)]
    assert texts == [("Look", []), ("", [None]), ("", [5])]


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World({"SHOPBELL_LINE_CHANNEL_TOKEN": "an-old-token a-right-token"})
    world.now = lambda: AT
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "claim-000", "to": f"{BOT}/{PERSON}", "text": "はい 🙂", "at": AT, **rest})


def acknowledgement(age: float = 0, **rest: Any) -> Outgoing:
    """An acknowledgement whose reply token came `age` seconds ago."""
    came = AT - timedelta(seconds=age)
    context = {
        "reply_token": token(int(came.timestamp() * 1000), PERSON, "0000000a"),
        "reply_token_at": came.isoformat(),
    }
    return outgoing(automatic=True, context=context, **rest)


def way(world: World) -> str:
    (entry,) = world.ledger
    return "reply" if "replyToken" in entry.raw else "push"


def failed(outgoing: Outgoing, config: line.Config = CONFIG) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        line.send(outgoing, config)
    return caught.value


@pytest.mark.parametrize(
    ("sent", "by"),
    [
        (acknowledgement(), "reply"),
        (acknowledgement(49), "reply"),
        (acknowledgement(50), "push"),
        (acknowledgement(3600), "push"),
        (acknowledgement(tried=True), "push"),
        (acknowledgement().model_copy(update={"automatic": False}), "push"),
        (acknowledgement().model_copy(update={"context": {}}), "push"),
        (outgoing(), "push"),
    ],
)
def test_only_an_acknowledgement_goes_by_the_reply_token_while_it_lives(world: World, sent: Outgoing, by: str) -> None:
    id = line.send(sent, CONFIG)
    (entry,) = world.ledger
    assert way(world) == by
    assert (entry.to, entry.text, entry.id) == (PERSON, "はい 🙂", id)


def test_a_reply_token_that_is_refused_leaves_it_to_the_next_try_which_is_pushed(world: World) -> None:
    """It was used, or it lived shorter than we believe: nothing has arrived."""
    line.send(acknowledgement(), CONFIG)
    assert failed(acknowledgement()).outcome is Outcome.NOT_SENT
    assert line.send(acknowledgement(tried=True), CONFIG)
    assert len(world.ledger) == 2


def test_a_push_that_comes_again_is_the_one_that_arrived(world: World) -> None:
    world.fail(part="line", status=500, applied=True)
    assert failed(outgoing()).outcome is Outcome.UNKNOWN
    again, other = line.send(outgoing(repeat=True), CONFIG), line.send(outgoing(key="claim-001"), CONFIG)
    assert [entry.id for entry in world.ledger] == [again, other]


def test_a_key_is_a_uuid_of_the_delivery(world: World) -> None:
    for key in ("claim-000", "claim-001", "ü" * 300):
        line.send(outgoing(key=key), CONFIG)
    keys = [entry.key for entry in world.ledger]
    assert len(set(keys)) == 3 and all(len(key) == 36 for key in keys)


def test_any_text_that_is_cut_for_line_is_taken(world: World) -> None:
    """LINE counts in UTF-16 units, of which the longest letters have two."""
    line.send(outgoing(text="👟" * line.can.text), CONFIG)
    assert failed(outgoing(text="👟" * (line.can.text + 1), key="b")).outcome is Outcome.REFUSED


OUTCOMES = {
    "rate": (429, "The API rate limit has been exceeded.", Outcome.NOT_SENT),
    "the month's messages": (429, "You have reached your monthly limit.", Outcome.REFUSED),
    "server": (500, "The server is at fault", Outcome.UNKNOWN),
    "down": (503, "", Outcome.NOT_SENT),
    "no right": (403, "Access to this API is not available for your account", Outcome.REFUSED),
    "text": (400, "The request body has 1 error(s)", Outcome.REFUSED),
}


@pytest.mark.parametrize(("status", "message", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(world: World, status: int, message: str, outcome: Outcome) -> None:
    world.fail(part="line", status=status, body=json.dumps({"message": message}))
    failure = failed(outgoing())
    assert failure.outcome is outcome
    assert failure.reason == f"LINE: {message or f'HTTP {status}'}"


def test_what_the_world_refuses(world: World) -> None:
    world.state["line"] = {"unknown": [PERSON]}
    assert failed(outgoing()).reason == "LINE: Failed to send messages"
    assert failed(outgoing(to=PERSON)).outcome is Outcome.REFUSED
    assert failed(outgoing(to=f"{BOT}/somebody")).outcome is Outcome.REFUSED
    wrong = line.Config.model_validate({**FIELDS, "channel_token": "a-wrong-token"})
    assert failed(outgoing(), wrong).outcome is Outcome.REFUSED
    assert not world.ledger


def test_who_has_blocked_the_account_gets_nothing_and_nobody_knows(world: World) -> None:
    world.state["line"] = {"blocked": [PERSON]}
    assert line.send(outgoing(), CONFIG)
    assert not world.ledger


def test_no_secret_is_shown() -> None:
    assert "a-right-token" not in repr(CONFIG) and "right-secret" not in repr(CONFIG)


# ---- all the way ------------------------------------------------------------------------------------------------


def ways(lab: Lab) -> list[str]:
    return [name.removeprefix("line.") for name in lab.seam.calls if name.startswith("line.")]


def test_a_customer_is_acknowledged_free_of_charge_and_answered_by_push(lab: Lab) -> None:
    lab.ring("line", said("line", "サイズ38はありますか？"))
    lab.settle()
    lab.now += timedelta(seconds=10)
    lab.ring("slack", said("slack", "はい、あります", at=lab.now, thread=lab.thread()))
    lab.settle()
    assert ways(lab) == ["reply", "push"]
    assert [entry.text for entry in lab.texts()][1] == "はい、あります"


def test_where_the_reply_token_is_refused_the_acknowledgement_is_pushed_at_once(lab: Lab) -> None:
    lab.world.fail(part="line", path="reply", status=400, body='{"message": "Invalid reply token"}')
    lab.ring("line", said("line", "Hello"))
    lab.settle()
    assert ways(lab) == ["reply", "push"]
    assert len(lab.texts()) == 1 and lab.now - lab.started < timedelta(seconds=5)


def test_an_acknowledgement_that_may_have_arrived_never_goes_again(lab: Lab) -> None:
    lab.world.fail(part="line", path="reply", status=500, applied=True)
    lab.ring("line", said("line", "Hello"))
    lab.settle()
    assert ways(lab) == ["reply"] and len(lab.texts()) == 1


def test_an_answer_whose_fate_is_unknown_is_sent_again_without_a_second_copy(lab: Lab) -> None:
    """LINE knows the key: nobody has to be told that it may have arrived twice."""
    lab.ring("line", said("line", "Hello"))
    lab.settle()
    lab.world.fail(part="line", path="push", status=500, applied=True)
    lab.ring("slack", said("slack", "We are here", at=lab.now, thread=lab.thread()))
    lab.settle()
    assert ways(lab) == ["reply", "push", "push"]
    assert [entry.text for entry in lab.texts()].count("We are here") == 1
    assert not any("twice" in entry.text for entry in lab.posts())


def test_a_key_that_line_has_forgotten_proves_nothing(lab: Lab) -> None:
    """LINE knows a key for a day: the agent is told that a copy after that may be a second."""
    lab.ring("line", said("line", "Hello"))
    lab.settle()
    lab.world.fail(part="line", path="push", status=500)
    lab.ring("slack", said("slack", "We are here", at=lab.now, thread=lab.thread()))
    while "push" not in ways(lab):
        lab.work()
    lab.now += timedelta(hours=25)
    lab.settle()
    assert ways(lab) == ["reply", "push", "push"]
    assert any("arrived twice" in entry.text for entry in lab.posts())


def test_in_standby_it_is_shown_and_never_acknowledged(lab: Lab) -> None:
    body = json.dumps({"destination": BOT, "events": [event(mode="standby")]}).encode()
    assert lab.post_signed("line", body) == 200
    lab.settle()
    assert len(lab.posts()) == 1 and not lab.texts()


def test_the_verify_button_of_the_console_is_answered(lab: Lab) -> None:
    assert lab.post_signed("line", json.dumps({"destination": BOT, "events": []}).encode()) == 200
    assert not lab.seam.calls


def test_a_later_token_of_the_same_person_serves_as_well(lab: Lab) -> None:
    """Two messages at once: the acknowledgement goes by the token of the one that is in the head by then."""
    lab.ring("line", said("line", "Hello"), said("line", "anybody?"))
    lab.settle()
    assert ways(lab) == ["reply"] and len(lab.texts()) == 1
