"""Signed webhooks as API Gateway hands them to a function, and the environment that the function finds."""

import base64
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib import providers
from infra import simulate
from infra.simulate import Said

DOMAIN = "shop.example"
TEXT = "Where is my order?"
FORM = "application/x-www-form-urlencoded"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "twilio_sms": {"ACCOUNT_SID": "AC" + "1" * 32, "AUTH_TOKEN": "twilio-secret", "NUMBER": "+4930555000"},
    "slack": {"SIGNING_SECRET": "slack-secret", "BOT_TOKEN": "xoxb-world"},
    "postmark": {
        "WEBHOOK_USER": "postmark",
        "WEBHOOK_PASSWORD": "webhookpassword",
        "SERVER_TOKEN": "3f0c2a54-1111-4222-8333-9a7b6c5d4e3f",
        "SENDER": "service@shop.example",
        "INBOUND_ADDRESS": "bell@inbound.shop.example",
    },
}
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_LAMBDA_FUNCTION_NAME": "shopbell-webhook",  # as in production: the SDK does not check what it is given
    "BUCKET": "shopbell-files",
    "PUBLIC_URL": f"https://{DOMAIN}",
    "PYTHONHASHSEED": "0",  # the same instructions on every run
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/shopbell.fifo",
    **{f"SHOPBELL_{name}_{field}".upper(): value for name, set in SETTINGS.items() for field, value in set.items()},
}


def webhooks(provider: str) -> Iterator[dict[str, Any]]:
    """Without end, each with a text of its own; signed when they are asked for."""
    number = 0
    while True:
        number += 1
        yield event(provider, f"{TEXT} {number}", str(number))


def event(provider: str, text: str, identifier: str) -> dict[str, Any]:
    path, now = f"/webhooks/{provider}", datetime.now(UTC)
    config = providers.load(provider).Config(**{name.lower(): value for name, value in SETTINGS[provider].items()})
    thread = "C0DESK:1772442000.000100" if provider == "slack" else ""
    said = Said(text=text, id=identifier, at=now, thread=thread)
    signed = simulate.webhook(provider, [said], ENVIRONMENT["PUBLIC_URL"] + path, now, config)
    binary = signed.headers["content-type"].startswith(FORM)  # one of those that app.py has encoded
    headers = {**signed.headers, "host": DOMAIN}
    return {
        "resource": "/webhooks/{provider}",
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"provider": provider},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/webhooks/{provider}",
            "httpMethod": "POST",
            "path": f"/api{path}",
            "stage": "api",
            "domainName": DOMAIN,
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": base64.b64encode(signed.body).decode() if binary else signed.body.decode(),
        "isBase64Encoded": binary,
    }
