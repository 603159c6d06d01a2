"""The usual ways to prove a webhook, as a provider's `verify`: each is told where the proof and its secret are."""

from collections.abc import Callable
from typing import Any

from chalicelib import signing
from chalicelib.errors import BadSignature
from chalicelib.webhook import Request

Verify = Callable[[Request, Any], None]


def hmac_of_body(field: str, header: str, **how: Any) -> Verify:
    """An HMAC over the raw body, under the secret that `field` of the Config is; `how` as signing.signed takes it."""

    def verify(request: Request, config: Any) -> None:
        if not signing.signed(getattr(config, field), request.body, [request.header(header)], **how):
            raise BadSignature

    return verify


def standard_webhooks(field: str) -> Verify:
    """Standard Webhooks: a signature over id, time and body, at most five minutes old."""

    def verify(request: Request, config: Any) -> None:
        if not signing.standard(getattr(config, field), request):
            raise BadSignature

    return verify


def shown(field: str, header: str) -> Verify:
    """Nothing is signed: the secret itself stands in a header."""

    def verify(request: Request, config: Any) -> None:
        if not signing.shown(getattr(config, field), request.header(header)):
            raise BadSignature

    return verify


def basic(request: Request, config: Any) -> None:
    """Nothing is signed: the user and the password that the webhook's address has."""
    if not signing.basic(config.webhook_user, config.webhook_password, request):
        raise BadSignature
