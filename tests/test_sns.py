"""SNS over HTTPS: whose signature is taken, what is called for it and what never is."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from moto import mock_aws
from moto.sns.models import sns_backends
from pydantic import SecretStr

from chalicelib import api, sns
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unavailable, Unreadable
from chalicelib.webhook import Request, Response
from infra.simulate import sns as simulator

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REGION = "eu-central-1"
HOST = f"https://sns.{REGION}.amazonaws.com"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:shop-mail"
TOPICS = (SecretStr("arn:aws:sns:us-east-1:123456789012:bounces"), SecretStr(TOPIC))
CERTIFICATE = f"{HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
KEY = rsa.generate_private_key(65537, 2048)
HASHES = {"1": SHA1, "2": SHA256}


def certificate(
    key: Any = KEY, name: str = "sns.amazonaws.com", since: datetime = AT - timedelta(days=9), days: int = 99
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, since, since + timedelta(days=days))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


PEM = certificate()


class Outside:
    """What is called, and what it answers."""

    def __init__(self) -> None:
        self.called: list[api.Call] = []
        self.answer: Callable[[api.Call], api.Answer] = lambda call: api.Answer(200, {}, PEM)

    def transport(self, call: api.Call) -> api.Answer:
        self.called.append(call)
        return self.answer(call)

    @property
    def urls(self) -> list[str]:
        return [call.url for call in self.called]


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    made = Outside()
    monkeypatch.setattr(api, "transport", made.transport)
    sns._certificate.cache_clear()
    yield made
    sns._certificate.cache_clear()


def envelope(kind: str = "Notification", **more: Any) -> dict[str, Any]:
    made = {
        "Type": kind,
        "MessageId": "7f0d5c1e-0000-5000-8000-000000000001",
        "TopicArn": TOPIC,
        "Message": '{"notificationType": "Received", "text": "Grüße 📦"}',
        "Timestamp": "2026-03-02T08:59:58.120Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    }
    if kind != "Notification":
        made |= {"Token": "token-1", "SubscribeURL": f"{HOST}/?Action=ConfirmSubscription&Token=token-1"}
    return {name: value for name, value in {**made, **more}.items() if value is not None}


def sign(made: dict[str, Any], key: rsa.RSAPrivateKey = KEY) -> dict[str, Any]:
    how = HASHES.get(made["SignatureVersion"], SHA256)()
    signature = key.sign(simulator.content(made), padding.PKCS1v15(), how)
    return {**made, "Signature": base64.b64encode(signature).decode()}


def request(made: dict[str, Any], at: datetime = AT, headers: Mapping[str, str] = {}) -> Request:
    copies = {header: str(made.get(name, "")) for header, name in simulator.HEADERS.items()}
    given = {**copies, **headers}
    return Request(url="https://shop.example/webhooks/x", headers=given, body=json.dumps(made).encode(), at=at)


def verified(given: Request) -> Response | None:
    return sns.verify(given, TOPICS)


def refused(given: Request) -> bool:
    try:
        verified(given)
    except BadSignature:
        return True
    return False


# ---- taken ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "", "A word"])
def test_both_versions_of_the_signature_are_taken(version: str, subject: str | None) -> None:
    assert verified(request(sign(envelope(SignatureVersion=version, Subject=subject)))) is None
    assert verified(request(sign(envelope("UnsubscribeConfirmation", SignatureVersion=version)))) is None
    assert refused(request({**sign(envelope(SignatureVersion=version)), "SignatureVersion": "12".strip(version)}))


def test_a_subject_that_is_null_is_none() -> None:
    assert verified(request({**sign(envelope()), "Subject": None})) is None


def test_another_implementation_is_taken(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto signs what it sends; only a Subject it leaves out, which SNS signs too."""
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        topics, queues = boto3.client("sns", REGION), boto3.client("sqs", REGION)
        topic = topics.create_topic(Name="shop-mail")["TopicArn"]
        queue = queues.create_queue(QueueName="inbox")["QueueUrl"]
        topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:inbox")
        topics.publish(TopicArn=topic, Message='{"notificationType": "Received"}')
        body = queues.receive_message(QueueUrl=queue)["Messages"][0]["Body"]
        pems = dict(sns_backends["123456789012"][REGION]._message_public_keys)
    outside.answer = lambda call: api.Answer(200, {}, pems[call.url.rpartition("/")[2]])
    given = request(json.loads(body), at=datetime.now(UTC))
    assert sns.verify(given, (SecretStr(topic),)) is None
    assert sns.notification(given) == (REGION, '{"notificationType": "Received"}')
    other = request({**json.loads(body), "Message": "{}"}, at=datetime.now(UTC))
    with pytest.raises(BadSignature):
        sns.verify(other, (SecretStr(topic),))


def test_the_certificate_is_fetched_once(outside: Outside) -> None:
    for _ in range(3):
        assert verified(request(sign(envelope()))) is None
    assert outside.urls == [CERTIFICATE]
    assert [call.method for call in outside.called] == ["GET"]


def test_in_china_hosts_end_otherwise(outside: Outside) -> None:
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:x"
    host = "https://sns.cn-north-1.amazonaws.com"
    name = CERTIFICATE.rpartition("/")[2]
    right = sign(envelope(TopicArn=topic, SigningCertURL=f"{host}.cn/{name}"))
    assert sns.verify(request(right), (SecretStr(topic),)) is None
    with pytest.raises(BadSignature):
        sns.verify(request({**right, "SigningCertURL": f"{host}/{name}"}), (SecretStr(topic),))


def test_a_stand_in_is_asked_in_the_place_of_aws(outside: Outside) -> None:
    assert sns.verify(request(sign(envelope())), TOPICS, "http://127.0.0.1:8001/ses") is None
    assert outside.urls == [CERTIFICATE.replace(HOST, "http://127.0.0.1:8001/ses")]


# ---- subscriptions ----------------------------------------------------------------------------------------------


def test_a_subscription_of_our_topic_is_confirmed_by_what_is_signed(outside: Outside) -> None:
    asked = sign(envelope("SubscriptionConfirmation", Token="t/1 &x", SubscribeURL="https://evil.example/?Token=1"))
    assert verified(request(asked)) == Response()
    (_, call) = outside.called
    assert (call.method, call.url) == ("GET", f"{HOST}/")
    assert call.query == {"Action": "ConfirmSubscription", "TopicArn": TOPIC, "Token": "t/1 &x"}


def test_no_other_subscription_is_confirmed(outside: Outside) -> None:
    theirs = sign(envelope("SubscriptionConfirmation", TopicArn=TOPIC.replace("123456789012", "210987654321")))
    assert refused(request(theirs)) and not outside.called
    changed = {**sign(envelope("SubscriptionConfirmation")), "Token": "token-2"}
    assert refused(request(changed)) and outside.urls == [CERTIFICATE]


@pytest.mark.parametrize(("status", "error"), [(400, BadSignature), (403, BadSignature), (500, Unavailable)])
def test_a_confirmation_that_sns_does_not_take(outside: Outside, status: int, error: type[Exception]) -> None:
    outside.answer = lambda call: api.Answer(status if call.query else 200, {}, b"" if call.query else PEM)
    with pytest.raises(error):
        verified(request(sign(envelope("SubscriptionConfirmation"))))


# ---- refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_each_signed_value_counts(kind: str) -> None:
    right = sign(envelope(kind, Subject="A word"))
    for name in simulator.SIGNED[kind]:
        for value in (f"{right[name]}x", right[name].replace("1", "2"), None, 5, [right[name]]):
            if value != right[name] and (name, value) != ("Timestamp", "2026-03-02T08:59:58.120Z"):
                assert refused(request({**right, name: value})), (name, value)
        assert refused(request({key: value for key, value in right.items() if key != name})), name


@pytest.mark.parametrize("kind", ["", "notification", "Publish", None, 5, [], {}])
def test_a_kind_that_sns_does_not_have_is_refused(kind: Any) -> None:
    assert refused(request({**sign(envelope()), "Type": kind}))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("https://", "https://user:word@"),
        CERTIFICATE.replace(".com/", ".com:443/"),
        CERTIFICATE.replace(".com/", ".com./"),
        CERTIFICATE.replace(".com/", ".com.evil.example/"),
        CERTIFICATE.replace(REGION, "evil-bucket"),
        CERTIFICATE.replace(REGION, "us-east-1"),
        CERTIFICATE.replace("sns.", "s3."),
        CERTIFICATE.replace("sns.eu-central-1", "sns"),
        CERTIFICATE.replace("sns.", "SNS."),
        f"{CERTIFICATE}?x=1",
        f"{CERTIFICATE}#x",
        f"{CERTIFICATE}/",
        f"{CERTIFICATE}\n",
        CERTIFICATE.replace("/Simple", "/../Simple"),
        CERTIFICATE.replace("/Simple", "/x/Simple"),
        CERTIFICATE.replace("Simple", "%53imple"),
        CERTIFICATE.replace(".pem", ".PEM"),
        CERTIFICATE.replace("0123", "0123a"),
        CERTIFICATE.replace("abcdef", "abcdeg"),
        f"{HOST}/",
        f"{HOST}\\@evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
    ],
)
def test_no_certificate_is_fetched_from_elsewhere(url: str, outside: Outside) -> None:
    assert refused(request(sign(envelope(SigningCertURL=url))))
    assert not outside.called


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "x",
        TOPIC.upper(),
        f"{TOPIC}x",
        f"{TOPIC}\n",
        TOPIC.replace("123456789012", "210987654321"),
        TOPIC.replace("eu-central-1", "eu-west-1"),
        f"{TOPICS[0].get_secret_value()} {TOPIC}",
    ],
)
def test_a_topic_that_is_not_ours_calls_nobody(topic: str, outside: Outside) -> None:
    assert refused(request(sign(envelope(TopicArn=topic))))
    assert not outside.called


def test_a_setting_that_is_no_topic_lets_nobody_in(outside: Outside) -> None:
    for topic in ("arn:aws:sns:evil.example/x:123456789012:y", "*", "arn:aws:sqs:eu-central-1:123456789012:x"):
        with pytest.raises(BadSignature):
            sns.verify(request(sign(envelope(TopicArn=topic))), (SecretStr(topic),))
    assert not outside.called


@pytest.mark.parametrize(("minutes", "wanted"), [(-5, False), (-6, True), (0, False), (64, False), (66, True)])
def test_what_is_older_than_sns_tries_is_refused(minutes: int, wanted: bool) -> None:
    sent = AT - timedelta(minutes=minutes)
    given = sign(envelope(Timestamp=sent.isoformat(timespec="milliseconds").replace("+00:00", "Z")))
    assert refused(request(given)) is wanted


@pytest.mark.parametrize("stamp", ["", "now", "1772442000", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    assert refused(request(sign(envelope(Timestamp=stamp))))


@pytest.mark.parametrize("header", list(simulator.HEADERS))
def test_what_a_header_says_otherwise_is_refused(header: str, outside: Outside) -> None:
    for value in ("", "x", "\udcff"):
        assert refused(request(sign(envelope()), headers={header: value}))
    assert not outside.called


@pytest.mark.parametrize("version", ["", "0", "3", "１", "2 ", "SHA256"])
def test_a_version_that_is_not_known_is_refused(version: str) -> None:
    assert refused(request(sign(envelope(SignatureVersion=version))))


def test_a_signature_has_one_spelling() -> None:
    right = sign(envelope())
    signature = right["Signature"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert signature.endswith("==")  # the last letter has four bits to spare
    spare = signature[:-3] + letters[letters.index(signature[-3]) + 1] + "=="
    assert base64.b64decode(spare) == base64.b64decode(signature)
    for other in (spare, "", "A", f"{signature}=", signature[:-2], f" {signature}", f"{signature}\n", "ü", "\ud800"):
        assert refused(request({**right, "Signature": other})), other


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"<html>",
        certificate(rsa.generate_private_key(65537, 2048)),
        certificate(ec.generate_private_key(ec.SECP256R1())),
        certificate(name="evil.example"),
        certificate(name="sns.amazonaws.com.evil.example"),
        certificate(since=AT + timedelta(seconds=1)),
        certificate(since=AT - timedelta(days=9), days=8),
    ],
    ids=["empty", "cut", "page", "another key", "another kind", "name", "long name", "not yet", "no more"],
)
def test_a_certificate_that_does_not_fit_is_refused(pem: bytes, outside: Outside) -> None:
    outside.answer = lambda call: api.Answer(200, {}, pem)
    assert refused(request(sign(envelope())))


def test_a_certificate_by_the_name_of_its_region_fits(outside: Outside) -> None:
    outside.answer = lambda call: api.Answer(200, {}, certificate(name=f"sns.{REGION}.amazonaws.com"))
    assert not refused(request(sign(envelope())))


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.UNKNOWN])
def test_where_sns_does_not_answer_it_comes_again(outcome: Outcome, outside: Outside) -> None:
    def silent(call: api.Call) -> api.Answer:
        raise SendFailed("no answer came", outcome)

    outside.answer = silent
    with pytest.raises(Unavailable):
        verified(request(sign(envelope())))
    for status, error in ((503, Unavailable), (500, Unavailable), (403, BadSignature), (301, BadSignature)):
        outside.answer = lambda call, status=status: api.Answer(status, {}, PEM)  # type: ignore[misc]
        with pytest.raises(error):
            verified(request(sign(envelope())))
    outside.answer = lambda call: api.Answer(200, {}, PEM)
    assert verified(request(sign(envelope()))) is None  # what failed was not kept


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"{}", b"\xff", b'{"Type": "Notification"}'])
def test_what_is_no_envelope_is_refused(body: bytes, outside: Outside) -> None:
    for headers in ({}, {"x-amz-sns-message-type": "Notification"}):
        assert refused(Request(url="", headers=headers, body=body, at=AT))
    assert not outside.called


# ---- read -------------------------------------------------------------------------------------------------------


def test_only_a_notification_tells_something() -> None:
    assert sns.notification(request(envelope(Message="words"))) == (REGION, "words")
    for kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation", "Other"):
        assert sns.notification(request(envelope(kind))) is None


@pytest.mark.parametrize("change", [{"Message": None}, {"Message": {}}, {"TopicArn": None}, {"TopicArn": "arn:x"}])
def test_a_notification_without_its_fields_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        sns.notification(request(envelope(**change)))
