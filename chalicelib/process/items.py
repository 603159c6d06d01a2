"""What becomes of each kind of thing on the queue, and of what is put aside."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib import files, journal, parsing, queue, settings, store, words
from chalicelib.errors import Poison, Unreadable
from chalicelib.models.inbound import Handed, Item, Kind, Message, News, Parked, Raw, Told
from chalicelib.models.outbound import DeliveryKind
from chalicelib.models.work import Receive
from chalicelib.process import deliver, messages, orders, outcome, receipts, record, texts
from chalicelib.process.job import Job
from chalicelib.process.signs import Sign, signal
from chalicelib.webhook import Request


def handed(item: Handed, receive: Receive, now: datetime) -> None:
    """Deliveries that were handed on to a group of their own; each is fresh on the first receive here."""
    claim, contact = store.claim_and_contact(item.claim, item.contact)
    if claim is None:
        raise Poison("handed on by a claim that is not there")
    words_of = texts.whole(item.message) if item.message else None
    deliver.handed(Job(claim, contact, words_of, receive, now, fresh=receive.count == 1), item.deliveries)


def raw(item: Raw, receive: Receive, now: datetime) -> None:
    """A whole webhook: each of its items is put on the queue by itself. What cannot be read is told at the desk."""
    body = files.get(item.file)
    headers = {"content-type": item.content_type}
    request = Request(url=item.url, query=item.query, headers=headers, body=body, at=item.at)
    config = settings.config(item.provider, item.account, "parsing")
    try:
        parsed = parsing.parsed(request, item.provider, item.account, config)
    except Unreadable as error:
        large = [_named(found, item) for found in error.items]
        _split([_to_queue(found) for found in large if not queue.fits(found)], receive)
        record.told(item.claim, words.unreadable(item.provider, item.file), receive, now)
        raise Poison("a signed webhook that cannot be read") from error
    _split([_to_queue(_named(found, item)) for found in parsed], receive)


def _split(found: Sequence[Told], receive: Receive) -> None:
    queue.put(found, receive.token)
    journal.took(found)


def parked(item: Parked, receive: Receive, now: datetime) -> None:
    """A dead letter was moved to the bucket: the owner's desk is told."""
    record.told(item.claim, words.parked(item.file, item.reason), receive, now)


def news(item: News, receive: Receive, now: datetime) -> None:
    """What the tick function saw: a desk is told."""
    record.told(item.claim, item.text, receive, now, item.desk)


HANDLERS: Mapping[str, Callable[[Any, Receive, datetime], None]] = {
    "message": messages.message,
    "receipt": receipts.receipt,
    "order": orders.order,
    "demand": orders.demand,
    "handed": handed,
    "raw": raw,
    "parked": parked,
    "news": news,
}


def abandon(item: Item, receive: Receive, now: datetime, reason: str) -> None:
    """A message is put aside: a card that waits for it waits no more, an agent's reply is told as not sent."""
    if isinstance(item, Message) and not item.fragment and item.kind is not Kind.TIMER:
        messages.free_the_card(messages.contact_of(item), item.claim)
    if isinstance(item, Handed):
        _give_up(item, receive, now, reason)
    if isinstance(item, Message) and item.thread and item.kind is not Kind.COMMAND:
        signal(item.provider, item.account, item.id, Sign.FAILED, Sign.GOING)


def _give_up(item: Handed, receive: Receive, now: datetime, reason: str) -> None:
    """What was handed on is put aside: a reply or a file fails, and whom it concerns is told; a card waits no more."""
    claim, contact = store.claim_and_contact(item.claim, item.contact)
    here = [claim.deliveries[place] for place in item.deliveries if place in claim.deliveries] if claim else []
    if any(delivery.kind is DeliveryKind.FORWARD for delivery in here):
        messages.free_the_card(contact, item.claim)
    owed = [one for one in here if one.kind in outcome.GIVEN_UP and not one.ended]
    job = Job(claim, contact, item.message, receive, now, fresh=False) if claim else None
    for delivery in owed:
        if job and delivery.id not in job.states:  # skipped, as one before it failed
            outcome.given_up(job, delivery, reason)
    if job and job.told:
        deliver.hand_on(job.claim, job.told, None, receive)


# ---- long texts and what cannot be read -------------------------------------------------------------------------


def _named(found: Told, item: Raw) -> Told:
    """An item with what its provider's module does not know: our account, and when the webhook came."""
    came = {"came_at": item.at} if isinstance(found, Message) else {}
    return found.model_copy(update={"account": item.account, **came})


def _to_queue(item: Told) -> Told:
    """An item that fits into a queue message: without its source, or with its text in the bucket, if need be."""
    if not queue.fits(item):
        item = item.model_copy(update={"source": None})
    if isinstance(item, Message) and not queue.fits(item):
        item = texts.shortened(item)
    return item
