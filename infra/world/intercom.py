"""Intercom's part of the outside world: takes a teammate's answer, refuses what Intercom refuses.

Sending and refusals: https://github.com/intercom/Intercom-OpenAPI (descriptions/2.14, replyConversation)

`world.state["intercom"]` may hold `unknown`, conversations that are not there, `limited`: too many calls, and
`no_plan`: the workspace is not paid for.
"""

import re
from html import unescape
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from infra.world import Reply, Sent, World, handed_out, reply

REPLY = re.compile(r"/conversations/([A-Za-z0-9]+)/reply")
FORM = {"message_type": "comment", "type": "admin"}


def answer(sent: Sent, world: World) -> Reply:
    """POST of a reply into a conversation; GET of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/i/o/"):  # its address is the proof
        return handed_out(world.held("intercom", sent.path.removeprefix("/")))
    account, state = world.account("intercom", access_token=sent.bearer()), world.state.get("intercom", {})
    if account is None:
        return _error(401, "unauthorized", "Access Token Invalid", world)
    if state.get("limited"):
        return _error(429, "rate_limit_exceeded", "The rate limit for the App has been exceeded", world)
    if state.get("no_plan"):
        return _error(403, "api_plan_restricted", "Active subscription needed.", world)
    where = REPLY.fullmatch(sent.path)
    if not where or sent.method != "POST" or where[1] in state.get("unknown", ()):
        return _error(404, "not_found", "Resource Not Found", world)
    post = sent.json()
    if {name: post.get(name) for name in FORM} != FORM:
        return _error(400, "parameter_invalid", "type and message_type are invalid", world)
    if post.get("admin_id") != account["admin_id"]:
        return _error(404, "admin_not_found", "Admin for admin_id not found", world)
    if not isinstance(post.get("body"), str) or not post["body"].strip():
        return _error(400, "parameter_not_found", "body is required", world)
    return reply(_take(where[1], post, world))


def _take(conversation: str, post: dict[str, Any], world: World) -> dict[str, Any]:
    """Note the answer as its reader sees it; what Intercom answers: the conversation, with the new part."""
    number, at = str(world.number()), int(world.now().timestamp())
    text = unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", post["body"]))
    world.note(part="intercom", what="message", to=conversation, text=text, id=number, raw=post)
    part = {
        "type": "conversation_part",
        "id": number,
        "part_type": "comment",
        "body": f"<p>{post['body']}</p>",
        "created_at": at,
        "author": {"type": "admin", "id": post["admin_id"], "name": "Ann", "email": "ann@shop.example"},
        "attachments": [],
    }
    parts = {"type": "conversation_part.list", "conversation_parts": [part], "total_count": 1}
    return {"type": "conversation", "id": conversation, "created_at": at, "conversation_parts": parts}


def _error(status: int, code: str, message: str, world: World) -> Reply:
    request_id, errors = str(uuid5(NAMESPACE_OID, world.now().isoformat())), [{"code": code, "message": message}]
    return reply({"type": "error.list", "request_id": request_id, "errors": errors}, status)
