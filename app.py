"""The Lambda functions. The only file that knows Chalice."""

import gc

gc.disable()  # nothing that a start makes is garbage, and to look for it is a thirtieth of its instructions

import base64
import binascii
import logging
import os
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from chalice import Chalice
from chalice import Response as ChaliceResponse

from chalicelib import aws, receive
from chalicelib.errors import Refusal
from chalicelib.webhook import Request, Response

app = Chalice(app_name="shopbell", configure_logs=False)
app.api.binary_types = [
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "message/rfc822",
    "multipart/form-data",
]
logging.basicConfig(format="%(message)s")  # does nothing where the runtime has its own handler, as Lambda's has
logging.getLogger().setLevel(logging.INFO)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
QUEUE = "arn:aws:sqs:us-east-1:000000000000:shopbell.fifo"  # the merge template puts the real ones here
ANNOUNCED = "arn:aws:sqs:us-east-1:000000000000:shopbell-mail"


@app.route("/webhooks/{provider}", methods=METHODS, content_types=["*/*"])
def webhook(provider: str) -> ChaliceResponse:
    return _answer(_received(provider, ""))


@app.route("/webhooks/{provider}/{account}", methods=METHODS, content_types=["*/*"])
def webhook_of_account(provider: str, account: str) -> ChaliceResponse:
    return _answer(_received(provider, account))


@app.on_sqs_message(queue_arn=QUEUE, batch_size=1, maximum_concurrency=4)
def worker(event: Any) -> dict[str, Any]:
    from chalicelib import process

    return process.work(event.to_dict(), lambda: datetime.now(UTC))


@app.on_sqs_message(queue_arn=ANNOUNCED, batch_size=10)
def mail(event: Any) -> dict[str, Any]:
    """What our own SNS topic tells, without HTTP. From its queue it comes again for 14 days, until it is taken.

    Called by SNS itself, a function is tried three times within minutes, and then what it was told is lost.
    """
    return receive.told(event.to_dict(), datetime.now(UTC))


@app.schedule("rate(1 minute)")
def tick(event: Any) -> None:
    from chalicelib import tick, watch

    now, request_id = datetime.now(UTC), event.context.aws_request_id
    tick.tick(now, request_id)
    watch.watch(now, request_id, stack=os.environ["AWS_LAMBDA_FUNCTION_NAME"].rpartition("-")[0])


NEEDS = {  # by the end of a function's name: what it imports, and its clients
    "webhook": ("chalicelib.receive", "sqs"),
    "mail": ("chalicelib.receive", "sqs"),
    "worker": ("chalicelib.process", "sqs", "dynamodb"),
    "tick": ("chalicelib.tick", "sqs", "dynamodb"),
}


def _prepare(function: str) -> None:
    """While an environment starts, get ready what its function needs: its first call would take 180 ms more."""
    module, *services = NEEDS.get(function.rpartition("-")[2], ("chalicelib.receive",))
    import_module(module)
    for service in services:
        aws.client(service)


def _received(provider: str, account: str) -> Response:
    try:
        request = _request(app.current_request)
    except (ValueError, binascii.Error):
        return receive.refused(Refusal())  # the gateway mangled it before any signature could be checked
    return receive.receive(request, provider, account, app.lambda_context.aws_request_id)


def _request(current: Any) -> Request:
    """The HTTP request as the provider sent it. The URL is ours by configuration, never by the Host header."""
    event = current.to_original_event()
    body = event.get("body") or ""
    encoded = event.get("isBase64Encoded")
    context = event["requestContext"]
    public = os.environ.get("PUBLIC_URL")
    path = f"/webhooks/{'/'.join(part for part in current.uri_params.values())}"
    url = public.rstrip("/") + path if public else f"https://{context['domainName']}{context['path']}"
    query = event.get("multiValueQueryStringParameters") or {}
    return Request(
        method=current.method,
        url=f"{url}?{urlencode(query, doseq=True)}" if query else url,
        query=dict(current.query_params or {}),
        headers={name.lower(): value for name, value in (event["headers"] or {}).items()},
        body=base64.b64decode(body, validate=True) if encoded else body.encode(),
        at=datetime.now(UTC),
    )


def _answer(response: Response) -> ChaliceResponse:
    return ChaliceResponse(
        body=response.body, status_code=response.status, headers={"Content-Type": response.content_type}
    )


_prepare(os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""))
gc.freeze()
gc.enable()
