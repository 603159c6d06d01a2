"""How long each kind of data is kept: what shop.toml says, for the template and for people."""

from chalicelib.models.shop import Shop

FOR_EVER = 36_500  # days; a rule of the bucket needs a number
LATE = 2  # days; the table may drop a row so much later, and a long text must not go before its row


def parameters(rules: Shop) -> dict[str, str]:
    """What the template is told. What lies in the table fades by its rows' own times."""
    kept = rules.retention
    days = {"RawDays": kept.raw_days, "FileDays": kept.file_days, "TextDays": _later(kept.message_days)}
    return {name: str(number) for name, number in days.items()}


def _later(days: int) -> int:
    return days + LATE if days else FOR_EVER


def said(rules: Shop) -> str:
    """One line: what is kept for how long."""
    kept = rules.retention
    kinds = {
        "messages": kept.message_days,
        "files": kept.file_days,
        "webhooks as they came": kept.raw_days,
        "orders": kept.order_days,
    }
    return ", ".join(f"{kind} {f'{days} days' if days else 'for ever'}" for kind, days in kinds.items())
