"""Telegram's part of the outside world: the Bot API as far as a shop's bot uses it.

`world.state["telegram"]` holds what the bot sent, to be edited or deleted, `webhook` and `secret_token` as they were
set, and `info`, what more getWebhookInfo tells.
Three chats answer as such chats do: 400 is not known, 403 has blocked the bot, 410 was deleted. Errors as
https://core.telegram.org/bots/api#making-requests and the API server's own source have them.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from infra.world import File, Reply, Sent, World, handed_out, reply

LONGEST, LONGEST_CAPTION = 4096, 1024  # characters, not UTF-16 units
LARGEST_IN, LARGEST_OUT = 20_000_000, 50_000_000  # bytes of a file that a bot may fetch, and send
WEBHOOK = re.compile(r"https://[^/:]+(:(80|88|443|8443))?(/.*)?")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
DELETABLE = 48 * 3600  # seconds
SAME = "specified new message content and reply markup are exactly the same as a current content of the message"
BOT = {"id": 7001, "is_bot": True, "first_name": "Shopbell", "username": "shopbell_bot"}
NOT_FOUND = (400, "Bad Request: chat not found")
REFUSED = {
    "400": NOT_FOUND,
    "403": (403, "Forbidden: bot was blocked by the user"),
    "410": (403, "Forbidden: user is deactivated"),
}


def answer(sent: Sent, world: World) -> Reply:
    """/bot<token>/<method>, parameters as JSON, form or query; /file/bot<token>/<path> of a file."""
    whole = unquote(sent.path.strip("/"))
    token, _, method = whole.removeprefix("file/").removeprefix("bot").partition("/")
    if not method or ":" not in token:
        return _error(404, "Not Found")
    if token not in _tokens(world.credentials):
        return _error(401, "Unauthorized")
    if whole.startswith("file/"):
        return handed_out(world.held("telegram", method.removeprefix("documents/")))
    match method.lower():
        case "getme" | "getwebhookinfo" as asked:
            return reply({"ok": True, "result": BOT if asked == "getme" else _webhook(token, world)})
        case "senddocument":
            return _document(sent.parts(), world)
        case asked if asked in METHODS:
            return METHODS[asked](_parameters(sent), world)
        case _:
            return _error(404, "Not Found: method not found")


def _set_webhook(given: Mapping[str, Any], world: World) -> Reply:
    """https://core.telegram.org/bots/api#setwebhook; an empty address takes it back."""
    url, secret = given.get("url", ""), given.get("secret_token", "")
    if url and not WEBHOOK.fullmatch(url):
        return _error(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not SECRET.fullmatch(secret):
        return _error(400, "Bad Request: secret token contains unallowed characters")
    allowed = given.get("allowed_updates", "[]")
    try:
        named = json.loads(allowed) if isinstance(allowed, str) else allowed
    except ValueError:
        return _error(400, "Bad Request: can't parse allowed updates JSON object")
    info = {"allowed_updates": named} if named else {}  # none named are all but some
    world.state.setdefault("telegram", {}).update(webhook=url, secret_token=secret, info=info)
    return reply({"ok": True, "result": True, "description": "Webhook was set"})


def _webhook(token: str, world: World) -> dict[str, Any]:
    url = world.registered("telegram", token)
    more = world.state.get("telegram", {}).get("info", {})
    return {"url": url, "has_custom_certificate": False, "pending_update_count": 0, **more}


def _place(given: Mapping[str, Any], world: World) -> Reply:
    """Where a file lies, for an hour."""
    id = str(given.get("file_id", ""))
    file = world.held("telegram", id)
    if file is None:
        return _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    if len(file.content) > LARGEST_IN:
        return _error(400, "Bad Request: file is too big")
    about = {"file_id": id, "file_size": len(file.content), "file_path": f"documents/{id}"}
    return reply({"ok": True, "result": about})


def _document(parts: Mapping[str, File], world: World) -> Reply:
    chat, caption = (parts[name].content.decode() if name in parts else "" for name in ("chat_id", "caption"))
    file = parts.get("document")
    if file is None or not file.content:
        return _error(400, "Bad Request: there is no document in the request")
    refused = _refused(chat, caption or "-")
    if refused:
        return _error(*refused)
    if len(caption) > LONGEST_CAPTION:
        return _error(400, "Bad Request: message caption is too long")
    if len(file.content) > LARGEST_OUT:
        return _error(413, "Request Entity Too Large")
    number = world.number()
    text = "\n".join(filter(None, [file.name, caption]))
    raw = {"name": file.name, "type": file.type, "size": len(file.content)}
    _posts(world)[f"{chat}:{number}"] = {"date": int(world.now().timestamp())}
    world.note(part="telegram", what="file", to=chat, text=text, id=f"{chat}:{number}", raw=raw)
    about = {"file_name": file.name, "mime_type": file.type, "file_size": len(file.content), "file_id": f"BQ{number}"}
    return reply({"ok": True, "result": _sent(chat, number, world) | {"document": about}})


def _message(given: Mapping[str, Any], world: World) -> Reply:
    chat, text = str(given.get("chat_id", "")), given.get("text")
    refused = _refused(chat, text)
    if refused:
        return _error(*refused)
    number = world.number()
    world.note(part="telegram", what="message", to=chat, text=text, id=f"{chat}:{number}", raw=dict(given))
    _posts(world)[f"{chat}:{number}"] = {"text": text, "date": int(world.now().timestamp())}
    return reply({"ok": True, "result": _sent(chat, number, world) | {"text": text}})


def _sent(chat: str, number: int, world: World) -> dict[str, Any]:
    return {
        "message_id": number,
        "from": BOT,
        "chat": {"id": int(chat), "first_name": "Customer", "type": "private"},
        "date": int(world.now().timestamp()),
    }


def _edit(given: Mapping[str, Any], world: World) -> Reply:
    chat, number, text = str(given.get("chat_id", "")), str(given.get("message_id", "")), given.get("text")
    refused, post = _refused(chat, text), _posts(world).get(f"{chat}:{number}")
    if refused:
        return _error(*refused)
    if post is None:
        return _error(400, "Bad Request: message to edit not found")
    if "text" not in post:
        return _error(400, "Bad Request: there is no text in the message to edit")
    if post["text"] == text:
        return _error(400, f"Bad Request: message is not modified: {SAME}")
    post["text"] = text
    world.note(part="telegram", what="edit", to=chat, text=text, refers=f"{chat}:{number}", raw=dict(given))
    return reply({"ok": True, "result": _sent(chat, int(number), world) | {"date": post["date"], "text": text}})


def _delete(given: Mapping[str, Any], world: World) -> Reply:
    chat, number = str(given.get("chat_id", "")), str(given.get("message_id", ""))
    post = _posts(world).get(f"{chat}:{number}")
    if post is None:
        return _error(400, "Bad Request: message to delete not found")
    if world.now().timestamp() - post["date"] > DELETABLE:
        return _error(400, "Bad Request: message can't be deleted for everyone")
    del _posts(world)[f"{chat}:{number}"]
    world.note(part="telegram", what="delete", to=chat, refers=f"{chat}:{number}", raw=dict(given))
    return reply({"ok": True, "result": True})


METHODS = {
    "setwebhook": _set_webhook,
    "sendmessage": _message,
    "editmessagetext": _edit,
    "deletemessage": _delete,
    "getfile": _place,
}


def _posts(world: World) -> dict[str, Any]:
    """What the bot sent and nobody deleted, by chat and number."""
    posts: dict[str, Any] = world.state.setdefault("telegram", {})
    return posts


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
