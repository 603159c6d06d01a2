"""Mailgun's route, as it forwards the raw mail: a customer's, or an agent's answer from a mailbox."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.models.provider import current
from chalicelib.webhook import Part
from infra.simulate import Said, Webhook, basic, json_object, mails

WRITER = mails.Writer("pia.lund@customer.example", "Pia Lund", "8f1c2a7d9e03")


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that SPF proves; Mailgun never batches."""
    (one,) = said
    sender = one.sender or WRITER.address
    marks = f"X-Envelope-From: {sender}\r\nX-Mailgun-Incoming: Yes\r\nX-Mailgun-Sflag: No\r\nX-Mailgun-Spf: Pass\r\n"
    texts = {
        "recipient": mails.to(one, config),
        "sender": sender,
        "subject": "Re: your conversation" if one.thread else mails.subject(one),
        "from": sender,
        "X-Mailgun-Incoming": "Yes",
    }
    whole = Part("body-mime", marks.encode() + mails.raw(one, config, WRITER))
    body = mails.form([*(Part(name, text.encode()) for name, text in texts.items()), whole])
    return Webhook(body=body, headers={"content-type": f"multipart/form-data; boundary={mails.BOUNDARY}"})


def seal(webhook: Webhook, at: datetime, config: Any) -> bytes:
    """The body with a signature: in an event's own object, else as the last fields. Its token comes from the body."""
    token = hashlib.sha512(webhook.body).hexdigest()[:50]
    seconds = str(int(at.timestamp()))
    mac = hmac.new(current(config.signing_key).encode(), (seconds + token).encode(), hashlib.sha256)
    proof = {"timestamp": seconds, "token": token, "signature": mac.hexdigest()}
    event = json_object(webhook.body)
    if event is not None:
        return json.dumps({**event, "signature": proof}).encode()
    fields = [Part(name, text.encode()) for name, text in proof.items()]
    end = f"--{mails.BOUNDARY}--".encode()
    if webhook.body.startswith(end[:-2]) and webhook.body.endswith(end):
        return webhook.body.removesuffix(end) + mails.form(fields)
    if "urlencoded" in webhook.headers.get("content-type", ""):
        return b"&".join([webhook.body, *(f"{name}={text}".encode() for name, text in proof.items())])
    return mails.form([Part("", webhook.body), *fields])


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """The user name and password of the webhook's address."""
    return basic(config.webhook_user, config.webhook_password)
