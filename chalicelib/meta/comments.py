"""What Meta's comments have in common, a Page's and Instagram's: one private answer to each, and public ones.

Private: https://developers.facebook.com/documentation/business-messaging/messenger-platform/discovery/private-replies
Instagram: https://developers.facebook.com/documentation/instagram-platform/private-replies

One message to each comment, within seven days of it; only if the person answers that does a chat begin, and that comes
by Messenger or Instagram. The shop's public answers come back as comments of its own.

An address is `<account's id>/<person's id>`; what to answer stands in the context: `comment_id` or `post_id`, or for
what takes no private answer `mention`.
"""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib import meta
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.outbound import Outgoing
from chalicelib.service import Service

KINDS = ("comment_id", "post_id")  # of what takes a private answer
ELSEWHERE = "only #public answers it: the shop is mentioned in what others own"
ANSWERED = 10900
OUTCOMES = meta.OUTCOMES | {200: Outcome.REFUSED, ANSWERED: Outcome.REFUSED, 10902: Outcome.REFUSED}
WORDS = meta.WORDS | {
    ANSWERED: "this comment has had its one private answer already",
    10902: "this comment takes no private answer",
    # subcodes
    2018292: "this comment is gone, or takes no private answer",
}
ID = re.compile(r"[0-9]{1,40}(?:_[0-9]{1,40})?", re.ASCII)


def changes(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What an entry tells of; with Instagram Login the one change is the entry itself."""
    yield from entry.get("changes") or ([entry] if "field" in entry else [])


def private(outgoing: Outgoing, config: meta.App, product: Service) -> str:
    """Send the one private answer; returns its id (mid), or our key where an earlier try turns out to have arrived."""
    meta.whom(outgoing.to, product)
    about = {kind: id for kind in KINDS if (id := outgoing.context.get(kind))}
    if not about:
        raise SendFailed(f"{product.name}: there is no comment here that takes a private answer", Outcome.REFUSED)
    body = {"recipient": about, "message": {"text": outgoing.text}}
    try:
        said = meta.call("POST", "me/messages", config, product, json=body)
    except SendFailed as failure:
        if outgoing.repeat and WORDS[ANSWERED] in failure.reason:
            return outgoing.key
        raise
    return product.id_in(said, "message_id")


def public(outgoing: Outgoing, about: str, edge: str, config: meta.App, product: Service, **fields: str) -> str:
    """Post a comment for everybody to read, about what the webhook named; returns its id."""
    if not ID.fullmatch(about):
        raise SendFailed(f"{product.name}: there is nothing here to answer in public", Outcome.REFUSED)
    body = {**fields, "message": outgoing.text}
    return product.id_in(meta.call("POST", f"{about}/{edge}", config, product, json=body), "id")
