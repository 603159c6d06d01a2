"""What customers are told by itself as time goes by: that they are not forgotten, how things stand, a last question."""

from datetime import datetime, timedelta

from chalicelib import desk, hours, providers, wording, words
from chalicelib.desk import waiting
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Contact, Conversation, Heard
from chalicelib.models.shop import Shop
from chalicelib.models.values import Channel
from chalicelib.models.work import Plan
from chalicelib.route.tell import own_thread, tell

TALKING = timedelta(minutes=30)  # since an agent's last word: nothing comes between
STATUS = frozenset(["status", "statut", "estado", "stato", "статус", "状态", "狀態"])
STATUS_EVERY = timedelta(minutes=10)


def asks_status(message: Message, current: Conversation | None, shop: Shop) -> bool:
    """Whether somebody who wrote before asks how things stand, by that one word; agents are not to answer that."""
    known = current is not None and shop.automatic.status
    return known and message.kind is Kind.MESSAGE and message.text.strip(" \n?!.¿¡#/").casefold() in STATUS


def status(contact: Contact, shop: Shop, language: str, now: datetime) -> str:
    """The answer to that, from how things stood before they asked; empty where they asked a moment ago."""
    conversation, told = contact.conversation, contact.status_at
    if conversation is None or (told and now - told < STATUS_EVERY):
        return ""
    return wording.stands(shop, language, conversation, now)


def update(plan: Plan, shop: Shop, at: datetime) -> Plan:
    """Tell who still waits that they are not forgotten; later, while the desk is closed or an agent is talking."""
    contact, conversation = plan.contact, plan.contact.conversation
    assert conversation is not None
    if conversation.waiting is None or not (to := _reached(contact, conversation, shop, at)):
        return plan
    free = _free(conversation, shop, at)
    if free > at:
        return _with(plan, waiting.put_off(conversation, waiting.UPDATE, free, shop))
    changes, following = waiting.updated(conversation, shop, at)
    return _told(_with(plan, changes), shop, to, wording.update(shop, contact.language, following, at))


def follow_up(plan: Plan, shop: Shop, at: datetime) -> Plan:
    """Ask once whether all is well, some days after the end, unless they wrote since."""
    contact, conversation = plan.contact, plan.contact.conversation
    assert conversation is not None
    closed = conversation.status == "closed" and conversation.closed_at
    if not closed or conversation.customer_at > closed or not (to := _reached(contact, conversation, shop, at)):
        return plan
    free = _free(conversation, shop, at)
    if free > at:
        return _with(plan, {"follow_up": free})
    return _told(plan, shop, to, wording.follow_up(shop, contact.language))


def delivery(to: Heard, text: str, **more: object) -> Delivery:
    """An automatic message: it leaves once at most, and not behind an agent's word."""
    fields = {"provider": to.provider, "account": to.account, "address": to.address, "text": text, **more}
    return Delivery.model_validate({"id": "000", "kind": DeliveryKind.ACKNOWLEDGE, "to": to.address.id, **fields})


def spared(provider: str) -> bool:
    """Whether nothing is said there by itself: the one message that it takes is the agent's."""
    return providers.load(provider).can.once


def _told(plan: Plan, shop: Shop, to: Heard, text: str) -> Plan:
    """The words go out behind whatever an agent has said by then, or not at all; the agents see them."""
    sending = delivery(to, text, handed=True)
    told = plan.model_copy(update={"deliveries": (*plan.deliveries, sending)})
    thread = own_thread(plan.contact)
    return tell(told, shop, thread, "unasked", words.customer_is_told(text)) if thread.id else told


def _with(plan: Plan, changes: dict[str, object]) -> Plan:
    assert plan.contact.conversation is not None
    conversation = plan.contact.conversation.model_copy(update=changes)
    return plan.model_copy(update={"contact": plan.contact.model_copy(update={"conversation": conversation})})


def _reached(contact: Contact, conversation: Conversation, shop: Shop, at: datetime) -> Heard | None:
    """Where they may be written to unasked: a proved address, its window open, that did not ask for silence."""
    found = next((one for one in contact.heard if one.address == conversation.heard), None)
    if contact.blocked or found is None or found.quiet or found.address.channel is Channel.UNVERIFIED_EMAIL:
        return None
    return found if desk.window(found, at, shop).state == "open" and not spared(found.provider) else None


def _free(conversation: Conversation, shop: Shop, at: datetime) -> datetime:
    """From when on it may be said: the desk is open, and no agent said anything for a while."""
    calendar, spoken = hours.of(shop, conversation.desk), conversation.agent_at
    quiet = max(at, spoken + TALKING) if spoken else at
    return hours.opens(calendar, quiet) if calendar else quiet
