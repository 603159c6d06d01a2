"""Webhooks of comments on Instagram. A sender is a person's id with the shop's account: digits."""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook
from infra.simulate.meta import HEADERS, digits, sign
from infra.world.instagram_comments import envelope

__all__ = ["compose", "sign"]

EXAMPLE = "5318420098860427"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with everything said, each a comment of its own. Instagram carries words alone there."""
    at = max((int(one.at.timestamp()) for one in said), default=0)
    return Webhook(body=envelope([{"field": "comments", "value": _comment(one)} for one in said], at), headers=HEADERS)


def _comment(said: Said) -> dict[str, Any]:
    return {
        "from": {"id": said.sender or EXAMPLE, "username": said.name or "ana.tee"},
        "media": {"id": "17912345678901234", "media_product_type": "FEED"},
        "id": "178" + digits(said.id, 14),
        "text": said.text,
    }
