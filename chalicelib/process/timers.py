"""A timer that fell due, and the replies that one of them asks about."""

from contextlib import suppress
from datetime import datetime

from chalicelib import route, settings, store
from chalicelib.desk import waiting
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import DeliveryKind
from chalicelib.models.people import Claim, Contact
from chalicelib.models.work import Plan, Receive
from chalicelib.process import assigning, deliver, record
from chalicelib.process.job import Job


def timer(item: Message, receive: Receive, now: datetime) -> None:
    """A timer's plan stands only while the head still holds its due time; else it was moved on already."""
    assert item.sent_at is not None
    due = item.sent_at

    def plan() -> tuple[Plan, Contact | None]:
        contact = store.contact(item.sender.id)
        if contact is None or contact.due.get(item.text) != due:
            raise _Idle
        replies = tuple(_replies_not_out(contact, due)) if item.text == "late" else ()
        at_desk = contact.conversation.desk if contact.conversation else ""
        turns = assigning.turns(at_desk) if item.text == waiting.REASSIGN else ()
        fired = route.Fired(item, contact, settings.shop(), receive.accepted_at, replies, turns)
        return route.timer(fired), contact

    try:
        claim, _, contact = record.record(item, receive, plan)
    except _Idle:
        found = store.claim(item.claim)
        if found is None:
            return
        claim, contact = found, None
    if contact is not None and claim.by != receive.token:
        _drop(item, contact, receive)
    deliver.planned(Job(claim, contact, item, receive, now, claim.by == receive.token))


def _drop(item: Message, contact: Contact, receive: Receive) -> None:
    """A timer that was worked off and stands in the head again would hide all later ones: it goes.

    Where the head was only read too early, it has moved on since, and nothing is written.
    """
    without = waiting.scheduled(waiting.spent(contact, item.text, receive.accepted_at), settings.shop())
    with suppress(store.Moved):
        store.move(without.model_copy(update={"version": contact.version + 1}), "", {})


class _Idle(Exception):
    """The timer was moved on already."""


def _replies_not_out(contact: Contact, due: datetime) -> list[datetime]:
    """When the replies were recorded that are not out, of those the timer has not told of before."""
    rows = [row for row in store.said(contact, due - route.LATE) if row["direction"] == "out"]
    claims = store.claims(row["claim"] for row in rows)
    return [store.recorded_at(row) for row in rows if row["claim"] in claims and _waits(claims[row["claim"]])]


def _waits(claim: Claim) -> bool:
    return any(delivery.kind is DeliveryKind.REPLY and not delivery.ended for delivery in claim.in_order)
