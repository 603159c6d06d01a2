"""What a bare Python runs to be measured: the packaged function, or the libraries alone, with AWS played by a stub.

`python -P -S -B alone.py WHAT DIRECTORY [EVENT]`: only DIRECTORY is importable beside the standard library, as in
Lambda. EVENT is a file with API Gateway's event of one signed webhook.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

BLOCKS, REPEATS = 41, 50  # so often, so many calls are timed together


class Context:
    """What Lambda tells a function of the call."""

    aws_request_id = "request"


def imported() -> None:
    """The function's module is read."""
    import app  # noqa: F401


def answered() -> None:
    """From nothing to the first webhook accepted."""
    import app
    from chalicelib import aws

    asked = without_network(aws.client("sqs"))
    answer = app.app(event(), Context())
    assert (answer["statusCode"], len(asked)) == (204, 1), answer


def libraries() -> Any:
    """What no function of this kind can do without: Chalice, pydantic with a model, one client of AWS."""
    import botocore.session
    import chalice  # noqa: F401
    import pydantic

    class Model(pydantic.BaseModel):
        field: str

    client = botocore.session.Session().create_client("sqs")
    without_network(client)
    return client


def called() -> None:
    """The same, and the one call that a webhook makes."""
    libraries().send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=[])


def warm() -> None:
    """Print how much CPU a webhook takes, in `receive` and in all, for each that its bare call to AWS takes."""
    import app
    from chalicelib import aws, receive

    asked = without_network(aws.client("sqs"))
    whole = event()
    app.app(whole, Context())
    webhook = app._request(app.app.current_request)
    said = {"QueueUrl": os.environ["QUEUE_URL"], "Entries": json.loads(asked[0])["Entries"]}
    one_call = blocks(lambda: aws.client("sqs").send_message_batch(**said))
    received = blocks(lambda: receive.receive(webhook, "twilio_sms", "", "request"))
    handled = blocks(lambda: app.app(whole, Context()))
    rounds = [(next(one_call), next(received), next(handled)) for _ in range(BLOCKS)]
    print(json.dumps([median(times[place] / times[0] for times in rounds) for place in (1, 2)]))


def blocks(call: Callable[[], object]) -> Iterator[float]:
    """CPU seconds of so many calls, again and again."""
    while True:
        began = process_time()
        for _ in range(REPEATS):
            call()
        yield process_time() - began


def event() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(sys.argv[3]).read_text())
    return read


def without_network(client: Any) -> list[bytes]:
    """Every call of the client is answered here, as by a queue that takes all; returns the bodies as they come."""
    from botocore.awsrequest import AWSResponse

    asked: list[bytes] = []

    def answer(request: Any, **rest: Any) -> Any:
        asked.append(request.body)
        headers: Any = {"content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 200, headers, Taken(request.body))

    client.meta.events.register("before-send", answer)
    return asked


class Taken:
    """The queue's answer, as urllib3 would hand it over."""

    def __init__(self, body: bytes) -> None:
        entries = json.loads(body)["Entries"]
        taken = [{"Id": one["Id"], "MessageId": "1", "MD5OfMessageBody": md5(one["MessageBody"])} for one in entries]
        self.body = json.dumps({"Successful": taken}).encode()

    def stream(self, *size: Any, **rest: Any) -> Iterator[bytes]:
        yield self.body


def md5(text: str) -> str:
    """The SDK checks it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


MODES: dict[str, Callable[[], object]] = {
    "imported": imported,
    "answered": answered,
    "libraries": libraries,
    "called": called,
    "warm": warm,
}

if __name__ == "__main__":
    sys.path.insert(0, sys.argv[2])
    MODES[sys.argv[1]]()
    sys.stdout.flush()
    os._exit(0)  # what Python does at its end is no part of a start
