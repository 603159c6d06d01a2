"""Words to agents as deliveries: at which desk, in which thread, by which provider."""

from typing import Any

from chalicelib import providers
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Contact, Thread
from chalicelib.models.shop import Desk, Shop
from chalicelib.models.work import Plan

MOST_FILES = 10  # of one message; the others are named where the message is shown

ON_THE_CARD = ("status", "assignee", "priority", "snoozed_until", "complaint")


def notice(shop: Shop, name: str, thread: str, text: str, what: str, **more: Any) -> Delivery:
    """A word to agents, in a thread or (without one) on its own at a desk; always handed on.

    `what` tells a claim's notices apart, so that the same trouble noticed twice is one notice. `more` are fields of
    a Delivery: `urgent`, `private_to`, `calls`, `card`.
    """
    place = desk_of(shop, name)
    return Delivery(
        id=f"n-{what}",
        kind=DeliveryKind.NOTICE,
        to=name,
        provider=place.carrier,
        account=place.account,
        thread=thread,
        text=text,
        handed=True,
        **more,
    )


def desk_of(shop: Shop, name: str) -> Desk:
    """A desk by its name; the owner's for one that is no longer in shop.toml."""
    return shop.desks.get(name) or shop.desks[shop.owner]


def sendable(message: Message, *, inline: bool) -> list[int]:
    """Which of its attachments may be sent on: the first ten that its provider hands out; without `inline`, no such."""
    module = providers.load(message.provider)
    if not providers.optional(module, "fetch") and not providers.optional(module, "unpack"):
        return []
    those = enumerate(message.attachments)
    return [number for number, one in those if one.reference and (inline or not one.inline)][:MOST_FILES]


def tell(plan: Plan, shop: Shop, thread: Thread, what: str, text: str, **more: Any) -> Plan:
    """Add a word for the agent to the plan, in the thread it concerns."""
    told = notice(shop, thread.desk, thread.id, text, what, **more)
    return plan.model_copy(update={"deliveries": (*plan.deliveries, told)})


def own_thread(contact: Contact) -> Thread:
    """The thread where the contact's conversation goes on; its id is empty while the card is not posted."""
    conversation = contact.conversation
    assert conversation is not None
    return Thread(id=conversation.thread, contact=contact.id, conversation=conversation.id, desk=conversation.desk)


def cards_anew(plan: Plan, shop: Shop, before: Contact, *others: Thread) -> Plan:
    """Let the card be written anew if what it shows has changed; so too at the head of `others`, which it left."""
    if not _card_differs(before, plan.contact):
        return plan
    own = own_thread(plan.contact)
    for number, thread in enumerate([own, *(other for other in others if other.id != own.id)]):
        if thread.id and providers.load(desk_of(shop, thread.desk).carrier).can.edit:
            plan = tell(plan, shop, thread, f"card-{number}" if number else "card", "", card=True)
    return plan


def _card_differs(before: Contact, after: Contact) -> bool:
    then, now = before.conversation, after.conversation
    if then is None or now is None or then.id != now.id:
        return False
    whole = (before.blocked, before.stopped) != (after.blocked, after.stopped)
    return whole or any(getattr(then, one) != getattr(now, one) for one in ON_THE_CARD)


def next_head(read: Contact, /, **changes: Any) -> Contact:
    return read.model_copy(update={"version": read.version + 1, **changes})
