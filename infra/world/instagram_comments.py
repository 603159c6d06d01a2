"""Instagram's comments as part of the world: one private answer to each, public ones, and what mentions say.

`world.state["instagram_comments"]["mentioned"]` holds what stands in others' posts, by the id of comment or post.
"""

import re
from functools import partial

from infra.world import Entry, Reply, Sent, World, meta, reply
from infra.world.meta import SUBSCRIBED, absent, gate

ACCOUNT = "17841405822304914"  # the shop's professional account
LONGEST = 300  # characters of a comment
ASKED = re.compile(r"(mentioned_(?:comment|media))\.(?:comment|media)_id\(([0-9_]+)\)\{[a-z,]+\}")
envelope = partial(meta.changes, "instagram", ACCOUNT)


def answer(sent: Sent, world: World) -> Reply:
    """POST /<version>/me/messages, …/<comment>/replies or …/<account>/mentions; GET …/<account> for a mention."""
    gated = gate(sent, world, ("messages", "replies", "mentions", "", SUBSCRIBED))
    if isinstance(gated, Reply):
        return gated
    _, who, what = gated
    if what == "replies":
        return meta.commented("instagram_comments", who, sent.json(), world, LONGEST)
    if who not in ("me", ACCOUNT):
        return absent(sent, who)
    if what == SUBSCRIBED:
        return meta.apps("instagram_comments", world, "comments", "mentions")
    if what == "mentions":
        about = sent.json().get("comment_id") or sent.json().get("media_id")
        return meta.commented("instagram_comments", str(about), sent.json(), world, LONGEST)
    return _mentioned(sent, world) if not what else meta.answered_once(
        "instagram_comments", sent.json(), world, ("comment_id",), 1000
    )  # fmt: skip


def receipt(entry: Entry, progress: str, world: World) -> bytes:
    """Raises ValueError: what becomes of an answer, only the chat would tell."""
    raise ValueError(f"Instagram has no webhook of comments for {progress}")


def _mentioned(sent: Sent, world: World) -> Reply:
    asked = ASKED.fullmatch(sent.query.get("fields", ""))
    found = world.state.get("instagram_comments", {}).get("mentioned", {}).get(asked[2]) if asked else None
    return reply({asked[1]: {"id": asked[2], **found}, "id": ACCOUNT}) if asked and found else absent(sent, ACCOUNT)
