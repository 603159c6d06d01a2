"""Webhooks of comments on a Facebook Page's posts. A sender is a person's id: digits."""

from collections.abc import Sequence
from typing import Any

from infra.simulate import Said, Webhook
from infra.simulate.meta import HEADERS, digits, held, place, sign
from infra.world.facebook_page import PAGE, envelope

__all__ = ["compose", "held", "sign"]

EXAMPLE = "6920174458310027"
POST = f"{PAGE}_122100450000000001"


def compose(said: Sequence[Said], config: Any) -> Webhook:
    """One webhook with everything said, each a comment of its own; with a picture at most."""
    return Webhook(body=envelope([{"field": "feed", "value": _comment(one, config)} for one in said]), headers=HEADERS)


def _comment(said: Said, config: Any) -> dict[str, Any]:
    photos = [f"{config.api_url}/attachments/{place(said, file)}" for file in said.files]
    return {
        "from": {"id": said.sender or EXAMPLE, "name": said.name or "Ana Tee"},
        "post_id": POST,
        "parent_id": POST,
        "comment_id": f"{POST.partition('_')[2]}_{digits(said.id)}",
        "created_time": int(said.at.timestamp()),
        "item": "comment",
        "verb": "add",
        **({"message": said.text} if said.text else {}),
        **({"photo": photos[0]} if photos else {}),
    }
