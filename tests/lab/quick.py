"""moto without its detours: what it works out on every call is remembered, what a transaction leaves alone is not
copied.

Half of a laboratory's time went there. What moto does and answers stays the same.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from unittest import mock

from botocore.signers import RequestSigner
from moto.core import responses, utils
from moto.core.base_backend import BackendDict
from moto.core.models import MockAWS
from moto.core.serialize import AttributePickerContext, BaseJSONSerializer, XFormedAttributePicker
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.sqs import models as sqs

Field = tuple[Any, ...]
WRITTEN: ContextVar[list[Any] | None] = ContextVar("the rows that a transaction writes", default=None)
NODES: dict[type, tuple[type, ...]] = {}
NAMES: dict[Field, list[str]] = {}  # by field: the names that it may have

_cast: Callable[[DynamoType], Any] = vars(DynamoType)["cast_value"].fget
_sign = RequestSigner.sign
_structure = BaseJSONSerializer._serialize_type_structure
_possible = XFormedAttributePicker.get_possible_keys
_transact = models.DynamoDBBackend.transact_write_items


@contextmanager
def quick() -> Iterator[None]:
    with (
        mock.patch.object(MockAWS, "_enable_patching", _begun),
        mock.patch.object(MockAWS, "_disable_patching", _begun),
        mock.patch.object(RequestSigner, "sign", _unsigned),
        mock.patch.object(BaseJSONSerializer, "_serialize_type_structure", _structured),
        mock.patch("moto.dynamodb.parsing.ast_nodes.DepthFirstTraverser.nodes_to_be_processed", _nodes),
        mock.patch.object(responses, "camelcase_to_underscores", _underscored),
        mock.patch.object(sqs, "camelcase_to_underscores", _underscored),
        mock.patch.object(responses, "method_names_from_class", _methods),
        mock.patch.object(XFormedAttributePicker, "get_possible_keys", _names),
        mock.patch.object(models.DynamoDBBackend, "transact_write_items", _transacted),
        mock.patch.object(models, "copy", _Copy),
        mock.patch.object(DynamoType, "cast_value", property(_value)),
        mock.patch.object(Table, "all_items", _rows),
    ):
        yield


_underscored = cache(utils.camelcase_to_underscores)
_methods = cache(utils.method_names_from_class)


def _begun(moto: MockAWS, *how: Any, **rest: Any) -> None:
    """Nothing is there. moto makes a thousand rules for `requests` as well, by which no call comes here."""
    BackendDict.reset()


def _unsigned(signer: Any, operation: str, request: Any, *rest: Any, **more: Any) -> None:
    """moto looks at no signature, only for where it is; but in S3's, for how the body is written."""
    if signer._signing_name == "s3":
        _sign(signer, operation, request, *rest, **more)
    else:
        where = f"testing/today/{signer._region_name}/{signer._signing_name}/aws4_request"
        request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={where}"


def _structured(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """moto keeps the values of a row as they are answered, and would look in each for ten names, deep down."""
    if shape.name == "AttributeValue" and type(value) is dict:
        serialized[serializer.get_serialized_name(shape, key)] = value
    else:
        _structure(serializer, serialized, value, shape, key)


def _nodes(traverser: Any) -> tuple[type, ...]:
    """What a step of an expression's check looks at: worked out once, not at every word of it."""
    if type(traverser) not in NODES:
        NODES[type(traverser)] = tuple(traverser._processing_map())
    return NODES[type(traverser)]


def _names(picker: XFormedAttributePicker, context: AttributePickerContext) -> list[str]:
    """The names that a field of an answer may have in moto's own object: they depend on nothing but these."""
    operation = context.operation_model
    assert operation is not None
    field = (operation.service_model.service_name, operation.name, context.key_path, context.key, type(context.obj))
    if field not in NAMES:
        NAMES[field] = list(_possible(picker, context))
    return NAMES[field]


def _transacted(backend: Any, items: list[dict[str, Any]]) -> None:
    """moto keeps the table as it was in case a transaction fails: only what that writes need be kept."""
    writes = [write.get("Item") or write["Key"] for item in items for write in item.values()]
    token = WRITTEN.set([(DynamoType(key["pk"]), DynamoType(key["sk"])) for key in writes])
    try:
        _transact(backend, items)
    finally:
        WRITTEN.reset(token)


def _value(given: DynamoType) -> Any:
    """Nearly all are strings; moto asks five other questions first."""
    return given.value if given.type == "S" else _cast(given)


def _rows(table: Table) -> list[Item]:
    """In the order of their keys, which here are strings."""
    every = [row for rows in table.items.values() for row in rows.values()]
    return sorted(every, key=lambda row: (row.hash_key.value, row.range_key.value))


class _Copy:
    """The module `copy`, as that part of moto sees it."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        written = WRITTEN.get()
        if written is None or not isinstance(value, Table):
            return copy.deepcopy(value)
        kept = copy.copy(value)
        kept.items = defaultdict(dict, {hash: dict(rows) for hash, rows in value.items.items()})
        for hash, range in written:
            if range in kept.items.get(hash, {}):
                kept.items[hash][range] = copy.deepcopy(kept.items[hash][range])
        return kept
