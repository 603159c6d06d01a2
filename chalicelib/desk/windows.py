"""Reply windows: until when we may write to an address, from what its provider allows and when the customer wrote."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from chalicelib import providers, words
from chalicelib.desk.shown import channel_of
from chalicelib.desk.when import spoken
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Contact, Heard
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address

MARGIN = timedelta(minutes=2)  # a reply takes a moment to get there, and clocks differ


class Window(NamedTuple):
    """`open`: whoever may write; `human`: a person, if that is marked; `closed`: nobody.

    `until` is when it closes, or closed, for a person; None: it never does, or the one answer has gone out. Whoever
    said STOP has closed it.
    """

    state: Literal["open", "human", "closed"]
    until: datetime | None = None


def window(heard: Heard, at: datetime, shop: Shop) -> Window:
    """How the window of an address stands at a time."""
    can = providers.load(heard.provider).can
    if heard.stopped:
        return Window("closed", heard.stopped)
    if can.once and heard.answered:
        return Window("closed")
    if can.window is None:
        return Window("open")
    for_all = heard.at + timedelta(hours=can.window) - MARGIN
    late = can.human_window if heard.provider in shop.human_agent else None
    for_people = heard.at + timedelta(hours=late) - MARGIN if late else for_all
    return Window("open" if at < for_all else "human" if at < for_people else "closed", for_people)


def opens(message: Message) -> bool:
    """Whether what a customer did opens the window. An edit or a delete does not, nor what a machine wrote."""
    reacted = (
        message.kind is Kind.REACTION and bool(message.text) and providers.load(message.provider).can.reaction_opens
    )
    return (message.kind is Kind.MESSAGE or reacted) and not message.automatic


def last_opened(message: Message, accepted: datetime, before: datetime | None) -> datetime:
    """When the customer last opened the window of the address this comes from; whatever comes first there counts.

    `accepted` is when the queue took it; what comes late, or again, never turns the time back.
    """
    written = min(message.sent_at or accepted, accepted)
    if before is None:
        return written
    return max(before, written) if opens(message) else before


def in_public(contact: Contact) -> Address | None:
    """Where this contact last wrote something that can be answered for everybody to read."""
    found = (one.address for one in reversed(contact.heard) if providers.load(one.provider).can.public)
    return next(found, None)


def closing(message: Message, accepted: datetime, shop: Shop) -> str:
    """The lines under a customer's message that say until when it can be answered, and who reads that; or nothing."""
    if message.outside or message.thread or not opens(message):
        return ""
    written = last_opened(message, accepted, None)
    heard = Heard(address=message.sender, provider=message.provider, at=written)
    until = window(heard, written, shop).until
    here = channel_of(message.sender)
    said = [f"⏱ You can answer here until {spoken(until, shop.time_zone)} ({here})"] if until else []
    return "\n".join([*said, words.read_by()] if providers.load(message.provider).can.public else said)
