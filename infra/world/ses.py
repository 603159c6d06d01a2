"""SES's API, which takes a mail and refuses what SES refuses; and of SNS what its webhooks need.

Sending: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.simulate import sns
from infra.simulate.ses import SUBJECT
from infra.world import Entry, Reply, Sent, World, amazon, reply
from infra.world.amazon import Refused

RECEIPT_TYPE = "text/plain; charset=UTF-8"
LARGEST_MAIL, MOST_RECIPIENTS, MOST_HEADERS = 40_000_000, 50, 15
ADDRESS = re.compile(r"[a-z0-9.!#$%&'`*+\-/=^_{}|~]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)
NAMED = re.compile(r"[^<>]*<([^<>]+)>")
HEADER_NAME, HEADER_VALUE = re.compile(r"[!-9;-@A-~]{1,126}"), re.compile(r"[ -~]{1,995}")
FIELDS = frozenset(("FromEmailAddress", "Destination", "ReplyToAddresses", "Content", "ConfigurationSetName"))
OURS = frozenset(("message-id", "from", "to", "cc", "bcc", "subject", "date", "reply-to", "return-path"))  # SES's own


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as AWS would, note the mail, answer."""
    try:
        match sent.method, sent.path:
            case "POST", "/v2/email/outbound-emails":
                return reply({"MessageId": _take(_checked(sent, world), amazon.region(sent, "ses"), world)})
            case "GET", _:
                return amazon.of_sns(sent, world)
            case _:
                raise Refused("UnknownOperationException", "", 404)
    except Refused as no:
        return reply({"message": no.message}, no.status, x_amzn_errortype=f"{no.code}:http://internal.amazon.com/")


def receipt(entry: Entry, progress: str, world: World) -> bytes | None:
    """The notification for a mail that got as far as `progress`."""
    at = world.now().isoformat(timespec="milliseconds")
    about: dict[str, Any]
    match progress:
        case "delivered":
            kind, about = "Delivery", {"timestamp": at, "recipients": [entry.to], "smtpResponse": "250 2.0.0 OK"}
        case "read":
            kind, about = "Open", {"timestamp": at, "ipAddress": "192.0.2.7", "userAgent": "Mozilla/5.0"}
        case "failed":
            who = {"emailAddress": entry.to, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}
            kind, about = "Bounce", {"timestamp": at, "bounceType": "Permanent", "bouncedRecipients": [who]}
        case _:
            return None
    mail = {"timestamp": entry.at, "messageId": entry.id.strip("<>").partition("@")[0], "destination": [entry.to]}
    told = {"eventType": kind, "mail": mail, kind.lower(): about}
    topic = next((account["TOPICS"] for account in _accounts(world) if account.get("TOPICS")), "").split()[0]
    return json.dumps(sns.notification(json.dumps(told), topic, SUBJECT)).encode()


# ---- checks -----------------------------------------------------------------------------------------------------


def _accounts(world: World) -> Iterator[dict[str, str]]:
    """Our accounts: what stands in the credentials beside each sender."""
    ending = "_SENDER"
    for name in world.credentials:
        if name.startswith("SHOPBELL_SES_") and name.endswith(ending):
            prefix = name.removesuffix(ending) + "_"
            beside = {key: value for key, value in world.credentials.items() if key.startswith(prefix)}
            yield {key.removeprefix(prefix): value for key, value in beside.items()}


def _checked(sent: Sent, world: World) -> dict[str, Any]:
    """The mail in the call, if SES would take it."""
    region, mail = amazon.region(sent, "ses"), sent.json()
    if len(sent.body) > LARGEST_MAIL:
        raise Refused("BadRequestException", "Message length is more than 41943040 bytes long.")
    if not mail or not mail.keys() <= FIELDS:
        raise Refused("SerializationException", "")
    try:
        _check_addresses(mail, region, world)
        _check_content(mail["Content"]["Simple"])
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused("BadRequestException", f"Bad request: {error}") from error
    return mail


def _check_addresses(mail: dict[str, Any], region: str, world: World) -> None:
    to = mail["Destination"]["ToAddresses"]
    if not 1 <= len(to) <= MOST_RECIPIENTS:
        raise Refused("BadRequestException", f"Recipient count exceeds {MOST_RECIPIENTS}.")
    for mailbox in (mail["FromEmailAddress"], *to, *mail.get("ReplyToAddresses", [])):
        if not mailbox.isascii() or not ADDRESS.fullmatch(_bare(mailbox)):
            raise Refused("BadRequestException", "Illegal address")
    verified = {_bare(account["SENDER"]).rpartition("@")[2] for account in _accounts(world)}
    sender = _bare(mail["FromEmailAddress"])
    if sender.rpartition("@")[2] not in verified:
        told = f"Email address is not verified. The following identities failed the check in region {region.upper()}"
        raise Refused("MessageRejected", f"{told}: {sender}")


def _check_content(simple: dict[str, Any]) -> None:
    if not simple["Subject"]["Data"] or not simple["Body"]["Text"]["Data"]:
        raise Refused("BadRequestException", "Missing subject or body.")
    headers = simple.get("Headers", [])
    if len(headers) > MOST_HEADERS:
        raise Refused("BadRequestException", "Too many headers.")
    for header in headers:
        if not HEADER_NAME.fullmatch(header["Name"]) or not HEADER_VALUE.fullmatch(header["Value"]):
            raise Refused("BadRequestException", f"Header is invalid: {header['Name']}")
        if header["Name"].lower() in OURS:
            raise Refused("BadRequestException", f"Header may not be set: {header['Name']}")


def _bare(mailbox: str) -> str:
    named = NAMED.fullmatch(mailbox)
    return (named[1] if named else mailbox).strip()


# ---- what it does -----------------------------------------------------------------------------------------------


def _take(mail: dict[str, Any], region: str, world: World) -> str:
    """Note the mail, by the Message-ID its reader sees; returns SES's own id."""
    identifier = f"0107{world.number():012x}-5a1fdc0e-000000"
    answers = next(iter(mail.get("ReplyToAddresses", [])), "").partition("@")[0]
    simple = mail["Content"]["Simple"]
    world.note(
        part="ses",
        what="mail",
        to=_bare(mail["Destination"]["ToAddresses"][0]),
        thread=answers.partition("+")[2],
        text=simple["Body"]["Text"]["Data"],
        id=f"<{identifier}@{'email' if region == 'us-east-1' else region}.amazonses.com>",
        raw=mail,
    )
    return identifier
