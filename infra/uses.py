"""Which of a secret's two values is used, by the webhook's log: the webhook says so only while there are two.

Nothing is kept for it anywhere else: the line costs a message nothing, and is read only when somebody asks.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import aws, journal
from infra import stack
from infra.kept import Account
from infra.terminal import ago


class Use(NamedTuple):
    """What the webhook's log tells of a secret that is being changed: since when it is read, and when each was used."""

    since: datetime
    old: datetime | None
    new: datetime | None


def of(function: str, account: Account, field: str, since: datetime) -> Use:
    """What the webhook's log says since `since`. It says so only while there are two values; see receive.py."""
    named = {"old_secret": field, "provider": account.provider, "account": account.name}
    olds = [at for at, line in _logged(function, "old_secret", since) if line == named]
    old = max(olds, default=None)
    after = old + timedelta(seconds=1) if old else since  # the line of the same webhook comes behind
    news = (at for at, line in _logged(function, account.provider, after) if _accepted(line, account.provider))
    return Use(since, old, next(news, None))


def _accepted(line: Mapping[str, Any], provider: str) -> bool:
    return line.get("provider") == provider and 200 <= line.get("status", 0) < 300


def _logged(function: str, word: str, since: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Our own lines that hold a word, oldest first; none where nothing was ever logged. Raises NoStack."""
    try:
        for at, line, _ in journal.lines(function, word, since):
            yield at, line
    except aws.FAULTS as error:
        raise stack.NoStack(stack.why(error)) from None


def said(found: Use, now: datetime) -> str:
    """What an owner wants to know before the old value is taken away."""
    if found.old and found.new:
        return f"the old one was used last {ago(found.old, now)}, since then the new one"
    if found.old:
        return f"the old one was used last {ago(found.old, now)}, and nothing came with the new one since"
    if found.new:
        return f"the new one is used, and the old one not since the change {ago(found.since, now)}: rotate --finish"
    return f"nothing came since the change {ago(found.since, now)}: wait with rotate --finish"
