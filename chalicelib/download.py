"""Fetching a file from where a provider says it lies: from its own hosts only, with its credentials for no other.

Every step is checked anew: what the address looks like, whether its host is on the list, and (in `guard`, as it
connects) whether the name leads to a public address. Redirects are followed by hand.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from chalicelib import api
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment
from chalicelib.models.outbound import Content

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 3
_URL = re.compile(r"[!-\[\]-~]{1,4000}")  # printable ASCII without a backslash, which some readers take for a slash
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")  # no number in any form
_DOTS = re.compile(r"(?:^|[/;])(?:\.|%2e){1,2}(?:$|[/;?])", re.IGNORECASE)


class Target(NamedTuple):
    """An address that may be called. `own` is the origin that the shop itself set as the provider's API."""

    url: str
    origin: str
    own: bool


def get(
    url: str,
    *,
    hosts: Iterable[str],
    own: str,
    limit: int,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    not_yet: tuple[int, ...] = (),
) -> api.Answer:
    """The answer to a GET, at most `limit` bytes; headers and auth go to the first address's host alone.

    `not_yet` are the statuses by which the host says that it is not ready with it.

    `hosts` and `own` as `allowed` takes them. Raises SendFailed: not sent where it may work later, else refused.
    """
    hosts = tuple(hosts)
    first = target = allowed(url, hosts, own)
    for _ in range(MOST_REDIRECTS + 1):
        credentials: dict[str, Any] = {"headers": headers or {}, "auth": auth} if target.origin == first.origin else {}
        answer = _asked(target, limit, **credentials)
        if answer.status not in REDIRECTS:
            return _whole(answer, limit, not_yet)
        target = allowed(_onward(target.url, answer), hosts, own)
    raise _refused("it is sent on again and again")


def allowed(url: str, hosts: Iterable[str], own: str) -> Target:
    """The address, written anew from its checked parts. Raises SendFailed (refused).

    `hosts`: `name` is one host, `.name` all below it, `name/path/` only what is below that path; https, no port.
    `own` is an address of the shop's choice, if any: its origin is allowed as it is, plain http and this very machine
    too. If it is plain http, Shopbell is being tried on one machine, and nothing beyond it is fetched.
    """
    parts, ours = _parts(url), urlsplit(own)
    if own and (parts.scheme, parts.netloc.lower()) == (ours.scheme, ours.netloc.lower()):
        return _target(parts, parts.netloc, own=True)
    host = parts.netloc.lower().removesuffix(":443")
    if parts.scheme != "https" or not _NAME.fullmatch(host):
        raise _refused("its address is none that is fetched from")
    if ours.scheme == "http" or not any(_matches(host, parts.path, one) for one in hosts):
        raise _refused("it lies at a host that is not the provider's")
    return _target(parts, host, own=False)


def moved(config: Any) -> str:
    """Where the shop says that the provider's API is; empty if it is where it officially is."""
    official = type(config).model_fields["api_url"].default
    return "" if config.api_url == official else str(config.api_url)


def by_address(*hosts: str) -> Callable[[Attachment, Any, int], Content]:
    """A provider's `fetch`, where the address of a file is its proof, for a while; `hosts` as `allowed` takes them."""

    def fetch(attachment: Attachment, config: Any, limit: int) -> Content:
        return fetched(attachment, hosts, config, limit)

    return fetch


def fetched(attachment: Attachment, hosts: Iterable[str], config: Any, limit: int) -> Content:
    """A file whose address is its proof. Raises as `get` does."""
    return content(attachment, get(attachment.reference, hosts=hosts, own=moved(config), limit=limit))


def name_of(url: str) -> str:
    """What a file is called by its address: the end of the path."""
    return unquote(url.partition("?")[0].rpartition("/")[2])


def content(attachment: Attachment, answer: api.Answer) -> Content:
    """The fetched file; its media type as the attachment has it, else as the answer says."""
    said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    type_ = attachment.type if "/" in attachment.type else said
    return Content(name=attachment.name, data=answer.body, **({"type": type_} if "/" in type_ else {}))


def _onward(url: str, answer: api.Answer) -> str:
    """Where an answer sends on to; nothing where that cannot be read."""
    try:
        return urljoin(url, answer.headers.get("location", ""))
    except ValueError:
        return ""


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url) if _URL.fullmatch(url) else None
    except ValueError:
        parts = None
    if parts is None or not parts.netloc or _DOTS.search(parts.path):
        raise _refused("its address is none that is fetched from")
    return parts


def _matches(host: str, path: str, one: str) -> bool:
    name, slash, below = one.partition("/")
    if name.startswith("."):
        return host.endswith(name)
    return host == name and path.startswith(slash + below)


def _target(parts: SplitResult, netloc: str, *, own: bool) -> Target:
    origin = f"{parts.scheme}://{netloc.lower()}"
    query = f"?{parts.query}" if parts.query else ""
    return Target(f"{origin}{parts.path or '/'}{query}", origin, own)


def _asked(target: Target, limit: int, headers: Mapping[str, str] | None = None, auth: Any = None) -> api.Answer:
    plain = {**(headers or {}), "Accept-Encoding": "identity"}  # nothing that grows as it is unpacked
    with api.repeatable():
        return api.call("GET", target.url, headers=plain, auth=auth, limit=limit, public=not target.own)


def _whole(answer: api.Answer, limit: int, not_yet: tuple[int, ...]) -> api.Answer:
    if answer.status in (202, *not_yet):  # LINE, while it turns a video into another
        raise SendFailed("its host is not ready with it", Outcome.NOT_SENT, answer.retry_after)
    with api.repeatable():
        api.refuse(answer, f"its host answered {answer.status}")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise _refused("its host sent it packed")
    if len(answer.body) > limit:
        raise _refused(f"it is larger than {limit // 1_000_000} MB")
    if not answer.body:
        raise _refused("it is empty")
    return answer


def _refused(reason: str) -> SendFailed:
    return SendFailed(reason, Outcome.REFUSED)
