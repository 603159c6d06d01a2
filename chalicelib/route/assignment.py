"""Which agent a conversation is given to, where a desk has a policy for that."""

from collections.abc import Mapping, Sequence

from chalicelib import rules
from chalicelib.models.inbound import Message
from chalicelib.models.people import Contact
from chalicelib.models.shop import Shop
from chalicelib.models.work import Receive
from chalicelib.route.opening import turn
from chalicelib.route.tell import desk_of


def to_assign(message: Message, before: Contact | None, shop: Shop, receive: Receive) -> str:
    """The desk where a conversation is to be given to an agent: it opens there, or again with nobody who has it."""
    current = before.conversation if before else None
    turns = turn(message, current, shop, receive)
    if not turns or (before and before.blocked):
        return ""
    reopened = current if turns == "reopens" else None
    name = reopened.desk if reopened else rules.fired(rules.Facts(message, before, shop, receive.accepted_at)).desk
    place = desk_of(shop, name)
    has_one = reopened is not None and reopened.assignee in place.agents.values()
    return "" if place.assign == "none" or has_one else name


def rotated(agents: Sequence[str], number: int) -> tuple[str, ...]:
    """Round robin: the agents in the order of whose turn it is, the `number`-th time (from 1 on) that it is asked."""
    first = (number - 1) % len(agents) if agents else 0
    return (*agents[first:], *agents[:first])


def by_load(loads: Mapping[str, int]) -> tuple[str, ...]:
    """Least open: the agents by how many open conversations each has; of equals the one who is listed first."""
    return tuple(sorted(loads, key=loads.__getitem__))
