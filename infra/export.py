"""All that the shop keeps of a person, as JSON for that person; the shape is in `export`."""

from typing import Any

from chalicelib import aws, files, store
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import State
from chalicelib.models.people import Claim, Contact, Erasing
from chalicelib.models.values import Address
from chalicelib.store import forgetting
from chalicelib.store.forgetting import Kept
from infra import person
from infra.person import Asked, Theirs

ORDERED = {"provider", "number", "state", "total", "currency", "at"}


def export(asked: Asked) -> dict[str, Any]:
    """Everything of somebody, linked contacts included. Raises person.Nobody, or one of aws.FAULTS.

        {contacts: [{id, name, addresses: [{channel, id, stopped: null|TIME}], tags, blocked, notes}],
         conversations: [{id, opened_at, status, desk}],
         messages: [{id, at, direction: in|out|note, provider, channel, from, name, text, full, location,
                     attachments: [{name, type, size}], sent: [{kind, to, text, state, at}], media: [PLACE]}],
         orders: [{provider, number, state, total, currency, at}],
         parts_of_long_texts: [{at, text}], typed: [{channel, id}], put_aside: [TEXT], as_they_came: [PLACE]}

    Times are UTC in ISO 8601. `out` is what agents answered and `note` what they noted; `sent` is what became of a
    message, `typed` who wrote first what may be theirs. A PLACE is where a file lies in the shop's bucket: it is
    handed over beside this.
    """
    heads = person.heads(asked)
    who = person.whole(asked, heads)
    kept, bodies = forgetting.kept(who), person.bodies(who)
    return {
        "contacts": [_contact(head) for head in heads],
        "conversations": [
            {name: row.get(name, "open") for name in ("id", "opened_at", "status", "desk")}
            for row in kept.conversations
        ],
        "messages": _messages(kept),
        "orders": [one.model_dump(mode="json", include=ORDERED) for one in kept.bought.orders],
        "parts_of_long_texts": _pieces(kept),
        "typed": [{name: row[name] for name in ("channel", "id")} for row in kept.clues if "channel" in row],
        "put_aside": [letter.body for letter in person.parked(_theirs(who, kept, bodies))],
        "as_they_came": [*bodies.raw, *bodies.mails],
    }


def media(found: dict[str, Any]) -> list[str]:
    """Where the files lie that belong to it."""
    return [*(place for message in found["messages"] for place in message["media"]), *found["as_they_came"]]


def _theirs(who: Erasing, kept: Kept, bodies: person.Bodies) -> Theirs:
    threads = frozenset(row["id"] for row in kept.threads)
    return Theirs(who, frozenset(kept.claims), threads, frozenset(bodies.raw))


def _contact(head: Contact) -> dict[str, Any]:
    """A head, with the lines that it keeps of conversations and what agents are still to send."""
    conversation = head.conversation
    lines = [conversation.topic, conversation.asked, conversation.answered, conversation.ended] if conversation else []
    return {
        "id": head.id,
        "name": head.name,
        "addresses": [_address(address, head) for address in head.addresses],
        "tags": list(head.tags),
        "blocked": head.blocked,
        "notes": [line for line in (*head.before, *lines, *(held.words for held in head.held)) if line],
    }


def _address(address: Address, head: Contact) -> dict[str, Any]:
    known = head.known(address)
    stopped = known.stopped.isoformat() if known and known.stopped else None
    return {**address.model_dump(mode="json"), "stopped": stopped}


def _messages(kept: Kept) -> list[dict[str, Any]]:
    """In the order in which they came; timers left out."""
    written = [row for row in kept.messages.values() if row.get("kind") != Kind.TIMER and row["claim"] in kept.claims]
    rows = sorted(written, key=lambda row: str(row["sk"]))
    return [_message(row, Claim.model_validate(kept.claims[row["claim"]])) for row in rows]


def _message(row: dict[str, Any], claim: Claim) -> dict[str, Any]:
    message = Message.model_validate(row)
    return {
        "id": claim.key,
        "at": store.recorded_at(row).isoformat(),
        "direction": row["direction"],
        "provider": message.provider,
        "channel": message.sender.channel.value,
        "from": message.sender.id,
        "name": message.name,
        "text": _text(message.text, message.text_file),
        "full": _text(message.full, message.full_file),
        "location": message.location.model_dump(mode="json") if message.location else None,
        "attachments": [file.model_dump(include={"name", "type", "size"}) for file in message.attachments],
        "sent": _sent(claim),
        "media": [one.stored for one in claim.in_order if one.stored],
    }


def _sent(claim: Claim) -> list[dict[str, Any]]:
    return [
        {"kind": one.kind.value, "to": one.to, "text": one.text or one.said, "state": one.state.value,
         "at": one.tried_at.isoformat() if one.tried_at else None}
        for one in claim.in_order if one.state is not State.PLANNED or one.text
    ]  # fmt: skip


def _text(short: str, place: str) -> str:
    """The whole of a text; what is left of one whose file is gone."""
    if not place:
        return short
    try:
        return files.get(place).decode()
    except aws.FAULTS as error:
        if aws.code(error) != "NoSuchKey":
            raise
        return short


def _pieces(kept: Kept) -> list[dict[str, Any]]:
    pieces = [value for row in kept.fragments for name, value in row.items() if isinstance(value, dict)]
    return [{"at": piece["at"], "text": piece["message"].get("text", "")} for piece in pieces]
