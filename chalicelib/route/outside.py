"""What agents ask outside any thread: how things stand at their desk, and a conversation that the shop begins."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib import desk, words
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Contact, Conversation, Heard
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel, digest
from chalicelib.models.work import Direction, Plan, Receive
from chalicelib.route.agents import command_below, not_vouched
from chalicelib.route.forwards import forwards_of
from chalicelib.route.opening import opener, turn
from chalicelib.route.replies import check_size, files_of, replies, spoken, used_up
from chalicelib.route.tell import desk_of, next_head, notice

NEW, STATUS = "#new", "#status"
COMMANDS: Mapping[str, tuple[str, str]] = {  # the word: what may follow it, and what it means
    NEW: ("ADDRESS TEXT", "write to an address that wrote before"),
    STATUS: ("", "what is open at this desk"),
    "#help": ("", "this list"),
}
MOST_LISTED = 20  # conversations
CUSTOMERS = [one for one in Channel if one not in (Channel.UNVERIFIED_EMAIL, Channel.SLACK, Channel.TIMER)]
_PHONE = re.compile(r"(?:\+|00)\d{6,15}", re.ASCII)
_PUNCTUATION = re.compile(r"[-/().]")


class Asked(NamedTuple):
    """An agent's words outside any thread, read."""

    desk: str  # the name of the desk they were written at
    word: str
    rest: str = ""  # what follows the word on its line
    below: str = ""

    @property
    def address(self) -> str:
        """As it was typed."""
        return self.rest.partition(" ")[0]

    @property
    def text(self) -> str:
        """What is to be said to the customer."""
        whole = "\n".join(filter(None, [self.rest.partition(" ")[2].strip(), self.below]))
        return whole.removeprefix(desk.REPLY).strip()


# ---- reading ----------------------------------------------------------------------------------------------------


def from_mailbox(message: Message, shop: Shop) -> Message:
    """An agent's mail to the inbound address itself, if a command stands on top; any other message as it is.

    Only a proved sender is an agent. What is quoted, the signature and reply tokens are left out.
    """
    if message.thread or message.kind is not Kind.MESSAGE or message.sender.channel is not Channel.EMAIL:
        return message
    if message.replayed:  # it was a customer's, whoever is an agent now
        return message
    found = desk.commanded(message.text.strip().partition("\n")[0])
    if message.automatic or not found or found[0] not in COMMANDS or not _desk(message, shop):
        return message
    from chalicelib import mail  # the webhook function never needs it for this

    text = re.sub(rf"\+{mail.TOKEN.pattern}(?=@)", "", mail.stripped(message.text))
    return message.model_copy(update={"outside": True, "text": text})


def read(message: Message, shop: Shop, refused: str) -> Asked:
    """What is asked for. Raises Cannot, with what could be. `refused` is why the desk's provider does not vouch."""
    name = _desk(message, shop)
    if not name:
        raise desk.Cannot(words.no_desk_here())
    if why := not_vouched(message, refused, desk_of(shop, name)):
        raise desk.Cannot(why)
    first, _, below = message.text.strip().partition("\n")
    found = desk.commanded(first)
    if not found or found[0] not in COMMANDS:
        raise desk.Cannot("\n".join([words.not_known_outside(), *_list()]))
    return Asked(name, *found, below.strip())


def addresses(typed: str) -> list[Address]:
    """The addresses that an agent may mean: `whatsapp:+49…` is one, a number may be of several channels."""
    word, colon, id = typed.partition(":")
    channel = next((one for one in CUSTOMERS if word.lower() in desk.names(one)), None) if colon else None
    id = id if channel else typed
    plain = _PUNCTUATION.sub("", id)
    phone = bool(_PHONE.fullmatch(plain))
    if phone:
        id = re.sub(r"^00", "+", plain)
    likely = [Channel.EMAIL] if "@" in id else [Channel.SMS, Channel.WHATSAPP] if phone else CUSTOMERS
    return [
        Address(channel=one, id=id.lower() if one is Channel.EMAIL else id)
        for one in ([channel] if channel else likely)
    ]


def one_of(found: Mapping[Address, str], typed: str) -> Address:
    """The one address that is meant. Raises Cannot."""
    if not found:
        raise desk.Cannot(words.never_wrote(typed))
    if len(found) > 1:
        choices = ", ".join(f"{NEW} {address.channel}:{address.id}" for address in found)
        raise desk.Cannot(f"Say which: {choices}")
    return next(iter(found))


# ---- answers ----------------------------------------------------------------------------------------------------


def answer(message: Message, shop: Shop, text: str) -> Delivery:
    """A word for the one who asked, where they asked."""
    name = _desk(message, shop)
    told = notice(shop, name, message.thread, text, "said", private_to=message.sender.id)
    return told.model_copy(update={"provider": message.provider, "account": message.account})


def help() -> str:
    return "\n".join(_list())


def standing(name: str, count: int, newest: Sequence[Contact], shop: Shop) -> str:
    """What is open at a desk, a line each: the most urgent first, then the newest."""
    urgency = {name: number for number, name in enumerate(desk.PRIORITIES)}
    open_ = [(one, one.conversation) for one in newest if one.conversation]
    lines = [f"{count} open at {name}" + (", the newest:" if count > len(newest) else ":" if count else ".")]
    return "\n".join([*lines, *(_line(*one, shop) for one in sorted(open_, key=lambda one: -urgency[one[1].priority]))])


def _line(contact: Contact, conversation: Conversation, shop: Shop) -> str:
    place = desk_of(shop, conversation.desk)
    about = [
        desk.named(contact.name, conversation.heard),
        desk.known_as(conversation.assignee, place) if conversation.assignee else "nobody has it",
        *([f"{conversation.priority} priority"] if conversation.priority != "normal" else []),
        f"since {desk.spoken(conversation.opened_at, shop.time_zone)}",
        *([f"“{conversation.asked}”"] if conversation.asked else []),
    ]
    return f"• {' · '.join(about)}"


def _list() -> list[str]:
    return [f"{word} {takes}".rstrip() + f": {means}" for word, (takes, means) in COMMANDS.items()]


def _desk(message: Message, shop: Shop) -> str:
    """The name of the desk at which this was written: by its Slack channel, or by its listed agent. Empty for none."""
    channel, agent = message.thread.partition(":")[0], message.sender.id.lower()
    for name, place in shop.desks.items():
        here = channel == place.slack if place.slack else agent in {one.lower() for one in place.agents.values()}
        if here and (place.carrier, place.account) == (message.provider, message.account):
            return name
    return ""


# ---- a conversation that the shop begins ------------------------------------------------------------------------


def start(
    message: Message, asked: Asked, address: Address, contact: Contact, shop: Shop, receive: Receive, now: datetime
) -> Plan:  # fmt: skip
    """Write to a customer who wrote before: it opens, reopens or goes on with their conversation, and stands there.

    Raises Cannot, and Later while another message is posting the conversation's card.
    """
    heard = _heard(contact, address)
    _check(message, asked, contact, heard, shop, now)
    check_size(heard, message.model_copy(update={"text": asked.text}))
    conversation, turned = _conversation(message, asked, contact, heard, shop, receive)
    who = desk.known_as(message.sender.id, desk_of(shop, asked.desk))
    news = [*conversation.news, words.started(who) if turned else words.wrote(who)]
    said = message.model_copy(update={"text": asked.text, "thread": conversation.thread})
    forwards = list(forwards_of(said, conversation, shop, news))
    last = contact.conversation
    another = last is not None and last.id != conversation.id
    begun = contact.model_copy(
        update={
            "conversation": conversation.model_copy(update={"news": ()}),
            "before": desk.in_two_lines(last) if last and another else contact.before,
        }
    )
    _, kept_back = files_of(said)
    told = [words.goes_on_there(conversation.desk)] if _elsewhere(asked, conversation, shop) else []
    told += [words.files_kept_back(kept_back)] if kept_back else []
    answers = [answer(message, shop, "\n".join(told))] if told else []
    return Plan(
        contact=next_head(spoken(used_up(begun, heard, said), said, shop, receive.accepted_at)),
        message=said,
        direction=Direction.OUT,
        desk=conversation.desk,
        deliveries=(*forwards, *replies(heard, said, first=len(forwards)), *answers),
        turn=conversation if turned else None,
    )


def _heard(contact: Contact, address: Address) -> Heard:
    """The address as the head keeps it; for another name of the same person there, the one it last wrote by."""
    known = [one for one in contact.heard if one.address == address]
    known = known or [one for one in contact.heard if one.address.channel is address.channel]
    if not known:
        raise desk.Cannot(words.never_wrote(address.id))
    return known[-1]


def _check(message: Message, asked: Asked, contact: Contact, heard: Heard, shop: Shop, now: datetime) -> None:
    """Raise Cannot where nothing may be sent."""
    if contact.blocked:
        raise desk.Cannot(words.is_blocked())
    if not asked.text:
        raise desk.Cannot(_list()[0])
    if asked.text.startswith(desk.NOTE) or message.mentions:
        raise desk.Cannot(words.note_below(NEW))
    if below := command_below(asked.text):
        raise desk.Cannot(words.command_below(below))
    if desk.window(heard, now, shop).state == "closed":
        others = desk.held.open_addresses(contact, heard.address, now, shop)
        choices = [f"{NEW} {one.channel}:{one.id}" for one in others]
        raise desk.Cannot("\n".join([f"{desk.held.over(heard, now, shop)}.", *choices]))


def _conversation(
    message: Message, asked: Asked, contact: Contact, heard: Heard, shop: Shop, receive: Receive
) -> tuple[Conversation, bool]:  # fmt: skip
    """The conversation this belongs to, and whether it opens or reopens with it."""
    at, current = receive.accepted_at, contact.conversation
    turns = turn(message, current, shop, receive)
    if current and not turns:
        return current.model_copy(update=opener(current, message, receive)), False
    if current and turns == "reopens":
        reopened = {"status": "open", "closed_at": None, "ended": "", "heard": heard.address}
        return current.model_copy(update={**reopened, **opener(current, message, receive)}), True
    opened = Conversation(
        id=digest("conversation", message.claim),
        desk=asked.desk,
        opener=message.claim,
        opened_at=at,
        customer_at=heard.at,
        heard=heard.address,
        topic=heard.context.get("subject") or desk.named(contact.name, heard.address),
    )
    return opened, True


def _elsewhere(asked: Asked, conversation: Conversation, shop: Shop) -> bool:
    """Whether the agent would not see it where they asked: at another desk, or in a thread of long ago."""
    return conversation.desk != asked.desk or bool(conversation.thread and not desk_of(shop, asked.desk).mailbox)
