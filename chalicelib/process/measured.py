"""What answers were measured to take: read once an hour in an environment, and only where a text is to say it."""

from datetime import datetime
from functools import lru_cache

from chalicelib import route, settings, store
from chalicelib.models.inbound import Message
from chalicelib.models.work import Found, Measured, Receive


def with_measured(message: Message, found: Found, receive: Receive, now: datetime) -> Found:
    """What was found, with what answers take if the message may be acknowledged by a text that says it."""
    if not route.promises(message, found.contact, settings.shop(), receive):
        return found
    return found.model_copy(update={"measured": read(f"{now:%Y-%m-%d %H}")})


@lru_cache(maxsize=1)
def read(hour: str) -> Measured:
    """As it stands in that hour."""
    return store.measured()
