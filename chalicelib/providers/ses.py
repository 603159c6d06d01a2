"""Mail through Amazon SES: a customer's channel, and a desk that is a mailbox. What comes in is told by SNS.

1. SES, Identities: verify your domain. Its MX record leads to SES in the stack's region.
2. SES, Email receiving, a receipt rule for your address: the action S3, below mail/ in the stack's bucket (BucketName
   among its outputs), with the stack's topic (MailTopic). Let the identity's Notifications tell Bounce and Delivery to
   the same topic.
3. Only for mail of another AWS account: subscribe {url} to its topic; SHOPBELL_SES_TOPICS has to name that before.

Received: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
Receipts: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
Sending: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html

Confirmed by moto 5: what SNS signs. By Amazon's pages alone: everything else.

A receipt rule puts each mail into S3 and tells a topic of it, or gives mail up to 150 kB to the topic itself (choose
Base64 there). From the stack's own topic it comes by a queue, without HTTP; from another AWS account over HTTPS.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib import amazon, aws, mail, signing, sns
from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, secret, setting
from chalicelib.models.values import Channel, Frozen
from chalicelib.webhook import Request, Response, moment, place_of, reads, word

channel = Channel.EMAIL
can = Can(
    text=100_000,  # SES takes 40 MB
    covers=frozenset({Cover.VALUES}),
    files=200,
    file_size=20_000_000,
    receipts=True,
    desk=True,
    libraries=("cryptography",),
)

PROGRESS = {
    "Delivery": Progress.DELIVERED,
    "Open": Progress.READ,
    "Bounce": Progress.FAILED,
    "Complaint": Progress.FAILED,
    "Reject": Progress.FAILED,
}
PASSING = {"bounceType": "Transient", "bounceSubType": "General"}  # so an out-of-office reply bounces, to what arrived
REASONS = {
    "AccessDeniedException": "the worker's role may not send from this address",
    "AccountSuspendedException": "AWS has ended the account's sending",
    "MailFromDomainNotVerifiedException": "the MAIL FROM domain is not verified",
    "SendingPausedException": "the account's sending is paused, see Account dashboard in the SES console",
}
GREETING = "Successfully validated SNS topic for Amazon SES event publishing."  # no JSON, once for each topic
VERDICTS = ("dmarc", "spf", "spam", "virus")
LISTED = {"From": "from", "To": "to", "Cc": "cc", "Reply-To": "replyTo"}  # headers, and the same by SES's name
ONCE = {"Subject": "subject", "Message-ID": "messageId"}
STORED = re.compile(r"s3://([a-z0-9.-]{3,63})/(.{1,1024})/([0-9]{1,4})", re.ASCII)  # bucket, key, number


class Config(Frozen):
    topics: LiveSecret = secret(
        "ARN of the SNS topic that tells of mail (MailTopic among the stack's outputs); of two with a space between",
        inbound=True,
    )
    reply_secret: LiveSecret = secret(
        "a long random word of your own: the reply addresses in agents' mail grow from it", outbound=True, seeds=True
    )
    sender: str = setting("the shop's mail address, of an identity verified in SES", inbound=True, outbound=True)
    inbound_address: str = setting("address for which SES has a receipt rule", inbound=True, outbound=True)
    sns_url: str = setting("where SNS is, if not where AWS has it in the topic's region", inbound=True, optional=True)
    api_url: str = setting("where SES is, if not where AWS has it in our region", outbound=True, optional=True)


class Place(NamedTuple):
    """Where a mail lies in S3, and which of our addresses it came to: what `late` holds, as JSON."""

    bucket: str
    key: str
    came_to: list[str]


def verify(request: Request, config: Config) -> Response | None:
    """SNS's signature; a subscription of a topic of ours is confirmed. Unavailable where SNS itself is."""
    return sns.verify(request, config.topics, config.sns_url)


@reads("an SES notification")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One mail that came in, or one word on a mail we sent. Other notifications and events say nothing to us."""
    told = sns.notification(request)
    if told is None or told[1] == GREETING:
        return []
    region, text = told
    content = sns.published(request, text)
    kind = content.get("notificationType") or content.get("eventType")
    if kind == "Received":
        return list(_received(content, config, place_of(request.body)))
    return list(_receipts(kind, content, region))


def complete(message: Message, config: Config) -> Message | None:
    """The whole mail, from S3. Proved is whom SES proved, if he is the one author of what lies there."""
    place = Place(*json.loads(message.late))
    letter = mail.parse(_stored(place.bucket, place.key))
    one = [author.address.lower() for author in letter.authors] == [message.sender.id]
    if not letter.authors:  # none that could be answered; SES reads more
        letter = replace(letter, authors=(mail.Mailbox(message.name, message.sender.id),))
    proved = one and message.sender.channel is channel
    files_at = f"s3://{place.bucket}/{place.key}"
    found = _message(letter, message.id, place.came_to, config, proved=proved, files_at=files_at)
    return found and _as_told(found, message.sent_at, bad=message.automatic)


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file of a mail that lies in S3."""
    place = STORED.fullmatch(attachment.reference)
    if not place:
        raise SendFailed("it lies nowhere that we know", Outcome.REFUSED)
    try:
        return mail.content_of(_stored(place[1], place[2]), int(place[3]))
    except Unreadable:
        raise SendFailed("the mail holds no such file", Outcome.REFUSED) from None


@reads("an SES notification")
def unpack(body: bytes, number: int) -> Content:
    """A file of a mail that came within the notification itself."""
    content = json.loads(json.loads(body)["Message"])
    return mail.content_of(_raw(content["content"], content["receipt"]["action"].get("encoding")), number)


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one mail; returns the Message-ID that SES puts in the place of ours: what answers and receipts name."""
    region = aws.region()
    url = f"{config.api_url or f'https://email.{region}.amazonaws.com'}/v2/email/outbound-emails"
    post = _post(mail.draft(outgoing, sender=config.sender, inbound=config.inbound_address), outgoing)
    answer = amazon.post(url, post, "ses", "SES")
    amazon.refuse(answer, "SES", REASONS)
    identifier = answer.json().get("MessageId")
    if not identifier or not isinstance(identifier, str):
        raise SendFailed("SES: an answer without MessageId", Outcome.UNKNOWN)
    return _message_id(identifier, region)


# ---- what came in -----------------------------------------------------------------------------------------------


def _received(content: dict[str, Any], config: Config, kept: str) -> Iterator[Message]:
    """The one mail; `kept` is where the notification itself is kept if files lie in it."""
    envelope, receipt = content["mail"], content["receipt"]
    identifier, action = word(envelope["messageId"]), receipt["action"]
    came_to = [str(one) for one in receipt["recipients"]]
    match action["type"]:
        case "S3":
            letter = _letter(envelope)
            late = json.dumps(Place(word(action["bucketName"]), word(action["objectKey"]), came_to))
        case "SNS":
            letter, late = mail.parse(_raw(content["content"], action.get("encoding"))), ""
        case _:  # the rule's other actions tell of the same mail: they neither hold it nor say where it lies
            return
    verdicts = {name: (receipt.get(f"{name}Verdict") or {}).get("status") for name in VERDICTS}
    proved = _proved(verdicts, str(envelope.get("source") or ""), letter)
    found = _message(letter, identifier, came_to, config, proved=proved, files_at="" if late else kept)
    if found:
        # spam, a virus, a forged author: an automatic answer would reach the wrong one
        bad = "FAIL" in (verdicts["dmarc"], verdicts["spam"], verdicts["virus"])
        found = _as_told(found, moment(envelope.get("timestamp")), bad=bad)
        source = {name: value for name, value in content.items() if name != "content"}
        yield found.model_copy(update={"late": late, "source": source})


def _receipts(kind: Any, content: dict[str, Any], region: str) -> Iterator[Receipt]:
    progress = PROGRESS.get(kind)
    if progress is None:
        return
    about = content.get(kind.lower()) or {}
    if PASSING.items() <= about.items():
        return
    yield Receipt(
        provider="ses",
        progress=progress,
        ids=(_message_id(word(content["mail"]["messageId"]), region),),
        reason=mail.one_line(_reason(kind, about), 200) if progress is Progress.FAILED else "",
        source=content,
    )


def _proved(verdicts: Mapping[str, Any], envelope_from: str, letter: mail.Mail) -> bool:
    """DMARC passed for the one author; or his domain has no policy, and its envelope is aligned and allowed (SPF)."""
    author = letter.sender.address
    if len(letter.authors) != 1 or not mail.is_address(author):
        return False
    allowed = verdicts["dmarc"] == "GRAY" and verdicts["spf"] == "PASS" and mail.is_address(envelope_from)
    aligned = mail.aligned(envelope_from.rpartition("@")[2], author.rpartition("@")[2])
    return verdicts["dmarc"] == "PASS" or (allowed and aligned)


def _reason(kind: str, about: dict[str, Any]) -> str:
    who: dict[str, Any] = next(iter(about.get("bouncedRecipients") or []), {})
    kinds = f"{about.get('bounceType', '')} {about.get('bounceSubType', '')}".strip()
    words = who.get("diagnosticCode") or about.get("reason") or kinds or "no reason given"
    return "reported as spam" if kind == "Complaint" else str(words)


def _letter(envelope: dict[str, Any]) -> mail.Mail:
    """The mail as far as the notification tells it: its headers, read as those of the whole mail will be.

    It holds the first 10 kB of them, and the usual ones once more by name.
    """
    usual = envelope.get("commonHeaders") or {}
    listed = {name: ", ".join(map(str, usual.get(key) or [])) for name, key in LISTED.items()}
    once = {name: str(usual.get(key) or "") for name, key in ONCE.items()}
    given = [(str(header["name"]), str(header["value"])) for header in envelope.get("headers") or []]
    there = {name.lower() for name, _ in given}
    missing = [(name, value) for name, value in {**listed, **once}.items() if value and name.lower() not in there]
    lines = [mail.one_line(f"{name}: {value}", 10_000) for name, value in [*given, *missing]]
    return mail.parse("\r\n".join([*lines, "", ""]).encode("utf-8", "replace"))


def _raw(content: str, encoding: Any) -> bytes:
    if str(encoding).upper() != "BASE64":
        return content.encode("utf-8", "surrogatepass")
    raw = signing.decoded(content)
    if not raw:
        raise ValueError("content")
    return raw


def _message(
    letter: mail.Mail, identifier: str, came_to: list[str], config: Config, *, proved: bool, files_at: str
) -> Message | None:
    return mail.to_message(
        letter,
        provider="ses",
        id=identifier,
        proved=proved,
        came_to=came_to,
        sender=config.sender,
        inbound=config.inbound_address,
        source=None,
        files_at=files_at,
    )


def _as_told(found: Message, sent_at: datetime | None, *, bad: bool) -> Message:
    """With what SES says beside the mail. An agent's words are judged by the mail alone."""
    return found.model_copy(update={"sent_at": sent_at, "automatic": found.automatic or (bad and not found.thread)})


def _stored(bucket: str, key: str) -> bytes:
    """A mail as it lies in S3. Raises SendFailed; a mail that is not there looks like one that we may not read."""
    try:
        raw: bytes = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except aws.FAULTS as error:
        reason = f"it lies at s3://{bucket}/{key} ({aws.code(error) or 'S3 does not answer'})"
        outcome = Outcome.REFUSED if aws.status(error) in (403, 404) else Outcome.NOT_SENT
        raise SendFailed(reason, outcome) from None
    return raw


# ---- what goes out ----------------------------------------------------------------------------------------------


def _post(draft: mail.Draft, outgoing: Outgoing) -> dict[str, Any]:
    page = {"Html": _text(draft.page)} if draft.page else {}
    headers = [(name, value) for name, value in mail.plain_headers(draft) if name != "Message-ID"]  # SES puts its own
    simple = {
        "Subject": _text(draft.subject),
        "Body": {"Text": _text(draft.text), **page},
        "Headers": [{"Name": name, "Value": value} for name, value in headers],
        **({"Attachments": [_attached(outgoing.file)]} if outgoing.file else {}),
    }
    return {
        "FromEmailAddress": mail.encoded(draft.sender),
        "Destination": {"ToAddresses": [outgoing.to]},
        "Content": {"Simple": simple},
        **({"ReplyToAddresses": [draft.reply_to]} if draft.reply_to else {}),
    }


def _attached(file: Content) -> dict[str, str]:
    return {"FileName": file.name, "ContentType": file.type, "RawContent": base64.b64encode(file.data).decode()}


def _text(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _message_id(identifier: str, region: str) -> str:
    """As SES writes it (https://docs.aws.amazon.com/ses/latest/dg/header-fields.html); us-east-1 has an older name."""
    return f"<{identifier}@{'email' if region == 'us-east-1' else region}.amazonses.com>"
