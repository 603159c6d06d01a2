"""DynamoDB: the only file with table keys. One table; what each row holds is in the architecture page."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from chalicelib import aws
from chalicelib.errors import Poison
from chalicelib.models import (
    SCHEMA,
    Address,
    Claim,
    Contact,
    Conversation,
    Delivery,
    Found,
    Message,
    Plan,
    Progress,
    Receive,
    Thread,
    digest,
)

Row = dict[str, Any]
SINGLE = "-"  # the sort key of rows that stand alone
LARGEST_ROW = 390_000  # bytes; DynamoDB's own limit is 400 KB
DUE = "due"  # the sparse index of timers
PAUSES = (0.01, 0.02, 0.04, 0.08)  # seconds between tries of a mark that met another write
READ_AT_ONCE = 100  # keys of one BatchGetItem
PROGRESS_AFTER: dict[Progress, list[str]] = {  # which receipts a later one may follow
    Progress.DELIVERED: [],
    Progress.READ: ["delivered"],
    Progress.FAILED: ["delivered"],
}


class Recorded(Exception):
    """The message is recorded already; here is its claim with the plan and what has become of it."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(claim.key)
        self.claim = claim


class Moved(Exception):
    """The head, or an address row, is not as it was read any more: find and plan again."""


class Conflict(Moved):
    """Another write was under way on one of the rows; nothing was written."""


# ---- keys -------------------------------------------------------------------------------------------------------


def _key(kind: str, *parts: str) -> Row:
    return {"pk": f"{kind}#{parts[0] if len(parts) == 1 else digest(*parts)}", "sk": SINGLE}


def _address_key(address: Address) -> Row:
    return _key("ADDRESS", digest(address.channel, address.id))


def _contact_key(contact: str) -> Row:
    return _key("CONTACT", contact)


def _claim_key(claim: str) -> Row:
    return _key("CLAIM", claim)


def _sent_key(provider: str, account: str, provider_id: str) -> Row:
    return _key("SENT", provider, account, provider_id)


def _thread_key(provider: str, account: str, thread: str) -> Row:
    return _key("THREAD", provider, account, thread)


def _message_key(conversation: str, place: str) -> Row:
    return {"pk": f"CONVERSATION#{conversation}", "sk": f"MESSAGE#{place}"}


def contact_id(address: Address) -> str:
    """A contact's id comes from its first address, so that one read fetches address and head together."""
    return digest("contact", address.channel, address.id)


# ---- reading ----------------------------------------------------------------------------------------------------


def find(sender: Address, aliases: Iterable[Address] = ()) -> Found:
    """Who writes: the address rows and the head, in one read; one more for an address that was linked.

    An address without a row belongs to the contact of an alias that has one: both are proved by one signature.
    """
    addresses = [sender, *aliases]
    derived = contact_id(sender)
    rows = _read([*map(_address_key, addresses), _contact_key(derived)])
    known = {address: rows.get(_address_key(address)["pk"], {}).get("contact") for address in addresses}
    owner = next((contact for contact in known.values() if contact), derived)
    head = rows.get(_contact_key(owner)["pk"]) if owner == derived else _get(_contact_key(owner))
    return Found(contact_id=owner, contact=_contact(head), rows=known)


def contact(contact: str) -> Contact | None:
    return _contact(_get(_contact_key(contact)))


def thread(provider: str, account: str, thread: str) -> Thread | None:
    row = _get(_thread_key(provider, account, thread))
    return Thread.model_validate(row) if row else None


def claim(key: str) -> Claim | None:
    row = _get(_claim_key(key))
    return Claim.model_validate(row) if row else None


def claim_and_contact(key: str, contact: str) -> tuple[Claim | None, Contact | None]:
    """A claim and a head in one read."""
    rows = _read([_claim_key(key), *([_contact_key(contact)] if contact else [])])
    found = rows.get(_claim_key(key)["pk"])
    head = rows.get(_contact_key(contact)["pk"]) if contact else None
    return Claim.model_validate(found) if found else None, _contact(head)


def sent(provider: str, account: str, provider_id: str) -> tuple[str, str] | None:
    """The claim and delivery that a provider's id stands for."""
    row = _get(_sent_key(provider, account, provider_id))
    return (row["claim"], row["delivery"]) if row else None


def due(now: datetime) -> Iterator[tuple[str, str, datetime]]:
    """Timers that fell due: contact, kind, and the time it fell due."""
    for row in _query(DUE, "due_on", "timer", "due_at", "<=", f"{now.isoformat()}#~"):
        at, _, kind = row["due_at"].partition("#")
        yield row["pk"].removeprefix("CONTACT#"), kind, datetime.fromisoformat(at)


def messages(conversation: str, since: datetime | None = None) -> Iterator[Row]:
    """The messages of a conversation in order, from `since` on; each with its claim's key."""
    first = f"MESSAGE#{_place(since)}" if since else "MESSAGE#"
    for row in _query(None, "pk", f"CONVERSATION#{conversation}", "sk", ">=", first):
        if row["sk"].startswith("MESSAGE#"):
            yield row


def claims(keys: Iterable[str]) -> dict[str, Claim]:
    """Several claims by their keys."""
    wanted = [_claim_key(key) for key in dict.fromkeys(keys)]
    chunks = [wanted[first : first + READ_AT_ONCE] for first in range(0, len(wanted), READ_AT_ONCE)]
    found = [Claim.model_validate(row) for chunk in chunks for row in _read(chunk).values()]
    return {claim.key: claim for claim in found}


def heads() -> Iterator[Contact]:
    """Every contact: for the command line only, nothing on a message's way reads so much."""
    pages = (
        _dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=_table(),
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
        _dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=_table(),
            FilterExpression="begins_with(#pk, :pk) AND #sk = :sk",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues=aws.encode({":pk": "CONVERSATION#", ":sk": SINGLE}),
        )
    )
    for page in pages:
        yield from map(aws.decode, page["Items"])


# ---- recording --------------------------------------------------------------------------------------------------


def record(plan: Plan, receive: Receive) -> Claim:
    """Write claim, message and head in one transaction; returns the claim.

    Raises Recorded if the claim exists, Moved if the head is not as it was read, Poison for what can never be
    written, or one of aws.FAULTS.
    """
    written = _claim(plan, receive)
    turn = [_put_turn(plan.turn, plan.contact)] if plan.turn else []
    never = [Claim(key=key, at=receive.accepted_at, by=receive.token) for key in plan.also_claims]
    writes = [
        _put_claim(written),
        _put_head(plan.contact),
        _put({**_message_key(written.conversation, written.message), **_message(plan, written)}),
        *(_put_address(address, plan) for address in plan.new_addresses),
        *turn,
        *map(_put_claim, never),
    ]
    _transact(writes)
    return written


def record_alone(written: Claim) -> Claim:
    """Write a claim that belongs to no conversation. Raises Recorded if it exists, or one of aws.FAULTS."""
    _transact([_put_claim(written)])
    return written


def move(head: Contact, claim: str, changes: Mapping[str, Mapping[str, Any]], added: Iterable[Delivery] = ()) -> None:
    """Write the head with another desk or opener, and what that means for a claim. Raises Moved or aws.FAULTS."""
    update = [{"Update": _claim_update(claim, changes, added)}] if changes else []
    _transact([_put_head(head), *update])


# ---- marking ----------------------------------------------------------------------------------------------------


def mark(claim: str, changes: Mapping[str, Mapping[str, Any]], added: Iterable[Delivery] = ()) -> None:
    """Change fields of a claim's deliveries, and add notices that have become due. Raises one of aws.FAULTS."""
    update = _claim_update(claim, changes, added)
    _persist(lambda: _update(update))


def mark_sent(claim: Claim, delivery: Delivery, provider_id: str, changes: Mapping[str, Any]) -> None:
    """Mark a delivery sent, with the row that leads from the provider's id back to it. Raises one of aws.FAULTS."""
    writes = list(_sent_writes(claim, delivery, provider_id, changes))
    _persist(lambda: _transact(writes))


def mark_card(
    claim: Claim, delivery: Delivery, provider_id: str, changes: Mapping[str, Any], head: Contact, thread: str,
    expires: datetime | None,
) -> None:  # fmt: skip
    """Mark the card sent: its thread goes into the head and gets a row of its own.

    A mark never waits on the head: if the head no longer names this message, everything else is written without it.
    """
    conversation = head.conversation
    assert conversation is not None
    leads = Thread(id=thread, contact=head.id, conversation=claim.conversation, desk=conversation.desk, expires=expires)
    writes = [
        *_sent_writes(claim, delivery, provider_id, changes),
        _put({**_thread_key(delivery.provider, delivery.account, thread), **_dump(leads)}),
    ]
    try:
        _persist(lambda: _transact([*writes, _set_thread(head, claim, thread)]))
    except Conflict:
        raise
    except Moved:
        _persist(lambda: _transact(writes))


def mark_progress(claim: str, delivery: str, progress: Progress, reason: str, notice: Delivery | None) -> bool:
    """Move a delivery's receipt forward, never back; False if it is there or further already. Raises aws.FAULTS."""
    before = PROGRESS_AFTER[progress]
    update = _claim_update(claim, {delivery: {"receipt": progress, "reason": reason}}, [notice] if notice else [])
    update["ExpressionAttributeNames"] |= {"#receipt": "receipt", "#at": delivery}
    values = {f":before{place}": word for place, word in enumerate(before)}
    older = " ".join(f"OR #deliveries.#at.#receipt = {name}" for name in values)
    update["ExpressionAttributeValues"] |= aws.encode(values)
    update["ConditionExpression"] += f" AND (attribute_not_exists(#deliveries.#at.#receipt) {older})"
    try:
        _persist(lambda: _update(update))
    except Conflict:
        raise
    except Moved:
        return False
    return True


# ---- how a row is written ---------------------------------------------------------------------------------------


def place(receive: Receive, message: Message) -> str:
    """A message row's place in its conversation: in the order in which the queue accepted."""
    return f"{_place(receive.accepted_at)}#{receive.sequence}{message.claim}"


def _place(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _claim(plan: Plan, receive: Receive) -> Claim:
    conversation = plan.contact.conversation
    assert conversation is not None
    return Claim(
        key=plan.message.claim,
        at=receive.accepted_at,
        message=place(receive, plan.message),
        contact=plan.contact.id,
        conversation=conversation.id,
        provider=plan.message.provider,
        account=plan.message.account,
        message_id=plan.message.id,
        desk=plan.desk,
        thread=plan.message.thread,
        by=receive.token,
        deliveries={delivery.id: delivery for delivery in plan.deliveries},
    )


def _message(plan: Plan, claim: Claim) -> Row:
    message = _dump(plan.message, exclude={"source"})
    return {**message, "claim": claim.key, "direction": plan.direction.value, "contact": plan.contact.id}


def _put_claim(claim: Claim) -> Row:
    return _put({**_claim_key(claim.key), **_dump(claim)}, "attribute_not_exists(#pk)", old=True)


def _put_address(address: Address, plan: Plan) -> Row:
    evidence = "first heard from" if address == plan.message.sender else "proved by one signature with it"
    row = {"contact": plan.contact.id, "channel": address.channel.value, "id": address.id, "evidence": evidence}
    return _put({**_address_key(address), **row, "schema": SCHEMA}, "attribute_not_exists(#pk)")


def _put_head(head: Contact) -> Row:
    """The head, if it is still at the version that was read. Its index keys are there only while they hold."""
    row = {**_contact_key(head.id), **_dump(head), "version": head.version}
    conversation = head.conversation
    if conversation and conversation.status == "open":
        row |= {"open_at": conversation.desk, "open_since": conversation.opened_at.isoformat()}
    if head.due:
        row |= {"due_on": "timer", "due_at": min(f"{at.isoformat()}#{kind}" for kind, at in head.due.items())}
    if head.version == 1:
        return _put(row, "attribute_not_exists(#pk)")
    put = _put(row, "#version = :version")
    put["Put"]["ExpressionAttributeNames"] = {"#version": "version"}
    put["Put"]["ExpressionAttributeValues"] = aws.encode({":version": head.version - 1})
    return put


def _put_turn(conversation: Conversation, head: Contact) -> Row:
    key = {"pk": f"CONVERSATION#{conversation.id}", "sk": SINGLE}
    return _put({**key, **_dump(conversation), "contact": head.id})


def _sent_writes(claim: Claim, delivery: Delivery, provider_id: str, changes: Mapping[str, Any]) -> Iterator[Row]:
    yield {"Update": _claim_update(claim.key, {delivery.id: {**changes, "provider_id": provider_id}}, [])}
    if provider_id:
        leads = {"claim": claim.key, "delivery": delivery.id, "schema": SCHEMA}
        yield _put({**_sent_key(delivery.provider, delivery.account, provider_id), **leads})


def _set_thread(head: Contact, claim: Claim, thread: str) -> Row:
    names = {"#conversation": "conversation", "#thread": "thread", "#opener": "opener", "#version": "version"}
    return {
        "Update": {
            "TableName": _table(),
            "Key": aws.encode(_contact_key(head.id)),
            "UpdateExpression": "SET #conversation.#thread = :thread, #version = #version + :one",
            "ConditionExpression": "#conversation.#opener = :opener",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": aws.encode({":thread": thread, ":one": 1, ":opener": claim.key}),
        }
    }


def _claim_update(claim: str, changes: Mapping[str, Mapping[str, Any]], added: Iterable[Delivery]) -> dict[str, Any]:
    """Set fields of single deliveries in place, so that marks of different deliveries never collide."""
    names, values, sets = {"#deliveries": "deliveries"}, {}, []
    for row, (delivery, fields) in enumerate(changes.items()):
        names[f"#d{row}"] = delivery
        for column, (field, value) in enumerate(fields.items()):
            names[f"#f{row}_{column}"] = field
            values[f":v{row}_{column}"] = value
            sets.append(f"#deliveries.#d{row}.#f{row}_{column} = :v{row}_{column}")
    for number, notice in enumerate(added):
        names[f"#n{number}"] = notice.id
        values[f":n{number}"] = _dump(notice)
        sets.append(f"#deliveries.#n{number} = if_not_exists(#deliveries.#n{number}, :n{number})")
    return {
        "TableName": _table(),
        "Key": aws.encode(_claim_key(claim)),
        "UpdateExpression": "SET " + ", ".join(sets),
        "ConditionExpression": "attribute_exists(#deliveries)",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": aws.encode(_plain(values)),
    }


def _put(row: Row, condition: str = "", old: bool = False) -> Row:
    put: Row = {"TableName": _table(), "Item": aws.encode(row)}
    if condition:
        put |= {"ConditionExpression": condition, "ExpressionAttributeNames": {"#pk": "pk"}}
    if old:
        put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {"Put": put}


def _dump(model: Any, exclude: set[str] | None = None) -> Row:
    row: Row = _plain(model.model_dump(mode="json", exclude_defaults=True, exclude=exclude))
    return {**row, "schema": SCHEMA, **({"deliveries": row.get("deliveries", {})} if isinstance(model, Claim) else {})}


def _plain(value: Any) -> Any:
    """What DynamoDB takes: no floats, no datetimes."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


# ---- the calls --------------------------------------------------------------------------------------------------


@cache
def _dynamodb() -> Any:
    return aws.client("dynamodb")


def _table() -> str:
    return os.environ["TABLE"]


def _get(key: Row) -> Row | None:
    answer = _dynamodb().get_item(TableName=_table(), Key=aws.encode(key), ConsistentRead=True)
    return aws.decode(answer["Item"]) if "Item" in answer else None


def _read(keys: list[Row]) -> dict[str, Row]:
    """Rows that stand alone, by their partition key. What the table leaves unread is asked for again."""
    rows: dict[str, Row] = {}
    waiting: Any = {_table(): {"Keys": [aws.encode(key) for key in keys], "ConsistentRead": True}} if keys else {}
    while waiting:
        answer = _dynamodb().batch_get_item(RequestItems=waiting)
        rows |= {row["pk"]["S"]: aws.decode(row) for row in answer["Responses"].get(_table(), ())}
        waiting = answer.get("UnprocessedKeys")
    return rows


def _query(index: str | None, partition: str, value: str, sort: str, compare: str, bound: str) -> Iterator[Row]:
    pages = (
        _dynamodb()
        .get_paginator("query")
        .paginate(
            TableName=_table(),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            KeyConditionExpression=f"#partition = :partition AND #sort {compare} :bound",
            ExpressionAttributeNames={"#partition": partition, "#sort": sort},
            ExpressionAttributeValues=aws.encode({":partition": value, ":bound": bound}),
        )
    )
    for page in pages:
        yield from map(aws.decode, page["Items"])


def _transact(writes: list[Row]) -> None:
    """Write all or nothing, and read a cancellation reason by reason, in this order."""
    for write in writes:
        if _size(write.get("Put", {}).get("Item")) > LARGEST_ROW:
            raise Poison("a row larger than the table takes")
    try:
        _dynamodb().transact_write_items(TransactItems=writes)
    except aws.FAULTS as error:
        reasons = getattr(error, "response", {}).get("CancellationReasons") or []
        codes = [reason.get("Code") for reason in reasons]
        existing = next((reason["Item"] for reason in reasons if reason.get("Item")), None)
        if existing:
            raise Recorded(Claim.model_validate(aws.decode(existing))) from error
        if "ConditionalCheckFailed" in codes:
            raise Moved from error
        if "TransactionConflict" in codes:
            raise Conflict from error
        if aws.code(error) in aws.POISONOUS or "ValidationError" in codes or "ItemCollectionSizeLimitExceeded" in codes:
            raise Poison("the table refuses what was to be written") from error
        raise


def _update(update: dict[str, Any]) -> None:
    try:
        _dynamodb().update_item(**update)
    except aws.FAULTS as error:
        if aws.code(error) == "ConditionalCheckFailedException":
            raise Moved from error
        if aws.code(error) == "TransactionConflictException":
            raise Conflict from error
        raise


def _persist(write: Callable[[], None]) -> None:
    """Write again, at once, what met another write: a mark lost to a conflict is a double message."""
    for pause in PAUSES:
        try:
            return write()
        except Conflict:
            time.sleep(pause)
    return write()


def _size(item: Any) -> int:
    """Bytes of an item as DynamoDB counts them, roughly: names and values in UTF-8."""
    if isinstance(item, dict):
        return sum(len(name.encode()) + _size(value) for name, value in item.items())
    if isinstance(item, list):
        return sum(map(_size, item))
    return len(str(item).encode()) if item is not None else 0


def _contact(row: Row | None) -> Contact | None:
    return Contact.model_validate(row) if row else None
