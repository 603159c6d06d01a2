"""The queue: what is put on it, in which group, and what a worker does with a message it got."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError

from chalicelib import aws
from chalicelib.errors import Poison, Unavailable
from chalicelib.models.inbound import ITEM, Fragment, Handed, Item, Kind, Message, News, Parked, Raw, Receipt
from chalicelib.models.orders import Demand, Order
from chalicelib.models.values import SCHEMA, digest
from chalicelib.models.work import Receive

LARGEST = 240_000  # bytes of one body; SQS takes 256 KiB in all its settings
BATCH = 10  # entries of one call
LONGEST_HIDE = 43_200  # seconds; SQS's own limit of a visibility time-out


@cache
def _sqs() -> Any:
    return aws.client("sqs")


def group(item: Item) -> str:
    """The FIFO group, always hashed: what must stay in order with what."""
    match item:
        case Message(kind=Kind.TIMER):
            return "timer#" + digest(item.sender.id)
        case Message(fragment=Fragment()):
            return "piece#" + digest(item.claim)  # by itself: one that waits for the others must not hold them up
        case Message(outside=True, thread=str(place)) if place:
            return "desk#" + digest(item.provider, place, item.sender.id)
        case Message():
            return "desk#" + digest(item.provider, item.thread) if item.thread else to_customer("in", item)
        case Receipt():
            return "receipt#" + digest(item.provider, *item.ids[:1], item.reader.id if item.reader else "")
        case Order() | Demand():
            return "order#" + digest(item.provider, item.account, *(one.id for one in item.buyer[:1]))
        case Raw() | Parked():
            return "raw#" + digest(item.file)
        case News():
            return "news#" + digest("owner")  # in order: what is wrong before that it is right again
        case Handed():
            return item.group


def to_customer(way: str, message: Message) -> str:
    return f"{way}#" + digest(message.sender.channel, message.sender.id)


def write(item: Item) -> str:
    """A queue message's body: ASCII JSON with the schema's version."""
    said = item.model_dump_json(exclude_defaults=True, ensure_ascii=True)
    return f'{{"schema": {SCHEMA}, "type": "{item.type}", {said[1:]}'


def read(body: str) -> Item:
    """The item in a queue message's body. Raises Poison."""
    try:
        return ITEM.validate_json(body)
    except (ValidationError, ValueError) as error:
        raise Poison("a queue message that cannot be read") from error


def fits(item: Item) -> bool:
    return len(write(item)) <= LARGEST


def put(items: Sequence[Item], request_id: str) -> None:
    """Put items on the queue, ten to a call. `request_id` guards the SDK's own retry against doubles.

    Raises Unavailable if any entry was not taken, or one of aws.FAULTS: then nothing may be promised.
    """
    entries = [
        {
            "Id": str(place),
            "MessageBody": write(item),
            "MessageGroupId": group(item),
            "MessageDeduplicationId": f"{request_id}:{place}",
        }
        for place, item in enumerate(items)
    ]
    for chunk in _chunks(entries):
        answer = _sqs().send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=chunk)
        taken = {entry["Id"] for entry in answer.get("Successful", ())}
        if taken != {entry["Id"] for entry in chunk}:
            raise Unavailable("the queue did not take every entry")


def again(receive: Receive, seconds: float) -> None:
    """Let a message come back after `seconds`. Raises one of aws.FAULTS; it then comes back at its time-out."""
    _sqs().change_message_visibility(
        QueueUrl=os.environ["QUEUE_URL"],
        ReceiptHandle=receive.handle,
        VisibilityTimeout=max(0, min(LONGEST_HIDE, round(seconds))),
    )


def park(receive: Receive, item: Item | None, reason: str) -> None:
    """Put a message into the dead-letter queue with its reason. Raises one of aws.FAULTS.

    `origin` is the same for whatever is parked twice, so that it is kept once and told once.
    """
    _sqs().send_message(
        QueueUrl=os.environ["DEAD_LETTERS_URL"],
        MessageBody=receive.body,
        MessageGroupId=receive.group,
        MessageDeduplicationId=digest("parked", receive.token),
        MessageAttributes={
            "reason": {"DataType": "String", "StringValue": reason[:500] or "unknown"},
            "origin": {"DataType": "String", "StringValue": _origin(receive, item)},
        },
    )


def _origin(receive: Receive, item: Item | None) -> str:
    if item is None:
        return receive.id
    return digest(item.claim, *item.deliveries) if isinstance(item, Handed) else item.claim


def dead_letters() -> list[dict[str, Any]]:
    """Up to ten messages of the dead-letter queue, with their attributes."""
    answer = _sqs().receive_message(
        QueueUrl=os.environ["DEAD_LETTERS_URL"],
        MaxNumberOfMessages=BATCH,
        MessageAttributeNames=["All"],
        AttributeNames=["All"],
    )
    letters: list[dict[str, Any]] = answer.get("Messages", [])
    return letters


def drop_dead_letter(letter: dict[str, Any]) -> None:
    _sqs().delete_message(QueueUrl=os.environ["DEAD_LETTERS_URL"], ReceiptHandle=letter["ReceiptHandle"])


def received(event: dict[str, Any]) -> Iterable[Receive]:
    """The messages of a Lambda event of the queue, as the worker sees them."""
    for record in event["Records"]:
        attributes = record["attributes"]
        yield Receive(
            id=record["messageId"],
            count=int(attributes["ApproximateReceiveCount"]),
            sent_ms=int(attributes["SentTimestamp"]),
            first_ms=int(attributes["ApproximateFirstReceiveTimestamp"]),
            sequence=attributes.get("SequenceNumber", ""),
            group=attributes.get("MessageGroupId", ""),
            handle=record["receiptHandle"],
            body=record["body"],
        )


def _chunks(entries: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """At most ten entries, and no more bytes than one call may carry."""
    chunk: list[dict[str, str]] = []
    for entry in entries:
        size = sum(len(other["MessageBody"]) for other in chunk)
        if chunk and (len(chunk) == BATCH or size + len(entry["MessageBody"]) > LARGEST):
            yield chunk
            chunk = []
        chunk.append(entry)
    if chunk:
        yield chunk
