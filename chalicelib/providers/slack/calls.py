"""One method of Slack's API, and what each of its errors says.

Errors that every method may answer: https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from typing import Any

from chalicelib import api
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models import current
from chalicelib.providers.slack.config import Config

OUTCOMES = {
    "ratelimited": Outcome.NOT_SENT,
    "rate_limited": Outcome.NOT_SENT,
    "service_unavailable": Outcome.NOT_SENT,
    # Slack says of these that part of the action may have succeeded (docs: common errors)
    "fatal_error": Outcome.UNKNOWN,
    "internal_error": Outcome.UNKNOWN,
    "request_timeout": Outcome.UNKNOWN,
    "update_failed": Outcome.UNKNOWN,
}


class Refused(SendFailed):
    """Slack's no, by its `code`."""

    def __init__(self, failure: SendFailed, code: str) -> None:
        super().__init__(failure.reason, failure.outcome, failure.retry_after)
        self.code = code


def call(method: str, config: Config, done: frozenset[str] = frozenset(), **rest: Any) -> dict[str, Any]:
    """What Slack answers. Most failures come with HTTP 200 and `ok: false`; codes in `done` say that it is so already.

    Raises Refused for an error with a code, else SendFailed.
    """
    headers = {"Authorization": f"Bearer {current(config.bot_token)}"}
    verb = "GET" if "query" in rest else "POST"
    answer = api.call(verb, f"{config.api_url}/{method}", headers=headers, **rest)
    said = answer.json()
    code = said.get("error")
    code = code if isinstance(code, str) else ""
    if said.get("ok") is True or code in done:
        return said
    reason = f"Slack: {code or answer.status}".replace(current(config.bot_token), "…")
    try:
        api.refuse(answer, reason, OUTCOMES, code)
    except SendFailed as failure:
        raise (Refused(failure, code) if code else failure) from None
    raise SendFailed(reason, Outcome.UNKNOWN, answer.retry_after)  # HTTP 200 that cannot be read tells nothing
