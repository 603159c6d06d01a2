"""What a timer that fell due calls for: one table, a row for each kind."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib import desk, words
from chalicelib.desk import oncall, waiting, when
from chalicelib.models.inbound import Message
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Shop
from chalicelib.models.work import Direction, Plan
from chalicelib.route import unasked
from chalicelib.route.escalation import escalated, waits
from chalicelib.route.replies import LATE
from chalicelib.route.tell import cards_anew, desk_of, next_head, notice, own_thread, tell


class Fired(NamedTuple):
    """A timer that fell due, and what it has to be judged by."""

    message: Message
    before: Contact
    shop: Shop
    at: datetime  # when the queue accepted it
    replies: tuple[datetime, ...] = ()  # `late`: when the replies were recorded that are not out and were not told of
    turns: tuple[str, ...] = ()  # `reassign`: the agents in the order of whose turn it is

    @property
    def kind(self) -> str:
        return self.message.text

    @property
    def current(self) -> Conversation:
        assert self.before.conversation is not None  # see `timer`
        return self.before.conversation


def timer(fired: Fired) -> Plan:
    """The plan of a timer, which the head holds no more then. A kind of another release is dropped, and that is all."""
    spent = waiting.spent(fired.before, fired.kind, fired.at)
    conversation = spent.conversation
    plan = Plan(
        contact=next_head(spent),
        message=fired.message,
        direction=Direction.NOTE,
        desk=conversation.desk if conversation else "",
    )
    return TIMERS.get(fired.kind, _nothing)(fired, plan) if conversation else plan


def _late(fired: Fired, plan: Plan) -> Plan:
    """Tell the agent of a reply that is not out, and move the timer on to the next."""
    due = fired.message.sent_at
    assert due is not None
    ahead = [at + LATE for at in fired.replies if at + LATE > due]
    if ahead:
        contact = plan.contact.model_copy(update={"due": {**plan.contact.due, "late": min(ahead)}})
        plan = plan.model_copy(update={"contact": contact})
    return plan if len(ahead) == len(fired.replies) else _tell(fired, plan, words.reply_late())


def _snooze(fired: Fired, plan: Plan) -> Plan:
    told = _tell(fired, plan, words.back_from_snooze(waits(fired.current, fired.shop)))
    return cards_anew(told, fired.shop, fired.before)


def _nudge(fired: Fired, plan: Plan) -> Plan:
    return _tell(fired, plan, words.nudge(waits(fired.current, fired.shop)))


def _resolution(fired: Fired, plan: Plan) -> Plan:
    opened = when.spoken(fired.current.opened_at, fired.shop.time_zone)
    return _tell(fired, plan, words.still_open(opened))


def _escalate(fired: Fired, plan: Plan) -> Plan:
    """As the action does; where the desk has nobody to escalate to any more, nothing."""
    to = desk_of(fired.shop, fired.current.desk).escalate_to
    if not to:
        return plan
    done = desk.Done(moves_to=to)
    moved = escalated(plan, fired.shop, own_thread(fired.before), done, "", fired.at)
    return cards_anew(moved, fired.shop, fired.before, own_thread(fired.before))


def _owner(fired: Fired, plan: Plan) -> Plan:
    """Who waits where and for how long, at the owner's desk. The conversation stays where it is."""
    current = fired.current
    if current.waiting is None:
        return plan
    agent = desk.known_as(current.assignee, desk_of(fired.shop, current.desk))
    lasting = when.lasting(fired.at - current.waiting.since)
    text = words.owner_waits(_who(fired), current.desk, agent, lasting, waits(current, fired.shop))
    told = notice(fired.shop, fired.shop.owner, "", text, "owner", urgent=True)
    return plan.model_copy(update={"deliveries": (*plan.deliveries, told)})


def _reassign(fired: Fired, plan: Plan) -> Plan:
    """To the agent whose turn it is of those who have not had it; then again after the desk's span."""
    conversation, place = plan.contact.conversation, desk_of(fired.shop, fired.current.desk)
    assert conversation is not None
    had = {*(conversation.waiting.had if conversation.waiting else ()), conversation.assignee}
    left = [agent for agent in fired.turns if agent not in had]
    if conversation.waiting is None or not left:
        return plan
    minutes = place.reassign_minutes if len(left) > 1 else 0
    given = conversation.model_copy(update=waiting.given(conversation, left[0], fired.at, minutes))
    contact = plan.contact.model_copy(update={"conversation": given})
    before, after = (desk.known_as(agent, place) for agent in (conversation.assignee, left[0]))
    text = words.reassigned(before, after, waits(conversation, fired.shop))
    told = _tell(fired, plan.model_copy(update={"contact": contact}), text)
    return cards_anew(told, fired.shop, fired.before)


def _update(fired: Fired, plan: Plan) -> Plan:
    return unasked.update(plan, fired.shop, fired.at)


def _follow_up(fired: Fired, plan: Plan) -> Plan:
    return unasked.follow_up(plan, fired.shop, fired.at)


def _call(fired: Fired, plan: Plan) -> Plan:
    """Whoever is on call hears of it: in the thread if they are at its desk, else where they are."""
    conversation, rota = plan.contact.conversation, fired.shop.on_call
    assert conversation is not None
    found = oncall.whom(conversation, fired.shop, fired.at)
    changed = conversation.model_copy(update=oncall.called(conversation, found, fired.shop, fired.at))
    plan = plan.model_copy(update={"contact": plan.contact.model_copy(update={"conversation": changed})})
    if not found or not rota:
        return plan
    thread = own_thread(fired.before).id if found.desk == conversation.desk else ""
    text = words.on_call(found.name, conversation.desk, waits(conversation, fired.shop), rota.minutes)
    said = text if thread else f"{_who(fired)}: {text}"
    told = notice(fired.shop, found.desk, thread, said, fired.kind, urgent=True, calls=found.id)
    return plan.model_copy(update={"deliveries": (*plan.deliveries, told)})


def _nothing(fired: Fired, plan: Plan) -> Plan:
    return plan


TIMERS: Mapping[str, Callable[[Fired, Plan], Plan]] = {
    "late": _late,
    "snooze": _snooze,
    "nudge": _nudge,
    "escalate": _escalate,
    "owner": _owner,
    waiting.REASSIGN: _reassign,
    waiting.RESOLUTION: _resolution,
    waiting.UPDATE: _update,
    waiting.FOLLOW_UP: _follow_up,
    waiting.CALL: _call,
}


def _tell(fired: Fired, plan: Plan, text: str) -> Plan:
    """In the conversation's thread; at the desk, with the customer's name, while there is none."""
    thread = own_thread(fired.before)
    said = text if thread.id else f"{_who(fired)}: {text}"
    return tell(plan, fired.shop, thread, fired.kind, said, urgent=True)


def _who(fired: Fired) -> str:
    """The customer's name, on one line, and where they write from."""
    return " · ".join(filter(None, [desk.excerpt(fired.before.name), desk.title(fired.current.heard)]))
