"""Telephone calls through Twilio: what a caller hears, a voicemail and its words, the text to who hung up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from chalicelib import api, phrases, receive, settings, wording
from chalicelib.errors import BadSignature, Outcome, SendFailed, SettingsError, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Message, Receipt
from chalicelib.models.values import Channel
from chalicelib.models.work import Measured
from chalicelib.process import measured
from chalicelib.providers import twilio_voice as voice
from chalicelib.webhook import Request, Response
from infra import simulate
from infra.simulate import Webhook
from infra.simulate import twilio_voice as twilio
from infra.world import File, World
from tests.lab import PUBLIC, START, Lab, carried, laboratory, prepare
from tests.lab.everything import EVERYTHING_SECRETS, Door, calls, config, queued

CONFIG = config("twilio_voice")
URL = f"{PUBLIC}/webhooks/twilio_voice"
HOURS = '[hours]\nmonday = "9:00-18:00"\ntuesday = "9:00-18:00"\n'
SHOP = """name = "Tea & Co <Berlin>"
time_zone = "Europe/Berlin"
owner = "front"
[desks.front]
slack = "C0FRONT"
[routes]
default = "front"
[providers.twilio_voice]
[providers.slack]
[acknowledgement]
text = "Thank you for calling {shop}[, we answer in {time}]."
automatic = false
"""
MONDAY = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SUNDAY = MONDAY - timedelta(days=1)


@pytest.fixture
def lab() -> Iterator[Lab]:
    with laboratory(SHOP, {**EVERYTHING_SECRETS}) as made:
        yield made


def signed(webhook: Webhook, at: datetime = START) -> Request:
    made = simulate.signed("twilio_voice", webhook, URL, at, CONFIG)
    return Request(url=URL, headers=made.headers, body=made.body, at=at)


def rings(lab: Lab, webhook: Webhook) -> Response:
    answer = receive.receive(signed(webhook, lab.now), "twilio_voice", "", "id")
    lab.settle()
    return answer


def heard(toml: str = SHOP, at: datetime = MONDAY) -> ElementTree.Element:
    """What Twilio is told to do with a call."""
    told = voice.answer(signed(twilio.call("1", CONFIG)), CONFIG, lambda: wording.call(settings.load(toml), at))
    assert told.content_type == "text/xml"
    return ElementTree.fromstring(told.body)


def said(toml: str = SHOP, at: datetime = MONDAY) -> str:
    return heard(toml, at).findtext("Say") or ""


def read(webhook: Webhook) -> list[Message | Receipt]:
    return voice.parse(Request(url=URL, body=webhook.body, at=START), CONFIG)


def message(webhook: Webhook) -> Message:
    (item,) = read(webhook)
    assert isinstance(item, Message)
    return item


# ---- what a caller hears ----------------------------------------------------------------------------------------


def test_the_vendor_accepts_what_the_simulator_signs() -> None:
    made = signed(twilio.transcribed("1", CONFIG, "héllo 👋 + & ="))
    fields = dict(parse_qsl(made.body.decode(), keep_blank_values=True))
    validator = RequestValidator(EVERYTHING_SECRETS["SHOPBELL_TWILIO_VOICE_AUTH_TOKEN"])
    assert validator.validate(URL, fields, made.headers["x-twilio-signature"])
    voice.verify(made, CONFIG)
    with pytest.raises(BadSignature):
        voice.verify(made, CONFIG.model_copy(update={"auth_token": ()}))


def test_a_call_is_answered_at_once_as_the_vendor_would_write_it(front: Door) -> None:
    """Nothing is read, nothing is put on the queue."""
    here = f"{URL}#rc=5&rp=ct,rt,5xx"
    theirs = VoiceResponse()
    theirs.say("Hello, this is Corner Shop. Please say after the tone what we can do for you.", language="en-US")
    more = {"transcribe": True, "transcribe_callback": here}
    theirs.record(action=here, max_length=120, play_beep=True, **more)
    answer = receive.receive(signed(twilio.call("1", CONFIG), front.now), "twilio_voice", "", "id")
    assert ElementTree.canonicalize(answer.body) == ElementTree.canonicalize(str(theirs))
    assert calls(front) == [] and queued(front) == []


def test_an_answer_comes_back_to_the_account_that_was_called() -> None:
    made = signed(twilio.call("1", CONFIG))
    other = Request(url=f"{URL}/north?x=1", headers=made.headers, body=made.body, at=START)
    told = voice.answer(other, CONFIG, lambda: ("Hello", "en")).body
    assert f'action="{URL}/north#rc=5&amp;rp=ct,rt,5xx"' in told


def test_what_the_shop_says_is_escaped() -> None:
    assert said() == "Hello, this is Tea & Co <Berlin>. Please say after the tone what we can do for you."
    odd = SHOP + 'call = "\\u0001\\u001b{shop} <Hangup/> ]]> &amp; \\n 👋"\n'
    assert " ".join(said(odd).split()) == "Tea & Co <Berlin> <Hangup/> ]]> &amp; 👋"
    assert [one.tag for one in heard(odd)] == ["Say", "Record"]


def test_while_the_shop_is_closed_it_says_when_it_is_back() -> None:
    assert "closed" not in said(SHOP + HOURS, MONDAY) and "closed" not in said(SHOP, SUNDAY)
    closed = said(SHOP + HOURS, SUNDAY)
    assert "We are closed now and back Monday 09:00. Our hours: Monday–Tuesday 9:00-18:00." in closed
    own = SHOP + 'call = "Ring ring."\ncall_closed = "Back {opens}."\n' + HOURS
    assert (said(own, MONDAY), said(own, SUNDAY)) == ("Ring ring.", "Back Monday 09:00.")


def test_the_hours_are_those_of_the_desk_that_gets_it() -> None:
    night = '[desks.night]\nslack = "C0NIGHT"\n[desks.night.hours]\nsunday = "9:00-18:00"\n'
    routed = SHOP.replace('default = "front"', 'default = "front"\nsms = "night"') + HOURS + night
    assert "closed" not in said(routed, SUNDAY) and "closed" in said(routed, MONDAY)


@pytest.mark.parametrize("code", phrases.PHRASES)
def test_it_speaks_the_shops_language(code: str) -> None:
    """What it takes down, it takes down in English alone."""
    told = heard(f'languages = ["{code}"]\n{SHOP}{HOURS}', SUNDAY)
    assert (told[0].get("language") or "").startswith(code) and "Tea & Co" in (told[0].text or "")
    assert (told[1].get("transcribe") == "true") is (code == "en") is ("transcribeCallback" in told[1].attrib)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('call = "Back {opens}."', "{opens} is only known while you are closed"),
        ('call = "Hello {name}."', "{name} is not always known"),
        ('call_closed = "Closed."', "without opening hours it is never sent"),
        ('call = "Open 9:00."', "may differ from what you set"),
    ],
)
def test_words_that_cannot_be_said_are_told_of(line: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings.load(SHOP + line + "\n")


@pytest.mark.parametrize(
    "webhook",
    [
        twilio.recorded("1", CONFIG),
        twilio.call("1", CONFIG, "completed"),
        twilio.call("1", CONFIG, "in-progress"),
        twilio.call("1", CONFIG, Direction="outbound-api"),
        Webhook(body=b"\xff", headers={}),
    ],
)
def test_to_all_else_nothing_is_said(webhook: Webhook) -> None:
    given = Request(url=URL, body=webhook.body, at=START)
    assert voice.answer(given, CONFIG, lambda: pytest.fail("asked")) == Response(
        body="<Response/>", content_type="text/xml"
    )


# ---- what comes of it -------------------------------------------------------------------------------------------


def test_a_voicemail_is_one_message_with_its_recording_and_then_its_words(lab: Lab) -> None:
    """However often and in whichever order its webhooks come; the end of the call adds nothing to it."""
    left = twilio.recorded("1", CONFIG)
    sid = message(left).id
    ended = twilio.call("1", CONFIG, "completed")
    lab.world.hold("twilio_voice", sid, File("", "audio/mpeg", b"ID3 hello"))
    lab.world.state["twilio_voice"] = {
        "recordings": {message(ended).late: [{"sid": sid, "status": "completed", "duration": "23"}]}
    }
    for webhook in (left, ended, twilio.transcribed("1", CONFIG, "Is it <b>blue</b>?"), left, ended):
        assert rings(lab, webhook) == voice.can.accepted
    texts = [entry.text for entry in lab.posts()]
    assert sum("📎 voicemail.mp3" in text for text in texts) == 1
    assert [text for text in texts if "blue" in text and "✏️ Changed to:" in text]
    assert not [text for text in texts if "Missed call" in text]
    (file,) = [entry for entry in lab.world.ledger if entry.what == "file"]
    assert file.raw["size"] == len(b"ID3 hello")
    assert [entry.text for entry in lab.texts()] == ["Thank you for calling Tea & Co <Berlin>."]


def test_a_recording_that_is_not_ready_is_fetched_later(lab: Lab) -> None:
    """Twilio tells of it before it can be fetched."""
    left = twilio.recorded("1", CONFIG)
    receive.receive(signed(left, lab.now), "twilio_voice", "", "id")
    while lab.work():
        pass
    assert len([call for call in lab.seam.calls if call.endswith(".mp3")]) == 1
    assert not [entry for entry in lab.world.ledger if entry.what == "file"]
    lab.world.hold("twilio_voice", message(left).id, File("", "audio/mpeg", b"ID3"))
    lab.settle()
    assert [entry for entry in lab.world.ledger if entry.what == "file"]


def test_who_hung_up_gets_one_text_from_the_number_that_was_called(lab: Lab) -> None:
    ended = twilio.call("1", CONFIG, "completed")
    for _ in range(3):
        rings(lab, ended)
    (text,) = lab.texts()
    assert (text.part, text.to, text.raw["From"]) == ("twilio_voice", twilio.CALLER, CONFIG.number)
    assert text.text == "Thank you for calling Tea & Co <Berlin>."
    assert sum("📞 Missed call" in entry.text for entry in lab.posts()) == 1
    rings(
        lab,
        twilio.compose([simulate.Said(text="It is about my kettle", id="2", at=lab.now, sender=twilio.CALLER)], CONFIG),
    )
    assert len(lab.heads()) == 1 and len(lab.texts()) == 1


def test_the_text_says_how_long_answers_were_measured_to_take(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Measured(minutes={Channel.SMS: {f"{lab.now:%H}": 20}})
    monkeypatch.setattr(measured, "read", lambda hour: known)
    rings(lab, twilio.call("1", CONFIG, "completed"))
    assert [text.text for text in lab.texts()] == ["Thank you for calling Tea & Co <Berlin>, we answer in 20 minutes."]


def test_who_was_silent_is_missed_too(lab: Lab) -> None:
    """Twilio may know of a recording of nothing."""
    ended = twilio.call("1", CONFIG, "completed")
    nothing = [{"sid": "RE1", "status": "absent"}, {"sid": "RE2", "status": "completed", "duration": "0"}]
    lab.world.state["twilio_voice"] = {"recordings": {message(ended).late: nothing}}
    rings(lab, ended)
    assert len(lab.texts()) == 1


def test_whoever_said_stop_gets_no_text(lab: Lab) -> None:
    stop = twilio.compose([simulate.Said(text="STOP", id="0", at=lab.now, sender=twilio.CALLER)], CONFIG)
    rings(lab, stop)
    rings(lab, twilio.call("1", CONFIG, "completed"))
    assert lab.texts() == [] and any("📞 Missed call" in entry.text for entry in lab.posts())


def test_who_hides_their_number_is_somebody_else_each_time_and_gets_no_text(lab: Lab) -> None:
    """A voicemail is kept; of a missed call there is nothing to say."""
    shown = ["+266696687", "+266696687", "+7378742833", "anonymous", "", "+86282452253", "sip:a@b.example"]
    for number, sender in enumerate(shown):
        left = twilio.recorded(f"{number}", CONFIG, From=sender, CallerName="Mallory")
        lab.world.hold("twilio_voice", message(left).id, File("", "audio/mpeg", b"ID3"))
        rings(lab, left)
        rings(lab, twilio.call(f"{number}", CONFIG, "completed", sender))
    assert len(lab.heads()) == len(shown) and lab.texts() == []
    assert not [entry for entry in lab.posts() if "Missed" in entry.text or "Mallory" in entry.text]


def test_a_machine_that_understood_nothing_says_nothing() -> None:
    failed = {"TranscriptionSid": "TR1", "TranscriptionStatus": "failed", "TranscriptionText": "(blank)"}
    assert read(twilio.recorded("1", CONFIG, **failed)) == []
    assert (
        read(twilio.recorded("1", CONFIG, **{**failed, "TranscriptionStatus": "completed", "TranscriptionText": " "}))
        == []
    )


def test_words_belong_to_their_recording() -> None:
    left, words = message(twilio.recorded("1", CONFIG)), message(twilio.transcribed("1", CONFIG, "Hello"))
    again = message(twilio.transcribed("1", CONFIG, "Hallo", 2))
    assert words.kind is Kind.EDIT and words.original_claim == left.claim
    assert len({left.claim, words.claim, again.claim, message(twilio.call("1", CONFIG, "completed")).claim}) == 4


@pytest.mark.parametrize(
    "form", [{}, {"CallSid": ""}, {"CallSid": "CA1", "RecordingUrl": "https://x.example/"}, {"MessageSid": "SM1"}]
)
def test_what_is_no_webhook_of_these_is_kept(form: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        read(Webhook(body=urlencode(form).encode(), headers={}))


# ---- what is asked of Twilio ------------------------------------------------------------------------------------


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(EVERYTHING_SECRETS)
    monkeypatch.setattr(api, "transport", lambda call: carried(world, prepare(call)))
    return world


def fetched(reference: str) -> bytes:
    return voice.fetch(Attachment(name="a", reference=reference), CONFIG, 1_000).data


def test_a_recording_of_another_account_is_not_fetched(world: World) -> None:
    (file,) = message(twilio.recorded("1", CONFIG)).attachments
    world.hold("twilio_voice", file.reference.rpartition("/")[2].removesuffix(".mp3"), File("", "audio/mpeg", b"ID3"))
    assert fetched(file.reference) == b"ID3"
    with pytest.raises(SendFailed) as failed:
        fetched(file.reference.replace(CONFIG.account_sid, "AC" + "0" * 32))
    assert failed.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"recordings": 5}', b'{"recordings": [5]}'])
def test_what_cannot_be_read_is_asked_again(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a voicemail might pass for a missed call."""
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(200, {}, answer))
    with pytest.raises(SendFailed) as failed:
        voice.complete(message(twilio.call("1", CONFIG, "completed")), CONFIG)
    assert failed.value.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"webhook": ""}, "Twilio has no webhook address"),
        ({"number": {"voice_url": "https://demo.twilio.com/x"}}, f"Twilio calls another address than {URL}"),
        ({"number": {"status_callback": ""}}, "Twilio (Call status changes) has no webhook address"),
        ({"number": {"phone_number": "+4930000"}}, "Twilio knows no such number of this account"),
        ({"status": "suspended"}, "the Twilio account is suspended"),
    ],
)
def test_what_is_wrong_with_the_number_is_said(state: dict[str, Any], words: str, world: World) -> None:
    world.webhooks = f"{PUBLIC}/webhooks"
    assert voice.check(CONFIG, URL, START) == []
    world.state["twilio_voice"] = state
    assert voice.check(CONFIG, URL, START)[0].text.startswith(words)
