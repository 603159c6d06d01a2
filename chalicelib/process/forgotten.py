"""The worker's side of forgetting somebody: what came before is dropped, what slipped out since is taken back."""

from chalicelib import files, providers, settings, store
from chalicelib.errors import Later, Outcome, SendFailed
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, Outgoing
from chalicelib.models.people import Claim, Contact
from chalicelib.models.values import digest
from chalicelib.models.work import Receive


class Forgotten(Exception):
    """Whose message this is has been forgotten since: nothing more is done about it."""


def drop(item: Message, receive: Receive) -> None:
    """Record that a message came, and no word of it. Raises Later while one recorded before is still to be erased."""
    files.drop(files.texts_of(item.claim))  # from a receive that was overtaken
    claim = Claim(key=item.claim, at=receive.accepted_at, by=receive.token, forgotten=True)
    try:
        store.record_alone(claim)
    except store.Recorded as recorded:
        claim = recorded.claim
    if not claim.forgotten:
        raise Later("it is being forgotten")
    take_back_loose(claim)


def settled(claim: Claim, contact: Contact | None) -> bool:
    """Whether a claim is emptied: then all is done. Raises Later while it is still to be, for nothing may go out."""
    if claim.forgotten:
        take_back_loose(claim)
    elif contact and claim.at and contact.forgot(claim.at):
        raise Later("it is being forgotten")
    return claim.forgotten


def take_back_loose(claim: Claim) -> None:
    """Take back what arrived at desks without our knowing it. Raises SendFailed, or Unavailable."""
    for delivery in claim.loose:
        if arrived := look(claim, delivery):
            take_back(delivery, arrived)


def look(claim: Claim, delivery: Delivery) -> str:
    """The provider's id of a loose delivery; empty if it never arrived. Raises SendFailed, or Unavailable."""
    find = providers.optional(providers.load(delivery.provider), "find")
    if find is None:
        return ""
    asked = Outgoing(key=f"{claim.key}-{delivery.id}", to=delivery.to, thread=delivery.thread, since=claim.at)
    try:
        found: str | None = find(asked, settings.config(delivery.provider, delivery.account, "outbound"))
    except SendFailed as failure:
        if failure.outcome is not Outcome.REFUSED:
            raise
        return ""  # not even its thread is there
    return found or ""


def take_back(delivery: Delivery, provider_id: str) -> bool:
    """Delete a post of ours at a desk; False where its provider never will. Raises SendFailed, or Unavailable.

    One that is gone already is gone. What went to a customer is the customer's own.
    """
    if not can_take_back(delivery):
        return False
    gone = Outgoing(key=digest("taken back", provider_id), to="", refers=provider_id, change="delete")
    try:
        providers.load(delivery.provider).send(gone, settings.config(delivery.provider, delivery.account, "outbound"))
    except SendFailed as failure:
        if failure.outcome is not Outcome.REFUSED:
            raise
        return False
    return True


def can_take_back(delivery: Delivery) -> bool:
    """Whether it went to a desk whose provider deletes posts: no mail is ever taken back."""
    can = providers.load(delivery.provider).can
    return delivery.address is None and can.desk and can.delete
