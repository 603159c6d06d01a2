"""SMS through AWS: what SNS tells means, and what we send is what AWS's own SDK would send, and it understands."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.session import Session
from moto.core.botocore_stubber import MockRawResponse

from chalicelib import api, sns
from chalicelib.errors import OPTED_OUT, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can
from chalicelib.providers import aws_sms
from chalicelib.webhook import Request
from infra.simulate import sns as envelopes
from infra.world import Sent, World
from infra.world import aws_sms as world_part
from tests.lab import SHOP, START, laboratory
from tests.lab.everything import EVERYTHING_SECRETS, Door, config

CONFIG = config("aws_sms")
TOPIC = EVERYTHING_SECRETS["SHOPBELL_AWS_SMS_TOPICS"]
CUSTOMER = "+4915123456712"
SMS = {"originationNumber": CUSTOMER, "messageBody": "Hello", "inboundMessageId": "i1"}


def outgoing(text: str = "Ja, gern 🙂", to: str = CUSTOMER) -> Outgoing:
    return Outgoing(key="k1-000", to=to, text=text, at=START)


def read(told: object) -> list[Message | Receipt]:
    text = told if isinstance(told, str) else json.dumps(told)
    body = json.dumps(envelopes.notification(text, TOPIC)).encode()
    return aws_sms.parse(Request(url="", body=body, at=START), CONFIG)


# ---- what comes in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        "words",
        "[]",
        {},
        {"inboundMessageId": "i1"},
        {**SMS, "inboundMessageId": 7},
        {**SMS, "originationNumber": None},
        {**SMS, "messageBody": ["x"]},
        {"eventType": "TEXT_DELIVERED"},
        {"eventType": None, "messageId": "m"},
    ],
)
def test_what_lacks_its_fields_is_unreadable(told: object) -> None:
    with pytest.raises(Unreadable):
        read(told)


def test_a_receipt_never_shows_more_than_a_line() -> None:
    (found,) = read({"eventType": "TEXT_SPAM", "messageId": "m1", "messageStatusDescription": f"a\nb {'x' * 900}"})
    assert isinstance(found, Receipt) and found.progress is Progress.FAILED
    assert found.reason.startswith("AWS: a b xxx") and len(found.reason) <= 205


def test_what_sns_says_itself_is_nothing() -> None:
    asked = {**envelopes.notification("You have chosen to subscribe.", TOPIC), "Type": "SubscriptionConfirmation"}
    assert sns.notification(Request(url="", body=json.dumps(asked).encode(), at=START)) is None


# ---- what goes out, by AWS's own SDK ----------------------------------------------------------------------------

TEXT = {
    "DestinationPhoneNumber": CUSTOMER,
    "OriginationIdentity": CONFIG.number,
    "MessageBody": "Hi",
    "MessageType": "TRANSACTIONAL",
}
Answer = Callable[[AWSPreparedRequest], AWSResponse]


@contextmanager
def client(answer: Answer) -> Iterator[Any]:
    """The SDK's own client, whose requests `answer` gets."""
    sdk = made()
    events: Any = sdk.meta.events
    events.register("before-send", hook := lambda request, **rest: answer(request))
    try:
        yield sdk
    finally:
        events.unregister("before-send", hook)


@cache
def made() -> Any:
    keys: Any = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    return Session().create_client("pinpoint-sms-voice-v2", "eu-central-1", **keys)


def answered(request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, HTTPHeaders(), MockRawResponse(body))


@pytest.mark.parametrize("configuration_set", ["shopbell", ""])
def test_our_call_is_the_sdks(configuration_set: str, function: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ours: list[api.Call] = []
    theirs: list[Any] = []

    def transport(call: api.Call) -> api.Answer:
        ours.append(call)
        return api.Answer(200, {}, b'{"MessageId": "m"}')

    monkeypatch.setattr(api, "transport", transport)
    aws_sms.send(outgoing(), CONFIG.model_copy(update={"api_url": "", "configuration_set": configuration_set}))

    def answer(request: AWSPreparedRequest) -> AWSResponse:
        theirs.append(request)
        return answered(request, 200, b'{"MessageId": "m"}')

    more = {"ConfigurationSetName": configuration_set} if configuration_set else {}
    with client(answer) as sdk:
        sdk.send_text_message(**{**TEXT, "MessageBody": "Ja, gern 🙂"}, **more)
    (call,), (request,) = ours, theirs
    assert (call.method, call.url, call.json) == (request.method, request.url, json.loads(request.body))
    for header in ("X-Amz-Target", "Content-Type"):
        assert call.headers[header].encode() == _bytes(request.headers[header])
    signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-target"
    assert signed in call.headers["Authorization"] and "/eu-central-1/sms-voice/aws4_request" in str(call.headers)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def test_the_longest_text_is_one_that_the_sdk_sends() -> None:
    limit = Session().get_service_model("pinpoint-sms-voice-v2").shape_for("TextMessageBody").metadata["max"]
    can: Can = aws_sms.can
    assert can.units and max(can.text, can.units) <= limit == world_part.LONGEST


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({}, "", ""),
        ({"DestinationPhoneNumber": "nobody"}, "ValidationException", "INVALID_PARAMETER"),
        ({"MessageType": "LOUD"}, "ValidationException", "INVALID_PARAMETER"),
        ({"Colour": "red"}, "ValidationException", "INVALID_PARAMETER"),
        ({"MessageBody": " "}, "ValidationException", "FIELD_VALIDATION_FAILED"),
        ({"MessageBody": "x" * 1601}, "ValidationException", "FIELD_VALIDATION_FAILED"),
        ({"OriginationIdentity": "+491"}, "ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND"),
        ({"DestinationPhoneNumber": "+4917000"}, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
    ],
)
def test_the_sdk_understands_the_stand_in(change: dict[str, Any], code: str, reason: str) -> None:
    world = World(EVERYTHING_SECRETS)
    world.state["aws_sms"] = {"opted_out": ["+4917000"]}

    def answer(request: AWSPreparedRequest) -> AWSResponse:
        named = {name.lower(): _bytes(value).decode() for name, value in request.headers.items()}
        body = json.dumps(TEXT | change).encode()  # what the SDK itself would not let through
        sent = Sent(part="aws_sms", method="POST", path="/", headers={**PROOF, **named, **PROOF}, body=body)
        said = world_part.answer(sent, world)
        return answered(request, said.status, said.body)

    found = ("", "")
    try:
        with client(answer) as sdk:
            sdk.send_text_message(**TEXT)
    except ClientError as error:
        found = (error.response["Error"]["Code"], str(error.response.get("Reason", "")))
    assert found == (code, reason) and len(world.ledger) == (not code)


PROOF = {
    "authorization": "AWS4-HMAC-SHA256 Credential=x/20260302/eu-central-1/sms-voice/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}",
    "x-amz-date": "20260302T090000Z",
}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"authorization": PROOF["authorization"].replace("sms-voice", "ses")}, 403),
        ({**PROOF, "x-amz-target": "PinpointSMSVoiceV2.SendVoiceMessage"}, 400),
        ({**PROOF, "x-amz-target": world_part.TARGET, "content-type": "application/json"}, 400),
    ],
)
def test_the_stand_in_refuses_a_bad_call(headers: dict[str, str], status: int) -> None:
    sent = Sent(part="aws_sms", method="POST", path="/", headers=headers, body=b"{}")
    assert world_part.answer(sent, World(EVERYTHING_SECRETS)).status == status


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (400, {"__type": "ConflictException", "Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"}, "refused", OPTED_OUT),
        (400, {"__type": "ConflictException", "Reason": "NEW", "Message": "Not\nso."}, "refused", "AWS: Not so."),
        (400, {"__type": "a#AccessDeniedException", "Reason": "ACCOUNT_DISABLED"}, "refused", "ended"),
        (400, {"__type": "AccessDeniedException", "Message": "arn:aws:sts::1"}, "refused", "role"),
        (400, {"__type": "ThrottlingException", "Message": "Rate exceeded"}, "not sent", "Rate exceeded"),
        (400, {"__type": "ValidationException", "Message": "x"}, "refused", "x"),
        (500, {"__type": "InternalServerException"}, "unknown", "InternalServerException"),
        (503, {}, "not sent", "503"),
        (200, {}, "unknown", "MessageId"),
    ],
)
def test_what_an_answer_says(
    status: int, body: dict[str, Any], outcome: str, reason: str, function: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "transport", lambda call: api.Answer(status, {}, json.dumps(body).encode()))
    with pytest.raises(SendFailed) as failed:
        aws_sms.send(outgoing(), CONFIG)
    assert failed.value.outcome is Outcome(outcome) and reason in failed.value.reason


# ---- both ways --------------------------------------------------------------------------------------------------


def receipts(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    every = (delivery for row in rows for delivery in row.get("deliveries", {}).values())
    return (delivery for delivery in every if "receipt" in delivery)


def test_a_conversation_goes_both_ways_and_aws_alone_answers_help() -> None:
    with laboratory(SHOP + "[providers.aws_sms]\n", EVERYTHING_SECRETS) as lab:
        for number, text in enumerate(("Where is my order?", "help"), 1):
            lab.ring("aws_sms", lab.say(text, number, "aws_sms"))
            lab.settle()
        lab.ring("slack", lab.say("It is on its way", 10, "slack", thread=lab.thread()))
        lab.settle()
        receipt = world_part.receipt(lab.texts()[-1], "delivered", lab.world)
        assert receipt and lab.post_signed("aws_sms", receipt) == 200
        lab.settle()
        assert [entry.text for entry in lab.texts()] == ["Thank you for writing to Corner Shop.", "It is on its way"]
        assert [one["receipt"] for one in receipts(lab.rows())] == ["delivered"]


def test_a_subscription_is_confirmed_at_the_front_door(front: Door) -> None:
    """As SES's is, by the same SNS."""
    asked = {**envelopes.notification("You have chosen to subscribe.", TOPIC), "Type": "SubscriptionConfirmation"}
    asked |= {"Token": "token-1", "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"}
    sealed = envelopes.sealed(json.dumps(asked).encode(), START, TOPIC)
    request = Request(url="", headers=envelopes.headers(sealed), body=sealed, at=START)
    assert aws_sms.verify(request, CONFIG) == aws_sms.can.accepted
    assert front.world.state["aws_sms"]["confirmed"] == [TOPIC]
