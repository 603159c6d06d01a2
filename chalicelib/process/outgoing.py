"""What a delivery sends: its words, where to, and what it has to quote."""

from typing import Any

from chalicelib import desk, route, settings, store
from chalicelib.errors import Later, Outcome, SendFailed
from chalicelib.models import Card, Contact, Conversation, Delivery, DeliveryKind, Desk, Outgoing, digest
from chalicelib.process import texts
from chalicelib.process.outcome import Job, write_head


def compose(job: Job, delivery: Delivery) -> Outgoing:
    """The provider call of a delivery. Raises Later while the thread it belongs to is being opened."""
    shop = settings.shop()
    text = route.part(job.message, delivery, shop) if job.message else delivery.text
    key = f"{job.claim.key}-{delivery.id}"
    tried = {"repeat": delivery.repeated, "tried": delivery.attempts > 0, "since": job.at, "at": job.now}
    outgoing = Outgoing(key=key, to=delivery.to, text=text, **tried)
    if delivery.kind is DeliveryKind.FORWARD:
        return outgoing.model_copy(update=_to_desk(job, delivery))
    if delivery.kind is DeliveryKind.NOTICE:
        return outgoing.model_copy(update={"text": "", "own": text, **_notice(job, delivery)})
    return outgoing.model_copy(update=_to_customer(job, delivery))


def _notice(job: Job, delivery: Delivery) -> dict[str, Any]:
    place = route.desk_of(settings.shop(), delivery.to)
    topic = job.contact.conversation.topic if job.contact and job.contact.conversation else ""
    thread = _thread_here(job, delivery) if delivery.here else delivery.thread
    to = {"to": place.slack or place.mailbox, "thread": thread, "subject": topic}
    if delivery.card:
        return {**to, "refers": delivery.thread, "change": "edit", "card": _card_now(job, delivery, place)}
    return {**to, "private_to": delivery.private_to, "buttons": delivery.buttons}


def _thread_here(job: Job, delivery: Delivery) -> str:
    """The conversation's thread as it now stands, at the notice's desk. Raises Later while it is being opened."""
    assert job.contact is not None and job.contact.conversation is not None
    conversation = job.contact.conversation
    if conversation.desk != delivery.to:
        return ""
    if conversation.opener and not conversation.thread:
        raise Later("the conversation's card is being posted")
    return conversation.thread


def _card_now(job: Job, delivery: Delivery, place: Desk) -> Card:
    """The card as the head now stands, above the words it was first posted with."""
    contact = _whose(job, delivery)
    assert contact is not None and contact.conversation is not None
    opener = store.message(contact.conversation.opener)
    first = desk.shown(texts.whole(opener)) if opener else ""
    return desk.card(contact, place, route.parts(first, route.shortest(settings.shop()))[0])


def _whose(job: Job, delivery: Delivery) -> Contact | None:
    """Whose card stands above a notice's thread: that of one who is linked with this contact is another."""
    conversation = job.contact.conversation if job.contact else None
    if conversation is None or conversation.thread == delivery.thread:
        return job.contact
    leads = store.thread(delivery.provider, delivery.account, delivery.thread)
    return store.head(leads.contact) if leads else job.contact


def _to_desk(job: Job, delivery: Delivery) -> dict[str, Any]:
    """The thread of the conversation, or its card: read from the head, never from the plan."""
    conversation = _conversation(job)
    shop = settings.shop()
    place = route.desk_of(shop, conversation.desk)
    to = {"to": place.slack or place.mailbox, "subject": conversation.topic, "own": delivery.text}
    assert job.contact is not None
    card = desk.card(job.contact, place)
    if place.mailbox:  # each mail shows how things stand, for it is read alone
        return {**to, "card": card, "thread": conversation.thread or _token(delivery, conversation)}
    return {**to, "thread": conversation.thread} if conversation.thread else {**to, "card": card}


def _conversation(job: Job) -> Conversation:
    """The conversation as it stands. Where nobody opens its thread, this message does: its name is written first."""
    assert job.contact is not None and job.contact.conversation is not None
    conversation = job.contact.conversation
    if not conversation.thread and not conversation.opener:
        write_head(job, {"opener": job.claim.key})
    elif not conversation.thread and conversation.opener != job.claim.key:
        raise Later("the conversation's card is being posted", 2)
    return job.contact.conversation


def _token(delivery: Delivery, conversation: Conversation) -> str:
    """A mailbox's thread: nobody can guess it, and it is the same on every try for this conversation and desk."""
    seed = settings.seed(delivery.provider, delivery.account)
    return digest("reply token", seed, conversation.id, conversation.desk)


def _to_customer(job: Job, delivery: Delivery) -> dict[str, Any]:
    heard = job.contact.heard if job.contact else ()
    context = next((other.context for other in heard if other.address == delivery.address), {})
    changed = {"change": delivery.change, "refers": _changed(delivery)} if delivery.change else {}
    return {"context": context, "automatic": delivery.kind is DeliveryKind.ACKNOWLEDGE, **changed}


def _changed(delivery: Delivery) -> str:
    """The provider's id of the reply that is to be changed. Raises SendFailed where that never went out."""
    claim = store.claim(delivery.original)
    sent = claim.deliveries.get(delivery.id) if claim else None
    if sent is None or not sent.provider_id:
        raise SendFailed("what you changed was never sent", Outcome.REFUSED)
    return sent.provider_id
