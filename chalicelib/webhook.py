"""A webhook in our own terms: what came in over HTTP, and what is answered."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, wraps
from typing import Any, NamedTuple, NoReturn, ParamSpec, TypeVar
from urllib.parse import parse_qsl, urlencode

from chalicelib.characters import clean_text
from chalicelib.errors import Unreadable

DEEPEST = 100  # levels of JSON
LARGEST_FORM = 2_000  # fields; Twilio sends about 30
_ACCOUNT = re.compile(r"/webhooks/[a-z0-9_]+/([A-Za-z0-9]+)/?(?:\?|$)", re.ASCII)
# What reading a field raises that is not as it should be, times beyond all bounds among them.
MALFORMED = (LookupError, TypeError, AttributeError, ValueError, OverflowError, OSError)

_NAMES = rb'[; \t](name|filename)="((?:[^"\\\r\n]|\\.)*+)"'  # compiled where there is such a form
_TYPE = rb"^content-type:[ \t]*([^\s;]+)"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request, or one queue or SNS record in the same shape.

    `url` is what the provider called and signed: scheme, host and path as configured, never taken from Host or
    X-Forwarded headers. Header names are lower case; of a repeated header the last value counts. `at` is UTC.
    """

    method: str = "POST"
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at: datetime

    @property
    def account(self) -> str:
        """Which of our accounts was called: the end of /webhooks/<provider>/<account>; empty for the first."""
        found = _ACCOUNT.search(self.url)
        return found[1].upper() if found else ""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def json(self) -> Any:
        """The body as JSON. Raises Unreadable for anything that is not one finite JSON value in UTF-8."""
        return read_json(self.body)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Unreadable for any other JSON value."""
        value = self.json()
        if not isinstance(value, dict):
            raise Unreadable("not a JSON object")
        return value

    def without(self, name: str) -> "Request":
        """The same, its body's JSON object without a field. Raises Unreadable."""
        said = {key: value for key, value in self.json_object().items() if key != name}
        return replace(self, body=json.dumps(said, ensure_ascii=False).encode())

    def form(self) -> list[tuple[str, str]]:
        """The fields of a urlencoded form, in order, repeated names kept. Raises Unreadable."""
        return list(_fields(self.body))

    def posted(self) -> "Request":
        """A GET as the POST of a form: its query stands in the body, where everything else looks for it."""
        headers = {**self.headers, "content-type": "application/x-www-form-urlencoded"}
        return replace(self, method="POST", headers=headers, body=urlencode(self.query).encode())


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a webhook is answered."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain"


def read_json(body: bytes) -> Any:
    """One finite JSON value in UTF-8. Raises Unreadable for anything else."""
    try:
        return clean(json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite))
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error


class Part(NamedTuple):
    """One field of a form, its content as it was written. A file has a name of its own, and a media type."""

    name: str
    content: bytes
    file_name: str = ""
    type: str = ""


@lru_cache(maxsize=1)  # verify and parse ask for the same body
def parts(body: bytes) -> tuple[Part, ...]:
    """The fields of a form in order, of one that has several parts or of a urlencoded one. Raises Unreadable.

    The boundary is what the body begins with: who takes a file out of a kept body has no header that names it. Nothing
    may stand behind the end, so that what a sender wrote cannot end the form before its last fields.
    """
    if not body.startswith(b"--"):
        return tuple(Part(name, value.encode("latin-1")) for name, value in _fields(body, "latin-1"))
    boundary = body.partition(b"\r\n")[0]
    _, *pieces, end = (b"\r\n" + body).split(b"\r\n" + boundary)
    if end.strip() != b"--" or len(pieces) > LARGEST_FORM:
        raise Unreadable("not a form")
    return tuple(map(_part, pieces))


def reads(what: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """For a function that reads `what`: a field that is not as it should be raises Unreadable."""

    def wrapped(read: Callable[P, T]) -> Callable[P, T]:
        @wraps(read)
        def reading(*args: P.args, **rest: P.kwargs) -> T:
            try:
                return read(*args, **rest)
            except MALFORMED as error:
                raise Unreadable(f"{what} without its fields") from error

        return reading

    return wrapped


def each(parts: Iterable[Any], read: Callable[[Any], Iterable[T]], what: str) -> list[T]:
    """What every part of a batch means. Raises Unreadable, with the items of all the others."""
    if not isinstance(parts, Iterable) or isinstance(parts, str | Mapping):
        raise Unreadable(f"{what}: no list of them")
    items: list[T] = []
    broken = 0
    for part in parts:
        try:
            items += read(part)
        except MALFORMED:
            broken += 1
    if broken:
        raise Unreadable(what, items)
    return items


def word(value: Any) -> str:
    """A field that must say something, as ids do, without blanks around it. Raises ValueError for any other."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a field that is no word")
    return value.strip()


def place_of(body: bytes) -> str:
    """Where a body lies in the bucket if it is kept: under its own hash."""
    return f"raw/{hashlib.sha256(body).hexdigest()}"


@lru_cache(maxsize=1)  # verify and parse ask for the same body
def _fields(body: bytes, charset: str = "utf-8") -> tuple[tuple[str, str], ...]:
    try:
        text = body.decode("ascii")
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=LARGEST_FORM, encoding=charset))
    except ValueError as error:
        raise Unreadable("not a form") from error


def _part(piece: bytes) -> Part:
    """What stands between two boundaries: headers, an empty line, content."""
    head, blank, content = piece.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"\r\n"):
        raise Unreadable("not a form")
    found = re.findall(_NAMES, head, re.IGNORECASE)
    names = {name.lower(): clean_text(value.decode("utf-8", "replace")) for name, value in found}
    kind = re.search(_TYPE, head, re.IGNORECASE | re.MULTILINE)
    type_ = kind[1].decode("ascii", "replace").lower() if kind else ""
    return Part(names.get(b"name", ""), content, names.get(b"filename", ""), type_)


def clean(value: Any, depth: int = DEEPEST) -> Any:
    """`value` without what DynamoDB and UTF-8 cannot hold: lone surrogates and NUL become U+FFFD.

    Raises ValueError for what is nested deeper than a queue message can be written and read again.
    """
    if not depth:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {clean_text(name): clean(item, depth - 1) for name, item in value.items()}
    return value


def moment(given: object) -> datetime | None:
    """A time in ISO 8601 as UTC; None for what cannot be read. Without a zone it is UTC."""
    try:
        read = datetime.fromisoformat(str(given))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number
