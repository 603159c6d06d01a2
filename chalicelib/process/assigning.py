"""Whose turn it is: the table is asked only where a desk gives conversations to its agents."""

from chalicelib import route, settings, store
from chalicelib.models.inbound import Message
from chalicelib.models.work import Found, Receive


def with_turns(message: Message, found: Found, receive: Receive) -> Found:
    """What was found, with the agents in turn if the message opens a conversation that is to be given to one."""
    desk = route.to_assign(message, found.contact, settings.shop(), receive)
    return found.model_copy(update={"turns": turns(desk)}) if desk else found


def turns(desk: str) -> tuple[str, ...]:
    """A desk's agents in the order of whose turn it is; nobody where it leaves that to them."""
    place = route.desk_of(settings.shop(), desk)
    agents = tuple(place.agents.values())
    match place.assign:
        case "round robin":
            return route.rotated(agents, store.turn(desk))
        case "least open":
            return route.by_load({agent: store.load(desk, agent) for agent in agents})
    return ()
