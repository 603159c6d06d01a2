"""Messenger's part of the world: the Send API for texts and files, and the receipts that come back."""

import json
from functools import partial
from typing import Any

from infra.world import Entry, File, Reply, Sent, World, handed_out, meta, reply
from infra.world.meta import SUBSCRIBED, absent, gate, refusal

PAGE = "102938475610293"  # the shop's page
LONGEST = 2000  # characters of a text
LARGEST = 25_000_000  # bytes of a file
ATTACHED = ("image", "video", "audio", "file")
KINDS = ("RESPONSE", "UPDATE", "MESSAGE_TAG")
UNKNOWN, OUTSIDE = (100, 2018001), (10, 2018278)
event = partial(meta.event, PAGE)
envelope = partial(meta.envelope, "page", PAGE)
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
        return meta.apps("messenger", world, "messages", "messaging_postbacks")
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
    return meta.unreachable("messenger", body, world, ERRORS, UNKNOWN, OUTSIDE)


def _send(body: dict[str, Any], file: File | None, world: World) -> Reply:
    person, said = body["recipient"]["id"], body["message"]
    what, text = ("file", file.name) if file else ("message", said["text"])
    raw = {**said["attachment"], "size": len(file.content)} if file else body
    id = meta.taken("messenger", world, person, what, text, raw, said.get("metadata", ""))
    return reply({"recipient_id": person, "message_id": id})
