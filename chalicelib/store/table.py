"""The table's calls, and what their failures mean."""

import os
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from chalicelib import aws
from chalicelib.errors import Poison
from chalicelib.models.people import Claim
from chalicelib.store.keys import Row

LARGEST_ROW = 390_000  # bytes; DynamoDB's own limit is 400 KB
PAUSES = (0.01, 0.02, 0.04, 0.08)  # seconds between tries of a mark that met another write
READ_AT_ONCE = 100  # keys of one BatchGetItem


class Recorded(Exception):
    """The message is recorded already; here is its claim with the plan and what has become of it."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(claim.key)
        self.claim = claim


class Moved(Exception):
    """The head, or an address row, is not as it was read any more: find and plan again.

    `failed` says which of a transaction's writes met something else than they expected.
    """

    def __init__(self, *failed: int) -> None:
        super().__init__(*failed)
        self.failed = failed


class Full(Exception):
    """So many were counted that day that this is one too many; nothing was written."""


class Conflict(Moved):
    """Another write was under way on one of the rows; nothing was written."""


@cache
def dynamodb() -> Any:
    return aws.client("dynamodb")


def table_name() -> str:
    return os.environ["TABLE"]


def get(key: Row) -> Row | None:
    answer = dynamodb().get_item(TableName=table_name(), Key=aws.encode(key), ConsistentRead=True)
    return aws.decode(answer["Item"]) if "Item" in answer else None


def read(keys: list[Row]) -> dict[str, Row]:
    """Rows that stand alone, by their partition key. What the table leaves unread is asked for again."""
    rows: dict[str, Row] = {}
    waiting: Any = {table_name(): {"Keys": [aws.encode(key) for key in keys], "ConsistentRead": True}} if keys else {}
    while waiting:
        answer = dynamodb().batch_get_item(RequestItems=waiting)
        found = map(aws.decode, answer["Responses"].get(table_name(), ()))
        rows |= {row["pk"]: row for row in found}
        waiting = answer.get("UnprocessedKeys")
    return rows


def query(index: str | None, partition: str, value: str, sort: str, compare: str, bound: str) -> Iterator[Row]:
    pages = (
        dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=table_name(),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            KeyConditionExpression=f"#partition = :partition AND #sort {compare} :bound",
            ExpressionAttributeNames={"#partition": partition, "#sort": sort},
            ExpressionAttributeValues=aws.encode({":partition": value, ":bound": bound}),
        )
    )
    for page in pages:
        yield from map(aws.decode, page["Items"])


def transact(writes: list[Row]) -> None:
    """Write all or nothing, and read a cancellation reason by reason, in this order."""
    for write in writes:
        if _size(write.get("Put", {}).get("Item")) > LARGEST_ROW:
            raise Poison("a row larger than the table takes")
    try:
        dynamodb().transact_write_items(TransactItems=writes)
    except aws.FAULTS as error:
        said = getattr(error, "response", None) or {}  # botocore's errors of a connection have one too: None
        reasons = said.get("CancellationReasons") or []
        codes = [reason.get("Code") for reason in reasons]
        existing = next((reason["Item"] for reason in reasons if reason.get("Item")), None)
        if existing:
            raise Recorded(Claim.model_validate(aws.decode(existing))) from error
        if "ConditionalCheckFailed" in codes:
            raise Moved(*(at for at, code in enumerate(codes) if code == "ConditionalCheckFailed")) from error
        if "TransactionConflict" in codes:
            raise Conflict from error
        if aws.code(error) in aws.POISONOUS or "ValidationError" in codes or "ItemCollectionSizeLimitExceeded" in codes:
            raise Poison("the table refuses what was to be written") from error
        raise


def update(change: dict[str, Any]) -> Row:
    """Change a row; returns it as `change` asks (ReturnValues)."""
    try:
        return aws.decode(dynamodb().update_item(**change).get("Attributes", {}))
    except aws.FAULTS as error:
        if aws.code(error) == "ConditionalCheckFailedException":
            raise Moved from error
        if aws.code(error) == "TransactionConflictException":
            raise Conflict from error
        if aws.code(error) in aws.POISONOUS:
            raise Poison("the table refuses what was to be written") from error
        raise


def persist(write: Callable[[], object]) -> None:
    """Write again, at once, what met another write: a mark lost to a conflict is a double message."""
    for pause in PAUSES:
        try:
            write()
            return
        except Conflict:
            time.sleep(pause)
    write()


def _size(item: Any) -> int:
    """Bytes of an item as DynamoDB counts them, roughly: names and values in UTF-8."""
    if isinstance(item, dict):
        return sum(len(name.encode()) + _size(value) for name, value in item.items())
    if isinstance(item, list):
        return sum(map(_size, item))
    return len(str(item).encode()) if item is not None else 0
