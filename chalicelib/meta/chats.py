"""What Meta's chats have in common, Messenger's and Instagram's: what their webhooks tell, and how they are answered.

Webhook: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events
Sending: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages

A person's id is theirs with one of the shop's accounts only, so an address is `<account's id>/<person's id>`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from chalicelib import meta
from chalicelib.errors import Outcome
from chalicelib.models.inbound import Kind, Message, Progress, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.values import Address, Channel

OUTSIDE = "the customer's last message is more than 24 hours old; {} then takes no answer"
OUTCOMES = meta.OUTCOMES | {
    80006: Outcome.NOT_SENT,
    1200: Outcome.NOT_SENT,
    200: Outcome.REFUSED,
    551: Outcome.REFUSED,
}
BY_A_PERSON = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}  # allowed for what a person wrote, 7 days long


class Chat(NamedTuple):
    """A product: its provider, its channel, and how the content of a message of it is read."""

    provider: str
    channel: Channel
    says: Callable[[dict[str, Any]], dict[str, Any]]


def words(name: str, account: str) -> dict[int, str]:
    """Why something failed, where both products have the code; `account` is what the shop has there."""
    return meta.WORDS | {
        551: f"this person cannot be reached on {name} at the moment",
        1200: f"{name} could not send for the moment",
        80006: f"this {account} sends too much, Meta asks us to wait",
    }


def kind(outgoing: Outgoing) -> dict[str, str]:
    """A person may answer when machines may not any more."""
    return BY_A_PERSON if outgoing.human else {"messaging_type": "RESPONSE"}


def read(chat: Chat, entry: dict[str, Any]) -> Iterator[meta.Found]:
    """In `standby` another app or the account's own inbox answers: recorded, never acknowledged."""
    account = meta.account(entry)
    yield from meta.each(entry.get("messaging", ()), partial(_event, chat, account, automatic=False))
    yield from meta.each(entry.get("standby", ()), partial(_event, chat, account, automatic=True))


def _event(chat: Chat, account: str, event: dict[str, Any], *, automatic: bool) -> Iterator[Message | Receipt]:
    """One event: which key it has says what it is. What the account itself did is an echo."""
    sender = event.get("sender") or {}
    known = next((name for name in (*ABOUT, *PROGRESS) if name in event), "")
    if not known or sender.get("id") == account or event.get("is_self"):
        return
    person = Address(channel=chat.channel, id=f"{account}/{sender['id']}")
    if known in PROGRESS:
        yield _receipt(chat, person, PROGRESS[known], event[known], event)
    elif not event[known].get("is_echo"):
        yield Message(
            provider=chat.provider,
            sender=person,
            sent_at=meta.moment(event.get("timestamp"), per_second=1000),
            automatic=automatic,
            source=event,
            **ABOUT[known](chat, event[known], event),
        )


def _receipt(chat: Chat, reader: Address, progress: Progress, said: dict[str, Any], event: dict[str, Any]) -> Receipt:
    """A receipt names its messages (one, in Instagram's way of reading); else all up to the watermark is meant."""
    if named := said.get("mids") or ([said["mid"]] if said.get("mid") else []):
        return Receipt(provider=chat.provider, progress=progress, ids=named, source=event)
    before = meta.moment(said["watermark"], per_second=1000)
    if not before:
        raise ValueError("a watermark is a time")
    return Receipt(provider=chat.provider, progress=progress, reader=reader, before=before, source=event)


def _written(chat: Chat, message: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """A message; or that it was taken back, which has the message's own id."""
    if message.get("is_deleted"):
        return {"kind": Kind.DELETE, "id": message["mid"]}
    return {
        "id": message["mid"],
        "choice": (message.get("quick_reply") or {}).get("payload") or "",
        "reply_to": (message.get("reply_to") or {}).get("mid") or "",
        **chat.says(message),
    }


def _pressed(chat: Chat, postback: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """A button; in standby without what stands behind it. Its id is missing in old versions of the API."""
    id = postback.get("mid") or f"{event['sender']['id']}@{event['timestamp']}"
    return {"id": id, "text": postback.get("title") or "", "choice": postback.get("payload") or ""}


def _edited(chat: Chat, edit: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": Kind.EDIT, "id": edit["mid"], "version": str(edit["num_edit"]), "text": edit["text"]}


def _reacted(chat: Chat, reaction: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """A reaction has no id of its own: the time tells it from its removal and from the next."""
    given = reaction["action"] == "react"
    return {
        "kind": Kind.REACTION,
        "id": reaction["mid"],
        "version": f"{reaction['action']}@{event['timestamp']}",
        "text": (reaction.get("emoji") or reaction.get("reaction") or "") if given else "",
    }


ABOUT: Mapping[str, Callable[[Chat, dict[str, Any], dict[str, Any]], dict[str, Any]]] = {
    "message": _written,
    "postback": _pressed,
    "message_edit": _edited,
    "reaction": _reacted,
}
PROGRESS = {"delivery": Progress.DELIVERED, "read": Progress.READ}
