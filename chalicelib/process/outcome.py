"""What each outcome means for each kind of delivery: the table in section 5 of the architecture page, as code.

A file (a customer's, for the desk; it is fetched first, and only what is kept in the bucket can have been sent):
not sent or not fetched: later, for a day; refused, or never to be had: a note in the thread says so; unknown: once
again, marked, then a note; given up: a note. A file of a reply is a part of it: one that cannot be had within ten
minutes fails, so that later replies do not wait for it, and its failure skips no other part.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import desk, route, settings, store, words
from chalicelib.desk import waiting
from chalicelib.errors import Outcome, SendFailed, ThreadGone
from chalicelib.models.outbound import Delivery, DeliveryKind, Outgoing, State
from chalicelib.models.people import Contact
from chalicelib.process import forgotten
from chalicelib.process.job import (
    Job,
    Wait,
    end,
    file_name,
    give_back,
    heard,
    note,
    notice,
    tried,
    with_conversation,
    write_head,
)

GIVEN_UP = {DeliveryKind.REPLY: timedelta(days=4), DeliveryKind.FILE: timedelta(days=1)}
FETCHED_WITHIN = timedelta(minutes=10)  # an agent's file, behind which later replies wait
COPY_EVERY = timedelta(hours=6)  # of a forward whose copies go unanswered
NOTICE_TRIES = 3
TOKEN_LIVES = timedelta(days=90)  # a mail's reply token
TO_DESK = (DeliveryKind.FORWARD, DeliveryKind.FILE)  # what a customer sent
SURE = (DeliveryKind.FORWARD, DeliveryKind.REPLY, DeliveryKind.FILE)  # kinds that must not be lost


def sent(job: Job, delivery: Delivery, outgoing: Outgoing, provider_id: str) -> Wait | None:
    """It arrived. A card's thread goes into the head. Raises Forgotten where nobody may have it any more."""
    changes = {"state": State.SENT, **tried(job)}
    if delivery.change:  # the provider's id goes on standing for what was changed
        return end(job, delivery, State.SENT)
    try:
        _mark_sent(job, delivery, outgoing, provider_id, changes)
    except store.Conflict:
        raise
    except store.Moved:  # the claim was emptied meanwhile: the post would stay for ever
        forgotten.take_back(delivery, provider_id)
        raise forgotten.Forgotten from None
    job.states[delivery.id] = State.SENT
    return None


def _mark_sent(job: Job, delivery: Delivery, outgoing: Outgoing, provider_id: str, changes: dict[str, Any]) -> None:
    if outgoing.card and job.contact and _opens(job.contact):
        thread = outgoing.thread or provider_id
        expires = job.now + TOKEN_LIVES if outgoing.thread else None
        store.mark_card(job.claim, delivery, provider_id, changes, job.contact, thread, expires)
        job.contact = with_conversation(job.contact, thread=thread)
    else:
        store.mark_sent(job.claim, delivery, provider_id, changes)


def _opens(contact: Contact) -> bool:
    return contact.conversation is not None and not contact.conversation.thread


def not_sent(job: Job, delivery: Delivery, failure: SendFailed) -> Wait | None:
    """Later; what has grown too old for that is given up."""
    if _too_late(job, delivery):
        return given_up(job, delivery, failure.reason)
    if _tried_enough(job, delivery):
        return end(job, delivery, State.FAILED, failure.reason)
    changes: dict[str, Any] = {"reason": failure.reason}
    if delivery.state is State.UNKNOWN:
        changes["repeated"] = False  # the copy did not go; whether the first went is still not known
    if delivery.kind is DeliveryKind.ACKNOWLEDGE and not delivery.handed:
        changes["handed"] = True
        job.told.append(delivery.model_copy(update=changes))
        note(job, delivery, **changes)
        return None
    return note(job, delivery, Wait(failure.reason, failure.retry_after), **changes)


def refused(job: Job, delivery: Delivery, failure: SendFailed) -> Wait | None:
    """It will never be taken there."""
    if delivery.file is not None:
        return _file_failed(job, delivery, failure.reason)
    if delivery.kind is DeliveryKind.REPLY:
        said = "\n".join([words.reply_failed(failure.reason), *_ways_out(job, delivery)])
        return _reply_failed(job, delivery, said, failure.reason)
    if delivery.kind is DeliveryKind.FORWARD and isinstance(failure, ThreadGone):
        return _new_card(job, delivery, _desk(job), failure.reason)
    if delivery.kind is DeliveryKind.FORWARD:
        return _to_fallback(job, delivery, failure.reason)
    if delivery.urgent:
        return _to_another_desk(job, delivery, failure.reason)
    return end(job, delivery, State.FAILED, failure.reason)


def unknown(job: Job, delivery: Delivery, failure: SendFailed) -> Wait | None:
    """It may have arrived. An acknowledgement is never sent again; the rest is looked into when it comes back."""
    if delivery.kind is DeliveryKind.ACKNOWLEDGE:
        return end(job, delivery, State.UNKNOWN, failure.reason)
    if _tried_enough(job, delivery):
        return end(job, delivery, State.FAILED, failure.reason)
    doubt = {"state": State.UNKNOWN} if delivery.kind in SURE or delivery.urgent else {}
    return note(job, delivery, Wait(failure.reason, failure.retry_after), reason=failure.reason, **doubt)


TABLE: Mapping[Outcome, Callable[[Job, Delivery, SendFailed], Wait | None]] = {
    Outcome.NOT_SENT: not_sent,
    Outcome.REFUSED: refused,
    Outcome.UNKNOWN: unknown,
}


def again_once(job: Job, delivery: Delivery) -> bool:
    """Whether a second copy may go, which is noted before it does; a reply's agent is told that it may be one."""
    if delivery.repeated and not _copy_due(job, delivery):
        return False
    if delivery.kind is DeliveryKind.REPLY:
        job.told.append(notice(job.claim, words.reply_repeated(), f"{delivery.id}-repeated"))
    changes = {"repeated": True, "state": State.UNKNOWN, "copied_at": job.now}
    store.mark(job.claim.key, {delivery.id: changes}, job.told)
    return True


def still_unknown(job: Job, delivery: Delivery) -> Wait | None:
    """Even a second copy went unanswered: the agent decides on a reply; a forward goes to the fallback desk."""
    if delivery.kind is DeliveryKind.FILE:
        return _file_ended(job, delivery, State.UNKNOWN, words.file_unknown(file_name(job, delivery)))
    if delivery.kind is DeliveryKind.REPLY:
        return _reply_ended(job, delivery, State.UNKNOWN, words.reply_unknown(), f"{delivery.id}-unknown")
    if delivery.kind is DeliveryKind.FORWARD and _fallback(job):
        return _to_fallback(job, delivery, "it does not say whether messages arrive")
    due = (delivery.copied_at or job.now) + COPY_EVERY
    return note(job, delivery, Wait("nobody can tell whether it arrived", (due - job.now).total_seconds()))


def given_up(job: Job, delivery: Delivery, reason: str) -> Wait | None:
    """A reply or a file was tried for long enough, or cannot be worked off: whom it concerns is told."""
    if delivery.file is not None:
        return _file_failed(job, delivery, reason)
    return _reply_failed(job, delivery, words.reply_given_up(reason), reason)


def moved(job: Job, delivery: Delivery) -> bool:
    """Whether what the customer sent has to go to another desk than when it was planned."""
    conversation = job.contact.conversation if job.contact else None
    return delivery.kind in TO_DESK and conversation is not None and conversation.desk != delivery.to


def follow(job: Job, delivery: Delivery, doubtful: bool) -> Delivery:
    """The same to where the conversation is now; marked where it may stand at the old desk already."""
    assert job.contact is not None and job.contact.conversation is not None
    changes = {**_at_desk(job.contact.conversation.desk), "repeated": doubtful, "state": State.PLANNED}
    store.mark(job.claim.key, {delivery.id: changes})
    return delivery.model_copy(update=changes)


def _reply_failed(job: Job, delivery: Delivery, said: str, reason: str) -> Wait | None:
    """A part of a reply fails: the agent is told, the later parts are skipped."""
    give_back(job, delivery)
    return _reply_ended(job, delivery, State.FAILED, said, f"{delivery.id}-failed", reason)


def _file_failed(job: Job, delivery: Delivery, reason: str) -> Wait | None:
    """It never gets where it should; whether it could not be had or is not taken there."""
    name = file_name(job, delivery)
    if delivery.kind is DeliveryKind.REPLY:
        return _reply_failed(job, delivery, words.file_not_sent(name, reason), reason)
    said = words.file_not_shown(name, reason) if delivery.stored else words.file_not_fetched(name, reason)
    return _file_ended(job, delivery, State.FAILED, said, reason)


def _file_ended(job: Job, delivery: Delivery, state: State, said: str, reason: str = "") -> Wait | None:
    """In one write: how a customer's file ended, and the note in the conversation's thread."""
    conversation = job.contact.conversation if job.contact else None
    shop, thread = settings.shop(), conversation.thread if conversation else ""
    desk = conversation.desk if conversation else delivery.to
    job.told.append(route.notice(shop, desk, thread, said, f"{delivery.id}-failed", urgent=True))
    ended = {"state": state, "reason": reason, "told": True, **tried(job)}
    store.mark(job.claim.key, {delivery.id: ended}, job.told)
    job.states[delivery.id] = state
    return None


def _reply_ended(job: Job, delivery: Delivery, state: State, said: str, what: str, reason: str = "") -> Wait | None:
    """All in one write: how this part ended, the later parts skipped, the word for the agent."""
    replies = [other for other in job.claim.in_order if other.kind is DeliveryKind.REPLY and not other.ended]
    behind = [other.id for other in replies if other.id > delivery.id and delivery.file is None]
    changes: dict[str, dict[str, Any]] = {place: {"state": State.SKIPPED} for place in behind}
    changes[delivery.id] = {"state": state, "reason": reason, "told": True, **tried(job)}
    job.told.append(notice(job.claim, said, what))
    store.mark(job.claim.key, changes, job.told)
    job.states |= {**dict.fromkeys(behind, State.SKIPPED), delivery.id: state}
    return None


def _ways_out(job: Job, delivery: Delivery) -> list[str]:
    """What an agent can do whose reply came too late for its address's window."""
    address, shop = heard(job, delivery), settings.shop()
    if job.contact is None or address is None or desk.window(address, job.now, shop).state != "closed":
        return []
    return desk.held.ways(job.contact, address.address, job.now, shop)


def _to_fallback(job: Job, delivery: Delivery, reason: str) -> Wait | None:
    """The conversation moves to the fallback desk and this message posts the card there. Without one: never final."""
    name = _fallback(job)
    return _new_card(job, delivery, name, reason) if name else _owner_told(job, delivery, reason)


def _new_card(job: Job, delivery: Delivery, name: str, reason: str) -> Wait | None:
    """This message posts the conversation's card anew, at a desk."""
    changes = {**_at_desk(name), "state": State.PLANNED, "note": job.receive.token, "reason": reason, **tried(job)}
    left: dict[str, Any] = {} if name == _desk(job) else {"assignee": ""}  # an agent of the desk before
    assert job.contact is not None and job.contact.conversation is not None
    left |= waiting.at_desk(job.contact.conversation, name, settings.shop(), job.now)
    write_head(job, {"thread": "", "opener": job.claim.key, **left}, {delivery.id: changes})
    return Wait("the conversation gets another card", 0)


def _owner_told(job: Job, delivery: Delivery, reason: str) -> Wait | None:
    """Tried on and on; the owner is told at once, once."""
    shop = settings.shop()
    if not delivery.told:
        text = words.desk_refuses(delivery.to, reason)
        job.told.append(route.notice(shop, shop.owner, "", text, f"{delivery.id}-refused", urgent=True))
    return note(job, delivery, Wait(reason), reason=reason, told=True)


def _to_another_desk(job: Job, delivery: Delivery, reason: str) -> Wait | None:
    """An urgent notice that its thread refuses goes out on its own at the fallback or the owner; then it waits."""
    if delivery.told:
        return note(job, delivery, Wait(reason), reason=reason)
    shop = settings.shop()
    elsewhere = _at_desk(shop.fallback or shop.owner)
    return note(job, delivery, Wait("the notice moved", 0), **elsewhere, thread="", told=True, reason=reason)


def _at_desk(name: str) -> dict[str, str]:
    place = route.desk_of(settings.shop(), name)
    return {"to": name, "provider": place.carrier, "account": place.account}


def _desk(job: Job) -> str:
    assert job.contact is not None and job.contact.conversation is not None
    return job.contact.conversation.desk


def _fallback(job: Job) -> str:
    """The desk that gets what this one refuses: the shop's, or the one it was escalated from. Empty without one."""
    name = settings.shop().fallback or job.claim.desk
    conversation = job.contact.conversation if job.contact else None
    return "" if conversation is None or conversation.desk == name else name


def _copy_due(job: Job, delivery: Delivery) -> bool:
    stays = delivery.kind is DeliveryKind.NOTICE or (delivery.kind is DeliveryKind.FORWARD and not _fallback(job))
    return stays and delivery.copied_at is not None and job.now - delivery.copied_at >= COPY_EVERY


def _too_late(job: Job, delivery: Delivery) -> bool:
    if delivery.kind is DeliveryKind.REPLY and delivery.file is not None and not delivery.stored:
        first = datetime.fromtimestamp(job.receive.first_ms / 1000, UTC)
        return job.now - first >= FETCHED_WITHIN
    return delivery.kind in GIVEN_UP and job.now - job.at >= GIVEN_UP[delivery.kind]


def _tried_enough(job: Job, delivery: Delivery) -> bool:
    """A notice that asks nobody to act is dropped after three tries."""
    return delivery.kind is DeliveryKind.NOTICE and not delivery.urgent and job.receive.count >= NOTICE_TRIES
