"""Linking in the table: rows that lead to another contact now, and clues that two may be one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib import aws
from chalicelib.models.people import Contact
from chalicelib.models.shop import Retention
from chalicelib.models.values import SCHEMA, Address
from chalicelib.models.work import Clue, Joint, Known, Met, Plan
from chalicelib.store.keys import Row, address_key, clue_key, contact_key, pair_key
from chalicelib.store.rows import put, put_head, put_turn, to_contact
from chalicelib.store.table import read, table_name

COMMON = 3  # others that wrote the same: from then on it says nothing about anybody


def merged(contact: Contact) -> dict[str, Contact]:
    """Those that wait while `contact` speaks for them, by id."""
    ids = [link.contact for link in contact.links if link.contact != contact.id]
    waiting = map(to_contact, read([contact_key(id) for id in ids]).values())
    return {one.id: one for one in waiting if one}


def joint_writes(joint: Joint, contact: Contact, kept: Retention) -> Iterator[Row]:
    """The other head with its conversation's row, and whatever led to one of the two and leads to the other now.

    Each is written only if it is as it was read.
    """
    head = joint.head
    now, was = (contact.id, head.id) if head.merged else (head.id, contact.id)
    yield put_head(head)
    if head.conversation:
        yield put_turn(head.conversation, head, kept)
    for address in joint.addresses:
        yield _lead(address_key(address), "contact", was, now, evidence=joint.evidence)
    for id in joint.merged:
        yield _lead(contact_key(id), "merged", was, now)


def met(clues: Mapping[Clue, tuple[Address, ...]], contact: str, linked: Iterable[str]) -> Met:
    """Who else wrote these clues, or is reached by them as addresses: those whom nobody was asked about before."""
    keys = {clue: clue_key(clue.kind, clue.value) for clue in clues}
    addresses = [address_key(address) for each in clues.values() for address in each]
    rows = read([*keys.values(), *addresses])
    own = {contact, *linked}
    known = [one for clue, each in clues.items() for one in _known(clue, each, rows) if one.contact not in own]
    first = {one.contact: one for one in reversed(known)}  # one clue for each contact is enough
    asked = read([pair_key(contact, other) for other in first])
    return Met(
        fresh=tuple(clue for clue, key in keys.items() if key["pk"] not in rows),
        known=tuple(one for other, one in first.items() if pair_key(contact, other)["pk"] not in asked),
    )


def clue_writes(plan: Plan) -> Iterator[Row]:
    """Signs that this contact is the first to write, and others that the desk is asked about, each once."""
    sender, absent = plan.message.sender, "attribute_not_exists(#pk)"
    for clue in plan.clues:
        row = {"contact": plan.contact.id, "channel": sender.channel.value, "id": sender.id, "others": 0}
        yield put({**clue_key(clue.kind, clue.value), **row, "schema": SCHEMA}, absent)
    for known in plan.asked:
        yield put({**pair_key(plan.contact.id, known.contact), "schema": SCHEMA}, absent)
        if known.typed:
            yield _count(clue_key(known.clue.kind, known.clue.value))


def _known(clue: Clue, typed: Iterable[Address], rows: dict[str, Row]) -> Iterator[Known]:
    for address in typed:
        if owner := rows.get(address_key(address)["pk"], {}).get("contact"):
            yield Known(clue=clue, contact=owner, address=address)
    row = rows.get(clue_key(clue.kind, clue.value)["pk"])
    if row and row["others"] < COMMON:
        address = Address(channel=row["channel"], id=row["id"])
        yield Known(clue=clue, contact=row["contact"], address=address, typed=True)


def _lead(key: Row, field: str, was: str, now: str, **more: Any) -> Row:
    """A row that leads to a contact. A merged one keeps its version: whoever speaks for it serialises it."""
    values = {":was": was, ":now": now, **{f":{name}": value for name, value in more.items()}}
    sets = ["#field = :now", *(f"#{name} = :{name}" for name in more)]
    return _update(key, f"SET {', '.join(sets)}", values, {"#field": field, **{f"#{name}": name for name in more}})


def _count(key: Row) -> Row:
    return _update(key, "SET #others = #others + :one", {":one": 1}, {"#others": "others"}, "attribute_exists(#others)")


def _update(key: Row, change: str, values: Row, names: dict[str, str], condition: str = "#field = :was") -> Row:
    return {
        "Update": {
            "TableName": table_name(),
            "Key": aws.encode(key),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": aws.encode(values),
        }
    }
