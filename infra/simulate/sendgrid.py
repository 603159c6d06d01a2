"""SendGrid's Inbound Parse as it posts the raw mail: a customer's, or an agent's answer from a mailbox."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.webhook import Part
from infra.simulate import Said, Webhook, mails, pairs

WRITER = mails.Writer("ines.roth@customer.example", "Ines Roth", "mx.sendgrid.net")


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that SPF and DKIM prove; SendGrid never batches."""
    (one,) = said
    sender = one.sender or WRITER.address
    texts = {
        "dkim": f"{{@{sender.rpartition('@')[2]} : pass}}",
        "to": mails.to(one, config),
        "from": sender,
        "sender_ip": "192.0.2.25",
        "envelope": json.dumps({"to": [mails.to(one, config)], "from": sender}, separators=(",", ":")),
        "subject": "Re: your conversation" if one.thread else mails.subject(one),
        "charsets": json.dumps(dict.fromkeys(("to", "from", "subject"), "UTF-8"), separators=(",", ":")),
        "SPF": "pass",
    }
    whole = Part("email", mails.raw(one, config, WRITER))
    body = mails.form([whole, *(Part(name, text.encode()) for name, text in texts.items())])
    return Webhook(body=body, headers={"content-type": f"multipart/form-data; boundary={mails.BOUNDARY}"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """A mail by the key of the Inbound Parse, all else by that of the Event Webhook."""
    live = config.parse_key if webhook.body.startswith(b"--") else config.event_key
    seconds = str(int(at.timestamp()))
    return {
        "x-twilio-email-event-webhook-timestamp": seconds,
        "x-twilio-email-event-webhook-signature": pairs.sign(live, seconds.encode() + webhook.body),
    }
