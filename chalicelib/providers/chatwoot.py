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
attachment.rb, app/listeners, app/builders/messages): what is signed, held, taken and refused. Nothing was ever tried.

A person is who writes from one place: a browser, a number. Chatwoot takes several places for one contact by an address
that somebody typed, so its contact proves nothing. What agents and bots write there, also what we wrote, is an echo.
That a customer's message was changed is told without saying what was, so deleting alone is taken from it.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib import download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Kind, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, with_typed
from chalicelib.service import Service
from chalicelib.webhook import Request, moment, reads

channel = Channel.WEBCHAT
# Chatwoot takes 150,000 characters, but hands them on to networks that take no more than this
can = Can(text=4096, covers=frozenset({Cover.BODY, Cover.TIME}), files=1, file_size=40_000_000, receipts=True)
FLOODED = "Validation failed: Too many messages"  # in one conversation within a minute
PROGRESS = {"delivered": Progress.DELIVERED, "read": Progress.READ, "failed": Progress.FAILED}


class Config(Frozen):
    signing_secret: LiveSecret = secret("the webhook's Secret, Settings, Integrations, Webhooks", inbound=True)
    access_token: LiveSecret = secret("Access token, Profile settings of the agent that answers", outbound=True)
    account_id: str = setting("the number after /accounts/ in Chatwoot's own address", outbound=True)
    file_hosts: str = setting("more hosts that files may lie at; spaces between them", outbound=True, optional=True)
    api_url: str = setting("where your Chatwoot is", default="https://app.chatwoot.com", outbound=True)


def verify(request: Request, config: Config) -> None:
    """HMAC-SHA256 over time, dot and raw body; at most five minutes old."""
    seconds, theirs = request.header("x-chatwoot-timestamp"), [request.header("x-chatwoot-signature")]
    content = seconds.encode("utf-8", "surrogatepass") + b"." + request.body
    signed = signing.signed(config.signing_secret, content, theirs, prefix="sha256=")
    if not signed or not signing.fresh(seconds, request.at):
        raise BadSignature


@reads("a Chatwoot webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """What a customer wrote or somebody deleted of it, or how far an answer has come. Other events are not for us."""
    return list(_read(request.json_object(), request.account))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text or file into the conversation they wrote in last; returns its id."""
    conversation, file = outgoing.context.get("conversation"), outgoing.file
    if not conversation:
        raise SendFailed("Chatwoot: it is not known in which conversation they are", Outcome.REFUSED)
    post = {"content": outgoing.text, "message_type": "outgoing", "private": "false"}
    parts = {"attachments[]": (file.name, file.data, file.type)} if file else {}
    body: dict[str, Any] = {"form": post, "files": parts} if file else {"json": post}
    path = f"/api/v1/accounts/{config.account_id}/conversations/{conversation}/messages"
    headers = {"api_access_token": current(config.access_token)}
    return CHATWOOT.id_in(CHATWOOT.call("POST", path, config, headers=headers, **body), "id", kind=int)


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    return download.fetched(attachment, ("app.chatwoot.com", *config.file_hosts.lower().split()), config, limit)


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
            yield Message(**_about(said, account), **_written(said, author, attributes))
    elif way == "outgoing" and event == "message_updated":
        yield from _receipt(said, attributes)


def _about(said: dict[str, Any], account: str) -> dict[str, Any]:
    """Whose it is: a place is unique within an inbox, and an inbox within one Chatwoot."""
    conversation = said["conversation"]
    place = conversation["contact_inbox"]["source_id"]
    if not isinstance(place, str) or not place:
        raise ValueError("nobody's")
    sender = Address(channel=channel, id=f"chatwoot{account}:{said['inbox']['id']:d}/{place}")
    context = {"conversation": f"{conversation['id']:d}"}
    return {"provider": "chatwoot", "id": f"{said['id']:d}", "sender": sender, "context": context, "source": said}


def _written(said: dict[str, Any], author: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    files = said.get("attachments") or []
    titles = [one.get("fallback_title") for one in files if one["file_type"] in ("contact", "fallback")]  # no files
    attachments = tuple(_attachment(one) for one in files if one["file_type"] != "location" and one.get("data_url"))
    location = next((_location(one) for one in files if one["file_type"] == "location"), None)
    unshown = "" if attachments or location else "(something that Chatwoot does not show)"
    answered = attributes.get("in_reply_to")
    return {
        "name": with_typed(author.get("name") or "", author.get("email") or "", author.get("phone_number") or ""),
        "text": said.get("content") or ", ".join(filter(None, titles)) or unshown,
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


def _attachment(file: dict[str, Any]) -> Attachment:
    name = download.name_of(file["data_url"])
    return Attachment(name=name, size=file.get("file_size"), reference=file["data_url"])


def _location(place: dict[str, Any]) -> Location:
    name = place.get("fallback_title") or ""
    return Location(latitude=place["coordinates_lat"], longitude=place["coordinates_long"], name=name)


def _error(said: dict[str, Any]) -> tuple[str | None, str]:
    words = next((one for one in (said.get("error"), said.get("message")) if isinstance(one, str)), "")
    return words if words == FLOODED else None, words


CHATWOOT = Service("Chatwoot", _error, {FLOODED: Outcome.NOT_SENT})
