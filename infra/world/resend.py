"""Resend's API: takes a mail and knows a repeat by its key, refuses what Resend refuses, shows mail that came in.

Sending: https://resend.com/docs/api-reference/emails/send-email  Codes: https://resend.com/docs/api-reference/errors
Received: https://resend.com/docs/api-reference/emails/retrieve-received-email

`world.state["resend"]["received"]` may hold mails by their ids; else the mail is taken from the id itself, where the
simulator packs it.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from infra.simulate import resend as simulator
from infra.world import Entry, Reply, Sent, World, handed_out, reply

RECEIPT_TYPE = "application/json"
LARGEST_MAIL = 40_000_000  # bytes
MOST_RECIPIENTS, LONGEST_KEY = 50, 256
ATTACHED = re.compile(r"/emails/receiving/[^/]+/attachments/([^/]+)")
RECEIVED = re.compile(r"/emails/receiving/([^/]+)")
ADDRESS = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{}|~]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
NAMED = re.compile(r"[^<>]*<([^<>]+)>")
TEXTS = ("from", "subject", "text", "html")
FIELDS = frozenset((*TEXTS, "to", "cc", "bcc", "reply_to", "headers", "attachments", "tags", "scheduled_at"))


class Refused(Exception):
    """Resend says no: its name for it, its words, the HTTP status."""

    def __init__(self, name: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Resend would, note the mail, answer."""
    if sent.method == "GET" and sent.path.startswith("/inbound-cdn/"):  # its address is the proof
        return handed_out(world.held("resend", sent.path.removeprefix("/inbound-cdn/")))
    try:
        account = _account(sent, world)
        attached = ATTACHED.fullmatch(sent.path)
        if attached and sent.method == "GET":
            return reply(_attachment(attached[1], sent.base, world))
        received = RECEIVED.fullmatch(sent.path)
        if received and sent.method == "GET":
            return reply(_received(unquote(received[1]), world))
        if (sent.method, sent.path) == ("POST", "/emails"):
            return reply({"id": _once(sent, account, world)})
        raise Refused("not_found", "The requested endpoint does not exist.", 404)
    except Refused as no:
        return reply({"statusCode": no.status, "name": no.name, "message": no.message}, no.status)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook for a mail that got as far as `progress`."""
    at = world.now().isoformat(timespec="milliseconds")
    data = {
        "email_id": entry.id,
        "created_at": entry.at,
        "from": entry.raw["from"],
        "to": [entry.to],
        "subject": entry.raw["subject"],
    }
    bounce = {"type": "Permanent", "subType": "General", "message": "The mailbox does not exist.", "diagnosticCode": []}
    more = {"delivered": {}, "opened": {}, "bounced": {"bounce": bounce}}
    kind = {"delivered": "delivered", "read": "opened", "failed": "bounced"}.get(progress)
    if kind is None:
        return None
    return json.dumps({"type": f"email.{kind}", "created_at": at, "data": {**data, **more[kind]}}).encode()


# ---- mail that came in ------------------------------------------------------------------------------------------


def _received(identifier: str, world: World) -> dict[str, Any]:
    kept = world.state.get("resend", {}).get("received", {}).get(identifier)
    mail = kept or simulator.opened(identifier)
    if mail is None:
        raise Refused("not_found", "Email not found", 404)
    raw = {"download_url": "https://files.resend.example/raw", "expires_at": world.now().isoformat()}
    return {"id": identifier, "raw": raw, **mail}


def _attachment(identifier: str, base: str, world: World) -> dict[str, Any]:
    """Where a file of a mail lies, for an hour."""
    file = world.held("resend", identifier)
    if file is None:
        raise Refused("not_found", "Attachment not found", 404)
    about = {"filename": file.name, "content_type": file.type, "size": len(file.content), "id": identifier}
    return {"object": "attachment", **about, "download_url": f"{base}/inbound-cdn/{identifier}"}


# ---- checks -----------------------------------------------------------------------------------------------------


def _account(sent: Sent, world: World) -> Mapping[str, str]:
    """Ours whose live key the call shows."""
    shown = sent.headers.get("authorization", "")
    if not shown.startswith("Bearer "):
        raise Refused("missing_api_key", "Missing API Key", 401)
    for account in _accounts(world):
        if shown.removeprefix("Bearer ") in account.get("API_KEY", "").split():
            return account
    raise Refused("invalid_api_key", "API key is invalid", 403)


def _accounts(world: World) -> Iterator[dict[str, str]]:
    """Our accounts: what stands in the credentials beside each API key."""
    ending = "_API_KEY"
    for name in world.credentials:
        if name.startswith("SHOPBELL_RESEND_") and name.endswith(ending):
            prefix = name.removesuffix(ending) + "_"
            beside = {key: value for key, value in world.credentials.items() if key.startswith(prefix)}
            yield {key.removeprefix(prefix): value for key, value in beside.items()}


def _checked(sent: Sent, account: Mapping[str, str]) -> dict[str, Any]:
    """The mail in the call, if Resend would take it."""
    mail = sent.json()
    if len(sent.body) > LARGEST_MAIL:
        raise Refused("validation_error", "The email is larger than 40 MB.")
    if unknown := sorted(mail.keys() - FIELDS):
        raise Refused("validation_error", f"Unknown field: {unknown[0]}")
    for name in ("from", "to", "subject"):
        if not mail.get(name):
            raise Refused("missing_required_field", f"Missing `{name}` field.")
    if not mail.get("text") and not mail.get("html"):
        raise Refused("missing_required_field", "Missing `html` or `text` field.")
    for name in TEXTS:
        if not isinstance(mail.get(name, ""), str):
            raise Refused("validation_error", f"The `{name}` field must be a `string`.")
    _check_headers(mail.get("headers", {}))
    _check_addresses(mail, account)
    return mail


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise Refused("validation_error", "The `headers` field must be an object of strings.")
    if any("\n" in part or "\r" in part for pair in headers.items() for part in pair):
        raise Refused("validation_error", "Invalid header.")


def _check_addresses(mail: dict[str, Any], account: Mapping[str, str]) -> None:
    lists = {name: _addresses(mail, name) for name in ("from", "to", "cc", "bcc", "reply_to")}
    if sum(len(lists[name]) for name in ("to", "cc", "bcc")) > MOST_RECIPIENTS:
        raise Refused("validation_error", f"More than {MOST_RECIPIENTS} recipients.")
    domain = lists["from"][0].rpartition("@")[2]
    if domain != _bare(account.get("SENDER", "")).rpartition("@")[2]:
        raise Refused("validation_error", f"The {domain} domain is not verified.", 403)


def _addresses(mail: dict[str, Any], name: str) -> list[str]:
    given = mail.get(name) or []
    found = [_bare(str(one)) for one in ([given] if isinstance(given, str) else given)]
    if not all(map(ADDRESS.fullmatch, found)):
        raise Refused("validation_error", f"Invalid `{name}` field. Use `email@example.com` or `Name <…>`.")
    return found


def _bare(mailbox: str) -> str:
    named = NAMED.fullmatch(mailbox)
    return (named[1] if named else mailbox).strip()


# ---- what it does -----------------------------------------------------------------------------------------------


def _once(sent: Sent, account: Mapping[str, str], world: World) -> str:
    """The id of the mail sent under the call's key; a repeat changes nothing."""
    key, print_ = sent.headers.get("idempotency-key", ""), hashlib.sha256(sent.body).hexdigest()
    if len(key) > LONGEST_KEY:
        raise Refused("invalid_idempotency_key", f"The key must be between 1-{LONGEST_KEY} chars.", 400)
    known: dict[str, list[str]] = world.state.setdefault("resend", {}).setdefault("keys", {})
    if key in known and known[key][1] != print_:
        raise Refused("invalid_idempotent_request", "This key was used on another request with a different body.", 409)
    mail = _checked(sent, account)
    if key not in known:
        identifier = _take(mail, key, world)
        if key:
            known[key] = [identifier, print_]
        return identifier
    return known[key][0]


def _take(mail: dict[str, Any], key: str, world: World) -> str:
    identifier = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}"))
    answers = next(iter(_addresses(mail, "reply_to")), "").partition("@")[0]
    world.note(
        part="resend",
        what="mail",
        to=_addresses(mail, "to")[0],
        thread=answers.partition("+")[2],
        text=mail.get("text") or mail.get("html", ""),
        id=identifier,
        key=key,
        raw=mail,
    )
    return identifier
