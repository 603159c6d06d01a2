"""What each call to AWS costs, in DynamoDB's units: from the sizes of the items it reads and writes.

A write is one unit for each kB begun, of the item before or after it, whichever is larger; two in a transaction. An
index entry of keys alone is one unit when it is put and one when it goes. A consistent read is one unit for each 4 kB
begun, item by item in a batch. The items are looked up in moto's table; its own count (ConsumedCapacity) is not used:
it knows neither sizes nor transactions.

Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from chalicelib import aws
from tests.lab import TABLE, Lab

Item = Mapping[str, Mapping[str, Any]]  # DynamoDB's typed attributes, by name
Keys = list[Item]
TEMPLATE = Path(__file__).parents[2] / "infra" / "template.yaml"
WRITE_UNIT, READ_UNIT = 1024, 4096  # bytes
NUMBER_TOP = 21  # bytes; no number takes more


class Cost(NamedTuple):
    """One call and its units."""

    call: str
    writes: int = 0
    reads: int = 0


class Meter:
    """As a laboratory's seam it keeps the cost of every call to AWS."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.costs: list[Cost] = []

    def intercept(self, number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        service, _, operation = name.partition(".")
        if service == "dynamodb":
            return self._table(name, operation.partition(" ")[0], json.loads(request.body), apply)
        if service in ("sqs", "s3"):
            self.costs.append(Cost(name))
        return apply()

    def _table(self, name: str, operation: str, said: Mapping[str, Any], apply: Callable[[], Any]) -> Any:
        written, read = KEYS[operation](said)
        before = self._items(written)
        reads = sum(_units(item, READ_UNIT) for item in self._items(read))
        answer = apply()
        factor = 2 if operation == "TransactWriteItems" else 1
        pairs = zip(before, self._items(written), strict=True)
        writes = sum(factor * max(_units(item, WRITE_UNIT) for item in pair) + _moves(*pair) for pair in pairs)
        self.costs.append(Cost(name, writes, reads))
        return answer

    def _items(self, keys: Keys) -> list[Item]:
        """The items as they are now; an empty one where there is none."""
        with self.lab.aside():
            answers = [aws.client("dynamodb").get_item(TableName=TABLE, Key=key) for key in keys]
        return [answer.get("Item", {}) for answer in answers]


def _key(write: Mapping[str, Any]) -> Item:
    found: Item = write.get("Key") or {name: write["Item"][name] for name in ("pk", "sk")}
    return found


def _transaction(said: Mapping[str, Any]) -> tuple[Keys, Keys]:
    return [_key(write) for entry in said["TransactItems"] for write in entry.values()], []


def _batch(said: Mapping[str, Any]) -> tuple[Keys, Keys]:
    return [], [key for wanted in said["RequestItems"].values() for key in wanted["Keys"]]


# What an operation writes and what it reads. Nothing else may stand on a message's way: it would not be paid for here.
KEYS: Mapping[str, Callable[[Mapping[str, Any]], tuple[Keys, Keys]]] = {
    "TransactWriteItems": _transaction,
    "PutItem": lambda said: ([_key(said)], []),
    "UpdateItem": lambda said: ([_key(said)], []),
    "GetItem": lambda said: ([], [said["Key"]]),
    "BatchGetItem": _batch,
}


def size(item: Item) -> int:
    """Bytes of an item as DynamoDB counts them."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Mapping[str, Any]) -> int:
    held: Any
    kind, held = next(iter(value.items()))
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(inner) for name, inner in held.items())
    if kind == "L":
        return 3 + sum(1 + _size(inner) for inner in held)
    if kind == "N":  # two digits to a byte and one more; zeros at the ends are free
        digits = held.lstrip("-").replace(".", "").strip("0")
        return min(NUMBER_TOP, -(-len(digits) // 2) + 1 + int(held.startswith("-")))
    return len(held.encode()) if kind == "S" else 1


def _units(item: Item, unit: int) -> int:
    """An item that is not there costs as one that is small."""
    return max(1, -(-size(item) // unit))


def _moves(before: Item, after: Item) -> int:
    """Entries put into the indexes and taken out of them."""
    entries = [
        [tuple(item.get(key, {}).get("S", "") for key in keys) for item in (before, after)] for keys in indexes()
    ]
    return sum(bool(all(entry)) for old, new in entries if old != new for entry in (old, new))


@cache
def indexes() -> Sequence[Sequence[str]]:
    """The key attributes of each index, as the template has them."""
    template = yaml.load(TEMPLATE.read_text(), _Loader)
    found = template["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]
    return [[key["AttributeName"] for key in index["KeySchema"]] for index in found]


class _Loader(yaml.SafeLoader):
    """Reads past CloudFormation's own tags."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
