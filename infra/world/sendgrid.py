"""SendGrid's API: takes a mail, refuses what SendGrid refuses, reports on it.

Sending: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send  Refusals: …/mail-send/errors

`world.state["sendgrid"]` may hold `no_credits`.
"""

import base64
import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from infra.world import Entry, Reply, Sent, World, mails, reply

RECEIPT_TYPE = "application/json"
LARGEST_MAIL = 30_000_000  # bytes
LONGEST_HEADER = 998  # characters
FIELDS = frozenset(("personalizations", "from", "reply_to", "subject", "content", "attachments", "headers"))
RESERVED = frozenset(
    ("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding")
) | {"to", "from", "subject", "reply-to", "cc", "bcc"}
HEADER = re.compile(r"[ -~]+")
LINE_END = re.compile(r"[\r\n]")


class Refused(Exception):
    """SendGrid says no: its words, the field they are about, the HTTP status."""

    def __init__(self, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.field, self.status = message, field, status


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as SendGrid would, note the mail, answer."""
    try:
        account = world.account("sendgrid", api_key=sent.bearer())
        if account is None:
            raise Refused("The provided authorization grant is invalid, expired, or revoked", status=401)
        if (sent.method, sent.path) != ("POST", "/v3/mail/send"):
            raise Refused("Not Found", status=404)
        if world.state.get("sendgrid", {}).get("no_credits"):
            raise Refused("Maximum credits exceeded", status=401)
        return Reply(status=202, headers={"x-message-id": _take(_checked(sent, account), world)})
    except Refused as no:
        return reply({"errors": [{"message": no.message, "field": no.field, "help": None}]}, no.status)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The events of a mail that got as far as `progress`: a batch of one."""
    more: dict[str, dict[str, Any]] = {
        "delivered": {"event": "delivered", "response": "250 2.0.0 OK"},
        "read": {"event": "open", "useragent": "Mozilla/5.0", "ip": "192.0.2.7", "sg_machine_open": False},
        "failed": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"},
    }
    if progress not in more:
        return None
    about = {
        "email": entry.to,
        "timestamp": int(world.now().timestamp()),
        "sg_event_id": base64.urlsafe_b64encode(f"{progress} {entry.id}".encode()).decode(),
        "sg_message_id": f"{entry.id}.recvd-5b8c7d9f4-x2x7k-1-69A55A10-1C.0",
        "smtp-id": f"<{entry.id}@geopod-ismtpd-1>",
    }
    return json.dumps([{**about, **more[progress]}], separators=(",", ":")).encode() + b"\r\n"


def _checked(sent: Sent, account: Mapping[str, str]) -> dict[str, Any]:
    """The mail in the call, if SendGrid would take it."""
    if "json" not in sent.headers.get("content-type", ""):
        raise Refused("Content-Type should be application/json.", status=415)
    if len(sent.body) > LARGEST_MAIL:
        raise Refused("The payload is too large.", status=413)
    mail = sent.json()
    if not mail or not mail.keys() <= FIELDS:
        raise Refused("Bad Request")
    try:
        _check_addresses(mail, account)
        _check_content(mail)
        _check_headers(mail.get("headers", {}))
        _check_attachments(mail.get("attachments", []))
    except (LookupError, TypeError, AttributeError, ValueError):
        raise Refused("Bad Request") from None
    return mail


def _check_addresses(mail: dict[str, Any], account: Mapping[str, str]) -> None:
    if not mail.get("personalizations"):
        raise Refused("The personalizations field is required and must have at least one personalization.",
                      "personalizations")  # fmt: skip
    if not mail.get("from"):
        raise Refused("The from object must be provided for every email send.", "from.email")
    named = {"personalizations.0.to.0.email": mail["personalizations"][0]["to"][0], "from.email": mail["from"]}
    named |= {"reply_to.email": mail["reply_to"]} if "reply_to" in mail else {}
    for field, mailbox in named.items():
        if not mails.ADDRESS.fullmatch(mailbox["email"]):
            raise Refused("Does not contain a valid address.", field)
    if mails.domain(mail["from"]["email"]) != mails.domain(account["sender"]):
        raise Refused("The from address does not match a verified Sender Identity.", "from", 403)


def _check_content(mail: dict[str, Any]) -> None:
    if not mail.get("subject"):
        raise Refused("The subject is required.", "subject")
    kinds = [part["type"] for part in mail["content"]]
    if kinds != ["text/plain", "text/html"][: len(kinds)]:
        raise Refused("If present, text/plain and text/html may only be provided once, and first.", "content")
    if not kinds or not all(isinstance(part["value"], str) and part["value"] for part in mail["content"]):
        raise Refused("The content value must be a string at least one character in length.", "content.0.value")


def _check_headers(headers: dict[str, Any]) -> None:
    for name, value in headers.items():
        if name.lower() in RESERVED:
            raise Refused(f"The header name {name} is reserved.", f"headers.{name}")
        if not isinstance(value, str) or not HEADER.fullmatch(value) or len(value) > LONGEST_HEADER:
            raise Refused("The value of a header must be a string of printable characters.", f"headers.{name}")


def _check_attachments(files: list[dict[str, Any]]) -> None:
    for place, file in enumerate(files):
        base64.b64decode(file["content"], validate=True)
        if not file["content"] or not file["filename"] or LINE_END.search(file["filename"] + file["type"]):
            raise Refused("The attachment cannot be used as it is.", f"attachments.{place}")


def _take(mail: dict[str, Any], world: World) -> str:
    """Note the mail; returns the id of the call, with which the ids of its mails begin."""
    number = uuid.uuid5(uuid.NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}")
    identifier = base64.urlsafe_b64encode(number.bytes).decode().rstrip("=")
    world.note(
        part="sendgrid",
        what="mail",
        to=mail["personalizations"][0]["to"][0]["email"],
        thread=mails.thread(mail.get("reply_to", {}).get("email", "")),
        text=mail["content"][0]["value"],
        id=identifier,
        raw=mail,
    )
    return identifier
