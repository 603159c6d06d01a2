"""A conversation moves to another desk: its card is posted there, and the old thread says where it goes on."""

from datetime import datetime

from chalicelib import desk, words
from chalicelib.desk import waiting, when
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Conversation, Thread
from chalicelib.models.shop import Shop
from chalicelib.models.work import Plan
from chalicelib.route.tell import desk_of, tell


def escalated(plan: Plan, shop: Shop, thread: Thread, done: desk.Done, who: str, at: datetime) -> Plan:
    """The plan with the move: this message opens the thread at the other desk.

    The card, which shows the customer's last words, goes out in a group of its own, so that a desk that is down holds
    neither agents nor timers. The row of the old thread stays: words written there are answered as before.
    """
    conversation = plan.contact.conversation
    assert conversation is not None
    if conversation.desk == done.moves_to:
        return plan  # said twice in one message
    place = desk_of(shop, done.moves_to)
    changes = {"thread": "", "opener": plan.message.claim}
    moved = conversation.model_copy(update={**changes, **waiting.moved(conversation, done.moves_to, shop, at)})
    card = Delivery(
        id="escalated",
        kind=DeliveryKind.FORWARD,
        to=done.moves_to,
        provider=place.carrier,
        account=place.account,
        text=words.escalated_here(conversation.desk, who, done.why, waits(conversation, shop)),
        handed=True,
    )
    contact = plan.contact.model_copy(update={"conversation": moved})
    plan = plan.model_copy(update={"contact": contact, "deliveries": (*plan.deliveries, card)})
    away = words.escalated_away(done.moves_to, who, done.why)
    return tell(plan, shop, thread, "moved", away, urgent=True) if thread.id else plan


def waits(conversation: Conversation, shop: Shop) -> str:
    """Since when its customer waits; empty if nobody does."""
    return words.waits(when.spoken(conversation.waiting.since, shop.time_zone)) if conversation.waiting else ""
