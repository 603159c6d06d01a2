"""The fragments of long texts: one row gathers what comes under one name, each change conditional on what was read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib import aws
from chalicelib.models.inbound import Message
from chalicelib.models.values import SCHEMA
from chalicelib.models.work import Piece, Pieces, Together
from chalicelib.store.keys import Row, fragment_key
from chalicelib.store.rows import FADES, dump, fading, plain
from chalicelib.store.table import get, table_name, update

PIECE_DAYS = 30  # nobody asks for them after some hours
PIECE, TEXT = "piece#", "text#"


def pieces(message: Message) -> Pieces:
    """What is there under the name of a fragment's text. Raises one of aws.FAULTS."""
    return _read(get(fragment_key(message)) or {})


def add_piece(message: Message, at: datetime) -> Pieces:
    """Add a fragment; returns what is there then. Raises Moved if it is there already, Poison, or one of aws.FAULTS."""
    piece = {"message": dump(message, exclude={"source"}), "at": at}
    return _read(update(_change(message, PIECE + message.claim, piece, "attribute_not_exists(#new)", at)))


def join_pieces(message: Message, known: Pieces, text: Together, forgotten: Iterable[Together]) -> None:
    """Settle which pieces make one text, and leave out the texts that are long forgotten, with their pieces.

    Raises Moved if anything has changed since it was read, Poison, or one of aws.FAULTS.
    """
    change = _change(message, TEXT + text.by, text.model_dump(mode="json"), "#version = :version", text.at)
    change["ExpressionAttributeValues"] |= aws.encode({":version": known.version})
    old = [name for past in forgotten for name in (TEXT + past.by, *(PIECE + claim for claim in past.pieces))]
    names = {f"#old{place}": name for place, name in enumerate(old)}
    if names:
        change["UpdateExpression"] += f" REMOVE {', '.join(names)}"
        change["ExpressionAttributeNames"] |= names
    update(change)


def _change(message: Message, name: str, value: Row, condition: str, at: datetime) -> dict[str, Any]:
    """Set one field of the row, which fades when nothing has changed there for long."""
    values = {":new": value, ":schema": SCHEMA, ":fades": fading(at, PIECE_DAYS)[FADES], ":one": 1}
    return {
        "TableName": table_name(),
        "Key": aws.encode(fragment_key(message)),
        "UpdateExpression": "SET #new = :new, #schema = :schema, #fades = :fades ADD #version :one",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {"#new": name, "#schema": "schema", "#fades": FADES, "#version": "version"},
        "ExpressionAttributeValues": aws.encode(plain(values)),
        "ReturnValues": "ALL_NEW",
    }


def _read(row: Row) -> Pieces:
    return Pieces(
        version=row.get("version", 0),
        pieces={key.removeprefix(PIECE): Piece.model_validate(row[key]) for key in row if key.startswith(PIECE)},
        texts={key.removeprefix(TEXT): Together.model_validate(row[key]) for key in row if key.startswith(TEXT)},
    )
