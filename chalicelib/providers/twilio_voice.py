"""Telephone calls through Twilio, and SMS to the same number.

1. Twilio Console, Phone Numbers, Manage, Active numbers, your number (one with Voice and SMS), Voice Configuration: A
   call comes in: Webhook with HTTP POST, {url}#rc=5&rp=ct,rt,5xx (behind # stands that Twilio calls again, which it
   does not do by itself). Call status changes: the same address, else nobody hears of missed calls.
2. There, Messaging Configuration: A message comes in: the same address, so that answers to your texts are heard. (Where
   that of twilio_sms stands already, leave it.)
3. The console's first page: copy Account SID and Auth token.
4. Words of your own: call and call_closed under [acknowledgement] in shop.toml; for who hung up, a rule with
   when.providers = ["twilio_voice"] and an acknowledgement.

Calls, words: https://www.twilio.com/docs/usage/webhooks/voice-webhooks and .../docs/voice/api/recording-transcription
Answers: https://www.twilio.com/docs/voice/twiml/say and .../twiml/record; what is shared: chalicelib/twilio.py

Confirmed by twilio 9: the signature, and that its TwiML is ours. By Twilio's pages: fields and times. Not confirmed:
that it transcribes English alone (other shops get no words), as what hidden numbers are shown (these are from reports),
that an address within TwiML may have something behind # as well.

A caller is the same customer as who texts from there: whoever said STOP gets no text back. It comes from the number
that was called. A voicemail is told of as it ends; its words come later, as a change of it. Else a call was missed.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from chalicelib import canary, twilio
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Trouble, setting
from chalicelib.models.values import Address, Channel
from chalicelib.webhook import Request, Response, reads

channel = Channel.SMS
can = twilio.SMS._replace(accepted=Response(body="<Response/>", content_type="text/xml"))
verify, fetch = twilio.verify, twilio.fetch
VOICEMAIL, MISSED = "📞 Voicemail", "📞 Missed call"
ENDED = ("completed", "no-answer", "busy", "canceled", "failed")
HIDDEN = ("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253")  # ANONYMOUS, RESTRICTED … as dialled
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_RECORDING = re.compile(r"/Recordings/([0-9a-zA-Z]{1,64})\Z", re.ASCII)


class Config(twilio.Account):
    number: str = setting("the shop's telephone number there, Phone Numbers in the console", outbound=True)


def answer(request: Request, config: Config, words: Callable[[], tuple[str, str]]) -> Response:
    """The shop's words and a tone for who calls; to all else nothing, which ends a call that is not over."""
    try:
        form = dict(request.form())
    except Unreadable:
        return can.accepted
    if (form.get("CallStatus"), form.get("Direction")) != ("ringing", "inbound"):
        return can.accepted
    text, language = words()
    tongue = "en-US" if language == "en" else f"{language}-{language.upper()}"
    here = quoteattr(request.url.partition("?")[0] + twilio.CALLS_AGAIN)
    more = f' transcribe="true" transcribeCallback={here}' if language == "en" else ""  # 120 s at most
    said = escape("".join(one if one.isprintable() else " " for one in text))
    body = f'<Say language="{tongue}">{said}</Say><Record action={here} maxLength="120" playBeep="true"{more}/>'
    return Response(body=f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>', content_type="text/xml")


@reads("a Twilio webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message (an SMS, a voicemail, its words, a missed call) or one receipt. A call that goes on says nothing."""
    form = dict(request.form())
    if twilio.is_receipt(form):
        return list(twilio.receipts(form, "twilio_voice", {"30006": "a landline, or one that takes no SMS"}))
    if "MessageSid" in form or not form.get("CallSid"):
        return [twilio.sms(form, "twilio_voice")]
    if "TranscriptionSid" in form:
        return _words(form)
    if "RecordingUrl" in form:
        file = Attachment(name="voicemail.mp3", type="audio/mpeg", reference=f"{form['RecordingUrl']}.mp3")
        return [_message(form, id=_RECORDING.findall(form["RecordingUrl"])[0], text=VOICEMAIL, attachments=(file,))]
    missed = form.get("CallStatus") in ENDED and form.get("Direction") == "inbound" and _shown(form)
    return [_message(form, id=form["CallSid"], text=MISSED, late=form["CallSid"])] if missed else []


def complete(message: Message, config: Config) -> Message | None:
    """A missed call; None where it left a voicemail, which is told of by itself."""
    found = twilio.read(f"/Calls/{quote(message.late, safe='')}/Recordings.json", config).get("recordings")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SendFailed("Twilio: an answer that cannot be read", Outcome.NOT_SENT)
    spoken = [one for one in found if one.get("status") not in ("absent", "failed") and one.get("duration") != "0"]
    return None if spoken else message


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS from the number that was called; returns its SID."""
    return twilio.post(outgoing.to, {"Body": outgoing.text}, config)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, the account is active, and calls and their ends come here."""
    if troubles := twilio.check(config, webhook, now):
        return troubles
    found = twilio.read("/IncomingPhoneNumbers.json", config, PhoneNumber=config.number).get("incoming_phone_numbers")
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        return [Trouble("Twilio knows no such number of this account")]
    settings = {"Twilio": "voice_url", "Twilio (Call status changes)": "status_callback"}
    return [wrong for who, name in settings.items() for wrong in canary.registered(who, found[0].get(name), webhook)]


def _words(form: Mapping[str, str]) -> list[Message | Receipt]:
    """What somebody said, as far as a machine understood it; nothing where it did not."""
    said, version = form.get("TranscriptionText", "").strip(), form["TranscriptionSid"]
    if form.get("TranscriptionStatus") != "completed" or not said:
        return []
    about = _RECORDING.findall(form.get("RecordingUrl", ""))[0]
    return [_message(form, kind=Kind.EDIT, id=about, version=version, text=f"{VOICEMAIL}: {said}")]


def _message(form: Mapping[str, str], **rest: object) -> Message:
    """Who hides their number is somebody else each time, and is never written to: that is no number."""
    shown = _shown(form)
    sender = Address(channel=channel, id=shown or f"hidden-{form['CallSid']}")
    name = form.get("CallerName", "") if shown else ""
    return Message.model_validate({"provider": "twilio_voice", "sender": sender, "name": name, "source": form, **rest})


def _shown(form: Mapping[str, str]) -> str:
    """The caller's number; empty where it is hidden, or is none."""
    number = form.get("From", "")
    return number if _PHONE.fullmatch(number) and number not in HIDDEN else ""
