"""What AWS sends through SNS over HTTPS: the envelope, its signature, the confirmation that a subscription asks for.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

Here the public function calls somebody, which it does nowhere else: SNS, in the region of a topic that the shop has
named. It gets the certificate that signatures are checked with, once for each environment, and confirms a
subscription, once. Nobody whom the webhook names is called. Checked later, by the worker, anybody could fill the queue
with what is not signed; and the certificate can be no setting, for AWS changes it without a word.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from chalicelib import api, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unavailable, Unreadable
from chalicelib.models.provider import Live
from chalicelib.webhook import Request, Response, moment

SIGNED = {  # the values that are signed, in their order
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
OPTIONAL = {"Subject"}
COPIES = {"Type": "message-type", "MessageId": "message-id", "TopicArn": "topic-arn"}  # in x-amz-sns-… headers as well
TOPIC = re.compile(r"arn:(aws[a-z-]{0,20}):sns:([a-z0-9-]{3,30}):[0-9]{12}:[A-Za-z0-9._-]{1,256}", re.ASCII)
CERTIFICATE = re.compile(r"SimpleNotificationService-[0-9a-f]{32}\.pem", re.ASCII)
ISSUED_TO = re.compile(r"sns(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?", re.ASCII)
LATEST, EARLIEST = timedelta(minutes=65), timedelta(minutes=5)  # SNS tries for an hour at most; and clocks differ


class Certificate(NamedTuple):
    """What signatures are checked with, and between which times."""

    key: Any
    since: datetime
    until: datetime


def verify(request: Request, topics: Live, url: str = "") -> Response | None:
    """Whether SNS signed the envelope for one of `topics`. A subscription of theirs is confirmed at once.

    `url` is where SNS is, if not where AWS has it. Raises BadSignature, or Unavailable where SNS does not answer.
    """
    envelope = _envelope(request)
    topic = TOPIC.fullmatch(envelope["TopicArn"])
    if topic is None or not signing.shown(topics, envelope["TopicArn"]) or not _fresh(envelope, request.at):
        raise BadSignature
    official = f"https://sns.{topic[2]}.amazonaws.com{'.cn' if topic[1] == 'aws-cn' else ''}"
    given, _, name = envelope["SigningCertURL"].rpartition("/")
    if given != official or not CERTIFICATE.fullmatch(name):  # any other host may be a stranger's
        raise BadSignature
    if not _holds(envelope, _certificate(f"{url or official}/{name}"), request.at):
        raise BadSignature
    if envelope["Type"] != "SubscriptionConfirmation":
        return None
    _confirm(f"{url or official}/", envelope)
    return Response()


def notification(request: Request) -> tuple[str, str] | None:
    """The region of the topic, and what somebody published there; None for what SNS says itself. Raises Unreadable."""
    envelope = request.json_object()
    if envelope.get("Type") != "Notification":
        return None
    topic, text = TOPIC.fullmatch(str(envelope.get("TopicArn"))), envelope.get("Message")
    if topic is None or not isinstance(text, str):
        raise Unreadable("an SNS notification without its fields")
    return topic[2], text


def published(request: Request, text: str) -> dict[str, Any]:
    """What an AWS service published in a notification: a JSON object. Raises Unreadable."""
    return replace(request, body=text.encode("utf-8", "surrogatepass")).json_object()


def _envelope(request: Request) -> dict[str, str]:
    """The values of the envelope that are texts. Those that also stand in headers must stand there alike."""
    try:
        envelope = {name: value for name, value in request.json_object().items() if isinstance(value, str)}
    except Unreadable:
        raise BadSignature from None
    kind = envelope.get("Type", "")
    needed = {"Signature", "SignatureVersion", "SigningCertURL", *SIGNED.get(kind, ())} - OPTIONAL
    alike = all(request.header(f"x-amz-sns-{copy}") == envelope.get(name) for name, copy in COPIES.items())
    if kind not in SIGNED or not alike or not needed <= envelope.keys():
        raise BadSignature
    return envelope


def _fresh(envelope: dict[str, str], at: datetime) -> bool:
    sent = moment(envelope["Timestamp"])
    return sent is not None and -EARLIEST <= at - sent <= LATEST


def _holds(envelope: dict[str, str], certificate: Certificate, at: datetime) -> bool:
    """Whether the signature is the certificate's. Loaded late: only these webhooks need it."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    how = {"1": SHA1, "2": SHA256}.get(envelope["SignatureVersion"])
    theirs = signing.decoded(envelope["Signature"])
    # one spelling only: the last letter of base64 may have bits to spare
    strict = signing.same(signing.base64_digest(theirs), envelope["Signature"])
    if how is None or not strict or not certificate.since <= at <= certificate.until:
        return False
    lines = [f"{name}\n{envelope[name]}\n" for name in SIGNED[envelope["Type"]] if name in envelope]
    try:
        certificate.key.verify(theirs, "".join(lines).encode("utf-8", "surrogatepass"), PKCS1v15(), how())
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=8)
def _certificate(url: str) -> Certificate:
    """SNS's certificate, kept while the environment lives. That AWS made it is proved by where it comes from."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509.oid import NameOID

    try:
        found = x509.load_pem_x509_certificate(_asked(url).body)
        names = [str(name.value) for name in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        key = found.public_key()
    except ValueError:
        raise BadSignature from None
    if not isinstance(key, RSAPublicKey) or not any(map(ISSUED_TO.fullmatch, names)):
        raise BadSignature
    return Certificate(key, found.not_valid_before_utc, found.not_valid_after_utc)


def _confirm(url: str, envelope: dict[str, str]) -> None:
    """By the topic, which is ours, and the token, which is signed; the URL that came with them is not called."""
    query = {"Action": "ConfirmSubscription", "TopicArn": envelope["TopicArn"], "Token": envelope["Token"]}
    _asked(url, query)


def _asked(url: str, query: dict[str, str] | None = None) -> api.Answer:
    """SNS's answer. Raises BadSignature where it says no; Unavailable where it says nothing: this comes again."""
    try:
        answer = api.call("GET", url, query=query)
        api.refuse(answer, "SNS")
    except SendFailed as failure:
        raise (BadSignature if failure.outcome is Outcome.REFUSED else Unavailable) from None
    return answer
