"""Who is met with silence: machines, whoever says STOP, our own addresses; and what calls for an answer."""

import re

from chalicelib.models import Channel, Kind, Message, Shop

OPT_OUT = "stop stopall unsubscribe cancel end quit revoke optout opt-out remove arret td"
OPT_OUTS = frozenset(OPT_OUT.split())
SILENT_WORDS = frozenset(f"{OPT_OUT} start unstop yes help info".split())


def asks(message: Message, shop: Shop) -> bool:
    """Whether it calls for an answer: what a person wrote or changed."""
    return message.kind in (Kind.MESSAGE, Kind.EDIT) and not automation(message, shop)


def automation(message: Message, shop: Shop) -> bool:
    """Whether a machine wrote it, or it must be met with silence: STOP words, our own addresses, short codes."""
    ours = {one.lower() for place in shop.desks.values() for one in (place.mailbox, *place.agents.values())}
    silent = message.sender.channel is Channel.SMS and (
        _bare(message.text) in SILENT_WORDS or not re.fullmatch(r"\+\d{7,15}", message.sender.id)
    )
    return message.automatic or silent or message.sender.id.lower() in ours


def stops(message: Message) -> bool:
    """Whether it says STOP, or one of the other words for that, and nothing else."""
    return _bare(message.text) in OPT_OUTS


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum() or character == "-")
