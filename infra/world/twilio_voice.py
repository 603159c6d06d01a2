"""Twilio's part for a number that is called: takes SMS as for the others, hands out recordings, tells of its settings.

Recordings: https://www.twilio.com/docs/voice/api/recording
Numbers: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource

`world.state["twilio_voice"]` may hold `recordings`, lists of them by the SID of their call; `number`, what the number's
settings say otherwise; `opted_out` and `status` as with SMS.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from infra.world import Reply, Sent, World, twilio
from infra.world.twilio import Account
from infra.world.twilio_sms import RECEIPT_TYPE, receipt, take

__all__ = ["RECEIPT_TYPE", "answer", "receipt"]


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Twilio would, note the message or show what is asked for."""
    return twilio.answer(sent, world, partial(take, world, sent.part), partial(_shown, sent, world))


def _shown(sent: Sent, world: World, account: Account) -> Mapping[str, Any]:
    """A call has no recordings until there are some; the account has one number."""
    state = world.state.get(sent.part, {})
    call = sent.path.rpartition("/Calls/")[2].removesuffix("/Recordings.json")
    hook = world.registered(sent.part, account["auth_token"].split()[0])
    number = {"phone_number": account["number"], "voice_url": hook, "status_callback": hook, **state.get("number", {})}
    asked = sent.query.get("PhoneNumber", number["phone_number"])
    return {
        f"/Calls/{call}/Recordings.json": {"recordings": state.get("recordings", {}).get(call, [])},
        "/IncomingPhoneNumbers.json": {"incoming_phone_numbers": [number] if asked == number["phone_number"] else []},
    }
