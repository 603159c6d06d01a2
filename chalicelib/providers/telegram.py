"""Telegram: private chats with the shop's bot.

1. Write to @BotFather in Telegram: /newbot makes a bot and tells its token.
2. Think of a secret token: 1 to 256 letters, digits, _ and -.
3. Telegram has no page for webhooks. On your command line, with both put in:
   curl https://api.telegram.org/botBOT_TOKEN/setWebhook -d url={url} -d secret_token=SECRET_TOKEN
   -d 'allowed_updates=["message","edited_message","callback_query","message_reaction"]'

Webhook: https://core.telegram.org/bots/api#update
Proof: https://core.telegram.org/bots/api#setwebhook (nothing is signed: `secret_token` is shown with each update)
Sending: https://core.telegram.org/bots/api#sendmessage  Changing: https://core.telegram.org/bots/api#updating-messages
Files: https://core.telegram.org/bots/api#getfile (at most 20 MB) and #senddocument

Confirmed by python-telegram-bot 22: every update that comes, and what is sent and answered.

Only a private chat is one customer: groups and channels are ignored on purpose. Its id is the person's own, the same
for every bot. setWebhook has to name `allowed_updates` message, edited_message, callback_query and message_reaction:
Telegram leaves reactions out by itself. It reports no deletions, and nothing that the bot itself wrote.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import api, canary, download, proofs
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.inbound import Attachment, Kind, Location, Message, Receipt
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, digest
from chalicelib.service import Service
from chalicelib.webhook import Request, reads

channel = Channel.TELEGRAM
# what is deleted is at most 48 hours old; an album is several messages
can = Can(text=4096, covers=frozenset({Cover.CREDENTIAL}), edit=True, delete=True, files=1, file_size=50_000_000)
verify = proofs.shown("secret_token", "x-telegram-bot-api-secret-token")
FILE_HOSTS = ("api.telegram.org",)
NEEDED = ("message", "edited_message", "callback_query")  # of allowed_updates, where they are named
RECENT = timedelta(hours=1)

# no such chat, a text empty or too long; the token was revoked; blocked or never started by the user; no bot's token
REFUSED = (400, 401, 403, 404)
OUTCOMES = {**dict.fromkeys(REFUSED, Outcome.REFUSED), 429: Outcome.NOT_SENT, 500: Outcome.UNKNOWN}
DONE_ALREADY = {  # what Telegram says where an earlier try made the change
    "editMessageText": "message is not modified",
    "deleteMessage": "message to delete not found",
}
FILES = {  # field: name and type where the file has none; an animation comes as a document too
    "document": ("document", ""),
    "video": ("video.mp4", "video/mp4"),
    "video_note": ("video.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "sticker": ("sticker", ""),
}
NOTES = {  # Telegram's own notes in a private chat: nobody wrote them
    *("chat_background_set", "connected_website", "message_auto_delete_timer_changed", "pinned_message"),
    *("proximity_alert_triggered", "write_access_allowed"),
}
WORDLESS = {  # what a person sends that holds no words
    "checklist": "(a checklist)",
    "dice": "(dice)",
    "game": "(a game)",
    "paid_media": "(paid media)",
    "poll": "(a poll)",
    "story": "(a story)",
}
UNSHOWN = "(something that Telegram does not show to bots)"  # what is newer than its server, or than this table


class Config(Frozen):
    secret_token: LiveSecret = secret("secret_token of setWebhook: 1 to 256 letters, digits, _ and -", inbound=True)
    bot_token: LiveSecret = secret("the bot's token, from @BotFather", outbound=True)
    api_url: str = setting("where Telegram's API is", default="https://api.telegram.org", outbound=True)


@reads("a Telegram update")
def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """What one update holds: a message, an edit, a pressed button or a reaction. Other kinds are not for us."""
    return list(_read(request.json_object()))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one text or file, or change a text, or take one back; returns `chat_id:message_id`.

    A picture goes as a document too: as a photo, Telegram would refuse a long or a large one, and shrink the others.
    """
    file = outgoing.file
    if outgoing.change:
        return _changed(outgoing, config)
    if file:
        parts = {"document": (file.name, file.data, file.type)}
        result = _call("sendDocument", config, form={"chat_id": outgoing.to, "caption": outgoing.text}, files=parts)
    else:
        result = _call("sendMessage", config, json={"chat_id": outgoing.to, "text": outgoing.text})
    return f"{outgoing.to}:{result.get('message_id', '')}"


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file by its id: first where it lies, for an hour, then the file."""
    with api.repeatable():
        place = _call("getFile", config, json={"file_id": attachment.reference}).get("file_path")
    url = f"{config.api_url}/file/bot{current(config.bot_token)}/{place}"
    answer = download.get(url, hosts=FILE_HOSTS, own=download.moved(config), limit=limit)
    return download.content(attachment, answer)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and what Telegram says of the webhook: its address, its updates, its last error.

    https://core.telegram.org/bots/api#getwebhookinfo
    """
    said = _call("getWebhookInfo", config)
    troubles = canary.registered("Telegram", said.get("url"), webhook)
    named = said.get("allowed_updates")
    if isinstance(named, list) and (lacking := [one for one in NEEDED if one not in named]):
        troubles.append(Trouble(f"Telegram's allowed_updates lack {', '.join(lacking)}"))
    failed = said.get("last_error_date")
    lately = isinstance(failed, int) and now.timestamp() - failed < RECENT.total_seconds()
    if said.get("pending_update_count") and lately:
        troubles.append(Trouble(f"Telegram cannot hand over what is written: {said.get('last_error_message')}"))
    return troubles


def _changed(outgoing: Outgoing, config: Config) -> str:
    """Edit or delete a message of ours, unless an earlier try did. Raises SendFailed, also if it is not known which."""
    chat, _, number = outgoing.refers.partition(":")
    if not (number.isascii() and number.isdigit()):
        raise SendFailed("Telegram: it is not known which message this was", Outcome.REFUSED)
    which = {"chat_id": chat, "message_id": int(number)}
    if outgoing.change == "edit":
        _call("editMessageText", config, json={**which, "text": outgoing.text})
    else:
        _call("deleteMessage", config, json=which)
    return outgoing.refers


def _call(method: str, config: Config, **rest: Any) -> dict[str, Any]:
    """The result of one method of the Bot API. Raises SendFailed."""
    answer = api.call("POST", f"{config.api_url}/bot{current(config.bot_token)}/{method}", **rest)
    said = answer.json()
    if said.get("ok") is not True and DONE_ALREADY.get(method, "\n") not in str(said.get("description")):
        _refuse(answer, said, config)
    result = said.get("result")
    return result if isinstance(result, dict) else {}


def _refuse(answer: api.Answer, said: dict[str, Any], config: Config) -> None:
    """Raise SendFailed. Telegram says in the body how long to wait; the header may be lost on the way."""
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if seconds:
        answer = answer._replace(headers={**answer.headers, "retry-after": str(seconds)})
    TELEGRAM.refuse(answer, config)
    raise TELEGRAM.unknown()  # HTTP 200 without ok: not Telegram's own answer


def _error(said: dict[str, Any]) -> tuple[int | None, Any]:
    code = said.get("error_code")
    return code if isinstance(code, int) else None, said.get("description")


TELEGRAM = Service("Telegram", _error, OUTCOMES)


def _read(update: dict[str, Any]) -> Iterator[Message]:
    """An update holds one kind; the update's own id is no part of a claim."""
    if "message" in update:
        yield from _written(update["message"], Kind.MESSAGE)
    if "edited_message" in update:
        yield from _written(update["edited_message"], Kind.EDIT)
    if "callback_query" in update:
        yield from _pressed(update["callback_query"])
    if "message_reaction" in update:
        yield from _reacted(update["message_reaction"])


def _written(post: dict[str, Any], kind: Kind) -> Iterator[Message]:
    chat, edited = post["chat"], kind is Kind.EDIT
    author = post.get("from", chat)
    moved = edited and "location" in post  # a live location moves by editing
    if not _is_customer(chat, author) or moved or NOTES & post.keys():
        return
    files, location, answered = tuple(_attachments(post)), _location(post), post.get("reply_to_message")
    yield Message(
        provider="telegram",
        kind=kind,
        id=_id(chat, post),
        version=f"{post['edit_date']:d} {digest(_text(post))}" if edited else "",  # two edits in one second are two
        sender=_address(chat),
        name=_name(author),
        language=_language(author),
        text=_text(post) or ("" if files or location else UNSHOWN),
        attachments=files,
        location=location,
        reply_to=_id(chat, answered) if answered else "",
        sent_at=_moment(post["edit_date" if edited else "date"]),
        automatic=author.get("is_bot") is True,
        source=post,
    )


def _pressed(press: dict[str, Any]) -> Iterator[Message]:
    """A button under a message of ours. One without its message was pressed in somebody else's chat."""
    shown, choice = press.get("message"), press.get("data", "")
    if not shown or not choice or not _is_customer(shown["chat"], press["from"]):
        return
    yield Message(
        provider="telegram",
        id=f"{shown['chat']['id']:d}:callback:{press['id']}",
        sender=_address(shown["chat"]),
        name=_name(press["from"]),
        language=_language(press["from"]),
        text=_label(shown, choice),
        choice=choice,
        reply_to=_id(shown["chat"], shown),
        source=press,
    )


def _reacted(change: dict[str, Any]) -> Iterator[Message]:
    """The reactions that now stand; no text: the last was taken back."""
    chat, standing = change["chat"], change["new_reaction"]
    author = change.get("user", chat)
    if not _is_customer(chat, author):
        return
    stamps = [reaction.get("emoji") or reaction.get("custom_emoji_id") or reaction["type"] for reaction in standing]
    yield Message(
        provider="telegram",
        kind=Kind.REACTION,
        id=_id(chat, change),
        version=" ".join([f"{change['date']:d}", *stamps]),
        sender=_address(chat),
        name=_name(author),
        text="".join(reaction.get("emoji", "(custom emoji)") for reaction in standing),
        sent_at=_moment(change["date"]),
        source=change,
    )


def _is_customer(chat: dict[str, Any], author: dict[str, Any]) -> bool:
    """In a private chat the customer's id is the chat's; another author there is our own bot."""
    return bool(chat["type"] == "private" and author["id"] == chat["id"])


def _id(chat: dict[str, Any], post: dict[str, Any]) -> str:
    return f"{chat['id']:d}:{post['message_id']:d}"


def _address(chat: dict[str, Any]) -> Address:
    return Address(channel=channel, id=f"{chat['id']:d}")


def _name(person: dict[str, Any]) -> str:
    return " ".join(filter(None, [person.get("first_name"), person.get("last_name")]))


def _language(person: dict[str, Any]) -> str:
    """What the app is set to: https://core.telegram.org/bots/api#user"""
    return str(person.get("language_code") or "")


def _text(post: dict[str, Any]) -> str:
    """What was written, else what stands for it. A contact that somebody sends is words, never evidence."""
    contact = post.get("contact")
    if contact:
        return f"Contact: {_name(contact)}, {contact['phone_number']}"
    wordless = [words for field, words in WORDLESS.items() if field in post]
    return post.get("text") or post.get("caption") or "".join(wordless)


def _attachments(post: dict[str, Any]) -> Iterator[Attachment]:
    if post.get("photo"):
        yield _attachment(post["photo"][-1], "photo.jpg", "image/jpeg")  # the sizes of one photo, largest last
    for field, (name, media_type) in FILES.items():
        if field in post:
            yield _attachment(post[field], name, media_type)


def _attachment(file: dict[str, Any], name: str, media_type: str) -> Attachment:
    return Attachment(
        name=file.get("file_name") or f"{name} {file.get('emoji', '')}".strip(),
        type=file.get("mime_type", media_type),
        size=file.get("file_size"),
        reference=file["file_id"],
    )


def _location(post: dict[str, Any]) -> Location | None:
    place, venue = post.get("location"), post.get("venue", {})
    if not place:
        return None
    name = ", ".join(filter(None, [venue.get("title"), venue.get("address")]))
    return Location(latitude=place["latitude"], longitude=place["longitude"], name=name)


def _label(shown: dict[str, Any], choice: str) -> str:
    """What the button says; what stands behind it where the message is too old to be shown."""
    rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
    return next((button["text"] for row in rows for button in row if button.get("callback_data") == choice), choice)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
