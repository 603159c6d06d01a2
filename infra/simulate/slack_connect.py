"""Slack's webhooks from a shared channel: somebody of another team writes there. A sender is `channel/user`."""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook, slack
from infra.simulate.slack import held, sign

__all__ = ["EXAMPLE", "compose", "held", "sign"]

EXAMPLE = "C0ACME/U0JO"
TEAM = "T0ACME"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One message in a channel, or its change; Slack never batches."""
    (one,) = said
    where, _, user = (one.sender or EXAMPLE).partition("/")
    return slack.told(one, where, config, {"user": user, "user_team": TEAM, "source_team": TEAM})
