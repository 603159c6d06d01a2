"""Chatwoot: what proves a webhook, whose words come in, what becomes of what it takes and refuses."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers import chatwoot
from chalicelib.webhook import Request
from infra import simulate
from infra.world import chatwoot as part
from tests.lab.everything import Door, cases, config

CONFIG = config("chatwoot")
URL = "https://shop.example/webhooks/chatwoot"
AT = datetime.fromtimestamp(1_700_000_000, UTC)
UTF_8 = '{"text":"héllo"}'.encode()
MADE = "sha256=8a661a5501c82512b43ff063f2209a5292e5ffcd9b78abe6aa5ce08549876113"  # of UTF_8 under `test-secret` at AT


# ---- the signature ----------------------------------------------------------------------------------------------


def accepts(headers: dict[str, str], body: bytes = UTF_8, secrets: str = "test-secret", at: datetime = AT) -> bool:
    how = chatwoot.Config.model_validate({"signing_secret": secrets})
    named = {f"x-chatwoot-{name}": value for name, value in headers.items()}
    try:
        chatwoot.verify(Request(url=URL, headers=named, body=body, at=at), how)
    except BadSignature:
        return False
    return True


def test_a_signature_that_others_make() -> None:
    right = {"timestamp": "1700000000", "signature": MADE}
    assert accepts(right) and accepts({**right, "delivery": "7c0e"})
    assert not accepts(right, secrets="test-secre")
    assert not accepts(right, body=b'{"text":"h\\u00e9llo"}'), "another way to write the same"
    assert not accepts({**right, "timestamp": "1700000001"})
    assert not accepts({**right, "signature": MADE.removeprefix("sha256=")})
    assert not accepts({"signature": MADE}) and not accepts({"timestamp": "1700000000"})


@pytest.mark.parametrize(("seconds", "taken"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_it_holds_for_five_minutes(seconds: int, taken: bool) -> None:
    shown = {"timestamp": "1700000000", "signature": MADE}
    assert accepts(shown, at=AT + timedelta(seconds=seconds)) is taken


@pytest.mark.parametrize("seconds", ["", "１７", "1700000000.0", "+1700000000", " 1700000000", "\udcff", "nan"])
def test_a_time_that_is_none(seconds: str) -> None:
    how = CONFIG.model_copy(update={"signing_secret": (SecretStr("test-secret"),)})
    webhook = simulate.Webhook(body=UTF_8, headers={})
    signature = simulate.load("chatwoot").sign(webhook, URL, AT, how)["x-chatwoot-signature"]
    assert signature == MADE and not accepts({"timestamp": seconds, "signature": signature})


def test_the_secret_of_an_api_inbox_stands_beside_that_of_the_webhook() -> None:
    shown = {"timestamp": "1700000000", "signature": MADE}
    assert accepts(shown, secrets="of-the-webhook test-secret") and accepts(shown, secrets="test-secret other")


# ---- whose words they are ---------------------------------------------------------------------------------------


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(one for one in cases("chatwoot") if one.name == name).body)
    return found


def read(said: dict[str, Any], url: str = URL) -> list[Message | Receipt]:
    return chatwoot.parse(Request(url=url, body=json.dumps(said).encode(), at=AT), CONFIG)


@pytest.mark.parametrize("author", ["user", "agent_bot", "captain_assistant", "anybody"])
@pytest.mark.parametrize("event", ["message_created", "message_updated"])
@pytest.mark.parametrize("way", ["incoming", "outgoing", "template", "activity", 1, None])
def test_nothing_that_an_agent_or_a_bot_wrote_comes_in(author: str, event: str, way: Any) -> None:
    """Also not as `incoming`, which the API lets an agent's token write, and not deleted."""
    said = {**case("text"), "event": event, "message_type": way, "sender": {"id": 3, "name": "Ann", "type": author}}
    for attributes in ({}, {"deleted": True}, {"in_reply_to": 5}):
        assert not [item for item in read({**said, "content_attributes": attributes}) if isinstance(item, Message)]


def test_what_comes_back_of_ours_is_no_message(front: Door) -> None:
    id = chatwoot.send(outgoing(), CONFIG)
    said = json.loads(part.receipt(front.world.ledger[0], "delivered", front.world) or b"")
    assert [item.ids for item in read(said) if isinstance(item, Receipt)] == [(id,)] and len(read(said)) == 1
    assert not read({**said, "event": "message_created"})


def test_a_note_among_agents_is_nobodys_message() -> None:
    assert read(case("text")) and not read({**case("text"), "private": True})


def test_a_message_of_two_webhooks_is_one() -> None:
    """Chatwoot fires twice now and then, and an API inbox's own webhook carries what the account's carries."""
    again = case("text")
    again["conversation"] |= {"status": "resolved", "messages": [], "id": 319}
    assert [item.claim for item in read(case("text"))] == [item.claim for item in read(again)]


def test_people_of_two_inboxes_and_of_two_chatwoots_are_four() -> None:
    inboxes = [{**case("text"), "inbox": {"id": number}} for number in (7, 8)]
    senders = {item.sender.id for said in inboxes for url in (URL, f"{URL}/b2") for item in read(said, url)
               if isinstance(item, Message)}  # fmt: skip
    place = case("text")["conversation"]["contact_inbox"]["source_id"]
    assert senders == {f"chatwoot{account}:{inbox}/{place}" for account in ("", "B2") for inbox in (7, 8)}


@pytest.mark.parametrize("place", ["", None, 5])
def test_a_message_of_nobody_is_kept_as_unreadable(place: Any) -> None:
    said = case("text")
    said["conversation"]["contact_inbox"] = {"source_id": place}
    with pytest.raises(Unreadable):
        read(said)


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    given = {"key": "key-1", "to": "chatwoot:7/x", "text": "Ja, två. 🙂", "context": {"conversation": "318"}}
    return Outgoing(**{**given, **rest})


def failed(how: chatwoot.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        chatwoot.send(outgoing(**rest), how)
    return caught.value


def test_an_answer_goes_into_the_conversation_they_wrote_in(front: Door) -> None:
    id = chatwoot.send(outgoing(), CONFIG)
    (entry,) = front.world.ledger
    assert (entry.id, entry.to, entry.text) == (id, "318", "Ja, två. 🙂")
    assert entry.raw == {"content": "Ja, två. 🙂", "message_type": "outgoing", "private": "false"}
    unknown = failed(context={})
    assert (unknown.outcome, len(front.world.ledger)) == (Outcome.REFUSED, 1)


def test_a_file_goes_as_such_with_its_words(front: Door) -> None:
    file = Content(name="räkning 7.pdf", type="application/pdf", data=b"%PDF-1.4 \r\n--x\r\n of 7")
    chatwoot.send(outgoing(text="Er räkning", file=file), CONFIG)
    (entry,) = front.world.ledger
    assert (entry.what, entry.text, entry.raw["size"]) == ("file", "räkning 7.pdf\nEr räkning", len(file.data))


def test_what_chatwoot_refuses_is_told_in_its_words(front: Door) -> None:
    other = failed(CONFIG.model_copy(update={"access_token": (SecretStr("nobody"),)}))
    assert (other.reason, other.outcome) == ("Chatwoot: Invalid Access Token", Outcome.REFUSED)
    assert "this account" in failed(CONFIG.model_copy(update={"account_id": "13"})).reason
    assert "too long" in failed(text="x" * (part.LONGEST + 1)).reason
    large = Content(name="a.pdf", type="application/pdf", data=bytes(part.LARGEST + 1))
    assert "too big" in failed(file=large).reason and chatwoot.can.file_size <= part.LARGEST
    front.world.state["chatwoot"] = {"unknown": ["318"]}
    assert failed().reason == "Chatwoot: Resource could not be found"
    assert not front.world.ledger


def test_too_many_messages_at_once_go_later(front: Door) -> None:
    front.world.state["chatwoot"] = {"flooded": True}
    assert (failed().outcome, failed().reason) == (Outcome.NOT_SENT, f"Chatwoot: {chatwoot.FLOODED}")


@pytest.mark.parametrize("id", ["", None, "5", [], 5.5])
def test_an_answer_without_an_id_is_unknown(id: Any, front: Door) -> None:
    front.world.fail(part="chatwoot", status=200, body=json.dumps({"id": id}))
    assert failed().outcome is Outcome.UNKNOWN


# ---- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "hosts", "asked"),
    [
        ("https://app.chatwoot.com/rails/active_storage/a.png", "", True),
        ("https://chat.shop.example/rails/active_storage/a.png", "", True),
        ("https://keep.example/files/a.png", "", False),
        ("https://keep.example/files/a.png", "Other.example keep.example", True),
        ("https://scontent.cdninstagram.com/v/story.jpg", "keep.example", False),
    ],
)
def test_a_file_comes_from_chatwoot_or_from_where_the_shop_says(
    place: str, hosts: str, asked: bool, front: Door
) -> None:
    own = CONFIG.model_copy(update={"api_url": "https://chat.shop.example", "file_hosts": hosts})
    called: list[str] = []

    def none(number: int, what: str, apply: Any, given: Any) -> Any:
        called.append(given.url)
        raise SendFailed("no answer came", Outcome.UNKNOWN)

    front.seam.intercept = none
    with pytest.raises(SendFailed):
        chatwoot.fetch(Attachment(reference=place), own, 1_000)
    assert called == [place] * asked
