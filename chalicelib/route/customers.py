"""A customer's message: what becomes of it, and what the customer and the agents hear of it."""

import re
from collections.abc import Iterator
from datetime import datetime

from chalicelib import desk, rules, words
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Button, Delivery
from chalicelib.models.people import Contact, Conversation, Heard
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Direction, Found, Met, Plan, Receive
from chalicelib.route import acknowledging, clues, linking, opening, optout, proving, silent, unasked
from chalicelib.route.acknowledging import AtOnce
from chalicelib.route.came import Came, Turned
from chalicelib.route.forwards import files_of, forwards_of
from chalicelib.route.tell import cards_anew, desk_of, next_head, notice

LONGEST_NAME = 200
RULE = "rule"  # names the notice by which the owner hears of a message
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
    came = Came(message, before, found, shop, receive, now)
    turned = opening.turned(came)
    contact = _contact(came, turned, mine)
    told = acknowledging.at_once(came, contact, turned)
    plan = Plan(
        contact=contact.model_copy(update=told.remembered),
        message=message,
        direction=Direction.IN,
        deliveries=tuple(_deliveries(came, turned, contact, told, changed=tried is not None)),
        new_addresses=tuple(address for address, owner in found.rows.items() if owner is None),
        quota=told.quota,
        turn=turned.conversation if turned.rule else None,
        clues=met.fresh,
        asked=met.known,
    )
    plan = clues.ask(cards_anew(plan, shop, before), shop)
    return proving.told(plan, tried, found.contact, shop)


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


def _deliveries(came: Came, turned: Turned, contact: Contact, told: AtOnce, *, changed: bool) -> Iterator[Delivery]:
    """All that the message calls for, in order; `changed`: its words are not those of the queue."""
    message, shop, conversation = came.message, came.shop, turned.conversation
    asked, buttons = _held_again(came, contact)
    by_mail = bool(desk_of(shop, conversation.desk).mailbox)
    stop = optout.told(came.before, contact, came.now, shop)
    news = (*conversation.news, *stop, *([asked] if asked and by_mail else []))
    forwards = list(forwards_of(message, conversation, shop, news, changed=changed))
    yield from forwards
    if told.text:
        yield unasked.delivery(contact.heard[-1], told.text, id=f"{len(forwards):03d}")
    yield from files_of(message, conversation, shop)
    yield from _for_the_owner(came, turned)
    if asked and not by_mail:
        yield notice(shop, conversation.desk, "", asked, "held-again", urgent=True, in_thread=True, buttons=buttons)


def _for_the_owner(came: Came, turned: Turned) -> Iterator[Delivery]:
    """A word at the owner's desk, where the rule wants that."""
    message, shop, rule, place = came.message, came.shop, turned.rule, turned.conversation.desk
    if rule and rule.tell_owner and place != shop.owner and silent.asks(message, shop):
        who = desk.named(desk.excerpt(message.name), message.sender)
        text = words.rule_tells(who, place, rule.name, desk.excerpt(message.text))
        yield notice(shop, shop.owner, "", text, RULE, urgent=True)


def _contact(came: Came, turned: Turned, mine: tuple[Address, ...]) -> Contact:
    """The head as it is then; what is said above the message is said with it."""
    conversation, tags = turned.conversation.model_copy(update={"news": ()}), turned.rule.tags if turned.rule else ()
    contact = _heard(came.before, came.message, mine, conversation, came.receive)
    return contact.model_copy(update={"language": turned.language, "tags": rules.tagged(contact.tags, tags)})


def _heard(
    before: Contact, message: Message, mine: tuple[Address, ...], conversation: Conversation, receive: Receive
) -> Contact:
    """The head as a message leaves it; `mine` are the addresses that its signature proves to be this contact's."""
    was = before.known(message.sender)
    here = Heard(
        address=message.sender,
        provider=message.provider,
        account=message.account,
        at=desk.last_opened(message, receive.accepted_at, was.at if was else None),
        answered="" if was is None or desk.opens(message) else was.answered,
        context=message.context or (was.context if was else {}),
        quiet=silent.stops(message),
        stopped=optout.stopped(message, was, receive),
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


def _held_again(came: Came, contact: Contact) -> tuple[str, tuple[Button, ...]]:
    """The question what shall become of held replies: when the customer first writes again, or opens a window again.

    No words where there is nothing to ask.
    """
    message, before, shop, now = came.message, came.before, came.shop, came.now
    last = before.conversation.customer_at if before.conversation else None
    was = before.known(message.sender)
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
