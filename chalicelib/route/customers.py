"""A customer's message: which conversation, which desk, whether it is acknowledged."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from chalicelib import complaints, desk, languages, rules, words
from chalicelib.desk import waiting
from chalicelib.errors import Later
from chalicelib.models import (
    Address,
    Button,
    Channel,
    Complaint,
    Contact,
    Conversation,
    Delivery,
    DeliveryKind,
    Direction,
    Found,
    Heard,
    Kind,
    Message,
    Met,
    Plan,
    Receive,
    Rule,
    Shop,
    digest,
)
from chalicelib.route import acknowledging, clues, linking, proving, unasked
from chalicelib.route.cut import parts, shortest
from chalicelib.route.tell import cards_anew, desk_of, next_head, notice, sendable

ACKNOWLEDGE_EVERY = timedelta(hours=24)
TOO_OLD = timedelta(minutes=15)  # for an acknowledgement
LONGEST_NAME = 200
RULE = "rule"  # names the notice by which the owner hears of a message
OPT_OUT = "stop stopall unsubscribe cancel end quit revoke optout opt-out remove arret td"
OPT_OUTS = frozenset(OPT_OUT.split())
SILENT_WORDS = frozenset(f"{OPT_OUT} start unstop yes help info".split())


NOBODY = Met()


def customer(message: Message, found: Found, shop: Shop, receive: Receive, now: datetime, met: Met = NOBODY) -> Plan:
    """A customer's message: it opens, reopens or goes on with the conversation, and is forwarded to its desk.

    Raises Later while another message is posting the conversation's card.
    """
    before = found.contact or Contact(id=found.contact_id, forgotten_at=found.forgotten_at)
    mine = tuple(address for address, owner in found.rows.items() if owner in (None, found.contact_id))
    if before.blocked:
        return _unseen(message, before, mine, receive)
    tried = proving.tried(message, before, met.other, receive.accepted_at)
    if tried:
        message, before = tried.message, tried.before
    conversation, rule = _conversation(message, before, shop, receive)
    if rule and found.turns:
        turns = rules.preferred(found.turns, desk_of(shop, conversation.desk), rule.skills)
        conversation = conversation.model_copy(update={"assignee": turns[0]})
    language, complaint = before.language, None
    if asks(message, shop) and not asks_status(message, before.conversation, shop):
        place, said = desk_of(shop, conversation.desk), desk.excerpt(desk.shown(message))
        conversation = waiting.begun(conversation, place, shop, receive.accepted_at, said)
        language = languages.spoken(message, before)
        complaint = complaints.complaint(message.text, language)
        conversation = _complained(conversation, complaint, rule)
    contact = _heard(before, message, mine, conversation.model_copy(update={"news": ()}), receive)
    contact = contact.model_copy(
        update={"language": language, "tags": rules.tagged(contact.tags, rule.tags if rule else ())}
    )
    asked, buttons = _held_again(message, before, contact, shop, now)
    mailbox = desk_of(shop, conversation.desk).mailbox
    news = (*conversation.news, *([asked] if asked and mailbox else []))
    deliveries = list(forwards_of(message, conversation, shop, news, changed=tried is not None))
    sorry = complaint is not None
    text, remembered = _at_once(message, before, contact, found, rule, sorry, shop, receive, now)
    if text:
        deliveries.append(unasked.delivery(contact.heard[-1], text, id=f"{len(deliveries):03d}"))
        contact = contact.model_copy(update=remembered)
    deliveries += files_of(message, conversation, shop)
    if rule and rule.tell_owner and conversation.desk != shop.owner and asks(message, shop):
        deliveries.append(_for_the_owner(message, conversation, rule, shop))
    if asked and not mailbox:
        deliveries.append(
            notice(shop, conversation.desk, "", asked, "held-again", urgent=True, in_thread=True, buttons=buttons)
        )
    plan = Plan(
        contact=contact,
        message=message,
        direction=Direction.IN,
        deliveries=tuple(deliveries),
        new_addresses=tuple(address for address, owner in found.rows.items() if owner is None),
        quota=acknowledging.quota(shop, now) if text and "acknowledged_until" in remembered else None,
        turn=conversation if rule else None,
        clues=met.fresh,
        asked=met.known,
    )
    plan = clues.ask(cards_anew(plan, shop, before), shop)
    return proving.told(plan, tried, found.contact, shop)


def asks(message: Message, shop: Shop) -> bool:
    """Whether it calls for an answer: what a person wrote or changed."""
    return message.kind in (Kind.MESSAGE, Kind.EDIT) and not automation(message, shop)


def asks_status(message: Message, current: Conversation | None, shop: Shop) -> bool:
    """Whether somebody who wrote before asks for nothing but how things stand; agents are not to answer that."""
    known = current is not None and shop.automatic.status
    return known and message.kind is Kind.MESSAGE and unasked.asks_status(message.text)


def _at_once(
    message: Message,
    before: Contact,
    after: Contact,
    found: Found,
    rule: Rule | None,
    sorry: bool,
    shop: Shop,
    receive: Receive,
    now: datetime,
) -> tuple[str, dict[str, datetime]]:
    """What the customer is told at once, and what of the head remembers that: how things stand, or that it is here."""
    if asks_status(message, before.conversation, shop):
        may = _may_be_told(message, shop, receive, now)
        return unasked.status(before, shop, after.language, now) if may else "", {"status_at": now}
    if rule is None or not acknowledges(message, before, shop, receive, now):
        return "", {}
    text = acknowledging.text(message, after, found, rule, sorry, shop, now)
    return text, {"acknowledged_until": now + ACKNOWLEDGE_EVERY}


def acknowledges(message: Message, before: Contact, shop: Shop, receive: Receive, now: datetime) -> bool:
    """Whether an opening gets an acknowledgement: not soon after another, and not while an agent is talking."""
    recent = before.acknowledged_until is not None and now < before.acknowledged_until
    spoken = before.conversation.agent_at if before.conversation else None
    talking = spoken is not None and now - spoken < unasked.TALKING
    return not recent and not talking and _may_be_told(message, shop, receive, now)


def _may_be_told(message: Message, shop: Shop, receive: Receive, now: datetime) -> bool:
    """Whether a message may be answered by itself: never automation, the unproved, or old news."""
    written = min(message.sent_at or receive.accepted_at, receive.accepted_at)
    proved = message.sender.channel is not Channel.UNVERIFIED_EMAIL or shop.acknowledgement.forms
    return bool(message.kind is Kind.MESSAGE and proved and not automation(message, shop) and now - written < TOO_OLD)


def stops(message: Message) -> bool:
    """Whether it says STOP, or one of the other words for that, and nothing else."""
    return _bare(message.text) in OPT_OUTS


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum() or character == "-")


def promises(message: Message, before: Contact | None, shop: Shop, receive: Receive) -> bool:
    """Whether a message may be acknowledged by a text that says how long an answer takes."""
    turns = turn(message, before.conversation if before else None, shop, receive)
    return bool(turns) and acknowledging.says_time(shop)


def automation(message: Message, shop: Shop) -> bool:
    """Whether a machine wrote it, or it must be met with silence: STOP words, our own addresses, short codes."""
    ours = {one.lower() for place in shop.desks.values() for one in (place.mailbox, *place.agents.values())}
    silent = message.sender.channel is Channel.SMS and (
        _bare(message.text) in SILENT_WORDS or not re.fullmatch(r"\+\d{7,15}", message.sender.id)
    )
    return message.automatic or silent or message.sender.id.lower() in ours


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


def _conversation(message: Message, before: Contact, shop: Shop, receive: Receive) -> tuple[Conversation, Rule | None]:
    """The conversation this message belongs to, and the rule by which it opens or reopens with it."""
    now, current = receive.accepted_at, before.conversation
    heard = {"customer_at": now, "heard": message.sender}
    turns = turn(message, current, shop, receive)
    if current and not turns:
        return current.model_copy(update={**heard, **opener(current, message, receive)}), None
    rule = ruled(message, before, shop, receive)
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


def turn(
    message: Message, current: Conversation | None, shop: Shop, receive: Receive
) -> Literal["", "opens", "reopens"]:
    """Whether a message opens a conversation, or opens it again. A reaction opens nothing again, nor does STATUS."""
    if current is None:
        return "opens"
    if current.status == "open" or message.kind is Kind.REACTION or asks_status(message, current, shop):
        return ""
    closed_for = receive.accepted_at - (current.closed_at or receive.accepted_at)
    return "reopens" if closed_for <= timedelta(days=shop.reopen_days) else "opens"


def ruled(message: Message, before: Contact | None, shop: Shop, receive: Receive) -> Rule:
    """The rule by which a message opens a conversation, or opens it again."""
    return rules.fired(rules.Facts(message, before, shop, receive.accepted_at))


def opener(current: Conversation, message: Message, receive: Receive) -> dict[str, str]:
    """Whoever finds neither thread nor opener posts the card; whoever finds only an opener waits for its card."""
    if current.thread:
        return {}
    if current.opener and current.opener != message.claim:
        raise Later("the conversation's card is being posted", 2 if receive.count == 1 else None)
    return {"opener": message.claim}


def _heard(
    before: Contact, message: Message, mine: tuple[Address, ...], conversation: Conversation, receive: Receive
) -> Contact:
    """The head as a message leaves it; `mine` are the addresses that its signature proves to be this contact's."""
    here = Heard(
        address=message.sender,
        provider=message.provider,
        account=message.account,
        at=desk.last_opened(message, receive.accepted_at, _last_opened(before, message.sender)),
        context=message.context,
        quiet=stops(message),
    )
    heard = (*(heard for heard in before.heard if heard.address != message.sender), here)
    known = {one.address for one in heard}
    last = before.conversation
    another = last is not None and last.id != conversation.id
    return next_head(
        before,
        name=message.name[:LONGEST_NAME] or before.name,
        heard=heard,
        also=tuple(also for also in dict.fromkeys((*before.also, *mine)) if also not in known),
        links=linking.heard(before.links, mine, message.name[:LONGEST_NAME]),
        conversation=conversation,
        before=desk.in_two_lines(last) if last and another else before.before,
    )


def _last_opened(before: Contact, address: Address) -> datetime | None:
    return next((heard.at for heard in before.heard if heard.address == address), None)


def _held_again(
    message: Message, before: Contact, contact: Contact, shop: Shop, now: datetime
) -> tuple[str, tuple[Button, ...]]:
    """The question what shall become of held replies: when the customer first writes again, or opens a window again.

    No words where there is nothing to ask.
    """
    last = before.conversation.customer_at if before.conversation else None
    was = next((one for one in before.heard if one.address == message.sender), None)
    first = last is None or any(one.at > last for one in before.held)
    opened = was is None or desk.window(was, now, shop).state == "closed"
    here = desk.window(contact.heard[-1], now, shop).state != "closed"
    if not (before.held and here and (first or opened)):
        return "", ()
    return desk.held.again(contact, message.sender, now, shop)


def _unseen(message: Message, before: Contact, mine: tuple[Address, ...], receive: Receive) -> Plan:
    """What a blocked sender writes is recorded, and nothing else happens."""
    assert before.conversation is not None  # whoever was blocked had one
    contact = _heard(before, message, mine, before.conversation, receive)
    return Plan(contact=contact, message=message, direction=Direction.IN)


def forwards_of(
    message: Message, conversation: Conversation, shop: Shop, news: Iterable[str], changed: bool = False
) -> Iterator[Delivery]:
    """The message in parts, the first with what is said above it; `changed`: its words are not those of the queue."""
    place = desk_of(shop, conversation.desk)
    for number, piece in enumerate(parts(desk.shown(message), shortest(shop))):
        yield Delivery(
            id=f"{number:03d}",
            kind=DeliveryKind.FORWARD,
            to=conversation.desk,
            provider=place.carrier,
            account=place.account,
            part=number,
            text="\n".join(news) if number == 0 else "",
            said=piece if changed else "",
        )


def files_of(message: Message, conversation: Conversation, shop: Shop) -> Iterator[Delivery]:
    """The files it came with, each on its own, behind the words."""
    place = desk_of(shop, conversation.desk)
    for number in sendable(message, inline=True):
        yield Delivery(
            id=f"f{number:03d}",
            kind=DeliveryKind.FILE,
            to=conversation.desk,
            provider=place.carrier,
            account=place.account,
            file=number,
            handed=True,
        )


def _for_the_owner(message: Message, conversation: Conversation, rule: Rule, shop: Shop) -> Delivery:
    who = desk.named(desk.excerpt(message.name), message.sender)
    text = words.rule_tells(who, conversation.desk, rule.name, desk.excerpt(message.text))
    return notice(shop, shop.owner, "", text, RULE, urgent=True)
