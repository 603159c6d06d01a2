"""A customer proves a second address: a code goes there, and comes back by the way that is to be proved."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib import desk, wording, words
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Contact, Heard, Proof
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address, Channel, digest
from chalicelib.models.work import Plan
from chalicelib.route.linking import Evidence, Union, join, tell_joined

LIVES = timedelta(minutes=15)
TRIES = 5
_CODE = re.compile(r"(?<![0-9])[0-9]{3}[ -]?[0-9]{3}(?![0-9])")


class Tried(NamedTuple):
    """A message that holds the code, or is a try at it: what is left of it, and what came of it."""

    message: Message  # without the code, which no desk may see
    before: Contact  # as the message finds the contact then
    united: Union | None = None
    other: Contact | None = None
    evidence: Evidence | None = None


def proof(heard: Heard, by: str, at: datetime, code: str) -> Proof:
    """What is kept of a code that goes to an address."""
    until = at + LIVES
    return Proof(code=_digest(code, heard.address, until), address=heard.address, by=by, until=until)


def sending(heard: Heard, code: str, shop: Shop, language: str) -> Delivery:
    """The code on its way: its words stand in the claim, so that it is the same on every try."""
    return Delivery(
        id="000",
        kind=DeliveryKind.REPLY,
        to=heard.address.id,
        provider=heard.provider,
        account=heard.account,
        address=heard.address,
        said=wording.code(shop, code, language),
        handed=True,
    )


def tries(message: Message, contact: Contact | None) -> bool:
    """Whether a proved sender wrote nothing but six digits while a code is awaited."""
    if contact is None or contact.proof is None or message.sender.channel is Channel.UNVERIFIED_EMAIL:
        return False
    return message.kind is Kind.MESSAGE and bool(_CODE.fullmatch(message.text.strip()))


def tried(message: Message, before: Contact, other: Contact | None, at: datetime) -> Tried | None:
    """What a message means for the code that is awaited; None if it has nothing to do with it."""
    awaited = before.proof
    if awaited is None:
        return None
    if tries(message, before):
        return _tried(message, before, awaited, other, at)
    bare = _CODE.sub(lambda found: "••••••" if _right(found[0], awaited) else found[0], message.text)
    return None if bare == message.text else Tried(_without(message, bare), before)


def told(plan: Plan, tried: Tried | None, before: Contact | None, shop: Shop) -> Plan:
    """The plan of a message that linked two contacts: both threads hear of it."""
    if tried is None or tried.united is None or tried.evidence is None or before is None or tried.other is None:
        return plan
    linked = plan.model_copy(update={"joint": tried.united.joint})
    return tell_joined(linked, shop, (before, tried.other), tried.evidence)


def _tried(message: Message, before: Contact, awaited: Proof, other: Contact | None, at: datetime) -> Tried:
    done = before.model_copy(update={"proof": None})
    if at >= awaited.until:
        return Tried(_without(message, words.code_tried("too late")), done)
    if not _right(message.text, awaited):
        left = awaited.model_copy(update={"tries": awaited.tries + 1})
        still = before.model_copy(update={"proof": left if left.tries < TRIES else None})
        return Tried(_without(message, f"{message.text}\n{words.code_tried('wrong')}"), still)
    right = _without(message, words.code_tried("right"))
    if other is None or other.id == before.id:
        return Tried(right, done)
    evidence = Evidence(awaited.by, at, f"by a code sent to {desk.title(awaited.address)}")
    try:
        united = join(done, other, evidence)
    except desk.Cannot as cannot:
        return Tried(_without(message, words.code_tried(f"right, but not linked. {cannot}")), done)
    return Tried(right, united.live, united, other, evidence)


def _right(text: str, awaited: Proof) -> bool:
    digits = re.sub("[^0-9]", "", text)
    return _digest(digits, awaited.address, awaited.until) == awaited.code


def _digest(code: str, address: Address, until: datetime) -> str:
    return digest("code", address.channel, address.id, until.isoformat(), code)


def _without(message: Message, text: str) -> Message:
    return message.model_copy(update={"text": text, "text_file": "", "full": ""})
