"""Slack's Web API once more, for the app in customers' channels: it is another one than the desk's."""

from infra.world.slack import answer

__all__ = ["answer"]
