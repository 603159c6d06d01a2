"""Several customers writing at once, each answered by an agent now and then; the webhooks come again until accepted."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

from chalicelib.models import Shop
from infra import simulate, values
from infra.simulate import Said
from infra.world import Entry, World

SENDERS = {  # by provider: a customer's address as the provider writes it
    "twilio_sms": "+49151200000{:02d}",
    "whatsapp": "+49152300000{:02d}",
    "telegram": "7001002{:02d}",
    "custom": "visitor-{:02d}",
}
PAUSE = 0.4  # seconds between two messages of a customer, about
AGENT_EVERY = 8  # messages of a customer to an answer of the agent
COMES_AGAIN = 0.3  # seconds; real providers wait longer
PATIENCE = 15.0  # seconds for an answer


class Place(NamedTuple):
    """Where webhooks go, and what they are signed with."""

    url: str
    rules: Shop
    settings: Mapping[str, str]

    def post(self, provider: str, said: Said) -> int:
        """Post it once, newly signed; the status, or 0 without an answer."""
        config = values.config(provider, "", self.settings, self.rules)
        url = f"{self.url}/{provider}"
        signed = simulate.webhook(provider, [said], url, datetime.now(UTC), config)
        where = urlsplit(url)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE)
        try:
            connection.request(signed.method, where.path, signed.body, dict(signed.headers))
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


@dataclass
class Customer:
    """One person on one channel; `wrote` and `answered` are the marks of what was accepted, in order."""

    number: int
    provider: str
    wrote: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)  # answers that no provider would come again for

    @property
    def sender(self) -> str:
        return SENDERS[self.provider].format(self.number)

    def mark(self, kind: str, number: int) -> str:
        return f"[{kind}{self.number:02d}-{number:04d}]"


def people(count: int) -> list[Customer]:
    return [Customer(number, list(SENDERS)[number % len(SENDERS)]) for number in range(count)]


def write(customer: Customer, place: Place, world: World, count: int, over: threading.Event) -> None:
    """Everything one customer writes and is answered, until it is over."""
    chance = Random(customer.number)
    for number in range(count):
        if over.wait(chance.uniform(0, 2 * PAUSE)):
            return
        _say(customer, place, number, over)
        if number % AGENT_EVERY == AGENT_EVERY - 1:
            _answer(customer, place, world, number, over)


def _say(customer: Customer, place: Place, number: int, over: threading.Event) -> None:
    mark = customer.mark("c", number)
    said = Said(text=f"{mark} Where is my order?", id=mark, sender=customer.sender, at=datetime.now(UTC))
    if _accepted(customer, lambda: place.post(customer.provider, said), over):
        customer.wrote.append(mark)


def _answer(customer: Customer, place: Place, world: World, number: int, over: threading.Event) -> None:
    """The agent writes under the card, once it stands there."""
    card = card_of(customer, world)
    if card is None:
        return
    mark = customer.mark("a", number)
    thread = f"{card.to}:{card.id}"
    said = Said(text=f"{mark} It is on its way.", id=mark, thread=thread, at=datetime.now(UTC))
    if _accepted(customer, lambda: place.post("slack", said), over):
        customer.answered.append(mark)


def card_of(customer: Customer, world: World) -> Entry | None:
    first = customer.mark("c", 0)
    return next((entry for entry in list(world.ledger) if entry.what == "card" and first in entry.text), None)


def _accepted(customer: Customer, post: Callable[[], int], over: threading.Event) -> bool:
    """Whether it was accepted before it is all over."""
    while not over.is_set():
        status = post()
        if 200 <= status < 300:
            return True
        if 400 <= status < 500:
            customer.refused.append(status)
            return False
        over.wait(COMES_AGAIN)
    return False
