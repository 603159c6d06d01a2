"""What was deployed before, so that it can be gone back to. It lies in the stack's code bucket."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from infra import deploy

BOOK = "releases.json"
KEPT = 10  # releases


class Release(NamedTuple):
    """One release: when it was deployed (ISO 8601), and where its zip and its template lie in the bucket."""

    at: str
    code: str
    template: str


class Shelf(NamedTuple):
    """The client of S3, and the code bucket."""

    store: Any
    bucket: str


def past(shelf: Shelf) -> list[Release]:
    """Every release that can be gone back to, the present one last."""
    if not deploy.there(shelf.store.head_object, Bucket=shelf.bucket, Key=BOOK):
        return []
    found = json.loads(_get(shelf, BOOK))
    return [Release(**one) for one in found]


def begin(shelf: Shelf, code: str, template: Mapping[str, Any], now: datetime | None = None) -> bool:
    """Write down what is about to be deployed; False for the same as the last, which is no other release."""
    text = json.dumps(template, sort_keys=True).encode()
    place = f"{hashlib.sha256(text).hexdigest()}.json"
    before, at = past(shelf), (now or datetime.now(UTC)).isoformat(timespec="seconds")
    if before and (before[-1].code, before[-1].template) == (code, place):
        return False
    shelf.store.put_object(Bucket=shelf.bucket, Key=place, Body=text)
    _write(shelf, [*before, Release(at, code, place)])
    return True


def undo(shelf: Shelf) -> None:
    """The last release is none any more: it failed, or was gone back from."""
    _write(shelf, past(shelf)[:-1])


def template(shelf: Shelf, release: Release) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_get(shelf, release.template))
    return found


def _write(shelf: Shelf, releases: Sequence[Release]) -> None:
    """The book with at most so many; what no release in it needs goes."""
    kept, before = releases[-KEPT:], past(shelf)
    body = json.dumps([release._asdict() for release in kept]).encode()
    shelf.store.put_object(Bucket=shelf.bucket, Key=BOOK, Body=body)
    needed = {key for release in kept for key in (release.code, release.template)}
    for key in {key for release in before for key in (release.code, release.template)} - needed:
        shelf.store.delete_object(Bucket=shelf.bucket, Key=key)


def _get(shelf: Shelf, key: str) -> bytes:
    found: bytes = shelf.store.get_object(Bucket=shelf.bucket, Key=key)["Body"].read()
    return found
