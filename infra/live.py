"""`shopbell check --live`: each provider is asked now whether all is well there, with the settings at hand."""

from datetime import UTC, datetime

from chalicelib import watch
from chalicelib.models.shop import Shop


def answers(rules: Shop) -> dict[str, list[str] | None]:
    """By account what is wrong there; None where it cannot be learned, now or at all."""
    can, now = watch.checked(rules), datetime.now(UTC)
    found: dict[str, list[str] | None] = {}
    for provider, account, _ in rules.accounts():
        troubles = watch.asked(provider, account, now) if (provider, account) in can else None
        found[f"{provider} {account}".strip()] = None if troubles is None else [one.text for one in troubles]
    return found
