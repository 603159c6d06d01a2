"""LiveChat: whose words come in, what becomes of its secret key, and how an answer gets into a chat."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import livechat
from chalicelib.webhook import Request
from tests.lab.everything import Door, calls, cases, config

CONFIG = config("livechat")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CUSTOMER, CHAT = "7c41e0b9-52d8-4f6a-9e13-0ab86f27d5c4", "QK7WV2N9XD"


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(one for one in cases("livechat") if one.name == name).body)
    return found


def request(said: Any) -> Request:
    return Request(url="https://shop.example/webhooks/livechat", body=json.dumps(said).encode(), at=AT)


def read(said: dict[str, Any]) -> list[Message]:
    return livechat.parse(request(said), CONFIG)


# ---- the secret key ---------------------------------------------------------------------------------------------


def accepts(said: Any, secrets: str = "one two") -> bool:
    try:
        livechat.verify(request(said), livechat.Config.model_validate({"secret_key": secrets}))
    except BadSignature:
        return False
    return True


def test_the_secret_key_stands_in_the_webhook_itself() -> None:
    assert accepts({"secret_key": "one"}) and accepts({"secret_key": "two"})
    assert not accepts({"secret_key": "one"}, "") and not accepts({"secret_key": ""}, "")
    for given in ("", "three", "one two", "ONE", "one\0", "\ud800", None, True, 1, ["one"], {"one": "one"}):
        assert not accepts({"secret_key": given})
    for said in ({}, [], "one", {"payload": {"secret_key": "one"}}, [{"secret_key": "one"}]):
        assert not accepts(said)


def test_all_but_the_secret_key_is_left() -> None:
    said = case("text")
    left = livechat.bare(request({**said, "secret_key": "one"}))
    assert left.json() == said and b"one" not in left.body.replace(b'"', b" ").split()
    assert livechat.parse(left, CONFIG) == read(said) and left.at == AT


# ---- whose words they are ---------------------------------------------------------------------------------------

OTHERS = ["tom@atelier.example", "9d3e71c04ab85f62e1d7098c36fa24b5", CUSTOMER.upper(), f"{CUSTOMER}\n", "", None]


@pytest.mark.parametrize("author", OTHERS)
def test_nothing_that_an_agent_or_a_bot_wrote_comes_in(author: str | None) -> None:
    """Also where the webhook was registered without its filter."""
    said = case("text")
    said["payload"]["event"]["author_id"] = author
    assert read(case("text")) and not read(said)
    said = case("chat_begins")
    for event in said["payload"]["chat"]["thread"]["events"]:
        event["author_id"] = author
    assert not read(said)


def test_what_a_chat_begins_with_is_the_same_by_itself() -> None:
    begun = read(case("chat_begins"))
    events = case("chat_begins")["payload"]["chat"]["thread"]["events"]
    alone = [read({**case("text"), "payload": {"chat_id": CHAT, "event": event}}) for event in events]
    assert [item.claim for items in alone for item in items] == [item.claim for item in begun]
    assert {item.context["chat"] for item in begun} == {CHAT} and len(begun) == 2


def test_what_cannot_be_read_of_a_chat_costs_no_other() -> None:
    said = case("chat_begins")
    said["payload"]["chat"]["thread"]["events"].append({"author_id": CUSTOMER, "type": "message"})
    with pytest.raises(Unreadable) as caught:
        read(said)
    assert list(caught.value.items) == read(case("chat_begins"))


@pytest.mark.parametrize("said", [{}, {"action": "incoming_event"}, {"action": "incoming_chat", "payload": {}}])
def test_a_webhook_without_its_fields_is_kept(said: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read(said)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    given = {"key": "key-1", "to": f"livechat:{CUSTOMER}", "text": "Oui, deux. 🙂", "context": {"chat": CHAT}}
    return Outgoing(**{**given, **rest})


def failed(how: livechat.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        livechat.send(outgoing(**rest), how)
    return caught.value


def asked(front: Door) -> list[str]:
    """What was called, in order."""
    return [name.rpartition(".")[2] for name in front.seam.calls]


def test_an_answer_is_one_call_where_the_agent_is_in_the_chat(front: Door) -> None:
    id = livechat.send(outgoing(), CONFIG)
    (entry,) = front.world.ledger
    assert (entry.id, entry.to, entry.raw) == (id, CHAT, {"type": "message", "text": "Oui, deux. 🙂"})
    assert asked(front) == ["send_event"]


def test_a_closed_chat_is_resumed_with_the_answer_in_it(front: Door) -> None:
    front.world.state["livechat"] = {"inactive": [CHAT]}
    ids = [livechat.send(outgoing(), CONFIG), livechat.send(outgoing(key="key-2"), CONFIG)]
    assert [entry.id for entry in front.world.ledger] == ids
    assert asked(front) == ["send_event", "resume_chat", "send_event"]


def test_the_agent_is_added_to_a_chat_of_others(front: Door) -> None:
    front.world.state["livechat"] = {"strange": [CHAT]}
    ids = [livechat.send(outgoing(), CONFIG), livechat.send(outgoing(key="key-2"), CONFIG)]
    assert [entry.id for entry in front.world.ledger] == ids
    assert asked(front) == ["send_event", "add_user_to_chat", "send_event", "send_event"]


@pytest.mark.parametrize("state", [{"inactive": [CHAT]}, {"strange": [CHAT]}])
def test_what_nobody_has_seen_yet_is_in_no_doubt(state: dict[str, Any], front: Door) -> None:
    """No answer to the last call may mean that it arrived; to joining, that it did not."""
    last = 2 if "inactive" in state else 3
    for struck in range(1, last + 1):
        front.world.state["livechat"] = json.loads(json.dumps(state))

        def no_answer(number: int, what: str, apply: Any, given: Any, struck: int = struck) -> Any:
            if number == struck:
                raise SendFailed("no answer came", Outcome.UNKNOWN)
            return apply()

        front.seam.calls.clear()
        front.seam.intercept = no_answer
        outcome = failed().outcome
        assert outcome is (Outcome.NOT_SENT if (struck, last) == (2, 3) else Outcome.UNKNOWN)
    assert not front.world.ledger


def test_where_no_agent_can_be_added_it_is_refused(front: Door) -> None:
    front.world.state["livechat"] = {"strange": [CHAT], "full": [CHAT]}
    refused = failed()
    assert refused.outcome is Outcome.REFUSED and refused.reason == "LiveChat: Public agents in chat limit reached"
    stranger = json.dumps({"error": {"type": "authorization", "message": "Requester is not user of the chat"}})
    front.world.state["livechat"] = {}
    front.world.fail(part="livechat", path="send_event", status=403, body=stranger, times=2)
    assert failed().outcome is Outcome.REFUSED and not front.world.ledger


def test_what_livechat_refuses_is_told_in_its_words(front: Door) -> None:
    assert failed(CONFIG.model_copy(update={"account_id": "nobody"})).reason == "LiveChat: Invalid access token"
    assert failed(text="").outcome is Outcome.REFUSED
    assert failed(text="é" * 8193).outcome is Outcome.REFUSED and livechat.send(outgoing(text="é" * 8000), CONFIG)
    front.world.state["livechat"] = {"unknown": [CHAT]}
    assert failed().reason == "LiveChat: Chat not found"
    front.world.state["livechat"] = {"limited": True}
    assert failed().outcome is Outcome.NOT_SENT
    front.world.fail(part="livechat", status=408, body='{"error": {"type": "request_timeout"}}')
    assert failed().outcome is Outcome.UNKNOWN


def test_nobody_is_asked_for_a_chat_that_is_not_known(front: Door) -> None:
    assert failed(context={}).outcome is Outcome.REFUSED and not calls(front)


@pytest.mark.parametrize("said", [{}, {"event_ids": []}, {"event_ids": "x"}, {"event_ids": [7]}, {"event_ids": [""]}])
def test_a_resumed_chat_without_an_event_is_unknown(said: dict[str, Any], front: Door) -> None:
    front.world.state["livechat"] = {"inactive": [CHAT]}
    front.world.fail(part="livechat", path="resume_chat", status=200, body=json.dumps(said))
    assert failed().outcome is Outcome.UNKNOWN


# ---- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "asked_for"),
    [
        ("https://cdn.livechat-files.com/api/file/lc/att/881/5f20c7/recu.pdf", True),
        ("https://cdn.livechat-files.com/avatar.png", False),
        ("https://files.example/api/file/recu.pdf", False),
    ],
)
def test_only_what_was_uploaded_is_fetched(place: str, asked_for: bool, front: Door) -> None:
    called: list[str] = []

    def none(number: int, what: str, apply: Any, given: Any) -> Any:
        called.append(given.url)
        raise SendFailed("no answer came", Outcome.UNKNOWN)

    front.seam.intercept = none
    official = CONFIG.model_copy(update={"api_url": "https://api.livechatinc.com"})
    with pytest.raises(SendFailed):
        livechat.fetch(Attachment(reference=place), official, 1_000)
    assert called == [place] * asked_for
