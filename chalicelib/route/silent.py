"""Who is met with silence: machines, whoever says STOP, our own addresses; and what calls for an answer."""

import re

from chalicelib.models.inbound import Kind, Message
from chalicelib.models.shop import Shop
from chalicelib.models.values import Channel
from chalicelib.route import optout


def asks(message: Message, shop: Shop) -> bool:
    """Whether it calls for an answer: what a person wrote or changed."""
    return message.kind in (Kind.MESSAGE, Kind.EDIT) and not automation(message, shop)


def automation(message: Message, shop: Shop) -> bool:
    """Whether a machine wrote it, or it must be met with silence: STOP words, our own addresses, short codes."""
    ours = {one.lower() for place in shop.desks.values() for one in (place.mailbox, *place.agents.values())}
    silent = message.sender.channel is Channel.SMS and (optout.word(message.text) in optout.WORDS or nobody(message))
    return message.automatic or silent or message.sender.id.lower() in ours


def nobody(message: Message) -> bool:
    """Whether an SMS is from a short code or a name, behind which there is nobody."""
    return not re.fullmatch(r"\+\d{7,15}", message.sender.id)


def stops(message: Message) -> bool:
    """Whether it says STOP, or one of the other words for that, and nothing else."""
    return optout.WORDS.get(optout.word(message.text)) == "stop"
