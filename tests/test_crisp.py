"""Crisp: what its own verifier takes, whose words come in, and what becomes of an answer."""

import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import crisp
from chalicelib.webhook import Request
from infra import simulate
from infra.world import crisp as part
from tests.lab.everything import Door, cases, config

CONFIG = config("crisp")
JUDGED = json.loads((Path(__file__).parent / "vectors" / "crisp.json").read_text(encoding="utf-8"))["vectors"]
URL = "https://shop.example/webhooks/crisp"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SESSION = "session_5d1f22c8-6b0a-4c1e-93d7-7f8e4d2a1c09"
WEBSITE = "1b7c9a30-90d2-4a5f-b7b1-0c7c5c7f2ab1"


# ---- the signature ----------------------------------------------------------------------------------------------


def accepts(secrets: str, seconds: str, body: bytes, signature: str, at: datetime = AT) -> bool:
    headers = {"x-crisp-request-timestamp": seconds, "x-crisp-signature": signature}
    how = crisp.Config.model_validate({"signing_secret": secrets})
    try:
        crisp.verify(Request(url=URL, headers=headers, body=body, at=at), how)
    except BadSignature:
        return False
    return True


def mac(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"[{seconds};".encode() + body + b"]", hashlib.sha256).hexdigest()


@pytest.mark.parametrize("vector", JUDGED, ids=lambda vector: vector["name"])
def test_what_its_own_library_judged(vector: dict[str, Any]) -> None:
    given = vector["timestamp"], vector["body"].encode(), vector["signature"]
    assert accepts(vector["secret"], *given) is vector["valid"]
    assert accepts(f"{vector['secret']} new", *given) is vector["valid"] and not accepts("new", *given)


def test_its_library_judged_both_ways() -> None:
    assert [vector["valid"] for vector in JUDGED].count(True) == 7 and len(JUDGED) == 16


def test_the_simulator_signs_what_its_library_takes() -> None:
    right = next(vector for vector in JUDGED if vector["name"] == "milliseconds")
    how = CONFIG.model_copy(update={"signing_secret": (SecretStr(right["secret"]),)})
    webhook = simulate.Webhook(body=right["body"].encode(), headers={})
    at = datetime.fromtimestamp(int(right["timestamp"]) // 1000, UTC) + timedelta(milliseconds=123)
    assert simulate.load("crisp").sign(webhook, URL, at, how) == {
        "x-crisp-request-timestamp": right["timestamp"],
        "x-crisp-signature": right["signature"],
    }


def test_what_is_signed_as_it_came_is_taken_too() -> None:
    """Its library never sees the bytes that came; they are what most systems sign."""
    body = '{ "text" : "héllo" }'.encode()
    assert accepts("test-secret", "1700000000", body, mac("test-secret", "1700000000", body))


@pytest.mark.parametrize("seconds", ["1e3", "0x10", " 5", "-1", "1.5", "１７", "1" * 17, "", "Infinity", "\udcff"])
def test_a_time_is_plain_digits(seconds: str) -> None:
    """Its library takes whatever JavaScript can make a number of."""
    body = b'{"a":1}'
    signature = hmac.new(b"test-secret", f"[{seconds};".encode("utf-8", "surrogatepass") + body + b"]", hashlib.sha256)
    assert not accepts("test-secret", seconds, body, signature.hexdigest())


def test_no_part_of_a_body_passes_for_the_time() -> None:
    """What a visitor writes is signed too; cut in two there, the rest would be another webhook."""
    inner = '{"event":"message:send"}'
    body = f'{{"content":"1;{inner}"}}'.encode()
    signature = mac("test-secret", "1700000000", body)
    first, _, rest = body.decode().partition(";")
    assert accepts("test-secret", "1700000000", body, signature)
    assert not accepts("test-secret", f"1700000000;{first}", rest.encode(), signature)


def test_a_late_repeat_is_taken() -> None:
    body = b'{"a":1}'
    assert accepts("test-secret", "1700000000", body, mac("test-secret", "1700000000", body), AT + timedelta(days=2))


def test_a_large_body_is_not_written_anew_for_anybody() -> None:
    compact = b'{"a":"' + b"x" * crisp.REWRITTEN + b'"}'
    signature, start = mac("test-secret", "1", compact), time.process_time()
    assert accepts("test-secret", "1", compact, signature)
    assert not accepts("test-secret", "1", compact.replace(b":", b": "), signature)
    assert not accepts("test-secret", "1", b"[" * 100_000, signature) and time.process_time() - start < 1


# ---- whose words they are ---------------------------------------------------------------------------------------


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(one for one in cases("crisp") if one.name == name).body)
    return found


def read(said: dict[str, Any]) -> list[Message | Receipt]:
    return crisp.parse(Request(url=URL, body=json.dumps(said).encode(), at=AT), CONFIG)


@pytest.mark.parametrize("author", ["operator", "bot", "plugin", "", None])
@pytest.mark.parametrize("event", ["message:send", "message:received", "message:updated", "message:removed"])
@pytest.mark.parametrize("origin", ["chat", "email", "urn:crisp.im:slack:0"])
def test_nothing_that_an_operator_wrote_comes_in(author: Any, event: str, origin: str) -> None:
    said = {**case("text"), "event": event}
    said["data"] |= {"from": author, "origin": origin}
    assert not read(said)


@pytest.mark.parametrize("event", ["message:received", "message:removed", "message:updated"])
def test_what_may_be_anybodys_is_nobodys(event: str) -> None:
    """Crisp tells what was updated and removed, and not whose it was."""
    assert read(case("text")) and not read({**case("text"), "event": event})


def test_what_comes_back_of_ours_is_no_message(front: Door) -> None:
    id = crisp.send(outgoing(), CONFIG)
    entry = front.world.ledger[0]
    back = {**case("text")["data"], **entry.raw, "website_id": WEBSITE, "session_id": SESSION}
    for event in ("message:send", "message:received"):
        assert not read({"website_id": WEBSITE, "event": event, "data": back, "timestamp": 1})
    said = [read(json.loads(part.receipt(entry, one, front.world) or b"")) for one in ("delivered", "read")]
    assert [item.ids for items in said for item in items if isinstance(item, Receipt)] == [(id,), (id,)]


def test_one_fingerprint_in_two_sessions_is_two() -> None:
    other = case("text")
    other["data"]["session_id"] = SESSION.replace("5d1f", "6d1f")
    first, second = read(case("text")) + read(other)
    assert first.claim != second.claim


def test_the_same_choice_is_one_whatever_else_of_it_changes() -> None:
    again = case("picked")
    again["data"]["content"] |= {"text": "Quelle pointure ? (choisissez)", "required": True}
    assert [item.claim for item in read(again)] == [item.claim for item in read(case("picked"))]


@pytest.mark.parametrize("name", ["../../x", "a/b", "", "session_x?y", "x" * 81, None, 5, "ü"])
@pytest.mark.parametrize("field", ["session_id", "website_id"])
def test_a_name_that_would_lead_elsewhere_is_kept_as_unreadable(field: str, name: Any) -> None:
    said = case("text")
    said["data"][field] = name
    with pytest.raises(Unreadable):
        read(said)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": f"crisp:{WEBSITE}/{SESSION}", "text": "Oui, deux. 🙂", **rest})


def failed(how: crisp.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        crisp.send(outgoing(**rest), how)
    return caught.value


def test_an_answer_is_an_operators_in_their_session(front: Door) -> None:
    id = crisp.send(outgoing(), CONFIG)
    (entry,) = front.world.ledger
    assert (entry.id, entry.to, entry.text) == (id, f"{WEBSITE}/{SESSION}", "Oui, deux. 🙂")
    number = int(id.removeprefix(f"{SESSION}/"))
    assert entry.raw == {"type": "text", "from": "operator", "origin": "chat", "content": "Oui, deux. 🙂",
                         "fingerprint": number, "automated": False}  # fmt: skip
    crisp.send(outgoing(automatic=True, key="key-2"), CONFIG)
    assert front.world.ledger[1].raw["automated"] is True and front.world.ledger[1].id != id


def test_an_answer_is_found_by_its_fingerprint(front: Door) -> None:
    with pytest.raises(SendFailed) as caught:
        crisp.find(outgoing(), CONFIG)
    assert caught.value.outcome is Outcome.REFUSED
    id = crisp.send(outgoing(), CONFIG)
    assert crisp.find(outgoing(text="", repeat=True), CONFIG) == id
    front.world.state["crisp"] = {"slow": True}
    with pytest.raises(SendFailed) as caught:
        crisp.find(outgoing(), CONFIG)
    assert caught.value.outcome is Outcome.REFUSED, "taken, and not there yet: not finding it proves nothing"
    front.world.fail(part="crisp", status=502)
    with pytest.raises(SendFailed) as caught:
        crisp.find(outgoing(), CONFIG)
    assert caught.value.outcome is Outcome.NOT_SENT, "who only looks may look again"


@pytest.mark.parametrize("to", ["", "crisp:", f"crisp:{WEBSITE}", f"crisp:{WEBSITE}/a/b", "crisp:../x", "crisp:a/?b"])
def test_what_is_no_address_is_not_asked_for(to: str, front: Door) -> None:
    assert failed(to=to).outcome is Outcome.REFUSED and not front.seam.calls


def test_what_crisp_refuses_is_told_in_its_words(front: Door) -> None:
    assert failed(CONFIG.model_copy(update={"token_id": "nobody"})).reason == "Crisp: invalid_session"
    assert failed(CONFIG.model_copy(update={"tier": "shop"})).outcome is Outcome.REFUSED
    assert failed(text="").reason == "Crisp: invalid_data"
    front.world.state["crisp"] = {"unknown": [SESSION]}
    assert failed().reason == "Crisp: conversation_not_found" and not front.world.ledger
    front.world.state["crisp"] = {"limited": True}
    assert failed().outcome is Outcome.NOT_SENT and not front.world.ledger
    front.world.state.clear()
    assert crisp.send(outgoing(), CONFIG.model_copy(update={"tier": "website"}))


@pytest.mark.parametrize(
    "said", [{"error": False}, {"data": {"fingerprint": None}}, {"data": {"fingerprint": "1"}}, {}]
)
def test_an_answer_without_a_fingerprint_is_unknown(said: Any, front: Door) -> None:
    front.world.fail(part="crisp", status=202, body=json.dumps(said))
    assert failed().outcome is Outcome.UNKNOWN


def test_an_error_with_a_good_status_is_one(front: Door) -> None:
    front.world.fail(part="crisp", status=200, body='{"error": true, "reason": "not_allowed"}')
    refused = failed()
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, "Crisp: not_allowed")


# ---- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("https://storage.crisp.chat/users/upload/session/5acf/recu.pdf", True),
        ("https://storage.crisp.chat/users/avatar/operator/5acf/me.png", False),
        ("https://media.giphy.example/users/upload/wave.gif", False),
    ],
)
def test_only_what_was_uploaded_is_fetched(place: str, asked: bool, front: Door) -> None:
    called: list[str] = []

    def none(number: int, what: str, apply: Any, given: Any) -> Any:
        called.append(given.url)
        raise SendFailed("no answer came", Outcome.UNKNOWN)

    front.seam.intercept = none
    with pytest.raises(SendFailed):
        crisp.fetch(Attachment(reference=place), CONFIG.model_copy(update={"api_url": "https://api.crisp.chat"}), 1_000)
    assert called == [place] * asked


def test_a_repeat_with_another_count_is_the_same() -> None:
    """Headers of a delivery say nothing of what it holds."""
    body = next(one for one in cases("crisp") if one.name == "text").body
    first = Request(url=URL, body=body, at=AT, headers={"x-delivery-attempt-count": "1"})
    again = replace(first, headers={"x-delivery-attempt-count": "2"}, at=AT + timedelta(hours=1))
    assert crisp.parse(first, CONFIG) == crisp.parse(again, CONFIG)
