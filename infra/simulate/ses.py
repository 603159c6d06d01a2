"""SES's notification of a mail, by SNS: a customer's, or an agent's answer from a mailbox. It holds the mail itself."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

from chalicelib.mail import MARKER, tokened
from chalicelib.models import current
from infra.simulate import CannotSign, Said, Webhook, sns

CUSTOMER, CUSTOMER_NAME = "nora.lind@customer.example", "Nora Lind"


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
    sender, name = one.sender or CUSTOMER, one.name or ("" if one.sender else CUSTOMER_NAME)
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["Received"] = f"from mail.{domain} by inbound-smtp.amazonaws.com with SMTP; {format_datetime(one.at)}"
    mail["From"] = formataddr((name, sender))
    mail["To"] = _to(one, config)
    mail["Subject"] = "Re: your conversation" if one.thread else _subject(one)
    mail["Date"] = format_datetime(one.at)
    mail["Message-ID"] = f"<{_id(one)}@{domain}>"
    if one.thread:
        mail["In-Reply-To"] = "<what-it-answers@shop.example>"
    mail.set_content(one.text + (_history(one, config) if one.thread else ""), cte="base64")
    for file in one.files:
        kind, _, subtype = file.type.partition("/")
        mail.add_attachment(file.content, maintype=kind, subtype=subtype or "octet-stream", filename=file.name)
    return mail.as_bytes()


def _notification(one: Said, config: Any, topic: str) -> dict[str, Any]:
    mail, at = raw(one, config), one.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    passed = {f"{name}Verdict": {"status": "PASS"} for name in ("spam", "virus", "spf", "dkim", "dmarc")}
    to = [_to(one, config)]
    action = {"type": "SNS", "topicArn": topic, "encoding": "BASE64"}
    return {
        "notificationType": "Received",
        "mail": {"timestamp": at, "source": one.sender or CUSTOMER, "messageId": _id(one), "destination": to},
        "receipt": {"timestamp": at, "processingTimeMillis": 412, "recipients": to, **passed, "action": action},
        "content": base64.b64encode(mail).decode(),
    }


def _to(one: Said, config: Any) -> str:
    return tokened(config.inbound_address, one.thread) or str(config.inbound_address)


def _subject(one: Said) -> str:
    printable = "".join(letter for letter in one.text.split("\n")[0] if letter.isprintable())
    return printable[:60] or "A question"


def _id(one: Said) -> str:
    return hashlib.sha256(one.id.encode()).hexdigest()[:40]


def _history(one: Said, config: Any) -> str:
    """What a mail program puts below an answer."""
    quoted = [MARKER, "", "What the customer wrote before."]
    lines = "\n".join(f"> {line}".rstrip() for line in quoted)
    return f"\n\nOn {one.at:%d %b %Y at %H:%M}, {config.sender} wrote:\n\n{lines}\n"
