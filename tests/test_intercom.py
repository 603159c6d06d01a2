"""Intercom: what proves a webhook, whose words come in, what is read of HTML, and what becomes of an answer."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib import providers
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import intercom
from chalicelib.webhook import Request
from infra import simulate
from tests.lab.everything import Door, cases, config, post, signed

CONFIG = config("intercom")
URL = "https://shop.example/webhooks/intercom"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
UTF_8 = '{"text":"héllo"}'.encode()


# ---- the signature ----------------------------------------------------------------------------------------------


def accepts(signature: str, body: bytes, secrets: str) -> bool:
    how = intercom.Config.model_validate({"client_secret": secrets})
    try:
        intercom.verify(Request(url=URL, headers={"x-hub-signature": signature}, body=body, at=AT), how)
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("secret", "body", "made"),
    [
        ("test-secret", UTF_8, "1d9075f3d809d1d7aa416da32325a88272b4e6d9"),
        ("Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),  # RFC 2202, case 2
    ],
)
def test_signatures_that_others_make(secret: str, body: bytes, made: str) -> None:
    assert accepts(f"sha1={made}", body, secret) and accepts(f"sha1={made}", body, f"old {secret}")
    for other in (made, f"sha256={made}", f"SHA1={made}", f"sha1={made.upper()}", f"sha1={made} ", f"sha1={made[:-1]}"):
        assert not accepts(other, body, secret)
    assert not accepts(f"sha1={made}", body + b" ", secret) and not accepts(f"sha1={made}", body, secret + "x")
    how = CONFIG.model_copy(update={"client_secret": (SecretStr(secret),)})
    signer = simulate.load("intercom")
    assert signer.sign(simulate.Webhook(body=body, headers={}), URL, AT, how) == {"x-hub-signature": f"sha1={made}"}


def test_sha256_as_meta_signs_is_not_taken() -> None:
    """The header is called as Meta's older one; the algorithm behind it is not to be chosen by whoever calls."""
    longer = "sha256=1c569d8cff77ece3f37475593f3246cfe55a609a5a77d8be4441c276ce691403"
    assert not accepts(longer, UTF_8, "test-secret") and not accepts(longer[7:], UTF_8, "test-secret")


def test_whether_anybody_is_there_is_answered_and_nothing_else(front: Door) -> None:
    given = signed(cases("intercom")[0])
    bare = replace(given, method="HEAD", headers={}, body=b"")
    assert post(front, bare, "intercom") == providers.load("intercom").can.accepted
    assert post(front, replace(given, method="HEAD"), "intercom").status == 200 and not front.taken
    assert post(front, replace(given, method="GET"), "intercom").status == 405
    assert post(front, replace(bare, method="POST"), "intercom").status == 401


# ---- whose words they are ---------------------------------------------------------------------------------------


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(one for one in cases("intercom") if one.name == name).body)
    return found


def read(said: dict[str, Any]) -> list[Message]:
    return intercom.parse(Request(url=URL, body=json.dumps(said).encode(), at=AT), CONFIG)


def parts(said: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said["data"]["item"]["conversation_parts"]["conversation_parts"]
    return found


@pytest.mark.parametrize("author", ["admin", "bot", "team", "operator", "campaign", "", None])
@pytest.mark.parametrize("topic", ["conversation.user.created", "conversation.user.replied"])
def test_nothing_that_an_admin_or_a_bot_wrote_comes_in(author: Any, topic: str) -> None:
    said = {**case("two_at_once"), "topic": topic}
    for one in (said["data"]["item"]["source"], *parts(said)):
        one["author"] = {**one["author"], "type": author}
    assert not read(said)


def test_a_note_is_nobodys_message() -> None:
    said = case("replied")
    parts(said)[0]["part_type"] = "note"
    assert read(case("replied")) and not read(said)


@pytest.mark.parametrize("author", ["user", "lead", "contact"])
def test_each_kind_of_contact_comes_in(author: str) -> None:
    said = case("replied")
    parts(said)[0]["author"]["type"] = author
    (message,) = read(said)
    assert message.sender.id.endswith(parts(said)[0]["author"]["id"])


def test_the_first_message_and_a_part_of_its_number_are_two() -> None:
    """Conversations' first messages have numbers of their own."""
    said = case("two_at_once")
    parts(said)[0]["id"] = said["data"]["item"]["source"]["id"]
    assert len({message.claim for message in read(said)}) == 2


def test_a_reply_does_not_bring_the_first_message_again() -> None:
    (message,) = read(case("replied"))
    assert "Grün" in message.text
    assert not read({**case("replied"), "topic": "conversation.user.opened"})


def test_a_part_that_cannot_be_read_costs_no_other() -> None:
    said = case("two_at_once")
    parts(said).insert(0, {"author": {"type": "user"}, "body": "<p>x</p>"})
    with pytest.raises(Unreadable) as caught:
        read(said)
    assert [item.text for item in caught.value.items] == ["Hello?", "Is anybody there?"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>a<br>b</p><p>c</p>", "a\nb\n\nc"),
        ("plain &amp; &lt;b&gt;", "plain & <b>"),
        ("<p>x<script>alert(1)</script></p>", "x"),
        ("<p>see <a href='https://a.example/b'>this</a></p>", "see this (https://a.example/b)"),
    ],
)
def test_html_is_read_as_its_reader_sees_it(body: str, text: str) -> None:
    said = case("replied")
    parts(said)[0]["body"] = body
    assert [message.text for message in read(said)] == [text]


def test_a_long_body_of_pictures_is_read_in_time() -> None:
    said, start = case("replied"), time.process_time()
    for body in ("<img " * 50_000, "<img " + "src " * 50_000, "<img src=" * 50_000, '<img src="' + "x" * 200_000):
        parts(said)[0]["body"] = f"<p>x</p>{body}"
        assert not [one for message in read(said) for one in message.attachments]
    assert time.process_time() - start < 2


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    given = {"key": "key-1", "to": "intercom:a/b", "text": "Ja, zwei. 🙂", "context": {"conversation": "215474"}}
    return Outgoing(**{**given, **rest})


def failed(how: intercom.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        intercom.send(outgoing(**rest), how)
    return caught.value


def test_an_answer_is_the_teammates_in_the_conversation_they_wrote_in(front: Door) -> None:
    id = intercom.send(outgoing(), CONFIG)
    (entry,) = front.world.ledger
    assert (entry.id, entry.to, entry.text) == (id, "215474", "Ja, zwei. 🙂")
    assert entry.raw == {"message_type": "comment", "type": "admin", "admin_id": "814860", "body": "Ja, zwei. 🙂"}
    assert failed(context={}).outcome is Outcome.REFUSED and len(front.world.ledger) == 1


@pytest.mark.parametrize(
    "text", ["a < b & c > d", "<b>not bold</b>", "<!-- no --> &lt;ok&gt; &amp;&#65;", "1\n2\n\n3", "A&B <3", "</p>"]
)
def test_what_an_agent_types_is_what_a_customer_sees(text: str, front: Door) -> None:
    intercom.send(outgoing(text=text), CONFIG)
    assert [entry.text for entry in front.world.ledger] == [text]


def test_no_conversation_leads_elsewhere(front: Door) -> None:
    """Whatever a webhook called it."""
    assert failed(context={"conversation": "../contacts/1?x=/"}).outcome is Outcome.REFUSED
    assert front.world.refused == [("intercom", "/conversations/..%2Fcontacts%2F1%3Fx%3D%2F/reply", 404)]


def test_what_intercom_refuses_is_told_in_its_words(front: Door) -> None:
    assert failed(CONFIG.model_copy(update={"admin_id": "1"})).reason == "Intercom: Admin for admin_id not found"
    other = failed(CONFIG.model_copy(update={"access_token": (SecretStr("nobody"),)}))
    assert (other.reason, other.outcome) == ("Intercom: Access Token Invalid", Outcome.REFUSED)
    assert failed(text=" ").reason == "Intercom: body is required"
    for state, words in (({"unknown": ["215474"]}, "Resource Not Found"), ({"no_plan": True}, "Active subscription")):
        front.world.state["intercom"] = state
        assert words in failed().reason and failed().outcome is Outcome.REFUSED
    front.world.state["intercom"] = {"limited": True}
    assert failed().outcome is Outcome.NOT_SENT and not front.world.ledger


@pytest.mark.parametrize("status", [200, 400, 403])
def test_its_limit_is_known_by_its_code(status: int, front: Door) -> None:
    error = {"type": "error.list", "errors": [{"code": "rate_limit_exceeded", "message": "Too many"}]}
    front.world.fail(part="intercom", status=status, body=json.dumps(error))
    assert failed().outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("found", [None, [], [{}], [{"id": None}], [{"id": ""}], [{"id": True}]])
def test_an_answer_without_its_part_is_unknown(found: Any, front: Door) -> None:
    said = {"type": "conversation", "id": "215474", "conversation_parts": {"conversation_parts": found}}
    front.world.fail(part="intercom", status=200, body=json.dumps(said))
    assert failed().outcome is Outcome.UNKNOWN
