"""Twilio's part for SMS: takes one, refuses what Twilio refuses, reports on it afterwards.

`world.state["twilio_sms"]["opted_out"]` may list numbers that answered STOP, `status` what the account is.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from infra.world import Entry, Reply, Sent, World, sms, twilio
from infra.world.twilio import RECEIPT_TYPE, Account, Form, Refused

__all__ = ["RECEIPT_TYPE", "answer", "receipt", "take"]

UNREACHABLE = "30003"  # the handset cannot be reached


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Twilio would, note the message, answer."""
    return twilio.answer(sent, world, partial(take, world, sent.part))


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The status callback for a message that got as far as `progress`; Twilio knows of no reading of an SMS."""
    if entry.what != "message" or progress not in ("sent", "delivered", "undelivered", "failed"):
        return None
    return twilio.receipt(entry, progress, UNREACHABLE if progress in ("undelivered", "failed") else "")


def take(world: World, part: str, form: Form, account: Account) -> dict[str, Any]:
    """Note the message; what Twilio answers to it. Raises Refused."""
    _check_recipient(form, world.state.get(part, {}).get("opted_out", []))
    twilio.check_sender(form, account["number"])
    twilio.check_body(form)
    sid, text = twilio.new_sid(world), form.get("Body", "")
    raw = {**form, "AccountSid": account["account_sid"]}
    world.note(part=part, what="message", to=form["To"], text=text, id=sid, raw=raw)
    return twilio.resource(form, account, sid, sms.segments(text), world)


def _check_recipient(form: Form, opted_out: Sequence[str]) -> None:
    to = form.get("To", "")
    if not to:
        raise Refused(21604, "A 'To' phone number is required.")
    if not twilio.NUMBER.fullmatch(to):
        raise Refused(21211, f"Invalid 'To' Phone Number: {to}")
    if to in opted_out:
        raise Refused(21610, "Attempt to send to unsubscribed recipient")
