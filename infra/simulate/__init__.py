"""Webhooks as the providers send them, correctly signed: for trying the shop, for the demonstration, for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast


class File(NamedTuple):
    """A file the customer attached."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing a customer (or, at a desk, an agent) says. `sender` is the address as the provider writes it."""

    text: str
    sender: str = ""  # empty: the leaf's own example
    name: str = ""
    id: str  # what the provider's id of this message is made from
    at: datetime
    thread: str = ""  # at a desk: the thread it is written in
    files: tuple[File, ...] = ()
    press: bool = False  # at a desk: `text` is chosen by a button, or outside every thread typed as a slash command
    changes: "Said | None" = None  # the earlier one that this changes; without text it takes that one back


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """An HTTP request ready to be sent."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"


class Simulator(Protocol):
    """A leaf of this folder, one for each provider."""

    def compose(self, said: Sequence[Said], config: Any) -> Webhook:
        """One unsigned webhook that carries everything said (providers that never batch take one)."""

    def sign(self, webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
        """The headers that prove it comes from the provider, as called on `url` at `at`."""


def load(provider: str) -> Simulator:
    return cast(Simulator, import_module(f"{__name__}.{provider}"))


def webhook(provider: str, said: Sequence[Said], url: str, at: datetime, config: Any) -> Webhook:
    """A correctly signed webhook."""
    simulator = load(provider)
    unsigned = simulator.compose(said, config)
    return replace(unsigned, headers={**unsigned.headers, **simulator.sign(unsigned, url, at, config)})
