"""What providers call: Shopbell, to tell by a signed webhook that a message has arrived; an address, to check it."""

import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from importlib import import_module
from typing import Any

from chalicelib import providers
from infra import simulate
from infra.world import Entry, Reply, World, nobody

PROGRESS = "delivered"  # nothing fails on its way here, and nobody reads
PATIENCE = 10.0  # seconds a provider waits for our answer
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, whatever the machine's proxy is


def follower(world: World, webhooks: str, pause: float = 1.0) -> Callable[[], None]:
    """Something to call after each call of Shopbell's: it tells `webhooks`, the base address, of what is new."""
    told = len(world.ledger)

    def follow() -> None:
        nonlocal told
        told = min(told, len(world.ledger))  # the ledger may have been forgotten
        while told < len(world.ledger):
            entry = world.ledger[told]
            told += 1
            _tell(entry, world, webhooks, pause)

    return follow


def visit(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """What an address answers a provider that checks it; 503 where it says no."""
    try:
        request = urllib.request.Request(url, data=body or None, headers=dict(headers), method=method)
        with _OPENER.open(request, timeout=PATIENCE) as answer:
            return Reply(status=answer.status, body=answer.read())
    except (OSError, HTTPException, ValueError):  # the last for what is no address
        return nobody(method, url, headers, body)


def webhook(entry: Entry, world: World, webhooks: str) -> urllib.request.Request | None:
    """The signed webhook that says `entry` has arrived; None where the provider sends no such thing."""
    part = import_module(f"infra.world.{entry.part}")
    body = part.receipt(entry, PROGRESS, world) if hasattr(part, "receipt") else None
    if body is None:
        return None
    url = f"{webhooks}/{entry.part}"
    unsigned = simulate.Webhook(body=body, headers={"content-type": getattr(part, "RECEIPT_TYPE", "application/json")})
    config = _config(entry.part, world.credentials)
    signed = simulate.signed(entry.part, unsigned, url, world.now(), config)
    return urllib.request.Request(url, data=signed.body, headers=dict(signed.headers), method="POST")


def _tell(entry: Entry, world: World, webhooks: str, pause: float) -> None:
    """Post the webhook; once more if it is not taken. A receipt that is lost is Shopbell's to live with."""
    try:
        request = webhook(entry, world, webhooks)
        if request and not _posted(request):
            time.sleep(pause)
            if not _posted(request):
                _complain(entry, "not taken")
    except Exception as error:  # whatever is wrong with one must not stop the others
        _complain(entry, type(error).__name__)


def _posted(request: urllib.request.Request) -> bool:
    try:
        with _OPENER.open(request, timeout=PATIENCE):
            return True
    except (OSError, HTTPException):  # urllib's own errors are OSErrors
        return False


def _complain(entry: Entry, what: str) -> None:
    print(f"receipt of {entry.part} {entry.id}: {what}", file=sys.stderr)


def _config(name: str, credentials: Mapping[str, str]) -> Any:
    """The provider's own configuration, from the SHOPBELL_<PROVIDER>_<FIELD> of its first account."""
    prefix = f"SHOPBELL_{name.upper()}_"
    fields = {key.removeprefix(prefix).lower(): value for key, value in credentials.items() if key.startswith(prefix)}
    return providers.load(name).Config(**{field: value for field, value in fields.items() if value})
