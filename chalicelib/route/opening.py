"""Which conversation a customer's message belongs to: it opens, reopens or goes on; by which rule, and how urgent."""

from datetime import timedelta
from typing import Literal

from chalicelib import desk, rules
from chalicelib.desk import waiting
from chalicelib.errors import Later
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Complaint, Conversation
from chalicelib.models.shop import Rule, Shop
from chalicelib.models.values import digest
from chalicelib.models.work import Receive
from chalicelib.route import silent, unasked
from chalicelib.route.came import Came, Turned
from chalicelib.route.tell import desk_of


def turned(came: Came) -> Turned:
    """The message's conversation: at its desk, with the agent whose turn it is, waiting if it calls for an answer.

    Raises Later while another message is posting the conversation's card.
    """
    message, shop, before = came.message, came.shop, came.before
    conversation, rule = _conversation(came)
    if rule and came.found.turns:
        turns = rules.preferred(came.found.turns, desk_of(shop, conversation.desk), rule.skills)
        conversation = conversation.model_copy(update={"assignee": turns[0]})
    if came.intent or not silent.asks(message, shop) or unasked.asks_status(message, before.conversation, shop):
        return Turned(conversation, rule, before.language, None)
    place, said = desk_of(shop, conversation.desk), desk.excerpt(desk.shown(message))
    conversation = waiting.begun(conversation, place, shop, came.receive.accepted_at, said)
    complaint = came.facts.complaint
    return Turned(_complained(conversation, complaint, rule), rule, came.facts.language, complaint)


def turn(
    message: Message, current: Conversation | None, shop: Shop, receive: Receive
) -> Literal["", "opens", "reopens"]:
    """Whether a message opens a conversation, or opens it again. A reaction opens nothing again, nor does STATUS."""
    if current is None:
        return "opens"
    if current.status == "open" or message.kind is Kind.REACTION or unasked.asks_status(message, current, shop):
        return ""
    closed_for = receive.accepted_at - (current.closed_at or receive.accepted_at)
    return "reopens" if closed_for <= timedelta(days=shop.reopen_days) else "opens"


def opener(current: Conversation, message: Message, receive: Receive) -> dict[str, str]:
    """Whoever finds neither thread nor opener posts the card; whoever finds only an opener waits for its card."""
    if current.thread:
        return {}
    if current.opener and current.opener != message.claim:
        raise Later("the conversation's card is being posted", 2 if receive.count == 1 else None)
    return {"opener": message.claim}


def _conversation(came: Came) -> tuple[Conversation, Rule | None]:
    """The conversation this message belongs to, and the rule by which it opens or reopens with it."""
    message, receive, current, now = came.message, came.receive, came.before.conversation, came.receive.accepted_at
    heard = {"customer_at": now, "heard": message.sender}
    turns = turn(message, current, came.shop, receive)
    if current and not turns:
        return current.model_copy(update={**heard, **opener(current, message, receive)}), None
    rule = rules.fired(came.facts)
    if current and turns == "reopens":
        reopened = {"status": "open", "closed_at": None, "ended": "", **heard, **opener(current, message, receive)}
        urgency = {"priority": rule.priority or current.priority}
        return current.model_copy(update={**reopened, **urgency}), rule
    opened = Conversation(
        id=digest("conversation", message.claim),
        desk=rule.desk,
        priority=rule.priority or "normal",
        opener=message.claim,
        opened_at=now,
        topic=desk.topic(message),
        asked=desk.excerpt(message.text),
        **heard,
    )
    return opened, rule


def _complained(conversation: Conversation, found: Complaint | None, rule: Rule | None) -> Conversation:
    """The conversation as a complaint leaves it: before others, unless the `rule` that opens it says how urgent it is.

    While it is open, no further complaint changes what is known of the first.
    """
    if found is None or (conversation.complaint and not rule):
        return conversation
    urgent = conversation.priority == "urgent" or (rule and rule.priority)
    return conversation.model_copy(update={"complaint": found, "priority": conversation.priority if urgent else "high"})
