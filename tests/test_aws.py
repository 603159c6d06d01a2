"""Rows in DynamoDB's own form: as the AWS SDK's larger half would write and read them."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import aws

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(10**30), 10**30)
    | st.decimals(-1000, 1000, places=3, allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), PLAIN))
def test_a_row_is_written_and_read_as_boto3_does(row: dict[str, Any]) -> None:
    typed = aws.encode(row)
    assert typed == {name: TypeSerializer().serialize(value) for name, value in row.items()}
    assert aws.decode(typed) == {name: TypeDeserializer().deserialize(value) for name, value in typed.items()} == row


def test_numbers_come_back_as_decimals() -> None:
    assert [type(value) for value in aws.decode({"a": {"N": "1"}}).values()] == [Decimal]


@pytest.mark.parametrize("value", [1.5, b"bytes", {"a", "set"}, object()])
def test_what_no_row_holds_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        aws.encode({"field": [value]})


def test_a_type_that_we_never_write_is_not_read() -> None:
    with pytest.raises(TypeError):
        aws.decode({"field": {"B": b"bytes"}})
