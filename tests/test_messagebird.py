"""MessageBird: every published signature, what becomes of what it takes and refuses."""

import json
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import jwt
import pytest
from messagebird.request_validator import RequestValidator
from pydantic import SecretStr

from chalicelib import signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import messagebird
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra import simulate
from tests.lab.everything import Door, config

KEY = "a-right-signing-key-" + "0123456789" * 5  # as long as its library wants one for HS512
CONFIG = config("messagebird").model_copy(update={"signing_key": (SecretStr(KEY),)})
PUBLISHED = json.loads((Path(__file__).parent / "vectors" / "messagebird.json").read_text(encoding="utf-8"))
URL = "https://shop.example/webhooks/messagebird"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SAID = {"iss": "MessageBird", "nbf": SECONDS, "exp": SECONDS + 60, "url_hash": signing.sha256(URL.encode())}


@pytest.fixture
def its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its library asks no other clock than the real one."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Then":
            return cls.fromtimestamp(SECONDS, tz)

    monkeypatch.setattr("jwt.api_jwt.datetime", Then)


def accepts(request: Request, key: str = KEY) -> bool:
    try:
        messagebird.verify(request, messagebird.Config.model_validate({"signing_key": key}))
    except BadSignature:
        return False
    return True


def shown(token: str, body: bytes = b"", at: datetime = NOW) -> Request:
    return Request(url=URL, headers={"messagebird-signature-jwt": token}, body=body, at=at)


def token(algorithm: str = "HS256", **other: Any) -> str:
    return jwt.encode({name: value for name, value in {**SAID, **other}.items() if value is not None}, KEY, algorithm)


# ---- the signature ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda vector: vector["name"])
def test_every_published_signature(vector: dict[str, Any]) -> None:
    request = Request(
        method=vector["method"],
        url=vector["url"],
        headers={"messagebird-signature-jwt": vector["token"]},
        body=(vector.get("payload") or "").encode(),
        at=datetime.fromisoformat(PUBLISHED["at"]),
    )
    assert accepts(request, PUBLISHED["secret"]) is vector["valid"]
    assert not accepts(request, "other")


def test_there_are_44_published_signatures() -> None:
    assert [vector["valid"] for vector in PUBLISHED["vectors"]].count(True) == 24 and len(PUBLISHED["vectors"]) == 44


@pytest.mark.usefixtures("its_clock")
def test_the_vendor_accepts_what_the_simulator_signed() -> None:
    webhook = simulate.load("messagebird").compose([simulate.Said(text="Größe 38? 👟", id="1", at=NOW)], CONFIG)
    made = simulate.load("messagebird").sign(webhook, f"{URL}?a=1", NOW, CONFIG)["messagebird-signature-jwt"]
    assert RequestValidator(KEY).validate_signature(made, f"{URL}?a=1", webhook.body)
    assert accepts(replace(shown(made, webhook.body), url=f"{URL}?a=1"))


def test_a_signature_holds_for_its_minute() -> None:
    for seconds, taken in ((-2, False), (-1, True), (0, True), (60, True), (61, False)):
        assert accepts(shown(token(), at=datetime.fromtimestamp(SECONDS + seconds, UTC))) is taken


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "Somebody"},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"exp": SECONDS + 60.5},
        {"url_hash": None},
        {"url_hash": 5},
        {"payload_hash": signing.sha256(b"")},
        {"payload_hash": [1]},
    ],
)
def test_each_claim_counts(other: dict[str, Any]) -> None:
    assert accepts(shown(token())) and not accepts(shown(token(**other)))


@pytest.mark.usefixtures("its_clock")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_each_algorithm_that_its_library_takes(algorithm: str) -> None:
    assert accepts(shown(token(algorithm))) and RequestValidator(KEY).validate_signature(token(algorithm), URL, b"")


# ---- reading ----------------------------------------------------------------------------------------------------


def read(body: bytes) -> list[Message]:
    return messagebird.parse(Request(url=URL, body=body, at=NOW), CONFIG)


@pytest.mark.parametrize(
    "body", [b"{}", b'{"id": "1"}', b"id=1", b"id=1&originator=491&mediaURLs=x", b'{"id": 1, "originator": null}']
)
def test_a_webhook_without_its_fields_is_kept_as_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_a_time_is_read_where_there_is_one() -> None:
    (with_zone,) = read(b'{"id": "1", "originator": "4915", "createdDatetime": "2026-03-02T10:00:00+01:00"}')
    (without,) = read(b'{"id": "1", "originator": "4915"}')
    assert with_zone.sent_at == datetime(2026, 3, 2, 9, tzinfo=UTC) and without.sent_at is None


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "+4915700000071", "text": "Ja, zwei. 🙂", **rest})


def failed(how: messagebird.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        messagebird.send(outgoing(**rest), how)
    return caught.value


@pytest.mark.parametrize("letter", ["👟", "ж", "€", "ä"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    longest, *_ = parts_for(letter * 3_000, messagebird.can)
    assert messagebird.send(outgoing(text=longest), CONFIG)
    assert [entry.text for entry in front.world.ledger] == [longest]
    assert "too long" in failed(text=longest + 2 * letter).reason


def test_what_messagebird_refuses_is_told_in_its_words(front: Door) -> None:
    assert failed(CONFIG.model_copy(update={"number": "4930000000"})).reason.endswith("this account (10)")
    assert "recipients" in failed(to="72404").reason and "body" in failed(text="").reason
    assert "(2)" in failed(CONFIG.model_copy(update={"access_key": (SecretStr("nobody"),)})).reason
    front.world.state["messagebird"] = {"no_balance": True}
    refused = failed()
    assert (refused.reason, refused.outcome) == ("MessageBird: Not enough balance (25)", Outcome.REFUSED)
    assert not front.world.ledger


@pytest.mark.parametrize("id", ["", None, 5, []])
def test_an_answer_without_an_id_is_unknown(id: Any, front: Door) -> None:
    front.world.fail(part="messagebird", status=201, body=json.dumps({"id": id}))
    assert failed().outcome is Outcome.UNKNOWN
