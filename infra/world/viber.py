"""Viber's part of the outside world: takes texts and the webhook's address, tells of the bot, reports on what it took.

Reference: https://developers.viber.com/docs/api/rest-bot-api/

Whatever it says, it says with HTTP 200 and a status of its own. `world.state["viber"]` may hold `left`, people who are
with the bot no more, and `webhook`, where it was told to call.
"""

import hashlib
import hmac
import json
from typing import Any

from infra.world import Entry, Reply, Sent, World, handed_out, reply

LONGEST, LARGEST = 7000, 30_000  # characters of a text, bytes of a call
LONGEST_NAME = 28
EVENTS = ("delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started")
EVENT_OF = {"delivered": "delivered", "read": "seen", "failed": "failed"}


class Refused(Exception):
    """Viber says no: its status, and what it calls it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def answer(sent: Sent, world: World) -> Reply:
    """POST /send_message, /set_webhook, /get_account_info; GET /media/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/media/"):  # its address is the proof
        return handed_out(world.held("viber", sent.path.removeprefix("/media/")))
    if sent.method != "POST" or sent.path not in METHODS:
        return Reply(status=404, body=b"Not found", headers={"content-type": "text/plain"})
    try:
        token = sent.headers.get("x-viber-auth-token", "")
        if not token:
            raise Refused(2, "missing_auth_token")
        if world.account("viber", auth_token=token) is None:
            raise Refused(2, "invalidAuthToken")
        told = METHODS[sent.path](sent, token, world)
    except Refused as no:
        world.refused.append(("viber", sent.path, 200))
        return reply({"status": no.status, "status_message": no.message})
    return reply({"status": 0, "status_message": "ok", **told})


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """The callback that tells of an entry. Still to be signed."""
    body: dict[str, Any] = {
        "event": EVENT_OF[progress],
        "timestamp": int(world.now().timestamp() * 1000),
        "message_token": int(entry.id),
        "user_id": entry.to,
    }
    return json.dumps({**body, "desc": "the device cannot be reached"} if progress == "failed" else body).encode()


def _send(sent: Sent, token: str, world: World) -> dict[str, Any]:
    """Note the text. Raises Refused."""
    said = sent.json()
    to, text, name = said.get("receiver"), said.get("text"), (said.get("sender") or {}).get("name")
    if len(sent.body) > LARGEST:
        raise Refused(3, "badData: the request is too large")
    if not to or not text or not name or "type" not in said:
        raise Refused(4, "missingData")
    if said["type"] != "text" or len(text) > LONGEST or len(name) > LONGEST_NAME:
        raise Refused(3, "badData")
    if to in world.state.get("viber", {}).get("left", ()):
        raise Refused(6, "receiverNotSubscribed")
    id = 5_741_311_803_571_721_000 + world.number()
    world.note(part="viber", what="message", to=to, text=text, id=str(id), raw=said)
    return {"message_token": id, "chat_hostname": "SN-CHAT-03_", "billing_status": 1}


def _set_webhook(sent: Sent, token: str, world: World) -> dict[str, Any]:
    """Viber calls the address at once, and takes none that does not answer by HTTP 200. Raises Refused."""
    said = sent.json()
    url, events = said.get("url"), said.get("event_types", list(EVENTS))
    if not isinstance(url, str) or (url and not url.startswith("https://")):
        raise Refused(1, "invalidUrl")
    if not isinstance(events, list) or not set(events) <= {*EVENTS, "message"}:
        raise Refused(3, "badData")
    answered = _called(url, token, world) if url else 200
    if answered != 200:
        raise Refused(1, f"Result[HttpRequest[POST] > HttpResponse[HTTP/1.1 {answered}]]")
    world.state.setdefault("viber", {})["webhook"] = url
    return {"event_types": sorted({*events, "message", "subscribed", "unsubscribed"})}


def _called(url: str, token: str, world: World) -> int:
    """The status by which an address answers the callback that tries it."""
    at, number = int(world.now().timestamp() * 1000), 4_912_661_846_655_238_000 + world.number()
    body = json.dumps({"event": "webhook", "timestamp": at, "message_token": number}).encode()
    signature = hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-viber-content-signature": signature}
    return world.visit("POST", url, headers, body).status


def _about(sent: Sent, token: str, world: World) -> dict[str, Any]:
    url = world.registered("viber", token)
    return {"id": "pa:75346594275468546724", "name": "Corner Shop", "webhook": url, "event_types": [*EVENTS, "message"]}


METHODS = {"/send_message": _send, "/set_webhook": _set_webhook, "/get_account_info": _about}
