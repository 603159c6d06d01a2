"""A message, its contact and the shop's settings in; what is to be written and sent out. Pure: nothing is called."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from chalicelib import desk, providers, words
from chalicelib.errors import Later
from chalicelib.models import (
    Address,
    Channel,
    Claim,
    Contact,
    Conversation,
    Delivery,
    DeliveryKind,
    Desk,
    Direction,
    Found,
    Heard,
    Kind,
    Message,
    Plan,
    Receive,
    Shop,
    Thread,
    digest,
)

ACKNOWLEDGE_EVERY = timedelta(hours=24)
TOO_OLD = timedelta(minutes=15)  # for an acknowledgement
LATE = timedelta(minutes=10)  # for a reply
LONGEST_NAME = 200
MOST_PARTS = 40  # three go out in one receive, and thirty receives in an hour mean that a message kills the worker
CUT = " … (too long to show: cut here)"
OPT_OUT = "stop stopall unsubscribe cancel end quit revoke optout opt-out remove arret td"
SILENT_WORDS = frozenset(f"{OPT_OUT} start unstop yes help info".split())


def customer(message: Message, found: Found, shop: Shop, receive: Receive, now: datetime) -> Plan:
    """A customer's message: it opens, reopens or goes on with the conversation, and is forwarded to its desk.

    Raises Later while another message is posting the conversation's card.
    """
    before = found.contact or Contact(id=found.contact_id)
    conversation, turned = _conversation(message, before, shop, receive)
    deliveries = list(_forwards(message, conversation, shop))
    contact = _heard(before, message, conversation, receive)
    if turned and acknowledges(message, before, shop, receive, now):
        deliveries.append(_acknowledgement(message, shop, len(deliveries)))
        contact = contact.model_copy(update={"acknowledged_until": now + ACKNOWLEDGE_EVERY})
    return Plan(
        contact=contact,
        message=message,
        direction=Direction.IN,
        deliveries=tuple(deliveries),
        new_addresses=tuple(address for address, owner in found.rows.items() if owner is None),
        turn=conversation if turned else None,
    )


def acknowledges(message: Message, before: Contact, shop: Shop, receive: Receive, now: datetime) -> bool:
    """Whether an opening gets an acknowledgement: never to automation, to the unproved, or about old news."""
    written = min(message.sent_at or receive.accepted_at, receive.accepted_at)
    recent = before.acknowledged_until is not None and now < before.acknowledged_until
    proved = message.sender.channel is not Channel.UNVERIFIED_EMAIL or shop.acknowledgement.forms
    return bool(
        words.acknowledgement(shop)
        and message.kind is Kind.MESSAGE
        and proved
        and not recent
        and not automation(message, shop)
        and now - written < TOO_OLD
    )


def automation(message: Message, shop: Shop) -> bool:
    """Whether a machine wrote it, or it must be met with silence: STOP words, our own addresses, short codes."""
    ours = {address.lower() for place in shop.desks.values() for address in (place.mailbox, *place.agents)}
    text = "".join(character for character in message.text.casefold() if character.isalnum() or character == "-")
    silent = message.sender.channel is Channel.SMS and (
        text in SILENT_WORDS or not re.fullmatch(r"\+\d{7,15}", message.sender.id)
    )
    return message.automatic or silent or message.sender.id.lower() in ours


def agent(
    message: Message, thread: Thread, before: Contact, shop: Shop, receive: Receive, original: Claim | None
) -> Plan:
    """An agent's words: a note, a command, or a reply to the address last heard.

    `original` is the claim of what an edit or delete refers to, None if that is not recorded.
    """
    place = desk_of(shop, thread.desk)
    noted = Plan(contact=_next(before), message=message, direction=Direction.NOTE, desk=thread.desk)
    if message.kind is not Kind.MESSAGE:
        return _change(noted, thread, shop, original)
    if message.automatic:
        return noted  # an out-of-office reply: kept, and never answered
    if refusal := _refusal(message, thread, place, receive):
        return _tell(noted, shop, thread, "refused", refusal)
    read = desk.read(message, place)
    unknown = [command for command in read.commands if command not in desk.COMMANDS]
    if unknown:
        return _tell(noted, shop, thread, "command", words.unknown_command(unknown[0]))
    replies = read.text and not read.note
    plan = _reply(message.model_copy(update={"text": read.text}), thread, before, shop, receive) if replies else noted
    return _resolve(plan, thread, shop, receive) if "#resolve" in read.commands else plan


def late(message: Message, before: Contact, shop: Shop, waiting: list[datetime], due: datetime) -> Plan:
    """The timer `late`: tell the agent of a reply that is not out, and move the timer on to the next.

    `waiting` are the times at which the replies were recorded that are not out and were not told of before.
    """
    ahead = [at + LATE for at in waiting if at + LATE > due]
    rest = {kind: at for kind, at in before.due.items() if kind != "late"}
    contact = _next(before, due={**rest, **({"late": min(ahead)} if ahead else {})})
    plan = Plan(contact=contact, message=message, direction=Direction.NOTE)
    conversation = before.conversation
    if conversation is None or len(ahead) == len(waiting):
        return plan
    thread = Thread(id=conversation.thread, contact=before.id, conversation=conversation.id, desk=conversation.desk)
    return _tell(plan, shop, thread, "late", words.reply_late(), urgent=True)


def parts(text: str, size: int) -> list[str]:
    """`text` cut at line ends or spaces into parts of at most `size` characters; no character is cut from its marks."""
    pieces: list[str] = []
    while len(text) > size and len(pieces) < MOST_PARTS - 1:
        cut = _cut(text, size)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text if len(text) <= size else text[: size - len(CUT)] + CUT]


def part(message: Message, delivery: Delivery, shop: Shop) -> str:
    """The words of a delivery: its own, or its part of the message."""
    if delivery.kind in (DeliveryKind.ACKNOWLEDGE, DeliveryKind.NOTICE):
        return delivery.text
    forward = delivery.kind is DeliveryKind.FORWARD
    text = desk.shown(message) if forward else message.text
    pieces = parts(text, shortest(shop) if forward else providers.load(delivery.provider).can.text)
    return pieces[delivery.part] if delivery.part < len(pieces) else ""


def shortest(shop: Shop) -> int:
    """Characters of one post that every desk takes: a message that moves to another desk keeps its parts."""
    return min(providers.load(carrier(place)).can.text for place in shop.desks.values())


def notice(shop: Shop, name: str, thread: str, text: str, what: str, urgent: bool = False) -> Delivery:
    """A word to agents, in a thread or (without one) on its own at a desk; always handed on.

    `what` tells a claim's notices apart, so that the same trouble noticed twice is one notice.
    """
    place = desk_of(shop, name)
    return Delivery(
        id=f"n-{what}",
        kind=DeliveryKind.NOTICE,
        to=name,
        provider=carrier(place),
        account=place.account,
        thread=thread,
        text=text,
        urgent=urgent,
        handed=True,
    )


def desk_of(shop: Shop, name: str) -> Desk:
    """A desk by its name; the owner's for one that is no longer in shop.toml."""
    return shop.desks.get(name) or shop.desks[shop.owner]


def carrier(place: Desk) -> str:
    """The provider that carries a desk."""
    return place.provider or ("slack" if place.slack else "postmark")


def sender(message: Message, shop: Shop) -> Message:
    """The message as from who really wrote it: a mail of the shop's own contact form is from its one Reply-To.

    Only a form whose From is proved may do so, and what is typed into it is never evidence: `email?`.
    """
    typed = message.context.get("reply_to", "")
    if message.thread or message.sender.channel is not Channel.EMAIL or message.sender.id not in shop.forms:
        return message
    if not re.fullmatch(r"[^\s@,<>]+@[^\s@,<>]+", typed):
        return message
    typed_by = Address(channel=Channel.UNVERIFIED_EMAIL, id=typed.lower())
    return message.model_copy(update={"sender": typed_by, "automatic": False})  # the form is a machine, its user is not


# ---- customers --------------------------------------------------------------------------------------------------


def _conversation(message: Message, before: Contact, shop: Shop, receive: Receive) -> tuple[Conversation, bool]:
    """The conversation this message belongs to, and whether it opens or reopens with it."""
    now, current = receive.accepted_at, before.conversation
    heard = {"customer_at": now, "heard": message.sender}
    if current and current.status == "closed" and message.kind is Kind.REACTION:
        return current.model_copy(update={**heard, **_opener(current, message, receive)}), False
    if current and current.status == "open":
        return current.model_copy(update={**heard, **_opener(current, message, receive)}), False
    if current and now - (current.closed_at or now) <= timedelta(days=shop.reopen_days):
        reopened = {"status": "open", "closed_at": None, **heard, **_opener(current, message, receive)}
        return current.model_copy(update=reopened), True
    opened = Conversation(
        id=digest("conversation", message.claim),
        desk=shop.routes.get(message.sender.channel, shop.routes["default"]),
        opener=message.claim,
        opened_at=now,
        topic=desk.topic(message),
        **heard,
    )
    return opened, True


def _opener(current: Conversation, message: Message, receive: Receive) -> dict[str, str]:
    """Whoever finds neither thread nor opener posts the card; whoever finds only an opener waits for its card."""
    if current.thread:
        return {}
    if current.opener and current.opener != message.claim:
        raise Later("the conversation's card is being posted", 2 if receive.count == 1 else None)
    return {"opener": message.claim}


def _heard(before: Contact, message: Message, conversation: Conversation, receive: Receive) -> Contact:
    here = Heard(
        address=message.sender,
        provider=message.provider,
        account=message.account,
        at=receive.accepted_at,
        context=message.context,
    )
    others = tuple(heard for heard in before.heard if heard.address != message.sender)
    return _next(
        before, name=message.name[:LONGEST_NAME] or before.name, heard=(*others, here), conversation=conversation
    )


def _forwards(message: Message, conversation: Conversation, shop: Shop) -> Iterator[Delivery]:
    place = desk_of(shop, conversation.desk)
    for number in range(len(parts(desk.shown(message), shortest(shop)))):
        yield Delivery(
            id=f"{number:03d}",
            kind=DeliveryKind.FORWARD,
            to=conversation.desk,
            provider=carrier(place),
            account=place.account,
            part=number,
        )


def _acknowledgement(message: Message, shop: Shop, number: int) -> Delivery:
    return Delivery(
        id=f"{number:03d}",
        kind=DeliveryKind.ACKNOWLEDGE,
        to=message.sender.id,
        provider=message.provider,
        account=message.account,
        address=message.sender,
        text=words.acknowledgement(shop),
    )


# ---- agents -----------------------------------------------------------------------------------------------------


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
        contact=_next(before, conversation=conversation, due=due),
        message=message,
        direction=Direction.OUT,
        desk=thread.desk,
        deliveries=tuple(_part_of_reply(heard, number) for number in range(len(pieces))),
        turn=conversation if turned else None,
    )
    return _tell(plan, shop, thread, "elsewhere", words.goes_on_elsewhere(conversation.desk)) if elsewhere else plan


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
        told = _tell(noted, shop, thread, "again", words.send_again())
        return told.model_copy(update={"also_claims": (noted.message.original_claim,)})
    replied = any(delivery.kind is DeliveryKind.REPLY for delivery in original.in_order)
    return _tell(noted, shop, thread, "change", words.edit_not_sent()) if replied else noted


def _resolve(plan: Plan, thread: Thread, shop: Shop, receive: Receive) -> Plan:
    """Close, unless the customer has written since the agent said so."""
    conversation = plan.contact.conversation
    assert conversation is not None
    if conversation.status == "closed" or conversation.id != thread.conversation:
        return _tell(plan, shop, thread, "resolve", words.resolved_already())
    if conversation.customer_at > receive.accepted_at:
        return _tell(plan, shop, thread, "resolve", words.resolve_too_late())
    closed = conversation.model_copy(update={"status": "closed", "closed_at": receive.accepted_at})
    contact = plan.contact.model_copy(update={"conversation": closed})
    return _tell(
        plan.model_copy(update={"contact": contact, "turn": closed}), shop, thread, "resolve", words.resolved()
    )


def _tell(plan: Plan, shop: Shop, thread: Thread, what: str, text: str, urgent: bool = False) -> Plan:
    """Add a word for the agent to the plan, in the thread it concerns."""
    told = notice(shop, thread.desk, thread.id, text, what, urgent)
    return plan.model_copy(update={"deliveries": (*plan.deliveries, told)})


def _next(before: Contact, **changes: Any) -> Contact:
    return before.model_copy(update={**changes, "version": before.version + 1})


# ---- cutting ----------------------------------------------------------------------------------------------------


def _cut(text: str, size: int) -> int:
    """Where to cut: after the last line end or space of the second half, else before a whole character."""
    for mark in ("\n", " "):
        cut = text.rfind(mark, size // 2, size)
        if cut > 0:
            return cut + 1
    cut = size
    while cut > size // 2 and _joined(text[cut - 1], text[cut]):
        cut -= 1
    return cut


def _joined(before: str, after: str) -> bool:
    """Whether two characters are one for the reader: marks, joiners, variation selectors, skin tones, flags."""
    joiner, flags = "\u200d", range(0x1F1E6, 0x1F200)
    return (
        joiner in (before, after)
        or unicodedata.category(after) in ("Mn", "Me", "Mc")
        or 0x1F3FB <= ord(after) <= 0x1F3FF
        or (ord(before) in flags and ord(after) in flags)
    )
