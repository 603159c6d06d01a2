"""Zendesk messaging (Sunshine Conversations): its web widget, and the channels that are connected to it.

1. Zendesk Admin Center, Apps and integrations, Integrations, Conversations integrations, Create integration: Webhook
   endpoint URL {url}, Webhook subscriptions: Conversation message, Postback, Read receipt, Message delivery user and
   failure. Include: Full user. (It takes a Suite Professional or more.)
2. The page then shows the webhook's shared secret, and the integration's App ID, Key ID and Secret key: once.
3. Leave the integration out of the switchboard: so it hears of all conversations, and takes none from anybody.

All of it: https://github.com/zendesk/sunshine-conversations-api-spec (also https://developer.zendesk.com/api-reference)
Setting up: https://support.zendesk.com/hc/en-us/articles/4576083789850

Confirmed by sunshine-conversations-client 17: what its events hold, and what it takes. By Zendesk's specification of
June 2026: how a webhook is proved, five attempts within 15 minutes and none after a 401. Not confirmed: the hosts of
files.

That two people turned out to be one (user:merge) is not taken: what they write next comes from the one that is left,
and an agent can link the two.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from chalicelib import api, download, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Location, Message, Progress, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen
from chalicelib.service import Service
from chalicelib.webhook import MALFORMED, Request, each, moment, reads, word

channel = Channel.WEBCHAT
can = Can(text=4096, covers=frozenset({Cover.CREDENTIAL}), files=1, file_size=50_000_000, receipts=True)
verify = proofs.shown("webhook_secret", "x-api-key")
FILE_HOSTS = (".smooch.io",)  # beside the shop's own at Zendesk


class Config(Frozen):
    webhook_secret: LiveSecret = secret("the webhook's shared secret, on the integration's page", inbound=True)
    app_id: str = setting("App ID, on the integration's page", outbound=True)
    key_id: str = setting("Key ID of the integration's API key", outbound=True)
    key_secret: LiveSecret = secret("its Secret key", outbound=True)
    api_url: str = setting("where your Zendesk is: https://YOURS.zendesk.com/sc", outbound=True)


@reads("a Sunshine Conversations webhook")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """Every event of a webhook; those of other kinds say nothing to us."""
    return each(request.json_object()["events"], _read, "a Sunshine Conversations webhook without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text or file into the conversation; returns its id. A file is uploaded before, which nobody sees."""
    file = outgoing.file
    content = _uploaded(outgoing, file, config) if file else {"type": "text", "text": outgoing.text}
    body = {"author": {"type": "business"}, "content": content, "metadata": {"key": outgoing.key}}
    return ZENDESK.id_in(_call("POST", _messages(outgoing, config), config, json=body), "messages", 0, "id")


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our message among the last hundred, by the key in its metadata."""
    with api.repeatable():
        said = _call("GET", _messages(outgoing, config), config)
    try:
        ours = [one["id"] for one in said["messages"] if (one.get("metadata") or {}).get("key") == outgoing.key]
        return word(ours[-1]) if ours else None
    except MALFORMED:
        raise SendFailed("Zendesk: a search without result", Outcome.NOT_SENT) from None


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file; a private one lies at the shop's own address, and takes the key."""
    private = urlsplit(attachment.reference)[:2] == urlsplit(config.api_url)[:2]  # scheme and host
    auth = _auth(config) if private else None
    answer = download.get(attachment.reference, hosts=FILE_HOSTS, own=config.api_url, limit=limit, auth=auth)
    return download.content(attachment, answer)


def _read(event: dict[str, Any]) -> list[Message | Receipt]:
    read = EVENTS.get(event["type"])
    return list(read(event["payload"], event)) if read else []


def _written(payload: dict[str, Any], event: dict[str, Any]) -> Iterator[Message | Receipt]:
    """What a customer wrote; the shop's own words, and those of a bot, are `business`."""
    message = payload["message"]
    author, content = message["author"], message["content"]
    if author["type"] != "user":
        return
    yield Message(
        provider="zendesk_messaging",
        id=word(message["id"]),
        sender=_address(author["userId"]),
        name=author.get("displayName") or "",
        language=_locale(author.get("user") or {}),
        **_content(content),
        reply_to=((message.get("quotedMessage") or {}).get("message") or {}).get("id") or "",
        sent_at=moment(message.get("received")),
        context={"conversation": word(payload["conversation"]["id"])},
        source=event,
    )


def _pressed(payload: dict[str, Any], event: dict[str, Any]) -> Iterator[Message | Receipt]:
    """A button. What comes again has the event's own id."""
    choice = payload["postback"]["payload"]
    yield Message(
        provider="zendesk_messaging",
        id=word(event["id"]),
        sender=_address(payload["user"]["id"]),
        language=_locale(payload["user"]),
        text=choice,
        choice=choice,
        sent_at=moment(event.get("createdAt")),
        context={"conversation": word(payload["conversation"]["id"])},
        source=event,
    )


def _seen(payload: dict[str, Any], event: dict[str, Any]) -> Iterator[Message | Receipt]:
    """A customer has read all that stands there."""
    author, until = payload["activity"]["author"], moment(event["createdAt"])
    if author["type"] == "user" and until:
        yield _receipt(Progress.READ, event, reader=_address(author["userId"]), before=until)


def _delivered(payload: dict[str, Any], event: dict[str, Any]) -> Iterator[Message | Receipt]:
    yield _receipt(Progress.DELIVERED, event, ids=(word(payload["message"]["id"]),))


def _failed(payload: dict[str, Any], event: dict[str, Any]) -> Iterator[Message | Receipt]:
    reason = str(payload["error"].get("message") or payload["error"].get("code") or "")[:200]
    yield _receipt(Progress.FAILED, event, ids=(word(payload["message"]["id"]),), reason=reason)


EVENTS = {
    "conversation:message": _written,
    "conversation:postback": _pressed,
    "conversation:read": _seen,
    "conversation:message:delivery:user": _delivered,
    "conversation:message:delivery:failure": _failed,
}


def _receipt(progress: Progress, event: dict[str, Any], **about: Any) -> Receipt:
    return Receipt(provider="zendesk_messaging", progress=progress, source=event, **about)


def _content(content: dict[str, Any]) -> dict[str, Any]:
    """What each kind of content means. Of a kind that is not known here it is only told that it came."""
    kind, text = content["type"], content.get("text") or ""
    match kind:
        case "text":
            return {"text": text, "choice": content.get("payload") or ""}
        case "image" | "file":
            return {"text": text, "attachments": (_attachment(content),)}
        case "location":
            place, about = content["coordinates"], content.get("location") or {}
            name = ", ".join(filter(None, [about.get("name"), about.get("address")]))
            return {"location": Location(latitude=place["lat"], longitude=place["long"], name=name)}
        case "formResponse":
            return {"text": content.get("textFallback") or f"(a message of the kind {kind})"}
    return {"text": text or f"(a message of the kind {kind})"}


def _attachment(content: dict[str, Any]) -> Attachment:
    place = word(content["mediaUrl"])
    name = content.get("altText") or download.name_of(place)
    return Attachment(name=name, type=content.get("mediaType") or "", size=content.get("mediaSize"), reference=place)


def _uploaded(outgoing: Outgoing, file: Content, config: Config) -> dict[str, Any]:
    query = {"access": "public", "for": "message", "conversationId": outgoing.context.get("conversation", "")}
    parts = {"source": (file.name, file.data, file.type)}
    with api.repeatable():
        said = _call("POST", f"/v2/apps/{config.app_id}/attachments", config, query=query, files=parts)
        place = ZENDESK.id_in(said, "attachment", "mediaUrl")
    kind = "image" if file.type.startswith("image/") else "file"
    words = {"text": outgoing.text} if outgoing.text else {}
    return {"type": kind, "mediaUrl": place, "altText": file.name, **words}


def _messages(outgoing: Outgoing, config: Config) -> str:
    return f"/v2/apps/{config.app_id}/conversations/{outgoing.context.get('conversation', '')}/messages"


def _call(method: str, path: str, config: Config, **rest: Any) -> dict[str, Any]:
    return ZENDESK.call(method, path, config, auth=_auth(config), **rest)


def _auth(config: Config) -> tuple[str, str]:
    return config.key_id, current(config.key_secret)


def _address(user: Any) -> Address:
    return Address(channel=channel, id=f"zendesk:{word(user)}")


def _locale(user: dict[str, Any]) -> str:
    """What the customer's device is set to, where the webhook holds the full user."""
    return (user.get("profile") or {}).get("locale") or ""


def _error(said: dict[str, Any]) -> tuple[None, str]:
    """Words alone: what became of the message goes by the HTTP status."""
    error = said["errors"][0]
    return None, f"{error['title']} ({error['code']})"


ZENDESK = Service("Zendesk", _error)
