"""Who is called when something urgent waits while its desk is closed: one person, after a while the next. Pure."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import hours
from chalicelib.models.people import Conversation
from chalicelib.models.shop import OnCall, Shop

TURNS = 60  # of opening hours and shifts that are looked through for a time at which somebody can be called


class Called(NamedTuple):
    """A person, the desk where they are listed, and their id there."""

    name: str
    desk: str
    id: str


def due(conversation: Conversation, shop: Shop) -> datetime | None:
    """When the next person is called, or should have been; None where nobody is."""
    waiting, rota = conversation.waiting, shop.on_call
    if not waiting or not rota or conversation.priority != "urgent":
        return None
    start = waiting.called_at + timedelta(minutes=rota.minutes) if waiting.called_at else waiting.counted
    times = (_free(name, conversation, shop, start) for name in _left(rota, conversation))
    return min((at for at in times if at), default=None)


def whom(conversation: Conversation, shop: Shop, at: datetime) -> Called | None:
    """Who is called now: the first who was not yet and is on shift, while the desk is closed."""
    left = _left(shop.on_call, conversation) if shop.on_call else []
    name = next((name for name in left if _free(name, conversation, shop, at) == at), "")
    return _listed(name, conversation.desk, shop) if name else None


def called(conversation: Conversation, found: Called | None, shop: Shop, at: datetime) -> dict[str, Any]:
    """What changes as somebody is called; where nobody was to be found, they are looked for from now on."""
    waiting, rota = conversation.waiting, shop.on_call
    if waiting is None or rota is None:
        return {}
    since = at if found else at - timedelta(minutes=rota.minutes)
    named = (*waiting.called, *([found.name] if found else []))
    return {"waiting": waiting.model_copy(update={"called": named, "called_at": since})}


def taken(conversation: Conversation, shop: Shop) -> dict[str, Any]:
    """What changes as somebody takes it or is given it: nobody else is called."""
    waiting, rota = conversation.waiting, shop.on_call
    return {"waiting": waiting.model_copy(update={"called": rota.people})} if waiting and rota else {}


def _left(rota: OnCall, conversation: Conversation) -> list[str]:
    had = conversation.waiting.called if conversation.waiting else ()
    return [name for name in rota.people if name not in had]


def _listed(name: str, desk: str, shop: Shop) -> Called | None:
    """A person at the conversation's own desk, else at the first where they are."""
    places = sorted(shop.desks.items(), key=lambda one: one[0] != desk)
    return next((Called(name, where, place.agents[name]) for where, place in places if name in place.agents), None)


def _free(name: str, conversation: Conversation, shop: Shop, at: datetime) -> datetime | None:
    """When, from `at` on, the desk is closed and the person on shift; None where that is not to be seen."""
    calendar, shift = hours.of(shop, conversation.desk), hours.shift(shop, name)
    for _ in range(TURNS if calendar else 0):
        closed = hours.closes(calendar, at) if calendar else None
        if closed is None:
            return None
        at = hours.opens(shift, closed) if shift else closed
        if at == closed:
            return at
    return None
