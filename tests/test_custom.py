"""Any other system: Standard Webhooks in both directions, what its bodies mean, and whose words they are."""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from chalicelib import api, settings
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import custom
from chalicelib.webhook import Request
from infra import simulate
from infra.simulate import File, Said
from infra.world import Sent, World
from infra.world import custom as world_part

AT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
SECONDS = "1700000000"
SECRET = "whsec_dGVzdC1zZWNyZXR0ZXN0LXNlY3JldHRlc3Qtc2VjcmV0"
OTHER = "whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC1vdGhlcg=="
BODY = '{"text":"héllo"}'.encode()
SIGNATURE = "v1,XYfHi1zDW0z915KR5ruQuRfys9/XSuTl9TMbGLGLC4s="
PAYLOADS = sorted((Path(__file__).parent / "payloads" / "custom").glob("*.body"))


def config(secret: str = SECRET, **rest: str) -> custom.Config:
    return custom.Config.model_validate({"signing_secret": secret, "reply_url": "https://app.example/in", **rest})


def request(body: bytes, url: str = "https://shop.example/webhooks/custom", /, **headers: str) -> Request:
    return Request(url=url, body=body, headers={name.replace("_", "-"): text for name, text in headers.items()}, at=AT)


def signed(
    signature: str = SIGNATURE, body: bytes = BODY, webhook_id: str = "msg_1", seconds: str = SECONDS
) -> Request:
    return request(body, webhook_id=webhook_id, webhook_timestamp=seconds, webhook_signature=signature)


def refused(given: Request, how: custom.Config | None = None) -> bool:
    """Whether `verify` says no; anything but yes and BadSignature fails the test."""
    try:
        custom.verify(given, how or config())
    except BadSignature:
        return True
    return False


def parsed(body: bytes, url: str = "https://shop.example/webhooks/custom") -> list[Message | Receipt]:
    return custom.parse(request(body, url), config())


# ---- proof ------------------------------------------------------------------------------------------------------


def test_the_published_vector_is_accepted() -> None:
    theirs = request(
        b'{"test": 2432232314}',
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        webhook_timestamp="1614265330",
        webhook_signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )
    at = datetime.fromtimestamp(1614265330, UTC)
    secret = config("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert not refused(Request(url=theirs.url, headers=theirs.headers, body=theirs.body, at=at), secret)


def test_real_utf8_is_signed_as_it_is() -> None:
    assert not refused(signed())


@pytest.mark.parametrize(
    "secret", [SECRET, SECRET.removeprefix("whsec_"), OTHER, OTHER.rstrip("="), f"{OTHER} {SECRET}"]
)
def test_what_their_library_signs_is_accepted(secret: str) -> None:
    signature = Webhook(secret.split()[-1]).sign("msg_1", AT, BODY.decode())
    assert not refused(signed(signature), config(secret))


def test_what_our_simulator_signs_is_accepted_by_their_library() -> None:
    now = datetime.now(UTC)
    said = [Said(text="Grüße 🙂", id=number, at=now) for number in ("a", "b")]
    hook = simulate.webhook("custom", said, "https://shop.example/webhooks/custom", now, config(f"{SECRET} {OTHER}"))
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(hook.body, dict(hook.headers))["type"] == "batch"


@pytest.mark.parametrize(
    "signatures",
    [
        f"nonsense {SIGNATURE}",  # their library: ValueError
        f"{SIGNATURE}  v1,AAAA",  # their library: ValueError
        f"v1,a,b {SIGNATURE}",  # their library: ValueError
        f" {SIGNATURE} ",
        f"v1 {SIGNATURE}",
        f"v1a,AAAA v2,whatever {SIGNATURE}",
        f"v1,AAAA {SIGNATURE} v1,BBBB",
        " ".join(["v1,AAAA"] * 1000 + [SIGNATURE]),
    ],
)
def test_a_valid_signature_counts_whatever_stands_beside_it(signatures: str) -> None:
    assert not refused(signed(signatures))


@pytest.mark.parametrize(
    "signatures",
    [
        "",
        " ",
        "v1",
        "v1,",
        ",",
        SIGNATURE[3:],
        SIGNATURE[:-1],
        SIGNATURE[:-2],
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace("v1,", "V1,"),
        SIGNATURE.replace("v1,", "v2,"),
        SIGNATURE.replace("v1,", "v1, "),
        SIGNATURE.swapcase(),
        "v1,ü",
        "v1,\udcff",
        " ".join(["v1,AAAA"] * 1000),
    ],
)
def test_without_a_valid_signature_it_is_refused(signatures: str) -> None:
    assert refused(signed(signatures))


def test_the_other_header_names_are_taken_too() -> None:
    def named(webhook_id: str, beside: str = "") -> Request:
        names = {"svix_id": webhook_id, "svix_timestamp": SECONDS, "svix_signature": SIGNATURE}
        return request(BODY, **names, webhook_signature=beside)

    assert not refused(named("msg_1"))
    assert refused(named("msg_2"))
    assert refused(named("msg_1", beside="v1,AAAA"))


def test_an_empty_header_is_none() -> None:
    """Even if it were signed so."""
    assert refused(signed(Webhook(SECRET).sign("", AT, BODY.decode()), webhook_id=""))


def test_a_broken_letter_in_the_id_is_refused() -> None:
    assert refused(signed(webhook_id="msg_\udcff"))


@pytest.mark.parametrize("missing", ["id", "timestamp", "signature"])
def test_each_header_is_needed(missing: str) -> None:
    headers = {name: text for name, text in signed().headers.items() if name != f"webhook-{missing}"}
    assert refused(Request(url="https://shop.example/webhooks/custom", headers=headers, body=BODY, at=AT))


def flips(text: bytes) -> Iterator[bytes]:
    for place in range(len(text) * 8):
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        yield bytes(flipped)


def test_each_flipped_bit_is_refused() -> None:
    assert not any(not refused(signed(body=body)) for body in flips(BODY))
    assert not any(not refused(signed(webhook_id=text.decode("latin-1"))) for text in flips(b"msg_1"))
    assert not any(not refused(signed(seconds=text.decode("latin-1"))) for text in flips(SECONDS.encode()))
    assert not any(not refused(signed(text.decode("latin-1"))) for text in flips(SIGNATURE.encode()))


def at_time(seconds: str) -> Request:
    """Correctly signed, whatever the time."""
    content = f"msg_1.{seconds}.".encode("utf-8", "surrogatepass") + BODY
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(key, content, "sha256").digest()).decode()
    return signed(f"v1,{mac}", seconds=seconds)


@pytest.mark.parametrize(("late", "no"), [(-301, True), (-300, False), (0, False), (300, False), (301, True)])
def test_only_five_minutes_either_way_are_fresh(late: int, no: bool) -> None:
    assert refused(at_time(str(int(SECONDS) + late))) is no


@pytest.mark.parametrize(
    "seconds",
    [
        *("", "abc", "nan", "1e9", "inf", "0", "-1700000000", "+1700000000", " 1700000000", "1700000000.0"),
        *("1_700_000_000", "１７００００００００", "1700000000000", "9" * 400, "170000000\udcff"),
    ],
)
def test_a_time_that_is_no_plain_number_is_refused(seconds: str) -> None:
    assert refused(at_time(seconds))


def test_a_dot_in_the_id_cannot_move_the_text_into_the_time() -> None:
    inner = f"old.{SECONDS}." + '{"type":"message.received"}'
    signature = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(1600000000, UTC), inner)
    assert refused(signed(signature, body=b'{"type":"message.received"}', webhook_id="msg_1.1600000000.old"))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!!", "whsec_ü", "whpk_", "placeholder_", "whsec_\udcff"])
def test_a_secret_that_is_none_verifies_nothing(secret: str) -> None:
    for key in (b"", secret.encode("utf-8", "surrogatepass")):
        mac = hmac.new(key, f"msg_1.{SECONDS}.".encode() + BODY, "sha256").digest()
        assert refused(signed("v1," + base64.b64encode(mac).decode()), config(secret))


@given(st.text(), st.text(), st.text(), st.binary(max_size=50), st.sampled_from(["webhook", "svix"]))
def test_no_header_and_no_body_raises(one: str, two: str, three: str, body: bytes, names: str) -> None:
    headers = {f"{names}-id": one, f"{names}-timestamp": two, f"{names}-signature": three}
    assert refused(Request(url="", headers=headers, body=body, at=AT))


# ---- proof by public key ------------------------------------------------------------------------------------------

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
ED25519 = "v1a," + base64.b64encode(PRIVATE.sign(f"msg_1.{SECONDS}.".encode() + BODY)).decode()


def test_ed25519_is_accepted_for_a_public_key() -> None:
    for secret in (f"whpk_{PUBLIC}", f"{SECRET} whpk_{PUBLIC}"):
        assert not refused(signed(ED25519), config(secret))
        assert not refused(signed(f"v1,AAAA  x {ED25519}"), config(secret))
    assert not refused(signed(), config(f"{SECRET} whpk_{PUBLIC}"))


def test_ed25519_is_refused_for_anything_else() -> None:
    mine = config(f"whpk_{PUBLIC}")
    other = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    for secret in (SECRET, f"whsec_{PUBLIC}", f"whpk_{other}", "whpk_AAAA", PUBLIC):
        assert refused(signed(ED25519), config(secret))
    assert refused(signed(ED25519, body=BODY + b" "), mine)
    assert refused(signed(ED25519.replace("v1a", "v1")), mine)
    assert not any(not refused(signed(text.decode("latin-1")), mine) for text in flips(ED25519.encode()))


def test_a_public_key_is_never_a_shared_secret() -> None:
    for key in (base64.b64decode(PUBLIC), f"whpk_{PUBLIC}".encode()):
        mac = hmac.new(key, f"msg_1.{SECONDS}.".encode() + BODY, "sha256").digest()
        assert refused(signed("v1," + base64.b64encode(mac).decode()), config(f"whpk_{PUBLIC}"))


# ---- reading ----------------------------------------------------------------------------------------------------


def test_the_same_thing_has_one_claim_in_every_envelope() -> None:
    alone = {path.stem: [item.claim for item in parsed(path.read_bytes())] for path in PAYLOADS}
    del alone["batch"]
    distinct = [claim for claims in alone.values() for claim in claims]
    assert len(distinct) == len(set(distinct)) >= 14
    bodies = [json.loads(path.read_bytes()) for path in PAYLOADS if path.stem in alone]
    whole = {"type": "batch", "items": [body for body in bodies if body["type"] != "batch"]}
    assert [item.claim for item in parsed(json.dumps(whole, indent=1).encode())] == distinct


def item(kind: str = "message.received", **data: Any) -> dict[str, Any]:
    about = {"message_id": "m-1", "sender": {"id": "visitor-7"}, "text": "Hello", **data}
    return {"type": kind, "timestamp": "2026-03-01T09:30:00Z", "data": about}


def message(**data: Any) -> Message:
    (found,) = parsed(json.dumps(item(**data)).encode())
    assert isinstance(found, Message)
    return found


def test_typed_addresses_are_a_name_and_never_evidence() -> None:
    sender = {"id": "visitor-7", "name": "Jo", "email": "owner@shop.example", "phone": "+4791000000"}
    found = message(sender=sender)
    assert (found.name, found.aliases) == ("Jo (owner@shop.example, +4791000000)", ())
    assert found.sender == message().sender
    assert message(sender={"id": 7, "phone": "+4791000000"}).name == "+4791000000"


def test_visitors_of_two_systems_are_two_people() -> None:
    senders = []
    for account in ("", "B2", "C"):
        url = settings.webhook_url("https://shop.example/stage", "custom", account)
        for sender in ("visitor-7", "B2:visitor-7"):
            (found,) = parsed(json.dumps(item(sender={"id": sender})).encode(), url)
            assert isinstance(found, Message)
            senders.append(found.sender.id)
    assert len(set(senders)) == 6 and senders[0] == "custom:visitor-7" and senders[2] == "customB2:visitor-7"


@pytest.mark.parametrize(
    ("timestamp", "sent_at"),
    [
        ("2026-03-01T10:30:00+01:00", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00.125", datetime(2026, 3, 1, 9, 30, 0, 125_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        (1772357400, None),
        (None, None),
    ],
)
def test_a_time_that_cannot_be_read_loses_no_words(timestamp: Any, sent_at: datetime | None) -> None:
    (found,) = parsed(json.dumps({**item(), "timestamp": timestamp}).encode())
    assert isinstance(found, Message) and (found.text, found.sent_at) == ("Hello", sent_at)


@pytest.mark.parametrize("kind", ["message.edited", "message.reaction"])
@pytest.mark.parametrize("timestamp", [None, "", 5])
def test_an_edit_or_reaction_without_its_time_is_unreadable(kind: str, timestamp: Any) -> None:
    with pytest.raises(Unreadable):
        parsed(json.dumps({**item(kind), "timestamp": timestamp}).encode())


def test_a_bad_item_does_not_hold_up_the_others() -> None:
    bad: list[Any] = [
        5,
        None,
        [],
        {},
        {"type": "message.received"},
        {"type": []},
        item(message_id=""),
        item(message_id=True),
    ]
    with pytest.raises(Unreadable) as caught:
        parsed(json.dumps({"type": "batch", "items": [*bad, item(), *bad]}).encode())
    assert [one.claim for one in caught.value.items] == [message().claim]
    with pytest.raises(Unreadable):
        parsed(json.dumps({"type": "batch", "items": bad}).encode())


def test_nothing_is_left_of_what_was_deleted() -> None:
    (found,) = parsed(json.dumps(item("message.deleted")).encode())
    assert isinstance(found, Message) and found.text == "" and found.original_claim == message().claim


def test_a_batch_within_a_batch_is_not_opened() -> None:
    assert parsed(json.dumps({"type": "batch", "items": [{"type": "batch", "items": [item()]}]}).encode()) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"\xff", b"{}", b'{"type": "batch"}', b'{"type": "receipt"}'])
def test_a_body_that_cannot_be_read_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parsed(body)


def test_a_simulated_message_is_read_as_it_was_said() -> None:
    said = Said(text="Grüße 🙂", sender="v-9", name="Jo", id="one", at=AT, files=(File("a.png", "image/png", b"123"),))
    hook = simulate.webhook("custom", [said], "https://shop.example/webhooks/custom", AT, config())
    given = request(hook.body, **hook.headers)
    assert not refused(given)
    (found,) = custom.parse(given, config())
    assert isinstance(found, Message) and found.sent_at == AT
    assert (found.text, found.sender.id, found.name, found.id) == ("Grüße 🙂", "custom:v-9", "Jo", "one")
    assert [(file.name, file.type, file.size) for file in found.attachments] == [("a.png", "image/png", 3)]


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The outside world, reached with the very bytes that `requests` would send."""
    world = World({"SHOPBELL_CUSTOM_SIGNING_SECRET": f"{SECRET} {OTHER}", "SHOPBELL_CUSTOM_REPLY_URL": "ignored"})

    def transport(call: api.Call) -> api.Answer:
        reply = world_part.answer(wire(call), world)
        return api.Answer(reply.status, reply.headers, reply.body)

    monkeypatch.setattr(api, "transport", transport)
    return world


def wire(call: api.Call) -> Sent:
    ready = requests.Request(call.method, call.url, headers=dict(call.headers), json=call.json).prepare()
    assert isinstance(ready.body, bytes)
    headers = {name.lower(): text for name, text in ready.headers.items()}
    return Sent(part="custom", method=call.method, path=urlsplit(call.url).path, headers=headers, body=ready.body)


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "k1", "to": "custom:visitor-7", "text": "Ja, 43 passt 👟", **rest})


def test_an_answer_arrives_and_a_repeat_is_recognised(world: World) -> None:
    first = custom.send(outgoing(), config())
    assert custom.send(outgoing(repeat=True), config()) == first == world.ledger[0].id
    (entry,) = world.ledger
    assert (entry.to, entry.text, entry.key) == ("visitor-7", "Ja, 43 passt 👟", "k1")
    assert custom.send(outgoing(key="k2", to="customB2:a:b", text="x" * custom.can.text), config()) != first
    assert world.ledger[1].to == "a:b"


def caught(monkeypatch: pytest.MonkeyPatch, answer: api.Answer, what: Outgoing, how: custom.Config) -> tuple[Sent, str]:
    """What `send` puts on the wire, and what it returns."""
    calls: list[api.Call] = []

    def transport(call: api.Call) -> api.Answer:
        calls.append(call)
        return answer

    monkeypatch.setattr(api, "transport", transport)
    result = custom.send(what, how)
    (call,) = calls
    assert call.url == how.reply_url
    return wire(call), result


OK = api.Answer(200, {}, b'{"message_id": "w-1"}')


def test_each_live_secret_signs_and_their_library_takes_either(monkeypatch: pytest.MonkeyPatch) -> None:
    sent, _ = caught(monkeypatch, OK, outgoing(), config(f"{SECRET} {OTHER} whpk_{PUBLIC}"))
    assert sent.headers["webhook-id"] == "k1" and len(sent.headers["webhook-signature"].split()) == 2
    for secret in (SECRET, OTHER):
        said = Webhook(secret).verify(sent.body, dict(sent.headers))
        assert said["type"] == "message.sent" and said["data"]["text"] == "Ja, 43 passt 👟"
    sent, _ = caught(monkeypatch, OK, outgoing(), config(f"whpk_{PUBLIC}", reply_secret=OTHER))
    Webhook(OTHER).verify(sent.body, dict(sent.headers))


def test_the_body_says_who_is_meant_and_what_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    since = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    what = outgoing(automatic=True, context={"channel": "contact form", "subject": "unused"}, since=since)
    sent, _ = caught(monkeypatch, OK, what, config())
    assert sent.json() == {
        "type": "message.sent",
        "timestamp": "2026-03-01T09:30:00+00:00",
        "data": {
            "message_id": "k1",
            "to": "visitor-7",
            "text": "Ja, 43 passt 👟",
            "automatic": True,
            "channel": "contact form",
        },
    }


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'{"message_id": "w-1"}', "w-1"),
        (b'{"message_id": 9}', "9"),
        (b"", "k1"),
        (b"ok", "k1"),
        (b'{"message_id": ""}', "k1"),
        (b'{"message_id": null}', "k1"),
        (b'{"message_id": []}', "k1"),
        (b"[]", "k1"),
    ],
)
def test_the_id_is_theirs_or_our_key(monkeypatch: pytest.MonkeyPatch, body: bytes, result: str) -> None:
    assert caught(monkeypatch, api.Answer(202, {}, body), outgoing(), config())[1] == result


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(status, Outcome.NOT_SENT) for status in (408, 425, 429, 503)]
    + [(status, Outcome.REFUSED) for status in (301, 307, 400, 401, 404, 409, 410, 413, 422)]
    + [(status, Outcome.UNKNOWN) for status in (500, 502, 504)],
)
def test_what_an_answer_means(monkeypatch: pytest.MonkeyPatch, status: int, outcome: Outcome) -> None:
    answer = api.Answer(status, {"retry-after": "7"}, b'{"error": "no such visitor", "message_id": "w-1"}')
    with pytest.raises(SendFailed, match=f"{status} .no such visitor") as failed:
        caught(monkeypatch, answer, outgoing(), config())
    assert (failed.value.outcome, failed.value.retry_after) == (outcome, 7.0)
    with pytest.raises(SendFailed, match=f"answered {status}$"):
        caught(monkeypatch, answer._replace(body=b'{"error": {"code": 1}}'), outgoing(), config())


@pytest.mark.parametrize(
    "how", [config(reply_url=""), config(f"whpk_{PUBLIC}"), config("whsec_"), config(SECRET, reply_secret="whsec_!")]
)
def test_what_cannot_be_addressed_or_signed_is_refused_here(
    monkeypatch: pytest.MonkeyPatch, how: custom.Config
) -> None:
    monkeypatch.setattr(api, "transport", lambda call: pytest.fail("a call went out"))
    with pytest.raises(SendFailed) as failed:
        custom.send(outgoing(), how)
    assert failed.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("what", "secret", "status"),
    [
        ({"to": "custom:nobody"}, SECRET, 404),
        ({"to": "custom:"}, SECRET, 400),
        ({"text": ""}, SECRET, 400),
        ({"text": "x" * 4001}, SECRET, 413),
        ({"key": "k.1"}, SECRET, 401),
        ({}, "whsec_d3Jvbmctc2VjcmV0LXdyb25nLXNlY3JldA==", 401),
    ],
)
def test_the_world_refuses_what_such_a_system_would(
    world: World, what: dict[str, Any], secret: str, status: int
) -> None:
    with pytest.raises(SendFailed, match=str(status)) as failed:
        custom.send(outgoing(**what), config(secret))
    assert failed.value.outcome is Outcome.REFUSED and not world.ledger


def test_the_world_refuses_what_is_stale_or_no_message(world: World) -> None:
    assert world_part.answer(Sent(part="custom", method="GET", path="/in"), world).status == 405
    data = {"message_id": "k1", "to": "visitor-7", "text": "Hello"}
    body = json.dumps({"type": "message.seen", "timestamp": "2026-03-01T09:30:00Z", "data": data})
    for late, status in ((timedelta(), 400), (timedelta(seconds=301), 401)):
        at = datetime.now(UTC) - late
        headers = {
            "webhook-id": "k1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("k1", at, body),
        }
        sent = Sent(part="custom", method="POST", path="/in", headers=headers, body=body.encode())
        assert world_part.answer(sent, world).status == status


def test_a_receipt_of_the_world_is_about_what_was_sent(world: World) -> None:
    sent = custom.send(outgoing(), config())
    for progress in ("delivered", "read", "failed"):
        (found,) = parsed(world_part.receipt(world.ledger[0], progress, world))
        assert isinstance(found, Receipt) and (found.ids, found.progress) == ((sent,), progress)
