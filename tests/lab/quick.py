"""moto without its detours: what it works out on every call is remembered, and a table is copied once a transaction.

Half of a laboratory's time went there. What moto does and answers stays the same.
"""

import copy
from collections.abc import Iterator
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
from moto.dynamodb.models.table import Table
from moto.sqs import models as sqs

Field = tuple[Any, ...]
COPIES: ContextVar[dict[int, Table] | None] = ContextVar("the tables that a transaction has copied", default=None)
NODES: dict[type, tuple[type, ...]] = {}
NAMES: dict[Field, list[str]] = {}  # by field: the names that it may have

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
    """moto keeps the table as it was in case a transaction fails, once for each of its items."""
    token = COPIES.set({})
    try:
        _transact(backend, items)
    finally:
        COPIES.reset(token)


class _Copy:
    """The module `copy`, as that part of moto sees it."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        copies = COPIES.get()
        if copies is None or not isinstance(value, Table):
            return copy.deepcopy(value)
        if id(value) not in copies:
            copies[id(value)] = copy.deepcopy(value)
        return copies[id(value)]
