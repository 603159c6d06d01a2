"""What can go wrong. An error carries the decision, not only the cause."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from chalicelib.characters import one_line

LONGEST_REASON = 300  # characters
# why a provider does not carry what is for somebody who said STOP, in words for agents
OPTED_OUT = "the customer has asked not to get messages from this number (STOP): only START from their phone ends that"


class Outcome(StrEnum):
    """What is known of a provider call that failed (the table of outcomes in the architecture)."""

    NOT_SENT = "not sent"  # it did not arrive: refused connection, 429, 503, a code that says so
    REFUSED = "refused"  # it arrived and will never be taken: other 4xx, an error code of the provider
    UNKNOWN = "unknown"  # it may have arrived: time-out after it went out, other 5xx, a lost reply


class SendFailed(Exception):
    """A provider call that failed. `retry_after` is in seconds, as the provider asked.

    The reason is often in the provider's words: one line of it is kept, of characters that can be written down.
    """

    def __init__(self, reason: str, outcome: Outcome, retry_after: float | None = None) -> None:
        self.reason, self.outcome, self.retry_after = one_line(reason, LONGEST_REASON), outcome, retry_after
        super().__init__(self.reason)


class ThreadGone(SendFailed):
    """The thread is no longer there (somebody deleted its first post): the conversation needs a new card."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, Outcome.REFUSED)


class Refusal(Exception):
    """A webhook that gets an error answer: HTTP status, a constant code and a constant text, never the input."""

    status, code, text = 400, "bad_request", "This request cannot be read."


class TooLarge(Refusal):
    status, code, text = 413, "too_large", "This body is larger than Shopbell accepts."


class MethodNotAllowed(Refusal):
    status, code, text = 405, "method_not_allowed", "This address takes POST."


class NotEnabled(Refusal):
    status, code, text = 404, "not_found", "There is nothing here."


class Unavailable(Refusal):
    status, code, text = 503, "unavailable", "Shopbell cannot take this now; please send it again."


class BadSignature(Refusal):
    status, code, text = 401, "bad_signature", "This request is not signed as it should be."


class Unreadable(Exception):
    """A body that is signed but cannot be read, wholly or in part: `items` could be. It is kept, never dropped."""

    def __init__(self, reason: str, items: Sequence[Any] = ()) -> None:
        super().__init__(reason)
        self.items = items


class SettingsError(Exception):
    """shop.toml or the environment cannot be used. Each problem is one line: place, field, what would be right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Later(Exception):
    """Back to the queue on the outage ladder, or after `seconds` where they are known."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.seconds = reason, seconds


class Poison(Exception):
    """A queue message that will not get better by waiting: eight tries, then the dead-letter queue."""
