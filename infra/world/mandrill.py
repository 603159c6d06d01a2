"""Mandrill's API: takes a raw mail, refuses what Mandrill refuses, reports on it.

Sending: https://mailchimp.com/developer/transactional/api/messages/send-new-message/

`world.state["mandrill"]` may hold `rejected`, addresses to which it sends nothing any more, and `unpaid`.
"""

import uuid
from collections.abc import Mapping
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

from infra.simulate import mandrill as simulator
from infra.world import Entry, Reply, Sent, World, mails, reply

RECEIPT_TYPE = "application/x-www-form-urlencoded"
LARGEST_MAIL = 25_000_000  # bytes
FIELDS = frozenset(("key", "raw_message", "from_email", "from_name", "to", "async", "ip_pool", "send_at"))
FIELDS |= {"return_path_domain"}


class Refused(Exception):
    """Mandrill says no: its name for it, its code, its words. The HTTP status is always the same."""

    def __init__(self, name: str, code: int, message: str) -> None:
        super().__init__(message)
        self.name, self.code, self.message = name, code, message


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Mandrill would, note the mail, answer."""
    post = sent.json()
    try:
        account = world.account("mandrill", api_key=str(post.get("key") or ""))
        if account is None:
            raise Refused("Invalid_Key", -1, "Invalid API key")
        if (sent.method, sent.path) != ("POST", "/messages/send-raw.json"):
            raise Refused("Unknown_Method", -1, f'Unknown method "{sent.path}"')
        if world.state.get("mandrill", {}).get("unpaid"):
            raise Refused("PaymentRequired", -1, "The requested feature requires payment.")
        return reply([_sent(post, _checked(post, account), world)])
    except Refused as no:
        return reply({"status": "error", "code": no.code, "name": no.name, "message": no.message}, 500)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook for a mail that got as far as `progress`: a batch of one."""
    more: dict[str, tuple[str, dict[str, Any]]] = {
        "delivered": ("delivered", {"state": "sent"}),
        "read": ("open", {"state": "sent"}),
        "failed": ("hard_bounce", {"state": "bounced", "bounce_description": "bad_mailbox",
                                   "diag": "smtp;550 5.1.1 no such user"}),
    }  # fmt: skip
    if progress not in more:
        return None
    kind, about = more[progress]
    told = {"_id": entry.id, "email": entry.to, "sender": "hello@shop.example", "subject": "Re: …", "tags": []}
    seconds = int(world.now().timestamp())
    return simulator.posted([{"event": kind, "_id": entry.id, "ts": seconds, "msg": {**told, **about}}]).body


def _checked(post: Mapping[str, Any], account: Mapping[str, str]) -> EmailMessage:
    """The mail in the call, if Mandrill would take it."""
    raw, to = post.get("raw_message"), post.get("to")
    if not isinstance(raw, str) or not raw or not post.keys() <= FIELDS:
        raise Refused("ValidationError", -2, 'Validation error: {"raw_message":"Please enter a value"}')
    if len(raw) > LARGEST_MAIL:
        raise Refused("ValidationError", -2, "The message is larger than 25 MB")
    if not isinstance(to, list) or not all(isinstance(one, str) and mails.ADDRESS.fullmatch(one) for one in to):
        raise Refused("ValidationError", -2, 'Validation error: {"to":"The domain portion is invalid"}')
    mail = message_from_string(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    if mails.domain(mail["From"] or "") != mails.domain(account["sender"]):
        raise Refused("ValidationError", -2, "The from address is of no domain of this account")
    return mail


def _sent(post: Mapping[str, Any], mail: EmailMessage, world: World) -> dict[str, Any]:
    """What became of it. What is rejected goes nowhere, and is answered as all else is."""
    (to,) = post["to"]
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}").hex
    if to in world.state.get("mandrill", {}).get("rejected", []):
        return {"email": to, "status": "rejected", "_id": identifier, "reject_reason": "hard-bounce"}
    world.note(
        part="mandrill",
        what="mail",
        to=to,
        thread=mails.thread(mail["Reply-To"] or ""),
        text=mails.text(mail),
        id=identifier,
        raw=mails.shown(mail),
    )
    return {"email": to, "status": "sent", "_id": identifier, "reject_reason": None}
