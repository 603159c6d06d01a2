"""Slack itself, whoever is in the channel: its proof, one method of its API, files, and words as people read them.

Signature: https://docs.slack.dev/authentication/verifying-requests-from-slack
Errors that every method may answer: https://docs.slack.dev/reference/methods/chat.postMessage#errors
Files: https://docs.slack.dev/messaging/working-with-files (scopes files:read and files:write)
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib import api, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Kind
from chalicelib.models.outbound import Content
from chalicelib.models.provider import LiveSecret, current, secret, setting
from chalicelib.models.values import Frozen
from chalicelib.webhook import Request, Response

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
WRITTEN = {None, "file_share", "thread_broadcast", "me_message"}  # subtypes of what a person wrote
GONE = frozenset({"message_not_found", "file_deleted", "file_not_found"})
HOSTS = ("files.slack.com",)
LARGEST = 1_000_000_000  # bytes of a file
PAGES = 5  # of 200 posts each, when looking whether a post already arrived
METADATA = "shopbell_delivery"


class App(Frozen):
    """What the shop sets for one Slack app."""

    signing_secret: LiveSecret = secret("Signing secret, Basic Information page of the Slack app", inbound=True)
    bot_token: LiveSecret = secret("Bot token (xoxb-…), OAuth & Permissions page of the Slack app", outbound=True)
    api_url: str = setting("where Slack's API is", default="https://slack.com/api", outbound=True)


class Refused(SendFailed):
    """Slack's no, by its `code`."""

    def __init__(self, failure: SendFailed, code: str) -> None:
        super().__init__(failure.reason, failure.outcome, failure.retry_after)
        self.code = code


class Told(NamedTuple):
    """What was said of a message: that it was written, changed or deleted; `version` tells two changes apart."""

    event: dict[str, Any]
    post: dict[str, Any]
    kind: Kind
    version: str = ""


def verify(request: Request, config: App) -> Response | None:
    """HMAC-SHA256 over version, time and body; at most five minutes old. The URL check is signed as well."""
    seconds = request.header("x-slack-request-timestamp")
    content = b"v0:" + seconds.encode("utf-8", "surrogatepass") + b":" + request.body
    theirs = [request.header("x-slack-signature")]
    if not signing.fresh(seconds, request.at) or not signing.signed(
        config.signing_secret, content, theirs, prefix="v0="
    ):
        raise BadSignature
    return _challenge(request)


def call(method: str, config: App, done: frozenset[str] = frozenset(), **rest: Any) -> dict[str, Any]:
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


def posted(said: dict[str, Any], name: str = "ts") -> str:
    """`channel:ts` of what was posted. Raises SendFailed where the answer does not say."""
    if not said.get("channel") or not said.get(name):
        raise SendFailed("Slack: an answer without the post's id", Outcome.UNKNOWN)
    return f"{said['channel']}:{said[name]}"


def metadata(key: str) -> dict[str, Any]:
    """What makes a post of ours known again; nobody sees it."""
    return {"event_type": METADATA, "event_payload": {"key": key}}


def find(where: str, thread: str, key: str, since: datetime | None, config: App) -> str | None:
    """Our post by the key in its metadata, in a thread or in the channel; None if it is not there."""
    query = {"channel": where, "limit": "200", "include_all_metadata": "true", **({"ts": thread} if thread else {})}
    if since:
        query["oldest"] = f"{since.timestamp() - 60:.6f}"  # our clocks may differ by a minute
    for _ in range(PAGES):
        said = call("conversations.replies" if thread else "conversations.history", config, query=query)
        for old in messages(said):
            if old.get("metadata", {}).get("event_payload", {}).get("key") == key:
                return f"{where}:{old['ts']}"
        query["cursor"] = said.get("response_metadata", {}).get("next_cursor", "")
        if not query["cursor"]:
            return None
    raise SendFailed("Slack: too many posts to look through", Outcome.UNKNOWN)


def messages(said: dict[str, Any]) -> list[dict[str, Any]]:
    """The posts in an answer."""
    found = said.get("messages")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def share(file: Content, where: str, thread: str, comment: str, config: App) -> str:
    """Share a file: only the last of three calls is seen by anybody. Returns the file's id."""
    with api.repeatable():
        place = call("files.getUploadURLExternal", config, form={"filename": file.name, "length": len(file.data)})
        target = download.allowed(str(place.get("upload_url")), HOSTS, download.moved(config))
        api.refuse(api.call("POST", target.url, body=file.data), "Slack: the file was not taken")
    shared: dict[str, Any] = {"files": [{"id": place.get("file_id"), "title": file.name}], "channel_id": where}
    shared |= {"thread_ts": thread} if thread else {}
    shared |= {"initial_comment": comment} if comment else {}
    call("files.completeUploadExternal", config, json=shared)
    return str(place.get("file_id"))


def fetch(attachment: Attachment, config: App, limit: int) -> Content:
    """A file that somebody added. Where the app lacks the scope for it, Slack shows a page to log in."""
    headers = {"Authorization": f"Bearer {current(config.bot_token)}"}
    own = download.moved(config)
    answer = download.get(attachment.reference, hosts=HOSTS, own=own, limit=limit, headers=headers)
    page = answer.headers.get("content-type", "").startswith("text/html")
    if page and not attachment.type.startswith("text/html"):
        raise SendFailed("Slack does not hand it out; the app needs the scope files:read", Outcome.REFUSED)
    return download.content(attachment, answer)


def change(refers: str, anew: dict[str, Any] | None, config: App) -> str:
    """Write a post of ours (`channel:ts`) anew, or take it back; or a file, whose id has no channel in it."""
    where, _, ts = refers.partition(":")
    if not ts:
        call("files.delete", config, GONE, json={"file": where})
    elif anew is None:
        call("chat.delete", config, GONE, json={"channel": where, "ts": ts})
    else:
        call("chat.update", config, json={**anew, "channel": where, "ts": ts})
    return refers


def told(outer: dict[str, Any]) -> Told | None:
    """What an event tells of a message; None for all else. Raises KeyError and the like for one without its fields.

    https://docs.slack.dev/reference/events/message
    """
    event = outer.get("event")
    if outer.get("type") != "event_callback" or not isinstance(event, dict) or event.get("type") != "message":
        return None
    if event.get("subtype") == "message_changed":
        if event["message"].get("text") == event.get("previous_message", {}).get("text"):
            return None  # merely unfurled
        version = event["message"].get("edited", {}).get("ts") or event["ts"]
        return Told(event, event["message"], Kind.EDIT, version)
    if event.get("subtype") == "message_deleted":
        return Told(event, event["previous_message"], Kind.DELETE)
    return Told(event, event, Kind.MESSAGE) if event.get("subtype") in WRITTEN else None


def installed(outer: dict[str, Any]) -> dict[str, Any]:
    """The installation that may see an event: its team is the one that installed the app."""
    authorizations = outer.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    return first if isinstance(first, dict) else {}


def teams(outer: dict[str, Any], post: dict[str, Any]) -> tuple[str, set[str]]:
    """Our own team, and others that the writer belongs to.

    In a shared channel the event's own `team` is not to be relied on: these two fields are.
    """
    home = installed(outer).get("team_id") or outer.get("team_id")
    return str(home or ""), {str(one) for one in (post.get("user_team"), post.get("source_team")) if one} - {home}


def attachments(post: dict[str, Any]) -> Iterator[Attachment]:
    for file in post.get("files") or []:
        size = file.get("size")
        yield Attachment(
            name=str(file.get("name", "")),
            type=str(file.get("mimetype", "")),
            size=size if isinstance(size, int) else None,
            reference=str(file.get("url_private_download", "")),
        )


def plain(text: str) -> str:
    """Slack's markup as a person should read it: links by their address, entities as characters."""
    text = re.sub(r"<(?:mailto:|tel:)[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(https?://[^|>]+)(?:\|[^>]*)?>", r"\1", text)
    text = re.sub(r"<[@#!][^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<([@#!][^>]*)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    """Words of people, in which nothing is markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _challenge(request: Request) -> Response | None:
    if b"url_verification" not in request.body:
        return None
    try:
        outer = request.json_object()
    except Unreadable:
        return None
    return Response(body=str(outer.get("challenge", ""))[:500]) if outer.get("type") == "url_verification" else None
