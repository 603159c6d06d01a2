"""Rocket.Chat: whose words a webhook holds, and how an answer gets into a chat once."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import rocketchat
from chalicelib.route.cut import parts_for
from chalicelib.webhook import Request
from infra.simulate.rocketchat import room
from infra.world import File
from tests.lab import START
from tests.lab.everything import Door, calls, cases, config, parsed, request

CONFIG = config("rocketchat")
URL = "https://shop.example/webhooks/rocketchat"
CASES = {case.name: case for case in cases("rocketchat")}


def read(event: Any) -> list[Message]:
    return rocketchat.parse(Request(url=URL, body=json.dumps(event).encode(), at=START), CONFIG)


def outgoing(visitor: str = "visitor-9", **rest: Any) -> Outgoing:
    to, context = f"rocketchat:{visitor}", {"room": room(visitor)}
    return Outgoing(**{"key": "key-1", "to": to, "text": "Ja, zwei. 🙂", "context": context, **rest})


def failed(how: rocketchat.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        rocketchat.send(outgoing(**rest), how)
    return caught.value


# ---- the webhook ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["", "x", " ", "rocketchat-secret-token-8b5", "rocketchat-secret-token-8b5e "])
def test_only_the_secret_token_proves_it(shown: str) -> None:
    given = request(CASES["text"])
    with pytest.raises(BadSignature):
        rocketchat.verify(Request(url=URL, headers={"x-rocketchat-livechat-token": shown}, at=START), CONFIG)
    with pytest.raises(BadSignature):
        rocketchat.verify(given, CONFIG)  # Rocket.Chat sends no header where no token is set


def test_only_an_answer_of_200_is_one() -> None:
    assert rocketchat.can.accepted.status == 200


def test_an_offline_message_is_kept_and_told_of() -> None:
    """Nobody could be answered; it is not lost."""
    with pytest.raises(Unreadable, match="offline"):
        read({"type": "LivechatOfflineMessage", "visitor": {"name": "A", "email": "a@example.com"}, "message": "Hi"})


def test_words_that_an_agent_changed_are_not_a_second_message() -> None:
    original, edited, again = (parsed(CASES[name])[0] for name in ("text", "edit", "second_edit"))
    assert isinstance(original, Message) and isinstance(edited, Message) and edited.kind is Kind.EDIT
    assert edited.original_claim == original.claim and len({original.claim, edited.claim, again.claim}) == 3


def test_the_words_beside_a_file_are_words() -> None:
    (message,) = parsed(CASES["file"])
    assert isinstance(message, Message) and message.text == "It came like this" and len(message.attachments) == 1
    event = json.loads(CASES["file"].body)
    event["messages"][0]["editedAt"] = "2026-03-01T09:31:05.000Z"
    (edited,) = read(event)
    assert edited.kind is Kind.EDIT and not edited.attachments  # the file is the same


@pytest.mark.parametrize(
    "event",
    [
        {"type": "Message"},
        {"type": "Message", "visitor": None, "messages": []},
        {"type": "Message", "visitor": {"_id": "a"}, "messages": [{"_id": "b", "msg": "x"}]},
        {"type": "Message", "visitor": {}, "messages": [{"_id": "b", "rid": "c", "msg": "x"}]},
    ],
)
def test_a_webhook_without_its_fields_is_kept_as_unreadable(event: Any) -> None:
    with pytest.raises(Unreadable):
        read(event)


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["👟", "ж", "€", "ä", "a"])
def test_the_longest_part_is_taken_whatever_it_is_made_of(letter: str, front: Door) -> None:
    longest, *_ = parts_for(letter * 6_000, rocketchat.can)
    assert rocketchat.send(outgoing(text=longest), CONFIG)
    assert [entry.text for entry in front.world.ledger] == [longest]
    assert "Message_MaxAllowedSize" in failed(key="key-2", text=letter * 5_001).reason


def test_an_answer_whose_end_was_not_learnt_is_found(front: Door) -> None:
    """Its id is ours, so Rocket.Chat takes it once, however often it comes, and can be asked for it."""
    assert rocketchat.find(outgoing(), CONFIG) is None
    front.world.fail(part="rocketchat", status=502, applied=True)
    assert failed().outcome is Outcome.UNKNOWN
    assert rocketchat.find(outgoing(), CONFIG) == front.world.ledger[0].id
    assert failed().outcome is Outcome.REFUSED and len(front.world.ledger) == 1


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"success": False, "error": "error-not-allowed"}, Outcome.REFUSED),
        (401, {"status": "error", "message": "You must be logged in"}, Outcome.REFUSED),
        (400, {}, Outcome.REFUSED),
        (500, {"success": False}, Outcome.NOT_SENT),
        (200, {"success": False}, Outcome.NOT_SENT),
        (200, {"success": True, "message": {}}, Outcome.UNKNOWN),
    ],
)
def test_not_finding_it_is_not_the_same_as_not_being_told(
    status: int, body: Any, outcome: Outcome, front: Door
) -> None:
    front.world.fail(part="rocketchat", status=status, body=json.dumps(body))
    with pytest.raises(SendFailed) as caught:
        rocketchat.find(outgoing(), CONFIG)
    assert caught.value.outcome is outcome


def test_a_message_is_changed_and_taken_back(front: Door) -> None:
    id = rocketchat.send(outgoing(), CONFIG)
    assert rocketchat.send(outgoing(change="edit", refers=id, text="Nein."), CONFIG) == id
    assert rocketchat.send(outgoing(change="delete", refers=id), CONFIG) == id
    assert [(entry.what, entry.refers) for entry in front.world.ledger] == [
        ("message", ""),
        ("edit", id),
        ("delete", id),
    ]
    assert "No message found" in failed(change="edit", refers=id, text="Ja.").reason


def test_what_rocketchat_refuses_is_told_in_its_words(front: Door) -> None:
    assert failed(visitor="nobody").reason == "Rocket.Chat: error-not-allowed"
    assert "error-invalid-room" in failed(context={"room": "elsewhere"}).reason
    assert "rid" in failed(context={}).reason and "msg" in failed(text="").reason
    stranger = CONFIG.model_copy(update={"auth_token": (SecretStr("nobody"),)})
    assert failed(stranger).reason == "Rocket.Chat: You must be logged in to do this."
    assert "logged in" in failed(CONFIG.model_copy(update={"user_id": "another"})).reason
    assert not front.world.ledger


def test_too_many_requests_is_later_whatever_the_status(front: Door) -> None:
    said = {"success": False, "error": "Error, too many requests. " * 30, "errorType": "error-too-many-requests"}
    front.world.fail(part="rocketchat", status=400, body=json.dumps(said))
    failure = failed()
    assert failure.outcome is Outcome.NOT_SENT and len(failure.reason) < 250


def test_an_address_with_a_stroke_at_its_end_is_one(front: Door) -> None:
    assert rocketchat.send(outgoing(), CONFIG.model_copy(update={"api_url": f"{CONFIG.api_url}/"}))
    assert len(calls(front)) == 1


# ---- files ------------------------------------------------------------------------------------------------------


def test_a_file_is_fetched_as_the_workspaces_user(front: Door) -> None:
    """Where files are protected, and no token stands in their address."""
    front.world.hold("rocketchat", "a/b.png", File("b.png", "image/png", b"png"))
    file = Attachment(name="b.png", reference=f"{CONFIG.api_url}/file-upload/a/b.png")
    assert rocketchat.fetch(file, CONFIG, 100).data == b"png"
    with pytest.raises(SendFailed):
        rocketchat.fetch(file, CONFIG.model_copy(update={"auth_token": (SecretStr("nobody"),)}), 100)
