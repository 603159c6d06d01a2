"""Sunshine Conversations' part of the outside world: takes messages and files, reports on them afterwards.

Reference: https://github.com/zendesk/sunshine-conversations-api-spec (openapi.yaml)

`world.state["zendesk_messaging"]` holds under `posts` what was posted, by conversation; `full` may list conversations
that hold all the messages they may.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from infra.world import Entry, Reply, Sent, World, handed_out, reply

LONGEST, LARGEST = 4096, 50_000_000  # characters of a text; bytes of a file
PATH = re.compile(r"/v2/apps/([^/]+)/(attachments|conversations/([0-9a-f]{24})/messages)")
KINDS = {
    "delivered": "conversation:message:delivery:user",
    "read": "conversation:read",
    "failed": "conversation:message:delivery:failure",
}
UNREACHABLE = {"code": "uncategorized_error", "message": "The channel did not take it"}


def answer(sent: Sent, world: World) -> Reply:
    """POST and GET messages of a conversation, POST attachments; GET /media/… of what somebody sent, for the key."""
    key, shown = sent.basic()
    account = world.account("zendesk_messaging", key_id=key, key_secret=shown)
    if account is None:
        return _error(401, "unauthorized", "Authorization is required")
    if sent.method == "GET" and sent.path.startswith("/media/"):
        return handed_out(world.held("zendesk_messaging", sent.path.removeprefix("/media/")))
    found = PATH.fullmatch(sent.path)
    if found is None or found[1] != account["app_id"]:
        return _error(404, "not_found", "Not found")
    if found[2] == "attachments":
        return _uploaded(sent, world)
    posts = _posts(world).setdefault(found[3], [])
    if sent.method == "GET":
        return reply({"messages": posts[-100:], "meta": {"hasMore": len(posts) > 100}, "links": {}})
    if found[3] in world.state["zendesk_messaging"].get("full", ()):
        return _error(423, "locked", "Message limit of 30000 per conversation reached.")
    return _refused(sent.json()) or reply({"messages": [_take(sent.json(), found[3], posts, world)]}, 201)


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The webhook on a message that reached somebody's device, was read or could not be handed over."""
    kind = KINDS.get(progress)
    if kind is None or entry.what not in ("message", "file"):
        return None
    user, message = {"id": entry.to, "authenticated": False}, {"id": entry.id}
    place = {"destination": {"type": "web", "integrationId": identifier("web")}, "isFinalEvent": True}
    about: dict[str, dict[str, Any]] = {
        "delivered": {"user": user, "message": message, **place},
        "read": {"activity": {"type": kind, "author": {"type": "user", "userId": entry.to, "user": user}}},
        "failed": {"user": user, "message": message, **place, "error": UNREACHABLE},
    }
    return envelope([event(f"{entry.id} {progress}", kind, entry.to, world.now(), about[progress])])


def envelope(events: list[dict[str, Any]]) -> bytes:
    """The body of a webhook with these events."""
    body = {
        "app": {"id": identifier("app")},
        "webhook": {"id": identifier("webhook"), "version": "v2"},
        "events": events,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def event(id: str, kind: str, user: str, at: datetime, payload: dict[str, Any]) -> dict[str, Any]:
    """One thing that happened in a user's conversation."""
    created = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    here = {"conversation": {"id": conversation(user), "type": "personal"}, **payload}
    return {"id": identifier(f"event {id}"), "createdAt": created, "type": kind, "payload": here}


def conversation(user: str) -> str:
    """The one that a user has here, and the user whose conversation it is."""
    return user[::-1]


def identifier(what: str) -> str:
    return hashlib.sha256(what.encode()).hexdigest()[:24]


def _uploaded(sent: Sent, world: World) -> Reply:
    file = sent.parts().get("source")
    if sent.query.get("access") != "public" or file is None or not file.content:
        return _error(400, "bad_request", "Bad request")
    if len(file.content) > LARGEST:
        return _error(413, "payload_too_large", "File is too large")
    place = f"https://media.smooch.io/apps/{identifier('app')}/{world.number()}/{file.name}"
    return reply({"attachment": {"mediaUrl": place, "mediaType": file.type}}, 201)


def _refused(body: dict[str, Any]) -> Reply | None:
    author, content = body.get("author"), body.get("content")
    if author != {"type": "business"} or not isinstance(content, dict):
        return _error(400, "bad_request", "Bad request")
    text, kind = content.get("text"), content.get("type")
    if kind == "text" and (not isinstance(text, str) or not text):
        return _error(400, "bad_request", "content.text is required")
    if kind in ("image", "file") and not content.get("mediaUrl"):
        return _error(400, "bad_request", "content.mediaUrl is required")
    return _error(400, "bad_request", "content.text is too long") if len(text or "") > LONGEST else None


def _take(body: dict[str, Any], id: str, posts: list[dict[str, Any]], world: World) -> dict[str, Any]:
    """Note a message in the conversation with this id."""
    at = world.now().isoformat(timespec="milliseconds")
    message = {
        "id": identifier(f"{at} {world.number()}"),
        "received": at,
        "source": {"type": "api:conversations"},
        **body,
    }
    posts.append(message)
    content, key = body["content"], (body.get("metadata") or {}).get("key", "")
    text = "\n".join(filter(None, [content.get("altText"), content.get("text")]))
    about = {"to": conversation(id), "thread": id, "text": text, "id": message["id"], "key": key, "raw": body}
    world.note(part="zendesk_messaging", what="message" if content["type"] == "text" else "file", **about)
    return message


def _posts(world: World) -> dict[str, list[dict[str, Any]]]:
    posts: dict[str, list[dict[str, Any]]] = world.state.setdefault("zendesk_messaging", {}).setdefault("posts", {})
    return posts


def _error(status: int, code: str, title: str) -> Reply:
    return reply({"errors": [{"code": code, "title": title}]}, status)
