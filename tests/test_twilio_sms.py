"""SMS through Twilio: published vectors, what forms mean, what each answer of Twilio's makes of a sending."""

import hashlib
import hmac
import json
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as some
from twilio.request_validator import RequestValidator

from chalicelib import api
from chalicelib.errors import OPTED_OUT, BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import twilio_sms
from chalicelib.webhook import Request
from infra import simulate
from infra.world import World
from infra.world import twilio_sms as part
from tests.lab import carried, prepare

PAYLOADS = Path(__file__).parent / "payloads" / "twilio_sms"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SID, NUMBER, URL = "AC" + "5e" * 16, "+4930990100", "https://shop.example/api/webhooks/twilio_sms"
FIELDS = {"account_sid": SID, "auth_token": "a-right-token", "number": NUMBER, "api_url": "http://world/twilio_sms"}
CONFIG = twilio_sms.Config(**FIELDS)
ANSWER = Outgoing(key="k1", to="+4915700000017", text="It left this morning.")


# ---- signatures -------------------------------------------------------------------------------------------------

# From twilio-python, tests/unit/test_request_validator.py; the token is 12345
HTTPS = "https://mycompany.com/myapp.php?foo=1&bar=2"
HTTP = HTTPS.replace("https", "http")
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
TWICE = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
VECTORS = {
    "https": (HTTPS, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "signed with the standard port": (HTTPS, CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    "signed without the standard port": (HTTPS.replace(".com", ".com:443"), CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "signed without a port of one's own": (HTTPS.replace(".com", ".com:1234"), CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "http, signed with the standard port": (HTTP, CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    "http with a port of one's own": (HTTP.replace(".com", ".com:1234"), CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    "a name with several values": (HTTPS, TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
}
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


def signed(url: str, body: bytes, signature: str, query: dict[str, str] | None = None) -> Request:
    headers = {"x-twilio-signature": signature}
    return Request(url=url, query=query or {}, headers=headers, body=body, at=NOW)


def sign(content: str, token: str = "12345") -> str:
    return b64encode(hmac.new(token.encode(), content.encode(), hashlib.sha1).digest()).decode()


def accepts(request: Request, token: str = "12345") -> bool:
    try:
        twilio_sms.verify(request, twilio_sms.Config(auth_token=token))
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize(("url", "fields", "signature"), VECTORS.values(), ids=VECTORS)
def test_vector(url: str, fields: list[tuple[str, str]], signature: str) -> None:
    body = urlencode(fields).encode()
    assert accepts(signed(url, body, signature))
    assert not accepts(signed(url, body + b"0", signature))
    assert not accepts(signed(url + "0", body, signature))
    assert not accepts(signed(url, body, signature), token="12346")


def test_vector_of_a_json_body() -> None:
    url, query = f"{HTTPS}&bodySHA256={JSON_HASH}", {"bodySHA256": JSON_HASH}
    assert accepts(signed(url, JSON_BODY, "a9nBmqA0ju/hNViExpshrM61xv4=", query))
    assert not accepts(signed(url, JSON_BODY + b" ", "a9nBmqA0ju/hNViExpshrM61xv4=", query))


def test_a_body_hash_is_checked_for_a_form_too() -> None:
    """twilio-python 9.13 does not look at the hash when it is given the fields of a form."""
    url, query = f"{HTTPS}&bodySHA256={JSON_HASH}", {"bodySHA256": JSON_HASH}
    fields = "".join(name + value for name, value in CALL)
    request = signed(url, urlencode(CALL).encode(), sign(url + fields), query)
    assert RequestValidator("12345").validate(url, dict(CALL), sign(url + fields))
    assert not accepts(request)


def test_a_body_that_is_no_form_is_refused_without_a_hash() -> None:
    """twilio-python 9.13 raises a TypeError."""
    with pytest.raises(TypeError):
        RequestValidator("12345").validate(HTTPS, JSON_BODY.decode(), sign(HTTPS))
    assert not accepts(signed(HTTPS, JSON_BODY, "x" + sign(HTTPS)))
    assert not accepts(signed(HTTPS, b"\xff\xfe", sign(HTTPS)))


def test_user_and_password_in_the_url_are_kept() -> None:
    """twilio-python 9.13 takes `https://u` for the address without a port."""
    url = "https://u:p@shop.example:8443/a"
    assert accepts(signed(url, b"", sign("https://u:p@shop.example/a")))
    assert not accepts(signed(url, b"", sign("https://u/a")))
    assert RequestValidator("12345").validate(url, {}, sign("https://u/a"))


def test_a_question_mark_at_the_end_is_signed() -> None:
    assert accepts(signed("https://shop.example/a?", b"", sign("https://shop.example/a?")))


@pytest.mark.parametrize("signature", ["", "é", "\ud800", "a" * 100_000, sign(HTTPS).rstrip("=")])
def test_odd_signatures_are_refused(signature: str) -> None:
    assert not accepts(signed(HTTPS, b"", signature))


@pytest.mark.parametrize("url", ["", "https://[", "https://h:99999/a", "https://h:x/a", "::", "\udcff"])
def test_odd_addresses_are_refused(url: str) -> None:
    assert not accepts(signed(url, b"a=b", sign(HTTPS)))


class Repeated(dict[str, list[str]]):
    """The fields of a form as frameworks hand them to the vendor's validator."""

    def getall(self, name: str) -> list[str]:
        return self[name]


@given(fields=some.lists(some.tuples(some.text("abAB é%", min_size=1), some.text("abAB é👋+&=")), max_size=8))
def test_the_vendor_signs_what_we_accept(fields: list[tuple[str, str]]) -> None:
    named = Repeated()
    for name, value in fields:
        named.setdefault(name, []).append(value)
    signature = RequestValidator("12345").compute_signature(HTTPS, named)
    assert accepts(signed(HTTPS, urlencode(fields).encode(), signature))


def test_the_vendor_accepts_what_the_simulator_signs() -> None:
    file = simulate.File(name="pot.jpg", type="image/jpeg", content=b"...")
    said = simulate.Said(text="héllo 👋 + & =", id="1", at=NOW, files=(file,))
    webhook = simulate.webhook("twilio_sms", [said], URL, NOW, CONFIG)
    fields = dict(parse_qsl(webhook.body.decode(), keep_blank_values=True))
    assert RequestValidator("a-right-token").validate(URL, fields, webhook.headers["x-twilio-signature"])


# ---- what forms mean --------------------------------------------------------------------------------------------


def parsed(body: bytes) -> list[Any]:
    return twilio_sms.parse(Request(url=URL, body=body, at=NOW), CONFIG)


@pytest.mark.parametrize("case", sorted(PAYLOADS.glob("*.json")), ids=lambda case: case.stem)
def test_payload(case: Path) -> None:
    shown = [
        {"type": item.type, **item.model_dump(mode="json", exclude_defaults=True, exclude={"source"})}
        for item in parsed(case.with_suffix(".body").read_bytes())
    ]
    assert shown == json.loads(case.read_text())["means"]


def test_each_progress_of_one_message_has_its_own_claim() -> None:
    claims = {
        parsed(urlencode({"MessageSid": "SM1", "MessageStatus": progress}).encode())[0].claim
        for progress in ("delivered", "read", "failed")
    }
    assert len(claims) == 3


@pytest.mark.parametrize(
    "body", [b"", b"Body=hello", b"MessageSid=SM1&Body=hello", b"From=%2B1&Body=x", b"\xff", b"{}"]
)
def test_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parsed(body)


@pytest.mark.parametrize("count", ["", "-1", "x", "٣", "9" * 5000, "1e3", "NaN"])
def test_an_odd_number_of_files_is_none(count: str) -> None:
    (message,) = parsed(urlencode({"MessageSid": "SM1", "From": "+1", "Body": "x", "NumMedia": count}).encode())
    assert message.attachments == ()


def test_at_most_ten_files() -> None:
    fields = {"MessageSid": "SM1", "From": "+1", "NumMedia": "999"}
    (message,) = parsed(urlencode(fields).encode())
    assert len(message.attachments) == 10


@given(body=some.binary(max_size=100) | some.text("MessageSidFrom=&%Body", max_size=60).map(str.encode))
def test_garbage_is_unreadable_or_something(body: bytes) -> None:
    with suppress(Unreadable):
        parsed(body)


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(
        {
            "SHOPBELL_TWILIO_SMS_ACCOUNT_SID": SID,
            "SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "an-old-token a-right-token",
            "SHOPBELL_TWILIO_SMS_NUMBER": NUMBER,
        }
    )
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def test_an_sms_arrives_as_it_was_written(world: World) -> None:
    text = "Größe 38 👋🏽\n+ & = %"
    sid = twilio_sms.send(ANSWER.model_copy(update={"text": text}), CONFIG)
    (message,) = world.ledger
    assert (message.what, message.to, message.text, message.id) == ("message", ANSWER.to, text, sid)
    assert message.raw["From"] == NUMBER and "StatusCallback" not in message.raw


def test_receipts_are_asked_for_where_we_can_be_reached(world: World) -> None:
    twilio_sms.send(ANSWER, CONFIG.model_copy(update={"webhook_url": URL}))
    assert world.ledger[0].raw["StatusCallback"] == URL


def test_a_messaging_service_may_send(world: World) -> None:
    service = "MG" + "7a" * 16
    world.credentials = {**world.credentials, "SHOPBELL_TWILIO_SMS_NUMBER": service}
    assert twilio_sms.send(ANSWER, CONFIG.model_copy(update={"number": service}))
    assert world.ledger[0].raw["MessagingServiceSid"] == service


def test_our_receipt_comes_back_to_the_message(world: World) -> None:
    sid = twilio_sms.send(ANSWER, CONFIG)
    for progress, means in (("delivered", "delivered"), ("undelivered", "failed"), ("failed", "failed")):
        body = part.receipt(world.ledger[0], progress, world)
        assert body
        (receipt,) = parsed(body)
        assert isinstance(receipt, Receipt)
        assert (receipt.ids, receipt.progress) == ((sid,), means)
    assert part.receipt(world.ledger[0], "read", world) is None


def fault(status: int, code: int = 0, **more: Any) -> dict[str, Any]:
    body = json.dumps({"code": code, "message": "so it is", "status": status}) if code else "<html>"
    return {"part": "twilio_sms", "status": status, "body": body, **more}


OUTCOMES = {
    "too many requests": (fault(429, 20429, headers={"Retry-After": "30"}), Outcome.NOT_SENT, 30.0),
    "429 without a time": (fault(429), Outcome.NOT_SENT, None),
    "429 with a time that is none": (fault(429, headers={"Retry-After": "soon"}), Outcome.NOT_SENT, None),
    "429 for days": (fault(429, headers={"Retry-After": "999999"}), Outcome.NOT_SENT, 3600.0),
    "queue full": (fault(400, 30001), Outcome.NOT_SENT, None),
    "rate of the sender": (fault(400, 14107), Outcome.NOT_SENT, None),
    "503": (fault(503), Outcome.NOT_SENT, None),
    "500": (fault(500), Outcome.UNKNOWN, None),
    "502": (fault(502), Outcome.UNKNOWN, None),
    "no answer": (fault(200, hang=1), Outcome.UNKNOWN, None),
    "403": (fault(403), Outcome.REFUSED, None),
    "a code nobody knows": (fault(400, 99999), Outcome.REFUSED, None),
}


@pytest.mark.parametrize(("how", "outcome", "retry_after"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(world: World, how: dict[str, Any], outcome: Outcome, retry_after: float | None) -> None:
    world.fail(**how)
    with pytest.raises(SendFailed) as failed:
        twilio_sms.send(ANSWER, CONFIG)
    assert (failed.value.outcome, failed.value.retry_after) == (outcome, retry_after)
    assert "a-right-token" not in f"{failed.value!r} {failed.value.reason}"
    assert world.ledger == []


def test_what_arrived_without_an_answer_is_unknown(world: World) -> None:
    world.fail(**fault(500, applied=True))
    with pytest.raises(SendFailed) as failed:
        twilio_sms.send(ANSWER, CONFIG)
    assert failed.value.outcome is Outcome.UNKNOWN
    assert len(world.ledger) == 1


REFUSED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "Twilio: Authenticate": ({}, {"auth_token": "a-wrong-token"}),
    "Twilio: Invalid 'To' Phone Number: 0157 17": ({"to": "0157 17"}, {}),
    "Twilio: A 'To' phone number is required.": ({"to": ""}, {}),
    "Twilio: Message body is required.": ({"text": ""}, {}),
    "Twilio: The concatenated message body exceeds the 1600 character limit.": ({"text": "x" * 1601}, {}),
    f"Twilio: {OPTED_OUT}": ({"to": "+4915700000099"}, {}),
    "Twilio: The 'From' phone number provided (+4930111) is not one of this account's numbers.": (
        {},
        {"number": "+4930111"},
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused(world: World, reason: str) -> None:
    world.state["twilio_sms"] = {"opted_out": ["+4915700000099"]}
    outgoing, config = REFUSED[reason]
    with pytest.raises(SendFailed) as failed:
        twilio_sms.send(ANSWER.model_copy(update=outgoing), twilio_sms.Config(**{**FIELDS, **config}))
    assert (failed.value.reason, failed.value.outcome) == (reason, Outcome.REFUSED)
    assert world.ledger == []
    assert len(world.refused) == 1


def test_no_secret_is_shown() -> None:
    assert "a-right-token" not in repr(CONFIG)
