"""Viber: its published signature, what its own library makes of the same, what becomes of what it takes and refuses."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from viberbot import Api
from viberbot.api.bot_configuration import BotConfiguration
from viberbot.api.message_sender import MessageSender
from viberbot.api.messages import TextMessage

from chalicelib import api
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import viber
from chalicelib.webhook import Request
from infra import simulate
from infra.world import Reply, World
from tests.lab import carried, prepare
from tests.lab.everything import EVERYTHING_SECRETS, config, said

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
URL = "https://shop.example/webhooks/viber"
CONFIG = config("viber")
PERSON = "u7Xw2Kq0LmPz4RtYb8NcQg=="
ANSWER = Outgoing(key="k1", to=PERSON, text="It left this morning. 👋🏽 Дякуємо")

# From viber-bot-python, tests/api/test_api.py
TOKEN = "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3"
BODY = b'{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}'
SIGNATURE = "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef"


def vendor(token: str) -> Any:
    return Api(BotConfiguration(auth_token=token, name="Corner Shop", avatar=""))


def accepts(body: bytes, signature: str, token: str = TOKEN) -> bool:
    request = Request(url=URL, headers={"x-viber-content-signature": signature}, body=body, at=NOW)
    try:
        viber.verify(request, CONFIG.model_copy(update={"auth_token": (SecretStr(token),)}))
    except BadSignature:
        return False
    return True


def parsed(**callback: Any) -> list[Any]:
    return viber.parse(Request(url=URL, body=json.dumps(callback).encode(), at=NOW), CONFIG)


# ---- signatures, and what callbacks mean ------------------------------------------------------------------------


def test_vector() -> None:
    assert accepts(BODY, SIGNATURE) and vendor(TOKEN).verify_signature(BODY, SIGNATURE)
    assert not accepts(BODY + b" ", SIGNATURE)
    assert not accepts(BODY, SIGNATURE, "another")
    assert not any(accepts(BODY, odd) for odd in ("", "é", "\ud800", SIGNATURE.upper(), f"sha256={SIGNATURE}"))


def test_the_try_of_the_address_is_accepted_and_says_nothing() -> None:
    """Its time is no time of this world."""
    assert viber.parse(Request(url=URL, body=BODY, at=NOW), CONFIG) == []


def test_the_vendor_reads_what_the_simulator_signs() -> None:
    file = simulate.File(name="lamp 1.jpg", type="image/jpeg", content=b"123")
    token = EVERYTHING_SECRETS["SHOPBELL_VIBER_AUTH_TOKEN"]
    for words in (said("viber", "héllo 👋"), said("viber", "look", files=(file,))):
        webhook = simulate.webhook("viber", [words], URL, NOW, CONFIG)
        assert vendor(token).verify_signature(webhook.body, webhook.headers["x-viber-content-signature"])
        theirs = vendor(token).parse_request(webhook.body)
        (ours,) = viber.parse(Request(url=URL, body=webhook.body, at=NOW), CONFIG)
        assert isinstance(ours, Message)
        assert (str(theirs.message_token), theirs.sender.id, theirs.sender.name) == (ours.id, ours.sender.id, ours.name)
        if not words.files:
            assert theirs.message.text == ours.text


@pytest.mark.parametrize(
    ("callback", "text"),
    [
        ({"event": "client_status"}, None),
        ({"event": "message", "message": {"type": "hologram"}}, "(a message of the kind hologram)"),
    ],
)
def test_what_the_vendor_cannot_read_costs_nothing(callback: dict[str, Any], text: str | None) -> None:
    """viberbot 1.0 raises a bare Exception at an event or a kind that it does not know."""
    whole = {"timestamp": 1, "message_token": 7, "sender": {"id": PERSON, "name": "O"}, **callback}
    with pytest.raises(Exception, match="not supported"):
        vendor(TOKEN).parse_request(json.dumps(whole))
    assert [item.text for item in parsed(**whole)] == ([text] if text else [])


def test_a_message_is_the_same_whichever_way_its_number_is_written() -> None:
    written = {"event": "message", "timestamp": 1, "sender": {"id": PERSON}, "message": {"type": "text", "text": "x"}}
    (number,), (words,) = (
        parsed(**written, message_token=token) for token in (4912661846655238145, "4912661846655238145")
    )
    assert number.claim == words.claim and number.id == "4912661846655238145"


@pytest.mark.parametrize(
    "broken",
    [
        {"message_token": None},
        {"message_token": -1},
        {"message_token": 1.5},
        {"message_token": True},
        {"sender": {"id": ""}},
        {"sender": None},
        {"message": {}},
        {"timestamp": 10**30},
    ],
)
def test_unreadable(broken: dict[str, Any]) -> None:
    whole = {"event": "message", "timestamp": 1, "message_token": 7, "sender": {"id": PERSON}}
    with pytest.raises(Unreadable):
        parsed(**{**whole, "message": {"type": "text", "text": "x"}, **broken})


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(EVERYTHING_SECRETS)
    world.now = lambda: NOW
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def failed(how: Any = CONFIG, **outgoing: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        viber.send(ANSWER.model_copy(update=outgoing), how)
    return caught.value


class Sent:
    """What the vendor's library would post."""

    def post_request(self, endpoint: Any, payload: str) -> dict[str, Any]:
        self.payload = json.loads(payload)
        return {"status": 0, "message_token": 1}


def test_what_is_sent_is_what_the_vendor_sends(world: World) -> None:
    """But for the token, which goes in the header, as Viber's reference has it."""
    token, sent = viber.send(ANSWER, CONFIG), Sent()
    sender = MessageSender(
        logging.getLogger("viberbot"), sent, BotConfiguration(auth_token=TOKEN, name="Corner Shop", avatar="")
    )
    sender.send_message(PERSON, "Corner Shop", None, TextMessage(text=ANSWER.text))
    (entry,) = world.ledger
    assert (entry.id, entry.to, entry.text) == (token, PERSON, ANSWER.text)
    assert {**entry.raw, "sender": {"name": "Corner Shop", "avatar": None}, "auth_token": TOKEN} == sent.payload


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (12, Outcome.NOT_SENT, "Viber: too many messages, Viber asks us to wait"),
        (24, Outcome.REFUSED, "Viber: the shop's balance at Viber is used up"),
        (99, Outcome.REFUSED, "Viber: so it is"),
        (-1, Outcome.REFUSED, "Viber: so it is"),
    ],
)
def test_its_status_counts_whatever_http_says(world: World, status: int, outcome: Outcome, reason: str) -> None:
    world.fail(part="viber", status=200, body=json.dumps({"status": status, "status_message": "so it is"}))
    failure = failed()
    assert (failure.outcome, failure.reason) == (outcome, reason) and not world.ledger


def test_what_is_refused(world: World) -> None:
    world.state["viber"] = {"left": ["gone"]}
    assert failed(to="gone").reason == "Viber: this person has not joined the shop's bot, or has left it"
    assert failed(text="").reason == "Viber: missingData"
    assert failed(text="x" * 7001).reason == "Viber: badData"
    assert failed(CONFIG.model_copy(update={"sender_name": "x" * 29})).reason == "Viber: badData"
    wrong = CONFIG.model_copy(update={"auth_token": (SecretStr("wrong"),)})
    assert failed(wrong).reason == "Viber: the token is not valid (any more)"
    assert not world.ledger and len(world.refused) == 5


def test_any_text_that_is_cut_for_viber_is_taken(world: World) -> None:
    """No more than 30 kB of JSON go in, and in ASCII an emoji is twelve bytes."""
    viber.send(ANSWER.model_copy(update={"text": "👟" * viber.can.text}), CONFIG)
    assert failed(text="👟" * (viber.can.text + 100)).outcome is Outcome.REFUSED


def answering(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """As Shopbell answers Viber's try of the address. Raises BadSignature."""
    request = Request(method=method, url=url, headers=headers, body=body, at=NOW)
    viber.verify(request, CONFIG)
    assert viber.parse(request, CONFIG) == []
    return Reply(status=viber.can.accepted.status)


def test_setting_the_webhook_as_its_steps_say(world: World) -> None:
    world.visit = answering
    headers = {"X-Viber-Auth-Token": EVERYTHING_SECRETS["SHOPBELL_VIBER_AUTH_TOKEN"]}
    asked = {"url": URL, "event_types": ["delivered", "seen", "failed"], "send_name": True}
    said = api.call("POST", f"{CONFIG.api_url}/set_webhook", headers=headers, json=asked).json()
    assert said["status"] == 0 and "message" in said["event_types"]
    assert viber.check(CONFIG, URL, NOW) == []
    assert "another address" in viber.check(CONFIG, "https://other.example/webhooks/viber", NOW)[0].text
    refused = api.call("POST", f"{CONFIG.api_url}/set_webhook", headers=headers, json={"url": "http://shop.example"})
    assert refused.json()["status_message"] == "invalidUrl"


def test_an_address_that_does_not_answer_is_not_taken(world: World) -> None:
    headers = {"X-Viber-Auth-Token": EVERYTHING_SECRETS["SHOPBELL_VIBER_AUTH_TOKEN"]}
    refused = api.call("POST", f"{CONFIG.api_url}/set_webhook", headers=headers, json={"url": URL}).json()
    assert refused["status"] == 1 and "503" in refused["status_message"]
    assert "no webhook address" in viber.check(CONFIG, URL, NOW)[0].text
    assert api.call("POST", f"{CONFIG.api_url}/set_webhook", headers=headers, json={"url": ""}).json()["status"] == 0
