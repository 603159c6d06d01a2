"""What is Shopify's own: what its signature covers, of what a body tells, and what an order's states mean."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from chalicelib.errors import BadSignature, Unreadable
from chalicelib.models.orders import Demand, Order
from chalicelib.providers import shopify
from chalicelib.webhook import Request
from tests.lab import START
from tests.lab.everything import cases, request

CONFIG = shopify.Config.model_validate({"webhook_secret": "test-secret"})
VECTOR = ('{"text":"héllo"}'.encode(), "HFadjP937OPzdHVZPzJGz+VaYJpad9i+REHCds5pFAM=")  # under test-secret
ORDER = {"id": 7, "name": "#7", "financial_status": "paid", "updated_at": "2026-03-02T10:00:00+01:00"}


def webhook(body: bytes, signature: str, **headers: str) -> Request:
    return Request(url="", headers={"x-shopify-hmac-sha256": signature, **headers}, body=body, at=START)


def read(said: Any, topic: str = "orders/updated") -> list[Order | Demand]:
    body = json.dumps(said).encode()
    return shopify.parse(Request(url="", headers={"x-shopify-topic": topic}, body=body, at=START), CONFIG)


def one(**said: Any) -> Order:
    (found,) = read({**ORDER, **said})
    assert isinstance(found, Order)
    return found


def test_the_vector() -> None:
    body, signature = VECTOR
    shopify.verify(webhook(body, signature), CONFIG)
    for wrong in (signature[:-1], signature.lower(), f"sha256={signature}", base64.b64decode(signature).hex(), ""):
        with pytest.raises(BadSignature):
            shopify.verify(webhook(body, wrong), CONFIG)


@pytest.mark.parametrize("case", cases("shopify"), ids=lambda case: case.name)
def test_a_second_implementation_signs_alike(case: Any) -> None:
    mac = HMAC(b"test-secret", SHA256())
    mac.update(case.body)
    given = replace(request(case), headers={"x-shopify-hmac-sha256": base64.b64encode(mac.finalize()).decode()})
    shopify.verify(given, CONFIG)


@pytest.mark.parametrize("topic", ["customers/redact", "shop/redact", "orders/delete", "app/uninstalled", ""])
def test_a_topic_is_not_signed_and_makes_no_order_another_thing(topic: str) -> None:
    """Whoever saw a signed body could post it again under another topic."""
    (found,) = read(ORDER, topic)
    assert isinstance(found, Order) and not found.gone


def test_an_id_alone_is_an_order_only_by_its_topic() -> None:
    assert [item.type for item in read({"id": 7}, "orders/delete")] == ["order"]
    assert read({"id": 7}, "products/delete") == read({"id": 7}, "customers/delete") == read({"id": 7}, "") == []
    assert read({"id": 7, "email": "mira@customer.example"}, "orders/delete") == []  # somebody, under another topic


@pytest.mark.parametrize(
    ("payment", "sending", "cancelled", "state"),
    [
        ("pending", None, None, "waits for payment"),
        ("authorized", None, None, "waits for payment"),
        ("partially_paid", None, None, "paid in part"),
        ("paid", "partial", None, "paid, sent in part"),
        ("paid", "fulfilled", None, "paid, sent"),
        ("partially_refunded", "fulfilled", None, "refunded in part, sent"),
        ("voided", None, "2026-03-02T10:00:00Z", "cancelled, payment failed"),
        ("of tomorrow", "of tomorrow", None, ""),
        (None, None, None, ""),
    ],
)
def test_what_the_states_mean(payment: Any, sending: Any, cancelled: Any, state: str) -> None:
    assert one(financial_status=payment, fulfillment_status=sending, cancelled_at=cancelled).state == state


def test_within_one_second_what_is_further_along_is_newer() -> None:
    waits, paid, sent = one(financial_status="pending"), one(), one(fulfillment_status="fulfilled")
    assert waits.age < paid.age < sent.age < one(updated_at="2026-03-02T10:00:01+01:00", financial_status=None).age


def test_the_customer_s_own_money_is_shown() -> None:
    shown = {"presentment_money": {"amount": "8120", "currency_code": "JPY"}}
    found = one(total_price="49.90", currency="EUR", total_price_set=shown)
    assert (found.total, found.currency) == ("8120", "JPY")
    assert one(total_price="49.90", currency="EUR").total == "49.90"


def test_who_bought_is_found_by_what_is_surely_theirs() -> None:
    """A number without its country is one of where they live, and anybody's if that is not told; each counts once."""
    written = {"email": " Mira@Customer.Example ", "contact_email": "mira@customer.example", "phone": "0151 23456789",
               "customer": {"phone": "+49 (151) 234-56789", "email": None}}  # fmt: skip
    for place, phones in (
        ({"shipping_address": {"country_code": "DE"}}, ["+4915123456789"]),
        ({"shipping_address": {"country_code": "DE"}, "billing_address": {"country_code": "IT"}},
         ["+39015123456789", "+4915123456789"]),
        ({"shipping_address": None}, ["+4915123456789"]),
    ):  # fmt: skip
        assert [who.id for who in one(**written, **place).buyer] == ["mira@customer.example", *phones]


@pytest.mark.parametrize("missing", ["id", "updated_at"])
def test_an_order_without_what_orders_it_is_not_read(missing: str) -> None:
    with pytest.raises(Unreadable):
        read({**ORDER, missing: None})
