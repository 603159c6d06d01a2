"""The bucket: raw bodies, and texts too long for a row."""

import hashlib
import os
from functools import cache
from typing import Any

from chalicelib import aws


@cache
def _s3() -> Any:
    return aws.client("s3")


def put_raw(body: bytes) -> str:
    """Keep a webhook's body under its own hash; returns its place. Raises one of aws.FAULTS."""
    return _put(f"raw/{hashlib.sha256(body).hexdigest()}", body)


def put_text(name: str, text: str) -> str:
    """Keep a message's long text; returns its place. Raises one of aws.FAULTS."""
    return _put(f"text/{name}", text.encode())


def put_parked(name: str, letter: bytes) -> str:
    """Keep a dead letter until somebody redrives or drops it; returns its place. Raises one of aws.FAULTS."""
    return _put(f"parked/{name}", letter)


def get(place: str) -> bytes:
    """What lies at `place`. Raises one of aws.FAULTS."""
    body: bytes = _s3().get_object(Bucket=os.environ["BUCKET"], Key=place)["Body"].read()
    return body


def _put(place: str, body: bytes) -> str:
    _s3().put_object(Bucket=os.environ["BUCKET"], Key=place, Body=body)
    return place
