"""Webhooks as the providers send them, correctly signed: for trying the shop, for the demonstration, for tests."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from chalicelib.errors import Unreadable
from chalicelib.models.provider import Live, current
from chalicelib.webhook import read_json


class File(NamedTuple):
    """A file the customer attached."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing a customer (or, at a desk, an agent) says. `sender` is the address as the provider writes it.

    Of a shop's software `text` is the number of an order, and `sender` who bought.
    """

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


class CannotSign(ValueError):
    """The key is not here; the text says where it is."""


class Simulator(Protocol):
    """A leaf of this folder, one for each provider.

    Where what proves it stands in the body, it has `seal(webhook, at, config) -> bytes` as well: the body, signed.
    Raises ValueError for what such a provider cannot sign. Where files come by reference it has a `held` as well.
    """

    def compose(self, said: Sequence[Said], config: Any) -> Webhook:
        """One unsigned webhook that carries everything said (providers that never batch take one)."""

    def sign(self, webhook: Webhook, url: str, at: datetime, config: Any) -> Mapping[str, str]:
        """The headers that prove it comes from the provider, as called on `url` at `at`. Raises CannotSign."""


def basic(user: str, live: Live) -> Mapping[str, str]:
    """Basic authentication, where a webhook is proved by nothing else."""
    pair = f"{user}:{current(live)}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def number(id: str) -> int:
    """An id as a number of fourteen digits, the same each time."""
    return int(hashlib.sha256(id.encode()).hexdigest(), 16) % 10**14


def json_object(body: bytes) -> dict[str, Any] | None:
    """The object in a body; None where it is none."""
    try:
        found = read_json(body)
    except Unreadable:
        return None
    return found if isinstance(found, dict) else None


def load(provider: str) -> Simulator:
    return cast(Simulator, import_module(f"{__name__}.{provider}"))


def held(provider: str, said: Sequence[Said], config: Any) -> Mapping[str, File]:
    """What a provider hands out when it is asked for the files of what was said, each by the id it has there."""
    found: Callable[..., Mapping[str, File]] | None = getattr(load(provider), "held", None)
    return found(said, config) if found else {}


def webhook(provider: str, said: Sequence[Said], url: str, at: datetime, config: Any) -> Webhook:
    """A correctly signed webhook."""
    return signed(provider, load(provider).compose(said, config), url, at, config)


def signed(provider: str, unsigned: Webhook, url: str, at: datetime, config: Any) -> Webhook:
    """A webhook with what proves it, in its headers and in its body. Raises ValueError."""
    simulator = load(provider)
    seal = getattr(simulator, "seal", None)
    sealed = replace(unsigned, body=seal(unsigned, at, config)) if seal else unsigned
    return replace(sealed, headers={**sealed.headers, **simulator.sign(sealed, url, at, config)})
