"""WooCommerce's webhooks about orders. What is said is an order's number, a sender a mail address or number."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.models.provider import current
from infra.simulate import Said, Webhook, number

EXAMPLE = "mira.olsen@customer.example"
DECODED = {"&#039;": "'", "&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&"}


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One order, paid and not sent yet: WooCommerce never batches."""
    (one,) = said
    sender = one.sender or EXAMPLE
    at = one.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    body = {
        "id": number(one.id),
        "number": one.text,
        "order_key": f"wc_order_{number(one.id)}",
        "status": "processing",
        "currency": "EUR",
        "total": "49.90",
        "date_created_gmt": at,
        "date_modified_gmt": at,
        "billing": {
            "first_name": one.name,
            "email": sender if "@" in sender else "",
            "phone": "" if "@" in sender else sender,
        },
    }
    headers = {"content-type": "application/json", "x-wc-webhook-topic": "order.updated"}
    return Webhook(body=json.dumps(body, ensure_ascii=False).encode(), headers=headers)


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    secret = current(config.webhook_secret)
    for written, meant in DECODED.items():
        secret = secret.replace(written, meant)
    mac = hmac.new(secret.encode(), webhook.body, hashlib.sha256).digest()
    return {"x-wc-webhook-signature": base64.b64encode(mac).decode()}
