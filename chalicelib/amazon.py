"""AWS services that are called as any provider is: one signed call, and what AWS's own codes say of its outcome."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib import api, aws
from chalicelib.errors import Outcome, SendFailed

JSON = "application/json"
LONGEST = 200  # characters of AWS's own words that an agent is shown
OUTCOMES = dict.fromkeys(  # they come with HTTP 400 or 403
    (
        *("LimitExceededException", "Throttling", "ThrottlingException", "TooManyRequestsException"),
        *("ExpiredTokenException", "RequestExpired"),
    ),
    Outcome.NOT_SENT,
)


def post(url: str, content: dict[str, Any], service: str, name: str, **headers: str) -> api.Answer:
    """Post `content`, signed by our role for a `service`. Raises SendFailed, which calls the service by `name`."""
    body = json.dumps(content, allow_nan=False).encode()  # as `requests` writes it
    try:
        signed = aws.signature("POST", url, body, service, {"Content-Type": JSON, **headers})
    except aws.FAULTS:
        raise SendFailed(f"{name}: there are no AWS credentials", Outcome.NOT_SENT) from None
    return api.call("POST", url, headers=signed, json=content)


def refuse(answer: api.Answer, name: str, reasons: Mapping[str, str]) -> None:
    """Raise SendFailed for all but success; `reasons` are plainer words than AWS's own, by its code or its Reason.

    AWS gives its code in a header or in the body, with more around it.
    """
    said = answer.json()
    given = str(answer.headers.get("x-amzn-errortype") or said.get("__type") or said.get("code") or "")
    code = given.partition(":")[0].rpartition("#")[2] if answer.status >= 300 else ""
    theirs = said.get("message") or said.get("Message") or code or answer.status
    words = reasons.get(str(said.get("Reason"))) or reasons.get(code) or " ".join(str(theirs).split())[:LONGEST]
    api.refuse(answer, f"{name}: {words}", OUTCOMES, code or None)
