"""What the webhooks of Twilio's products have in common: a form, its media, its signature."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from chalicelib.models.provider import current
from infra.simulate import File, Said, Webhook

FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"


def message(one: Said, config: Any, **fields: str) -> Webhook:
    """One message with its media; `fields` are the product's own."""
    sid = hashed(one.id)
    form = {
        "MessageSid": f"SM{sid}",
        "SmsSid": f"SM{sid}",
        "AccountSid": config.account_sid,
        "Body": one.text,
        "NumSegments": "1",
        "NumMedia": str(len(one.files)),
        "ApiVersion": "2010-04-01",
        **fields,
    }
    for place, file in enumerate(one.files):
        path = f"/2010-04-01/Accounts/{config.account_sid}/Messages/SM{sid}/Media/{_medium(one, place)}"
        form |= {f"MediaUrl{place}": config.api_url + path, f"MediaContentType{place}": file.type}
    return Webhook(body=urlencode(form).encode(), headers={"content-type": FORM_TYPE})


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_medium(one, place): file for one in said for place, file in enumerate(one.files)}


def _medium(one: Said, place: int) -> str:
    return f"ME{hashed(f'{one.id} {place}')}"


def hashed(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    fields = sorted(set(parse_qsl(webhook.body.decode(), keep_blank_values=True)))
    content = url + "".join(name + value for name, value in fields)
    mac = hmac.new(current(config.auth_token).encode(), content.encode(), hashlib.sha1).digest()
    return {"x-twilio-signature": base64.b64encode(mac).decode()}
