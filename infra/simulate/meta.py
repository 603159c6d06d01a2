"""Meta's signature, the same for all its products."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.models import current
from infra.simulate import Webhook

HEADERS = {"content-type": "application/json"}


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    mac = hmac.new(current(config.app_secret).encode(), webhook.body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={mac}"}


def digits(id: str, length: int = 16) -> str:
    """An id of digits, made from another."""
    return str(int(hashlib.sha256(id.encode()).hexdigest(), 16))[:length]
