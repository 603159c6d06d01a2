"""Telegram: what its updates mean, who may send them, what it answers to our sending."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import telegram as sdk
from pydantic import SecretStr
from telegram.request import BaseRequest, RequestData

from chalicelib import api
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.providers import telegram
from chalicelib.webhook import Request
from infra import simulate
from infra.simulate import File, Said
from infra.simulate import telegram as simulator
from infra.world import Reply, Sent, World
from infra.world import telegram as world_part

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TOKEN = "7001:AAmade-up_token"
CONFIG = telegram.Config.model_validate(
    {"secret_token": "first_word second-word", "bot_token": TOKEN, "api_url": "https://world.example/telegram"}
)
PAYLOADS = sorted((Path(__file__).parent / "payloads" / "telegram").glob("*.body"))
HEADER = "x-telegram-bot-api-secret-token"


def request(body: bytes, **headers: str) -> Request:
    return Request(url="https://shop.example/webhooks/telegram", body=body, headers=headers, at=AT)


def parsed(body: bytes) -> list[Message | Receipt]:
    return telegram.parse(request(body), CONFIG)


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "k1", "to": "811223344", "text": "Ja, gern 🙂", **rest})


@pytest.fixture(autouse=True)
def _durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """How python-telegram-bot wants to be asked for times, or it warns."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


# ---- reading ----------------------------------------------------------------------------------------------------


def test_the_same_thing_has_one_claim_and_distinct_things_have_distinct_claims() -> None:
    claims = []
    for payload in PAYLOADS:
        body = payload.read_bytes()
        again = json.dumps({**json.loads(body), "update_id": 1}, indent=1).encode()
        here, there = ([item.claim for item in parsed(raw)] for raw in (body, again))
        assert here == there
        claims += here
    assert len(claims) == len(set(claims)) >= 20


def test_an_edit_and_a_reaction_name_the_message_they_are_about() -> None:
    by_case = {path.stem: parsed(path.read_bytes()) for path in PAYLOADS}
    (original,), (edit,) = by_case["text"], by_case["edit"]
    assert isinstance(original, Message) and isinstance(edit, Message)
    assert edit.original_claim == original.claim


def test_what_is_for_nobody_is_not_read() -> None:
    assert parsed(b"{}") == parsed(b'{"update_id": 5}') == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{", b'{"message": 1}', b'{"message": {}}'])
def test_a_body_that_is_no_update_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parsed(body)


# ---- proof ------------------------------------------------------------------------------------------------------


def test_either_live_secret_is_accepted() -> None:
    for token in ("first_word", "second-word"):
        telegram.verify(request(b"{}", **{HEADER: token}), CONFIG)


@pytest.mark.parametrize(
    "shown", ["", "first", "first_word ", "first_word second-word", "First_word", "ﬁrst_word", "first_word\udcff"]
)
def test_any_other_secret_is_refused(shown: str) -> None:
    with pytest.raises(BadSignature):
        telegram.verify(request(b"{}", **{HEADER: shown}), CONFIG)


def test_each_flipped_bit_of_the_secret_is_refused() -> None:
    right = b"first_word"
    for place in range(len(right) * 8):
        flipped = bytearray(right)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(BadSignature):
            telegram.verify(request(b"{}", **{HEADER: flipped.decode("latin-1")}), CONFIG)


def test_no_header_and_no_secret_never_agree() -> None:
    bare = CONFIG.model_copy(update={"secret_token": ()})
    for given, config in ((request(b"{}"), CONFIG), (request(b"{}"), bare), (request(b"{}", **{HEADER: ""}), bare)):
        with pytest.raises(BadSignature):
            telegram.verify(given, config)


# ---- the simulator, read by another implementation ----------------------------------------------------------------

PICTURE = File("riss.jpg", "image/jpeg", b"picture")
PAPER = File("Rechnung.pdf", "application/pdf", b"paper")


def said(**rest: Any) -> Said:
    return Said(**{"text": "Grüße 🫖", "id": "one", "at": AT, **rest})


def test_a_simulated_webhook_is_what_telegram_would_send() -> None:
    hook = simulate.webhook("telegram", [said(name="Ana Maria Šimić", sender="42")], "https://shop.example", AT, CONFIG)
    update = sdk.Update.de_json(json.loads(hook.body), None)
    assert update.message and update.message.text == "Grüße 🫖" and update.message.date == AT
    assert update.message.from_user and update.message.from_user.full_name == "Ana Maria Šimić"
    assert not update.message.api_kwargs
    telegram.verify(request(hook.body, **hook.headers), CONFIG)
    (message,) = parsed(hook.body)
    assert isinstance(message, Message)
    assert (message.sender.id, message.name, message.text) == ("42", "Ana Maria Šimić", "Grüße 🫖")
    assert message.id == f"42:{update.message.message_id}"


def test_simulated_files_are_read_alike() -> None:
    for file, kind in ((PICTURE, "photo"), (PAPER, "document")):
        body = simulator.compose([said(files=(file,))], CONFIG).body
        update = sdk.Update.de_json(json.loads(body), None)
        assert update.message and update.message.caption == "Grüße 🫖"
        assert len(update.message.photo) == (2 if kind == "photo" else 0)
        theirs = update.message.photo[-1] if kind == "photo" else update.message.document
        (message,) = parsed(body)
        assert theirs and isinstance(message, Message)
        (attachment,) = message.attachments
        assert (attachment.reference, attachment.size) == (
            theirs.file_id,
            theirs.file_size,
        ) and attachment.type == file.type


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: str(path.stem))
def test_the_payloads_are_updates_to_another_implementation(payload: Path) -> None:
    update = sdk.Update.de_json(json.loads(payload.read_bytes()), None)
    assert (update.effective_chat is None) == (payload.stem == "unknown")
    items = parsed(payload.read_bytes())
    for message in items:
        assert isinstance(message, Message) and update.effective_chat and update.effective_user
        assert message.sender.id == str(update.effective_chat.id)
        assert message.name == update.effective_user.full_name


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The outside world, reached without a network."""
    world = World({"SHOPBELL_TELEGRAM_BOT_TOKEN": f"{TOKEN} 7001:AAnext", "SHOPBELL_TELEGRAM__B2_BOT_TOKEN": "7002:BB"})

    def transport(call: api.Call) -> api.Answer:
        path = urlsplit(call.url).path.removeprefix("/telegram")
        headers = {"content-type": "application/json"}
        reply = world_part.answer(
            Sent(part="telegram", method=call.method, path=path, headers=headers, body=json.dumps(call.json).encode()),
            world,
        )
        return api.Answer(reply.status, reply.headers, reply.body)

    monkeypatch.setattr(api, "transport", transport)
    return world


def test_a_text_arrives_as_it_was_written(world: World) -> None:
    text = "*Ja* <b>gern</b> 🙂\n".ljust(telegram.can.text, "🫖")
    sent = telegram.send(outgoing(text=text), CONFIG)
    (entry,) = world.ledger
    assert (entry.to, entry.text, entry.id) == ("811223344", text, sent) and sent.startswith("811223344:")


@pytest.mark.parametrize(
    ("what", "config", "status", "words"),
    [
        ({"to": "400"}, {}, 400, "chat not found"),
        ({"to": "@someone"}, {}, 400, "chat not found"),
        ({"to": ""}, {}, 400, "chat_id is empty"),
        ({"to": "403"}, {}, 403, "blocked by the user"),
        ({"to": "410"}, {}, 403, "user is deactivated"),
        ({"text": " \n"}, {}, 400, "message text is empty"),
        ({"text": "🫖" * 4097}, {}, 400, "message is too long"),
        ({}, {"bot_token": (SecretStr("7001:AAwrong"),)}, 401, "Unauthorized"),
        ({}, {"bot_token": (SecretStr("nonsense"),)}, 404, "Not Found"),
    ],
)
def test_the_world_refuses_as_telegram_does(
    world: World, what: dict[str, Any], config: dict[str, Any], status: int, words: str
) -> None:
    with pytest.raises(SendFailed, match=words) as failed:
        telegram.send(outgoing(**what), CONFIG.model_copy(update=config))
    assert failed.value.outcome is Outcome.REFUSED and not world.ledger
    assert not any(secret in str(failed.value) for secret in ("AAwrong", "nonsense", TOKEN))


def test_an_edit_and_a_delete_change_what_was_sent_and_may_come_twice(world: World) -> None:
    sent = telegram.send(outgoing(), CONFIG)
    for change in ("edit", "edit", "delete", "delete"):
        assert telegram.send(outgoing(change=change, refers=sent, text="Nein"), CONFIG) == sent
    _, edit, delete = world.ledger
    assert (edit.what, edit.text, edit.refers) == ("edit", "Nein", sent)
    assert (delete.what, delete.refers) == ("delete", sent)


@pytest.mark.parametrize("refers", ["", "811223344", "811223344:", "811223344:x", "811223344:٧"])
def test_a_change_of_nobody_knows_what_is_refused_and_calls_nobody(world: World, refers: str) -> None:
    with pytest.raises(SendFailed, match="not known which") as failed:
        telegram.send(outgoing(change="edit", refers=refers), CONFIG)
    assert failed.value.outcome is Outcome.REFUSED and not world.ledger and not world.refused


def test_what_cannot_be_changed_any_more_is_refused(world: World) -> None:
    world.now = lambda: AT
    sent = telegram.send(outgoing(), CONFIG)
    world.now = lambda: AT + timedelta(hours=49)
    with pytest.raises(SendFailed, match="can't be deleted"):
        telegram.send(outgoing(change="delete", refers=sent), CONFIG)
    with pytest.raises(SendFailed, match="to edit not found"):
        telegram.send(outgoing(change="edit", refers="811223344:999"), CONFIG)


def test_every_live_token_of_every_account_is_known_to_the_world(world: World) -> None:
    for token in (TOKEN, "7001:AAnext", "7002:BB"):
        telegram.send(outgoing(), CONFIG.model_copy(update={"bot_token": (SecretStr(token),)}))
    assert len({entry.id for entry in world.ledger}) == 3


def error(status: int, description: str, **rest: Any) -> api.Answer:
    body = {"ok": False, "error_code": status, "description": description, **rest}
    return api.Answer(status, {}, json.dumps(body).encode())


WAIT = "Too Many Requests: retry after 30"
OUTCOMES: list[tuple[api.Answer, Outcome, float | None]] = [
    (error(429, WAIT, parameters={"retry_after": 30}), Outcome.NOT_SENT, 30.0),
    (error(429, WAIT, parameters={"retry_after": 99_999}), Outcome.NOT_SENT, 3600.0),
    (error(429, WAIT, parameters={"retry_after": "soon"}), Outcome.NOT_SENT, None),
    (error(429, WAIT, parameters=[1]), Outcome.NOT_SENT, None),
    (api.Answer(429, {"retry-after": "7"}, b"<html>slow down</html>"), Outcome.NOT_SENT, 7.0),
    (error(400, "Bad Request: chat not found"), Outcome.REFUSED, None),
    (error(401, "Unauthorized"), Outcome.REFUSED, None),
    (error(403, "Forbidden: bot was blocked by the user"), Outcome.REFUSED, None),
    (error(404, "Not Found"), Outcome.REFUSED, None),
    (error(500, "Internal Server Error: restart"), Outcome.UNKNOWN, None),
    (api.Answer(502, {}, b"<html>Bad Gateway</html>"), Outcome.UNKNOWN, None),
    (api.Answer(503, {}, b""), Outcome.NOT_SENT, None),
    (api.Answer(200, {}, b"<html>hotel network</html>"), Outcome.UNKNOWN, None),
    (api.Answer(200, {}, b'{"ok": false, "error_code": []}'), Outcome.UNKNOWN, None),
]


@pytest.mark.parametrize(("answer", "outcome", "seconds"), OUTCOMES)
def test_what_an_answer_means(
    monkeypatch: pytest.MonkeyPatch, answer: api.Answer, outcome: Outcome, seconds: float | None
) -> None:
    monkeypatch.setattr(api, "transport", lambda call: answer)
    with pytest.raises(SendFailed) as failed:
        telegram.send(outgoing(), CONFIG)
    assert (failed.value.outcome, failed.value.retry_after) == (outcome, seconds)


def test_a_taken_text_is_never_called_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(200, {}, b'{"ok": true, "result": true}'))
    assert telegram.send(outgoing(), CONFIG) == "811223344:"


def test_it_is_one_call_to_telegram_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[api.Call] = []

    def transport(call: api.Call) -> api.Answer:
        calls.append(call)
        return error(400, "Bad Request: chat not found")

    monkeypatch.setattr(api, "transport", transport)
    with pytest.raises(SendFailed):
        telegram.send(outgoing(), telegram.Config.model_validate({"bot_token": TOKEN}))
    (call,) = calls
    assert call.url == f"https://api.telegram.org/bot{TOKEN}/sendMessage"
    assert call.json == {"chat_id": "811223344", "text": "Ja, gern 🙂"}


# ---- the world, called by another implementation --------------------------------------------------------------------


class Wire(BaseRequest):
    """The way from python-telegram-bot into the world."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def read_timeout(self) -> float:
        return 1.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        form = urlencode(request_data.json_parameters if request_data else {}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        sent = Sent(part="telegram", method=method, path=urlsplit(url).path, headers=headers, body=form)
        reply: Reply = world_part.answer(sent, self.world)
        return reply.status, reply.body


def bot(world: World, token: str = TOKEN) -> sdk.Bot:
    wire = Wire(world)
    return sdk.Bot(token, base_url="https://world.example/bot", request=wire, get_updates_request=wire)


def test_another_implementation_reads_the_worlds_answers() -> None:
    world = World({"SHOPBELL_TELEGRAM_BOT_TOKEN": TOKEN})

    async def talk() -> None:
        async with bot(world) as one:
            assert one.username == "shopbell_bot"
            assert await one.set_webhook("https://shop.example/x", allowed_updates=["message"], secret_token="a-1")
            about = await one.get_webhook_info()
            assert (about.url, about.allowed_updates) == ("https://shop.example/x", ("message",))
            with pytest.raises(sdk.error.BadRequest, match="Bad webhook"):
                await one.set_webhook("http://shop.example/x")
            with pytest.raises(sdk.error.BadRequest, match="unallowed characters"):
                await one.set_webhook("https://shop.example/x", secret_token="a.1")
            assert await one.set_webhook("") and not (await one.get_webhook_info()).url
            message = await one.send_message(811223344, "Ja, gern 🙂")
            assert message.text == "Ja, gern 🙂" and message.chat.type == "private"
            assert message.from_user == one.bot
            assert f"{message.chat_id}:{message.message_id}" == world.ledger[0].id
            edited = await message.edit_text("Ja, gern!")
            assert isinstance(edited, sdk.Message) and edited.text == "Ja, gern!"
            with pytest.raises(sdk.error.BadRequest, match="not modified"):
                await message.edit_text("Ja, gern!")
            assert await message.delete()
            with pytest.raises(sdk.error.BadRequest, match="to delete not found"):
                await message.delete()
            with pytest.raises(sdk.error.BadRequest, match="to edit not found"):
                await message.edit_text("Nein")
            with pytest.raises(sdk.error.Forbidden, match="blocked by the user"):
                await one.send_message(403, "x")
            with pytest.raises(sdk.error.BadRequest, match="Chat not found"):
                await one.send_message(400, "x")
            with pytest.raises(sdk.error.BadRequest, match="too long"):
                await one.send_message(811223344, "x" * 4097)
            with pytest.raises(sdk.error.EndPointNotFound):
                await one.do_api_request("sendNothing")
        with pytest.raises(sdk.error.InvalidToken):
            await bot(world, "7001:AAwrong").get_me()

    asyncio.run(talk())
    assert [entry.what for entry in world.ledger] == ["message", "edit", "delete"]


def test_a_simulated_secret_is_the_current_one() -> None:
    hook = simulator.compose([said()], CONFIG)
    assert simulator.sign(hook, "https://shop.example", AT, CONFIG) == {HEADER: "first_word"}
