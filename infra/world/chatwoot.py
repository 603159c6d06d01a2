"""Chatwoot's part of the outside world: takes an agent's answer, refuses what Chatwoot refuses, reports on it.

Sending: https://developers.chatwoot.com/api-reference/messages/create-new-message
Refusals: https://github.com/chatwoot/chatwoot (app/models/message.rb, app/controllers/concerns)

`world.state["chatwoot"]` may hold `unknown`, conversations that are not there, and `flooded`: too many messages.
"""

import json
import re
from typing import Any

from infra.world import Entry, File, Reply, Sent, World, handed_out, reply

FILES = "/rails/active_storage/blobs/redirect/"
MESSAGES = re.compile(r"/api/v1/accounts/([0-9]+)/conversations/([0-9]+)/messages", re.ASCII)
LONGEST = 150_000  # characters
LARGEST = 40 * 1024 * 1024  # bytes of a file
STATUS = ("delivered", "read", "failed")


def answer(sent: Sent, world: World) -> Reply:
    """POST of a message into a conversation; GET of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith(FILES):  # its address is the proof
        return handed_out(world.held("chatwoot", sent.path.removeprefix(FILES)))
    account = world.account("chatwoot", access_token=sent.headers.get("api_access_token", ""))
    if account is None:
        return reply({"error": "Invalid Access Token"}, 401)
    state, where = world.state.get("chatwoot", {}), MESSAGES.fullmatch(sent.path)
    if not where or sent.method != "POST" or where[2] in state.get("unknown", ()):
        return reply({"error": "Resource could not be found"}, 404)
    if where[1] != account["account_id"]:
        return reply({"error": "You are not authorized to access this account"}, 401)
    parts = sent.parts()
    post = {name: part.content.decode() for name, part in parts.items() if not part.name} or sent.json()
    file = parts.get("attachments[]")
    wrong = "Too many messages" if state.get("flooded") else _wrong(post, file)
    return reply({"error": f"Validation failed: {wrong}"}, 422) if wrong else _take(where[2], post, file, world)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook by which Chatwoot tells how far an answer has come."""
    if progress not in STATUS:
        return None
    error = {"external_error": "131026: undeliverable"} if progress == "failed" else {}
    said = {
        "content_attributes": error,
        "content": entry.text,
        "conversation": {
            "contact_inbox": {"source_id": f"place-{entry.to}"},
            "id": int(entry.to),
            "messages": [{"id": int(entry.id), "message_type": 1, "private": False, "status": progress}],
        },
        "id": int(entry.id),
        "inbox": {"id": 7, "name": "Corner Shop"},
        "message_type": "outgoing",
        "private": False,
        "sender": {"id": 3, "name": "Ann", "type": "user"},
        "event": "message_updated",
    }
    return json.dumps(said).encode()


def _wrong(post: dict[str, Any], file: File | None) -> str:
    """What Chatwoot would not take; empty if there is nothing."""
    if post.get("message_type") != "outgoing":  # the API takes a customer's words in API inboxes alone
        return "Incoming messages are only allowed in Api inboxes"
    if len(post.get("content") or "") > LONGEST:
        return f"Content is too long (maximum is {LONGEST} characters)"
    if file and len(file.content) > LARGEST:
        return "Attachments file size is too big"
    return ""


def _take(conversation: str, post: dict[str, Any], file: File | None, world: World) -> Reply:
    """Note the message; what Chatwoot answers. A private one is a note among agents: the customer sees nothing."""
    number, private = world.number(), post.get("private") in (True, "true")
    text = "\n".join(filter(None, [file.name if file else "", post.get("content")]))
    about = {"file": file.name, "size": len(file.content)} if file else {}
    if not private:
        what = "file" if file else "message"
        world.note(part="chatwoot", what=what, to=conversation, text=text, id=str(number), raw={**post, **about})
    return reply(
        {
            "id": number,
            "content": post.get("content"),
            "inbox_id": 7,
            "conversation_id": int(conversation),
            "message_type": 1,
            "content_type": "text",
            "status": "sent",
            "content_attributes": {},
            "created_at": int(world.now().timestamp()),
            "private": private,
            "source_id": None,
            "sender": {"id": 3, "name": "Ann", "type": "user"},
        }
    )
