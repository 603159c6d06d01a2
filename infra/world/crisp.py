"""Crisp's part of the outside world: takes an operator's answer, shows it again, reports on it.

Sending: https://docs.crisp.chat/references/rest-api/v1/#send-a-message-in-conversation
Limits: https://docs.crisp.chat/guides/rest-api/rate-limits/

The words of its refusals are made after those that its libraries show. `world.state["crisp"]` may hold `unknown`,
sessions that are not there, `limited`: too many requests, and `slow`: what was taken is not to be seen yet.
"""

import json
import re
from typing import Any

from infra.world import Entry, Reply, Sent, World, handed_out, reply

PATH = re.compile(r"/v1/website/([0-9a-f-]{36})/conversation/(session_[0-9a-f-]{36})/message(?:/([0-9]+))?")
TIERS = ("user", "website", "plugin")
EVENTS = {"delivered": "message:acknowledge:delivered", "read": "message:acknowledge:read:received"}
EXACT = 2**53  # numbers that JavaScript does not confuse are below


def answer(sent: Sent, world: World) -> Reply:
    """POST of a message into a session, GET of one by its fingerprint; GET of what somebody uploaded."""
    if sent.method == "GET" and sent.path.startswith("/users/upload/"):  # its address is the proof
        return handed_out(world.held("crisp", sent.path.removeprefix("/users/upload/")))
    user, password = sent.basic()
    account, state = world.account("crisp", token_id=user, token_key=password), world.state.get("crisp", {})
    if account is None or sent.headers.get("x-crisp-tier") not in TIERS:
        return _answer(401, "invalid_session")
    if state.get("limited"):
        return _answer(420, "enhance_your_calm")
    where = PATH.fullmatch(sent.path)
    if not where:
        return _answer(404, "route_not_found")
    website, session, fingerprint = where.groups()
    if session in state.get("unknown", ()):
        return _answer(404, "conversation_not_found")
    if sent.method == "GET" and fingerprint:
        seen = [entry for entry in world.ledger if entry.id == f"{session}/{fingerprint}" and not state.get("slow")]
        return _answer(200, "resolved", **seen[0].raw) if seen else _answer(404, "message_not_found")
    if sent.method != "POST" or fingerprint:
        return _answer(405, "method_not_allowed")
    return _take(website, session, sent.json(), world)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook by which Crisp tells how far a message has come; it has no word for more."""
    if progress not in EVENTS:
        return None
    website, _, session = entry.to.partition("/")
    number, at = int(entry.id.rpartition("/")[2]), int(world.now().timestamp() * 1000)
    said = {"website_id": website, "session_id": session, "origin": "chat", "fingerprints": [number]}
    return json.dumps({"website_id": website, "event": EVENTS[progress], "data": said, "timestamp": at}).encode()


def _take(website: str, session: str, post: dict[str, Any], world: World) -> Reply:
    """Note the message. One that is `from` a user would come back to us as a visitor's."""
    number = post.get("fingerprint", world.number())
    if post.get("type") != "text" or post.get("from") not in ("operator", "user") or not post.get("origin"):
        return _answer(400, "invalid_data")
    if not isinstance(post.get("content"), str) or not post["content"]:
        return _answer(400, "invalid_data")
    if not isinstance(number, int) or not 0 <= number < EXACT:
        return _answer(400, "invalid_data")
    id = f"{session}/{number}"
    world.note(part="crisp", what="message", to=f"{website}/{session}", text=post["content"], id=id, raw=post)
    return _answer(202, "dispatched", fingerprint=number)


def _answer(status: int, reason: str, **data: Any) -> Reply:
    return reply({"error": status >= 400, "reason": reason, "data": data}, status)
