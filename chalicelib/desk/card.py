"""The card: what an agent sees first, and what changes on it as the conversation goes on."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from chalicelib import languages
from chalicelib.desk.actions import buttons
from chalicelib.desk.asked import known_as
from chalicelib.desk.conduct import standing
from chalicelib.desk.held import proved
from chalicelib.desk.shown import channel_of, plain_id, title
from chalicelib.desk.when import spoken
from chalicelib.models.inbound import Message
from chalicelib.models.orders import Order
from chalicelib.models.outbound import Card
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Desk, Shop
from chalicelib.models.values import Address

MOST_ADDRESSES = 5  # of those a contact has beside the one it writes from


def card(contact: Contact, place: Desk, shop: Shop, text: str = "", orders: Sequence[Order] = ()) -> Card:
    """Who writes, from where, what is known of them, and what can be done. `text` where no message stands below it."""
    conversation = contact.conversation
    assert conversation is not None
    return Card(
        title=contact.name or plain_id(conversation.heard),
        state=state(contact, place, shop.time_zone),
        facts=(*_facts(contact, shop), *(_ordered(one, shop.time_zone) for one in orders), *contact.before),
        text=text,
        hint=_hint(place),
        buttons=() if place.mailbox else buttons(contact, place, shop),
    )


def state(contact: Contact, place: Desk, zone: str) -> tuple[str, ...]:
    """What may change: open or closed, who has it, how urgent it is, whether it sleeps."""
    conversation = contact.conversation
    assert conversation is not None
    return (
        "blocked" if contact.blocked else "joined with another conversation" if contact.merged else conversation.status,
        f"assigned to {known_as(conversation.assignee, place)}" if conversation.assignee else "nobody has it yet",
        *([f"{conversation.priority} priority"] if conversation.priority != "normal" else []),
        *(["wants no messages: STOP"] if contact.stopped else []),
        *(["complaint"] if conversation.complains else []),
        *([f"snoozed until {spoken(conversation.snoozed_until, zone)}"] if conversation.snoozed_until else []),
    )


def in_two_lines(last: Conversation) -> tuple[str, ...]:
    """What a conversation was about, and how it ended."""
    how = last.ended or (f"closed on {last.closed_at:%-d %B %Y}" if last.closed_at else "without a word")
    about = f"Last time: “{last.asked or last.topic}”"
    return (about, f"It ended: {how}" + (f", after “{last.answered}”" if last.answered else ""))


def topic(message: Message) -> str:
    """One line that names the conversation for as long as it lasts."""
    return message.context.get("subject") or named(message.name, message.sender)


def named(name: str, address: Address) -> str:
    """A customer and their channel, in a few words."""
    return f"{name or plain_id(address)} · {channel_of(address)}"


def _facts(contact: Contact, shop: Shop) -> list[str]:
    conversation = contact.conversation
    assert conversation is not None
    every = (*contact.also, *(heard.address for heard in contact.heard))
    others = [address for address in every if address != conversation.heard]
    subject = next((one.context.get("subject", "") for one in contact.heard if one.address == conversation.heard), "")
    foreign = contact.language not in ("", shop.languages[0])
    return [
        title(conversation.heard) + ("" if proved(conversation.heard) else " ⚠️"),
        *([f"Subject: {subject}"] if subject else []),
        *(f"Also: {title(other)}" for other in others[-MOST_ADDRESSES:]),
        *([f"Complaint: {standing(conversation.complains)}"] if conversation.complains else []),
        *([f"Tags: {', '.join(contact.tags)}"] if contact.tags else []),
        *([f"Language: {languages.NAMES.get(contact.language, contact.language)}"] if foreign else []),
    ]


def _ordered(order: Order, zone: str) -> str:
    """An order in one line, with the day since when it stands so."""
    since = f"{order.at.astimezone(ZoneInfo(zone)):%-d %B %Y}" if order.at else ""
    money = f"{order.total} {order.currency}".strip()
    return " · ".join(filter(None, [f"Order {order.number}", order.state, money, since]))


def _hint(place: Desk) -> str:
    way = "Answer this mail" if place.mailbox else "Answer in this thread"
    if place.replies == "marked":
        return f"{way}: what starts with >> goes to the customer. #resolve closes, #help tells what else can be done."
    return f"{way} to write to the customer. // makes a note, #resolve closes, #help tells what else can be done."
