"""The keys of every row, and the order of messages; nobody else makes them."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.models.inbound import Message
from chalicelib.models.values import Address, digest
from chalicelib.models.work import Receive

Row = dict[str, Any]
SINGLE = "-"  # the sort key of rows that stand alone


def _key(kind: str, *parts: str) -> Row:
    return {"pk": f"{kind}#{parts[0] if len(parts) == 1 else digest(*parts)}", "sk": SINGLE}


def address_key(address: Address) -> Row:
    return _key("ADDRESS", digest(address.channel, address.id))


def contact_key(contact: str) -> Row:
    return _key("CONTACT", contact)


def claim_key(claim: str) -> Row:
    return _key("CLAIM", claim)


def sent_key(provider: str, account: str, provider_id: str) -> Row:
    return _key("SENT", provider, account, provider_id)


def thread_key(provider: str, account: str, thread: str) -> Row:
    return _key("THREAD", provider, account, thread)


def fragment_key(message: Message) -> Row:
    """Under what name the parts of a long text are gathered."""
    assert message.fragment is not None
    of, total = message.fragment.of, str(message.fragment.total)
    sender = (message.sender.channel, message.sender.id)
    return _key("FRAGMENT", message.provider, message.account, *sender, of, total)


def desk_key(name: str) -> Row:
    return _key("DESK", name)


def open_since(row: Row) -> str:
    """Since when a conversation is open, from its row in that index."""
    return str(row["open_since"]).partition("#")[2]


def held_by(agent: str) -> str:
    """How the index of open conversations begins for those that an agent has."""
    return f"{digest(agent)}#"


def watch_key() -> Row:
    return _key("WATCH", SINGLE)


def day_key(day: str) -> Row:
    """What a day came to, by its date: 2026-03-01."""
    return _key("DAY", day)


def measured_key() -> Row:
    return _key("MEASURED", SINGLE)


def clue_key(kind: str, value: str) -> Row:
    return _key("CLUE", kind, digest(value))


def pair_key(one: str, other: str) -> Row:
    """Two contacts, in whatever order."""
    return _key("PAIR", *sorted((one, other)))


def order_key(key: str) -> Row:
    return _key("ORDER", key)


def orders_key(id: str) -> Row:
    """By the id of the contact that an address makes, or would make."""
    return _key("ORDERS", id)


def message_key(conversation: str, place: str) -> Row:
    return {"pk": f"CONVERSATION#{conversation}", "sk": f"MESSAGE#{place}"}


def conversation_key(conversation: str) -> Row:
    return {"pk": f"CONVERSATION#{conversation}", "sk": SINGLE}


def contact_id(address: Address) -> str:
    """A contact's id comes from its first address, so that one read fetches address and head together."""
    return digest("contact", address.channel, address.id)


def place(receive: Receive, message: Message) -> str:
    """A message row's place in its conversation: in the order in which the queue accepted."""
    return f"{moment(receive.accepted_at)}#{receive.sequence}{message.claim}"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
