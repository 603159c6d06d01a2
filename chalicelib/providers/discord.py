"""Discord: what members of the shop's server write by a slash command, answered by direct message.

1. Discord Developer Portal, New Application; Installation: Guild Install alone, scopes applications.commands and bot.
2. Bot, Reset Token: the bot token. General Information: the public key.
3. General Information, Interactions Endpoint URL: {url}. Save Changes: Discord calls it at once, rightly and wrongly
   signed. (Shopbell has to run by then, and to know the public key.)
4. Tell Discord of the command, in words of your own (the application's id is in General Information; a command may have
   options too, for a text and for files): curl https://discord.com/api/v10/applications/APPLICATION_ID/commands
   -A "DiscordBot (Shopbell, 1)" -H "Authorization: Bot BOT_TOKEN" -d name=contact -d "description=Write to the shop"
5. Installation, Install Link: open it, add the application to your server.

Webhook and signature: https://docs.discord.com/developers/interactions/overview
What comes, and answers within 15 minutes: https://docs.discord.com/developers/interactions/receiving-and-responding
Sending: https://docs.discord.com/developers/resources/message#create-message
Errors: https://docs.discord.com/developers/topics/opcodes-and-status-codes

Confirmed by discord-interactions: the signature. By Discord's own documentation (August 2026): all else. Not
confirmed: that files lie at these two hosts alone.

A webhook brings commands and forms only, never what is written in a channel or to the bot: who wants to answer uses the
command again. Without words it opens a form. At once ✅ is shown, to that person alone, as is the acknowledgement; an
answer comes as a direct message, or where somebody takes none, for 15 minutes, where they wrote.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import api, canary, download, signing
from chalicelib.errors import BadSignature, Outcome, Unreadable
from chalicelib.models.inbound import Attachment, Message
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Can, Cover, LiveSecret, Trouble, current, secret, setting
from chalicelib.models.values import Address, Channel, Frozen, digest
from chalicelib.service import Service
from chalicelib.webhook import MALFORMED, Request, Response, reads

channel = Channel.DISCORD
EPHEMERAL = 64  # a message that its receiver alone sees, and not for long
TAKEN = json.dumps({"type": 4, "data": {"content": "✅", "flags": EPHEMERAL}})
can = Can(
    text=2000,
    units=2000,  # Discord does not say whether an emoji counts once or twice
    covers=frozenset({Cover.BODY, Cover.TIME}),
    edit=True,
    delete=True,
    files=10,
    file_size=10_000_000,
    libraries=("nacl",),
    accepted=Response(body=TAKEN, content_type="application/json"),
)
fetch = download.by_address("cdn.discordapp.com", "media.discordapp.net")

PING, COMMAND, FORM = 1, 2, 5  # kinds of interactions; the others are about buttons, which we never show
FILE_OPTION, FILE_FIELD = 11, 19
IN_OUR_DM = 1  # the context of an interaction
FRESH = timedelta(minutes=14)  # a token holds for 15
EPOCH = 1_420_070_400_000  # milliseconds: Discord's ids hold the time since
LONGEST_LABEL = 45
PLAIN: dict[str, Any] = {"allowed_mentions": {"parse": []}}  # nobody is called by an @ in the text
UNKNOWN_MESSAGE = 10008
CLOSED = (50007, 50278)  # they take no direct messages, or are on no server with us
# too many in this channel (two codes), direct messages opened too fast, overloaded; others go by the HTTP status
OUTCOMES = dict.fromkeys((20016, 20028, 40003, 130000), Outcome.NOT_SENT)


class Config(Frozen):
    public_key: LiveSecret = secret("Public Key, General Information in the Discord Developer Portal", inbound=True)
    bot_token: LiveSecret = secret("the bot's token, Bot in the Discord Developer Portal", outbound=True)
    modal_title: str = setting("above the form that the command opens", default="Write to us", inbound=True)
    modal_text: str = setting("above its field for the text", default="Your message", inbound=True)
    modal_files: str = setting("above its field for files", default="Files", inbound=True)
    api_url: str = setting("where Discord's API is", default="https://discord.com/api/v10", outbound=True)


def verify(request: Request, config: Config) -> Response | None:
    """Ed25519 over the time and the raw body, at most five minutes old. Answers a PING, and a command without words."""
    seconds, theirs = request.header("x-signature-timestamp"), request.header("x-signature-ed25519")
    if not signing.fresh(seconds, request.at):
        raise BadSignature
    if not signing.ed25519(config.public_key, seconds.encode() + request.body, theirs, hexadecimal=True):
        raise BadSignature
    try:
        return _answered(request.json_object(), config)
    except (Unreadable, *MALFORMED):
        return None  # `parse` says so


@reads("a Discord interaction")
def parse(request: Request, config: Config) -> list[Message]:
    """What one command or form says. Other interactions are not for us."""
    return list(_read(request.json_object()))


def send(outgoing: Outgoing, config: Config) -> str:
    """Post, change or take back one message; returns `channel:message`.

    An acknowledgement stands below what was written, as long as Discord lets it; what matters goes where it stays.
    """
    if outgoing.change:
        return _changed(outgoing, config)
    token = _token(outgoing)
    sent = "" if token and outgoing.automatic else _direct(outgoing, config, CLOSED if token else ())
    return sent or _posted(f"webhooks/{token}", outgoing, config)


def check(config: Config, webhook: str, now: datetime) -> list[Trouble]:
    """Whether the token holds, and Discord calls us: it forgets an address that took what was wrongly signed."""
    said = _call("GET", "applications/@me", config)
    return canary.registered("Discord", said.get("interactions_endpoint_url"), webhook)


def _answered(interaction: dict[str, Any], config: Config) -> Response | None:
    if interaction["type"] == PING:
        return _json({"type": PING})
    if interaction["type"] == COMMAND and not list(_read(interaction)):
        return _json({"type": 9, "data": _form(config)})
    return None


def _form(config: Config) -> dict[str, Any]:
    text = {"type": 4, "custom_id": "text", "style": 2, "max_length": 4000}
    files = {"type": FILE_FIELD, "custom_id": "files", "required": False, "min_values": 0, "max_values": 10}
    fields = ((config.modal_text, text), (config.modal_files, files))
    labels = [{"type": 18, "label": label[:LONGEST_LABEL], "component": field} for label, field in fields]
    return {"custom_id": "contact", "title": config.modal_title[:LONGEST_LABEL], "components": labels}


def _json(value: dict[str, Any]) -> Response:
    return Response(body=json.dumps(value), content_type="application/json")


def _read(interaction: dict[str, Any]) -> Iterator[Message]:
    """One message; none where there are neither words nor files in it."""
    kind = interaction["type"]
    if kind not in (COMMAND, FORM):
        return
    data = interaction["data"]
    fields = list(_options(data) if kind == COMMAND else _fields(data))
    text = "\n".join(filter(None, [_word(value) for file, value in fields if not file]))
    files = tuple(_attachment(data["resolved"]["attachments"][value]) for file, value in fields if file)
    if not text and not files:
        return
    person = (interaction.get("member") or interaction)["user"]
    yield Message(
        provider="discord",
        id=_id(interaction["id"]),
        sender=Address(channel=channel, id=_id(person["id"])),
        name=person.get("global_name") or person["username"],
        language=interaction.get("locale") or "",
        text=text,
        attachments=files,
        sent_at=_moment(interaction),
        context=_context(interaction),
        source=interaction,
    )


def _options(data: dict[str, Any]) -> Iterator[tuple[bool, Any]]:
    """What was typed behind the command: whether it is a file, and its value or id."""
    for option in data.get("options") or ():
        yield option["type"] == FILE_OPTION, option["value"]


def _fields(data: dict[str, Any]) -> Iterator[tuple[bool, Any]]:
    """The same of our form."""
    for label in data["components"]:
        field = label["component"]
        for value in field["values"] if field["type"] == FILE_FIELD else [field["value"]]:
            yield field["type"] == FILE_FIELD, value


def _attachment(file: dict[str, Any]) -> Attachment:
    type_ = file.get("content_type") or ""
    return Attachment(name=file["filename"], type=type_, size=file.get("size"), reference=file["url"])


def _context(interaction: dict[str, Any]) -> dict[str, str]:
    """What an answer needs: the token, for a while, and where it may go for good, if that is known."""
    token = f"{_id(interaction['application_id'])}/{_word(interaction['token'])}"
    context = {"token": token, "token_at": _moment(interaction).isoformat()}
    return context | ({"channel": _id(interaction["channel_id"])} if interaction.get("context") == IN_OUR_DM else {})


def _token(outgoing: Outgoing) -> str:
    """The interaction that may still be answered; empty where that is over."""
    got = outgoing.context.get("token_at", "")
    fresh = got and outgoing.at and outgoing.at - datetime.fromisoformat(got) < FRESH
    return outgoing.context.get("token", "") if fresh else ""


def _direct(outgoing: Outgoing, config: Config, excused: tuple[int, ...]) -> str:
    """One direct message; empty where it is refused by a code that is `excused`.

    The channel between a person and the bot is always the same, and nobody sees it opened.
    """
    place = outgoing.context.get("channel", "")
    if not place:
        with api.repeatable():
            said = _call("POST", "users/@me/channels", config, excused, json={"recipient_id": outgoing.to})
            place = "" if said.get("code") in excused else _sent_id(said)
    return _posted(f"channels/{place}/messages", outgoing, config, excused) if place else ""


def _posted(path: str, outgoing: Outgoing, config: Config, excused: tuple[int, ...] = ()) -> str:
    """One message; empty where it is refused by a code that is `excused`.

    Discord knows a nonce for a few minutes, and does not post it again.
    """
    here = path.startswith("webhooks/")
    more = {"flags": EPHEMERAL} if here else {"nonce": digest(outgoing.key)[:25], "enforce_nonce": True}
    body, file = {"content": outgoing.text, **PLAIN, **more}, outgoing.file
    parts = {"files[0]": (file.name, file.data, file.type)} if file else {}
    what: dict[str, Any] = {"form": {"payload_json": json.dumps(body)}, "files": parts} if file else {"json": body}
    said = _call("POST", path, config, excused, **what)
    return "" if said.get("code") in excused else f"{said.get('channel_id', '')}:{_sent_id(said)}"


def _changed(outgoing: Outgoing, config: Config) -> str:
    """Edit or delete a message of ours; what an earlier try has deleted is."""
    place, _, message = outgoing.refers.partition(":")
    path = f"channels/{place}/messages/{message}"
    if outgoing.change == "edit":
        _call("PATCH", path, config, json={"content": outgoing.text, **PLAIN})
    else:
        _call("DELETE", path, config, (UNKNOWN_MESSAGE,))
    return outgoing.refers


def _call(method: str, path: str, config: Config, excused: tuple[int, ...] = (), **rest: Any) -> dict[str, Any]:
    """One call to Discord's API; returns its answer, an error too that is `excused`.

    Who does not say in this form what it is may be shut out: https://docs.discord.com/developers/reference#user-agent
    """
    headers = {"Authorization": f"Bot {current(config.bot_token)}", "User-Agent": "DiscordBot (Shopbell, 1)"}
    answer = api.call(method, f"{config.api_url}/{path}", headers=headers, **rest)
    said = answer.json()
    if said.get("code") not in excused:
        DISCORD.refuse(answer, config)
    return said


def _sent_id(said: dict[str, Any]) -> str:
    try:
        return _id(said["id"])
    except MALFORMED:
        raise DISCORD.unknown() from None


def _moment(interaction: dict[str, Any]) -> datetime:
    """https://docs.discord.com/developers/reference#snowflakes"""
    return datetime.fromtimestamp(((int(_id(interaction["id"])) >> 22) + EPOCH) / 1000, UTC)


def _id(value: Any) -> str:
    """An id, which is a number in words. Raises ValueError."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()):
        raise ValueError("no id")
    return value


def _word(value: Any) -> str:
    """What somebody typed or chose, a number too. Raises TypeError."""
    if not isinstance(value, str | int | float):
        raise TypeError("no word")
    return str(value)


def _error(said: dict[str, Any]) -> tuple[Any, Any]:
    code, words = said.get("code"), said.get("message")
    return code, f"{words or 'error'} ({code})" if code else words


DISCORD = Service("Discord", _error, OUTCOMES)
