"""Bandwidth's part of the outside world: lends tokens, takes an SMS, refuses what Bandwidth refuses, reports on it.

Sending: https://dev.bandwidth.com/docs/messaging/createMessage
Errors: https://dev.bandwidth.com/docs/messaging/errors
Tokens: https://dev.bandwidth.com/docs/account/credentials/management

`world.state["bandwidth"]["revoked"]` may list tokens that hold no more. Bandwidth takes what is for numbers that
answered STOP, and reports it failed.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.world import Entry, Reply, Sent, World, handed_out, reply, sms

LONGEST = 2048  # characters, taken for UTF-16 units here
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
STATUS = {"delivered": "message-delivered", "failed": "message-failed", "sent": "message-sent"}
LENT = 3600  # seconds


def answer(sent: Sent, world: World) -> Reply:
    """A token; POST /api/v2/users/<account>/messages with an SMS; GET …/media/… of what somebody sent."""
    if (sent.method, sent.path) == ("POST", "/api/v1/oauth2/token"):
        return _lend(sent, world)
    account = next(_shown(sent, world), None)
    if account is None:
        return reply({"type": "unauthorized", "description": "Authentication Failed"}, 401)
    users = f"/api/v2/users/{account['account_id']}"
    if sent.method == "GET" and sent.path.startswith(f"{users}/media/"):
        return handed_out(world.held("bandwidth", sent.path.removeprefix(f"{users}/media/")))
    if (sent.method, sent.path) != ("POST", f"{users}/messages"):
        return reply({"status": 404, "error": "Not Found", "message": "Not Found", "path": sent.path}, 404)
    post = sent.json()
    wrong = list(_wrong(post, account))
    if wrong:
        errors = [{"fieldName": name, "description": why} for name, why in wrong]
        said = {"type": "request-validation", "description": "Your request could not be accepted."}
        return reply({**said, "fieldErrors": errors}, 400)
    return reply(_take(post, world), 202)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The callback on a message; of an SMS it is never known that it was read."""
    kind = STATUS.get(progress)
    if entry.what != "message" or kind is None:
        return None
    at = world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {**entry.raw, "text": ""}
    event: dict[str, Any] = {"time": at, "type": kind, "to": entry.to, "description": "ok", "message": message}
    if progress == "failed":
        event |= {"description": "destination-subscriber-unavailable", "errorCode": 4702}
    return json.dumps([event]).encode()


def _lend(sent: Sent, world: World) -> Reply:
    client, secret = sent.basic()
    if world.account("bandwidth", client_id=client, client_secret=secret) is None:
        return reply({"error": "invalid_client"}, 401)
    if sent.form() != {"grant_type": "client_credentials"}:
        return reply({"error": "unsupported_grant_type"}, 400)
    return reply({"access_token": _token(client, secret), "token_type": "Bearer", "expires_in": LENT})


def _token(client: str, secret: str) -> str:
    return "bw-" + hashlib.sha256(f"{client} {secret}".encode()).hexdigest()


def _shown(sent: Sent, world: World) -> Iterator[dict[str, str]]:
    """The account whose token the call shows."""
    token = sent.bearer()
    if token in world.state.get("bandwidth", {}).get("revoked", ()):
        return
    for account in world.accounts("bandwidth"):
        live = account.get("client_secret", "").split()
        if token in [_token(account.get("client_id", ""), secret) for secret in live]:
            yield account


def _wrong(post: dict[str, Any], account: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each field that Bandwidth would not take, and why."""
    to, text = post.get("to"), post.get("text")
    if post.get("applicationId") != account["application_id"]:
        yield "applicationId", "is not an application of this account"
    if post.get("from") != account["number"]:
        yield "from", "must be a number of this account, in E164 format"
    if not isinstance(to, list) or not to or not all(isinstance(one, str) and NUMBER.fullmatch(one) for one in to):
        yield "to", "must be numbers in E164 format"
    if not isinstance(text, str) or not text:
        yield "text", "must not be empty"
    elif len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        yield "text", f"must be {LONGEST} characters or less"


def _take(post: dict[str, Any], world: World) -> dict[str, Any]:
    """Note the message; what Bandwidth answers to it."""
    message = {
        "id": str(uuid5(NAMESPACE_OID, f"{world.now().isoformat()} {world.number()}")),
        "owner": post["from"],
        "time": world.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "segmentCount": sms.segments(post["text"]),
        "direction": "out",
        **post,
    }
    world.note(part="bandwidth", what="message", to=post["to"][0], text=post["text"], id=message["id"], raw=message)
    return message
