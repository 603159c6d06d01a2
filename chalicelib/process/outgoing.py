"""What a delivery sends: its words, where to, and what it has to quote."""

from typing import Any

from chalicelib import desk, providers, route, settings, store, wording
from chalicelib.errors import Later, Outcome, SendFailed
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Card, Content, Delivery, DeliveryKind, Outgoing
from chalicelib.models.people import Claim, Contact, Conversation
from chalicelib.models.shop import Desk
from chalicelib.models.values import digest
from chalicelib.process import attachments, texts
from chalicelib.process.job import Job, heard, write_head


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
        file = file or attachments.load(job, delivery)
        outgoing = outgoing.model_copy(update=attachments.sent_as(job, delivery, file))
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
    thread = _thread_now(job, delivery) if delivery.in_thread else delivery.thread
    calls = delivery.calls if delivery.calls in place.agents.values() else ""  # it may have moved to another desk
    to = {"to": (place.mailbox and calls) or place.seat, "thread": thread, "subject": topic}
    if delivery.card:
        return {**to, "refers": delivery.thread, "change": "edit", **_card_now(_whose(job, delivery), delivery, place)}
    return {**to, "private_to": delivery.private_to, "calls": calls, "buttons": delivery.buttons}


def _thread_now(job: Job, delivery: Delivery) -> str:
    """The conversation's thread; none if that has moved to another desk. Raises Later while it is being opened."""
    conversation = job.contact.conversation if job.contact else None
    if conversation is None or conversation.desk != delivery.to:
        return ""
    if conversation.opener and not conversation.thread:
        raise Later("the conversation's card is being posted")
    return conversation.thread


def _whose(job: Job, delivery: Delivery) -> Contact:
    """Whose card stands above a notice's thread: that of one who is linked with the contact is another."""
    assert job.contact is not None and job.contact.conversation is not None
    if job.contact.conversation.thread == delivery.thread:
        return job.contact
    leads = store.thread(delivery.provider, delivery.account, delivery.thread)
    other = store.head(leads.contact) if leads and leads.contact != job.contact.id else None
    return other or job.contact


def _card_now(contact: Contact, delivery: Delivery, place: Desk) -> dict[str, Any]:
    """The card as the head now stands, around the words it was first posted with, or with why it was escalated."""
    assert contact.conversation is not None
    shop = settings.shop()
    claim = store.claim(_opener(delivery, contact.conversation))
    first = next((one for one in claim.in_order if one.kind is DeliveryKind.FORWARD), None) if claim else None
    if claim is None or first is None:
        return {"card": _card(contact, place)}
    if first.handed:
        words = _last_words(contact.conversation)
        return {"card": _card(contact, place, words), "own": first.text}
    message = store.message(claim)
    opener = texts.whole(message) if message else None
    text = route.part(opener, first, shop) if opener else ""
    return {
        "card": _card(contact, place, text),
        "own": first.text,
        "below": _below(claim, opener, first),
    }


def _opener(delivery: Delivery, conversation: Conversation) -> str:
    """The claim that posted a card: the head names it, but for a thread that the conversation has left."""
    if delivery.thread == conversation.thread:
        return conversation.opener
    posted = store.sent(delivery.provider, delivery.account, delivery.thread)
    return posted[0] if posted else ""


def _below(claim: Claim, message: Message | None, delivery: Delivery) -> str:
    """Under the last part of a customer's message: until when it can be answered."""
    last = max((one.part for one in claim.in_order if one.kind is DeliveryKind.FORWARD), default=0)
    if message is None or claim.at is None or delivery.part < last:
        return ""
    return desk.closing(message, message.came_at or claim.at, settings.shop())


def _last_words(conversation: Conversation) -> str:
    """What an escalation's card shows of the customer: the words that wait for an answer, else how it began."""
    return conversation.waiting.said if conversation.waiting else conversation.asked


def _to_desk(job: Job, delivery: Delivery) -> dict[str, Any]:
    """The thread of the conversation, or its card: read from the head, never from the plan."""
    conversation = _conversation(job)
    shop = settings.shop()
    place = route.desk_of(shop, conversation.desk)
    said = {"own": delivery.text, "below": _below(job.claim, job.message, delivery)}
    to = {"to": place.seat, "subject": conversation.topic, **said}
    if delivery.handed:
        to["text"] = _last_words(conversation)
    assert job.contact is not None
    if place.mailbox:  # each mail shows how things stand, for it is read alone
        thread = conversation.thread or _token(delivery, conversation)
        return {**to, "card": _card(job.contact, place), "thread": thread}
    return {**to, "thread": conversation.thread} if conversation.thread else {**to, "card": _card(job.contact, place)}


def _card(contact: Contact, place: Desk, text: str = "") -> Card:
    """With the orders of whoever writes, which are read where something tells of orders."""
    shop = settings.shop()
    told = any(name in providers.ORDERS for name in shop.providers)
    return desk.card(contact, place, shop, text, store.last_orders(contact.addresses) if told else ())


def _into_thread(job: Job) -> dict[str, Any]:
    """The thread of the conversation, which somebody else's card may be opening."""
    conversation = job.contact.conversation if job.contact else None
    if conversation is None or not conversation.thread:
        raise Later("the conversation's card is not posted yet")
    place = route.desk_of(settings.shop(), conversation.desk)
    return {"to": place.seat, "subject": conversation.topic, "thread": conversation.thread}


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
    address = heard(job, delivery)
    changed = {"change": delivery.change, "refers": _changed(delivery)} if delivery.change else {}
    late = address is not None and desk.window(address, job.now, settings.shop()).state == "human"
    context = delivery.context or (address.context if address else {})
    language = job.contact.language if job.contact else ""
    return {
        "context": context,
        "subject": "" if context.get("subject") else wording.subject(settings.shop(), language),
        "automatic": delivery.kind is DeliveryKind.ACKNOWLEDGE,
        "human": late and delivery.kind is DeliveryKind.REPLY,
        "public": delivery.public,
        "template": delivery.template,
        "values": delivery.values,
        **changed,
    }


def _changed(delivery: Delivery) -> str:
    """The provider's id of the reply that is to be changed. Raises SendFailed where that never went out."""
    claim = store.claim(delivery.original)
    sent = claim.deliveries.get(delivery.id) if claim else None
    if sent is None or not sent.provider_id:
        raise SendFailed("what you changed was never sent", Outcome.REFUSED)
    return sent.provider_id
