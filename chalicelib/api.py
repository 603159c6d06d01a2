"""One HTTP call to a provider: a deadline, an answer, and what is known when it fails."""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.errors import Outcome, SendFailed

if TYPE_CHECKING:
    import requests

DEADLINE = 8.0  # seconds; three deliveries fit into the worker's 30
LONGEST_WAIT = 3600.0  # seconds of a Retry-After that are honoured
LARGEST_ANSWER = 1_000_000  # bytes


class Call(NamedTuple):
    """What goes out."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    json: Any = None
    form: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None
    auth: tuple[str, str] | None = None


class Answer(NamedTuple):
    """What came back: HTTP status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
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
    import requests

    try:
        answer = _connection().request(
            call.method,
            call.url,
            headers=dict(call.headers),
            json=call.json,
            data=call.form,
            params=call.query,
            auth=call.auth,
            timeout=DEADLINE,
            allow_redirects=False,
        )
    # from None: these errors show the URL, and Telegram's holds the token
    except requests.ConnectTimeout:
        raise SendFailed("could not be reached", Outcome.NOT_SENT) from None
    except requests.ConnectionError as error:
        raise SendFailed("the connection failed", _how_far(error)) from None
    except requests.RequestException:
        raise SendFailed("no answer came", Outcome.UNKNOWN) from None
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, headers, answer.content[:LARGEST_ANSWER])


def call(method: str, url: str, **rest: Any) -> Answer:
    """Call a provider. Raises SendFailed where no answer came."""
    return transport(Call(method, url, **rest))


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
