"""SNS's envelope and its signature, by a key of the stand-in's own that is worth nothing anywhere else."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chalicelib.models.provider import current
from infra.simulate import CannotSign, Webhook

P = int("e8954df01c6289f660809c931eead5963d6daf6e9850644deef39ccd8f54a504"
        "ee06c21ab401bb43c156cb902cb57e3800c4929885c607ab8294c6649a1d26b7", 16)  # fmt: skip
Q = int("d1c5502b1cdb64c4d8a9a36f867b58073556c1cdd2f89166f4b807305eb4aee8"
        "8869231c50342ccb64f201fed57aa1fc0dda4d85109c51cdca3f64e8e17168af", 16)  # fmt: skip
E = 65537
CERTIFICATE = "SimpleNotificationService-5a1fdc0e7b3946c28d9f0e6ab1c24d35.pem"  # as AWS names them
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 1, 1, tzinfo=UTC)
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HEADERS = {"x-amz-sns-message-type": "Type", "x-amz-sns-message-id": "MessageId", "x-amz-sns-topic-arn": "TopicArn"}


def notification(message: str, topic: str, subject: str = "") -> dict[str, str]:
    """An envelope, unsigned. Its id comes from what it holds."""
    seed = hashlib.sha256(message.encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "Type": "Notification",
        "MessageId": f"{seed[:8]}-{seed[8:12]}-{seed[12:16]}-{seed[16:20]}-{seed[20:32]}",
        "TopicArn": topic,
        **({"Subject": subject} if subject else {}),
        "Message": message,
    }


def webhook(envelope: Mapping[str, str]) -> Webhook:
    """An envelope on its way."""
    return Webhook(body=json.dumps(envelope).encode(), headers={"content-type": "text/plain; charset=UTF-8"})


def seal(webhook: Webhook, at: datetime, config: Any) -> bytes:
    """The envelope with a signature as of SNS in it: one that is believed where `sns_url` shows our certificate."""
    if not config.sns_url:
        raise CannotSign("it comes from AWS itself, which alone can sign it: write to your shop")
    return sealed(webhook.body, at, current(config.topics))


def sign(webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
    """What of the envelope stands in headers as well."""
    return headers(webhook.body)


def sealed(body: bytes, at: datetime, topic: str) -> bytes:
    """The envelope in `body`, signed for `topic`; what is none was published there as it is.

    Raises ValueError for what is no text.
    """
    envelope = _envelope(body) or notification(body.decode("utf-8"), topic)
    region = topic.split(":")[3] if topic.count(":") == 5 else "us-east-1"
    host = f"https://sns.{region}.amazonaws.com"
    stamped = {
        **envelope,
        "TopicArn": topic,
        "Timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "2",
        "SigningCertURL": f"{host}/{CERTIFICATE}",
        "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={topic}:5a1fdc0e",
    }
    signature = key().sign(content(stamped), padding.PKCS1v15(), SHA256())
    return json.dumps({**stamped, "Signature": base64.b64encode(signature).decode()}, indent=2).encode()


def headers(body: bytes) -> dict[str, str]:
    """What of an envelope stands in headers as well."""
    envelope = _envelope(body) or {}
    return {header: str(envelope.get(name, "")) for header, name in HEADERS.items()}


def content(envelope: Mapping[str, Any]) -> bytes:
    """What is signed. Raises ValueError for what SNS never sends."""
    try:
        names = [name for name in SIGNED[envelope["Type"]] if name in envelope]
        return "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()
    except (KeyError, TypeError) as error:
        raise ValueError("no envelope of SNS's") from error


@cache
def key() -> rsa.RSAPrivateKey:
    d = rsa.rsa_recover_private_exponent(E, P, Q)
    public = rsa.RSAPublicNumbers(E, P * Q)
    numbers = rsa.RSAPrivateNumbers(
        P, Q, d, rsa.rsa_crt_dmp1(d, P), rsa.rsa_crt_dmq1(d, Q), rsa.rsa_crt_iqmp(P, Q), public
    )
    return numbers.private_key()


@cache
def certificate() -> bytes:
    """The certificate of the key, in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, key().public_key(), 1, SINCE, UNTIL).sign(key(), SHA256())
    return made.public_bytes(Encoding.PEM)


def _envelope(body: bytes) -> dict[str, Any] | None:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return envelope if isinstance(envelope, dict) and "TopicArn" in envelope else None
