"""WhatsApp through Twilio: who somebody is, which way an answer goes, what becomes of one that comes too late."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator

from chalicelib import api, settings
from chalicelib.errors import BadSignature, Outcome, SendFailed, SettingsError, Unreadable
from chalicelib.models.inbound import Message, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.values import Channel
from chalicelib.providers import twilio_whatsapp
from chalicelib.webhook import Request
from infra import simulate
from infra.world import World
from infra.world import twilio_whatsapp as part
from tests.lab import Lab, carried, laboratory, prepare
from tests.lab.everything import EVERYTHING_SECRETS, EVERYTHING_SHOP, config, said

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URL = "https://shop.example/api/webhooks/twilio_whatsapp"
CONFIG = config("twilio_whatsapp")
PHONE, USER = "+4915700000018", "DE.1A2B3C4D"
UPDATE, HELLO = "HX" + "ab" * 16, "HX" + "cd" * 16
ANSWER = Outgoing(key="k1", to=PHONE, text="It left this morning.")
INBOUND = {"MessageSid": "SM1", "From": f"whatsapp:{PHONE}", "Body": "Hello"}


def read(form: dict[str, str]) -> Message | Receipt:
    (item,) = twilio_whatsapp.parse(Request(url=URL, body=urlencode(form).encode(), at=NOW), CONFIG)
    return item


def message(**form: str) -> Message:
    found = read({**INBOUND, **form})
    assert isinstance(found, Message)
    return found


# ---- what comes in ----------------------------------------------------------------------------------------------


def test_the_vendor_accepts_what_the_simulator_signs() -> None:
    file = simulate.File(name="pot.jpg", type="image/jpeg", content=b"...")
    words = simulate.Said(text="héllo 👋 + & =", sender=f"{USER} {PHONE}", id="1", at=NOW, files=(file,))
    webhook = simulate.webhook("twilio_whatsapp", [words], URL, NOW, CONFIG)
    fields = dict(parse_qsl(webhook.body.decode(), keep_blank_values=True))
    validator = RequestValidator(EVERYTHING_SECRETS["SHOPBELL_TWILIO_WHATSAPP_AUTH_TOKEN"])
    assert validator.validate(URL, fields, webhook.headers["x-twilio-signature"])
    request = Request(url=URL, headers=webhook.headers, body=webhook.body, at=NOW)
    twilio_whatsapp.verify(request, CONFIG)
    with pytest.raises(BadSignature):
        twilio_whatsapp.verify(request, CONFIG.model_copy(update={"auth_token": ()}))


def test_a_person_is_the_same_before_and_after_they_hide_their_phone() -> None:
    """The user id comes with the phone, and later alone; the phone is known by as long as it is shown."""
    before = message(ExternalUserId=f"whatsapp:{USER}")
    after = message(From=f"whatsapp:{USER}", ExternalUserId=f"whatsapp:{USER}")
    assert before.sender == after.sender and before.sender.channel is Channel.WHATSAPP
    assert [alias.id for alias in before.aliases] == [PHONE] and after.aliases == ()


def test_claims_do_not_depend_on_which_ids_come_with_it() -> None:
    assert message().claim == message(ExternalUserId=f"whatsapp:{USER}").claim != message(MessageSid="SM2").claim


@pytest.mark.parametrize(
    "form",
    [
        {**INBOUND, "From": PHONE},  # an SMS
        {**INBOUND, "From": "messenger:110"},
        {**INBOUND, "From": "whatsapp:"},
        {**INBOUND, "From": "whatsapp:+1\n2345678"},
        {**INBOUND, "MessageSid": ""},
        {},
    ],
)
def test_what_is_no_whatsapp_message_is_kept_and_never_taken_for_one(form: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        read(form)


@pytest.mark.parametrize("degrees", ["", "nan", "inf", "-90.1", "x", "٣x", "1e999"])
def test_odd_degrees_are_no_place(degrees: str) -> None:
    found = message(Latitude=degrees, Longitude="13.4", Body="")
    assert found.location is None and found.text == "(a message that Twilio does not hand on)"


# ---- sending ----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(EVERYTHING_SECRETS)
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def send(**how: Any) -> str:
    return twilio_whatsapp.send(ANSWER.model_copy(update=how), CONFIG)


def refusal(**how: Any) -> str:
    with pytest.raises(SendFailed) as failed:
        send(**how)
    assert failed.value.outcome is Outcome.REFUSED
    return failed.value.reason


@pytest.mark.parametrize(
    ("to", "context", "called"),
    [
        (PHONE, {}, PHONE),
        (USER, {}, USER),
        (USER, {"to": f"whatsapp:{PHONE}"}, PHONE),  # as long as it is shown: ids are not taken everywhere
        (USER, {"to": f"whatsapp:{USER}"}, USER),
        (USER, {"to": "+4930123456"}, USER),  # of another provider's message
    ],
)
def test_an_answer_goes_to_what_stood_in_from(world: World, to: str, context: dict[str, str], called: str) -> None:
    sid = send(to=to, context=context)
    (entry,) = world.ledger
    assert (entry.to, entry.text, entry.id) == (called, ANSWER.text, sid)
    assert entry.raw["From"] == "whatsapp:+4930990800"


def test_a_messaging_service_may_send(world: World) -> None:
    service = "MG" + "7a" * 16
    world.credentials = {**world.credentials, "SHOPBELL_TWILIO_WHATSAPP_NUMBER": service}
    assert twilio_whatsapp.send(ANSWER, CONFIG.model_copy(update={"number": service, "webhook_url": URL}))
    raw = world.ledger[0].raw
    assert (raw["MessagingServiceSid"], raw["StatusCallback"]) == (service, URL) and "From" not in raw


def test_a_template_goes_by_its_id_with_its_gaps_and_no_words(world: World) -> None:
    send(template=UPDATE, values=("Mira\nOlsen", "1037"))
    send(template=HELLO)
    first, second = world.ledger
    assert first.text == "Hello Mira Olsen, your order 1037 is on its way." and "Body" not in first.raw
    assert second.text == "Guten Tag, hier ist der Laden." and "ContentVariables" not in second.raw


def test_a_file_goes_by_its_address(world: World) -> None:
    """A document bears its name as its text: WhatsApp may show it, and nothing else would."""
    picture = Content(name="lamp.jpg", type="image/jpeg", data=b"x", url="https://files.example/1")
    invoice = picture.model_copy(update={"name": "invoice.pdf", "type": "application/pdf"})
    send(text="", file=picture)
    send(text="", file=invoice)
    assert [(entry.what, entry.text) for entry in world.ledger] == [("file", ""), ("file", "invoice.pdf")]
    assert "Body" not in world.ledger[0].raw
    assert refusal(text="", file=picture.model_copy(update={"url": "ftp://x"})).startswith("Twilio: Invalid media URL")


def test_what_is_refused(world: World) -> None:
    assert refusal(text="") == "Twilio: Message body is required."
    assert refusal(text="x" * 1601) == "Twilio: The concatenated message body exceeds the 1600 character limit."
    assert refusal(to="somebody") == "Twilio: Invalid 'To' Phone Number: whatsapp:somebody"
    assert refusal(template="HX" + "00" * 16) == "Twilio: The ContentSid is Invalid"
    assert refusal(template=UPDATE, values=("Mira",)) == "Twilio: The ContentVariables Parameter is invalid"
    assert not world.ledger and len(world.refused) == 5


def test_a_number_that_sends_too_fast_waits(world: World) -> None:
    world.fail(part="twilio_whatsapp", status=400, body='{"code": 63018, "message": "Rate limit exceeded for Channel"}')
    with pytest.raises(SendFailed) as failed:
        send()
    assert failed.value.outcome is Outcome.NOT_SENT


# ---- receipts, and the window -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("progress", "means", "reason"),
    [
        ("delivered", "delivered", ""),
        ("read", "read", ""),
        ("undelivered", "failed", "this person cannot be reached on WhatsApp"),
    ],
)
def test_our_receipt_comes_back_to_the_message(world: World, progress: str, means: str, reason: str) -> None:
    sid = send()
    body = part.receipt(world.ledger[0], progress, world)
    found = read(dict(parse_qsl((body or b"").decode())))
    assert isinstance(found, Receipt) and (found.ids, found.progress, found.reason) == ((sid,), means, reason)


def test_a_text_that_is_too_late_is_taken_and_fails_afterwards(world: World) -> None:
    world.state["twilio_whatsapp"] = {"closed": [PHONE]}
    send()
    send(template=HELLO)
    told = [part.receipt(entry, "delivered", world) for entry in world.ledger]
    text, template = (read(dict(parse_qsl((body or b"").decode()))) for body in told)
    assert isinstance(text, Receipt) and isinstance(template, Receipt)
    assert (text.progress, text.reason) == ("failed", twilio_whatsapp.WORDS["63016"])
    assert template.progress == "delivered"


SHOP = f"""{EVERYTHING_SHOP}
[templates.order_update]
text = "Hello {{name}}, your order {{order}} is on its way."
approved = {{ twilio_whatsapp = "{UPDATE}" }}
"""


def test_a_day_later_an_agents_words_are_held_and_the_template_goes() -> None:
    with laboratory(SHOP, EVERYTHING_SECRETS) as lab:
        lab.ring("twilio_whatsapp", said("twilio_whatsapp", "Where is it?", sender=f"{USER} {PHONE}"))
        lab.settle()
        lab.now += timedelta(hours=25)
        answers(lab, "It is on its way")
        assert len(lab.texts()) == 1  # the acknowledgement
        answers(lab, "#template order_update name=Mira order=1037")
        assert lab.texts()[1].text == "Hello Mira, your order 1037 is on its way."
        assert lab.texts()[1].raw["ContentSid"] == UPDATE


def test_a_template_is_named_by_its_content_sid() -> None:
    with pytest.raises(SettingsError) as wrong:
        settings.load(SHOP.replace(UPDATE, "order_update/en"))
    assert "like HX0123456789abcdef0123456789abcdef, not 'order_update/en'" in str(wrong.value)


def answers(lab: Lab, text: str) -> None:
    lab.ring("slack", said("slack", text, at=lab.now, thread=lab.thread()))
    lab.settle(timedelta(hours=1))
