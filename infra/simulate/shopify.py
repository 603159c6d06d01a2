"""Shopify's webhooks about orders. What is said is an order's name; a sender is a mail address or a phone number."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.models.provider import current
from infra.simulate import Said, Webhook, number

EXAMPLE = "mira.olsen@customer.example"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One order, paid and not sent yet: Shopify never batches."""
    (one,) = said
    sender = one.sender or EXAMPLE
    body = {
        "id": number(one.id),
        "name": one.text,
        "email": sender if "@" in sender else "",
        "phone": None if "@" in sender else sender,
        "created_at": one.at.isoformat(timespec="seconds"),
        "updated_at": one.at.isoformat(timespec="seconds"),
        "cancelled_at": None,
        "financial_status": "paid",
        "fulfillment_status": None,
        "total_price": "49.90",
        "currency": "EUR",
        "customer": {"id": number(sender), "first_name": one.name},
    }
    headers = {"content-type": "application/json", "x-shopify-topic": "orders/updated"}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers=headers)


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    mac = hmac.new(current(config.webhook_secret).encode(), webhook.body, hashlib.sha256).digest()
    return {"x-shopify-hmac-sha256": base64.b64encode(mac).decode()}
