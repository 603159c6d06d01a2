"""Beside the package itself: what a webhook's one call takes by itself, and what nothing takes."""

from typing import Any

import app
from chalicelib import aws

PREPARED = "provide-client-params"
sent: list[dict[str, Any]] = []
client = aws.client("sqs")


def call(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The very call that the package made for the first webhook, again."""
    if sent:
        client.send_message_batch(**sent[0])
    else:
        client.meta.events.register(PREPARED, _keep)
        app.app(event, context)
        client.meta.events.unregister(PREPARED, _keep)
    return {"statusCode": 204}


def nothing(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"statusCode": 204}


def _keep(params: dict[str, Any], **rest: Any) -> None:
    sent.append(dict(params))
