"""Whoever writes to the shop through Chatwoot: its live chat, its API inboxes and the networks behind it.

1. Chatwoot, Settings, Integrations, Webhooks, Configure, Add new webhook: {url}, with the events Message created and
   Message updated. Its Secret is the signing secret (from 4.11.2 on: older ones sign nothing, and are not taken).
2. An API inbox may call it as well: Settings, Inboxes, the inbox, Settings: Webhook URL (signed from 4.13 on). It has a
   secret of its own: both stand in the setting, with a space between them.
3. Profile settings of the agent that is to answer: its Access token. The agent has to be in the inboxes.
4. The account's number stands in Chatwoot's own address, after /accounts/.

Webhooks: https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks
Signature: https://github.com/chatwoot/chatwoot/pull/13573 and /pull/13892
Sending: https://developers.chatwoot.com/api-reference/messages/create-new-message

Confirmed by Chatwoot's pull requests and code of its forks (lib/webhooks/trigger.rb, app/models/message.rb and
attachment.rb, app/listeners, app/builders/messages): what is signed, what a webhook holds, what is taken and refused.
Nothing was ever tried.

A person is who writes from one place: a browser, a number. Chatwoot takes several places for one contact by an address
that somebody typed, so its contact proves nothing. What agents and bots write there, also what we wrote, is an echo.
That a customer's message was changed is told without saying what was, so deleting alone is taken from it.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from chalicelib import api, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, with_typed
from chalicelib.webhook import MALFORMED, Request, moment

channel = Channel.WEBCHAT
can = Can(
    text=4096,  # Chatwoot takes 150,000, but hands them on to networks that take no more than this
    covers=frozenset({Cover.BODY, Cover.TIME}),
    files=1,
    file_size=40_000_000,
    receipts=True,
)
FILE_HOSTS = ("app.chatwoot.com",)

LONGEST = 200  # characters of Chatwoot's own words that an agent is shown
FLOODED = "Validation failed: Too many messages"  # in one conversation within a minute
OUTCOMES = {FLOODED: Outcome.NOT_SENT}
PROGRESS = {"delivered": Progress.DELIVERED, "read": Progress.READ, "failed": Progress.FAILED}
TITLED = ("contact", "fallback")  # attachments that are words and no file
UNSHOWN = "(something that Chatwoot does not show)"


class Config(Frozen):
    signing_secret: LiveSecret = secret("the webhook's Secret, Settings, Integrations, Webhooks", inbound=True)
    access_token: LiveSecret = secret("Access token, Profile settings of the agent that answers", outbound=True)
    account_id: str = setting("the number after /accounts/ in Chatwoot's own address", outbound=True)
    file_hosts: str = setting(
        "hosts that attachments may be fetched from, beside Chatwoot's own; spaces between them",
        outbound=True, optional=True,
    )  # fmt: skip
    api_url: str = setting("where your Chatwoot is", default="https://app.chatwoot.com", outbound=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA256 over time, dot and raw body; at most five minutes old."""
    seconds, theirs = request.header("x-chatwoot-timestamp"), [request.header("x-chatwoot-signature")]
    content = seconds.encode("utf-8", "surrogatepass") + b"." + request.body
    signed = signing.signed(config.signing_secret, content, theirs, prefix="sha256=")
    if not signed or not signing.fresh(seconds, request.at):
        raise BadSignature


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """What a customer wrote or somebody deleted of it, or how far an answer has come. Other events are not for us."""
    said = request.json_object()
    try:
        return list(_read(said, request.account))
    except MALFORMED as error:
        raise Unreadable("a Chatwoot webhook without its fields") from error


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text or file into the conversation they wrote in last; returns its id."""
    conversation, file, token = outgoing.context.get("conversation"), outgoing.file, current(config.access_token)
    if not conversation:
        raise SendFailed("Chatwoot: it is not known in which conversation they are", Outcome.REFUSED)
    post = {"content": outgoing.text, "message_type": "outgoing", "private": "false"}
    body: dict[str, Any] = {"json": post}
    if file:
        body = {"form": post, "files": {"attachments[]": (file.name, file.data, file.type)}}
    url = f"{config.api_url}/api/v1/accounts/{config.account_id}/conversations/{conversation}/messages"
    answer = api.call("POST", url, headers={"api_access_token": token}, **body)
    said = answer.json()
    words = next((one for one in (said.get("error"), said.get("message")) if isinstance(one, str)), "")
    reason = words.replace(token, "…")[:LONGEST] or answer.status
    api.refuse(answer, f"Chatwoot: {reason}", OUTCOMES, words if words in OUTCOMES else None)
    if not isinstance(said.get("id"), int):
        raise SendFailed("Chatwoot: an answer that cannot be read", Outcome.UNKNOWN)
    return f"{said['id']:d}"


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file from Chatwoot, or from where it keeps them; its address is the proof."""
    hosts = (*FILE_HOSTS, *config.file_hosts.lower().split())
    return download.fetched(attachment, hosts, config, limit)


def _read(said: dict[str, Any], account: str) -> Iterator[Message | Receipt]:
    """Who wrote it stands in two places: an agent may write `incoming` by the API, but not as a contact."""
    event, way = said["event"], said.get("message_type")
    if event not in ("message_created", "message_updated") or said.get("private"):
        return
    author, attributes = said.get("sender") or {}, said.get("content_attributes") or {}
    if way == "incoming" and (author.get("type") or "contact") == "contact":
        if attributes.get("deleted") is True:
            yield Message(kind=Kind.DELETE, **_about(said, account))
        elif event == "message_created":
            yield Message(name=_name(author), **_about(said, account), **_written(said, attributes))
    elif way == "outgoing" and event == "message_updated":
        yield from _receipt(said, attributes)


def _about(said: dict[str, Any], account: str) -> dict[str, Any]:
    """Whose it is: a place is unique within an inbox, and an inbox within one Chatwoot."""
    conversation = said["conversation"]
    place = conversation["contact_inbox"]["source_id"]
    if not isinstance(place, str) or not place:
        raise ValueError("nobody's")
    return {
        "provider": "chatwoot",
        "id": f"{said['id']:d}",
        "sender": Address(channel=channel, id=f"chatwoot{account}:{said['inbox']['id']:d}/{place}"),
        "context": {"conversation": f"{conversation['id']:d}"},
        "source": said,
    }


def _written(said: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    files = said.get("attachments") or []
    titles = [one["fallback_title"] for one in files if one["file_type"] in TITLED and one.get("fallback_title")]
    attachments = tuple(_attachment(one) for one in files if one["file_type"] != "location" and one.get("data_url"))
    location = next((_location(one) for one in files if one["file_type"] == "location"), None)
    text = said.get("content") or ", ".join(titles)
    answered = attributes.get("in_reply_to")
    return {
        "text": text or ("" if attachments or location else UNSHOWN),
        "attachments": attachments,
        "location": location,
        "reply_to": f"{answered:d}" if answered else "",
        "language": (said["conversation"].get("additional_attributes") or {}).get("browser_language") or "",
        "automatic": bool((attributes.get("email") or {}).get("auto_reply")),
        "sent_at": moment(said.get("created_at")),
    }


def _receipt(said: dict[str, Any], attributes: dict[str, Any]) -> Iterator[Receipt]:
    """Its status stands in the conversation alone, which holds its last message."""
    shown = [one.get("status") for one in said["conversation"].get("messages") or [] if one["id"] == said["id"]]
    for progress in filter(None, map(PROGRESS.get, shown)):
        reason = attributes.get("external_error") or "" if progress is Progress.FAILED else ""
        yield Receipt(provider="chatwoot", progress=progress, ids=(f"{said['id']:d}",), reason=reason, source=said)


def _name(author: dict[str, Any]) -> str:
    return with_typed(author.get("name") or "", author.get("email") or "", author.get("phone_number") or "")


def _attachment(file: dict[str, Any]) -> Attachment:
    """Its name stands at the end of its address."""
    place = file["data_url"]
    name = unquote(place.partition("?")[0].rpartition("/")[2])
    return Attachment(name=name, size=file.get("file_size"), reference=place)


def _location(place: dict[str, Any]) -> Location:
    name = place.get("fallback_title") or ""
    return Location(latitude=place["coordinates_lat"], longitude=place["coordinates_long"], name=name)
