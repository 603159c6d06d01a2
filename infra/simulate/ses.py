"""SES's notification of a mail, by SNS: a customer's, or an agent's answer from a mailbox. It holds the mail itself."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.models import current
from infra.simulate import CannotSign, Said, Webhook, mails, sns

WRITER = mails.Writer("nora.lind@customer.example", "Nora Lind", "inbound-smtp.amazonaws.com")


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that DMARC proves; SES never batches. In a thread it quotes what it answers."""
    (one,) = said
    topic = current(config.topics)
    envelope = sns.notification(json.dumps(_notification(one, config, topic)), topic)
    return Webhook(body=json.dumps(envelope).encode(), headers={"content-type": "text/plain; charset=UTF-8"})


def seal(webhook: Webhook, at: datetime, config: Any) -> bytes:
    """The envelope with a signature as of SNS in it: one that is believed where `sns_url` shows our certificate."""
    if not config.sns_url:
        raise CannotSign("mail comes from AWS itself, which alone can sign it: write a mail to your shop")
    return sns.sealed(webhook.body, at, current(config.topics))


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """What of the envelope stands in headers as well."""
    return sns.headers(webhook.body)


def raw(one: Said, config: Any) -> bytes:
    """The mail as it came in."""
    return mails.raw(one, config, WRITER, _id(one))


def _notification(one: Said, config: Any, topic: str) -> dict[str, Any]:
    mail, at = raw(one, config), one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    passed = {f"{name}Verdict": {"status": "PASS"} for name in ("spam", "virus", "spf", "dkim", "dmarc")}
    to = [mails.to(one, config)]
    action = {"type": "SNS", "topicArn": topic, "encoding": "BASE64"}
    return {
        "notificationType": "Received",
        "mail": {"timestamp": at, "source": one.sender or WRITER.address, "messageId": _id(one), "destination": to},
        "receipt": {"timestamp": at, "processingTimeMillis": 412, "recipients": to, **passed, "action": action},
        "content": base64.b64encode(mail).decode(),
    }


def _id(one: Said) -> str:
    return hashlib.sha256(one.id.encode()).hexdigest()[:40]
