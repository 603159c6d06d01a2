"""Twilio's API for messages: the account, the media, what it answers and refuses whatever the product.

Resource: https://www.twilio.com/docs/messaging/api/message-resource  Codes: https://www.twilio.com/docs/api/errors

`world.state[part]["status"]` may say what the account is.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from infra.world import Entry, Reply, Sent, World, handed_out, reply

LONGEST = 1600  # characters
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MEDIA = re.compile(
    r"/2010-04-01/Accounts/(?P<account>[^/]+)/(?:Messages/[^/]+/Media/(?P<id>[^/.]+)|Recordings/(?P<recording>[^/]+)\.mp3)"
)
MESSAGES = re.compile(r"/2010-04-01/Accounts/(?P<account>[^/]+)/Messages\.json")
RECEIPT_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"

Account = Mapping[str, str]
Form = Mapping[str, str]


class Refused(Exception):
    """Twilio says no: its code, its words, the HTTP status."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def answer(
    sent: Sent,
    world: World,
    take: Callable[[Form, Account], dict[str, Any]],
    shown: Callable[[Account], Mapping[str, Any]] = lambda account: {},
) -> Reply:
    """Check the call as Twilio would. `take` notes a message and says what is answered to it; it raises Refused.

    `shown` is what else can be asked for, by its path in the account.
    """
    if sent.method == "GET" and sent.path.startswith("/media/"):  # where a medium lies: its address is the proof
        return handed_out(world.held(sent.part, sent.path.removeprefix("/media/")))
    try:
        account = _account(sent, world)
        media = MEDIA.fullmatch(sent.path)
        if media and media["account"] == account["account_sid"]:
            if media["recording"]:  # a recording is handed out as it is
                return handed_out(world.held(sent.part, media["recording"]))
            return Reply(status=307, headers={"location": f"/{sent.part}/media/{media['id']}"})
        there = shown(account).get(sent.path.removeprefix(f"/2010-04-01/Accounts/{account['account_sid']}"))
        if sent.method == "GET" and there is not None:
            return reply(there)
        if sent.method == "GET" and sent.path == f"/2010-04-01/Accounts/{account['account_sid']}.json":
            state = world.state.get(sent.part, {}).get("status", "active")
            return reply({"sid": account["account_sid"], "status": state, "type": "Full", "friendly_name": "Shop"})
        _check_resource(sent, account)
        return reply(take(sent.form(), account), 201)
    except Refused as no:
        more_info = f"https://www.twilio.com/docs/errors/{no.code}"
        return reply({"code": no.code, "message": no.message, "more_info": more_info, "status": no.status}, no.status)


def receipt(entry: Entry, progress: str, error: str = "", **fields: str) -> bytes:
    """The status callback for a message that got as far as `progress`; `fields` are the product's own."""
    form = {
        "MessageSid": entry.id,
        "MessageStatus": progress,
        "SmsSid": entry.id,
        "SmsStatus": progress,
        "AccountSid": entry.raw["AccountSid"],
        "To": entry.raw["To"],
        "From": entry.raw.get("From", ""),
        "ApiVersion": "2010-04-01",
        **fields,
    }
    return urlencode({**form, "ErrorCode": error} if error else form).encode()


def check_sender(form: Form, sender: str) -> None:
    """`sender` is the account's own: a number, with its channel before it, or a messaging service."""
    given, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    if not given and not service:
        raise Refused(21603, "A 'From' phone number is required.")
    if service and service != sender:
        raise Refused(21705, f"The Messaging Service Sid {service} is invalid.")
    if given and given != sender:
        raise Refused(21606, f"The 'From' phone number provided ({given}) is not one of this account's numbers.")


def check_body(form: Form) -> None:
    if not form.get("Body") and not form.get("MediaUrl"):
        raise Refused(21602, "Message body is required.")
    if len(form.get("Body", "")) > LONGEST:
        raise Refused(21617, f"The concatenated message body exceeds the {LONGEST} character limit.")


def new_sid(world: World) -> str:
    seed = f"{world.now().isoformat()} {world.number()}"
    return "SM" + hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()


def resource(form: Form, account: Account, sid: str, segments: int, world: World) -> dict[str, Any]:
    """A message as Twilio shows it once it took it."""
    service = form.get("MessagingServiceSid")
    uri = f"/2010-04-01/Accounts/{account['account_sid']}/Messages/{sid}"
    return {
        "account_sid": account["account_sid"],
        "api_version": "2010-04-01",
        "body": form.get("Body", ""),
        "date_created": format_datetime(world.now()),
        "date_sent": None,
        "date_updated": format_datetime(world.now()),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": service,
        "num_media": "1" if form.get("MediaUrl") else "0",
        "num_segments": "0" if service else str(segments),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": form["To"],
        "uri": f"{uri}.json",
    }


def _account(sent: Sent, world: World) -> Account:
    """The account whose SID and live token the call shows."""
    sid, token = sent.basic()
    account = world.account(sent.part, account_sid=sid, auth_token=token)
    if account is None:
        raise Refused(20003, "Authenticate", 401)
    return account


def _check_resource(sent: Sent, account: Account) -> None:
    path = MESSAGES.fullmatch(sent.path)
    if not path or path["account"] != account["account_sid"]:
        raise Refused(20404, f"The requested resource {sent.path} was not found", 404)
    if sent.method != "POST":
        raise Refused(20004, "Method not allowed", 405)
