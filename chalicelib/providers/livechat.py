"""Visitors of the shop's pages who write in LiveChat's chat.

1. https://platform.text.com/console, Create new app. Building blocks, App Authorization: a Server-side app.
2. Building blocks, Chat Webhooks: {url} as the Webhook URL, a long random word of your own as the Secret key, type
   license, trigger incoming_event with the filter author_type customer. Add another with the same address and key,
   trigger incoming_chat. Then Private installation, Install app.
3. As the agent who is to answer: Settings, Authorization, Personal Access Tokens, Create token, with the scope
   chats--all:rw. It shows the token and the Account ID; agent_id is the agent's mail address.

Confirmed by LiveChat's own pages (https://platform.text.com/docs: webhooks, Agent Chat API). By public clients of it:
how it refuses who is not in a chat. Not confirmed: statuses of other errors, and that files are open to all.

Only who is in a chat may write there, and only while it is open. To ask before would cost each answer a call, and what
is refused nobody saw: so it is sent at once. A closed chat is resumed by one call with the answer in it, never for
nothing. To a chat of others the agent is added, which LiveChat may show in there, and it is sent again.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from chalicelib import api, download, signing
from chalicelib.errors import BadSignature, Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, with_typed
from chalicelib.service import Service
from chalicelib.webhook import Request, each, moment, reads

channel = Channel.WEBCHAT
can = Can(text=16_000, octets=True, covers=frozenset({Cover.CREDENTIAL}), files=1)
fetch = download.by_address("cdn.livechat-files.com/api/file/")
CLOSED, STRANGER = "chat_inactive", "not user of the chat"  # an error's kind, and words of another
JOINING: dict[str, Any] = {"user_type": "agent", "visibility": "all", "ignore_requester_presence": True}
_CUSTOMER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # agents have mail addresses, bots no dashes


class Config(Frozen):
    secret_key: LiveSecret = secret("Secret key of your Chat Webhooks, Building blocks of your app", inbound=True)
    account_id: str = setting("Account ID, shown with the Personal Access Token", outbound=True)
    access_token: LiveSecret = secret("Personal Access Token, Settings > Authorization", outbound=True)
    agent_id: str = setting("mail address of the agent whose token it is", outbound=True)
    api_url: str = setting("where LiveChat's API is", default="https://api.livechatinc.com", outbound=True)


def verify(request: Request, config: Config) -> None:
    """Nothing is signed: the secret key stands in the body."""
    if not signing.held(config.secret_key, request, "secret_key"):
        raise BadSignature


def bare(request: Request) -> Request:
    return request.without("secret_key")


@reads("a LiveChat webhook")
def parse(request: Request, config: Config) -> list[Message]:
    """What a customer wrote: one event, or those that a chat begins with. Other webhooks are not for us."""
    said = request.json_object()
    if said["action"] not in ("incoming_event", "incoming_chat"):
        return []
    new = said["payload"]
    chat = new.get("chat") or {"id": new["chat_id"], "thread": {"events": [new["event"]]}}
    people = {one["id"]: with_typed(one.get("name") or "", one.get("email") or "") for one in chat.get("users", ())}
    events, read = (chat.get("thread") or {}).get("events") or (), partial(_read, chat["id"], people)
    return each(events, read, "a LiveChat webhook without its fields")


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text into the chat they wrote in last, whatever that takes; returns the event's id."""
    chat, event = outgoing.context.get("chat"), {"type": "message", "text": outgoing.text}
    if not chat:
        raise SendFailed("LiveChat: it is not known in which chat they are", Outcome.REFUSED)
    said = _call("send_event", config, stops=True, chat_id=chat, event=event)
    kind, words = _error(said)
    if kind == CLOSED:
        users = [{"id": outgoing.to.removeprefix("livechat:"), "type": "customer"}]
        said = _call("resume_chat", config, chat={"id": chat, "users": users, "thread": {"events": [event]}})
    elif STRANGER in words:
        with api.repeatable():
            _call("add_user_to_chat", config, chat_id=chat, user_id=config.agent_id, **JOINING)
        said = _call("send_event", config, chat_id=chat, event=event)
    ids = said.get("event_ids") or [said.get("event_id")]
    return LIVECHAT.id_in(ids if isinstance(ids, list) else [], 0)


def _read(chat: str, people: Mapping[str, str], event: dict[str, Any]) -> Iterator[Message]:
    """A customer's words, file or filled form. The system's events have no author; other kinds are made by apps."""
    author, kind, pressed = event.get("author_id") or "", event["type"], event.get("postback") or {}
    if _CUSTOMER.fullmatch(author) and kind in ("message", "file", "filled_form"):
        file = {"name": event.get("name") or "", "type": event.get("content_type") or "", "size": event.get("size")}
        yield Message(
            provider="livechat",
            id=event["id"],
            sender=Address(channel=channel, id=f"livechat:{author}"),
            name=people.get(author, ""),
            text=event["text"] if kind == "message" else "\n".join(map(_line, event.get("fields") or ())),
            attachments=(Attachment(reference=event["url"], **file),) if kind == "file" else (),
            choice=pressed.get("id") or "",
            reply_to=pressed.get("event_id") or "",
            sent_at=moment(event.get("created_at")),
            context={"chat": chat},
            source=event,
        )


def _line(field: dict[str, Any]) -> str:
    """A field of a form; of choices it holds the labels."""
    answers = field.get("answers") or [field.get("answer") or ""]
    return f"{field['label']} {', '.join(one['label'] if isinstance(one, dict) else one for one in answers)}".strip()


def _call(action: str, config: Config, stops: bool = False, **fields: Any) -> dict[str, Any]:
    """What LiveChat answers; with `stops` also an error by which the chat is closed, or the agent not in it."""
    auth = (config.account_id, current(config.access_token))
    answer = api.call("POST", f"{config.api_url}/v3.6/agent/action/{action}", auth=auth, json=fields)
    kind, words = _error(answer.json())
    if not stops or (kind != CLOSED and STRANGER not in words):
        LIVECHAT.refuse(answer, config)
    return answer.json()


def _error(said: dict[str, Any]) -> tuple[Any, str]:
    error = said["error"] if isinstance(said.get("error"), dict) else {}
    return error.get("type"), str(error.get("message") or "")


LIVECHAT = Service("LiveChat", _error, {"too_many_requests": Outcome.NOT_SENT, "request_timeout": Outcome.UNKNOWN})
