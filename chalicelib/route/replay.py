"""A recorded message once more, as an operator asked for it: the agents see it, and nothing else comes of it."""

from collections.abc import Iterator

from chalicelib import desk, rules, words
from chalicelib.desk import waiting
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Contact, Conversation
from chalicelib.models.shop import Shop
from chalicelib.models.values import digest
from chalicelib.models.work import Direction, Plan, Receive
from chalicelib.route.forwards import files_of, forwards_of
from chalicelib.route.opening import opener
from chalicelib.route.tell import cards_anew, next_head, own_thread, tell


def replay(message: Message, before: Contact, original: Claim | None, shop: Shop, receive: Receive) -> Plan:
    """The message with a mark, where its conversation is discussed now, by the rules as they are now.

    Nobody wrote anew: no clock, reply window or acknowledgement is touched, and what is closed stays closed.
    `original` is the claim of when it came. Raises Later while another message is posting the conversation's card.
    """
    current = before.conversation
    assert current is not None  # whoever was recorded has one, until it is forgotten
    plan = Plan(contact=next_head(before), message=message, direction=Direction.NOTE)
    if before.blocked:
        return plan
    conversation = current.model_copy(update=opener(current, message, receive))
    to = _desk_now(message, before, original, shop)
    if to != current.desk:
        moved = waiting.moved(conversation, to, shop, receive.accepted_at)
        conversation = conversation.model_copy(update={"thread": "", "opener": message.claim, **moved})
    plan = plan.model_copy(
        update={
            "contact": plan.contact.model_copy(update={"conversation": conversation}),
            "deliveries": tuple(_shown(message, conversation, original, shop)),
        }
    )
    return plan if to == current.desk else _told(plan, before, to, shop)


def _desk_now(message: Message, before: Contact, original: Claim | None, shop: Shop) -> str:
    """Another desk, if this message opened the conversation, the rules then led it here, and lead elsewhere now.

    What agents or timers have moved since stays where they moved it.
    """
    current = before.conversation
    assert current is not None
    first = next((one for one in original.in_order if one.id == "000"), None) if original else None
    opened = original is not None and current.id == digest("conversation", original.key)
    return _ruled(message, before, shop) if opened and first and first.to == current.desk else current.desk


def _ruled(message: Message, before: Contact, shop: Shop) -> str:
    """The desk by the rules as they are now, of things as they were: the hour, and who had not written before."""
    assert message.came_at is not None
    then = before if before.before else before.model_copy(update={"conversation": None})
    return rules.fired(rules.Facts(message, then, shop, message.came_at)).desk


def _shown(message: Message, conversation: Conversation, original: Claim | None, shop: Shop) -> Iterator[Delivery]:
    """Its parts, and its files as they were kept when it came: their host may have them no more."""
    assert message.came_at is not None
    yield from forwards_of(message, conversation, shop, [words.replayed(desk.spoken(message.came_at, shop.time_zone))])
    before = original.deliveries if original else {}
    for one in files_of(message, conversation, shop):
        yield one.model_copy(update={"stored": before[one.id].stored if one.id in before else ""})


def _told(plan: Plan, before: Contact, to: str, shop: Shop) -> Plan:
    """The thread that is left says where it goes on."""
    left = own_thread(before)
    if left.id:
        plan = tell(plan, shop, left, "moved", words.moved_by_rules(to), urgent=True)
    return cards_anew(plan, shop, before, left)
