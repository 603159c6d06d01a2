"""Resend: whose webhooks are taken, what the rest of a mail adds, what its API answers to our sending."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from chalicelib import api, mail, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Card, Outgoing
from chalicelib.models.values import Channel
from chalicelib.providers import resend
from chalicelib.webhook import Request
from infra.simulate import File
from infra.simulate import resend as simulator
from infra.world import Entry, Reply, Sent, World
from infra.world import resend as world_part
from tests.lab import START
from tests.lab.everything import EVERYTHING_SECRETS, cases, composed, config, door, parsed, said, signed

CONFIG = config("resend")
SECRET = EVERYTHING_SECRETS["SHOPBELL_RESEND_WEBHOOK_SECRET"]
TOKEN = "abcdefghijklmnopqrstuvw234"
CUSTOMER = simulator.CUSTOMER
CARD = Card(title="Emil Berg", facts=("mail",), hint="Answer this mail.")


@pytest.fixture
def world() -> Iterator[World]:
    """The stand-in, reached through the one way out."""
    with door() as front:
        yield front.world


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "k1-000", "to": CUSTOMER, "text": "Ja, gern 🙂", "at": START, **rest})


# ---- proof ------------------------------------------------------------------------------------------------------


def test_what_another_implementation_signs_is_taken() -> None:
    body = cases("resend")[0].body
    signature = Webhook(SECRET).sign("msg_1", START, body.decode())
    headers = {"svix-id": "msg_1", "svix-timestamp": str(int(START.timestamp())), "svix-signature": signature}
    given = Request(url="https://shop.example", headers=headers, body=body, at=START)
    resend.verify(given, CONFIG)
    with pytest.raises(BadSignature):
        resend.verify(replace(given, at=START + timedelta(seconds=301)), CONFIG)


def test_another_implementation_takes_what_we_sign() -> None:
    now = datetime.now(START.tzinfo)  # it has no other clock
    given = signed(composed("resend", said("resend", "Wo ist mein Paket? 📦")), now)
    for secret in CONFIG.webhook_secret:
        names = {name.replace("svix", "webhook"): value for name, value in given.headers.items()}
        assert Webhook(secret.get_secret_value()).verify(given.body, names)
    assert signing.standard_signatures((), "msg_1", "1", b"") == ""


# ---- the rest of a mail -----------------------------------------------------------------------------------------


def announced(text: str = "Wo ist mein Paket? 📦", **over: Any) -> Message:
    (found,) = parsed(composed("resend", said("resend", text, **over)))
    assert isinstance(found, Message)
    return found


def completed(message: Message, change: Callable[[dict[str, Any]], object], monkeypatch: Any) -> Message | None:
    """The message completed from what the API answers after `change`."""
    shown = simulator.opened(message.late)
    assert shown
    change(shown)
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(200, {}, json.dumps(shown).encode()))
    return resend.complete(message, CONFIG)


def whole(change: Callable[[dict[str, Any]], object], monkeypatch: Any, **over: Any) -> Message:
    found = completed(announced(**over), change, monkeypatch)
    assert found
    return found


def nothing(shown: dict[str, Any]) -> None:
    """As it is."""


def test_the_rest_brings_the_body_and_proves_the_sender(world: World) -> None:
    told = announced(files=(File("a.pdf", "application/pdf", b"1234"),))
    assert (told.sender.channel, told.text) == (Channel.UNVERIFIED_EMAIL, "Wo ist mein Paket? 📦")
    found = resend.complete(told.model_copy(update={"text": "x"}), CONFIG)
    assert found and found.claim == told.claim and not found.automatic
    assert (found.sender.channel, found.sender.id, found.name) == (Channel.EMAIL, CUSTOMER, "Emil Berg")
    assert (found.text, found.sent_at) == ("Wo ist mein Paket? 📦", START)
    (file,) = found.attachments
    assert (file.name, file.type, file.size) == ("a.pdf", "application/pdf", 4)
    assert file.reference.startswith(f"resend/{told.id}/")


def test_it_is_asked_for_by_its_id_and_without_pictures_in_its_html(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[api.Call] = []

    def transport(call: api.Call) -> api.Answer:
        asked.append(call)
        return api.Answer(200, {}, json.dumps(simulator.opened(announced().late)).encode())

    monkeypatch.setattr(api, "transport", transport)
    resend.complete(announced().model_copy(update={"late": "../domains?x=/ü"}), CONFIG)
    (call,) = asked
    assert (call.method, call.url) == ("GET", "http://world/resend/emails/receiving/..%2Fdomains%3Fx%3D%2F%C3%BC")
    assert call.query == {"html_format": "cid"} and call.headers["Authorization"] == "Bearer resend-api-key-77d2"


def test_an_agents_answer_is_read_without_what_it_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(nothing, monkeypatch, thread=TOKEN, sender="ann@shop.example", text="Morgen da.")
    assert (found.thread, found.text, found.sender.channel) == (TOKEN, "Morgen da.", Channel.EMAIL)
    away = whole(lambda shown: shown["headers"].update({"auto-submitted": "auto-replied"}), monkeypatch, thread=TOKEN)
    assert away.automatic


def test_html_alone_is_read_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(lambda shown: shown.update(text=None, html="<p>Grüße<br>aus <b>Köln</b></p>"), monkeypatch)
    assert found.text == "Grüße\naus Köln"


@pytest.mark.parametrize(
    "value",
    ["<a@x> <b@y>", ["<a@x> <b@y>", "<c@z>"], '["<a@x> <b@y>", "<c@z>"]'],
)
def test_a_header_may_come_as_text_as_a_list_or_as_the_text_of_one(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(lambda shown: shown["headers"].update(references=value), monkeypatch)
    assert found.context["references"] == "<a@x> <b@y>"


GENUINE = "amazonses.com; spf=pass client-ip=192.0.2.25; envelope-from=x@evil.example; dmarc={} header.from={};"
PASSED = GENUINE.format("pass", "customer.example")


@pytest.mark.parametrize(
    "value",
    [
        None,
        GENUINE.format("fail", "customer.example"),
        GENUINE.format("pass", "evil.example"),
        PASSED.replace("amazonses.com", "evil.example"),
        [GENUINE.format("fail", "customer.example"), PASSED],
        [PASSED, GENUINE.format("fail", "customer.example")],
        json.dumps([GENUINE.format("fail", "customer.example"), PASSED]),
        [[PASSED]],
        {"x": PASSED},
        f"[{PASSED}",
    ],
)
def test_no_other_verdict_proves_a_sender(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert whole(nothing, monkeypatch).sender.channel is Channel.EMAIL
    found = whole(lambda shown: shown["headers"].update({"authentication-results": value}), monkeypatch)
    assert (found.sender.channel, found.sender.id) == (Channel.UNVERIFIED_EMAIL, CUSTOMER)


@pytest.mark.parametrize("author", [f"{CUSTOMER}, x@evil.example", "other@customer.example"])
def test_an_author_whom_the_webhook_did_not_tell_is_not_proved(author: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = whole(lambda shown: shown.update({"from": author}), monkeypatch)
    assert found.sender.channel is Channel.UNVERIFIED_EMAIL


def test_without_a_server_to_believe_nobody_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_resend.CONFIG", CONFIG.model_copy(update={"verdict_server": ""}))
    assert whole(nothing, monkeypatch).sender.channel is Channel.UNVERIFIED_EMAIL


def test_our_own_mail_coming_back_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {mail.LOOP: "hello@mail.shop.example"}
    assert completed(announced(), lambda shown: shown["headers"].update(ours), monkeypatch) is None


JUNK: list[Any] = [None, True, 0, -1.5, "", "x", "[", "\ud800", [], [None], {}, {"name": []}, [[]], 10**30]


@pytest.mark.parametrize("field", ["from", "to", "cc", "bcc", "subject", "text", "html", "headers", "attachments"])
def test_whatever_the_api_answers_is_read_or_refused(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = announced()
    for junk in JUNK:
        try:
            found = completed(told, lambda shown, junk=junk: shown.update({field: junk}), monkeypatch)  # type: ignore[misc]
        except SendFailed as failure:
            assert failure.outcome is Outcome.REFUSED
        else:
            assert found and Message.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (404, {"name": "not_found", "message": "Email not found"}, Outcome.REFUSED),
        (401, {"name": "restricted_api_key", "message": "x"}, Outcome.REFUSED),
        (429, {"name": "rate_limit_exceeded", "message": "x"}, Outcome.NOT_SENT),
        (500, {"name": "internal_server_error", "message": "x"}, Outcome.UNKNOWN),
        (502, "<html>", Outcome.UNKNOWN),
        (200, '{"from": "cut o', Outcome.REFUSED),
        (200, {}, Outcome.REFUSED),
    ],
)
def test_what_cannot_be_had_says_why(status: int, body: Any, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, {"retry-after": "2"}, raw))
    with pytest.raises(SendFailed) as failed:
        resend.complete(announced(), CONFIG)
    assert failed.value.outcome is outcome


# ---- sending ----------------------------------------------------------------------------------------------------


def test_a_reply_is_one_mail_in_the_customers_thread(world: World) -> None:
    context = {"message_id": "<m1@customer.example>", "subject": "Paket"}
    identifier = resend.send(outgoing(context=context), CONFIG)
    (entry,) = world.ledger
    sent = entry.raw
    assert (entry.id, entry.to, entry.key, entry.thread) == (identifier, CUSTOMER, "k1-000", "")
    assert (sent["from"], sent["subject"], sent["text"]) == (CONFIG.sender, "Re: Paket", "Ja, gern 🙂")
    assert sent["headers"]["In-Reply-To"] == sent["headers"]["References"] == "<m1@customer.example>"
    assert sent["headers"][mail.LOOP] == "hello@mail.shop.example"
    assert not {"Message-ID", "Auto-Submitted"} & sent["headers"].keys() and not {"html", "reply_to"} & sent.keys()


def test_an_acknowledgement_says_that_a_machine_wrote_it(world: World) -> None:
    resend.send(outgoing(automatic=True), CONFIG)
    assert world.ledger[0].raw["headers"]["Auto-Submitted"] == "auto-replied"


def test_a_mailbox_gets_card_and_token_and_its_answer_finds_the_thread(world: World) -> None:
    resend.send(outgoing(to="team@shop.example", card=CARD, thread=TOKEN), CONFIG)
    (entry,) = world.ledger
    assert entry.thread == TOKEN and entry.text.startswith(mail.MARKER) and "Emil Berg" in entry.raw["html"]
    case = composed("resend", said("resend", "Ja.", sender="ann@shop.example", thread=TOKEN))
    assert json.loads(case.body)["data"]["to"] == [entry.raw["reply_to"]]
    (found,) = parsed(case)
    assert isinstance(found, Message) and found.thread == TOKEN


def test_a_repeat_is_known_and_sent_once(world: World) -> None:
    first = resend.send(outgoing(), CONFIG)
    assert resend.send(outgoing(), CONFIG) == first
    assert len(world.ledger) == 1
    assert resend.send(outgoing(key="k2-000"), CONFIG) != first


def test_a_repeat_in_other_words_was_sent_before(world: World) -> None:
    """The customer wrote again meanwhile: what our mail answers has changed, and the first try was taken."""
    resend.send(outgoing(context={"message_id": "<m1@x>"}), CONFIG)
    assert resend.send(outgoing(context={"message_id": "<m2@x>"}), CONFIG) == "k1-000"
    assert len(world.ledger) == 1


@pytest.mark.parametrize("to", ["", "mira", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "A <a@b.c>"])
def test_only_one_plain_address_is_written_to(world: World, to: str) -> None:
    with pytest.raises(SendFailed) as failed:
        resend.send(outgoing(to=to), CONFIG)
    assert failed.value.outcome is Outcome.REFUSED and not world.ledger


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (401, {"name": "missing_api_key", "message": "x"}, Outcome.REFUSED, "API key is wrong"),
        (403, {"name": "invalid_api_key", "message": "x"}, Outcome.REFUSED, "API key is wrong"),
        (401, {"name": "restricted_api_key", "message": "x"}, Outcome.REFUSED, "full access"),
        (403, {"name": "validation_error", "message": "Verify a\r\ndomain."}, Outcome.REFUSED, "Verify a domain."),
        (422, {"name": "invalid_parameter", "message": "key resend-api-key-77d2"}, Outcome.REFUSED, "key …"),
        (451, {"name": "security_error", "message": "x"}, Outcome.REFUSED, "x"),
        (429, {"name": "rate_limit_exceeded", "message": "x"}, Outcome.NOT_SENT, "x"),
        (429, {"name": "daily_quota_exceeded", "message": "x"}, Outcome.NOT_SENT, "today"),
        (429, {"name": "monthly_quota_exceeded", "message": "x"}, Outcome.NOT_SENT, "month"),
        (409, {"name": "concurrent_idempotent_requests", "message": "x"}, Outcome.NOT_SENT, "x"),
        (409, {"name": "conflict", "message": "x"}, Outcome.REFUSED, "x"),
        (500, {"name": "application_error", "message": "x"}, Outcome.UNKNOWN, "x"),
        (503, {"name": ["application_error"], "message": {}}, Outcome.NOT_SENT, "503"),
        (200, {}, Outcome.UNKNOWN, "cannot be read"),
        (200, {"id": 5, "name": "application_error"}, Outcome.UNKNOWN, "cannot be read"),
    ],
)
def test_what_an_answer_says(
    status: int, body: Any, outcome: Outcome, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = api.Answer(status, {"retry-after": "30"}, json.dumps(body).encode())
    monkeypatch.setattr(api, "transport", lambda call: answer)
    with pytest.raises(SendFailed) as failed:
        resend.send(outgoing(), CONFIG)
    assert (failed.value.outcome, failed.value.retry_after) == (outcome, 30 if status >= 400 else None)
    assert reason in failed.value.reason and "resend-api-key" not in failed.value.reason


# ---- the stand-in refuses what Resend refuses -------------------------------------------------------------------

MAIL = {"from": "hello@mail.shop.example", "to": ["a@b.example"], "subject": "s", "text": "t"}


def posted(content: Any, key: str = "resend-api-key-77d2", once: str = "k") -> tuple[int, str]:
    """Status and name that a call is answered."""
    world = World(EVERYTHING_SECRETS)
    headers = {"authorization": f"Bearer {key}", "idempotency-key": once}
    body = json.dumps(content).encode()
    answer = world_part.answer(Sent(part="resend", method="POST", path="/emails", headers=headers, body=body), world)
    assert len(world.ledger) == (answer.status == 200)
    return answer.status, name_in(answer)


def name_in(answer: Reply) -> str:
    return str(json.loads(answer.body).get("name", ""))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, (200, "")),
        ({"from": ""}, (422, "missing_required_field")),
        ({"subject": ""}, (422, "missing_required_field")),
        ({"text": ""}, (422, "missing_required_field")),
        ({"to": ["nobody"]}, (422, "validation_error")),
        ({"to": ["a@b.example"] * 51}, (422, "validation_error")),
        ({"reply_to": "x"}, (422, "validation_error")),
        ({"headers": [{"name": "X", "value": "y"}]}, (422, "validation_error")),
        ({"headers": {"X": 5}}, (422, "validation_error")),
        ({"headers": {"X": "a\nb"}}, (422, "validation_error")),
        ({"text": ["x"]}, (422, "validation_error")),
        ({"body": "x"}, (422, "validation_error")),
        ({"from": "a@evil.example"}, (403, "validation_error")),
    ],
)
def test_the_stand_in_refuses_a_bad_mail(change: dict[str, Any], wanted: tuple[int, str]) -> None:
    assert posted(MAIL | change) == wanted


def test_the_stand_in_refuses_a_bad_call() -> None:
    assert posted(MAIL, key="wrong") == (403, "invalid_api_key")
    assert posted(MAIL, once="k" * 257) == (400, "invalid_idempotency_key")
    for path, headers, wanted in (
        ("/emails", {}, (401, "missing_api_key")),
        ("/x", {"authorization": "Bearer resend-api-key-77d2"}, (404, "not_found")),
        ("/emails/receiving/none", {"authorization": "Bearer resend-api-key-77d2"}, (404, "not_found")),
    ):
        sent = Sent(part="resend", method="GET", path=path, headers=headers)
        answer = world_part.answer(sent, World(EVERYTHING_SECRETS))
        assert (answer.status, name_in(answer)) == wanted


@pytest.mark.parametrize("progress", ["delivered", "read", "failed"])
def test_the_stand_in_reports_on_a_mail(progress: str) -> None:
    entry = Entry(part="resend", what="mail", to="a@b.example", id="4e0a", raw=MAIL)
    body = world_part.receipt(entry, progress, World(EVERYTHING_SECRETS))
    assert body is not None
    (found,) = resend.parse(Request(url="", body=body, at=START), CONFIG)
    assert isinstance(found, Receipt)
    assert (found.progress, found.ids) == (Progress(progress), ("4e0a",))
    assert world_part.receipt(entry, "sent", World(EVERYTHING_SECRETS)) is None
