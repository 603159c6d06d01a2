"""Plivo's webhooks. A sender is a phone number."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_OID, uuid5

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

EXAMPLE = "+4915123456755"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS or MMS: Plivo never batches."""
    (one,) = said
    form = {
        "From": (one.sender or EXAMPLE).removeprefix("+"),
        "To": config.number.removeprefix("+"),
        "Type": "mms" if one.files else "sms",
        "MessageUUID": str(uuid5(NAMESPACE_OID, one.id)),
        "Units": "1",
        "TotalRate": "0",
        "TotalAmount": "0",
        "PowerpackUUID": "",
        "Body" if one.files else "Text": one.text,
    }
    if one.files:
        form |= {"MediaCount": str(len(one.files))}
        form |= {f"Media{place}": f"{config.api_url}/media/{_place(one.id, place)}" for place in range(len(one.files))}
    else:
        form |= {"MessageIntent": ""}
    return Webhook(body=urlencode(form).encode(), headers={"content-type": "application/x-www-form-urlencoded"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """Over the address and a nonce, which Plivo draws anew for each call."""
    nonce = str(int.from_bytes(hashlib.sha256(webhook.body).digest()))[:20]
    content = url.partition("?")[0] + nonce
    mac = hmac.new(current(config.auth_token).encode(), content.encode(), hashlib.sha256).digest()
    return {"x-plivo-signature-v2": base64.b64encode(mac).decode(), "x-plivo-signature-v2-nonce": nonce}


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_place(one.id, place): file for one in said for place, file in enumerate(one.files)}


def _place(id: str, place: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"{id} {place}"))
