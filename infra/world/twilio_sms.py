"""Twilio's API for messages: takes an SMS, refuses what Twilio refuses, reports on it afterwards.

Resource: https://www.twilio.com/docs/messaging/api/message-resource  Codes: https://www.twilio.com/docs/api/errors

`world.state["twilio_sms"]["opted_out"]` may list numbers that answered STOP, `status` what the account is.
"""

import hashlib
import re
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from infra.world import Entry, Reply, Sent, World, handed_out, reply, sms

LONGEST = 1600  # characters
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MEDIA = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages/[^/]+/Media/(?P<id>[^/]+)")
MESSAGES = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages\.json")
RECEIPT_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
UNREACHABLE = "30003"  # the handset cannot be reached

Account = Mapping[str, str]


class Refused(Exception):
    """Twilio says no: its code, its words, the HTTP status."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Twilio would, note the message, answer."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # where a medium lies: its address is the proof
        return handed_out(world.held("twilio_sms", sent.path.removeprefix("/media/")))
    try:
        account = _account(sent, world)
        media = MEDIA.fullmatch(sent.path)
        if media and media["account"] == account["account_sid"]:
            return Reply(status=307, headers={"location": f"/{sent.part}/media/{media['id']}"})
        if sent.method == "GET" and sent.path == f"/2010-04-01/Accounts/{account['account_sid']}.json":
            state = world.state.get("twilio_sms", {}).get("status", "active")
            return reply({"sid": account["account_sid"], "status": state, "type": "Full", "friendly_name": "Shop"})
        _check_resource(sent, account)
        form = sent.form()
        _check_recipient(form, world)
        _check_sender(form, account)
        _check_body(form)
    except Refused as no:
        more_info = f"https://www.twilio.com/docs/errors/{no.code}"
        return reply({"code": no.code, "message": no.message, "more_info": more_info, "status": no.status}, no.status)
    return reply(_take(form, account["account_sid"], world), 201)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The status callback for a message that got as far as `progress`; Twilio knows of no reading of an SMS."""
    if entry.what != "message" or progress not in ("sent", "delivered", "undelivered", "failed"):
        return None
    form = {
        "MessageSid": entry.id,
        "MessageStatus": progress,
        "SmsSid": entry.id,
        "SmsStatus": progress,
        "AccountSid": entry.raw["AccountSid"],
        "To": entry.to,
        "From": entry.raw.get("From", ""),
        "ApiVersion": "2010-04-01",
    }
    if progress in ("undelivered", "failed"):
        form["ErrorCode"] = UNREACHABLE
    return urlencode(form).encode()


def _account(sent: Sent, world: World) -> Account:
    """The account whose SID and live token the call shows."""
    sid, token = sent.basic()
    account = world.account("twilio_sms", account_sid=sid, auth_token=token)
    if account is None:
        raise Refused(20003, "Authenticate", 401)
    return account


def _check_resource(sent: Sent, account: Account) -> None:
    path = MESSAGES.fullmatch(sent.path)
    if not path or path["account"] != account["account_sid"]:
        raise Refused(20404, f"The requested resource {sent.path} was not found", 404)
    if sent.method != "POST":
        raise Refused(20004, "Method not allowed", 405)


def _check_recipient(form: Mapping[str, str], world: World) -> None:
    to = form.get("To", "")
    if not to:
        raise Refused(21604, "A 'To' phone number is required.")
    if not NUMBER.fullmatch(to):
        raise Refused(21211, f"Invalid 'To' Phone Number: {to}")
    if to in world.state.get("twilio_sms", {}).get("opted_out", []):
        raise Refused(21610, "Attempt to send to unsubscribed recipient")


def _check_sender(form: Mapping[str, str], account: Account) -> None:
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    if not sender and not service:
        raise Refused(21603, "A 'From' phone number is required.")
    if service and service != account["number"]:
        raise Refused(21705, f"The Messaging Service Sid {service} is invalid.")
    if sender and sender != account["number"]:
        raise Refused(21606, f"The 'From' phone number provided ({sender}) is not one of this account's numbers.")


def _check_body(form: Mapping[str, str]) -> None:
    if not form.get("Body") and not form.get("MediaUrl"):
        raise Refused(21602, "Message body is required.")
    if len(form.get("Body", "")) > LONGEST:
        raise Refused(21617, f"The concatenated message body exceeds the {LONGEST} character limit.")


def _take(form: Mapping[str, str], account: str, world: World) -> dict[str, Any]:
    """Note the message; what Twilio answers to it."""
    seed = f"{world.now().isoformat()} {world.number()}"
    sid = "SM" + hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()
    text, service = form.get("Body", ""), form.get("MessagingServiceSid")
    raw = {**form, "AccountSid": account}
    world.note(part="twilio_sms", what="message", to=form["To"], text=text, id=sid, raw=raw)
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text,
        "date_created": format_datetime(world.now()),
        "date_sent": None,
        "date_updated": format_datetime(world.now()),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": service,
        "num_media": "1" if form.get("MediaUrl") else "0",
        "num_segments": "0" if service else str(sms.segments(text)),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": form["To"],
        "uri": f"{uri}.json",
    }
