"""What Meta's products have in common: the signature, the URL check, the envelope, the Graph API's answers.

Signature and URL check: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
Errors: https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalicelib import signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Message, Receipt
from chalicelib.models.provider import Live, LiveSecret, current, secret, setting
from chalicelib.models.values import Frozen
from chalicelib.service import Service
from chalicelib.webhook import MALFORMED, Request, Response

METHODS = ("GET", "POST")  # GET is the URL check, once, when the shop saves the address in Meta's console
LAST_SECOND = 2**33  # the year 2242; a later time is none
_DIGITS = re.compile(r"[0-9]{1,14}", re.ASCII)
_ID = re.compile(r"[0-9]{1,30}", re.ASCII)

OUTCOMES = {
    # Meta says of these only that they may pass: what happened to the message is not known, whatever the status
    1: Outcome.UNKNOWN,
    2: Outcome.UNKNOWN,
    3: Outcome.REFUSED,  # a missing capability; comes with HTTP 500
    # too many calls: by the app, by a user, by a page, by a rule of the endpoint
    4: Outcome.NOT_SENT,
    17: Outcome.NOT_SENT,
    32: Outcome.NOT_SENT,
    613: Outcome.NOT_SENT,
    10: Outcome.REFUSED,
    100: Outcome.REFUSED,
    190: Outcome.REFUSED,
    368: Outcome.REFUSED,
}
WORDS = {
    4: "too many calls, Meta asks us to wait",
    10: "the access token has no permission for this",
    190: "the access token is not valid (any more); make a new one in Meta's console",
    368: "Meta has blocked this account for a while for breaking its policies",
    613: "too many calls, Meta asks us to wait",
}

Found = Message | Receipt | Unreadable


class App(Frozen):
    """The settings that every Meta provider has; each says where its `token` is found."""

    token: LiveSecret
    app_secret: LiveSecret = secret("App secret, App settings > Basic of the app in Meta's console", inbound=True)
    verify_token: LiveSecret = secret(
        "Verify token: a long random word of your own, typed beside the callback URL in Meta's console", inbound=True
    )
    graph_version: str = setting("version of the Graph API", default="v25.0", outbound=True)
    api_url: str = setting("where Meta's Graph API is", default="https://graph.facebook.com", outbound=True)


def verify(request: Request, config: App) -> Response | None:
    """HMAC-SHA256 over the raw body, or for the URL check the token in the query. Raises BadSignature."""
    if request.method == "GET":
        return _challenge(request, config.verify_token)
    theirs = [request.header("x-hub-signature-256")]
    if not signing.signed(config.app_secret, request.body, theirs, prefix="sha256="):
        raise BadSignature
    return None


def read(request: Request, kind: str, entry: Callable[[Any], Iterable[Found]]) -> list[Message | Receipt]:
    """Every item of a webhook about `kind`, by `entry`. Raises Unreadable, with the others, if one cannot be read."""
    outer = request.json_object()
    if outer.get("object") != kind:
        raise Unreadable(f"a Meta webhook that is not about a {kind}")
    found = list(each([outer], lambda whole: each(whole["entry"], entry)))
    items = [item for item in found if not isinstance(item, Unreadable)]
    if len(items) < len(found):
        raise Unreadable(f"a {kind} webhook without its fields", items)
    return items


def each(elements: Iterable[Any], one: Callable[[Any], Iterable[Found]]) -> Iterator[Found]:
    """What `one` makes of each element. An element that cannot be read is marked and does not cost the others."""
    for element in elements:
        try:
            yield from one(element)
        except MALFORMED:
            yield Unreadable("an element without its fields")


def moment(value: Any, per_second: int = 1) -> datetime | None:
    """A Unix time as Meta writes it: a number or a string of digits, `per_second` to the second. None for others."""
    if not _DIGITS.fullmatch(str(value)) or int(value) >= LAST_SECOND * per_second:
        return None
    return datetime.fromtimestamp(int(value) / per_second, UTC)


def account(entry: Mapping[str, Any]) -> str:
    """Which of the shop's pages or accounts an entry is about: digits, as it goes into paths. Raises ValueError."""
    if not _ID.fullmatch(entry["id"]):
        raise ValueError("an account's id is digits")
    return str(entry["id"])


def service(name: str, outcomes: Mapping[int, Outcome], words: Mapping[int, str]) -> Service:
    """A product as whom we call: what its error codes say of the message, and our words for some of them."""
    return Service(name, partial(_error, words), outcomes)


def whom(to: str, product: Service) -> tuple[str, str]:
    """The shop's account and the person that an address names. Raises SendFailed for what is none."""
    ours, _, person = to.partition("/")
    if not _ID.fullmatch(ours) or not person:
        raise SendFailed(f"{product.name}: this is no address of a person with one of our accounts", Outcome.REFUSED)
    return ours, person


def subscribed(config: App, product: Service) -> set[str]:
    """The fields of webhooks about the token's own account (`me`, as for sending) that Meta tells any app.

    It stops after an hour of failures, without a word. Asking needs the permission pages_manage_metadata.
    https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps (it names the page's id there)
    """
    said = call("GET", "me/subscribed_apps", config, product)
    return {field for app in said.get("data") or () for field in app.get("subscribed_fields") or ()}


def call(method: str, path: str, config: App, product: Service, **rest: Any) -> dict[str, Any]:
    """One call to the Graph API; returns its answer. Raises SendFailed by Meta's own code, else by HTTP status.

    `rest` is what it says, as fields of api.Call.
    """
    headers = {"Authorization": f"Bearer {current(config.token)}"}
    return product.call(method, f"/{config.graph_version}/{path}", config, headers=headers, **rest)


def _challenge(request: Request, verify_token: Live) -> Response:
    query = request.query
    if query.get("hub.mode") != "subscribe" or not signing.shown(verify_token, query.get("hub.verify_token", "")):
        raise BadSignature
    return Response(body=query.get("hub.challenge", "")[:500])


def _error(words: Mapping[int, str], said: dict[str, Any]) -> tuple[object, str]:
    """Code and words of what went wrong: ours where we have some for the code or subcode, else Meta's.

    An error without a code, with a good status too, arrived and was not taken.
    """
    if "error" not in said:
        return None, ""
    error = said["error"] if isinstance(said["error"], dict) else {}
    code, subcode = _code(error, "code"), _code(error, "error_subcode")
    plain = words.get(subcode) or words.get(code) or _said(error)
    return code or "error", f"{plain} ({code})" if code else plain


def _code(error: Mapping[str, Any], name: str) -> int:
    """0 where Meta gives none."""
    code = error.get(name)
    return code if isinstance(code, int) else 0


def _said(error: Mapping[str, Any]) -> str:
    more = error.get("error_data")  # WhatsApp: the part that says most
    details = more.get("details") if isinstance(more, dict) else more
    return str(details or error.get("message") or error.get("title") or "")
