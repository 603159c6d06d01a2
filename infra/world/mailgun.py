"""Mailgun's API: takes a mail, refuses what Mailgun refuses, reports on it.

Sending: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
Reports: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads

`world.state["mailgun"]` may hold `disabled`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from infra.world import Entry, File, Reply, Sent, World, mails, reply

RECEIPT_TYPE = "application/json"
LARGEST_MAIL = 25_000_000  # bytes as it is written
LARGEST_OPTIONS = 16_000  # bytes of all that begins with h: and its like
MESSAGES = re.compile(r"/v3/([^/]+)/messages")
FIELDS = frozenset(("from", "to", "cc", "bcc", "subject", "text", "html", "attachment", "inline"))
OPTION = re.compile(r"[hotv]:[!-9;-~]+")
VALUE = re.compile(r"[ -~]*")


class Refused(Exception):
    """Mailgun says no: its words, the HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Mailgun would, note the mail, answer."""
    user, key = sent.basic()
    account = world.account("mailgun", api_key=key)
    if account is None or user != "api":
        return Reply(status=401, body=b"Forbidden", headers={"content-type": "text/html; charset=utf-8"})
    try:
        path = MESSAGES.fullmatch(sent.path)
        if sent.method != "POST" or not path:
            raise Refused("Not Found", 404)
        if path[1] != account["domain"]:
            raise Refused(f"Domain not found: {path[1]}", 404)
        if world.state.get("mailgun", {}).get("disabled"):
            raise Refused(f"Domain {path[1]} is not allowed to send: The domain is unverified", 403)
        return reply({"id": _take(_checked(sent, account), path[1], world), "message": "Queued. Thank you."})
    except Refused as no:
        return reply({"message": no.message}, no.status)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The event of a mail that got as far as `progress`; it is signed as it is sent."""
    more: dict[str, dict[str, Any]] = {
        "delivered": {"event": "delivered", "delivery-status": {"code": 250, "message": "OK", "attempt-no": 1}},
        "read": {"event": "opened", "ip": "192.0.2.7", "client-info": {"client-type": "browser"}},
        "failed": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "delivery-status": {"code": 550, "message": "5.1.1 no such user", "description": ""},
        },
    }
    if progress not in more:
        return None
    about = {
        "id": f"ev{world.number()}",
        "timestamp": world.now().timestamp(),
        "log-level": "info",
        "recipient": entry.to,
        "message": {"headers": {"message-id": entry.id.strip("<>"), "to": entry.to, "subject": entry.raw["subject"]}},
        "user-variables": {},
        "tags": [],
    }
    return json.dumps({"event-data": {**about, **more[progress]}}).encode()


def _checked(sent: Sent, account: Mapping[str, str]) -> dict[str, str]:
    """The mail in the call, if Mailgun would take it."""
    files = sent.parts()
    mail = {name: part.content.decode() for name, part in files.items() if not part.name} or sent.form()
    if len(sent.body) - _file(files) + _file(files) * 4 / 3 > LARGEST_MAIL:
        raise Refused("Message is too large", 413)
    for name in ("from", "to"):
        if not mail.get(name):
            raise Refused(f"{name} parameter is missing")
        if not mails.ADDRESS.fullmatch(mails.bare(mail[name])):
            raise Refused(f"{name} parameter is not a valid address. please check documentation")
    if not mail.get("text") and not mail.get("html"):
        raise Refused("Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified")
    options = {name: value for name, value in mail.items() if name not in FIELDS}
    if not all(map(OPTION.fullmatch, options)) or not all(map(VALUE.fullmatch, options.values())):
        raise Refused("a parameter is not valid. please check documentation")
    if sum(map(len, [*options, *options.values()])) > LARGEST_OPTIONS:
        raise Refused("parameters are too long")
    if mails.domain(mail["from"]) not in (account["domain"], account["domain"].partition(".")[2]):
        raise Refused("from parameter is not of this domain", 403)
    return {**mail, **{name: part.name for name, part in files.items() if part.name}}


def _file(files: Mapping[str, File]) -> int:
    return sum(len(part.content) for part in files.values() if part.name)


def _take(mail: dict[str, str], domain: str, world: World) -> str:
    """Note the mail; its id is the Message-ID that its reader sees."""
    identifier = f"<{world.now():%Y%m%d%H%M%S}.{world.number():016x}@{domain}>"
    world.note(
        part="mailgun",
        what="mail",
        to=mails.bare(mail["to"]),
        thread=mails.thread(mail.get("h:Reply-To", "")),
        text=mail.get("text") or mail["html"],
        id=identifier,
        raw=mail,
    )
    return identifier
