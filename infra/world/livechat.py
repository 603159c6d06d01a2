"""LiveChat's part of the outside world: takes what an agent writes, where that agent is in the chat and it is open.

Sending: https://platform.text.com/docs/messaging/agent-chat-api

Its kinds of errors are LiveChat's; their statuses, but for that of a stranger to the chat, are made after other APIs.
`world.state["livechat"]` may hold `unknown`, chats that are not there; `inactive`, chats that are closed; `strange`,
chats that our agent is not in; `full`, chats that take no further agent; and `limited`: too many requests.
"""

import re
from typing import Any

from infra.world import Reply, Sent, World, handed_out, reply

ACTION = re.compile(r"/v3\.6/agent/action/(send_event|resume_chat|add_user_to_chat)")
LONGEST = 16 * 1024  # bytes of a text
JOINING = {"user_type": "agent", "visibility": "all", "ignore_requester_presence": True}


def answer(sent: Sent, world: World) -> Reply:
    """POST of an action; GET of what somebody uploaded."""
    if sent.method == "GET" and sent.path.startswith("/api/file/"):  # its address is the proof
        return handed_out(world.held("livechat", sent.path.removeprefix("/api/file/")))
    user, password = sent.basic()
    account, state = world.account("livechat", account_id=user, access_token=password), world.state.get("livechat", {})
    action = ACTION.fullmatch(sent.path)
    if account is None:
        return _error(401, "authentication", "Invalid access token")
    if state.get("limited"):
        return _error(429, "too_many_requests", "Too many requests")
    if not action or sent.method != "POST":
        return _error(404, "not_found", "Not found")
    return _done(action[1], sent.json(), account, world)


def _done(action: str, post: dict[str, Any], account: dict[str, str], world: World) -> Reply:
    state, whole = world.state.get("livechat", {}), post.get("chat") or {}
    chat = whole.get("id") if action == "resume_chat" else post.get("chat_id")
    if not isinstance(chat, str) or not chat:
        return _error(400, "validation", "`chat_id` is required")
    if chat in state.get("unknown", ()):
        return _error(404, "not_found", "Chat not found")
    if action == "resume_chat":
        return _resumed(chat, whole, world)
    if chat in state.get("inactive", ()):
        return _error(422, "chat_inactive", "Chat is inactive")
    if action == "add_user_to_chat":
        return _added(chat, post, account, world)
    if chat in state.get("strange", ()):
        return _error(403, "authorization", "Requester is not user of the chat")
    return _wrong(post.get("event")) or reply({"event_id": _note(chat, post["event"], world)})


def _resumed(chat: str, whole: dict[str, Any], world: World) -> Reply:
    """Open a closed chat, with its customer and its first events in it."""
    state, events = world.state.get("livechat", {}), (whole.get("thread") or {}).get("events") or []
    if chat not in state.get("inactive", ()):
        return _error(422, "validation", "Chat is already active")
    if [user.get("type") for user in whole.get("users") or ()] != ["customer"]:
        return _error(400, "validation", "`users` must hold the customer")
    if wrong := next(filter(None, map(_wrong, events)), None):
        return wrong
    state["inactive"] = [one for one in state["inactive"] if one != chat]
    ids = [_note(chat, event, world) for event in events]
    return reply({"thread_id": f"T{world.number()}", **({"event_ids": ids} if ids else {})})


def _added(chat: str, post: dict[str, Any], account: dict[str, str], world: World) -> Reply:
    state = world.state.get("livechat", {})
    if {name: post.get(name) for name in JOINING} != JOINING or post.get("user_id") != account["agent_id"]:
        return _error(400, "validation", "`user_id` is not an agent")
    if chat in state.get("full", ()):
        return _error(422, "validation", "Public agents in chat limit reached")
    state["strange"] = [one for one in state.get("strange", ()) if one != chat]
    return reply({})


def _wrong(event: Any) -> Reply | None:
    if not isinstance(event, dict) or event.get("type") != "message":
        return _error(400, "validation", "`event.type` is invalid")
    if not isinstance(event.get("text"), str) or not 0 < len(event["text"].encode()) <= LONGEST:
        return _error(400, "validation", "`event.text` has a wrong length")
    return None


def _note(chat: str, event: dict[str, Any], world: World) -> str:
    id = f"{chat}_{world.number()}"
    world.note(part="livechat", what="message", to=chat, text=event["text"], id=id, raw=event)
    return id


def _error(status: int, kind: str, message: str) -> Reply:
    return reply({"error": {"type": kind, "message": message}}, status)
