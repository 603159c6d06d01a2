"""Orders in WooCommerce: nobody writes by it, the card of who writes shows what they ordered.

1. WordPress admin, WooCommerce, Settings, Advanced, Webhooks, Add webhook: Status Active, Topic "Order created",
   Delivery URL {url}, API version "WP REST API Integration v3", and a Secret of your own: long, without spaces.
2. The same with Topic "Order updated", with "Order deleted" and with "Order restored", each with the same Secret.
3. A webhook that shows Disabled there later failed more than five times in a row: set its Status to Active again.

Webhooks: https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks
An order: https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
The code: https://github.com/woocommerce/woocommerce (plugins/woocommerce/includes/class-wc-webhook.php)

Confirmed by WooCommerce's code: the signature and its key, the ping, that a deleted order's body holds its id alone,
60 seconds for an answer, no second try, and the end of a webhook after its failures. A second implementation agrees on
the signature. By WooCommerce's pages alone: the fields of an order.

As a webhook is saved it pings with a form that is not signed and holds its number alone: that is answered 200, without
which it is not saved as reached, and says nothing. WordPress turns HTML's ways to write " ' < > & in the secret back
before it signs, so we do. Its delivery id is the same for two webhooks within one second, and counts for nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib import orders, signing
from chalicelib.errors import BadSignature
from chalicelib.models.orders import Order
from chalicelib.models.provider import Can, Cover, LiveSecret, secret
from chalicelib.models.values import Frozen
from chalicelib.webhook import Request, Response, reads

channel = None
can = Can(text=0, covers=frozenset({Cover.BODY}), customers=False, orders=True, libraries=orders.NUMBERS)

STATES = {  # plugins add others, which are shown as they are
    "pending": "waits for payment",
    "on-hold": "on hold",
    "processing": "paid",
    "completed": "completed",
    "cancelled": "cancelled",
    "refunded": "refunded",
    "failed": "payment failed",
}
USED = ("id", "number", "status", "total", "currency", "date_modified_gmt")  # of an order
DRAFTS = ("checkout-draft", "auto-draft", "draft", "new")  # a cart, of somebody who may never order
WRITTEN = {"&": "amp|#0*38|#x0*26", "<": "lt|#0*60", ">": "gt|#0*62", '"': "quot|#0*34|#x0*22", "'": "#0*39|#x0*27"}
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_WRITTEN = re.compile("&(?:" + "|".join(f"({ways})" for ways in WRITTEN.values()) + ");")


class Config(Frozen):
    webhook_secret: LiveSecret = secret("the Secret in WooCommerce, Settings, Advanced, Webhooks", inbound=True)


def verify(request: Request, config: Config) -> Response | None:
    """HMAC-SHA256 of the raw body, in base64; the ping as a webhook is made has none."""
    theirs = request.header("x-wc-webhook-signature")
    if not theirs and _PING.fullmatch(request.body):
        return Response()
    if not signing.signed(config.webhook_secret, request.body, [theirs], encode=signing.base64_digest, key=_key):
        raise BadSignature
    return None


@reads("a WooCommerce webhook")
def parse(request: Request, config: Config) -> list[Order]:
    """One order. Customers, coupons and products say nothing to us; nor do subscriptions, which look like orders."""
    return list(_read(request.json_object(), request))


def _read(said: dict[str, Any], request: Request) -> Iterator[Order]:
    if said.keys() == {"id"}:  # nothing but the header says of what
        if request.header("x-wc-webhook-topic") == "order.deleted":
            yield Order(provider="woocommerce", id=orders.identifier(said["id"]), gone=True, source=said)
    elif "order_key" in said and "billing_period" not in said and said.get("status") not in DRAFTS:
        yield _order(said)


def _order(said: dict[str, Any]) -> Order:
    billing = said.get("billing") or {}
    status = said["status"]
    return Order(
        provider="woocommerce",
        id=orders.identifier(said["id"]),
        at=orders.when(said["date_modified_gmt"]),
        buyer=orders.buyer([billing.get("email")], [billing.get("phone")], billing.get("country")),
        number=orders.short(said.get("number")) or orders.short(said["id"]),
        state=STATES.get(status) or orders.short(status).replace("-", " "),
        total=orders.short(said.get("total")),
        currency=orders.short(said.get("currency")),
        source={name: said[name] for name in USED if name in said},
    )


def _key(secret: str) -> bytes:
    """As WordPress's wp_specialchars_decode reads it."""
    signs = list(WRITTEN)
    return _WRITTEN.sub(lambda found: signs[(found.lastindex or 1) - 1], secret).encode()
