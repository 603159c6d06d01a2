"""Mandrill's inbound webhook: a customer's mail, or an agent's answer from a mailbox."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from chalicelib.models.provider import current
from infra.simulate import Said, Webhook, mails

WRITER = mails.Writer("lena.voss@customer.example", "Lena Voss", "mail-in.mandrillapp.example")
RULES = (
    ("DKIM_SIGNED", 0.1, "Message has a DKIM or DK signature, not necessarily valid"),
    ("DKIM_VALID", -0.1, "Message has at least one valid DKIM or DK signature"),
    ("DKIM_VALID_AU", -0.1, "Message has a valid DKIM or DK signature from author's domain"),
)


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """Mails that their authors' domains signed. In a thread one quotes what it answers."""
    return posted([_event(one, config) for one in said])


def posted(events: Sequence[Mapping[str, Any]]) -> Webhook:
    """Events in a form, not signed yet."""
    form = {"mandrill_events": json.dumps(events)}
    return Webhook(body=urlencode(form).encode(), headers={"content-type": "application/x-www-form-urlencoded"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """HMAC-SHA1 over the address and each field of the form, its name before its value."""
    content = url
    for name, value in sorted(parse_qsl(webhook.body.decode(), keep_blank_values=True)):
        content += name + value
    mac = hmac.new(current(config.webhook_key).encode(), content.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return {"x-mandrill-signature": base64.b64encode(mac.digest()).decode()}


def _event(one: Said, config: Any) -> dict[str, Any]:
    raw = mails.raw(one, config, WRITER).decode("ascii")
    about = {
        "raw_msg": raw,
        "text": one.text,
        "text_flowed": False,
        "from_email": one.sender or WRITER.address,
        "from_name": one.name or WRITER.name,
        "to": [[mails.to(one, config), None]],
        "email": mails.to(one, config),
        "subject": mails.subject(one),
        "tags": [],
        "sender": None,
        "template": None,
        "dkim": {"signed": True, "valid": True},
        "spf": {"result": "pass", "detail": "sender SPF authorized"},
        "spam_report": {
            "score": -0.1,
            "matched_rules": [{"name": name, "score": score, "description": text} for name, score, text in RULES],
        },
    }
    return {"event": "inbound", "ts": int(one.at.timestamp()), "msg": about}
