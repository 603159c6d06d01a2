"""What a delivery sends: its words, where to, and what it has to quote."""

from typing import Any

from chalicelib import desk, route, settings, store
from chalicelib.errors import Later, Outcome, SendFailed
from chalicelib.models import Content, Conversation, Delivery, DeliveryKind, Desk, Outgoing, digest
from chalicelib.process import attachments, texts
from chalicelib.process.outcome import Job, write_head


def compose(job: Job, delivery: Delivery, file: Content | None = None) -> Outgoing:
    """The provider call of a delivery; a `file` that is at hand need not be read again.

    Raises Later while the thread it belongs to is being opened, or its file cannot be read.
    """
    shop = settings.shop()
    text = route.part(job.message, delivery, shop) if job.message else delivery.text
    key = f"{job.claim.key}-{delivery.id}"
    tried = {"repeat": delivery.repeated, "tried": delivery.attempts > 0, "since": job.at, "at": job.now}
    outgoing = Outgoing(key=key, to=delivery.to, text=text, **tried)
    if delivery.file is not None:
        outgoing = outgoing.model_copy(update=attachments.sent_as(delivery, file or attachments.load(job, delivery)))
    if delivery.kind is DeliveryKind.FILE:
        return outgoing.model_copy(update=_into_thread(job))
    if delivery.kind is DeliveryKind.FORWARD:
        return outgoing.model_copy(update=_to_desk(job, delivery))
    if delivery.kind is DeliveryKind.NOTICE:
        return outgoing.model_copy(update={"text": "", "own": text, **_notice(job, delivery)})
    return outgoing.model_copy(update=_to_customer(job, delivery))


def _notice(job: Job, delivery: Delivery) -> dict[str, Any]:
    place = route.desk_of(settings.shop(), delivery.to)
    topic = job.contact.conversation.topic if job.contact and job.contact.conversation else ""
    to = {"to": place.slack or place.mailbox, "thread": delivery.thread, "subject": topic}
    if delivery.card:
        return {**to, "refers": delivery.thread, "change": "edit", **_card_now(job, delivery, place)}
    return {**to, "private_to": delivery.private_to}


def _card_now(job: Job, delivery: Delivery, place: Desk) -> dict[str, Any]:
    """The card as the head now stands, above the words it was first posted with: ours, and the customer's."""
    assert job.contact is not None and job.contact.conversation is not None
    shop, conversation = settings.shop(), job.contact.conversation
    claim = store.claim(_opener(delivery, conversation))
    posted = next((one for one in claim.in_order if one.kind is DeliveryKind.FORWARD), None) if claim else None
    if posted and posted.handed:
        first = _last_words(conversation)
    else:
        message = store.message(claim) if claim else None
        first = desk.shown(texts.whole(message)) if message else ""
    text = route.parts(first, route.shortest(shop))[0]
    return {"card": desk.card(job.contact, place, shop.time_zone, text), "own": posted.text if posted else ""}


def _opener(delivery: Delivery, conversation: Conversation) -> str:
    """The claim that posted a card: the head names it, but for a thread that the conversation has left."""
    if delivery.thread == conversation.thread:
        return conversation.opener
    posted = store.sent(delivery.provider, delivery.account, delivery.thread)
    return posted[0] if posted else ""


def _last_words(conversation: Conversation) -> str:
    """What an escalation's card shows of the customer: the words that wait for an answer, else how it began."""
    return conversation.waiting.said if conversation.waiting else conversation.asked


def _to_desk(job: Job, delivery: Delivery) -> dict[str, Any]:
    """The thread of the conversation, or its card: read from the head, never from the plan."""
    conversation = _conversation(job)
    shop = settings.shop()
    place = route.desk_of(shop, conversation.desk)
    to = {"to": place.slack or place.mailbox, "subject": conversation.topic, "own": delivery.text}
    if delivery.handed:
        to["text"] = _last_words(conversation)
    assert job.contact is not None
    card = desk.card(job.contact, place, shop.time_zone)
    if place.mailbox:  # each mail shows how things stand, for it is read alone
        return {**to, "card": card, "thread": conversation.thread or _token(delivery, conversation)}
    return {**to, "thread": conversation.thread} if conversation.thread else {**to, "card": card}


def _into_thread(job: Job) -> dict[str, Any]:
    """The thread of the conversation, which somebody else's card may be opening."""
    conversation = job.contact.conversation if job.contact else None
    if conversation is None or not conversation.thread:
        raise Later("the conversation's card is not posted yet")
    place = route.desk_of(settings.shop(), conversation.desk)
    return {"to": place.slack or place.mailbox, "subject": conversation.topic, "thread": conversation.thread}


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
