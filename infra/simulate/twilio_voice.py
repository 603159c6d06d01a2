"""Twilio's webhooks of a number that is called and texted: an SMS, a call, a voicemail, its words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from infra.simulate import Said, Webhook, twilio_sms
from infra.simulate.twilio import FORM_TYPE, hashed, held, sign

__all__ = ["call", "compose", "held", "recorded", "sign", "transcribed"]

CALLER = "+4915123456790"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """What somebody texts to the number that is called."""
    (one,) = said
    return twilio_sms.compose([replace(one, sender=one.sender or CALLER)], config)


def call(id: str, config: Any, status: str = "ringing", sender: str = CALLER, **fields: str) -> Webhook:
    """What Twilio tells of a call that came in; `fields` are those of a recording, or of its words."""
    form = {
        "CallSid": f"CA{hashed(id)}",
        "AccountSid": config.account_sid,
        "From": sender,
        "To": config.number,
        "Caller": sender,
        "Called": config.number,
        "CallStatus": status,
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        **fields,
    }
    return Webhook(body=urlencode(form).encode(), headers={"content-type": FORM_TYPE})


def recorded(id: str, config: Any, **fields: str) -> Webhook:
    """The caller has spoken, and hung up."""
    sid = f"RE{hashed(id)}"
    url = f"{config.api_url}/2010-04-01/Accounts/{config.account_sid}/Recordings/{sid}"
    known = {"RecordingSid": sid, "RecordingUrl": url}
    more = {} if "TranscriptionSid" in fields else {"RecordingDuration": "23", "Digits": "hangup"}
    return call(id, config, "completed", **(known | more | fields))


def transcribed(id: str, config: Any, text: str, again: int = 1) -> Webhook:
    """What a machine understood of it."""
    sid = f"TR{hashed(f'{id} {again}')}"
    return recorded(id, config, TranscriptionSid=sid, TranscriptionStatus="completed", TranscriptionText=text)
