"""Brevo's inbound webhook: customers' mails, or an agent's answer from a mailbox. Files stay at Brevo."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from infra.simulate import File, Said, Webhook, basic, mails

CUSTOMER, CUSTOMER_NAME = "otto.brandt@customer.example", "Otto Brandt"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """Mails that DMARC proves to whom `verdict_server` is. In a thread one quotes what it answers."""
    body = {"items": [_item(one, config) for one in said]}
    return Webhook(body=json.dumps(body).encode(), headers={"content-type": "application/json"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """The user name and password of the webhook's address."""
    return basic(config.webhook_user, config.webhook_password)


def held(said: Sequence[Said], config: Any) -> Mapping[str, File]:
    return {_token(one, place): file for one in said for place, file in enumerate(one.files)}


def _item(one: Said, config: Any) -> dict[str, Any]:
    sender, name = one.sender or CUSTOMER, one.name or ("" if one.sender else CUSTOMER_NAME)
    domain, to = sender.rpartition("@")[2], mails.to(one, config)
    date, id = format_datetime(one.at), f"<{uuid.uuid5(uuid.NAMESPACE_URL, one.id).hex}@{domain}>"
    subject = "Re: your conversation" if one.thread else mails.subject(one)
    answered = "<what-it-answers@shop.example>" if one.thread else None
    verdict = f"{config.verdict_server}; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
    text = one.text + (mails.history(one.at, config) if one.thread else "")
    headers = {
        "Received": f"from mail.{domain} by inbound.brevo.example with ESMTPS; {date}",
        "Authentication-Results": verdict,
        "Date": date,
        "Message-ID": id,
        "Subject": subject,
        "Mime-Version": "1.0",
    }
    return {
        "Uuid": [str(uuid.uuid5(uuid.NAMESPACE_OID, one.id))],
        "MessageId": id,
        "InReplyTo": answered,
        "From": {"Name": name or None, "Address": sender},
        "To": [{"Name": None, "Address": to}],
        "Cc": [],
        "ReplyTo": None,
        "SentAtDate": date,
        "Subject": subject,
        "Attachments": [_attached(one, place) for place in range(len(one.files))],
        "Headers": {**headers, **({"In-Reply-To": answered} if answered else {})},
        "SpamScore": 0.1,
        "ExtractedMarkdownMessage": one.text,
        "ExtractedMarkdownSignature": None,
        "RawHtmlBody": None,
        "RawTextBody": text.replace("\n", "\r\n"),
    }


def _attached(one: Said, place: int) -> dict[str, Any]:
    file = one.files[place]
    about = {"Name": file.name, "ContentType": file.type, "ContentLength": len(file.content), "ContentID": None}
    return {**about, "DownloadToken": _token(one, place)}


def _token(one: Said, place: int) -> str:
    return hashlib.sha256(f"{one.id} {place}".encode()).hexdigest()
