"""What the shop's rules would do with a message: planned as the worker plans it, and nothing is called or sent."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib import providers, route, rules
from chalicelib.desk.conduct import PRIORITIES
from chalicelib.models.inbound import Attachment, Kind, Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Found, Receive
from chalicelib.route import acknowledging
from chalicelib.route.customers import RULE
from infra.show import Chat, Spoken

DAY = Path(__file__).with_name("day.tsv")
KINDS = {
    "elsewhere": "to another desk",
    "acknowledged": "acknowledged otherwise",
    "urgent": "more urgent",
    "owner": "told to the owner",
}
LONG_AGO = timedelta(days=366)  # longer than a conversation may be opened again


class Case(NamedTuple):
    """A message that opens a conversation: from whom, and when the queue accepted it."""

    message: Message
    before: Contact
    at: datetime


class Outcome(NamedTuple):
    """What becomes of it. `text` acknowledges it, empty for nothing; `owner` says that the owner's desk hears."""

    rule: str
    desk: str
    priority: str
    text: str
    owner: bool


def outcome(case: Case, shop: Shop) -> Outcome:
    """As the worker would plan it."""
    sent = int(case.at.timestamp() * 1000)
    receive = Receive(id="try", count=1, sent_ms=sent, first_ms=sent)
    found = Found(contact_id=case.before.id, contact=case.before, rows={case.message.sender: case.before.id})
    plan = route.customer(case.message, found, shop, receive, case.at)
    conversation = plan.contact.conversation
    assert conversation is not None
    fired = rules.fired(rules.Facts(case.message, case.before, shop, case.at))
    return Outcome(fired.name, conversation.desk, conversation.priority, *_told(plan.deliveries))


def differs(was: Outcome, now: Outcome) -> dict[str, str]:
    """What becomes of it otherwise, by the word that sums it up (see KINDS)."""
    changes = {
        "elsewhere": (now.desk != was.desk, f"to {now.desk} instead of {was.desk}"),
        "acknowledged": (now.text != was.text, _otherwise(was.text, now.text)),
        "urgent": (PRIORITIES.index(now.priority) > PRIORITIES.index(was.priority), f"{now.priority} priority"),
        "owner": (now.owner and not was.owner, "the owner's desk hears of it"),
    }
    return {kind: words for kind, (changed, words) in changes.items() if changed}


def without_rules(shop: Shop) -> Shop:
    """The shop with its routes alone."""
    return shop.model_copy(update={"rules": (), "packs": ()})


# ---- a day that was made up -------------------------------------------------------------------------------------


def day(shop: Shop, on: date) -> Iterator[Case]:
    """The bundled day as that shop would have it: 300 messages, each from somebody else."""
    _, *lines = DAY.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        at, channel, _, _, more, text = line.split("\t")
        moment = datetime.combine(on, time.fromisoformat(at), ZoneInfo(shop.time_zone))
        sender, known = stranger(Channel(channel), number), Contact(id=f"c{number}")
        yield case(shop, sender, known, moment, text, returning="returning" in more, file="file" in more)


def stranger(channel: Channel, number: int = 0) -> Address:
    """Somebody there; a number, for nobody else is acknowledged by SMS."""
    return Address(channel=channel, id=f"+1555{number:07d}")


def case(shop: Shop, sender: Address, known: Contact, at: datetime, text: str, *, returning: bool, file: bool) -> Case:
    """A message that opens a conversation."""
    message = Message(
        provider=_carrier(shop, sender.channel),
        id="try",
        sender=sender,
        text=text,
        attachments=(Attachment(name="photo.jpg", type="image/jpeg"),) if file else (),
    )
    return Case(message, _had(known, sender, at, returning or known.conversation is not None), at)


def _carrier(shop: Shop, channel: Channel) -> str:
    """Who brings the shop messages of a channel; where nobody does, who could."""
    medium = Channel.EMAIL if channel is Channel.UNVERIFIED_EMAIL else channel
    able = [name for name in providers.NAMES if providers.load(name).channel is medium]
    return next((name for name in able if name in shop.providers), able[0])


def _had(contact: Contact, sender: Address, at: datetime, before: bool) -> Contact:
    """The contact, with a conversation of long ago if there was one."""
    ended = at - LONG_AGO
    last = Conversation(
        id="-", status="closed", desk="-", opened_at=ended, closed_at=ended, customer_at=ended, heard=sender
    )
    return contact.model_copy(update={"conversation": last if before else None})


# ---- what is recorded -------------------------------------------------------------------------------------------


def stored(chats: list[Chat]) -> Iterator[tuple[Case, Outcome]]:
    """What opened each conversation, and what became of it; tags are those of today.

    Whether the customer wrote before is known from these conversations, and of their last one from the contact.
    """
    last: dict[str, tuple[datetime, bool]] = {}  # contact -> when its conversation before opened, if with a greeting
    for chat in sorted(chats, key=lambda one: one.conversation.opened_at):
        opening = next(iter(chat.spoken), None)
        if opening is None or opening.direction != "in":
            continue  # the shop began it
        at, happened = last.get(chat.contact.id), _happened(opening, chat)
        last[chat.contact.id] = opening.at, bool(happened.text)
        if opening.message.kind is not Kind.MESSAGE or not opening.claim.deliveries:
            continue  # of somebody blocked
        until = at[0] + acknowledging.EVERY if at and at[1] else None
        known = Contact(id=chat.contact.id, name=chat.contact.name, tags=chat.contact.tags, acknowledged_until=until)
        wrote = bool(at or (chat.contact.before and chat.conversation == chat.contact.conversation))
        yield Case(opening.message, _had(known, opening.message.sender, opening.at, wrote), opening.at), happened


def _happened(opening: Spoken, chat: Chat) -> Outcome:
    deliveries = opening.claim.in_order
    desks = [one.to for one in deliveries if one.kind is DeliveryKind.FORWARD]
    return Outcome("", next(iter(desks), chat.conversation.desk), chat.conversation.priority, *_told(deliveries))


def _told(deliveries: Sequence[Delivery]) -> tuple[str, bool]:
    """The acknowledgement, and whether the owner hears."""
    greeting = next((one.text for one in deliveries if one.kind is DeliveryKind.ACKNOWLEDGE), "")
    return greeting, any(one.id == f"n-{RULE}" for one in deliveries)


def _otherwise(was: str, now: str) -> str:
    if not now:
        return "not acknowledged"
    return "acknowledged in other words" if was else "acknowledged"
