"""SMS through AWS End User Messaging. What comes in is told by SNS.

1. AWS console, SNS, Topics, Create topic: a standard one in the region of the stack. Copy its ARN.
2. The topic, Create subscription: protocol HTTPS, endpoint {url}. It confirms itself once this account is enabled.
3. AWS End User Messaging, SMS, Phone numbers, your number, Two-way SMS: switch it on, with this topic. The role or
   access policy that the console offers there lets it publish to the topic.
4. For receipts: Configuration sets, Create; in it an event destination: the same topic, all SMS events.

What comes in: https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
Receipts: https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
Sending: https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
Words: https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html

Confirmed by botocore 1 (pinpoint-sms-voice-v2): the call, its names and limits, and the errors. By AWS's
pages alone: what the topic tells. Not confirmed: how many SMS one text may take; ten are sent at most.

The call is signed here, as SES's is, so none of botocore's descriptions is shipped for it. Our role may send from any
number or pool of the account, in its region. AWS answers HELP and STOP itself, unless opt-outs are self-managed.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib import amazon, aws, sns
from chalicelib.errors import OPTED_OUT, Outcome, SendFailed
from chalicelib.models.inbound import Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, secret, setting
from chalicelib.models.values import Channel, Frozen, phone
from chalicelib.webhook import Request, Response, moment, reads

channel = Channel.SMS
can = Can(
    text=1520,
    units=660,
    covers=frozenset({Cover.VALUES}),
    receipts=True,
    answers={"help": "help"},
    libraries=("cryptography",),
)

TARGET = "PinpointSMSVoiceV2.SendTextMessage"
FAILED = (
    *("BLOCKED", "CARRIER_BLOCKED", "CARRIER_UNREACHABLE", "INVALID", "INVALID_MESSAGE"),
    *("PROTECT_BLOCKED", "SPAM", "TTL_EXPIRED", "UNREACHABLE"),
)
# by the end of the event's type; `SUCCESSFUL`, `QUEUED` and `PENDING` say nothing new until the last one
PROGRESS = {"DELIVERED": Progress.DELIVERED, **dict.fromkeys(FAILED, Progress.FAILED)}
REASONS = {  # by the Reason or the code of an error; for others AWS's own words stand
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": OPTED_OUT,
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": "the AWS account is in the SMS sandbox: only verified numbers get SMS",
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT": "the AWS account's monthly spend limit for SMS is reached",
    "NO_ORIGINATION_IDENTITIES_FOUND": "the shop's number is none of this AWS account in this region",
    "ACCOUNT_DISABLED": "AWS has ended the account's sending of SMS",
    "AccessDeniedException": "the worker's role may not send from this number",
}


class Config(Frozen):
    topics: LiveSecret = secret(
        "ARN of the SNS topic of your number's two-way SMS; of two with a space between", inbound=True
    )
    number: str = setting("the shop's number, + and country code, or the ID of a pool: Phone numbers", outbound=True)
    configuration_set: str = setting(
        "for receipts: the configuration set whose events go to the topic", outbound=True, optional=True
    )
    sns_url: str = setting("where SNS is, if not where AWS has it in the topic's region", inbound=True, optional=True)
    api_url: str = setting("where the API is, if not where AWS has it in our region", outbound=True, optional=True)


def verify(request: Request, config: Config) -> Response | None:
    """SNS's signature; a subscription of a topic of ours is confirmed. Unavailable where SNS itself is."""
    return sns.verify(request, config.topics, config.sns_url)


@reads("an AWS notification of an SMS")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt. What SNS says itself, and events of other channels, say nothing to us."""
    told = sns.notification(request)
    if told is None:
        return []
    said = sns.published(request, told[1])
    if "inboundMessageId" in said:
        return [_message(said, str(request.json_object().get("Timestamp") or ""))]
    return list(_receipt(said))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its MessageId."""
    text = {
        "DestinationPhoneNumber": outgoing.to,
        "OriginationIdentity": config.number,
        "MessageBody": outgoing.text,
        "MessageType": "TRANSACTIONAL",
    }
    if config.configuration_set:
        text["ConfigurationSetName"] = config.configuration_set
    url = f"{config.api_url or f'https://sms-voice.{aws.region()}.amazonaws.com'}/"
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": TARGET}
    answer = amazon.post(url, text, "sms-voice", "AWS", **headers)
    amazon.refuse(answer, "AWS", REASONS)
    identifier = answer.json().get("MessageId")
    if not identifier or not isinstance(identifier, str):
        raise SendFailed("AWS: an answer without MessageId", Outcome.UNKNOWN)
    return identifier


def _message(said: dict[str, Any], at: str) -> Message:
    """A long text comes whole, and no MMS comes at all."""
    return Message(
        provider="aws_sms",
        id=said["inboundMessageId"],
        sender=phone(said["originationNumber"]),
        text=said["messageBody"],
        reply_to=said.get("previousPublishedMessageId") or "",
        sent_at=moment(at),
        source=said,
    )


def _receipt(said: dict[str, Any]) -> Iterator[Receipt]:
    """Depending on the country the last event of a delivered SMS is SUCCESSFUL: the carrier has it."""
    kind, _, status = said["eventType"].partition("_")
    progress = PROGRESS.get(status) if kind == "TEXT" else None
    if progress:
        words = " ".join(str(said.get("messageStatusDescription") or status).split())[: amazon.LONGEST]
        reason = f"AWS: {words}" if progress is Progress.FAILED else ""
        yield Receipt(provider="aws_sms", progress=progress, ids=(said["messageId"],), reason=reason, source=said)
