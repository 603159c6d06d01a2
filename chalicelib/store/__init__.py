"""DynamoDB: the only house that knows the table's keys. What each row holds is in the architecture page."""

from chalicelib.store.assigning import load, turn
from chalicelib.store.fragments import add_piece, join_pieces, pieces
from chalicelib.store.keys import Row, contact_id, place
from chalicelib.store.linking import merged, met
from chalicelib.store.marking import mark, mark_card, mark_progress, mark_sent
from chalicelib.store.reading import (
    claim,
    claim_and_contact,
    claims,
    contact,
    conversation,
    conversations,
    due,
    find,
    head,
    heads,
    message,
    messages,
    open_at,
    owners,
    recorded_at,
    said,
    sent,
    thread,
    written,
)
from chalicelib.store.recording import empty, move, record, record_alone
from chalicelib.store.table import Conflict, Moved, Recorded
from chalicelib.store.watching import days, put_watch, watch

__all__ = [
    "Conflict",
    "Moved",
    "Recorded",
    "Row",
    "add_piece",
    "claim",
    "claim_and_contact",
    "claims",
    "contact",
    "contact_id",
    "conversation",
    "conversations",
    "days",
    "due",
    "empty",
    "find",
    "head",
    "heads",
    "join_pieces",
    "load",
    "mark",
    "mark_card",
    "mark_progress",
    "mark_sent",
    "merged",
    "message",
    "messages",
    "met",
    "move",
    "open_at",
    "owners",
    "pieces",
    "place",
    "put_watch",
    "record",
    "record_alone",
    "recorded_at",
    "said",
    "sent",
    "thread",
    "turn",
    "watch",
    "written",
]
