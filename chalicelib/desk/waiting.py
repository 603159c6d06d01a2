"""Who waits for an answer, and the timers that follow from it. Pure.

A conversation says how things stand: since when its customer waits, what is still to be done about it, until when it is
snoozed. Its timers are worked out from that each time the head is written, so that nobody who answers, closes, blocks
or joins conversations has to think of them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib import hours
from chalicelib.desk import oncall, targets
from chalicelib.models.people import Contact, Conversation, Waiting
from chalicelib.models.shop import Desk, Shop

Value = TypeVar("Value")
REASSIGN, RESOLUTION, UPDATE, FOLLOW_UP, CALL = "reassign", "resolution", "update", "follow up", "call"
# The timers that are worked out here:
KINDS = ("snooze", "nudge", "escalate", "owner", REASSIGN, RESOLUTION, UPDATE, FOLLOW_UP, CALL)


def after(start: datetime, minutes: int, open: hours.Calendar | None) -> datetime:
    """So many minutes after `start`, of those the desk is open: the one place where a span becomes a time."""
    return hours.after(open, start, minutes) if open else start + timedelta(minutes=minutes)


def scheduled(contact: Contact, shop: Shop) -> Contact:
    """The head with its timers as its conversation calls for them; those of other kinds stay."""
    conversation = contact.conversation
    open = hours.of(shop, conversation.desk) if conversation else None
    due = {**_without(contact.due, *KINDS), **timers(conversation, open), **_call(conversation, shop)}
    return contact.model_copy(update={"due": due})


def timers(conversation: Conversation | None, open: hours.Calendar | None = None) -> Mapping[str, datetime]:
    """When each timer falls due; a desk without a calendar is always open. A snooze holds all others until it ends."""
    if conversation is None:
        return {}
    if conversation.status == "closed":
        return {FOLLOW_UP: conversation.follow_up} if conversation.follow_up else {}
    if conversation.snoozed_until:
        return {"snooze": conversation.snoozed_until}
    waiting = conversation.waiting
    end = {RESOLUTION: conversation.by} if conversation.by and not conversation.overdue else {}
    if waiting is None:
        return end
    return end | {kind: after(_start(waiting, kind), minutes, open) for kind, minutes in waiting.ahead.items()}


def _call(conversation: Conversation | None, shop: Shop) -> Mapping[str, datetime]:
    """When somebody on call is called: by the clock, as that is for the time at which the desk is closed."""
    awake = conversation and conversation.status == "open" and not conversation.snoozed_until
    at = oncall.due(conversation, shop) if conversation and awake else None
    return {CALL: at} if at else {}


def _start(waiting: Waiting, kind: str) -> datetime:
    return max(waiting.counted, waiting.given) if kind == REASSIGN else waiting.counted


# ---- what changes it ----------------------------------------------------------------------------------------------


def begun(conversation: Conversation, place: Desk, shop: Shop, at: datetime, said: str) -> Conversation:
    """The customer wrote: waits from now on, or still does. A snooze ends, and the count begins again."""
    waiting = conversation.waiting or _fresh(conversation, place, shop, at)
    by = conversation.by or _by(conversation, targets.resolution(shop, conversation), shop, at)
    counted = at if conversation.snoozed_until else waiting.counted
    waiting = waiting.model_copy(update={"said": said, "counted": counted})
    return conversation.model_copy(update={"waiting": waiting, "by": by, "snoozed_until": None})


def answered(conversation: Conversation, place: Desk, shop: Shop, at: datetime) -> dict[str, Any]:
    """What changes as an agent answers: nobody waits, unless the customer wrote after it."""
    waiting = conversation.waiting
    if waiting is None:
        return {"agent_at": at}
    changes = {"agent_at": at, "waiting": None, **_settled(conversation, waiting.by, at)}
    if conversation.customer_at <= at:
        return changes
    left = _fresh(conversation.model_copy(update=changes), place, shop, conversation.customer_at)
    return {**changes, "waiting": left.model_copy(update={"said": waiting.said})}


def given(conversation: Conversation, agent: str, at: datetime, minutes: int) -> dict[str, Any]:
    """What changes as an agent gets it, who has so many minutes for an answer from now on (0: no end)."""
    waiting = conversation.waiting
    if waiting is None:
        return {"assignee": agent}
    had = tuple(dict.fromkeys([*waiting.had, *filter(None, [agent])]))
    ahead = {**waiting.ahead, REASSIGN: minutes} if minutes else _without(waiting.ahead, REASSIGN)
    return {"assignee": agent, "waiting": waiting.model_copy(update={"given": at, "had": had, "ahead": ahead})}


def resumed(conversation: Conversation, at: datetime) -> dict[str, Any]:
    """What changes as a snooze ends: what it held is counted from now."""
    waiting = conversation.waiting
    return {
        "snoozed_until": None,
        "waiting": waiting.model_copy(update={"counted": at}) if waiting else None,
    }


def over() -> dict[str, Any]:
    """What changes as a conversation closes."""
    return {"snoozed_until": None, "waiting": None, "by": None, "overdue": False, "follow_up": None}


def resolved(conversation: Conversation, shop: Shop, at: datetime) -> dict[str, Any]:
    """What changes as an agent closes it: its end was in time, or not. Who was answered may be asked about it later."""
    days, calendar = shop.automatic.follow_up_days, hours.of(shop, conversation.desk)
    later = at + timedelta(days=days)
    asked = (hours.opens(calendar, later) if calendar else later) if days and conversation.agent_at else None
    return {**over(), "follow_up": asked, **_settled(conversation, conversation.by, at)}


def put_off(conversation: Conversation, kind: str, until: datetime, shop: Shop) -> dict[str, Any]:
    """What changes as a timer that fell due waits until a later time, at which the desk is open."""
    assert conversation.waiting is not None
    waiting = conversation.waiting
    minutes = _passed(_start(waiting, kind), until, hours.of(shop, conversation.desk)) + 1
    return {"waiting": waiting.model_copy(update={"ahead": {**waiting.ahead, kind: minutes}})}


def updated(conversation: Conversation, shop: Shop, at: datetime) -> tuple[dict[str, Any], datetime | None]:
    """What changes as the customer is told that they are not forgotten, and when they are next; None: not again."""
    assert conversation.waiting is not None
    waiting = conversation.waiting.model_copy(update={"updates": conversation.waiting.updates + 1})
    minutes, calendar = targets.answer(shop, conversation), hours.of(shop, conversation.desk)
    if waiting.updates >= shop.automatic.updates or not minutes:
        return {"waiting": waiting}, None
    ahead = _passed(waiting.counted, at, calendar) + minutes
    again = waiting.model_copy(update={"ahead": {**waiting.ahead, UPDATE: ahead}})
    return {"waiting": again}, after(waiting.counted, ahead, calendar)


def settled(before: Contact | None, after: Contact) -> dict[str, int]:
    """How many targets were settled between two states of a head, and how many of them kept."""
    then, now = before.conversation if before else None, after.conversation
    if then is None or now is None or then.id != now.id:
        return {}
    return {"targets": now.targets - then.targets, "kept": now.kept - then.kept}


def moved(conversation: Conversation, to: str, shop: Shop, at: datetime) -> dict[str, Any]:
    """What changes as a conversation comes to another desk: nobody there has it, and it is not escalated again."""
    here = at_desk(conversation, to, shop, at)
    waiting = here["waiting"]
    if waiting is None:
        return {**here, "assignee": ""}
    to_give = {REASSIGN: 0} if shop.desks[to].assign != "none" else {}
    ahead = {**_without(waiting.ahead, "escalate", REASSIGN), **to_give}
    left = waiting.model_copy(update={"ahead": ahead, "given": at, "had": ()})
    return {**here, "assignee": "", "waiting": left}


def at_desk(conversation: Conversation, to: str, shop: Shop, at: datetime) -> dict[str, Any]:
    """What changes as another desk gets it: the minutes that passed at the first count, its own follow.

    Else a desk that never closes would count the night in which the first was not to be asked. After a snooze all is
    counted anew, whatever passed before.
    """
    waiting, before = conversation.waiting, hours.of(shop, conversation.desk)
    if waiting and not conversation.snoozed_until and before != hours.of(shop, to):
        passed = {kind: _passed(_start(waiting, kind), at, before) for kind in waiting.ahead}
        ahead = {kind: max(minutes - passed[kind], 0) for kind, minutes in waiting.ahead.items()}
        waiting = waiting.model_copy(update={"counted": max(at, waiting.counted), "ahead": ahead})
    return {"desk": to, "waiting": waiting}


def _passed(start: datetime, end: datetime, open: hours.Calendar | None) -> int:
    """The whole minutes that were open, from `start` on."""
    span = hours.between(open, start, end) if open else end - start
    return max(int(span / timedelta(minutes=1)), 0)


def joined(stays: Conversation, closes: Conversation, at: datetime) -> dict[str, Any]:
    """What changes as an open conversation goes on in another: who waits in either waits there, and is not snoozed."""
    both = (stays, closes)
    waits = [one.waiting for one in both if one.waiting]
    snoozes = [one.snoozed_until for one in both if one.snoozed_until]
    awake = any(one.waiting and not one.snoozed_until for one in both)
    kept: dict[str, Any] = {"snoozed_until": min(snoozes) if snoozes and not awake else None}
    if waits:
        counted = at if snoozes and awake else waits[0].counted
        by = min((one.by for one in waits if one.by), default=None)
        first = {"since": min(one.since for one in waits), "counted": counted, "by": by}
        kept["waiting"] = waits[0].model_copy(update=first)
    return kept


def parted(own: Conversation, joined: Conversation, *, leaves: bool) -> dict[str, Any]:
    """What changes as a conversation is one of its own again: it waits if the one it was joined with still does.

    `leaves` says that who was last heard there leaves. Both may wait then: better asked about twice than forgotten.
    """
    waits = joined.waiting if leaves else own.waiting
    return {"snoozed_until": None, "waiting": waits if joined.waiting else None}


def spent(contact: Contact, kind: str, at: datetime) -> Contact:
    """The head without a timer that fell due at `at`, of whatever kind."""
    conversation = contact.conversation
    if conversation and kind == "snooze":
        conversation = conversation.model_copy(update=resumed(conversation, at))
    elif conversation and kind == RESOLUTION:
        conversation = conversation.model_copy(update={"overdue": True})
    elif conversation and kind == FOLLOW_UP:
        conversation = conversation.model_copy(update={"follow_up": None})
    elif conversation and conversation.waiting:
        waiting = conversation.waiting.model_copy(update={"ahead": _without(conversation.waiting.ahead, kind)})
        conversation = conversation.model_copy(update={"waiting": waiting})
    return contact.model_copy(update={"due": _without(contact.due, kind), "conversation": conversation})


def _without(timers: Mapping[str, Value], *kinds: str) -> dict[str, Value]:
    return {kind: value for kind, value in timers.items() if kind not in kinds}


def _fresh(conversation: Conversation, place: Desk, shop: Shop, at: datetime) -> Waiting:
    had = tuple(filter(None, [conversation.assignee]))
    by = _by(conversation, targets.answer(shop, conversation), shop, at)
    return Waiting(since=at, counted=at, given=at, by=by, ahead=_reminders(conversation, place, shop), had=had)


def _reminders(conversation: Conversation, place: Desk, shop: Shop) -> dict[str, int]:
    """What the settings call for; a conversation that nobody has is given to somebody at once."""
    unassigned = place.assign != "none" and conversation.assignee not in place.agents.values()
    ahead = dict(targets.tiers(shop, conversation, place))
    if unassigned or place.reassign_minutes:
        ahead[REASSIGN] = 0 if unassigned else place.reassign_minutes
    if shop.automatic.updates and (minutes := targets.answer(shop, conversation)):
        ahead[UPDATE] = minutes
    return ahead


def _by(conversation: Conversation, minutes: int, shop: Shop, at: datetime) -> datetime | None:
    """Until when something is meant to happen for which there are so many minutes; None where there are none."""
    return after(at, minutes, hours.of(shop, conversation.desk)) if minutes else None


def _settled(conversation: Conversation, by: datetime | None, at: datetime) -> dict[str, int]:
    """The figures of a conversation with what was to happen by a time, and happened."""
    if by is None:
        return {}
    return {"targets": conversation.targets + 1, "kept": conversation.kept + (at <= by)}
