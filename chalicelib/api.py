"""One HTTP call to a provider: a deadline, an answer, and what is known when it fails."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.errors import Outcome, SendFailed, Unreadable
from chalicelib.webhook import read_json

if TYPE_CHECKING:
    import requests

DEADLINE = 8.0  # seconds; three deliveries fit into the worker's 30
SMTP = ("smtps://", "smtp://")  # a mail goes to a mail server as mail does; what it says is put in terms of HTTP
HTTP = {2: 200, 4: 503, 5: 400}  # by the first digit of a mail server's word
LONGEST_WAIT = 3600.0  # seconds of a Retry-After that are honoured
LARGEST_ANSWER = 1_000_000  # bytes
CHUNK = 65_536  # bytes of a file that are read at once


class Call(NamedTuple):
    """What goes out: one of `json`, `form` (with `files`: several parts) and `body`.

    With a `limit` a file is fetched: bytes of it, as they are, and no more than that many and one; `public` keeps that
    to https and to public addresses. To a mail server `body` is a mail, whose envelope is in `query`: `from` and `to`.
    """

    method: str
    url: str
    headers: Mapping[str, str] = {}
    json: Any = None
    form: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None
    auth: tuple[str, str] | None = None
    body: bytes | None = None
    files: Mapping[str, tuple[str, bytes, str]] | None = None  # field -> name, content and media type of a file
    limit: int | None = None
    public: bool = False


class Answer(NamedTuple):
    """What came back: HTTP status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            value = read_json(self.body)
        except Unreadable:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds the provider asks us to wait, at most an hour; None where it says nothing that can be read."""
        given = self.headers.get("retry-after", "")
        return min(float(given), LONGEST_WAIT) if given.isascii() and given.isdigit() else None


_session: "requests.Session | None" = None


def transport(call: Call) -> Answer:
    """The one way out. Tests put their seam here. Raises SendFailed for a call without an answer."""
    if call.url.startswith(SMTP):
        return _submitted(call, call.query or {}, call.body or b"")
    import requests
    from urllib3.exceptions import HTTPError

    try:
        if call.limit is not None:
            return _fetched(call, call.limit)
        answer = _request(_connection(), call)
        return _answer(answer, answer.content[:LARGEST_ANSWER])
    # from None: these errors show the URL, and Telegram's holds the token
    except requests.ConnectTimeout:
        raise SendFailed("could not be reached", Outcome.NOT_SENT) from None
    except requests.ConnectionError as error:
        raise SendFailed("the connection failed", _how_far(error)) from None
    except (requests.RequestException, HTTPError):
        raise SendFailed("no answer came", Outcome.UNKNOWN) from None


def call(method: str, url: str, **rest: Any) -> Answer:
    """Call a provider. Raises SendFailed where no answer came."""
    return transport(Call(method, url, **rest))


@contextmanager
def repeatable() -> Iterator[None]:
    """Around calls that nobody sees, like a fetch: one whose end is not known is as good as not made."""
    try:
        yield
    except SendFailed as failure:
        if failure.outcome is not Outcome.UNKNOWN:
            raise
        raise SendFailed(failure.reason, Outcome.NOT_SENT, failure.retry_after) from None


def outcome(status: int) -> Outcome | None:
    """What an HTTP status says where the provider has no code of its own; None for success."""
    if 200 <= status < 300:
        return None
    if status in (429, 503):
        return Outcome.NOT_SENT
    return Outcome.UNKNOWN if status >= 500 else Outcome.REFUSED


def refuse(answer: Answer, reason: str, codes: Mapping[Any, Outcome] | None = None, code: Any = None) -> None:
    """Raise SendFailed if `answer` is no success: by the provider's `code` where `codes` knows it, else by status.

    A code that `codes` does not know means refused, with a good status too.
    """
    known = codes.get(code) if codes and isinstance(code, str | int) else None
    what = known or outcome(answer.status) or (Outcome.REFUSED if code else None)
    if what:
        raise SendFailed(reason, what, answer.retry_after)


def _request(session: "requests.Session", call: Call, stream: bool = False) -> "requests.Response":
    return session.request(
        call.method,
        call.url,
        headers=dict(call.headers),
        json=call.json,
        data=call.form if call.body is None else call.body,
        files=call.files,
        params=call.query,
        auth=call.auth,
        timeout=DEADLINE,
        allow_redirects=False,
        stream=stream,
    )


def _submitted(call: Call, envelope: Mapping[str, str], mail: bytes) -> Answer:
    """A mail server's last word as the answer's body: its code, and what it said."""
    from chalicelib import smtp

    said = smtp.submit(call.url, call.auth, envelope["from"], envelope["to"], mail, DEADLINE)
    return Answer(HTTP.get(said.code // 100, 502), {}, f"{said.code} {said.words}".encode())


def _fetched(call: Call, limit: int) -> Answer:
    """A file, over a connection of its own. What ends only because its time was over is not the whole of it."""
    from chalicelib import guard

    end = time.monotonic() + guard.WITHIN
    with guard.session(public=call.public) as session, _request(session, call, stream=True) as answer:
        body = bytearray()
        while len(body) <= limit and (read := answer.raw.read(CHUNK, decode_content=False)):
            body += read
    if time.monotonic() >= end:
        raise SendFailed("it took too long", Outcome.UNKNOWN)
    return _answer(answer, bytes(body[: limit + 1]))


def _answer(answer: "requests.Response", body: bytes) -> Answer:
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


def _connection() -> "requests.Session":
    """One session with kept connections; it reads no proxy or password file of the machine."""
    import requests

    global _session
    if _session is None:
        _session = requests.Session()
        _session.trust_env = False
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings hold addresses, and those Telegram's token
    return _session


def _how_far(error: Exception) -> Outcome:
    """A connection that was never made carried nothing; one that broke may have."""
    from urllib3.exceptions import NewConnectionError

    cause = getattr(error.args[0], "reason", None) if error.args else None
    return Outcome.NOT_SENT if isinstance(cause, NewConnectionError) else Outcome.UNKNOWN
