"""Instagram's part of the world: the Send API for texts and for files by their links, and what was read."""

from functools import partial
from typing import Any

from infra.world import Entry, Reply, Sent, World, handed_out, meta, reply
from infra.world.meta import SUBSCRIBED, absent, gate, refusal

ACCOUNT = "17841405822304914"  # the shop's professional account
LONGEST = 1000  # bytes of a text
ATTACHED = ("image", "video", "audio")
UNKNOWN, OUTSIDE = (100, 2534014), (10, 2534022)
ERRORS = {
    (10, 2534022): "(#10) This message is sent outside of allowed window.",
    (100, 2534014): "(#100) The requested user cannot be found.",
    (613, 0): "(#613) Calls to this api have exceeded the rate limit.",
}
event = partial(meta.event, ACCOUNT)
envelope = partial(meta.envelope, "instagram", ACCOUNT)


def answer(sent: Sent, world: World) -> Reply:
    """POST /<version>/me/messages with a text or a file's link; GET /attachments/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/attachments/"):  # its address is the proof
        return handed_out(world.held("instagram", sent.path.removeprefix("/attachments/")))
    gated = gate(sent, world, ("messages", SUBSCRIBED))
    if isinstance(gated, Reply):
        return gated
    _, who, what = gated
    if who not in ("me", ACCOUNT):
        return absent(sent, who)
    if what == SUBSCRIBED:
        return meta.apps("instagram", world, "messages", "messaging_seen")
    body = sent.json()
    return _wrong(body, world) or _send(body, world)


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """The webhook body that tells that an entry was read. Still to be signed.

    Raises ValueError for anything else: Instagram tells of nothing but that.
    """
    if progress != "read":
        raise ValueError(f"Instagram has no webhook for {progress}")
    return envelope([event(entry.to, int(world.now().timestamp() * 1000), read={"mid": entry.id})])


def _wrong(body: dict[str, Any], world: World) -> Reply | None:
    """What the real API would find wrong."""
    who, said = body.get("recipient"), body.get("message")
    if not isinstance(who, dict) or not who.get("id"):
        return refusal(100, "(#100) The parameter recipient is required.")
    text, attached = (said.get("text"), said.get("attachment")) if isinstance(said, dict) else (None, None)
    if attached is not None:
        url = (attached.get("payload") or {}).get("url") if isinstance(attached, dict) else None
        if not url or not str(url).startswith("https://") or attached.get("type") not in ATTACHED:
            return refusal(100, "(#100) Upload attachment failure.", subcode=2018047)
    elif not isinstance(text, str) or not text:
        return refusal(100, "(#100) The parameter message is required.")
    elif len(text.encode()) > LONGEST:
        return refusal(100, f"(#100) Length of param message[text] must be less than or equal to {LONGEST}")
    return meta.unreachable("instagram", body, world, ERRORS, UNKNOWN, OUTSIDE)


def _send(body: dict[str, Any], world: World) -> Reply:
    person, said = body["recipient"]["id"], body["message"]
    file = said.get("attachment")
    what, text = ("file", file["payload"]["url"]) if file else ("message", said["text"])
    return reply({"recipient_id": person, "message_id": meta.taken("instagram", world, person, what, text, body)})
