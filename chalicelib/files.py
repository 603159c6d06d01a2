"""The bucket: raw bodies, texts too long for a row, attachments."""

import os
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import quote

from chalicelib import aws
from chalicelib.errors import Unavailable
from chalicelib.models.outbound import Content
from chalicelib.webhook import place_of

LINK_LIVES = 7 * 24 * 3600  # seconds; S3's longest. One signed by a role's credentials ends with these, hours later


@cache
def _s3() -> Any:
    return aws.client("s3")


def put_raw(body: bytes) -> str:
    """Keep a webhook's body under its own hash; returns its place. Raises one of aws.FAULTS."""
    return _put(place_of(body), body)


def put_text(name: str, text: str) -> str:
    """Keep a message's long text; returns its place. Raises one of aws.FAULTS."""
    return _put(f"text/{name}", text.encode())


def texts_of(name: str) -> tuple[str, str]:
    """Where a message's long texts lie, if it has any."""
    return f"text/{name}", f"text/{name}.full"


def drop(places: Iterable[str]) -> None:
    """Drop what lies at up to a thousand places, if it does. Raises Unavailable, or one of aws.FAULTS."""
    there = [{"Key": place} for place in places]
    answer = _s3().delete_objects(Bucket=os.environ["BUCKET"], Delete={"Objects": there, "Quiet": True})
    if answer.get("Errors"):
        raise Unavailable("the bucket did not drop every file")


def put_parked(name: str, letter: bytes) -> str:
    """Keep a dead letter until somebody redrives or drops it; returns its place. Raises one of aws.FAULTS."""
    return _put(f"parked/{name}", letter)


def put_file(key: str, file: Content) -> str:
    """Keep an attachment under a key of our own, never its name; returns its place. Raises one of aws.FAULTS.

    Whoever opens a link to it gets a download of that name: nothing in it runs in a browser.
    """
    named = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    return _put(f"files/{key}", file.data, ContentType=file.type, ContentDisposition=named)


def get_file(place: str, name: str) -> Content:
    """An attachment that was kept. Raises one of aws.FAULTS."""
    found = _s3().get_object(Bucket=os.environ["BUCKET"], Key=place)
    return Content(name=name, type=found["ContentType"], data=found["Body"].read())


def link(place: str) -> str:
    """Where anybody who has it can read what lies at `place`, for LINK_LIVES at most. No call is made."""
    where = {"Bucket": os.environ["BUCKET"], "Key": place}
    return str(_s3().generate_presigned_url("get_object", Params=where, ExpiresIn=LINK_LIVES))


def get(place: str) -> bytes:
    """What lies at `place`. Raises one of aws.FAULTS."""
    body: bytes = _s3().get_object(Bucket=os.environ["BUCKET"], Key=place)["Body"].read()
    return body


def _put(place: str, body: bytes, **about: str) -> str:
    _s3().put_object(Bucket=os.environ["BUCKET"], Key=place, Body=body, **about)
    return place
