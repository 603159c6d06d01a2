"""Brevo: what is read of its mails and events, how files are fetched, and what becomes of what it takes and refuses."""

import json
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import Any

import pytest
from pydantic import SecretStr

from chalicelib import api, providers
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers import brevo
from chalicelib.webhook import Request
from infra.world import File
from tests.lab.everything import Door, cases, config

CONFIG = config("brevo")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ITEM = json.loads(next(case for case in cases("brevo") if case.name == "text").body)["items"][0]


# ---- reading ----------------------------------------------------------------------------------------------------


def parsed(body: Any) -> list[Message | Receipt]:
    return brevo.parse(Request(url="https://h.example/brevo", body=json.dumps(body).encode(), at=NOW), CONFIG)


def read(headers: dict[str, Any] | None = None, **about: Any) -> Message:
    (message,) = parsed({"items": [{**ITEM, **about, "Headers": {**ITEM["Headers"], **(headers or {})}}]})
    assert isinstance(message, Message)
    return message


def test_the_one_uuid_names_the_mail_and_not_its_recipients() -> None:
    """Brevo's page calls it a list of theirs; it is always one (Anymail). The Message-ID is its author's own word."""
    assert read().id == ITEM["Uuid"][0] and len(ITEM["Uuid"]) == 1
    assert read(MessageId="<other@x.example>", headers={"Message-ID": "<other@x.example>"}).claim == read().claim
    assert read(Uuid=["7b1e9f60-0000-4000-8000-000000000099"]).claim != read().claim


@pytest.mark.parametrize("about", [{"Uuid": []}, {"Uuid": None}, {"Uuid": [5]}, {"From": {}, "Headers": {}}])
def test_a_mail_without_id_or_author_is_kept_as_unreadable(about: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed({"items": [{**ITEM, **about}, ITEM]})
    assert len(caught.value.items) == 1


@pytest.mark.parametrize(
    ("headers", "proved"),
    [
        ({}, True),
        ({"Authentication-Results": []}, False),
        ({"Authentication-Results": "mx.evil.example; dmarc=pass header.from=customer.example"}, False),
        ({"From": ["Mira <mira.olsen@customer.example>", "Eve <eve@evil.example>"]}, False),
        ({"From": "Mira <mira.olsen@customer.example>, Eve <eve@evil.example>"}, False),
        ({"From": "Mira <mira.olsen@evil.example>"}, False),  # whoever Brevo names beside it
    ],
)
def test_only_the_server_that_is_believed_proves_the_one_author(headers: dict[str, Any], proved: bool) -> None:
    assert (read(headers).sender.channel == "email") is proved


def test_a_mail_is_read_without_its_headers_too() -> None:
    (message,) = parsed({"items": [{**ITEM, "Headers": {}}]})
    assert isinstance(message, Message) and message.sender.id == "mira.olsen@customer.example"
    assert message.context["message_id"] == "<mail-10@customer.example>" and message.sender.channel == "email?"


def test_what_it_took_out_of_a_mail_is_not_believed() -> None:
    """ExtractedMarkdownMessage leaves out what it takes for a signature, and writes marks of its own."""
    assert read(ExtractedMarkdownMessage="*something else*").text == read().text == "Gibt es die Schuhe in Größe 38? 👟"


@pytest.mark.parametrize("said", [{}, {"items": None}, {"items": {}}, 5, "x", None])
def test_what_is_neither_mail_nor_event_is_kept_as_unreadable(said: Any) -> None:
    with pytest.raises(Unreadable):
        parsed(said)


@pytest.mark.parametrize("event", ["request", "click", "deferred", "proxy_open", "unique_proxy_open", "list_addition"])
def test_what_says_nothing_of_a_mail_is_nothing(event: str) -> None:
    """A program that opens a mail is no reader."""
    assert parsed({"event": event, "message-id": "<1@x.example>"}) == []


# ---- files ------------------------------------------------------------------------------------------------------


def test_a_file_is_fetched_by_its_token_whatever_that_holds(front: Door) -> None:
    """With our key, and from nowhere else."""
    token = "eyJ/../a?b#c d"
    front.world.hold("brevo", token, File("a.pdf", "application/pdf", b"%PDF"))
    file = read(Attachments=[{"Name": "a.pdf", "ContentType": "application/pdf", "DownloadToken": token}]).attachments[
        0
    ]
    fetch = providers.optional(providers.load("brevo"), "fetch")
    assert fetch is not None and fetch(file, CONFIG, 100) == Content(name="a.pdf", type="application/pdf", data=b"%PDF")
    for how in (CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)}), CONFIG):
        with pytest.raises(SendFailed) as caught:
            fetch(file if how is not CONFIG else Attachment(name="a", reference="brevo/1"), how, 100)
        assert caught.value.outcome is Outcome.REFUSED


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "mira@customer.example", "text": "Ja, zwei. 🙂", "at": NOW, **rest})


def failed(how: brevo.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        brevo.send(outgoing(**rest), how)
    return caught.value


def sent(front: Door, how: brevo.Config = CONFIG, **rest: Any) -> dict[str, Any]:
    identifier = brevo.send(outgoing(**rest), how)
    assert front.world.ledger[-1].id == identifier
    raw: dict[str, Any] = front.world.ledger[-1].raw
    return raw


def test_an_answer_names_what_it_answers(front: Door) -> None:
    context = {
        "message_id": "<1@customer.example>",
        "references": "<ü@x.example> <0@x.example>",
        "subject": "Größe 38?",
    }
    raw = sent(front, context=context, automatic=True)
    assert raw["subject"] == "Re: Größe 38?" and raw["headers"]["In-Reply-To"] == "<1@customer.example>"
    assert raw["headers"]["References"] == "<0@x.example> <1@customer.example>"  # other letters arrive as raw bytes
    assert raw["headers"]["Auto-Submitted"] == "auto-replied" and "Message-ID" not in raw["headers"]


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Corner Shop <a@brevo.shop.example>", "Corner Shop"),
        ('"Müller, Söhne" <a@brevo.shop.example>', "Müller, Söhne"),
        ("a@brevo.shop.example", ""),
    ],
)
def test_no_name_is_lost(sender: str, name: str, front: Door) -> None:
    """Brevo drops one with a comma and letters beyond ASCII, and says nothing (Anymail)."""
    shown = sent(front, CONFIG.model_copy(update={"sender": sender}))["sender"]
    assert shown["email"] == "a@brevo.shop.example" and shown.get("name", "").isascii()
    assert str(make_header(decode_header(shown.get("name", "")))) == name


def test_only_files_that_brevo_takes_are_sent_as_such() -> None:
    assert brevo.can.takes("application/pdf", 3_000_000) and not brevo.can.takes("application/pdf", 3_000_001)
    assert not brevo.can.takes("application/x-msdownload", 1) and not brevo.can.takes("image/heic", 1)


def test_what_brevo_refuses_is_told_in_its_words(front: Door) -> None:
    assert failed(CONFIG.model_copy(update={"sender": "x@evil.example"})).reason == "Brevo: sender is not valid"
    wrong = failed(CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)}))
    assert (wrong.outcome, wrong.reason.startswith("Brevo: the API key")) == (Outcome.REFUSED, True)
    strange = Content(name="a.exe", type="application/x-msdownload", data=b"MZ")
    assert failed(file=strange).reason == "Brevo: Unsupported file format: a.exe"
    front.world.state["brevo"] = {"no_credits": True}
    assert failed().outcome is Outcome.NOT_SENT
    assert failed(to="nobody").outcome is Outcome.REFUSED and not front.world.ledger


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": ""}, "missing_parameter"),
        ({"domain": None}, "missing_parameter"),
        ({"url": "shop.example/x"}, "invalid_parameter"),
        ({"domain": "bell@reply.shop.example"}, "invalid_parameter"),
        ({"events": ["delivered"]}, "invalid_parameter"),
    ],
)
def test_a_webhook_that_brevo_does_not_take(wrong: dict[str, Any], code: str, front: Door) -> None:
    hook = {"type": "inbound", "events": ["inboundEmailProcessed"], "domain": "reply.shop.example"}
    said = {**hook, "url": "https://shop.example/x", **wrong}
    shown = {"api-key": CONFIG.api_key[0].get_secret_value()}
    answer = api.call("POST", f"{CONFIG.api_url}/v3/webhooks", headers=shown, json=said)
    assert (answer.status, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("id", ["", None, 5, []])
def test_an_answer_without_an_id_is_unknown(id: Any, front: Door) -> None:
    front.world.fail(part="brevo", status=201, body=json.dumps({"messageId": id}))
    assert failed().outcome is Outcome.UNKNOWN
