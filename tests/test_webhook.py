"""Forms of several parts: what is read of them, and what is no such form."""

from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.errors import Unreadable
from chalicelib.mail.values import date_of
from chalicelib.webhook import LARGEST_FORM, Part, parts
from infra.simulate import mails

FIELDS = [
    Part("text", "Grüße\r\n\r\n--\r\nInes".encode()),
    Part("empty", b""),
    Part("latin", "Größe".encode("latin-1")),
    Part("attachment1", b"\x00\xff\r\n--xYz", "Rechnung 7 ü.pdf", "application/pdf"),
    Part("text", b"again"),
]


def test_each_part_is_read_as_it_was_written() -> None:
    assert list(parts(mails.form(FIELDS))) == FIELDS
    assert list(parts(mails.form(FIELDS) + b"\r\n")) == FIELDS


def test_a_urlencoded_form_is_read_alike() -> None:
    """Every byte of it: a raw mail is in whatever charset its author chose."""
    pairs = [("a", b"1 & 2"), ("b", "Größe".encode("latin-1")), ("a", "ü".encode())]
    assert list(parts(urlencode(pairs).encode())) == [Part(name, value) for name, value in pairs]


def test_names_are_read_in_any_order_and_spelling() -> None:
    head = b'--b\r\ncontent-type: IMAGE/PNG; x=y\r\nContent-Disposition: form-data; filename="a \\"b\\".png"; NAME="f"'
    (part,) = parts(head + b"\r\n\r\nx\r\n--b--")
    assert (part.name, part.type, part.content) == ("f", "image/png", b"x")


@pytest.mark.parametrize(
    "body",
    [
        b"--",
        b"--b",
        b"--b\r\n\r\n",
        b"--b--",  # it begins with its end
        mails.form(FIELDS)[:-2],
        mails.form(FIELDS)[:-10],
        mails.form(FIELDS) + mails.form(FIELDS),
        mails.form(FIELDS).replace(b"again", b"\r\n--xYzZY--\r\nagain"),
        mails.form(FIELDS).replace(b"again", b"\r\n--xYzZY"),
        mails.form([Part("a", b"")] * (LARGEST_FORM + 1)),
        b"a=%ff&\xff",
        "ü=1".encode(),
        urlencode([("a", "")] * (LARGEST_FORM + 1)).encode(),
    ],
)
def test_what_is_no_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parts(body)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    some.lists(some.sampled_from([b"--b", b"\r\n", b"--", b'Content-Disposition: form-data; name="a"', b"\xff", b"x"]))
)
def test_nothing_else_is_raised(pieces: list[bytes]) -> None:
    with suppress(Unreadable):
        assert all(isinstance(part, Part) for part in parts(b"--b" + b"".join(pieces)))


def test_a_date_may_have_fractions_of_a_second() -> None:
    assert date_of("Mon, 02 Mar 2026 08:58:41.203 +0100 (CET)") == datetime(2026, 3, 2, 7, 58, 41, tzinfo=UTC)
