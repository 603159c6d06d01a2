"""A provider's own API: one call to it, and why it failed, in words for an agent."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import SecretStr

from chalicelib import api
from chalicelib.characters import one_line
from chalicelib.errors import Outcome, SendFailed
from chalicelib.webhook import MALFORMED

LONGEST = 200  # characters of a provider's own words that an agent is shown


class Service(NamedTuple):
    """Whom we call.

    `error` finds code and words in the JSON object of an answer, either falsy where there is none; what a field raises
    that is not as it should be means neither. `outcomes` is what a code says of the message: one it does not know goes
    by the HTTP status, and with a good status means refused. `words` are ours for some codes.
    """

    name: str
    error: Callable[[dict[str, Any]], tuple[Any, object]]
    outcomes: Mapping[Any, Outcome] = {}
    words: Mapping[Any, str] = {}

    def call(self, method: str, path: str, config: Any, **rest: Any) -> dict[str, Any]:
        """The JSON object of an answer, empty where it is none. `rest` are fields of api.Call. Raises SendFailed."""
        answer = api.call(method, config.api_url.rstrip("/") + path, **rest)
        self.refuse(answer, config)
        return answer.json()

    def refuse(self, answer: api.Answer, config: Any, *lent: str) -> None:
        """Raise SendFailed for an answer that is no success. `lent` is what else must not stand in its words."""
        code, words = self._error(answer.json(), (*_secrets(config), *lent))
        api.refuse(answer, f"{self.name}: {words or f'HTTP {answer.status}'}", self.outcomes, code)

    def reason(self, said: dict[str, Any]) -> str:
        """Why something failed, from a webhook that says it as an answer would; empty where it does not."""
        words = self._error(said, ())[1]
        return f"{self.name}: {words}" if words else ""

    def id_in(self, said: Any, *path: str | int, kind: type = str) -> str:
        """The id of what was sent. Raises SendFailed where there is none of its kind: nothing is known then."""
        try:
            for step in path:
                said = said[step]
        except MALFORMED:
            said = None
        if not said or type(said) is not kind:
            raise self.unknown()
        return str(said)

    def unknown(self) -> SendFailed:
        """What to raise for an answer that says nothing."""
        return SendFailed(f"{self.name}: an answer that cannot be read", Outcome.UNKNOWN)

    def _error(self, said: dict[str, Any], hidden: Iterable[str]) -> tuple[Any, str]:
        try:
            code, words = self.error(said)
        except MALFORMED:
            return None, ""
        ours = self.words.get(code) if isinstance(code, str | int) else None
        return code, ours or _plain(str(words or ""), hidden)


def error_fields(words: str, code: str = "") -> Callable[[dict[str, Any]], tuple[Any, object]]:
    """The `error` of a Service whose answers have two fields for it; without a code the HTTP status says what was."""
    return lambda said: (said.get(code) if code else None, said.get(words))


def _plain(words: str, hidden: Iterable[str]) -> str:
    """A provider's words on one line, not too long, without any of our secrets, which it may quote."""
    for secret in filter(None, hidden):
        words = words.replace(secret, "…")
    return one_line(words, LONGEST)


def _secrets(config: Any) -> Iterator[str]:
    """The live values of every secret in a provider's Config."""
    for value in vars(config).values():
        for one in value if isinstance(value, tuple) else ():
            if isinstance(one, SecretStr):
                yield one.get_secret_value()
