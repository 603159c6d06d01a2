"""Recording: claim, message and head in one transaction."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib import aws
from chalicelib.models.inbound import Kind
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Contact
from chalicelib.models.shop import Retention
from chalicelib.models.values import SCHEMA, Address
from chalicelib.models.work import Plan, Quota, Receive
from chalicelib.store.keys import Row, address_key, claim_key, day_key, message_key, place, sent_key
from chalicelib.store.linking import clue_writes, joint_writes
from chalicelib.store.rows import claim_update, dump, fading, put, put_head, put_turn, put_unowned
from chalicelib.store.table import Full, Moved, table_name, transact


def record(plan: Plan, receive: Receive, kept: Retention) -> Claim:
    """Write claim, message and head in one transaction; returns the claim. `kept` says when what is written fades.

    Raises Recorded if the claim exists, Moved if the head is not as it was read, Full if that alone is in the way,
    Poison for what can never be written, or one of aws.FAULTS.
    """
    written = _claim(plan, receive)
    turn = [put_turn(plan.turn, plan.contact, kept)] if plan.turn else []
    never = [Claim(key=key, at=receive.accepted_at, by=receive.token) for key in plan.also_claims]
    fades = fading(plan.message.came_at or receive.accepted_at, kept.message_days)
    writes = [
        _put_claim(written),
        put_head(plan.contact),
        put({**message_key(written.conversation, written.message), **_message(plan, written), **fades}),
        *(_put_address(address, plan) for address in plan.new_addresses),
        *turn,
        *map(_put_claim, never),
        *(joint_writes(plan.joint, plan.contact, kept) if plan.joint else ()),
        *clue_writes(plan),
        *([_count(plan.quota)] if plan.quota else []),
    ]
    try:
        transact(writes)
    except Moved as moved:
        if plan.quota and moved.failed == (len(writes) - 1,):
            raise Full from moved
        raise
    return written


def record_alone(written: Claim) -> Claim:
    """Write a claim that belongs to no conversation. Raises Recorded if it exists, or one of aws.FAULTS."""
    transact([_put_claim(written)])
    return written


def empty(claim: Claim) -> None:
    """Leave of a claim only that it was there, and no provider's id that leads to it. Raises one of aws.FAULTS."""
    left = claim.model_copy(update={"deliveries": {}})
    sent = [one for one in claim.deliveries.values() if one.provider_id]
    gone = [sent_key(one.provider, one.account, one.provider_id) for one in sent]
    deletes = [{"Delete": {"TableName": table_name(), "Key": aws.encode(key)}} for key in gone]
    transact([put({**claim_key(claim.key), **dump(left)}), *deletes])


def move(head: Contact, claim: str, changes: Mapping[str, Mapping[str, Any]], added: Iterable[Delivery] = ()) -> None:
    """Write the head with another desk or opener, and what that means for a claim. Raises Moved or aws.FAULTS."""
    update = [{"Update": claim_update(claim, changes, added)}] if changes else []
    transact([put_head(head), *update])


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
        message_id="" if plan.message.kind is Kind.COMMAND else plan.message.id,
        desk=plan.desk,
        thread=plan.message.thread,
        by=receive.token,
        first=plan.first,
        targets=plan.targets,
        kept=plan.kept,
        deliveries={delivery.id: delivery for delivery in plan.deliveries},
    )


def _message(plan: Plan, claim: Claim) -> Row:
    message = dump(plan.message, exclude={"source"})
    return {**message, "claim": claim.key, "direction": plan.direction.value, "contact": plan.contact.id}


def _put_claim(claim: Claim) -> Row:
    return put({**claim_key(claim.key), **dump(claim)}, "attribute_not_exists(#pk)", old=True)


def _count(quota: Quota) -> Row:
    """One more acknowledgement, in the row of its day: in the transaction of its message, so that none goes uncounted.

    Many who are acknowledged at the same moment meet in this row, and all but one record again; whoever is not
    acknowledged never does.
    """
    count = {
        "TableName": table_name(),
        "Key": aws.encode(day_key(quota.day)),
        "UpdateExpression": "SET #schema = :schema ADD #count :one",
        "ConditionExpression": "attribute_not_exists(#count) OR #count < :most",
        "ExpressionAttributeNames": {"#count": "acknowledged", "#schema": "schema"},
        "ExpressionAttributeValues": aws.encode({":one": 1, ":most": quota.most, ":schema": SCHEMA}),
    }
    return {"Update": count}


def _put_address(address: Address, plan: Plan) -> Row:
    evidence = "first heard from" if address == plan.message.sender else "proved by one signature with it"
    row = {"contact": plan.contact.id, "channel": address.channel.value, "id": address.id, "evidence": evidence}
    return put_unowned({**address_key(address), **row, "schema": SCHEMA})
