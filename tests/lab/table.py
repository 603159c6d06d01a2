"""A table in memory, quick enough for thousands of histories: it takes what the store sends, word by word."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError

from chalicelib import aws, store

Row = dict[str, Any]
Key = tuple[str, str]
CHANGES = re.compile(r", (?=#)")  # between two of one expression


class Table:
    """As much of DynamoDB's client as one message on its way needs. What it does not know is an error, never a guess.

    Rows are plain: the store's encoding costs more than all else, and is left out (see `remembered`).
    """

    def __init__(self, rows: dict[Key, Row] | None = None) -> None:
        self.rows: dict[Key, Row] = dict(rows or {})

    def get_item(self, *, TableName: str, Key: Row, ConsistentRead: bool) -> Row:
        row = self.rows.get(key_of(Key))
        return {"Item": row} if row else {}

    def batch_get_item(self, *, RequestItems: Row) -> Row:
        ((name, wanted),) = RequestItems.items()
        found = [self.rows.get(key_of(key)) for key in wanted["Keys"]]
        return {"Responses": {name: [row for row in found if row]}}

    def transact_write_items(self, *, TransactItems: list[Row]) -> None:
        writes = [Write(kind, what) for item in TransactItems for kind, what in item.items()]
        assert len({write.key for write in writes}) == len(writes) <= 100
        reasons = [write.refusal(self.rows.get(write.key)) for write in writes]
        if any(reason["Code"] != "None" for reason in reasons):
            error: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(error, "TransactWriteItems")
        self.rows |= {write.key: write.applied(self.rows.get(write.key)) for write in writes}

    def update_item(self, **what: Any) -> Row:
        write = Write("Update", what)
        if not write.holds(self.rows.get(write.key)):
            error: Any = {"Error": {"Code": "ConditionalCheckFailedException"}}
            raise ClientError(error, "UpdateItem")
        self.rows[write.key] = write.applied(self.rows.get(write.key))
        return {}


class Write:
    """One Put or Update of a transaction."""

    def __init__(self, kind: str, what: Row) -> None:
        self.kind, self.what = kind, what
        self.key = key_of(what["Item" if kind == "Put" else "Key"])
        self.names: dict[str, str] = what.get("ExpressionAttributeNames", {})
        self.values: Row = what.get("ExpressionAttributeValues", {})

    def holds(self, row: Row | None) -> bool:
        return all(self._holds(one, row) for one in self.what.get("ConditionExpression", "").split(" AND ") if one)

    def refusal(self, row: Row | None) -> Row:
        """Why it cannot be written, as a cancelled transaction says it; of a claim with all that is there."""
        if self.holds(row):
            return {"Code": "None"}
        old = {"Item": row} if row and self.what.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else {}
        return {"Code": "ConditionalCheckFailed", **old}

    def applied(self, row: Row | None) -> Row:
        if self.kind == "Put":
            return dict(self.what["Item"])
        changed = deepcopy(row or {})
        for change in CHANGES.split(self.what["UpdateExpression"].removeprefix("SET ")):
            path, _, value = change.partition(" = ")
            *within, last = path.split(".")
            place, name = self._at(within, changed), self.names[last]
            place[name] = self._value(value, place, name)
        return changed

    def _value(self, said: str, place: Row, name: str) -> Any:
        if said.startswith("if_not_exists("):
            return place.get(name, self.values[said.rpartition(", ")[2].rstrip(")")])
        plain, _, added = said.partition(" + ")
        return place[self.names[plain]] + self.values[added] if added else self.values[plain]

    def _holds(self, condition: str, row: Row | None) -> bool:
        if condition.startswith("attribute_not_exists("):
            return row is None or self.names[condition[len("attribute_not_exists(") : -1]] not in row
        if condition.startswith("attribute_exists("):
            return row is not None and self.names[condition[len("attribute_exists(") : -1]] in row
        path, value = condition.split(" = ")
        return row is not None and self._at(path.split("."), row) == self.values[value]

    def _at(self, path: list[str], row: Row) -> Any:
        for name in path:
            row = row.get(self.names[name], {})
        return row


def key_of(key: Row) -> Key:
    return key["pk"], key["sk"]


@contextmanager
def remembered(table: Table) -> Iterator[Table]:
    """The store reads and writes there."""
    with (
        mock.patch.object(store.table, "dynamodb", lambda: table),
        mock.patch.object(aws, "encode", dict),
        mock.patch.object(aws, "decode", dict),
        mock.patch.dict(os.environ, TABLE="remembered"),
    ):
        yield table
