"""How models become rows and writes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib import aws
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Contact, Conversation
from chalicelib.models.shop import Retention
from chalicelib.models.values import SCHEMA
from chalicelib.store.keys import Row, claim_key, contact_key, conversation_key, held_by
from chalicelib.store.table import table_name

FADES = "fades_at"  # the table's time to live


def put(row: Row, condition: str = "", old: bool = False) -> Row:
    put: Row = {"TableName": table_name(), "Item": aws.encode(row)}
    if condition:
        put |= {"ConditionExpression": condition, "ExpressionAttributeNames": {"#pk": "pk"}}
    if old:
        put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {"Put": put}


def put_unowned(row: Row) -> Row:
    """An address that leads to no contact yet: it was never written, or is a tombstone."""
    write = put(row, "attribute_not_exists(#contact)")
    write["Put"]["ExpressionAttributeNames"] = {"#contact": "contact"}
    return write


def dump(model: Any, exclude: set[str] | None = None) -> Row:
    row: Row = plain(model.model_dump(mode="json", exclude_defaults=True, exclude=exclude))
    marked = isinstance(model, Claim) and not model.forgotten  # the row without deliveries takes no mark any more
    return {**row, "schema": SCHEMA, **({"deliveries": row.get("deliveries", {})} if marked else {})}


def plain(value: Any) -> Any:
    """What DynamoDB takes: no floats, no datetimes."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def claim_update(claim: str, changes: Mapping[str, Mapping[str, Any]], added: Iterable[Delivery]) -> dict[str, Any]:
    """Set fields of single deliveries in place, so that marks of different deliveries never collide."""
    names, values, sets = {"#deliveries": "deliveries"}, {}, []
    for row, (delivery, fields) in enumerate(changes.items()):
        names[f"#d{row}"] = delivery
        for column, (field, value) in enumerate(fields.items()):
            names[f"#f{row}_{column}"] = field
            values[f":v{row}_{column}"] = value
            sets.append(f"#deliveries.#d{row}.#f{row}_{column} = :v{row}_{column}")
    for number, notice in enumerate(added):
        names[f"#n{number}"] = notice.id
        values[f":n{number}"] = dump(notice)
        sets.append(f"#deliveries.#n{number} = if_not_exists(#deliveries.#n{number}, :n{number})")
    return {
        "TableName": table_name(),
        "Key": aws.encode(claim_key(claim)),
        "UpdateExpression": "SET " + ", ".join(sets),
        "ConditionExpression": "attribute_exists(#deliveries)",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": aws.encode(plain(values)),
    }


def put_head(head: Contact) -> Row:
    """The head, if it is still at the version that was read. Its index keys are there only while they hold."""
    row = {**contact_key(head.id), **dump(head), "version": head.version}
    conversation = head.conversation
    if conversation and conversation.status == "open":
        since = held_by(conversation.assignee) + conversation.opened_at.isoformat()
        row |= {"open_at": conversation.desk, "open_since": since}
    if head.due and not head.merged:
        row |= {"due_on": "timer", "due_at": min(f"{at.isoformat()}#{kind}" for kind, at in head.due.items())}
    return put_next(row)


def put_next(row: Row) -> Row:
    """A row with a version, if it is still at the version before, or not there for the first."""
    if row["version"] == 1:
        return put(row, "attribute_not_exists(#pk)")
    write = put(row, "#version = :version")
    write["Put"]["ExpressionAttributeNames"] = {"#version": "version"}
    write["Put"]["ExpressionAttributeValues"] = aws.encode({":version": row["version"] - 1})
    return write


def put_turn(conversation: Conversation, head: Contact, kept: Retention) -> Row:
    fades = fading(conversation.closed_at, kept.message_days) if conversation.closed_at else {}
    return put({**conversation_key(conversation.id), **dump(conversation), "contact": head.id, **fades})


def fading(at: datetime, days: int) -> Row:
    """When the table drops a row by itself, in Unix seconds; nothing where it is kept for ever."""
    return {FADES: int((at + timedelta(days=days)).timestamp())} if days else {}


def to_contact(row: Row | None) -> Contact | None:
    return Contact.model_validate(row) if row else None
