"""What agents see, and how their words are read: a note, a command or a reply. Pure."""

import re
from typing import NamedTuple

from chalicelib.models import Attachment, Card, Channel, Contact, Desk, Kind, Message, Shop

NOTE, REPLY = "//", ">>"
COMMANDS = frozenset({"#resolve"})
_COMMAND = re.compile(r"#[^\W\d_]+")

TITLES = {
    Channel.EMAIL: "mail",
    Channel.UNVERIFIED_EMAIL: "mail, unverified: the sender is not proved",
    Channel.SMS: "SMS",
    Channel.WHATSAPP: "WhatsApp",
    Channel.MESSENGER: "Messenger",
    Channel.TELEGRAM: "Telegram",
    Channel.WEBCHAT: "chat",
}


class Words(NamedTuple):
    """An agent's message, read: commands, the text, and whether the text stays here."""

    commands: tuple[str, ...]
    text: str
    note: bool


def read(message: Message, place: Desk) -> Words:
    """Commands stand alone on the first lines. What follows leaves only if nothing marks it as a note."""
    lines = message.text.strip().splitlines()
    commands: list[str] = []
    while lines and (_COMMAND.fullmatch(lines[0].strip()) or (commands and not lines[0].strip())):
        commands.append(lines.pop(0).strip().lower())
    text = "\n".join(lines).strip()
    note = text.startswith(NOTE) or message.mentions or (place.replies == "marked" and not text.startswith(REPLY))
    if place.replies == "marked":
        text = text.removeprefix(REPLY).strip()
    return Words(tuple(filter(None, commands)), text, note)


def card(contact: Contact, message: Message, place: Desk, shop: Shop) -> Card:
    """Who writes, from where, and how to answer."""
    subject = message.context.get("subject", "")
    facts = [f"{_title(message)} · {_plain_id(message)}", *([f"Subject: {subject}"] if subject else [])]
    return Card(title=contact.name or _plain_id(message), facts=tuple(facts), hint=_hint(place))


def topic(message: Message) -> str:
    """One line that names the conversation for as long as it lasts."""
    return message.context.get("subject") or f"{message.name or _plain_id(message)} · {_title(message)}"


def shown(message: Message) -> str:
    """A customer's message as the desk shows it: edits with their whole text, files by name."""
    match message.kind:
        case Kind.EDIT:
            lines = ["✏️ Changed to:", message.text]
        case Kind.DELETE:
            lines = ["🗑 Deleted a message."]
        case Kind.REACTION:
            lines = [f"Reacted: {message.text}" if message.text else "Took a reaction back."]
        case _:
            lines = [message.text]
    if message.location:
        spot = message.location
        lines.append(f"📍 {spot.name} {spot.latitude:.6f}, {spot.longitude:.6f}".replace("  ", " "))
    lines += [_file(attachment) for attachment in message.attachments]
    return "\n".join(filter(None, lines)) or "(an empty message)"


def _file(attachment: Attachment) -> str:
    size = f"{attachment.size:,} bytes" if attachment.size is not None else ""
    about = ", ".join(filter(None, [attachment.type, size]))
    return f"📎 {attachment.name or 'a file'}" + (f" ({about})" if about else "")


def _hint(place: Desk) -> str:
    if place.mailbox:
        return "Answer this mail to write to the customer. Start with // for a note, #resolve on a line closes."
    if place.replies == "marked":
        return "In this thread, what starts with >> goes to the customer. #resolve closes."
    return "Answer in this thread to write to the customer. Start with // for a note, #resolve closes."


def _title(message: Message) -> str:
    return TITLES.get(message.sender.channel, message.sender.channel)


def _plain_id(message: Message) -> str:
    return message.sender.id.rpartition("/")[2]
