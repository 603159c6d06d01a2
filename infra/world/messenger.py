"""Messenger's part of the world: the Send API for texts and files, and the receipts that come back.

`world.state["messenger"]` maps a person's id to the (code, subcode) that a message to them is refused with; a person's
answer (HUMAN_AGENT) goes through where only the ordinary window is over. `subscribed` there: what the app is told of.
"""

import hashlib
import json
from typing import Any

from infra.world import Entry, File, Reply, Sent, World, handed_out, reply
from infra.world.meta import SUBSCRIBED, absent, gate, refusal, wire

PAGE = "102938475610293"  # the shop's page
LONGEST = 2000  # characters of a text
LARGEST = 25_000_000  # bytes of a file
ATTACHED = ("image", "video", "audio", "file")
KINDS = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
TAGS = ("HUMAN_AGENT",)  # the others ended on 27 April 2026
OUTSIDE = (10, 2018278)  # the ordinary window is over; a person may still write, for 7 days
ERRORS = {
    (10, 2018278): "(#10) This message is sent outside of allowed window.",
    (100, 2018001): "(#100) No matching user found",
    (551, 1545041): "(#551) This person isn't available right now.",
    (613, 0): "(#613) Calls to this api have exceeded the rate limit.",
}


def answer(sent: Sent, world: World) -> Reply:
    """POST /<version>/<page id>/messages with a text or a file; GET /attachments/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/attachments/"):  # its address is the proof
        return handed_out(world.held("messenger", sent.path.removeprefix("/attachments/")))
    gated = gate(sent, world, ("messages", SUBSCRIBED))
    if isinstance(gated, Reply):
        return gated
    _, page, what = gated
    if what == SUBSCRIBED and page in ("me", PAGE):
        fields = world.state.get("messenger", {}).get("subscribed", ["messages", "messaging_postbacks"])
        apps = [{"name": "Shopbell", "id": "7001", "subscribed_fields": fields}]
        return reply({"data": apps if fields else []})
    if page != PAGE:
        return absent(sent, page)
    parts = sent.parts() if "multipart" in sent.headers.get("content-type", "") else {}
    body, file = _body(parts) if parts else sent.json(), parts.get("filedata")
    return _wrong(body, file, world) or _send(body, file, world)


def _body(parts: dict[str, File]) -> dict[str, Any]:
    """What a form says beside its file: some of it is JSON."""
    said: dict[str, Any] = {}
    for name, part in parts.items():
        try:
            said |= {name: json.loads(part.content) if name in ("recipient", "message") else part.content.decode()}
        except ValueError:
            continue
    return said


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """The webhook body that tells of an entry: `delivered` or `read`. Still to be signed.

    Raises ValueError for anything else: Messenger tells of no failure after it has taken a message.
    """
    until = int(world.now().timestamp() * 1000)
    if progress == "delivered":
        return envelope([event(entry.to, until, delivery={"mids": [entry.id], "watermark": until})])
    if progress == "read":
        return envelope([event(entry.to, until, read={"watermark": until})])
    raise ValueError(f"Messenger has no webhook for {progress}")


def event(person: str, at: int, **content: Any) -> dict[str, Any]:
    """One thing that happened between a person and the page; `at` in milliseconds."""
    return {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": at, **content}


def envelope(events: list[dict[str, Any]]) -> bytes:
    """A webhook body with all `events`."""
    at = max((one["timestamp"] for one in events), default=0)
    return wire({"object": "page", "entry": [{"id": PAGE, "time": at, "messaging": events}]})


def _wrong(body: dict[str, Any], file: File | None, world: World) -> Reply | None:
    """What the real API would find wrong."""
    who, said = body.get("recipient"), body.get("message")
    person = who.get("id") if isinstance(who, dict) else None
    text = said.get("text") if isinstance(said, dict) else None
    attached = said.get("attachment") if isinstance(said, dict) else None
    if not person:
        return refusal(100, "(#100) The parameter recipient is required.")
    if body.get("messaging_type") not in KINDS:
        return refusal(100, f"(#100) Param messaging_type must be one of {{{', '.join(KINDS)}}}.")
    if file and (not isinstance(attached, dict) or attached.get("type") not in ATTACHED or len(file.content) > LARGEST):
        return refusal(100, "(#100) Upload attachment failure.", subcode=2018047)
    if not file and (not isinstance(text, str) or not text):
        return refusal(100, "(#100) The parameter message is required.")
    if text and len(text) > LONGEST:
        return refusal(100, f"(#100) Length of param message[text] must be less than or equal to {LONGEST}")
    tag = body.get("tag")
    if body["messaging_type"] == "MESSAGE_TAG" and tag not in TAGS:
        return refusal(100, f"(#100) Param tag must be one of {{{', '.join(TAGS)}}}.")
    known = isinstance(person, str) and person.isdigit()
    code, subcode = world.state.get("messenger", {}).get(person, (0, 0)) if known else (100, 2018001)
    let_in = tag in TAGS and (code, subcode) == OUTSIDE
    return refusal(code, ERRORS[code, subcode], subcode=subcode) if code and not let_in else None


def _send(body: dict[str, Any], file: File | None, world: World) -> Reply:
    person, said = body["recipient"]["id"], body["message"]
    serial = f"{person} {world.now():%Y%m%d%H%M%S%f} {world.number()}"
    id = "m_" + hashlib.sha256(serial.encode()).hexdigest()
    key = said.get("metadata", "")
    what, text = ("file", file.name) if file else ("message", said["text"])
    raw = {**said["attachment"], "size": len(file.content)} if file else body
    world.note(part="messenger", what=what, to=person, text=text, id=id, key=key, raw=raw)
    return reply({"recipient_id": person, "message_id": id})
