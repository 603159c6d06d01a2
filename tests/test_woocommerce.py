"""What is WooCommerce's own: its ping, how its secret is written, and what looks like an order and is none."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from chalicelib.errors import BadSignature, Unreadable
from chalicelib.models.orders import Order
from chalicelib.providers import woocommerce
from chalicelib.webhook import Request, Response
from tests.lab import START
from tests.lab.everything import Case, Door, calls, cases, post, request

VECTOR = ('{"text":"héllo"}'.encode(), "HFadjP937OPzdHVZPzJGz+VaYJpad9i+REHCds5pFAM=")  # under test-secret
ORDER = {"id": 7, "number": "7", "order_key": "wc_order_7", "status": "processing",
         "date_modified_gmt": "2026-03-02T09:00:00"}  # fmt: skip
FORM = {"content-type": "application/x-www-form-urlencoded"}


def config(secret: str = "test-secret") -> woocommerce.Config:
    return woocommerce.Config.model_validate({"webhook_secret": secret})


def webhook(body: bytes, signature: str) -> Request:
    return Request(url="", headers={"x-wc-webhook-signature": signature}, body=body, at=START)


def by_another(key: str, body: bytes) -> str:
    """A signature by a second implementation."""
    mac = HMAC(key.encode(), SHA256())
    mac.update(body)
    return base64.b64encode(mac.finalize()).decode()


def read(said: Any, topic: str = "order.updated") -> list[Order]:
    body = json.dumps(said).encode()
    return woocommerce.parse(Request(url="", headers={"x-wc-webhook-topic": topic}, body=body, at=START), config())


def test_the_vector() -> None:
    body, signature = VECTOR
    assert woocommerce.verify(webhook(body, signature), config()) is None
    for wrong in (signature[:-1], signature.lower(), f"sha256={signature}", base64.b64decode(signature).hex(), ""):
        with pytest.raises(BadSignature):
            woocommerce.verify(webhook(body, wrong), config())


@pytest.mark.parametrize("case", cases("woocommerce"), ids=lambda case: case.name)
def test_a_second_implementation_signs_alike(case: Case) -> None:
    given = replace(request(case), headers={"x-wc-webhook-signature": by_another("test-secret", case.body)})
    assert woocommerce.verify(given, config()) is None


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a&b<c>d\"e'f", "a&b<c>d\"e'f"),
        ("a&amp;b&lt;c&gt;d&quot;e&#039;f", "a&b<c>d\"e'f"),
        ("a&#38;b&#x26;c&#0038;d&#34;e&#x27;f&#62;g&#060;h", "a&b&c&d\"e'f>g<h"),
        ("a&amp;amp;b", "a&amp;b"),
        ("a&copy;b&ampb&nbsp;", "a&copy;b&ampb&nbsp;"),
    ],
)
def test_the_secret_is_read_as_wordpress_reads_it(written: str, key: str) -> None:
    body = b'{"id":7}'
    assert woocommerce.verify(webhook(body, by_another(key, body)), config(written)) is None
    if written != key:
        with pytest.raises(BadSignature):
            woocommerce.verify(webhook(body, by_another(written, body)), config(written))


def test_the_ping_of_a_new_webhook_is_answered_and_says_nothing(front: Door) -> None:
    ping = Request(url="https://shop.example", headers=FORM, body=b"webhook_id=12", at=START)
    assert post(front, ping, "woocommerce") == Response(status=200)
    assert not calls(front)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"webhook_id=", b"webhook_id=12&id=7", b"webhook_id=12\n", b"webhook_id=-1", b"webhook_id=%31"),
        *(b'{"webhook_id": 12}', b"webhook_id=12" + b"0" * 30, b"a=webhook_id=12"),
    ],
)
def test_nothing_else_passes_without_a_signature(body: bytes, front: Door) -> None:
    given = Request(url="https://shop.example", headers=FORM, body=body, at=START)
    assert post(front, given, "woocommerce").status == 401
    assert not calls(front)


def test_a_ping_with_a_wrong_signature_is_none(front: Door) -> None:
    ping = Request(url="", headers={**FORM, "x-wc-webhook-signature": "x"}, body=b"webhook_id=12", at=START)
    assert post(front, ping, "woocommerce").status == 401


def test_a_form_that_is_signed_is_kept_as_what_nobody_reads() -> None:
    with pytest.raises(Unreadable):
        woocommerce.parse(Request(url="", headers=FORM, body=b"webhook_id=12", at=START), config())


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "draft", "new"])
def test_a_cart_is_no_order(status: str) -> None:
    assert not read({**ORDER, "status": status})


def test_two_within_one_second_are_told_apart_though_their_delivery_ids_are_not() -> None:
    paid, done = read(ORDER), read({**ORDER, "status": "completed"})
    assert paid[0].claim != done[0].claim and paid[0].age < done[0].age


def test_a_status_that_nobody_knows_is_shown_as_it_is() -> None:
    assert read({**ORDER, "status": "ready-for-pickup"})[0].state == "ready for pickup"


def test_an_id_alone_is_an_order_only_by_its_topic() -> None:
    assert [item.gone for item in read({"id": 7}, "order.deleted")] == [True]
    assert read({"id": 7}, "customer.deleted") == read({"id": 7}, "product.deleted") == read({"id": 7}, "") == []
