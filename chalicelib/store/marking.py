"""Marking what has become of deliveries; a mark lost to a conflict is a double message."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib import aws
from chalicelib.models.inbound import Progress
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Contact, Thread
from chalicelib.models.values import SCHEMA
from chalicelib.store.keys import Row, contact_key, sent_key, thread_key
from chalicelib.store.rows import claim_update, dump, put
from chalicelib.store.table import Conflict, Moved, persist, table_name, transact, update

PROGRESS_AFTER: dict[Progress, list[str]] = {  # which receipts a later one may follow
    Progress.DELIVERED: [],
    Progress.READ: ["delivered"],
    Progress.FAILED: ["delivered"],
}


def mark(claim: str, changes: Mapping[str, Mapping[str, Any]], added: Iterable[Delivery] = ()) -> None:
    """Change fields of a claim's deliveries, and add notices that have become due. Raises one of aws.FAULTS."""
    change = claim_update(claim, changes, added)
    persist(lambda: update(change))


def mark_sent(claim: Claim, delivery: Delivery, provider_id: str, changes: Mapping[str, Any]) -> None:
    """Mark a delivery sent, with the row that leads from the provider's id back to it. Raises one of aws.FAULTS."""
    writes = list(_sent_writes(claim, delivery, provider_id, changes))
    persist(lambda: transact(writes))


def mark_card(
    claim: Claim, delivery: Delivery, provider_id: str, changes: Mapping[str, Any], head: Contact, thread: str,
    expires: datetime | None,
) -> None:  # fmt: skip
    """Mark the card sent: its thread goes into the head and gets a row of its own.

    A mark never waits on the head: if the head no longer names this message, everything else is written without it.
    """
    conversation = head.conversation
    assert conversation is not None
    leads = Thread(id=thread, contact=head.id, conversation=conversation.id, desk=conversation.desk, expires=expires)
    writes = [
        *_sent_writes(claim, delivery, provider_id, changes),
        put({**thread_key(delivery.provider, delivery.account, thread), **dump(leads)}),
    ]
    try:
        persist(lambda: transact([*writes, _set_thread(head, claim, thread)]))
    except Conflict:
        raise
    except Moved:
        persist(lambda: transact(writes))


def mark_progress(claim: str, delivery: str, progress: Progress, reason: str, notice: Delivery | None) -> bool:
    """Move a delivery's receipt forward, never back; False if it is there or further already. Raises aws.FAULTS."""
    before = PROGRESS_AFTER[progress]
    change = claim_update(claim, {delivery: {"receipt": progress, "reason": reason}}, [notice] if notice else [])
    change["ExpressionAttributeNames"] |= {"#receipt": "receipt", "#at": delivery}
    values = {f":before{place}": word for place, word in enumerate(before)}
    older = " ".join(f"OR #deliveries.#at.#receipt = {name}" for name in values)
    change["ExpressionAttributeValues"] |= aws.encode(values)
    change["ConditionExpression"] += f" AND (attribute_not_exists(#deliveries.#at.#receipt) {older})"
    try:
        persist(lambda: update(change))
    except Conflict:
        raise
    except Moved:
        return False
    return True


def _sent_writes(claim: Claim, delivery: Delivery, provider_id: str, changes: Mapping[str, Any]) -> Iterator[Row]:
    yield {"Update": claim_update(claim.key, {delivery.id: {**changes, "provider_id": provider_id}}, [])}
    if provider_id:
        leads = {"claim": claim.key, "delivery": delivery.id, "schema": SCHEMA}
        yield put({**sent_key(delivery.provider, delivery.account, provider_id), **leads})


def _set_thread(head: Contact, claim: Claim, thread: str) -> Row:
    names = {"#conversation": "conversation", "#thread": "thread", "#opener": "opener", "#version": "version"}
    return {
        "Update": {
            "TableName": table_name(),
            "Key": aws.encode(contact_key(head.id)),
            "UpdateExpression": "SET #conversation.#thread = :thread, #version = #version + :one",
            "ConditionExpression": "#conversation.#opener = :opener",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": aws.encode({":thread": thread, ":one": 1, ":opener": claim.key}),
        }
    }
