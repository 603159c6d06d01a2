"""What the shop has recorded: conversations and single messages, read through the store, and their documented JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from chalicelib import aws, files, store
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Contact, Conversation
from infra.world import Entry

LOG = "/aws/lambda/shopbell-worker"
Found = TypeVar("Found")


class Unknown(Exception):
    """No such thing is recorded, or several are; the text says what to do."""


class Spoken(NamedTuple):
    """A recorded message and what it called for."""

    message: Message
    direction: str  # in, out or note
    claim: Claim

    @property
    def at(self) -> datetime:
        """When the queue accepted it."""
        assert self.claim.at is not None
        return self.claim.at


class Chat(NamedTuple):
    """A conversation with everything said in it, in order."""

    conversation: Conversation
    contact: Contact
    spoken: tuple[Spoken, ...]


def chats(id: str = "", last: int = 0) -> list[Chat]:
    """The conversations whose id begins so, the first that opened at the top; with `last` no more than these."""
    heads = {head.id: head for head in store.heads()}
    rows = [row for row in store.conversations() if row["contact"] in heads and row["id"].startswith(id)]
    found = [_current(Conversation.model_validate(row), heads[row["contact"]]) for row in rows]
    found.sort(key=lambda pair: (pair[0].opened_at, pair[0].id))
    return [Chat(conversation, head, tuple(spoken(conversation.id))) for conversation, head in found[-last:]]


def chat(id: str) -> Chat:
    """The one conversation whose id begins so. Raises Unknown."""
    return _only(chats(id), "conversation", id)


def at_desks() -> list[tuple[Conversation, Contact]]:
    """The conversations in which an agent can write: those that have a thread."""
    return [(head.conversation, head) for head in store.heads() if head.conversation and head.conversation.thread]


def spoken(conversation: str) -> Iterator[Spoken]:
    """What was said in a conversation, in order, long texts whole; a timer only if it led to a word."""
    rows = list(store.messages(conversation))
    claims = store.claims(row["claim"] for row in rows)
    for row in rows:
        claim, message = claims[row["claim"]], Message.model_validate(row)
        if message.kind is Kind.TIMER and not claim.deliveries:
            continue
        whole = files.get(message.text_file).decode() if message.text_file else message.text
        written = message.model_copy(update={"text": whole})
        yield Spoken(written, row["direction"], claim)


def message(id: str) -> tuple[Chat, Spoken]:
    """A message by its id (or how that begins), by its provider's id, or by that of what it went out as.

    Raises Unknown.
    """
    said = [(chat, one) for chat in chats() for one in chat.spoken]
    meant = [(chat, one) for chat, one in said if id in _names(one) or one.claim.key.startswith(id)]
    return _only(meant, "message", id)


def carried(one: Spoken, ledger: list[dict[str, Any]]) -> list[Entry]:
    """What arrived in the outside world because of a message, the marks on an agent's message too."""
    entries = [Entry(**row) for row in ledger]
    ids = {delivery.provider_id for delivery in one.claim.in_order} - {""}
    return [entry for entry in entries if _belongs(entry, one, ids)]


def receives(claim: Claim) -> list[tuple[datetime, str]]:
    """When the worker had a message in hand, and how that ended, by its log; what it handed on is not among these."""
    id = claim.by.partition(":")[0]
    since = int(claim.at.timestamp() * 1000) if claim.at else 0
    try:
        pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=LOG, startTime=since)
        found = [event for page in pages for event in page["events"] if id in event["message"]]
    except aws.FAULTS:  # nothing is logged yet
        return []
    lines = [(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), json.loads(event["message"])) for event in found]
    return [(at, f"receive {line['receive']}: {line['outcome']}, {line['detail']}") for at, line in lines]


def as_json(chat: Chat) -> dict[str, Any]:
    """A conversation in the shape that `shopbell conversations --json` prints, a list of these:

        {id, status, contact: {id, name, addresses: [{channel, id}]}, desk, messages: [
            {id, provider, provider_id, direction: in|out|note, channel, from, text, at,
             attachments: [{name, type, size, reference}],
             deliveries: [{kind, to, provider, state: planned|sent|failed|unknown|skipped,
                           receipt: null|delivered|read|failed, provider_id, attempts}]}]}

    `status` is open or closed, `at` is UTC in ISO 8601, `size` is in bytes or null, `kind` is forward, acknowledge,
    reply, file or notice, `to` is a desk's name or a customer's address, `attempts` counts receives from the queue.
    """
    contact, conversation = chat.contact, chat.conversation
    addresses = [{"channel": heard.address.channel.value, "id": heard.address.id} for heard in contact.heard]
    return {
        "id": conversation.id,
        "status": conversation.status,
        "contact": {"id": contact.id, "name": contact.name, "addresses": addresses},
        "desk": conversation.desk,
        "messages": [_message(one) for one in chat.spoken],
    }


def _message(one: Spoken) -> dict[str, Any]:
    message = one.message
    return {
        "id": one.claim.key,
        "provider": message.provider,
        "provider_id": message.id,
        "direction": one.direction,
        "channel": message.sender.channel.value,
        "from": message.sender.id,
        "text": message.text,
        "at": one.at.isoformat(),
        "attachments": [attachment.model_dump(exclude={"inline"}) for attachment in message.attachments],
        "deliveries": [_delivery(delivery) for delivery in one.claim.in_order],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "kind": delivery.kind.value,
        "to": delivery.to,
        "provider": delivery.provider,
        "state": delivery.state.value,
        "receipt": delivery.receipt.value if delivery.receipt else None,
        "provider_id": delivery.provider_id,
        "attempts": delivery.attempts,
    }


def _current(conversation: Conversation, head: Contact) -> tuple[Conversation, Contact]:
    """A contact's latest conversation as the head has it: its own row tells only how it opened and closed."""
    latest = head.conversation
    return (latest if latest and latest.id == conversation.id else conversation), head


def _belongs(entry: Entry, one: Spoken, ids: set[str]) -> bool:
    """By our own key, by the provider's id (Slack's has the channel before it), or as a mark on the message."""
    named = {entry.id, f"{entry.to}:{entry.id}"} if entry.id else set()
    marks = f"{entry.to}:{entry.refers}" == one.message.id and one.direction != "in"
    return entry.key.startswith(f"{one.claim.key}-") or bool(named & ids) or marks


def _names(one: Spoken) -> set[str]:
    return {one.message.id, *(delivery.provider_id for delivery in one.claim.in_order)} - {""}


def _only(found: list[Found], what: str, id: str) -> Found:
    if len(found) == 1:
        return found[0]
    if found:
        raise Unknown(f"{len(found)} {what}s begin with {id!r}: give more of the id")
    raise Unknown(f"there is no {what} {id!r}: shopbell conversations lists what there is")
