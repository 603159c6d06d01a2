"""Twilio's webhooks of SMS."""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook
from infra.simulate.twilio import held, message, sign

__all__ = ["compose", "held", "sign"]


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One SMS or MMS; Twilio never batches."""
    (one,) = said
    return message(one, config, ToCountry="DE", From=one.sender or "+4915123456789", To=config.number)
