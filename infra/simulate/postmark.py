"""Postmark's inbound webhook: a customer's mail, or an agent's answer from a mailbox."""

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from json import dumps
from typing import Any

from chalicelib.mail import MARKER, tokened
from infra.simulate import File, Said, Webhook, basic

CUSTOMER, CUSTOMER_NAME = "mira.olsen@customer.example", "Mira Olsen"
RELAY = "p-pm-inboundg01a-aws-useast1a"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One mail that SPF and DKIM prove; Postmark never batches. In a thread it quotes what it answers."""
    (one,) = said
    sender, name = one.sender or CUSTOMER, one.name or ("" if one.sender else CUSTOMER_NAME)
    to = tokened(config.inbound_address, one.thread) or config.inbound_address
    date = format_datetime(one.at)
    post = {
        "FromName": name,
        "MessageStream": "inbound",
        "From": sender,
        "FromFull": {"Email": sender, "Name": name, "MailboxHash": ""},
        "To": to,
        "ToFull": [{"Email": to, "Name": "", "MailboxHash": one.thread}],
        "Cc": "",
        "CcFull": [],
        "Bcc": "",
        "BccFull": [],
        "OriginalRecipient": to,
        "Subject": "Re: your conversation" if one.thread else (one.text.split("\n")[0][:60] or "A question"),
        "MessageID": str(uuid.uuid5(uuid.NAMESPACE_OID, one.id)),
        "ReplyTo": "",
        "MailboxHash": one.thread,
        "Date": date,
        "TextBody": one.text + (_history(one, config) if one.thread else ""),
        "HtmlBody": "",
        "StrippedTextReply": "",
        "Tag": "",
        "Headers": [{"Name": name, "Value": value} for name, value in _headers(one, sender, date)],
        "Attachments": [_attached(file) for file in one.files],
    }
    return Webhook(body=dumps(post).encode(), headers={"content-type": "application/json; charset=utf-8"})


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """The user name and password of the webhook's address."""
    return basic(config.webhook_user, config.webhook_password)


def _headers(one: Said, sender: str, date: str) -> list[tuple[str, str]]:
    """Postmark's own first, then the line on where it got the mail from, then the sender's."""
    domain = sender.rpartition("@")[2]
    relay = f"{RELAY}.inbound.postmarkapp.com"
    spf = f"pass ({domain}: Sender is authorized to use '{sender}' in 'mfrom' identity) receiver={RELAY}; "
    written = [
        ("Return-Path", f"<{sender}>"),
        ("Received", f"by {relay} (Postfix, from userid 996)\tid 4E7A1F; {date}"),
        ("X-Spam-Status", "No"),
        ("X-Spam-Score", "-0.1"),
        ("X-Spam-Tests", "DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_HELO_PASS,\tSPF_PASS"),
        ("Received-SPF", f'{spf}identity=mailfrom; envelope-from="{sender}"; helo=mail.{domain}; client-ip=192.0.2.25'),
        ("Received", f"from mail.{domain} (mail.{domain} [192.0.2.25])\tby {relay} (Postfix) with ESMTPS; {date}"),
        ("MIME-Version", "1.0"),
        ("Message-ID", f"<{uuid.uuid5(uuid.NAMESPACE_URL, one.id).hex}@{domain}>"),
    ]
    return [*written, ("In-Reply-To", "<what-it-answers@shop.example>")] if one.thread else written


def _history(one: Said, config: Any) -> str:
    """What a mail program puts below an answer."""
    quoted = [MARKER, "", "What the customer wrote before."]
    lines = "\n".join(f"> {line}".rstrip() for line in quoted)
    return f"\n\nOn {one.at:%d %b %Y at %H:%M}, {config.sender} wrote:\n\n{lines}\n"


def _attached(file: File) -> dict[str, Any]:
    return {
        "Name": file.name,
        "Content": base64.b64encode(file.content).decode(),
        "ContentType": file.type,
        "ContentLength": len(file.content),
        "ContentID": "",
    }
