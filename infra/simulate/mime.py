"""A mail as a worker at Cloudflare or a Postfix pipe posts it: a customer's, or an agent's answer from a mailbox."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import signing
from infra.simulate import Said, Webhook, mails

WRITER = mails.Writer("freya.holm@customer.example", "Freya Holm", "mx.shop.example")


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that DMARC proves; there is never more than one. In a thread it quotes what it answers."""
    (one,) = said
    sender = one.sender or WRITER.address
    domain = sender.rpartition("@")[2]
    found = f"{config.verdict_server}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
    above = {"Return-Path": f"<{sender}>", "Delivered-To": mails.to(one, config), "Authentication-Results": found}
    mail = mails.raw(one, config, WRITER, above=above.items())
    return Webhook(body=mail, headers={"content-type": "message/rfc822"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """The headers of Standard Webhooks; the id comes from the body, so a repeat has the same one."""
    webhook_id = f"mail_{hashlib.sha256(webhook.body).hexdigest()[:32]}"
    seconds = str(int(at.timestamp()))
    signatures = signing.standard_signatures(config.webhook_secret, webhook_id, seconds, webhook.body)
    return {"webhook-id": webhook_id, "webhook-timestamp": seconds, "webhook-signature": signatures}
