"""Brevo's API: takes a mail, refuses what Brevo refuses, hands out files of mails that came in, reports on ours.

Sending: https://developers.brevo.com/reference/sendtransacemail
Webhooks: https://developers.brevo.com/reference/create-webhook  and …/docs/inbound-parse-webhooks

`world.state["brevo"]` may hold `no_credits`.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from infra.world import Entry, Reply, Sent, World, handed_out, mails, reply

RECEIPT_TYPE = "application/json"
LARGEST_MAIL = 20_000_000  # bytes
FIELDS = frozenset(
    ("sender", "to", "subject", "textContent", "htmlContent", "headers", "replyTo", "attachment", "tags", "cc", "bcc")
)
ENDINGS = re.compile(  # those of its list that a shop may meet
    r".+\.(xlsx?|ods|docx?|csv|pdf|txt|gif|jpe?g|png|tiff?|rtf|bmp|html?|zip|xml|pptx?|ics|odt|mp3|ogg|wav|mp4|mov|mpe?g)",
    re.IGNORECASE | re.DOTALL,
)
FILE = "/v3/inbound/attachments/"
HOOK = re.compile(r"https?://[^/]+/.*")
CONSOLE = {"DOMAIN": "reply.shop.example"}
HEADER = re.compile(r"[ -~]+")


class Refused(Exception):
    """Brevo says no: its code, its words, the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Brevo would, note the mail, answer."""
    try:
        account = world.account("brevo", api_key=sent.headers.get("api-key", ""))
        if account is None:
            raise Refused("unauthorized", "Key not found", 401)
        if sent.method == "GET" and sent.path.startswith(FILE):
            return handed_out(world.held("brevo", unquote(sent.path.removeprefix(FILE))))
        if (sent.method, sent.path) == ("POST", "/v3/webhooks"):
            return reply({"id": _hooked(sent.json(), world)}, 201)
        if (sent.method, sent.path) != ("POST", "/v3/smtp/email"):
            raise Refused("invalid_route", "Route not found", 404)
        if world.state.get("brevo", {}).get("no_credits"):
            raise Refused("not_enough_credits", "Insufficient credits", 402)
        return reply({"messageId": _take(_checked(sent, account), world)}, 201)
    except Refused as no:
        return reply({"code": no.code, "message": no.message}, no.status)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook for a mail that got as far as `progress`."""
    more: dict[str, dict[str, Any]] = {
        "delivered": {"event": "delivered"},
        "read": {"event": "unique_opened"},
        "failed": {"event": "hard_bounce", "reason": "550 5.1.1 no such user"},
    }
    if progress not in more:
        return None
    at = world.now()
    about = {"email": entry.to, "id": 26224, "date": f"{at:%Y-%m-%d %H:%M:%S}", "message-id": entry.id, "tags": []}
    times = {"ts": int(at.timestamp()), "ts_event": int(at.timestamp()), "ts_epoch": int(at.timestamp() * 1000)}
    return json.dumps({**more[progress], **about, **times}).encode()


def _hooked(said: Mapping[str, Any], world: World) -> int:
    """The id of a webhook for mail that comes in. An address of plain http is as good. Raises Refused."""
    for field in ("url", "events", "domain"):
        if not said.get(field):
            raise Refused("missing_parameter", f"{field} is missing")
    if said.get("type") != "inbound" or said["events"] != ["inboundEmailProcessed"]:
        raise Refused("invalid_parameter", "here are webhooks for mail that comes in alone")
    if not HOOK.fullmatch(said["url"]) or not mails.ADDRESS.fullmatch(f"x@{said['domain']}"):
        raise Refused("invalid_parameter", "url or domain is not valid")
    return 650_000 + world.number()


def _checked(sent: Sent, account: Mapping[str, str]) -> dict[str, Any]:
    """The mail in the call, if Brevo would take it."""
    mail = sent.json()
    if len(sent.body) > LARGEST_MAIL:
        raise Refused("invalid_parameter", "email size exceeds 20 MB", 413)
    for field in ("sender", "to", "subject"):
        if not mail.get(field):
            raise Refused("missing_parameter", f"{field} is missing")
    if not mail.get("textContent") and not mail.get("htmlContent"):
        raise Refused("missing_parameter", "Either of htmlContent or textContent is required")
    try:
        _check(mail, account)
    except (LookupError, TypeError, AttributeError, ValueError):
        raise Refused("bad_request", "Input must be a valid JSON object") from None
    return mail


def _check(mail: dict[str, Any], account: Mapping[str, str]) -> None:
    if not mail.keys() <= FIELDS:
        raise Refused("invalid_parameter", "unknown field")
    if mails.domain(mail["sender"]["email"]) != mails.domain(account["sender"]):
        raise Refused("invalid_parameter", "sender is not valid")
    for name, mailbox in (("to", mail["to"][0]), ("replyTo", mail.get("replyTo", mail["to"][0]))):
        if not mails.ADDRESS.fullmatch(mailbox["email"]):
            raise Refused("invalid_parameter", f"email is not valid in {name}")
    for name, value in mail.get("headers", {}).items():  # other letters would arrive as bytes that no mail may hold
        if not HEADER.fullmatch(value) or not HEADER.fullmatch(name) or name.lower() == "message-id":
            raise Refused("invalid_parameter", "headers are not valid")
    for file in mail.get("attachment", []):
        if not base64.b64decode(file["content"], validate=True) or not ENDINGS.fullmatch(file["name"]):
            raise Refused("invalid_parameter", f"Unsupported file format: {file['name']}")


def _take(mail: dict[str, Any], world: World) -> str:
    """Note the mail, by the Message-ID its reader sees."""
    identifier = f"<{world.now():%Y%m%d%H%M}.{world.number()}@smtp-relay.mailin.fr>"
    world.note(
        part="brevo",
        what="mail",
        to=mail["to"][0]["email"],
        thread=mails.thread(mail.get("replyTo", {}).get("email", "")),
        text=mail.get("textContent") or mail.get("htmlContent", ""),
        id=identifier,
        raw={**mail, "attachments": mail.get("attachment", [])},
    )
    return identifier
