"""Instagram's webhooks of direct messages. A sender is a person's id with the shop's account: digits."""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook
from infra.simulate.meta import HEADERS, held, message, sign
from infra.world.instagram import envelope, event

__all__ = ["compose", "held", "sign"]

EXAMPLE = "5318420097754316"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with everything said. Instagram tells no names."""
    times = [int(one.at.timestamp() * 1000) for one in said]
    events = [
        event(one.sender or EXAMPLE, at, message=message(one, config)) for one, at in zip(said, times, strict=True)
    ]
    return Webhook(body=envelope(events), headers=HEADERS)
