"""moto without its detours: what it works out on every call is remembered, and a table is copied once a transaction.

Two fifths of a laboratory's time went there. What moto does and answers stays the same.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from unittest import mock

from moto.core import responses, utils
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.dynamodb import models
from moto.dynamodb.models.table import Table
from moto.sqs import models as sqs

Field = tuple[Any, ...]
COPIES: ContextVar[dict[int, Table] | None] = ContextVar("the tables that a transaction has copied", default=None)
NAMES: dict[Field, list[str]] = {}  # by field: the names that it may have

_possible = XFormedAttributePicker.get_possible_keys
_transact = models.DynamoDBBackend.transact_write_items


@contextmanager
def quick() -> Iterator[None]:
    with (
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
