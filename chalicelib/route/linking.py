"""Contacts that are one person: linked by an agent's word or a customer's code, and unlinked again.

The linked form a star: one of them speaks for all (it has all their addresses, and the one conversation), and each of
the others waits as it was, `merged` into that one. So whatever leads to any of them is one step away from whoever
speaks; and a waiting one has all it needs to speak for itself again. What was recorded stays with whom it was recorded.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, get_args

from chalicelib import desk, providers, words
from chalicelib.desk import Cannot, waiting
from chalicelib.errors import Later
from chalicelib.models.people import Contact, Conversation, Link, Priority, Thread
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address
from chalicelib.models.work import Joint, Plan
from chalicelib.route.tell import desk_of, next_head, tell

MOST = 60  # addresses and contacts of one person: a transaction takes a hundred writes
URGENCIES: tuple[str, ...] = get_args(Priority)


class Evidence(NamedTuple):
    """Who says so, when and why."""

    by: str
    at: datetime
    why: str = ""


class Union(NamedTuple):
    """Two contacts as one: who speaks for both, and what changes beside it. Its version is as it was read."""

    live: Contact
    joint: Joint


# ---- linking ----------------------------------------------------------------------------------------------------


def join(here: Contact, other: Contact, evidence: Evidence) -> Union:
    """Link two contacts. The one with the older open conversation speaks for both; else the one `here`.

    Raises Cannot, or Later while the card of one of them is being posted.
    """
    live, gone = sorted((here, other), key=_age)
    links = (*_links(live), *(_with_evidence(link, gone, evidence) for link in _links(gone)))
    _check(live, gone, links)
    united = live.model_copy(
        update={
            "name": live.name or gone.name,
            "language": live.language or gone.language,
            "language_by": live.language_by or gone.language_by,
            "heard": tuple(sorted((*live.heard, *gone.heard), key=lambda heard: heard.at)),
            "also": (*live.also, *gone.also),
            "links": links,
            "conversation": _united(_conversation(live), _conversation(gone), evidence.at),
            "held": (*live.held, *gone.held),
            "tags": tuple(dict.fromkeys((*live.tags, *gone.tags))),
            "acknowledged_until": _latest(live, gone),
            "due": _earliest((live, gone)),
            "parted": live.parted or gone.parted,
            "proof": live.proof or gone.proof,
        }
    )
    merged = tuple(link.contact for link in gone.links if link.contact != gone.id)
    joint = Joint(
        head=_waiting(gone, live.id, evidence), addresses=gone.addresses, merged=merged, evidence=_said(evidence)
    )
    return Union(united, joint)


def _check(live: Contact, gone: Contact, links: tuple[Link, ...]) -> None:
    if live.blocked or gone.blocked:
        raise Cannot("One of the two is blocked: #unblock first.")
    if len(links) + sum(len(link.addresses) for link in links) > MOST:
        raise Cannot("That would be more addresses than one customer can have.")
    _check_cards(live, gone)


def _check_cards(*contacts: Contact) -> None:
    """Raise Later while a card is being posted: its message still has to find the contact as it was."""
    for conversation in map(_conversation, contacts):
        if conversation.opener and not conversation.thread:
            raise Later("the conversation's card is being posted")


def _age(contact: Contact) -> tuple[bool, float]:
    """Open conversations first, the older before the younger; of closed ones neither is before the other."""
    conversation = _conversation(contact)
    return (False, conversation.opened_at.timestamp()) if conversation.status == "open" else (True, 0)


def _links(contact: Contact) -> tuple[Link, ...]:
    alone = Link(contact=contact.id, addresses=contact.addresses, name=contact.name, tags=contact.tags)
    return contact.links or (alone,)


def _with_evidence(link: Link, gone: Contact, evidence: Evidence) -> Link:
    """The one who spoke for those who come along comes by this evidence; the others came to it by their own."""
    if link.contact != gone.id:
        return link
    others = set(_tags(other for other in gone.links if other is not link)) - set(link.tags)
    tags = tuple(tag for tag in gone.tags if tag not in others)
    return link.model_copy(update={"open": _conversation(gone).status == "open", "tags": tags, **evidence._asdict()})


def _united(stays: Conversation, closes: Conversation, at: datetime) -> Conversation:
    """The conversation that stays. One that was closed before has only words to add that its agents still wait for."""
    stays = stays.model_copy(update={"news": (*stays.news, *closes.news)})
    if closes.status == "closed":
        return stays
    both = (stays, closes)
    return stays.model_copy(
        update={
            "joined": (*stays.joined, closes.id, *closes.joined),
            "assignee": stays.assignee or (closes.assignee if closes.desk == stays.desk else ""),
            "priority": max((one.priority for one in both), key=URGENCIES.index),
            "complaint": next((one.complaint for one in both if one.complains), stays.complaint),
            "customer_at": max(one.customer_at for one in both),
            **waiting.joined(stays, closes, at),
        }
    )


def _waiting(gone: Contact, live: str, evidence: Evidence) -> Contact:
    """The other one, as it waits. What it has to do falls due with the one that speaks for it."""
    conversation = _conversation(gone).model_copy(update={"joined": (), "news": ()})
    if conversation.status == "open":
        ended = f"joined with another conversation by {evidence.by} on {evidence.at:%-d %B %Y}"
        closed = {"status": "closed", "closed_at": evidence.at, "ended": ended}
        conversation = conversation.model_copy(update=closed)
    return next_head(gone, merged=live, links=(), held=(), proof=None, conversation=conversation)


# ---- unlinking --------------------------------------------------------------------------------------------------


def part(here: Contact, address: Address, atoms: Mapping[str, Contact], evidence: Evidence) -> Union:
    """Unlink the contact that has `address`; `atoms` are those that wait, by id.

    If it is the one that speaks for the others, one of them speaks for the rest from now on. Raises Later while a
    card is being posted.
    """
    _check_cards(here)
    leaving = next(link for link in here.links if address in link.addresses)
    rest = tuple(link for link in here.links if link is not leaving)
    stay, go = ((leaving,), rest) if leaving.contact == here.id else (rest, (leaving,))
    head = next_head(_risen(here, go, atoms))
    joint = Joint(
        head=head,
        addresses=_addresses(go),
        merged=tuple(link.contact for link in go if link.contact != head.id),
        evidence=f"un{_said(evidence)}",
    )
    return Union(_left(here, stay, go, atoms), joint)


def _risen(here: Contact, go: tuple[Link, ...], atoms: Mapping[str, Contact]) -> Contact:
    """The contact that speaks for those who go: it has its conversation back, and what was heard from them since."""
    heir = min(go, key=lambda link: _was_open(link, atoms))
    head = atoms[heir.contact]
    conversation = _conversation(head)
    if heir.open:
        others = tuple(_conversation(atoms[link.contact]).id for link in go if link.open and link is not heir)
        waits = waiting.parted(conversation, _conversation(here), leaves=_conversation(here).heard in _addresses(go))
        opened = {"status": "open", "closed_at": None, "ended": "", "joined": others, **waits}
        conversation = conversation.model_copy(update=opened)
    links = tuple(link.model_copy(update={"open": False}) if link is heir else link for link in go)
    return head.model_copy(
        update={
            **_own(here, links),
            "merged": "",
            "conversation": conversation,
            "tags": _tags(go),
            "acknowledged_until": _latest(head, here),
            "due": _earliest(atoms[link.contact] for link in go),
        }
    )


def _left(here: Contact, stay: tuple[Link, ...], go: tuple[Link, ...], atoms: Mapping[str, Contact]) -> Contact:
    """The contact without those who go. Its conversation is its own, with all that came in between.

    It goes on naming who was last heard in it, though that one may have left: then no answer is meant for anybody here.
    """
    gone = {_conversation(atoms[link.contact]).id for link in go}
    theirs = set(_tags(go)) - set(_tags(stay))
    own, conversation = _own(here, stay), _conversation(here)
    joined = tuple(id for id in conversation.joined if id not in gone)
    at = max(heard.at for heard in own["heard"])
    return here.model_copy(
        update={
            **own,
            "parted": True,
            "conversation": conversation.model_copy(update={"joined": joined, "customer_at": at}),
            "tags": tuple(tag for tag in here.tags if tag not in theirs),
        }
    )


def _own(here: Contact, links: tuple[Link, ...]) -> dict[str, Any]:
    """What of all that the linked have is that of some."""
    addresses, names = _addresses(links), [link.name for link in links]
    return {
        "name": here.name if here.name in names else next(filter(None, names), ""),
        "heard": tuple(heard for heard in here.heard if heard.address in addresses),
        "also": tuple(also for also in here.also if also in addresses),
        "held": tuple(held for held in here.held if held.to in addresses),
        "links": links if len(links) > 1 else (),
    }


def _was_open(link: Link, atoms: Mapping[str, Contact]) -> tuple[bool, float]:
    return not link.open, _conversation(atoms[link.contact]).opened_at.timestamp() if link.open else 0


# ---- keeping up -------------------------------------------------------------------------------------------------


def heard(links: tuple[Link, ...], addresses: Iterable[Address], name: str) -> tuple[Link, ...]:
    """The links when one of them was heard from: by `addresses` that are all its own, by a name that is new."""
    theirs = set(addresses)
    return tuple(_kept_up(link, theirs, name) if theirs & set(link.addresses) else link for link in links)


def _kept_up(link: Link, addresses: set[Address], name: str) -> Link:
    more = sorted(addresses - set(link.addresses), key=desk.written)
    return link.model_copy(update={"addresses": (*link.addresses, *more), "name": name or link.name})


# ---- what is told -----------------------------------------------------------------------------------------------


def joined(plan: Plan, here: Contact, other: Contact, evidence: Evidence, shop: Shop) -> Plan:
    """The plan of an agent's word that links two contacts."""
    united = join(here, other, evidence)
    plan = plan.model_copy(update={"contact": next_head(united.live), "joint": united.joint})
    return tell_joined(plan, shop, (here, other), evidence)


def parted(
    plan: Plan, here: Contact, address: Address, atoms: Mapping[str, Contact], evidence: Evidence, shop: Shop
) -> Plan:
    """The plan of an agent's word that unlinks an address."""
    two = part(here, address, atoms, evidence)
    plan = plan.model_copy(update={"contact": next_head(two.live), "joint": two.joint})
    return tell_parted(plan, shop, evidence)


def tell_joined(plan: Plan, shop: Shop, sides: tuple[Contact, Contact], evidence: Evidence) -> Plan:
    """Tell both threads that two are one, as they were before (`sides`)."""
    live, gone = sides if sides[0].id == plan.contact.id else sides[::-1]
    stays, closes = _conversation(live), _conversation(gone)
    who, why = _name(evidence, shop, stays), evidence.why
    plan = _tell(plan, shop, stays, "here", words.joined_here(who, _titles(gone), why, _about(closes)))
    there = words.joined_there(who, _titles(live), why, stays.desk, desk.title(closes.heard))
    return _tell(plan, shop, closes, "there", there)


def tell_parted(plan: Plan, shop: Shop, evidence: Evidence) -> Plan:
    """Tell both threads that one are two."""
    assert plan.joint is not None
    head, why = plan.joint.head, evidence.why
    stays, opens = _conversation(plan.contact), _conversation(head)
    who = _name(evidence, shop, stays)
    plan = _tell(plan, shop, stays, "here", words.parted_here(who, _titles(head), why))
    return _tell(plan, shop, opens, "there", words.parted_there(who, _titles(plan.contact), why))


def _tell(plan: Plan, shop: Shop, conversation: Conversation, what: str, text: str) -> Plan:
    """Say it in the conversation's thread, if it has one, and let its card be written anew."""
    if not conversation.thread:
        return plan
    thread = Thread(
        id=conversation.thread, contact=plan.contact.id, conversation=conversation.id, desk=conversation.desk
    )
    plan = tell(plan, shop, thread, f"linked-{what}", text, urgent=True)
    can = providers.load(desk_of(shop, thread.desk).carrier).can
    return tell(plan, shop, thread, f"card-{what}", "", card=True) if can.edit else plan


def _about(closes: Conversation) -> tuple[str, ...]:
    """What the other conversation was about, so that nobody asks again."""
    if closes.status == "closed":
        return desk.in_two_lines(closes)
    said = (("They wrote", closes.asked), ("Last answer there", closes.answered))
    return tuple(f"{which}: “{text}”" for which, text in said if text)


def _titles(contact: Contact) -> str:
    return ", ".join(desk.title(heard.address) for heard in contact.heard)


def _name(evidence: Evidence, shop: Shop, conversation: Conversation) -> str:
    return desk.known_as(evidence.by, desk_of(shop, conversation.desk))


def _said(evidence: Evidence) -> str:
    return f"linked by {evidence.by}" + (f": {evidence.why}" if evidence.why else "")


# ---- of several contacts ----------------------------------------------------------------------------------------


def _conversation(contact: Contact) -> Conversation:
    assert contact.conversation is not None  # whoever was heard from has one
    return contact.conversation


def _addresses(links: Iterable[Link]) -> tuple[Address, ...]:
    return tuple(address for link in links for address in link.addresses)


def _tags(links: Iterable[Link]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for link in links for tag in link.tags))


def _latest(*contacts: Contact) -> datetime | None:
    """Until when none of them is acknowledged again."""
    return max(filter(None, (contact.acknowledged_until for contact in contacts)), default=None)


def _earliest(contacts: Iterable[Contact]) -> dict[str, datetime]:
    due: dict[str, datetime] = {}
    for contact in contacts:
        due |= {kind: min(at, due.get(kind, at)) for kind, at in contact.due.items()}
    return due
