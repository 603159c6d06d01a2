"""The fragments of a long text, of which the worker makes one message before anybody sees it."""

import math
from datetime import datetime

from chalicelib import journal, queue, route, store
from chalicelib.errors import Later
from chalicelib.models.inbound import Message
from chalicelib.models.work import Pieces, Receive, Together

TRIES = 6  # of reading and settling, while other fragments are written


def fragment(item: Message, receive: Receive, now: datetime) -> None:
    """Keep a fragment; with the last one, or when waiting is over, queue the whole. Raises Later until then.

    What makes a text is settled before it is queued, and conditional on what was read: of two that settle at once one
    begins again. The one that settled it queues it, again on each of its receives: a repeat has the same claim.
    """
    for _ in range(TRIES):
        known = _kept(item, receive)
        text = route.together(item.claim, known, now)
        if text is None:
            return
        if isinstance(text, datetime):
            raise Later("the rest of a long text has not come", math.ceil((text - now).total_seconds()))
        if text.by in known.texts or _settled(item, known, text, now):
            whole = route.joined(text, known)
            queue.put([whole], f"{receive.token}:joined")
            journal.took([whole])
            return
    raise Later("much of a long text comes at once")


def _kept(item: Message, receive: Receive) -> Pieces:
    """All that is there under the name of the text, this fragment included."""
    known = store.pieces(item)
    if item.claim in known.pieces:
        return known
    try:
        return store.add_piece(item, receive.accepted_at)
    except store.Moved:  # another receive of it was quicker, or our own try whose answer was lost
        return store.pieces(item)


def _settled(item: Message, known: Pieces, text: Together, now: datetime) -> bool:
    try:
        store.join_pieces(item, known, text, route.forgotten(known, now))
    except store.Moved:
        return False
    return True
