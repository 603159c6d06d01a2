"""Mandrill: its signature, what is read of a batch, and what becomes of what it takes and refuses."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers import mandrill
from chalicelib.webhook import Request, Response
from infra.simulate import mandrill as simulator
from tests.lab.everything import Case, Door, cases, config, request, signed

CONFIG = config("mandrill")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BATCH, TEXT = (next(case for case in cases("mandrill") if case.name == name) for name in ("batch", "a_question"))
RAW = "From: Mira <mira@customer.example>\nMessage-ID: <1@customer.example>\nDate: Mon, 2 Mar 2026 10:10:00 +0100\n\nHi"


# ---- the signature ----------------------------------------------------------------------------------------------


def shown(url: str, form: dict[str, str], signature: str) -> Request:
    return Request(url=url, headers={"x-mandrill-signature": signature}, body=urlencode(form).encode(), at=NOW)


def test_the_vector_that_two_computed() -> None:
    """By Anymail's test helper (TEST_WEBHOOK_KEY is its key) and by OpenSSL."""
    how = mandrill.Config.model_validate({"webhook_key": "TEST_WEBHOOK_KEY"})
    given = shown("https://h.example/mandrill", {"mandrill_events": "[]"}, "9roXf/btT+VJLsseHdL1MMpkjHM=")
    assert mandrill.verify(given, how) is None
    for wrong in (replace(given, url="https://u:p@h.example/mandrill"), replace(given, body=b"mandrill_events=[1]")):
        with pytest.raises(BadSignature):
            mandrill.verify(wrong, how)


def test_every_field_counts_in_the_order_of_their_names() -> None:
    """Mandrill sends one today, and says that it may send more."""
    content = "https://h.example/mandrill" + "aü" + "mandrill_events[]" + "z "
    mac = hmac.new(b"mandrill-webhook-key-2a75", content.encode(), hashlib.sha1).digest()
    form = {"z": " ", "mandrill_events": "[]", "a": "ü"}
    given = shown("https://h.example/mandrill", form, base64.b64encode(mac).decode())
    assert mandrill.verify(given, CONFIG) is None
    with pytest.raises(BadSignature):
        mandrill.verify(replace(given, body=b"z=%FF&mandrill_events=[]"), CONFIG)


def test_by_head_it_looks_whether_we_are_there() -> None:
    """Unsigned, for it tells the key only then; and nothing comes of it."""
    given = Request(method="HEAD", url="https://h.example/mandrill", at=NOW)
    assert mandrill.verify(given, CONFIG) == Response()
    with pytest.raises(BadSignature):
        mandrill.verify(replace(given, method="POST"), CONFIG)


# ---- reading ----------------------------------------------------------------------------------------------------


def posted(events: Any) -> Request:
    return Request(url="https://h.example/mandrill", body=simulator.posted(events).body, at=NOW)


def read(**about: Any) -> Message:
    msg = {"raw_msg": RAW, "email": CONFIG.inbound_address, **about}
    (message,) = mandrill.parse(posted([{"event": "inbound", "ts": 1772442605, "msg": msg}]), CONFIG)
    assert isinstance(message, Message)
    return message


def rule(name: str, description: Any) -> dict[str, Any]:
    return {"name": name, "score": -0.1, "description": description}


AUTHOR = rule("DKIM_VALID_AU", "Message has a valid DKIM or DK signature from author's domain")
ANYBODY = rule("DKIM_VALID", "Message has at least one valid DKIM or DK signature")


@pytest.mark.parametrize(
    ("rules", "valid", "proved"),
    [
        ([ANYBODY, AUTHOR], True, True),
        ([ANYBODY, AUTHOR], False, False),
        ([ANYBODY, AUTHOR], "true", False),
        ([ANYBODY], True, False),  # anybody's own signature
        ([rule("DKIM_VALID_AU", "in the list of evil.example]")], True, False),  # a quoted word of the mail
        ([rule("X", "DKIM_VALID_AU author's domain")], True, False),
        ([AUTHOR, AUTHOR], True, False),
        ([rule("DKIM_VALID_AU", None)], True, False),
        (None, True, False),
    ],
)
def test_only_a_signature_of_the_authors_domain_proves_him(rules: Any, valid: Any, proved: bool) -> None:
    message = read(spam_report={"matched_rules": rules}, dkim={"signed": True, "valid": valid}, spf={"result": "pass"})
    assert (message.sender.channel == "email") is proved


def test_of_two_authors_none_is_proved() -> None:
    about = {"spam_report": {"matched_rules": [AUTHOR]}, "dkim": {"valid": True}}
    assert read(**about).sender.channel == "email"
    two = RAW.replace("mira@customer.example>", "mira@customer.example>, eve@evil.example", 1)
    assert read(raw_msg=two, **about).sender.channel == "email?"


def test_another_mail_is_another() -> None:
    proved = {"spam_report": {"matched_rules": [AUTHOR]}, "dkim": {"valid": True}}
    token = CONFIG.inbound_address.replace("@", "+abcdefghijklmnopqrstuvw234@")
    claims = {
        read().claim,
        read(email=token).claim,
        read(**proved).claim,
        read(raw_msg=RAW.replace("<1@", "<2@")).claim,
    }
    assert len(claims) == 4 and read(ts=1, spf={}).claim == read().claim
    assert read(email=token).thread == "abcdefghijklmnopqrstuvw234"


def test_each_file_of_a_batch_is_its_own() -> None:
    """By a number that says of which mail it is; the same after the worker has split the batch."""
    files = [file for item in mandrill.parse(request(BATCH), CONFIG) for file in item.attachments]  # type: ignore[union-attr]
    numbers = [int(file.reference.rpartition("/")[2]) for file in files]
    assert numbers == [0, 200]
    for number in numbers:
        assert mandrill.unpack(BATCH.body, number).data == b"%PDF-1.4"
    for wrong in (1, 201, 400, 199_999):
        with pytest.raises(Unreadable):
            mandrill.unpack(BATCH.body, wrong)


@pytest.mark.parametrize("events", [{}, None, "x", 5])
def test_what_is_no_list_of_events_is_kept_as_unreadable(events: Any) -> None:
    with pytest.raises(Unreadable):
        mandrill.parse(posted(events), CONFIG)


def test_a_time_beyond_all_bounds_costs_no_other_mail() -> None:
    ours = {"raw_msg": RAW, "email": CONFIG.inbound_address}
    events = [{"event": "inbound", "ts": 10**30, "msg": ours}, {"event": "inbound", "ts": 1772442605, "msg": ours}]
    with pytest.raises(Unreadable) as caught:
        mandrill.parse(posted(events), CONFIG)
    assert len(caught.value.items) == 1


# ---- sending ----------------------------------------------------------------------------------------------------


def outgoing(**rest: Any) -> Outgoing:
    return Outgoing(**{"key": "key-1", "to": "mira@customer.example", "text": "Ja, zwei. 🙂", "at": NOW, **rest})


def failed(how: mandrill.Config = CONFIG, **rest: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        mandrill.send(outgoing(**rest), how)
    return caught.value


def test_an_answer_is_a_mail_of_that_thread(front: Door) -> None:
    file = Content(name="Rechnung ü.pdf", type="application/pdf", data=b"%PDF")
    context = {"message_id": "<1@customer.example>", "subject": "Größe 38?"}
    mandrill.send(outgoing(context=context, automatic=True, file=file), CONFIG)
    (entry,) = front.world.ledger
    headers = dict(entry.raw["headers"])
    assert headers["In-Reply-To"] == "<1@customer.example>" and headers["Subject"] == "Re: Größe 38?"
    assert headers["Auto-Submitted"] == "auto-replied" and entry.text == "Ja, zwei. 🙂"
    assert entry.raw["attachments"] == [["Rechnung ü.pdf", "application/pdf"]]


def test_what_mandrill_refuses_is_refused_whatever_its_status(front: Door) -> None:
    """It says 500 of a wrong key too."""
    wrong = failed(CONFIG.model_copy(update={"api_key": (SecretStr("nobody"),)}))
    assert (wrong.reason, wrong.outcome) == ("Mandrill: the API key is wrong", Outcome.REFUSED)
    assert failed(CONFIG.model_copy(update={"sender": "x@evil.example"})).outcome is Outcome.REFUSED
    assert failed(to="nobody").outcome is Outcome.REFUSED
    front.world.state["mandrill"] = {"rejected": ["mira@customer.example"]}
    assert failed().reason == "Mandrill: rejected (hard-bounce)"
    front.world.state["mandrill"] = {"unpaid": True}
    assert failed().outcome is Outcome.REFUSED
    assert not front.world.ledger


@pytest.mark.parametrize(
    "answer",
    [[], [{}], [{"status": "sent"}], [{"status": "sent", "_id": ""}], [{"status": "sent", "_id": 5}],
     [{"status": "new", "_id": "1"}], [{"status": "sent", "_id": "1"}] * 2, {"status": "sent", "_id": "1"}],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_is_unknown(answer: Any, front: Door) -> None:
    front.world.fail(part="mandrill", status=200, body=json.dumps(answer))
    assert failed().outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", ["sent", "queued", "scheduled"])
def test_what_is_taken_has_an_id(status: str, front: Door) -> None:
    front.world.fail(part="mandrill", status=200, body=json.dumps([{"status": status, "_id": "4f"}]))
    assert mandrill.send(outgoing(), CONFIG) == "4f"


def test_a_form_is_signed_as_it_reads_and_not_as_it_is_written() -> None:
    given: Case = TEXT._replace(body=TEXT.body.replace(b"+", b"%20"))
    assert given.body != TEXT.body
    assert mandrill.verify(replace(signed(TEXT), body=given.body), CONFIG) is None
