"""Discord's part of the outside world: opens direct messages, takes, changes and deletes what the bot writes there.

Sending: https://docs.discord.com/developers/resources/message#create-message
Answering an interaction: https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
Commands: https://docs.discord.com/developers/interactions/application-commands#create-global-application-command
Errors: https://docs.discord.com/developers/topics/opcodes-and-status-codes

Nobody has the number 404; 403 takes no direct messages, and 278 has left the server. `world.state["discord"]["posts"]`
holds what was posted, by channel and number: when, and with which nonce; `commands` their ids, by name.
"""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.world import Reply, Sent, World, handed_out, reply

LONGEST, LARGEST = 2000, 10 * 1024 * 1024  # characters; bytes of a file
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # an id holds the milliseconds since, and 22 bits
LASTS = timedelta(minutes=15)
REMEMBERED = timedelta(minutes=3)  # "the past few minutes"
AGENT = re.compile(r"DiscordBot \(.+, .+\)")
APPLICATION = "1100200300400500600"  # the shop's own
CONSOLE = {"APPLICATION_ID": APPLICATION}
COMMANDS = re.compile(r"/applications/([0-9]+)/commands", re.ASCII)
NAME = re.compile(r"[-'\w]{1,32}")
LONGEST_DESCRIPTION = 100
MESSAGE = re.compile(r"/channels/([0-9]+)/messages(?:/([0-9]+))?", re.ASCII)
FOLLOW_UP = re.compile(r"/webhooks/([0-9]+)/([A-Za-z0-9_=-]+)", re.ASCII)
TOKEN = re.compile(r"interaction:([0-9]+):([0-9]+)", re.ASCII)


def answer(sent: Sent, world: World) -> Reply:
    """The paths of the API behind its version; GET /ephemeral-attachments/… of what somebody sent."""
    if sent.method == "GET" and sent.path.startswith("/ephemeral-attachments/"):  # its address is the proof
        return handed_out(world.held("discord", sent.path.removeprefix("/ephemeral-attachments/")))
    if not AGENT.fullmatch(sent.headers.get("user-agent", "")):
        return _error(403, 40333, "internal network error")
    command = COMMANDS.fullmatch(sent.path)
    follow_up, message, token = FOLLOW_UP.fullmatch(sent.path), MESSAGE.fullmatch(sent.path), sent.bearer("Bot")
    if follow_up and sent.method == "POST":
        return _followed_up(sent, follow_up[2], world)
    if world.account("discord", bot_token=token) is None:
        return _error(401, 0, "401: Unauthorized")
    match sent.method:
        case "GET" if sent.path == "/applications/@me":
            return reply({"id": APPLICATION, "interactions_endpoint_url": world.registered("discord", token) or None})
        case "POST" if command:
            return _command(command[1], _body(sent), world)
        case "POST" if sent.path == "/users/@me/channels":
            return _opened(str(sent.json().get("recipient_id", "")))
        case "POST" if message and not message[2]:
            return _written(sent, message[1], world)
        case "PATCH" | "DELETE" if message and message[2]:
            return _changed(sent, f"{message[1]}:{message[2]}", world)
    return _error(404, 0, "404: Not Found")


def _command(application: str, said: dict[str, Any], world: World) -> Reply:
    """A slash command; one of the same name is put in the place of the former."""
    name, words = str(said.get("name", "")), str(said.get("description", ""))
    if application != APPLICATION:
        return _error(404, 10002, "Unknown Application")
    if not NAME.fullmatch(name) or name != name.lower() or not 0 < len(words) <= LONGEST_DESCRIPTION:
        return _error(400, 50035, "Invalid Form Body")
    known = world.state.setdefault("discord", {}).setdefault("commands", {})
    status = 200 if name in known else 201
    id = known.setdefault(name, str(1_100_200_300_400_501_000 + world.number()))
    return reply({"id": id, "application_id": application, "type": 1, "name": name, "description": words}, status)


def _opened(person: str) -> Reply:
    if not person.isdigit():
        return _error(400, 50035, "Invalid Form Body")
    if person == "404":
        return _error(404, 10013, "Unknown User")
    if person == "278":
        return _error(403, 50278, "Cannot send messages to this user due to having no mutual guilds")
    return reply({"id": f"90{person}", "type": 1, "recipients": [{"id": person}]})


def _written(sent: Sent, channel: str, world: World) -> Reply:
    """A direct message. One with the nonce of another is that one, if that is to be enforced."""
    if channel == "90403":
        return _error(403, 50007, "Cannot send messages to this user")
    if not channel.startswith("90"):
        return _error(404, 10003, "Unknown Channel")
    since = (world.now() - REMEMBERED).isoformat()
    nonce = _body(sent).get("nonce") if _body(sent).get("enforce_nonce") else None
    known = [id for id, post in _posts(world).items() if nonce and post["nonce"] == nonce and post["at"] > since]
    if known:
        return reply({"id": known[0].partition(":")[2], "channel_id": channel})
    return _posted(sent, channel, world)


def _followed_up(sent: Sent, token: str, world: World) -> Reply:
    """Something under an interaction, while its token holds. Nothing is known of it later."""
    found = TOKEN.fullmatch(base64.urlsafe_b64decode(token).decode("utf-8", "replace"))
    if found is None:
        return _error(401, 50027, "Invalid Webhook Token")
    if world.now() - (EPOCH + timedelta(milliseconds=int(found[1]) >> 22)) > LASTS:
        return _error(401, 50027, "Invalid Webhook Token")
    if _body(sent).get("flags") != 64:
        return _error(400, 50035, "here everybody would see it: no customer's answer")
    return _posted(sent, f"90{found[2]}", world, under=found[1])


def _posted(sent: Sent, channel: str, world: World, under: str = "") -> Reply:
    """Note what was said: `under` an interaction, or in direct messages, where it can be changed later."""
    body, file = _body(sent), sent.parts().get("files[0]")
    if refused := _refused(body, file is not None):
        return refused
    if file and len(file.content) > LARGEST:
        return _error(413, 40005, "Request entity too large")
    number = str(((world.now() - EPOCH) // timedelta(milliseconds=1)) << 22 | world.number())
    text = "\n".join(filter(None, [file.name if file else "", body.get("content")]))
    id, what = f"{channel}:{number}", "file" if file else "message"
    world.note(part="discord", what=what, to=channel.removeprefix("90"), thread=under, text=text, id=id, raw=body)
    if not under:
        _posts(world)[id] = {"nonce": body.get("nonce"), "at": world.now().isoformat()}
    return reply({"id": number, "channel_id": channel, "content": body.get("content", ""), "type": 0})


def _changed(sent: Sent, id: str, world: World) -> Reply:
    channel, _, number = id.partition(":")
    body = sent.json()
    if id not in _posts(world):
        return _error(404, 10008, "Unknown Message")
    about = {"part": "discord", "to": channel.removeprefix("90"), "refers": id, "raw": body}
    if sent.method == "DELETE":
        del _posts(world)[id]
        world.note(what="delete", **about)
        return Reply(status=204)
    if refused := _refused(body, False):
        return refused
    world.note(what="edit", text=body["content"], **about)
    return reply({"id": number, "channel_id": channel, "content": body["content"]})


def _posts(world: World) -> dict[str, Any]:
    posts: dict[str, Any] = world.state.setdefault("discord", {}).setdefault("posts", {})
    return posts


def _refused(body: dict[str, Any], has_file: bool) -> Reply | None:
    text = body.get("content", "")
    if not isinstance(text, str) or len(text) > LONGEST:
        return _error(400, 50035, "Invalid Form Body")
    if body.get("allowed_mentions") != {"parse": []}:
        return _error(400, 50035, "an @ in it would call everybody")
    return None if text.strip() or has_file else _error(400, 50006, "Cannot send an empty message")


def _body(sent: Sent) -> dict[str, Any]:
    """What is said, beside a file too."""
    if "form-urlencoded" in sent.headers.get("content-type", ""):
        return dict(sent.form())
    if "multipart" not in sent.headers.get("content-type", ""):
        return sent.json()
    said = json.loads(sent.parts()["payload_json"].content)
    return said if isinstance(said, dict) else {}


def _error(status: int, code: int, message: str) -> Reply:
    return reply({"message": message, "code": code}, status)
