"""Messenger's webhooks. A sender is a person's id on the shop's page: digits."""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook
from infra.simulate.meta import HEADERS, held, message, sign
from infra.world.messenger import envelope, event

__all__ = ["compose", "held", "sign"]

EXAMPLE = "7261534409871265"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with everything said. Messenger tells no names."""
    times = [int(one.at.timestamp() * 1000) for one in said]
    events = [
        event(one.sender or EXAMPLE, at, message=message(one, config)) for one, at in zip(said, times, strict=True)
    ]
    return Webhook(body=envelope(events), headers=HEADERS)
