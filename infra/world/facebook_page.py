"""A Facebook Page's part of the world: one private answer to each comment or visitor's post, and public comments."""

from functools import partial

from infra.world import Entry, Reply, Sent, World, handed_out, meta
from infra.world.meta import SUBSCRIBED, absent, gate

PAGE = "102938475610293"  # the shop's page
LONGEST = 8000  # characters of a comment; bytes of a private answer, of which 2,000 characters take no more
envelope = partial(meta.changes, "page", PAGE)


def answer(sent: Sent, world: World) -> Reply:
    """POST /<version>/me/messages, or …/<comment or post>/comments; GET /attachments/… of what somebody posted."""
    if sent.method == "GET" and sent.path.startswith("/attachments/"):  # its address is the proof
        return handed_out(world.held("facebook_page", sent.path.removeprefix("/attachments/")))
    gated = gate(sent, world, ("messages", "comments", SUBSCRIBED))
    if isinstance(gated, Reply):
        return gated
    _, who, what = gated
    if what == "comments":
        return meta.commented("facebook_page", who, sent.json(), world, LONGEST)
    if who not in ("me", PAGE):
        return absent(sent, who)
    if what == SUBSCRIBED:
        return meta.apps("facebook_page", world, "feed", "mention")
    return meta.answered_once("facebook_page", sent.json(), world, ("comment_id", "post_id"), LONGEST)


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """Raises ValueError: what becomes of an answer, only Messenger would tell."""
    raise ValueError(f"Facebook has no webhook for {progress}")
