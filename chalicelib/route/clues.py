"""Clues that two contacts may be one person: they prove nothing, and only make the desk ask."""

import re
from collections.abc import Iterator

from chalicelib import desk, words
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Button
from chalicelib.models.people import Contact
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel
from chalicelib.models.work import Clue, Known, Plan
from chalicelib.route.tell import notice

MOST = 5  # clues of one message
LONGEST = 4_000  # characters of a text that are looked at
CHANNELS = {
    "email": (Channel.EMAIL, Channel.UNVERIFIED_EMAIL),
    "phone": (Channel.SMS, Channel.WHATSAPP),
    "order": (),
}
_ORDER = re.compile(
    r"(?:#\s?|\b(?:order|bestell\w*|auftrag\w*|commande|pedido|ordine|заказ\w*)\W{0,3}(?:(?:number|nummer|num|no|nr|id)\W{1,3})?)"
    r"([a-z]{0,4}-?[0-9]{3,12})\b(?![-./][0-9])",
    re.IGNORECASE,
)


def clues_in(message: Message, contact: Contact | None, shop: Shop) -> tuple[Clue, ...]:
    """What a customer's own words hold that somebody else may have written, or be reached by."""
    if message.kind is not Kind.MESSAGE or message.automatic or (contact and contact.blocked):
        return ()
    own = {message.sender, *message.aliases, *(contact.addresses if contact else ())}
    found = dict.fromkeys(clue for clue in _clues(message.text[:LONGEST]) if not own & set(addresses(clue)))
    return tuple(clue for clue in found if not _shops(clue, shop))[:MOST]


def addresses(clue: Clue) -> tuple[Address, ...]:
    """The addresses that a clue may be."""
    return tuple(Address(channel=channel, id=clue.value) for channel in CHANNELS[clue.kind])


def ask(plan: Plan, shop: Shop) -> Plan:
    """Ask the desk about each other contact that a clue leads to."""
    conversation = plan.contact.conversation
    assert conversation is not None
    for number, known in enumerate(plan.asked):
        command = f"#link {desk.written(known.address)}"
        what = _what(known)
        asked = notice(
            shop,
            conversation.desk,
            "",
            words.same_person(what, desk.title(known.address), command),
            f"same-{number}",
            in_thread=True,
            buttons=(Button(label="Same person?", says=command),),
        )
        plan = plan.model_copy(update={"deliveries": (*plan.deliveries, asked)})
    return plan


def _clues(text: str) -> Iterator[Clue]:
    for kind, value in desk.typed(text):
        yield Clue(kind="email" if kind == "email" else "phone", value=value)
    for found in _ORDER.finditer(text):
        yield Clue(kind="order", value=found[1].upper())


def _shops(clue: Clue, shop: Shop) -> bool:
    """Whether it is the shop's own: every customer may write that."""
    ours = {one.lower() for place in shop.desks.values() for one in (place.mailbox, *place.agents.values()) if one}
    domains = {place.mailbox.lower().rpartition("@")[2] for place in shop.desks.values() if place.mailbox}
    return clue.value in ours or (clue.kind == "email" and clue.value.rpartition("@")[2] in domains)


def _what(known: Known) -> str:
    title = desk.title(known.address)
    if not known.typed:
        return f"{known.clue.value} stands here, and {title} is another customer."
    return f"{'Order ' if known.clue.kind == 'order' else ''}{known.clue.value} stands here, and {title} wrote it too."
