"""Rocket.Chat's live chat: what visitors write in the widget of the shop's own workspace.

1. Manage, Workspace, Users, New user: one for Shopbell, with the roles bot, livechat-agent and livechat-manager.
   Manage, Omnichannel, Agents: add it. Settings, Omnichannel, Routing: Assign new conversations to bot agent.
2. Log in as that user. Account, Personal access tokens, Add, Ignore Two Factor Authentication: token and user id.
3. Manage, Omnichannel, Webhooks: {url}, a secret token of your own, Send Request on: Visitor Messages. Send Test, Save.

Webhook: https://docs.rocket.chat/docs/webhooks  Sending: https://developer.rocket.chat/apidocs/send-message

Confirmed by Rocket.Chat's own sources: what its webhooks hold and how they come again (sendToCRM.ts, webhooks.ts), what
it takes and from whom (chat.ts, sendMessage.ts, canSendMessage.ts), who may fetch a file (FileUpload.ts). Not
confirmed: what becomes of an answer in a chat that somebody closed.

No secret token, no header: then every webhook is refused. An offline message has nobody whom Rocket.Chat would give an
answer to, so it is kept as not understood, and the desk is told.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib import api, canary, download, proofs
from chalicelib.errors import Outcome, Unreadable
from chalicelib.models.inbound import Attachment, Kind, Message
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, digest
from chalicelib.service import Service
from chalicelib.webhook import Request, each, moment, reads, word

channel = Channel.WEBCHAT
# Message_MaxAllowedSize, as a workspace has it at first, counted as JavaScript does
can = Can(text=5000, units=5000, covers=frozenset({Cover.CREDENTIAL}), edit=True, delete=True, files=1)
verify = proofs.shown("secret_token", "x-rocketchat-livechat-token")


class Config(Frozen):
    secret_token: LiveSecret = secret("Secret Token, your own long random word, Omnichannel > Webhooks", inbound=True)
    user_id: str = setting("Shopbell's user id, shown with its personal access token", outbound=True)
    auth_token: LiveSecret = secret("its token: Account > Personal access tokens", outbound=True)
    api_url: str = setting("where your workspace is: https://….rocket.chat", outbound=True)


@reads("a Rocket.Chat webhook")
def parse(request: Request, config: Config) -> list[Message]:
    """What a visitor wrote. Of a chat's other events only those without an answer's address matter."""
    event = request.json_object()
    if event.get("type") == "LivechatOfflineMessage":
        raise Unreadable("an offline message, which cannot be answered here")
    if event.get("type") != "Message":
        return []
    visitor = dict(event["visitor"])
    return each(event["messages"], lambda message: _read(message, visitor), "a Rocket.Chat webhook without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text, or change or take back one; returns `room:message`. The message's id is our own choice."""
    if outgoing.change:
        room, _, message = outgoing.refers.partition(":")
        method, text = ("chat.update", {"text": outgoing.text}) if outgoing.change == "edit" else ("chat.delete", {})
        _call("POST", method, config, json={"roomId": room, "msgId": message, **text})
        return outgoing.refers
    room = outgoing.context.get("room", "")
    post = {"_id": digest(outgoing.key), "rid": room, "msg": outgoing.text}
    said = _call("POST", "chat.sendMessage", config, json={"message": post})
    return f"{room}:{ROCKETCHAT.id_in(said, 'message', '_id')}"


def find(outgoing: Outgoing, config: Config) -> str | None:
    """Look for our message by its id. Of one that is not there Rocket.Chat gives no reason."""
    with api.repeatable():
        said = _call("GET", "chat.getMessage", config, absent=True, query={"msgId": digest(outgoing.key)})
    return f"{outgoing.context.get('room', '')}:{ROCKETCHAT.id_in(said, 'message', '_id')}" if said else None


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file from the workspace, which may be kept for its users."""
    answer = download.get(attachment.reference, hosts=(), own=config.api_url, limit=limit, headers=_headers(config))
    return download.content(attachment, answer)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and the webhook is ours and told of what visitors write."""
    said = _call("GET", "livechat/integrations.settings", config).get("settings")
    found = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    known = {one.get("_id"): one.get("value") for one in found}
    troubles = canary.registered("Rocket.Chat", known.get("Livechat_webhookUrl"), webhook)
    if troubles or known.get("Livechat_webhook_on_visitor_message") is True:
        return troubles
    return [Trouble("Rocket.Chat's webhook is not sent on Visitor Messages")]


def _read(message: dict[str, Any], visitor: dict[str, Any]) -> Iterator[Message]:
    """What a visitor wrote; an agent's words, notes of the system and the pages somebody looked at are not."""
    if "agentId" in message or message.get("closingMessage") or "navigation" in message:
        return
    beside = [str(one.get("description") or "") for one in message.get("attachments") or ()]  # a file
    text, edited = "\n".join(filter(None, [message.get("msg") or "", *beside])), message.get("editedAt")
    yield Message(
        provider="rocketchat",
        kind=Kind.EDIT if edited else Kind.MESSAGE,
        id=word(message["_id"]),
        version=f"{word(edited)} {digest(text)}" if edited else "",
        sender=Address(channel=channel, id=f"rocketchat:{word(visitor['_id'])}"),
        name=visitor.get("name") or "",
        text=text,
        attachments=() if edited else tuple(_attachments(message)),
        sent_at=moment(edited or message.get("ts")),
        context={"room": word(message["rid"])},
        source=message,
    )


def _attachments(message: dict[str, Any]) -> Iterator[Attachment]:
    if upload := message.get("fileUpload"):
        about = {"type": upload.get("type") or "", "size": upload.get("size"), "reference": upload["publicFilePath"]}
        yield Attachment(name=(message.get("file") or {}).get("name") or "", **about)


def _call(method: str, path: str, config: Config, absent: bool = False, **rest: Any) -> dict[str, Any]:
    """One call to the REST API. With `absent` what is not there is no error, but nothing."""
    answer = api.call(method, f"{config.api_url.rstrip('/')}/api/v1/{path}", headers=_headers(config), **rest)
    said = answer.json()
    if absent and answer.status == 400 and said.get("success") is False and not said.get("error"):
        return {}
    ROCKETCHAT.refuse(answer, config)
    if said.get("success") is not True:
        raise ROCKETCHAT.unknown()
    return said


def _headers(config: Config) -> dict[str, str]:
    return {"X-Auth-Token": current(config.auth_token), "X-User-Id": config.user_id}


def _error(said: dict[str, Any]) -> tuple[Any, Any]:
    return said.get("errorType"), said.get("error") or said.get("message")


ROCKETCHAT = Service("Rocket.Chat", _error, {"error-too-many-requests": Outcome.NOT_SENT})
