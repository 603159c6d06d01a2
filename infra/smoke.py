"""After a deployment: one signed webhook of each account, all the way to the owner's desk, and nothing left of it.

Before it is posted, a claim is written under its key that owes one line at the owner's desk and nothing else. The
worker finds the message recorded, so it plans nothing (no contact, no conversation, no acknowledgement), and goes on
with what that claim owes. No customer can have that: nobody who only writes to the shop writes claims.
"""

import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from chalicelib import providers, route, settings, store
from chalicelib.errors import Unavailable
from chalicelib.models.outbound import State
from chalicelib.models.people import Claim
from chalicelib.models.shop import Shop
from infra import send
from infra.release import Target
from infra.send import CannotSend
from infra.simulate import Said

PATIENCE = 100.0  # seconds for all of them; the longest are mails that come in two steps, a minute apart
WORDS = "✅ After the deployment: a webhook of {} came all the way here. (Shopbell has tested itself.)"

LINE = "n-smoke"  # that line's place in the claim


class Tried(NamedTuple):
    """How one account's webhook fared, and why. One is left out where it cannot be tried from here."""

    account: str
    state: Literal["arrived", "failed", "left out"]
    why: str = ""


class Posted(NamedTuple):
    """A webhook on its way, by the key of its claim."""

    account: str
    key: str


def enter(target: Target, outputs: Mapping[str, str]) -> None:
    """From here on this process sees the stack's table and its stage's secrets."""
    where = {"TABLE": outputs["TableName"], "PUBLIC_URL": outputs["Address"], "STAGE": target.stage}
    os.environ.update(AWS_DEFAULT_REGION=str(target.session.region_name), **where)


def run(rules: Shop, address: str, patience: float = PATIENCE) -> Iterator[Tried]:
    """Try every enabled account; `address` is the public one, without /webhooks. Call `enter` before."""
    posted = []
    for provider, account, _ in rules.accounts():
        found = _post(provider, account, rules, address)
        if isinstance(found, Tried):
            yield found
        else:
            posted.append(found)
    end = time.monotonic() + patience
    for one in posted:
        send.settled([one.key], max(end - time.monotonic(), 1))
        yield _seen(one)


def _post(provider: str, account: str, rules: Shop, address: str) -> Posted | Tried:
    name, url = " ".join(filter(None, [provider, account])), settings.webhook_url(address, provider, account)
    if providers.load(provider).can.orders:
        return Tried(name, "left out", "it tells of orders, which no desk hears of")
    try:
        sender = send.Sender(provider, account, _config(provider, account), url, url)
        webhook = send.compose([_said(provider, account, rules)], sender)
    except Unavailable:
        return Tried(name, "left out", "no secrets are set yet")
    except CannotSend as error:
        return Tried(name, "left out", str(error))
    (key,) = send.claims(webhook, sender)
    line = route.notice(rules, rules.owner, "", WORDS.format(name), LINE.removeprefix("n-"))
    claim = Claim(key=key, at=datetime.now(UTC), deliveries={line.id: line})
    store.record_alone(claim)
    try:
        answer = send.post(webhook, url)
        if answer.accepted:
            return Posted(name, key)
        why = " ".join(filter(None, [f"it was answered {answer.status}", answer.code]))
    except CannotSend:
        why = f"nobody answers at {url}"
    store.empty(claim)
    return Tried(name, "failed", why)


def _said(provider: str, account: str, rules: Shop) -> Said:
    """Something a customer says; where only agents write, a command of theirs outside any thread."""
    rest: dict[str, Any] = {}
    if not providers.load(provider).can.customers:
        rest = {"press": True, "thread": f"{_channel(provider, account, rules)}:"}
    return Said(text="#help", id=f"shopbell-{uuid4()}", at=datetime.now(UTC), **rest)


def _channel(provider: str, account: str, rules: Shop) -> str:
    """Where agents of this account write; empty where it carries no desk."""
    carried = [place for place in rules.desks.values() if place.carrier == provider and place.account == account]
    return next((place.seat for place in carried), "")


def _config(provider: str, account: str) -> Any:
    """All that is set for an account, for webhook and worker together. Raises Unavailable."""
    inbound = settings.config(provider, account, "inbound")
    outbound = settings.config(provider, account, "outbound")
    return outbound.model_copy(update={name: getattr(inbound, name) for name in inbound.model_fields_set})


def _seen(one: Posted) -> Tried:
    """What became of it. What has come to an end is taken away."""
    claim = store.claim(one.key)
    line = claim.deliveries.get(LINE) if claim else None
    if claim is None or line is None or not line.ended:
        why = f": {line.reason}" if line and line.reason else "; look at the worker's last lines"
        return Tried(one.account, "failed", f"it was taken in, but is not at the desk{why}")
    store.empty(claim)
    if line.state is State.SENT:
        return Tried(one.account, "arrived")
    return Tried(one.account, "failed", f"the owner's desk did not take it: {line.reason}")
