"""Telegram's part of the outside world: the Bot API as far as a shop's bot uses it.

Three chats answer as such chats do: 400 is not known, 403 has blocked the bot, 410 was deleted. Errors as
https://core.telegram.org/bots/api#making-requests and the API server's own source have them.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from infra.world import Reply, Sent, World, reply

LONGEST = 4096  # characters, not UTF-16 units
BOT = {"id": 7001, "is_bot": True, "first_name": "Shopbell", "username": "shopbell_bot"}
NOT_FOUND = (400, "Bad Request: chat not found")
REFUSED = {
    "400": NOT_FOUND,
    "403": (403, "Forbidden: bot was blocked by the user"),
    "410": (403, "Forbidden: user is deactivated"),
}


def answer(sent: Sent, world: World) -> Reply:
    """/bot<token>/<method>, parameters as JSON, form or query."""
    token, _, method = unquote(sent.path.strip("/")).removeprefix("bot").partition("/")
    if not method or ":" not in token:
        return _error(404, "Not Found")
    if token not in _tokens(world.credentials):
        return _error(401, "Unauthorized")
    if method.lower() == "getme":
        return reply({"ok": True, "result": BOT})
    if method.lower() != "sendmessage":
        return _error(404, "Not Found: method not found")
    return _message(_parameters(sent), world)


def _message(given: Mapping[str, Any], world: World) -> Reply:
    chat, text = str(given.get("chat_id", "")), given.get("text")
    refused = _refused(chat, text)
    if refused:
        return _error(*refused)
    number = world.number()
    world.note(part="telegram", what="message", to=chat, text=text, id=f"{chat}:{number}", raw=dict(given))
    result = {
        "message_id": number,
        "from": BOT,
        "chat": {"id": int(chat), "first_name": "Customer", "type": "private"},
        "date": int(world.now().timestamp()),
        "text": text,
    }
    return reply({"ok": True, "result": result})


def _refused(chat: str, text: Any) -> tuple[int, str] | None:
    if not isinstance(text, str) or not text.strip():
        return 400, "Bad Request: message text is empty"
    if not chat:
        return 400, "Bad Request: chat_id is empty"
    if not (chat.isascii() and chat.isdigit()):
        return NOT_FOUND
    if chat in REFUSED:
        return REFUSED[chat]
    return (400, "Bad Request: message is too long") if len(text) > LONGEST else None


def _parameters(sent: Sent) -> dict[str, Any]:
    inside = sent.json() if "json" in sent.headers.get("content-type", "") else sent.form()
    return {**sent.query, **inside}


def _tokens(credentials: Mapping[str, str]) -> set[str]:
    """The bots' tokens, of every account; each may have two live values."""
    given = [
        value
        for name, value in credentials.items()
        if name.startswith("SHOPBELL_TELEGRAM_") and name.endswith("_BOT_TOKEN")
    ]
    return {token for value in given for token in value.split()}


def _error(status: int, description: str) -> Reply:
    return reply({"ok": False, "error_code": status, "description": description}, status)
