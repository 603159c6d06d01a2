"""Looking up: who writes, whose thread it is, what was sent, what is due."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from chalicelib import aws
from chalicelib.models.inbound import Message
from chalicelib.models.people import Claim, Contact, Conversation, Thread
from chalicelib.models.values import Address
from chalicelib.models.work import Found
from chalicelib.store.keys import (
    SINGLE,
    Row,
    address_key,
    claim_key,
    contact_id,
    contact_key,
    conversation_key,
    message_key,
    moment,
    open_since,
    sent_key,
    thread_key,
)
from chalicelib.store.rows import to_contact
from chalicelib.store.table import READ_AT_ONCE, Moved, dynamodb, get, query, read, table_name

DUE = "due"  # the sparse index of timers
OPEN = "open"  # the sparse index of open conversations, by desk


def find(sender: Address, aliases: Iterable[Address] = ()) -> Found:
    """Who writes: the address rows and the head, in one read; one more for an address that was linked.

    An address without a row belongs to the contact of an alias that has one: both are proved by one signature. A
    tombstone's row leads nowhere: its address is as one that never wrote.
    Raises Moved where rows and head were read before and after a link or unlink.
    """
    addresses = [sender, *aliases]
    derived = contact_id(sender)
    rows = read([*map(address_key, addresses), contact_key(derived)])
    known = {address: rows.get(address_key(address)["pk"], {}).get("contact") for address in addresses}
    by, owner = next(((address, contact) for address, contact in known.items() if contact), (sender, derived))
    row = rows.get(contact_key(owner)["pk"]) if owner == derived else get(contact_key(owner))
    found = _speaks(to_contact(row))
    if found and found.parted and known[by] and by not in found.addresses:
        raise Moved  # unlinked in between: the head alone says what is whose
    erased = [rows.get(address_key(address)["pk"], {}).get("forgotten_at") for address in addresses]
    times = [datetime.fromisoformat(at) for at in erased if at]
    times += [found.forgotten_at] if found and found.forgotten_at else []
    return Found(
        contact_id=found.id if found else owner, contact=found, rows=known, forgotten_at=max(times, default=None)
    )


def owners(addresses: Iterable[Address]) -> dict[Address, str]:
    """The contacts of those addresses that ever wrote, by one read."""
    wanted = list(addresses)
    rows = read(list(map(address_key, wanted)))
    found = {address: rows.get(address_key(address)["pk"], {}).get("contact") for address in wanted}
    return {address: owner for address, owner in found.items() if owner}


def open_at(desk: str, most: int) -> tuple[int, list[Contact]]:
    """How many conversations are open at a desk, and the contacts of the newest, newest first."""
    rows = sorted(query(OPEN, "open_at", desk, "open_since", "<=", "~"), key=open_since, reverse=True)
    heads = read([{"pk": row["pk"], "sk": row["sk"]} for row in rows[:most]])
    found = (to_contact(heads.get(row["pk"])) for row in rows[:most])
    return len(rows), [contact for contact in found if contact]


def contact(contact: str) -> Contact | None:
    """Whoever speaks for a contact: itself, or whom it is merged into. Raises Moved if that changes just now."""
    return _speaks(head(contact))


def head(contact: str) -> Contact | None:
    """A contact's own row, merged or not."""
    return to_contact(get(contact_key(contact)))


def conversation(id: str) -> Conversation | None:
    """A conversation's own row, as it was when it last opened or closed."""
    row = get(conversation_key(id))
    return Conversation.model_validate(row) if row else None


def thread(provider: str, account: str, thread: str) -> Thread | None:
    row = get(thread_key(provider, account, thread))
    return Thread.model_validate(row) if row else None


def claim(key: str) -> Claim | None:
    row = get(claim_key(key))
    return Claim.model_validate(row) if row else None


def message(claim: Claim) -> Message | None:
    """The message that a claim recorded, if it did."""
    row = get(message_key(claim.conversation, claim.message)) if claim.message else None
    return Message.model_validate(row) if row else None


def said(contact: Contact, since: datetime) -> Iterator[Row]:
    """The message rows of a contact's conversation, and of those that closed as merged into it."""
    conversation = contact.conversation
    for id in (conversation.id, *conversation.joined) if conversation else ():
        yield from messages(id, since)


def recorded_at(row: Row) -> datetime:
    """When a message was recorded, from its row."""
    return datetime.fromisoformat(row["sk"].split("#")[1].replace("Z", "+00:00"))


def claim_and_contact(key: str, contact: str) -> tuple[Claim | None, Contact | None]:
    """A claim and whoever speaks for a contact, in one read; one more for a contact that is merged."""
    rows = read([claim_key(key), *([contact_key(contact)] if contact else [])])
    found = rows.get(claim_key(key)["pk"])
    head = rows.get(contact_key(contact)["pk"]) if contact else None
    return Claim.model_validate(found) if found else None, _speaks(to_contact(head))


def _speaks(found: Contact | None) -> Contact | None:
    if found is None or not found.merged:
        return found
    speaks = head(found.merged)
    if speaks is None or speaks.merged:
        raise Moved
    return speaks


def sent(provider: str, account: str, provider_id: str) -> tuple[str, str] | None:
    """The claim and delivery that a provider's id stands for."""
    row = get(sent_key(provider, account, provider_id))
    return (row["claim"], row["delivery"]) if row else None


def due(now: datetime) -> Iterator[tuple[str, str, datetime]]:
    """Timers that fell due: contact, kind, and the time it fell due."""
    for row in query(DUE, "due_on", "timer", "due_at", "<=", f"{now.isoformat()}#~"):
        at, _, kind = row["due_at"].partition("#")
        yield row["pk"].removeprefix("CONTACT#"), kind, datetime.fromisoformat(at)


def messages(conversation: str, since: datetime | None = None) -> Iterator[Row]:
    """The messages of a conversation in order, from `since` on; each with its claim's key."""
    first = f"MESSAGE#{moment(since)}" if since else "MESSAGE#"
    for row in query(None, "pk", f"CONVERSATION#{conversation}", "sk", ">=", first):
        if row["sk"].startswith("MESSAGE#"):
            yield row


def claims(keys: Iterable[str]) -> dict[str, Claim]:
    """Several claims by their keys."""
    wanted = [claim_key(key) for key in dict.fromkeys(keys)]
    chunks = [wanted[first : first + READ_AT_ONCE] for first in range(0, len(wanted), READ_AT_ONCE)]
    found = [Claim.model_validate(row) for chunk in chunks for row in read(chunk).values()]
    return {claim.key: claim for claim in found}


def written(since: datetime, until: datetime) -> Iterator[Row]:
    """The message rows of all conversations, from `since` up to `until`: for the command line only, in no order."""
    pages = (
        dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=table_name(),
            FilterExpression="begins_with(#pk, :pk) AND #sk >= :since AND #sk < :until",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=aws.encode(
                {":pk": "CONVERSATION#", ":since": f"MESSAGE#{moment(since)}", ":until": f"MESSAGE#{moment(until)}"}
            ),
        )
    )
    for page in pages:
        yield from map(aws.decode, page["Items"])


def heads() -> Iterator[Contact]:
    """Every contact: for the command line only, nothing on a message's way reads so much."""
    pages = (
        dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=table_name(),
            FilterExpression="begins_with(#pk, :pk)",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues=aws.encode({":pk": "CONTACT#"}),
        )
    )
    for page in pages:
        for row in page["Items"]:
            yield Contact.model_validate(aws.decode(row))


def conversations() -> Iterator[Row]:
    """Every conversation's own row: for the command line only."""
    pages = (
        dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=table_name(),
            FilterExpression="begins_with(#pk, :pk) AND #sk = :sk",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=aws.encode({":pk": "CONVERSATION#", ":sk": SINGLE}),
        )
    )
    for page in pages:
        yield from map(aws.decode, page["Items"])
