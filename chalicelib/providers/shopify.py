"""Orders in Shopify: nobody writes by it, the card of who writes shows what they ordered.

1. Shopify admin, Settings, Notifications, Webhooks: copy the secret that stands there, all webhooks are signed with it.
2. There, Create webhook, six times: Order creation, Order update, Order payment, Order fulfillment, Order cancellation
   and Order deletion. Format JSON, the newest version, URL {url}
3. Only with an app of your own in the Dev Dashboard: subscribe it to the same topics, and in shopify.app.toml to the
   three compliance_topics, with the same URL. Its secret is the client secret of its settings: put it behind the first
   one, with a space between them, or give the app an account of its own.

Webhooks: https://shopify.dev/docs/apps/build/webhooks/subscribe/https
An order: https://shopify.dev/docs/api/admin-rest/latest/resources/order
Privacy: https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance

Confirmed by @shopify/shopify-api 13.1 (its webhooks.validate takes each payload here): the signature. By Shopify's
pages alone: all fields, five seconds for an answer, eight tries in four hours, and after as many in a row that failed
the end of a subscription that an app made. Not confirmed: that a deleted order's webhook holds its id alone.

Nothing but the body is signed, so what a webhook is about is told by its shape, not by its topic: only a body that
holds no more than an id is believed what X-Shopify-Topic says of it. Of two states within the same second the one that
is further along counts, as X-Shopify-Triggered-At is not signed either. Webhooks about customers say nothing that a
card shows; those that the law wants are carried out.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib import orders, proofs, signing
from chalicelib.models.orders import Demand, Order
from chalicelib.models.provider import Can, Cover, LiveSecret, secret
from chalicelib.models.values import Frozen
from chalicelib.webhook import Request, reads

channel = None
can = Can(text=0, covers=frozenset({Cover.BODY}), customers=False, orders=True, libraries=orders.NUMBERS)
verify = proofs.hmac_of_body("webhook_secret", "x-shopify-hmac-sha256", encode=signing.base64_digest)

PAYMENT = {
    "pending": "waits for payment",
    "authorized": "waits for payment",
    "partially_paid": "paid in part",
    "paid": "paid",
    "partially_refunded": "refunded in part",
    "refunded": "refunded",
    "voided": "payment failed",
    "expired": "payment failed",
}
SENDING = {"partial": "sent in part", "fulfilled": "sent"}
USED = (  # of an order
    *("id", "name", "order_number", "updated_at", "cancelled_at", "financial_status", "fulfillment_status"),
    *("total_price", "currency", "total_price_set", "current_total_price_set"),
)


class Config(Frozen):
    webhook_secret: LiveSecret = secret(
        "secret in Shopify admin, Settings, Notifications, Webhooks; of an app its client secret", inbound=True
    )


@reads("a Shopify webhook")
def parse(request: Request, config: Config) -> list[Order | Demand]:
    """One order, or what the law lets a customer ask for. All else says nothing to us."""
    return list(_read(request.json_object(), request))


def _read(said: dict[str, Any], request: Request) -> Iterator[Order | Demand]:
    if "shop_id" in said and "shop_domain" in said:
        yield _demand(said)
    elif "financial_status" in said and "updated_at" in said:
        yield _order(said)
    elif said.keys() == {"id"} and request.header("x-shopify-topic") == "orders/delete":
        yield Order(provider="shopify", id=orders.identifier(said["id"]), gone=True, source=said)


def _order(said: dict[str, Any]) -> Order:
    customer = said.get("customer") or {}
    money = said.get("current_total_price_set") or said.get("total_price_set") or {}
    place = said.get("billing_address") or said.get("shipping_address") or {}
    shown = money.get("presentment_money") or {}  # what the customer was shown, in their own currency
    states = [
        "cancelled" if said.get("cancelled_at") else "",
        PAYMENT.get(said["financial_status"] or "", ""),
        SENDING.get(said.get("fulfillment_status") or "", ""),
    ]
    return Order(
        provider="shopify",
        id=orders.identifier(said["id"]),
        at=orders.when(said["updated_at"]),
        buyer=orders.buyer(
            [said.get("email"), said.get("contact_email"), customer.get("email")],
            [said.get("phone"), customer.get("phone")],
            place.get("country_code"),
        ),
        number=orders.short(said.get("name")) or orders.short(said.get("order_number")),
        state=", ".join(filter(None, states)),
        total=orders.short(shown.get("amount") or said.get("total_price")),
        currency=orders.short(shown.get("currency_code") or said.get("currency")),
        source={name: said[name] for name in USED if name in said},
    )


def _demand(said: dict[str, Any]) -> Demand:
    """A customer is sometimes told by their mail address alone."""
    customer, asked = said.get("customer"), said.get("data_request")
    if customer is None:
        return Demand(provider="shopify", what="erase all", id=orders.short(said["shop_domain"]), source=said)
    return Demand(
        provider="shopify",
        what="erase" if asked is None else "export",
        id=orders.short((asked or customer).get("id")),
        buyer=orders.buyer([customer.get("email")], [customer.get("phone")]),
        orders=tuple(map(orders.identifier, said.get("orders_to_redact") or ())),
        source=said,
    )
