"""The card: what an agent sees first, and what changes on it as the conversation goes on."""

from chalicelib.desk.actions import buttons, known_as
from chalicelib.desk.shown import plain_id, title
from chalicelib.models import Card, Channel, Contact, Conversation, Desk, Message

MOST_ADDRESSES = 5  # of those a contact has beside the one it writes from


def card(contact: Contact, place: Desk, text: str = "") -> Card:
    """Who writes, from where, what is known of them, and what can be done. `text` where no message stands below it."""
    conversation = contact.conversation
    assert conversation is not None
    return Card(
        title=contact.name or plain_id(conversation.heard),
        state=state(contact, place),
        facts=tuple(_facts(contact)),
        text=text,
        hint=_hint(place),
        buttons=() if place.mailbox else buttons(contact, place),
    )


def state(contact: Contact, place: Desk) -> tuple[str, ...]:
    """What may change: open or closed, who has it, how urgent it is."""
    conversation = contact.conversation
    assert conversation is not None
    return (
        "blocked" if contact.blocked else "joined with another conversation" if contact.merged else conversation.status,
        f"assigned to {known_as(conversation.assignee, place)}" if conversation.assignee else "nobody has it yet",
        *([f"{conversation.priority} priority"] if conversation.priority != "normal" else []),
    )


def in_two_lines(last: Conversation) -> tuple[str, ...]:
    """What a conversation was about, and how it ended."""
    how = last.ended or (f"closed on {last.closed_at:%-d %B %Y}" if last.closed_at else "without a word")
    about = f"Last time: “{last.asked or last.topic}”"
    return (about, f"It ended: {how}" + (f", after “{last.answered}”" if last.answered else ""))


def topic(message: Message) -> str:
    """One line that names the conversation for as long as it lasts."""
    return message.context.get("subject") or f"{message.name or plain_id(message.sender)} · {title_of(message)}"


def title_of(message: Message) -> str:
    return title(message.sender).partition(" · ")[0]


def _facts(contact: Contact) -> list[str]:
    conversation = contact.conversation
    assert conversation is not None
    every = (*contact.also, *(heard.address for heard in contact.heard))
    others = [address for address in every if address != conversation.heard]
    subject = next((one.context.get("subject", "") for one in contact.heard if one.address == conversation.heard), "")
    return [
        title(conversation.heard) + ("" if _proved(conversation.heard.channel) else " ⚠️"),
        *([f"Subject: {subject}"] if subject else []),
        *(f"Also: {title(other)}" for other in others[-MOST_ADDRESSES:]),
        *([f"Tags: {', '.join(contact.tags)}"] if contact.tags else []),
        *contact.before,
    ]


def _proved(channel: Channel) -> bool:
    return channel is not Channel.UNVERIFIED_EMAIL


def _hint(place: Desk) -> str:
    way = "Answer this mail" if place.mailbox else "Answer in this thread"
    if place.replies == "marked":
        return f"{way}: what starts with >> goes to the customer. #resolve closes, #help tells what else can be done."
    return f"{way} to write to the customer. // makes a note, #resolve closes, #help tells what else can be done."
