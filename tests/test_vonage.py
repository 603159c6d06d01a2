"""Vonage: five signatures and a token, the webhooks of both its APIs, and what it answers to our sending."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib import api, receive, settings
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import vonage
from chalicelib.webhook import Request, Response
from infra import simulate
from infra.simulate import File, Said
from infra.world import World
from infra.world import vonage as part
from tests.lab import carried, prepare
from tests.lab.everything import Door, door, queued

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://shop.example/webhooks/vonage"
SECRET = "a-right-signature-secret-" + "0123456789" * 4
FIELDS = {
    "signature_secret": f"{SECRET} the-one-before-it-of-32-bytes-xx",
    "api_key": "4d1f0c77",
    "api_secret": "a-right-secret",
    "number": "4930990200",
    "api_url": "http://world/vonage",
}
CONFIG = vonage.Config.model_validate(FIELDS)
METHODS = ("md5hash", "md5", "sha1", "sha256", "sha512")
PAYLOADS = sorted((Path(__file__).parent / "payloads" / "vonage").glob("*.body"))
SMS = {
    "msisdn": "4915700000022",
    "to": "4930990200",
    "messageId": "2A0000004F0E1D01",
    "text": "Größe 38? 👟 a&b=c_d",
    "type": "unicode",
    "message-timestamp": "2026-03-02 08:59:58",
    "timestamp": "1772441998",
    "nonce": "7d0c1a52",
}


def config(method: str = "", secret: str = SECRET) -> vonage.Config:
    return vonage.Config.model_validate({**FIELDS, "signature_secret": secret, "sms_method": method})


def accepts(request: Request, how: vonage.Config) -> bool:
    try:
        vonage.verify(request, how)
    except BadSignature:
        return False
    return True


# ---- the SMS API's signatures -----------------------------------------------------------------------------------


def text_of(fields: Mapping[str, str]) -> str:
    """What is signed, as Vonage's page on signing tells it."""
    return "".join(f"&{name}={fields[name].replace('&', '_').replace('=', '_')}" for name in sorted(fields))


def sign(fields: Mapping[str, str], method: str, secret: str = SECRET) -> dict[str, str]:
    """The fields with their signature."""
    content = text_of(fields)
    if method == "md5hash":
        return {**fields, "sig": hashlib.md5(f"{content}{secret}".encode()).hexdigest()}
    return {**fields, "sig": hmac.new(secret.encode(), content.encode(), method).hexdigest()}


def by_get(fields: Mapping[str, Any]) -> Request:
    return Request(method="GET", url=URL, query=fields, at=AT)


def by_form(fields: Mapping[str, Any]) -> Request:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Request(url=URL, headers=headers, body=urlencode(fields).encode(), at=AT)


def by_json(fields: Mapping[str, Any]) -> Request:
    return Request(url=URL, headers={"content-type": "application/json"}, body=json.dumps(fields).encode(), at=AT)


WAYS: tuple[Callable[[Mapping[str, Any]], Request], ...] = (by_get, by_form, by_json)
PUBLISHED = [  # in Vonage's own SDK: tests of vonage-http-client
    ("md5", {"param": "value", "timestamp": "1234567890"}, "655a4d0b7f064dff438defc52b012cf5"),
    ("md5hash", {"param": "value", "timestamp": "1234567890"}, "6d4e7072fdddafbbdf57825610c394d1"),
    (
        "sha256",
        {"param1": "value1", "param2": "value2", "timestamp": "1234567890"},
        "280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("method", "fields", "sig"), PUBLISHED)
def test_signatures_that_vonage_computed(
    way: Callable[[Mapping[str, Any]], Request], method: str, fields: dict[str, str], sig: str
) -> None:
    how = config(method, "signature_secret")
    assert accepts(way({**fields, "sig": sig}), how)
    assert accepts(way({**fields, "sig": sig.upper()}), how)
    assert not accepts(way({**fields, "sig": sig}), config(method, "signature_secre"))
    for other in METHODS:
        assert accepts(way({**fields, "sig": sig}), config(other, "signature_secret")) is (other == method)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", METHODS)
def test_no_bit_of_a_signed_field_may_be_turned(way: Callable[[Mapping[str, Any]], Request], method: str) -> None:
    """Names and values of all of them; a field more, a field less, none of their order matters."""
    how, right = config(method), sign(SMS, method)
    assert accepts(way(right), how)
    assert accepts(way(dict(reversed(right.items()))), how)
    assert not accepts(way({**right, "more": "1"}), how)
    for name in right:
        assert not accepts(way({other: value for other, value in right.items() if other != name}), how)
        for one in turned(right[name]):
            assert not accepts(way({**right, name: one}), how), (name, one)
        for one in turned(name):
            renamed = {(one if other == name else other): value for other, value in right.items()}
            assert not accepts(way(renamed), how), (name, one)


def turned(text: str) -> Iterator[str]:
    """`text` with one bit turned, where that is text again and more than the case of a letter."""
    for place in range(8 * len(text.encode())):
        content = bytearray(text.encode())
        content[place // 8] ^= 1 << place % 8
        other = content.decode("utf-8", "replace")
        if other.lower() != text.lower():
            yield other


@pytest.mark.parametrize("method", METHODS)
def test_fields_cannot_be_shifted_into_one_another(method: str) -> None:
    """Names are not escaped in what is signed: one that holds & and = would say two fields at once."""
    right = sign(SMS, method)
    moved = {name: value for name, value in right.items() if name not in ("messageId", "msisdn")}
    moved[f"messageId={SMS['messageId']}&msisdn"] = SMS["msisdn"]
    assert text_of(moved) == text_of(right)
    assert not accepts(by_form(moved), config(method))


def test_each_live_secret_counts() -> None:
    how = vonage.Config.model_validate({**FIELDS, "sms_method": "sha256"})
    assert accepts(by_form(sign(SMS, "sha256", "the-one-before-it-of-32-bytes-xx")), how)
    assert not accepts(by_form(sign(SMS, "sha256", "another")), how)


@pytest.mark.parametrize("way", WAYS)
def test_without_a_method_no_signature_counts(way: Callable[[Mapping[str, Any]], Request]) -> None:
    for method in METHODS:
        assert not accepts(way(sign(SMS, method)), config())


@pytest.mark.parametrize("sig", ["", " ", "ü", "\ud800", "\0", "0" * 64, "x" * 10_000])
def test_odd_signatures_are_refused(sig: str) -> None:
    ways = (by_get, by_json) if "\ud800" in sig else WAYS  # no form can be written with that
    for method in METHODS:
        assert not any(accepts(way({**SMS, "sig": sig}), config(method)) for way in ways)


@pytest.mark.parametrize("value", [None, [], {}, 1.5, {"a": 1}])
def test_a_field_that_is_no_plain_value_is_refused(value: Any) -> None:
    assert not accepts(by_json({**sign(SMS, "sha256"), "more": value}), config("sha256"))


def test_what_is_signed_may_come_a_day_later() -> None:
    """Vonage repeats what was not accepted for a day, and does not say that it signs anew."""
    request = by_form(sign(SMS, "sha256"))
    late = Request(url=URL, headers=request.headers, body=request.body, at=AT + timedelta(hours=23))
    assert accepts(late, config("sha256"))


def test_an_empty_get_is_a_check_of_the_address() -> None:
    empty = Request(method="GET", url=URL, at=AT)
    assert vonage.verify(empty, config("sha256")) == Response()
    assert not accepts(empty, config())
    assert not accepts(by_get({"a": "b"}), config("sha256"))


# ---- the Messages API's token -----------------------------------------------------------------------------------

BODY = b'{"message_uuid":"u1","channel":"sms","message_type":"text","from":"4915700000021","to":"1","text":"Hi"}'


def claims(**changes: Any) -> dict[str, Any]:
    said = {"iat": int(AT.timestamp()), "jti": "j1", "iss": "Vonage", "api_key": "4d1f0c77"}
    return {**said, "payload_hash": hashlib.sha256(BODY).hexdigest(), **changes}


def shown(token: str, body: bytes = BODY, **rest: Any) -> Request:
    return Request(**{"url": URL, "headers": {"authorization": f"Bearer {token}"}, "body": body, "at": AT, **rest})


def test_a_token_that_another_library_made_is_accepted() -> None:
    for secret in FIELDS["signature_secret"].split():
        assert accepts(shown(jwt.encode(claims(), secret, "HS256")), CONFIG)


def test_another_library_accepts_the_simulators_token() -> None:
    webhook = simulate.webhook("vonage", [Said(text="héllo 👋", id="1", at=AT)], URL, AT, CONFIG)
    token = webhook.headers["authorization"].removeprefix("Bearer ")
    said = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
    assert said["payload_hash"] == hashlib.sha256(webhook.body).hexdigest()
    assert accepts(shown(token, webhook.body), CONFIG)


WRONG: dict[str, dict[str, Any]] = {
    "another account's": {"api_key": "77c0f1d4"},
    "another issuer's": {"iss": "Somebody"},
    "another body's": {"payload_hash": hashlib.sha256(b"{}").hexdigest()},
    "no hash": {"payload_hash": None},
    "a hash in capitals": {"payload_hash": hashlib.sha256(BODY).hexdigest().upper()},
    "from tomorrow": {"iat": int(AT.timestamp()) + 301},
    "from the day before yesterday": {"iat": int(AT.timestamp()) - 86_400 - 301},
    "no time": {"iat": None},
    "a time in words": {"iat": str(int(AT.timestamp()))},
    "a time in parts": {"iat": AT.timestamp() + 0.5},
    "a time beyond all": {"iat": 10**400},
    "yes": {"iat": True},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_token_that_says_something_else_is_refused(changes: dict[str, Any]) -> None:
    said = {name: value for name, value in claims(**changes).items() if value is not None}
    mac = signed_by_hand({"alg": "HS256", "typ": "JWT"}, said, SECRET)
    assert not accepts(shown(mac), CONFIG)
    assert accepts(shown(signed_by_hand({"alg": "HS256", "typ": "JWT"}, claims(), SECRET)), CONFIG)


def signed_by_hand(header: Any, said: Any, secret: str) -> str:
    content = ".".join(jwt.utils.base64url_encode(json.dumps(one).encode()).decode() for one in (header, said))
    mac = hmac.new(secret.encode(), content.encode(), "sha256").digest()
    return f"{content}.{jwt.utils.base64url_encode(mac).decode()}"


@pytest.mark.parametrize("seconds", [-300, 0, 300, 3600, 86_400 + 300])
def test_a_token_lives_as_long_as_vonage_repeats(seconds: int) -> None:
    token = jwt.encode(claims(), SECRET, "HS256")
    assert accepts(shown(token, at=AT + timedelta(seconds=seconds)), CONFIG)


def test_a_token_without_a_signature_or_of_another_kind_is_refused() -> None:
    right = jwt.encode(claims(), SECRET, "HS256")
    head, said, mac = right.split(".")
    unsigned = jwt.encode(claims(), "", "none")
    longer = jwt.encode(claims(), SECRET, "HS512", headers={"alg": "HS512"})
    for token in (
        unsigned,
        longer,
        f"{head}.{said}.",
        f"{head}.{said}",
        f"{right}.",
        f".{right}",
        f"{right}=",
        "..",
        ".",
    ):
        assert not accepts(shown(token), CONFIG)
    for header in (right, f"bearer {right}", f"Bearer  {right}", f"Basic {right}", f"Bearer {mac}", "Bearer "):
        assert not accepts(Request(url=URL, headers={"authorization": header}, body=BODY, at=AT), CONFIG)


@pytest.mark.parametrize("said", [[], "text", 5, None, {"payload_hash": 5}])
def test_a_token_that_holds_no_claims_is_refused(said: Any) -> None:
    assert not accepts(shown(signed_by_hand({"alg": "HS256"}, said, SECRET)), CONFIG)


def test_a_token_proves_no_query() -> None:
    """It is over the body: what stands in the address of a GET is not covered."""
    token = jwt.encode(claims(payload_hash=hashlib.sha256(b"").hexdigest()), SECRET, "HS256")
    headers = {"authorization": f"Bearer {token}"}
    assert not accepts(Request(method="GET", url=URL, query=SMS, headers=headers, at=AT), CONFIG)
    assert not accepts(Request(method="GET", url=URL, query=SMS, headers=headers, at=AT), config("sha256"))


# ---- what webhooks mean -----------------------------------------------------------------------------------------


def parsed(fields: Mapping[str, Any]) -> list[Message | Receipt]:
    return vonage.parse(by_json(fields), CONFIG)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: str(path.stem))
def test_a_payload_means_what_its_case_says(payload: Path) -> None:
    case = json.loads(payload.with_suffix(".json").read_text(encoding="utf-8"))
    request = Request(url=URL, headers=case["headers"], body=payload.read_bytes(), at=AT)
    found = vonage.parse(request, CONFIG)
    shown = [
        {"type": item.type, **item.model_dump(mode="json", exclude_defaults=True, exclude={"source"})} for item in found
    ]
    assert shown == case["means"]


def test_a_form_and_an_object_mean_the_same() -> None:
    (form,), (whole,) = vonage.parse(by_form(SMS), CONFIG), parsed(SMS)
    assert isinstance(form, Message) and form == whole
    assert form.text == "Größe 38? 👟 a&b=c_d"


@pytest.mark.parametrize(
    ("written", "id"),
    [
        ("4915700000022", "+4915700000022"),
        ("12025550143", "+12025550143"),
        ("29022222", "+29022222"),
        ("22395", "22395"),
        ("7726", "7726"),
        ("PAKETDIENST", "PAKETDIENST"),
        ("0049157", "0049157"),
        (4915700000022, "+4915700000022"),
    ],
)
def test_a_number_becomes_a_number_of_the_world(written: Any, id: str) -> None:
    (message,) = parsed({**SMS, "msisdn": written})
    assert isinstance(message, Message) and message.sender.id == id


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({}, (2, 3)),
        ({"concat": True, "concat-part": 2, "concat-total": 3, "concat-ref": 7}, (2, 3)),
        ({"concat": "false"}, None),
        ({"concat-part": "4"}, None),
        ({"concat-part": "0"}, None),
        ({"concat-part": "-1"}, None),
        ({"concat-part": "٢"}, None),
        ({"concat-total": "1", "concat-part": "1"}, None),
        ({"concat-total": "256"}, None),
        ({"concat-total": ""}, None),
        ({"concat-ref": ""}, None),
    ],
)
def test_a_part_of_a_long_text(changes: dict[str, Any], fragment: tuple[int, int] | None) -> None:
    """What makes no sense as a part is a message of its own, never lost."""
    long = {"concat": "true", "concat-ref": "7", "concat-total": "3", "concat-part": "2"}
    (message,) = parsed({**SMS, **long, **changes})
    assert isinstance(message, Message)
    assert (message.fragment and (message.fragment.number, message.fragment.total)) == fragment


def test_each_progress_of_one_message_has_its_own_claim() -> None:
    receipts = [
        item
        for status in ("submitted", "delivered", "rejected", "undeliverable", "read", "expired", "what")
        for item in parsed({"message_uuid": "u1", "channel": "sms", "status": status})
    ]
    assert [item.progress for item in receipts if isinstance(item, Receipt)] == [
        *(Progress.DELIVERED, Progress.FAILED, Progress.FAILED, Progress.READ, Progress.FAILED)
    ]
    assert len({item.claim for item in receipts}) == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"text=hello", b"messageId=1", b'{"message_uuid": "u1"}', b'{"messageId": {}, "msisdn": []}', b"\xff"],
)
def test_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        vonage.parse(Request(url=URL, body=body, at=AT), CONFIG)


@given(body=some.binary(max_size=80) | some.text('{"messageId":}msisdn&=%', max_size=60).map(str.encode))
def test_garbage_is_unreadable_or_something(body: bytes) -> None:
    request = Request(url=URL, body=body, at=AT)
    assert not accepts(request, config("md5hash"))
    try:
        vonage.parse(request, CONFIG)
    except Unreadable as error:
        assert not error.items


def test_a_picture_is_a_file_by_its_address() -> None:
    said = Said(text="This one?", id="1", at=AT, files=(File("lamp.jpg", "image/jpeg", b"123"),))
    (message,) = vonage.parse(
        Request(url=URL, body=simulate.webhook("vonage", [said], URL, AT, CONFIG).body, at=AT), CONFIG
    )
    assert isinstance(message, Message) and message.text == "This one?"
    assert [(file.name, file.type) for file in message.attachments] == [("lamp.jpg", "image")]


# ---- through the front door -------------------------------------------------------------------------------------


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The front door of a shop whose numbers bring their messages by the SMS API."""
    with door() as front:
        monkeypatch.setenv("SHOPBELL_VONAGE_SIGNATURE_SECRET", SECRET)
        monkeypatch.setenv("SHOPBELL_VONAGE_SMS_METHOD", "sha512")
        settings.config.cache_clear()
        yield front


@pytest.mark.parametrize("way", WAYS)
def test_by_any_way_it_is_taken_once_signed(way: Callable[[Mapping[str, Any]], Request], front: Door) -> None:
    assert receive.receive(way(SMS), "vonage", "", "r1").status == 401
    assert not front.seam.calls
    assert receive.receive(way(sign(SMS, "sha512")), "vonage", "", "r2") == vonage.can.accepted
    (message,) = queued(front)
    assert isinstance(message, Message) and message.text == SMS["text"]
    assert message.claim == parsed(SMS)[0].claim


def test_a_get_that_cannot_be_read_is_kept_whole(front: Door) -> None:
    """Its query is all it has: it lies in the bucket as the form it could have been, and can be read from there."""
    fields = sign({"timestamp": "1772441998", "nothing": "of use ü"}, "sha512")
    assert receive.receive(by_get(fields), "vonage", "", "r1") == vonage.can.accepted
    (kept,) = queued(front)
    assert kept.type == "raw" and kept.query == fields
    other = sign({"timestamp": "1772441999", "nothing": "of use"}, "sha512")
    assert receive.receive(by_get(other), "vonage", "", "r2") == vonage.can.accepted
    assert len(set(front.kept)) == 2


def test_the_check_of_the_address_queues_nothing(front: Door) -> None:
    assert receive.receive(Request(method="GET", url=URL, at=AT), "vonage", "", "r1").status == 200
    assert not front.seam.calls


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(
        {
            "SHOPBELL_VONAGE_API_KEY": "4d1f0c77",
            "SHOPBELL_VONAGE_API_SECRET": "an-old-secret a-right-secret",
            "SHOPBELL_VONAGE_NUMBER": "+4930990200",
        }
    )
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


ANSWER = Outgoing(key="claim-000", to="+4915700000021", text="Größe 38 👋🏽\n+ & = %", at=AT)


def failed(outgoing: Outgoing = ANSWER, how: vonage.Config = CONFIG) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        vonage.send(outgoing, how)
    assert "a-right-secret" not in f"{caught.value!r} {caught.value.reason}"
    return caught.value


def test_an_sms_arrives_as_it_was_written(world: World) -> None:
    id = vonage.send(ANSWER, CONFIG)
    (entry,) = world.ledger
    assert (entry.to, entry.text, entry.id, entry.key) == ("4915700000021", ANSWER.text, id, "claim-000")
    assert entry.raw["from"] == "4930990200" and "webhook_url" not in entry.raw


def test_receipts_are_asked_for_where_we_can_be_reached(world: World) -> None:
    vonage.send(ANSWER, CONFIG.model_copy(update={"webhook_url": URL}))
    assert (world.ledger[0].raw["webhook_url"], world.ledger[0].raw["webhook_version"]) == (URL, "v1")


def test_our_receipt_comes_back_to_the_message(world: World) -> None:
    id = vonage.send(ANSWER, CONFIG)
    for progress in (Progress.DELIVERED, Progress.FAILED):
        body = part.receipt(world.ledger[0], progress, world)
        assert body
        (receipt,) = vonage.parse(Request(url=URL, body=body, at=AT), CONFIG)
        assert isinstance(receipt, Receipt)
        assert (receipt.ids, receipt.progress) == ((id,), progress)
        assert bool(receipt.reason) is (progress is Progress.FAILED)
    assert part.receipt(world.ledger[0], "read", world) is None


def problem(kind: str, detail: str = "so it is") -> str:
    address = f"https://developer.vonage.com/api-errors{kind}"
    return json.dumps({"type": address, "title": "A title", "detail": detail, "instance": "bf0c"})


OUTCOMES = {
    "too many": (429, problem("/messages#1000"), Outcome.NOT_SENT),
    "too many, with another status": (422, problem("/messages#1000"), Outcome.NOT_SENT),
    "not passed on": (422, problem("/messages#1100"), Outcome.NOT_SENT),
    "throttled": (429, problem("#throttled"), Outcome.NOT_SENT),
    "no credit": (402, problem("#low-balance"), Outcome.REFUSED),
    "no credit, says the channel": (500, problem("/messages#1070"), Outcome.REFUSED),
    "wrong": (422, problem("/messages#1020"), Outcome.REFUSED),
    "an error at Vonage": (500, problem("/messages#1030"), Outcome.UNKNOWN),
    "nobody knows": (422, problem("/messages#99999"), Outcome.REFUSED),
    "without words": (500, "<html>", Outcome.UNKNOWN),
    "down": (503, "", Outcome.NOT_SENT),
    "accepted without an id": (202, "{}", Outcome.UNKNOWN),
}


@pytest.mark.parametrize(("status", "body", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(world: World, status: int, body: str, outcome: Outcome) -> None:
    world.fail(part="vonage", status=status, body=body)
    assert failed().outcome is outcome
    assert not world.ledger


def test_a_reason_is_vonages_own_word_without_our_secret(world: World) -> None:
    world.fail(part="vonage", status=422, body=problem("/messages#1240", "a-right-secret is no number" + "x" * 1000))
    reason = failed().reason
    assert reason.startswith("Vonage: … is no number") and len(reason) < 250


REFUSED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "Vonage: You did not provide correct credentials. (unauthorized)": ({}, {"api_secret": "a-wrong-secret"}),
    "Vonage: The value of to is invalid. (1020)": ({"to": "AMAZON"}, {}),
    "Vonage: The value of text is invalid. (1020)": ({"text": "x" * 1001}, {}),
    "Vonage: The value of from is invalid. (1020)": ({}, {"number": "4930111"}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused(world: World, reason: str) -> None:
    outgoing, how = REFUSED[reason]
    failure = failed(ANSWER.model_copy(update=outgoing), vonage.Config.model_validate({**FIELDS, **how}))
    assert (failure.reason, failure.outcome) == (reason, Outcome.REFUSED)
    assert not world.ledger


def test_who_opted_out_gets_nothing_and_the_receipt_says_so(world: World) -> None:
    world.state["vonage"] = {"opted_out": ["4915700000021"]}
    assert vonage.send(ANSWER, CONFIG)
    assert not world.ledger
    (receipt,) = parsed({"messageId": "x", "msisdn": "4915700000021", "status": "rejected", "err-code": "9"})
    assert isinstance(receipt, Receipt) and "asked not to get messages" in receipt.reason


def test_no_secret_is_shown() -> None:
    assert "a-right" not in repr(CONFIG)
