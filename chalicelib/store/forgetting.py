"""Somebody's rows, all of them, and what becomes of these when that one is forgotten. For the command line only.

Head and address rows become tombstones where they stand: whatever is being recorded meanwhile is conditional on the
head's version, and plans again. Claims are emptied: whatever is being marked meanwhile finds no deliveries in its row.
So once the tombstones stand, nothing of that one comes to be but what was accepted later.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from chalicelib import aws
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Contact, Erasing, Thread
from chalicelib.models.values import SCHEMA, Address
from chalicelib.store import orders
from chalicelib.store.fragments import PIECE
from chalicelib.store.keys import (
    SINGLE,
    Row,
    address_key,
    claim_key,
    clue_key,
    contact_key,
    conversation_key,
    message_key,
    pair_key,
    sent_key,
)
from chalicelib.store.orders import Bought
from chalicelib.store.reading import find, recorded_at
from chalicelib.store.rows import dump, plain, put, put_head
from chalicelib.store.table import Conflict, Moved, dynamodb, get, persist, read, table_name, transact, update

CLUES = ("email", "phone")  # kinds of clue that are addresses
WROTE_AT_ONCE = 25  # rows of one BatchWriteItem


@dataclass
class Kept:
    """All rows that are somebody's, but heads and addresses. A claim's message row is by its claim's key."""

    claims: dict[str, Row] = field(default_factory=dict)
    messages: dict[str, Row] = field(default_factory=dict)
    conversations: list[Row] = field(default_factory=list)
    threads: list[Row] = field(default_factory=list)
    fragments: list[Row] = field(default_factory=list)
    clues: list[Row] = field(default_factory=list)  # and pairs of contacts that the desk was asked about
    bought: Bought = field(default_factory=Bought)

    def __bool__(self) -> bool:
        rows = (self.claims, self.messages, self.conversations, self.threads, self.fragments, self.clues)
        return any((*rows, *self.bought))


# ---- who ---------------------------------------------------------------------------------------------------------


def heads_of(addresses: Iterable[Address], contacts: Iterable[str] = ()) -> list[Contact]:
    """The heads of somebody, by any of the addresses: all that were ever linked with these and not unlinked.

    Those too whose erasing was begun and not ended. Raises Moved if that changes just now.
    """
    ids = {*contacts, *(id for address in addresses for id in _leads(address))}
    found: dict[str, Contact] = {}
    while new := sorted(ids - found.keys()):
        rows = read([contact_key(id) for id in new])
        found |= {id: Contact.model_validate(rows.get(contact_key(id)["pk"], {"id": id})) for id in new}
        ids |= {id for head in found.values() for id in _near(head)}
    return [head for head in found.values() if head.version]


def whole(heads: Sequence[Contact], named: Iterable[Address], contacts: Iterable[str] = ()) -> Erasing:
    """All contacts and addresses of somebody's heads, and those that were `named`: a tombstone has none.

    Who only bought has no head: then `contacts` holds the id that their address would make.
    """
    addresses = [*named, *(address for head in heads for address in _addresses(head))]
    ids = {*contacts, *(head.id for head in heads)}
    return Erasing(contacts=tuple(sorted(ids)), addresses=tuple(dict.fromkeys(addresses)))


def _leads(address: Address) -> list[str]:
    """The contact of an address, and whose it was while that is being erased."""
    row = get(address_key(address)) or {}
    found = find(address)
    return [id for id in (row.get("was"), found.contact.id if found.contact else None) if id]


def _near(head: Contact) -> Iterator[str]:
    yield from (link.contact for link in head.links)
    yield from head.erasing.contacts if head.erasing else ()
    if head.merged:
        yield head.merged


def _addresses(head: Contact) -> Iterator[Address]:
    yield from head.addresses
    yield from (address for link in head.links for address in link.addresses)
    yield from head.erasing.addresses if head.erasing else ()


# ---- tombstones --------------------------------------------------------------------------------------------------


def bury(heads: Sequence[Contact], who: Erasing, at: datetime) -> None:
    """Heads and addresses become tombstones in one write. Raises Moved if a head is not as it was read any more."""
    lead = {address: head.id for head in heads for address in _addresses(head)}
    stones = [
        Contact(id=head.id, version=head.version + 1, forgotten_at=at, parted=True, erasing=who) for head in heads
    ]
    rows = [{**address_key(address), "forgotten_at": at.isoformat(), "was": was, "schema": SCHEMA}
            for address, was in lead.items()]  # fmt: skip
    if heads:
        persist(lambda: transact([*map(put_head, stones), *map(put, rows)]))


def bury_orders(who: Erasing, at: datetime) -> None:
    """What was told of their orders up to then is not kept any more, even if it still waits. Raises Moved."""
    for id in order_places(who):
        persist(partial(orders.bury, id, at))


def order_places(who: Erasing) -> list[str]:
    """Under which ids their orders stand: those of their addresses, and of a contact that never wrote."""
    return list(dict.fromkeys([*orders.places(who.addresses), *who.contacts]))


def finish(who: Erasing) -> None:
    """All is erased: not even the tombstones tell any more of whom. Raises Moved where that one writes just now."""
    for address in who.addresses:
        try:
            persist(partial(update, _without_was(address_key(address))))
        except Conflict:
            raise
        except Moved:  # it has written since: its row is another
            continue
    for id in who.contacts:
        _settle(id)


def _without_was(key: Row) -> dict[str, Any]:
    return {
        "TableName": table_name(),
        "Key": aws.encode(key),
        "UpdateExpression": "REMOVE #was",
        "ConditionExpression": "attribute_exists(#was)",
        "ExpressionAttributeNames": {"#was": "was"},
    }


def _settle(id: str) -> None:
    """Take the list of what is to be erased out of a head, which may be somebody's again by now. Raises Moved."""
    row = get(contact_key(id))
    head = Contact.model_validate(row) if row else None
    if head and head.erasing:
        done = put_head(head.model_copy(update={"erasing": None, "version": head.version + 1}))
        persist(lambda: transact([done]))


# ---- everything --------------------------------------------------------------------------------------------------


def kept(who: Erasing, until: datetime | None = None) -> Kept:
    """All that is somebody's, recorded up to `until`. It reads the whole table."""
    found, pairs, others = Kept(), dict[str, Row](), set[str]()
    told: list[Row] = []
    for row in _everything():
        kind = row["pk"].partition("#")[0]
        if kind == "PAIR":
            pairs[row["pk"]] = row
        elif kind in orders.KINDS:
            told.append(row)
        elif kind == "CONTACT":
            others.add(row["pk"].partition("#")[2])
        elif kind in SORTED:
            SORTED[kind](row, who, until, found)
    theirs = {pair_key(id, other)["pk"] for id in who.contacts for other in others}
    typed = {clue_key(kind, address.id)["pk"] for kind in CLUES for address in who.addresses}
    found.clues += [pairs[pk] for pk in theirs & pairs.keys()]
    known = [get({"pk": pk, "sk": SINGLE}) for pk in sorted(typed)]
    found.clues += [clue for clue in known if clue and clue not in found.clues]
    places = set(order_places(who))
    found.bought = orders.among(told, lambda order: not places.isdisjoint(order.stands))
    _complete(found)
    return found


def told_by(provider: str, account: str) -> Bought:
    """All that an account told of orders. It reads the whole table."""
    return orders.among(_everything(), lambda order: (order.provider, order.account) == (provider, account))


def _everything() -> Iterator[Row]:
    for page in dynamodb().get_paginator("scan").paginate(TableName=table_name(), ConsistentRead=True):
        yield from map(aws.decode, page["Items"])


def _complete(found: Kept) -> None:
    """To each claim its message, and to each message its claim: they may be known by one of the two alone."""
    for key in sorted(found.messages.keys() - found.claims.keys()):
        if (row := get(claim_key(key))) and not row.get("forgotten"):
            found.claims[key] = row
    known = {key: claim for key, claim in found.claims.items() if key not in found.messages and claim.get("message")}
    for key, claim in known.items():
        if message := get(message_key(claim["conversation"], claim["message"])):
            found.messages[key] = message


def _claim(row: Row, who: Erasing, until: datetime | None, found: Kept) -> None:
    went = [delivery["address"] for delivery in row.get("deliveries", {}).values() if "address" in delivery]
    theirs = row.get("contact") in who.contacts or any(_is(address, who) for address in went)
    if theirs and not row.get("forgotten") and _before(datetime.fromisoformat(row["at"]), until):
        found.claims[row["key"]] = row


def _conversation(row: Row, who: Erasing, until: datetime | None, found: Kept) -> None:
    theirs = row.get("contact") in who.contacts
    if row["sk"] == SINGLE:
        if theirs and _before(datetime.fromisoformat(row["opened_at"]), until):
            found.conversations.append(row)
    elif (theirs or _is(row["sender"], who)) and _before(recorded_at(row), until):
        found.messages[row["claim"]] = row


def _thread(row: Row, who: Erasing, until: datetime | None, found: Kept) -> None:
    """A thread says nothing of when: its conversation does."""
    if row["contact"] not in who.contacts:
        return
    opened = get(conversation_key(row["conversation"]))
    if opened is None or _before(datetime.fromisoformat(opened["opened_at"]), until):
        found.threads.append(row)


def _fragment(row: Row, who: Erasing, until: datetime | None, found: Kept) -> None:
    old = [name for name in row if name.startswith(PIECE) and _is(row[name]["message"]["sender"], who)
           and _before(datetime.fromisoformat(row[name]["at"]), until)]  # fmt: skip
    if old:
        found.fragments.append({"pk": row["pk"], "sk": row["sk"], **{name: row[name] for name in old}})


def _clue(row: Row, who: Erasing, until: datetime | None, found: Kept) -> None:
    if row["contact"] in who.contacts or _is(row, who):
        found.clues.append(row)


SORTED = {
    "CLAIM": _claim,
    "CONVERSATION": _conversation,
    "THREAD": _thread,
    "FRAGMENT": _fragment,
    "CLUE": _clue,
}


def _is(row: Row, who: Erasing) -> bool:
    return any((row["channel"], row["id"]) == (address.channel.value, address.id) for address in who.addresses)


def _before(at: datetime, until: datetime | None) -> bool:
    return until is None or at <= until


# ---- erasing -----------------------------------------------------------------------------------------------------


def empty(row: Row, loose: Sequence[Delivery], message: Row | None) -> None:
    """Empty a claim, and drop its message and the ways to it. Raises Moved if it was marked meanwhile."""
    claim = Claim.model_validate(row)
    drop([sent_key(one.provider, one.account, one.provider_id) for one in claim.in_order if one.provider_id])
    bare = Claim(key=claim.key, at=claim.at, forgotten=True, loose=tuple(loose))
    emptied = put({**claim_key(claim.key), **dump(bare)}, "#deliveries = :read")
    emptied["Put"]["ExpressionAttributeNames"] = {"#deliveries": "deliveries"}
    emptied["Put"]["ExpressionAttributeValues"] = aws.encode({":read": row.get("deliveries", {})})
    gone = [{"Delete": {"TableName": table_name(), "Key": aws.encode(_key(message))}}] if message else []
    persist(lambda: transact([emptied, *gone]))


def drop(rows: Iterable[Row]) -> None:
    """Drop rows by their keys; what is not there is no matter."""
    keys = [aws.encode(_key(row)) for row in rows]
    for first in range(0, len(keys), WROTE_AT_ONCE):
        waiting: Any = {table_name(): [{"DeleteRequest": {"Key": key}} for key in keys[first : first + WROTE_AT_ONCE]]}
        while waiting:
            waiting = dynamodb().batch_write_item(RequestItems=waiting).get("UnprocessedItems")


def drop_orders(bought: Bought) -> None:
    """Drop orders where they stand. Raises Moved if others write there."""
    for row, gone in bought.lists:
        persist(partial(transact, [orders.without(row, gone)]))
    drop(bought.states)


def cut(thread: Row) -> None:
    """A thread leads nowhere any more; its row stays, so that an agent who writes there is told."""
    stone = Thread(id=thread["id"], contact="", conversation="", desk=thread["desk"], forgotten=True)
    persist(lambda: transact([put({**_key(thread), **dump(stone)})]))


def drop_pieces(row: Row) -> None:
    """Drop the fragments of long texts that are in a row."""
    names = {f"#old{number}": name for number, name in enumerate(name for name in row if name.startswith(PIECE))}
    persist(
        lambda: update(
            {
                "TableName": table_name(),
                "Key": aws.encode(_key(row)),
                "UpdateExpression": f"REMOVE {', '.join(names)} ADD #version :one",
                "ExpressionAttributeNames": {**names, "#version": "version"},
                "ExpressionAttributeValues": aws.encode(plain({":one": 1})),
            }
        )
    )


def _key(row: Row) -> Row:
    return {"pk": row["pk"], "sk": row["sk"]}
