"""Twilio's part for WhatsApp: takes a text, a medium or a template, reports on it, and then on a window that was over.

`world.state["twilio_whatsapp"]` may hold `closed`, people (as +49… or `DE.1234`) who wrote more than a day ago: Twilio
takes a text for them all the same, and reports later that it failed; and `status`, what the account is.
"""

import json
import re
from functools import partial
from typing import Any

from infra.world import Entry, Reply, Sent, World, twilio
from infra.world.twilio import RECEIPT_TYPE, Account, Form, Refused

__all__ = ["RECEIPT_TYPE", "answer", "receipt"]

PERSON = re.compile(r"whatsapp:(\+[1-9][0-9]{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})", re.ASCII)
CLOSED, UNREACHABLE = "63016", "63024"
GAP = re.compile(r"{{([0-9]+)}}")
TEMPLATES = {  # what WhatsApp approved for the shop, by Content SID
    "HX" + "ab" * 16: "Hello {{1}}, your order {{2}} is on its way.",
    "HX" + "cd" * 16: "Guten Tag, hier ist der Laden.",
}


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Twilio would, note the message, answer."""
    return twilio.answer(sent, world, partial(_take, world))


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The status callback; a text for somebody whose window is over has failed, whatever else might have been."""
    if progress not in ("sent", "delivered", "read", "undelivered", "failed"):
        return None
    error = UNREACHABLE if progress in ("undelivered", "failed") else ""
    if entry.to in world.state.get("twilio_whatsapp", {}).get("closed", []) and "ContentSid" not in entry.raw:
        progress, error = "failed", CLOSED
    return twilio.receipt(entry, progress, error, ChannelPrefix="whatsapp", ChannelToAddress=entry.raw["To"])


def _take(world: World, form: Form, account: Account) -> dict[str, Any]:
    """Note the message; what Twilio answers to it. Raises Refused."""
    number = account["number"]
    _check_recipient(form.get("To", ""))
    twilio.check_sender(form, number if number.startswith("MG") else f"whatsapp:{number}")
    text = _template(form) if "ContentSid" in form else _text(form)
    sid, what = twilio.new_sid(world), "file" if form.get("MediaUrl") else "message"
    raw = {**form, "AccountSid": account["account_sid"]}
    to = form["To"].removeprefix("whatsapp:")
    world.note(part="twilio_whatsapp", what=what, to=to, text=text, id=sid, raw=raw)
    return twilio.resource({**form, "Body": text}, account, sid, 1, world)


def _check_recipient(to: str) -> None:
    if not to:
        raise Refused(21604, "A 'To' phone number is required.")
    if not to.startswith("whatsapp:"):
        raise Refused(63007, "Twilio could not find a Channel with the specified From address")
    if not PERSON.fullmatch(to):
        raise Refused(21211, f"Invalid 'To' Phone Number: {to}")


def _text(form: Form) -> str:
    twilio.check_body(form)
    media = form.get("MediaUrl")
    if media is not None and not re.match(r"https?://[^/]+/", media):
        raise Refused(21620, f"Invalid media URL(s): {media}")
    return form.get("Body", "")


def _template(form: Form) -> str:
    """What the customer reads. Raises Refused: an unknown template, gaps that are not filled, words beside it."""
    text = TEMPLATES.get(form["ContentSid"])
    if text is None:
        raise Refused(21655, "The ContentSid is Invalid")
    values = json.loads(form.get("ContentVariables", "{}"))
    if set(values) != set(GAP.findall(text)) or any(re.search(r"[\n\t]| {5}", value) for value in values.values()):
        raise Refused(21656, "The ContentVariables Parameter is invalid")
    return GAP.sub(lambda gap: str(values[gap[1]]), text)
