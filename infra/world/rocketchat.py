"""Rocket.Chat's part of the outside world: takes what a live chat's agent writes, changes and deletes.

Sending: https://github.com/RocketChat/Rocket.Chat (apps/meteor/app/api/server/v1/chat.ts, and sendMessage.ts)

A room's agent may write in it, and a manager: not in `room-of-nobody`. `world.state["rocketchat"]` holds under `posts`
what was posted, and may hold `silent`: the webhook is not told of what visitors write.
"""

from typing import Any

from infra.world import Reply, Sent, World, handed_out, reply

LONGEST = 5000  # of JavaScript's characters
ROOM = "room-of-"


def answer(sent: Sent, world: World) -> Reply:
    """The REST API's paths; GET /file-upload/… of what somebody sent."""
    shown = {"auth_token": sent.headers.get("x-auth-token", ""), "user_id": sent.headers.get("x-user-id", "")}
    if world.account("rocketchat", **shown) is None:
        return reply({"status": "error", "message": "You must be logged in to do this."}, 401)
    if sent.method == "GET" and sent.path.startswith("/file-upload/"):
        return handed_out(world.held("rocketchat", sent.path.removeprefix("/file-upload/")))
    match sent.method, sent.path.removeprefix("/api/v1/"):
        case "POST", "chat.sendMessage":
            return _posted(sent.json().get("message"), world)
        case "POST", ("chat.update" | "chat.delete") as change:
            return _changed(change, sent.json(), world)
        case "GET", "chat.getMessage":
            return _found(sent.query.get("msgId", ""), world)
        case "GET", "livechat/integrations.settings":
            return _settings(shown["auth_token"], world)
    return reply({"success": False, "error": "Endpoint not found"}, 404)


def _posted(message: Any, world: World) -> Reply:
    """A message's id is its sender's choice; where it is there already, Rocket.Chat stumbles over its own nothing."""
    if not isinstance(message, dict) or not message.get("rid"):
        return _failure("The 'rid' property on the message object is missing.")
    if refused := _refused(message["rid"], message.get("msg")):
        return refused
    if message["_id"] in _posts(world):
        return _failure("Cannot read properties of undefined (reading 'starred')")
    _posts(world)[message["_id"]] = message
    id, to = f"{message['rid']}:{message['_id']}", message["rid"].removeprefix(ROOM)
    world.note(part="rocketchat", what="message", to=to, text=message["msg"], id=id, key=message["_id"], raw=message)
    return _success(message, world)


def _changed(change: str, body: dict[str, Any], world: World) -> Reply:
    post = _posts(world).get(body.get("msgId", ""))
    if post is None:
        return _failure(f'No message found with the id of "{body.get("msgId")}".')
    if post["rid"] != body.get("roomId"):
        return _failure("The room id provided does not match where the message is from.")
    about = {"part": "rocketchat", "to": post["rid"].removeprefix(ROOM), "refers": f"{post['rid']}:{post['_id']}"}
    if change == "chat.delete":
        del _posts(world)[post["_id"]]
        world.note(what="delete", raw=body, **about)
        return reply({"_id": post["_id"], "ts": "1", "message": post, "success": True})
    if refused := _refused(post["rid"], body.get("text")):
        return refused
    _posts(world)[post["_id"]] = post | {"msg": body["text"]}
    world.note(what="edit", text=body["text"], raw=body, **about)
    return _success(post, world)


def _found(id: str, world: World) -> Reply:
    return _success(_posts(world)[id], world) if id in _posts(world) else reply({"success": False}, 400)


def _settings(token: str, world: World) -> Reply:
    silent = world.state.get("rocketchat", {}).get("silent", False)
    told = {
        "Livechat_webhookUrl": world.registered("rocketchat", token),
        "Livechat_webhook_on_visitor_message": not silent,
    }
    return reply({"settings": [{"_id": id, "value": value} for id, value in told.items()], "success": True})


def _refused(room: Any, text: Any) -> Reply | None:
    if not isinstance(room, str) or not room.startswith(ROOM):
        return _failure("error-invalid-room")
    if room == f"{ROOM}nobody":
        return _failure("error-not-allowed")
    if not isinstance(text, str) or not text:
        return _failure("must have required property 'msg'", "invalid-params")
    too_long = len(text.encode("utf-16-le")) // 2 > LONGEST
    return _failure("Message size exceeds Message_MaxAllowedSize", "error-message-size-exceeded") if too_long else None


def _posts(world: World) -> dict[str, Any]:
    posts: dict[str, Any] = world.state.setdefault("rocketchat", {}).setdefault("posts", {})
    return posts


def _success(message: dict[str, Any], world: World) -> Reply:
    at = world.now().isoformat(timespec="milliseconds")
    return reply({"message": {**message, "ts": at, "u": {"_id": "shopbell", "username": "shopbell"}}, "success": True})


def _failure(error: str, kind: str = "") -> Reply:
    return reply({"success": False, "error": error, **({"errorType": kind} if kind else {})}, 400)
