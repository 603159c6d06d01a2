"""An agent's words: a note, a command, a reply, a change of one."""

from datetime import timedelta
from typing import Any

from chalicelib import desk, providers, words
from chalicelib.models import (
    Channel,
    Claim,
    Contact,
    Conversation,
    Delivery,
    DeliveryKind,
    Desk,
    Direction,
    Heard,
    Kind,
    Message,
    Plan,
    Receive,
    Shop,
    Thread,
)
from chalicelib.route.cut import parts
from chalicelib.route.tell import desk_of, next_head, tell

LATE = timedelta(minutes=10)  # for a reply


def agent(
    message: Message, thread: Thread, before: Contact, shop: Shop, receive: Receive, original: Claim | None
) -> Plan:
    """An agent's words: a note, a command, or a reply to the address last heard.

    `original` is the claim of what an edit or delete refers to, None if that is not recorded.
    """
    place = desk_of(shop, thread.desk)
    noted = Plan(contact=next_head(before), message=message, direction=Direction.NOTE, desk=thread.desk)
    if message.kind is not Kind.MESSAGE:
        return _change(noted, thread, shop, original)
    if message.automatic:
        return noted  # an out-of-office reply: kept, and never answered
    if refusal := _refusal(message, thread, place, receive):
        return tell(noted, shop, thread, "refused", refusal)
    read = desk.read(message, place)
    unknown = [command for command in read.commands if command not in desk.COMMANDS]
    if unknown:
        return tell(noted, shop, thread, "command", words.unknown_command(unknown[0]))
    replies = read.text and not read.note
    plan = _reply(message.model_copy(update={"text": read.text}), thread, before, shop, receive) if replies else noted
    return _resolve(plan, thread, shop, receive) if "#resolve" in read.commands else plan


def _refusal(message: Message, thread: Thread, place: Desk, receive: Receive) -> str:
    """Why an agent's words must not leave; empty if they may. A Slack member was checked when the event was read."""
    if message.sender.channel is Channel.SLACK:
        return ""
    listed = message.sender.id.lower() in {agent.lower() for agent in place.agents}
    if message.sender.channel is not Channel.EMAIL or not listed:
        return words.not_an_agent(message.sender.id)
    expired = thread.expires is not None and receive.accepted_at > thread.expires
    return words.token_expired() if expired else ""


def _reply(message: Message, thread: Thread, before: Contact, shop: Shop, receive: Receive) -> Plan:
    """The reply goes to the address last heard; in an old thread it goes on in the conversation that is open now."""
    conversation, turned, elsewhere = _answered(message, thread, before, receive)
    heard = next(other for other in before.heard if other.address == conversation.heard)
    pieces = parts(message.text, providers.load(heard.provider).can.text)
    due = {"late": receive.accepted_at + LATE, **before.due}
    conversation = conversation.model_copy(update={"agent_at": receive.accepted_at})
    plan = Plan(
        contact=next_head(before, conversation=conversation, due=due),
        message=message,
        direction=Direction.OUT,
        desk=thread.desk,
        deliveries=tuple(_part_of_reply(heard, number) for number in range(len(pieces))),
        turn=conversation if turned else None,
    )
    return tell(plan, shop, thread, "elsewhere", words.goes_on_elsewhere(conversation.desk)) if elsewhere else plan


def _answered(
    message: Message, thread: Thread, before: Contact, receive: Receive
) -> tuple[Conversation, bool, bool]:  # fmt: skip
    """The conversation an agent's words belong to, whether it reopens, and whether it is not the thread's own."""
    current = before.conversation
    assert current is not None  # a thread has a contact, a contact has a conversation
    own = current.id == thread.conversation
    if current.status == "open":
        return current, False, not own
    reopened: dict[str, Any] = {"status": "open", "closed_at": None}
    if not own:  # an older conversation: it opens again in its own thread
        reopened |= {"id": thread.conversation, "desk": thread.desk, "thread": message.thread,
                     "opened_at": receive.accepted_at}  # fmt: skip
    return current.model_copy(update=reopened), True, False


def _part_of_reply(heard: Heard, number: int) -> Delivery:
    return Delivery(
        id=f"{number:03d}",
        kind=DeliveryKind.REPLY,
        to=heard.address.id,
        provider=heard.provider,
        account=heard.account,
        address=heard.address,
        part=number,
        handed=True,
    )


def _change(noted: Plan, thread: Thread, shop: Shop, original: Claim | None) -> Plan:
    """An agent's edit or delete: nothing leaves. If its original is not recorded yet, that never leaves either."""
    if original is None:
        told = tell(noted, shop, thread, "again", words.send_again())
        return told.model_copy(update={"also_claims": (noted.message.original_claim,)})
    replied = any(delivery.kind is DeliveryKind.REPLY for delivery in original.in_order)
    return tell(noted, shop, thread, "change", words.edit_not_sent()) if replied else noted


def _resolve(plan: Plan, thread: Thread, shop: Shop, receive: Receive) -> Plan:
    """Close, unless the customer has written since the agent said so."""
    conversation = plan.contact.conversation
    assert conversation is not None
    if conversation.status == "closed" or conversation.id != thread.conversation:
        return tell(plan, shop, thread, "resolve", words.resolved_already())
    if conversation.customer_at > receive.accepted_at:
        return tell(plan, shop, thread, "resolve", words.resolve_too_late())
    closed = conversation.model_copy(update={"status": "closed", "closed_at": receive.accepted_at})
    contact = plan.contact.model_copy(update={"conversation": closed})
    return tell(plan.model_copy(update={"contact": contact, "turn": closed}), shop, thread, "resolve", words.resolved())
