"""How a customer's message is shown at a desk."""

from chalicelib.models.inbound import Attachment, Kind, Message
from chalicelib.models.values import Address, Channel

LONGEST_EXCERPT = 120  # characters
TITLES = {
    Channel.EMAIL: "mail",
    Channel.UNVERIFIED_EMAIL: "unverified mail",
    Channel.SMS: "SMS",
    Channel.WHATSAPP: "WhatsApp",
    Channel.MESSENGER: "Messenger",
    Channel.INSTAGRAM: "Instagram",
    Channel.FACEBOOK_PAGE: "Facebook comments",
    Channel.INSTAGRAM_COMMENTS: "Instagram comments",
    Channel.TELEGRAM: "Telegram",
    Channel.LINE: "LINE",
    Channel.SLACK_CONNECT: "Slack Connect",
    Channel.VIBER: "Viber",
    Channel.DISCORD: "Discord",
    Channel.X: "X",
    Channel.WEBCHAT: "chat",
}


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


def title(address: Address) -> str:
    """The channel and the address, as agents read them."""
    return f"{channel_of(address)} · {plain_id(address)}"


def channel_of(address: Address) -> str:
    return TITLES.get(address.channel, str(address.channel))


def names(channel: Channel) -> set[str]:
    """What agents may call a channel, in small letters."""
    return {str(channel), TITLES.get(channel, "").lower()} - {""}


def plain_id(address: Address) -> str:
    """The id without the account of ours that may stand before it."""
    return address.id.rpartition("/")[2]


def excerpt(text: str) -> str:
    """The first words on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_EXCERPT else line[: LONGEST_EXCERPT - 1].rstrip() + "…"


def _file(attachment: Attachment) -> str:
    size = f"{attachment.size:,} bytes" if attachment.size is not None else ""
    about = ", ".join(filter(None, [attachment.type, size]))
    return f"📎 {attachment.name or 'a file'}" + (f" ({about})" if about else "")
