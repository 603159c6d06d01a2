"""Messenger's part of the world: the Send API for texts, and the receipts that come back.

`world.state["messenger"]` maps a person's id to the (code, subcode) that a message to them is refused with.
"""

import hashlib
from typing import Any

from infra.world import Entry, Reply, Sent, World, reply
from infra.world.meta import absent, gate, refusal, wire

PAGE = "102938475610293"  # the shop's page
LONGEST = 2000  # characters of a text
KINDS = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
ERRORS = {
    (10, 2018278): "(#10) This message is sent outside of allowed window.",
    (100, 2018001): "(#100) No matching user found",
    (551, 1545041): "(#551) This person isn't available right now.",
    (613, 0): "(#613) Calls to this api have exceeded the rate limit.",
}


def answer(sent: Sent, world: World) -> Reply:
    """POST /<version>/<page id>/messages with a text."""
    gated = gate(sent, world)
    if isinstance(gated, Reply):
        return gated
    _, page = gated
    if page != PAGE:
        return absent(sent, page)
    body = sent.json()
    return _wrong(body, world) or _send(body, world)


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


def _wrong(body: dict[str, Any], world: World) -> Reply | None:
    """What the real API would find wrong."""
    who, said = body.get("recipient"), body.get("message")
    person = who.get("id") if isinstance(who, dict) else None
    text = said.get("text") if isinstance(said, dict) else None
    if not person:
        return refusal(100, "(#100) The parameter recipient is required.")
    if body.get("messaging_type") not in KINDS:
        return refusal(100, f"(#100) Param messaging_type must be one of {{{', '.join(KINDS)}}}.")
    if not isinstance(text, str) or not text:
        return refusal(100, "(#100) The parameter message is required.")
    if len(text) > LONGEST:
        return refusal(100, f"(#100) Length of param message[text] must be less than or equal to {LONGEST}")
    known = isinstance(person, str) and person.isdigit()
    code, subcode = world.state.get("messenger", {}).get(person, (0, 0)) if known else (100, 2018001)
    return refusal(code, ERRORS[code, subcode], subcode=subcode) if code else None


def _send(body: dict[str, Any], world: World) -> Reply:
    person, said = body["recipient"]["id"], body["message"]
    serial = f"{person} {world.now():%Y%m%d%H%M%S%f} {world.number()}"
    id = "m_" + hashlib.sha256(serial.encode()).hexdigest()
    key = said.get("metadata", "")
    world.note(part="messenger", what="message", to=person, text=said["text"], id=id, key=key, raw=body)
    return reply({"recipient_id": person, "message_id": id})
