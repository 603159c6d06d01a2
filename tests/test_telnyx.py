"""Telnyx: its signature, what becomes of what it takes and refuses, and the pair of keys that stands in for its own."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from chalicelib import signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import telnyx
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra import send as sending
from infra import simulate, values
from infra.simulate import File, Said, pairs
from infra.world import telnyx as part
from tests.lab.everything import EVERYTHING_SECRETS, Door, config, door, said

CONFIG = config("telnyx")
AT = datetime.fromtimestamp(1_700_000_000, UTC)
URL = "https://shop.example/webhooks/telnyx"
# Made by PyNaCl, over `1700000000|` and the body, with a private key of 32 bytes 01; telnyx-python takes it.
BODY = b'{"data":{"event_type":"message.received"}}'
PUBLIC = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w="
SIGNATURE = "yy5g9ttbZzGeSgDgxAKJytMF6BpNEKTPdf10qHHgX5fjCukszkEBa8rk43ugbVzMQZdaD6A0QAoveigJcuQvAg=="


def keyed(public_key: str) -> telnyx.Config:
    return telnyx.Config.model_validate({"public_key": public_key})


def request(body: bytes = BODY, signature: str = SIGNATURE, seconds: str = "1700000000") -> Request:
    headers = {"telnyx-timestamp": seconds, "telnyx-signature-ed25519": signature}
    return Request(url=URL, headers=headers, body=body, at=AT)


def accepts(given: Request, how: telnyx.Config) -> bool:
    try:
        telnyx.verify(given, how)
    except BadSignature:
        return False
    return True


# ---- the signature ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public", "content", "signature"),
    [  # https://www.rfc-editor.org/rfc/rfc8032#section-7.1, tests 1 to 3
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_the_published_signatures_hold(public: str, content: str, signature: str) -> None:
    key, theirs = (base64.b64encode(bytes.fromhex(text)).decode() for text in (public, signature))
    assert signing.ed25519([SecretStr(key)], bytes.fromhex(content), theirs)
    assert not signing.ed25519([SecretStr(key)], bytes.fromhex(content) + b"\0", theirs)


def test_a_signature_that_another_library_made_holds() -> None:
    assert accepts(request(), keyed(PUBLIC))
    assert accepts(request(), keyed(f"{pairs.pair(bytes(32)).split()[0]} {PUBLIC}"))
    assert not accepts(request(body=BODY + b" "), keyed(PUBLIC))
    assert not accepts(request(), keyed(pairs.pair(bytes(32))))


def test_the_time_is_signed_and_ends_where_the_body_begins() -> None:
    """A digit moved from the time to the body, or a bar moved, is another content."""
    assert not accepts(request(seconds="1700000001"), keyed(PUBLIC))
    assert not accepts(request(seconds="170000000", body=b"0" + BODY), keyed(PUBLIC))
    for seconds in ("1700000000|", " 1700000000", "1700000000 ", ""):
        assert not accepts(request(seconds=seconds), keyed(PUBLIC))
    assert not accepts(replace(request(), at=AT + timedelta(seconds=301)), keyed(PUBLIC))


@pytest.mark.parametrize("key", ["AAAA", "=", "ü", PUBLIC[:-1], f"{PUBLIC}=", base64.b64encode(b"\xff" * 32).decode()])
def test_what_is_no_key_proves_nothing(key: str) -> None:
    assert not accepts(request(), keyed(key))


# ---- the pair of keys -------------------------------------------------------------------------------------------


def test_the_simulator_signs_as_the_vector_has_it() -> None:
    how = keyed(pairs.pair(b"\1" * 32))
    webhook = simulate.Webhook(body=BODY, headers={})
    assert pairs.pair(b"\1" * 32).split()[0] == PUBLIC
    assert simulate.load("telnyx").sign(webhook, URL, AT, how)["telnyx-signature-ed25519"] == SIGNATURE


def test_the_private_half_is_no_key_that_somebody_could_sign_by() -> None:
    """It is read as a public key, which nobody has the private one to; its owner's signature is not by it."""
    private = pairs.pair(b"\1" * 32).split()[1]
    assert not accepts(request(), keyed(private))


@pytest.mark.parametrize("others", ["", PUBLIC, "AAAA", "no-base64!", pairs.pair(bytes(32)).split()[1]])
def test_what_only_telnyx_can_sign_is_said_so(others: str) -> None:
    account = sending.Sender("telnyx", "", keyed(f"{PUBLIC} {others}"), URL, URL)
    with pytest.raises(sending.CannotSend, match="private key that only the provider has"):
        sending.compose([said("telnyx", "Hello")], account)


def test_local_values_are_pairs_that_differ() -> None:
    one, other = (values.local("telnyx", account, "public_key") for account in ("", "B2"))
    assert one != other
    for made in (one, other):
        public, private = (base64.b64decode(half) for half in made.split())
        assert Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw() == public


# ---- reading ----------------------------------------------------------------------------------------------------


def read(event: Any) -> list[Message | Receipt]:
    return telnyx.parse(Request(url=URL, body=json.dumps(event).encode(), at=AT), CONFIG)


def composed(**rest: Any) -> dict[str, Any]:
    webhook = simulate.load("telnyx").compose([Said(text="Hi", id="1", at=AT, **rest)], CONFIG)
    event: dict[str, Any] = json.loads(webhook.body)
    return event


def test_what_comes_again_has_the_same_claim() -> None:
    first, again = composed(), composed()
    again["data"] |= {"id": "another", "occurred_at": "2026-03-02T09:00:00.000+00:00"}
    again["meta"] = {"attempt": 3, "delivered_to": "https://elsewhere.example"}
    assert [item.claim for item in read(first)] == [item.claim for item in read(again)]


def test_files_are_told_in_their_order() -> None:
    files = (File("a.jpg", "image/jpeg", b"12"), File("b c.pdf", "application/pdf", b"345"))
    (message,) = read(composed(files=files))
    assert isinstance(message, Message)
    told = [(file.name, file.type, file.size) for file in message.attachments]
    assert told == [("a.jpg", "image/jpeg", 2), ("b c.pdf", "application/pdf", 3)]


def test_a_time_without_a_zone_is_utc() -> None:
    event = composed()
    event["data"]["payload"]["received_at"] = "2026-03-02T09:00:00"
    (message,) = read(event)
    assert isinstance(message, Message) and message.sent_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"data": None},
        {"data": {"event_type": []}},
        {"data": {"event_type": "message.sent"}},
        {"data": {"event_type": "message.finalized", "payload": {"id": "x", "to": []}}},
    ],
)
def test_an_event_without_its_fields_is_kept_as_unreadable(event: Any) -> None:
    with pytest.raises(Unreadable):
        read(event)


@pytest.mark.parametrize("progress", ["sent", "delivered", "failed", "read"])
def test_receipts_of_the_world_are_understood(progress: str, front: Door) -> None:
    id = telnyx.send(outgoing(), CONFIG)
    body = part.receipt(front.world.ledger[0], progress, front.world)
    items = telnyx.parse(Request(url=URL, body=body, at=AT), CONFIG) if body else []
    means = {"delivered": Progress.DELIVERED, "failed": Progress.FAILED}.get(progress)
    told = [(item.progress, item.ids) for item in items if isinstance(item, Receipt)]
    assert told == ([(means, (id,))] if means else [])


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "+4915700000031", "text": "Ja, zwei. 🙂", **rest})


def failed(how: telnyx.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        telnyx.send(outgoing(**rest), how)
    return caught.value


@pytest.mark.parametrize("letter", ["👟", "ж", "é", "€", "ä", "a"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    longest = parts_for(letter * 3_000, telnyx.can)[0]
    telnyx.send(outgoing(text=longest), CONFIG)
    assert [entry.text for entry in front.world.ledger] == [longest]


def test_what_telnyx_refuses_is_told_in_its_words(front: Door) -> None:
    front.world.state["telnyx"] = {"opted_out": ["+4915700000031"]}
    stopped = failed()
    assert stopped.outcome is Outcome.REFUSED and "STOP" in stopped.reason and "40300" in stopped.reason
    front.world.state.clear()
    wrong = CONFIG.model_copy(update={"number": "+4930000000"})
    assert "40305" in failed(wrong).reason and "40310" in failed(to="22395").reason
    assert "40316" in failed(text="").reason and "11 parts" in failed(text="ж" * 671).reason
    stranger = CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)})
    assert "10009" in failed(stranger).reason
    assert not front.world.ledger


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (429, "10011", Outcome.NOT_SENT),
        (400, "40318", Outcome.NOT_SENT),
        (408, "10008", Outcome.UNKNOWN),
        (500, "10007", Outcome.UNKNOWN),
        (422, "40300", Outcome.REFUSED),
        (400, 40318, Outcome.NOT_SENT),
    ],
)
def test_outcome_by_code(status: int, code: Any, outcome: Outcome, front: Door) -> None:
    said = {"errors": [{"code": code, "title": "t", "detail": "d" * 500}, {"code": "1", "title": "another"}]}
    front.world.fail(part="telnyx", status=status, body=json.dumps(said))
    failure = failed()
    assert failure.outcome is outcome and failure.reason.startswith("Telnyx: dd") and len(failure.reason) < 250


def test_every_account_has_its_own_number() -> None:
    """The world takes a second account's key with that one's number alone."""
    second = {"SHOPBELL_TELNYX__B2_API_KEY": "old new", "SHOPBELL_TELNYX__B2_NUMBER": "+4930990301"}
    with door() as front:
        front.world.credentials = {**EVERYTHING_SECRETS, **second}
        for key in ("old", "new"):
            mine = CONFIG.model_copy(update={"api_key": (SecretStr(key),), "number": "+4930990301"})
            assert telnyx.send(outgoing(), mine)
            assert "40305" in failed(mine.model_copy(update={"number": CONFIG.number})).reason
