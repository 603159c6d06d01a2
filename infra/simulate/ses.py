"""SES's notification of a mail, by SNS: a customer's, or an agent's answer from a mailbox. It holds the mail itself."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from chalicelib.models.provider import current
from infra.simulate import Said, Webhook, mails, sns
from infra.simulate.sns import seal, sign

__all__ = ["SUBJECT", "WRITER", "compose", "raw", "seal", "sign"]

SUBJECT = "Amazon SES Email Receipt Notification"
WRITER = mails.Writer("nora.lind@customer.example", "Nora Lind", "inbound-smtp.amazonaws.com")


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that DMARC proves; SES never batches. In a thread it quotes what it answers."""
    (one,) = said
    topic = current(config.topics)
    return sns.webhook(sns.notification(json.dumps(_notification(one, config, topic)), topic, SUBJECT))


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
