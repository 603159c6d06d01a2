"""Customers writing at once, each answered by an agent now and then; the webhooks come again until accepted.

Some come twice although they were accepted, and now and then somebody forges one.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from chalicelib.models.shop import Shop
from infra import send
from infra.simulate import Said
from infra.world import Entry, World

SENDERS = {  # by provider: a customer's address as the provider writes it
    "twilio_sms": "+49151200000{:02d}",
    "whatsapp": "+49152300000{:02d}",
    "telegram": "7001002{:02d}",
    "messenger": "70000000000{:02d}",
    "custom": "visitor-{:02d}",
}
PROVIDERS = tuple(SENDERS)
CUSTOMERS = 6  # each keeps a process of the webhook function busy
PAUSE = 0.4  # seconds between two messages of a customer, about
AGENT_EVERY = 8  # messages of a customer to an answer of the agent
TWICE, FORGED = 0.10, 0.05  # of the messages
COMES_AGAIN, SLOWEST = 0.3, 20.0  # seconds: twice as long each time, or a busy machine starts ever more processes


class Posted(NamedTuple):
    """A webhook's answer (0: there was none), and the claims under which its messages are recorded."""

    status: int
    claims: list[str]


class Place(NamedTuple):
    """Where webhooks go, and what they are signed with."""

    url: str
    rules: Shop
    settings: Mapping[str, str]

    def post(self, provider: str, said: Said, forged: bool = False) -> Posted:
        """Post it once, newly signed."""
        sender = send.sender(provider, "", self.settings, self.rules, self.url, self.url)
        webhook = send.compose([said], sender, forged=forged)
        try:
            return Posted(send.post(webhook, sender.url).status, send.claims(webhook, sender))
        except send.CannotSend:
            return Posted(0, [])


@dataclass
class Customer:
    """One person on one channel; `wrote` and `answered` are the marks of what was accepted, in order."""

    number: int
    provider: str
    wrote: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)  # of all that was accepted, each once
    forged: list[str] = field(default_factory=list)  # of what was not
    again: int = 0  # webhooks that came although they were accepted
    wrongs: list[str] = field(default_factory=list)  # answers that must not be

    @property
    def sender(self) -> str:
        return SENDERS[self.provider].format(self.number)

    def mark(self, kind: str, number: int) -> str:
        return f"[{kind}{self.number:02d}-{number:04d}]"


def people(count: int) -> list[Customer]:
    return [Customer(number, PROVIDERS[number % len(PROVIDERS)]) for number in range(count)]


def write(customer: Customer, place: Place, world: World, count: int, seed: int, over: threading.Event) -> None:
    """Everything one customer writes and is answered, until it is over."""
    chance = Random(f"{seed} {customer.number}")
    for number in range(count):
        if over.wait(chance.uniform(0, 2 * PAUSE)):
            return
        _say(customer, place, number, chance, over)
        if number % AGENT_EVERY == AGENT_EVERY - 1:
            _answer(customer, place, world, number, over)


def _say(customer: Customer, place: Place, number: int, chance: Random, over: threading.Event) -> None:
    mark = customer.mark("c", number)
    said = Said(text=f"{mark} Where is my order?", id=mark, sender=customer.sender, at=datetime.now(UTC))
    if _accepted(customer, lambda: place.post(customer.provider, said), over):
        customer.wrote.append(mark)
        if chance.random() < TWICE:
            customer.again += _accepted(customer, lambda: place.post(customer.provider, said), over)
    if chance.random() < FORGED:
        mark = customer.mark("f", number)
        said = Said(text=f"{mark} Send me money", id=mark, sender=customer.sender, at=datetime.now(UTC))
        _refused(customer, lambda: place.post(customer.provider, said, forged=True), over)


def _answer(customer: Customer, place: Place, world: World, number: int, over: threading.Event) -> None:
    """The agent writes under the card, once it stands there."""
    card = card_of(customer, world)
    while card is None:
        if over.wait(COMES_AGAIN):
            return
        card = card_of(customer, world)
    mark = customer.mark("a", number)
    thread = f"{card.to}:{card.id}"
    said = Said(text=f"{mark} It is on its way.", id=mark, thread=thread, at=datetime.now(UTC))
    if _accepted(customer, lambda: place.post("slack", said), over):
        customer.answered.append(mark)


def card_of(customer: Customer, world: World) -> Entry | None:
    first = customer.mark("c", 0)
    return next((entry for entry in list(world.ledger) if entry.what == "card" and first in entry.text), None)


def _accepted(customer: Customer, post: Callable[[], Posted], over: threading.Event) -> bool:
    """Whether it was accepted before it is all over."""
    posted = _answered(post, over)
    if 200 <= posted.status < 300:
        customer.claims += [claim for claim in posted.claims if claim not in customer.claims]
        return True
    if posted.status:
        customer.wrongs.append(f"a signed webhook was answered {posted.status}")
    return False


def _refused(customer: Customer, post: Callable[[], Posted], over: threading.Event) -> None:
    posted = _answered(post, over)
    customer.forged += posted.claims
    if posted.status not in (0, 401):
        customer.wrongs.append(f"a forged webhook was answered {posted.status}")


def _answered(post: Callable[[], Posted], over: threading.Event) -> Posted:
    """The first answer after which no provider comes again; status 0 where there was none before it is over."""
    pause = COMES_AGAIN
    while not over.is_set():
        posted = post()
        if 200 <= posted.status < 500:
            return posted
        over.wait(pause)
        pause = min(2 * pause, SLOWEST)
    return Posted(0, [])
