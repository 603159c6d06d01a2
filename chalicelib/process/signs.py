"""What stands on an agent's message: how far it has come."""

from enum import StrEnum

from chalicelib import providers, settings
from chalicelib.errors import SendFailed, Unavailable
from chalicelib.models.outbound import Outgoing
from chalicelib.models.values import digest


class Sign(StrEnum):
    """What stands on an agent's message: how far it has come."""

    GOING = "⏳"
    SENT = "📤"  # the provider has it, and will say when it is delivered
    DELIVERED = "✅"  # or sent, where the channel says no more
    READ = "👀"
    FAILED = "❌"
    UNKNOWN = "❓"


def signal(provider: str, account: str, refers: str, sign: Sign, before: Sign | None = None) -> None:
    """Set a sign on an agent's message, where its desk can, in place of the one `before`.

    No delivery: it may fail, and is set again.
    """
    module = providers.load(provider)
    if not module.can.react or not refers:
        return
    mark = Outgoing(key=digest(refers, sign), to="", refers=refers, reaction=sign)
    try:
        config = settings.config(provider, account, "outbound")
        if before:
            module.send(mark.model_copy(update={"reaction": before, "removed": True}), config)
        module.send(mark, config)
    except (SendFailed, Unavailable):
        return
