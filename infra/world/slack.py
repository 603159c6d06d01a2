"""Slack's Web API, as far as we need it: posts, threads, reactions, history. Each of our two apps is a part of its own.

Methods: https://docs.slack.dev/reference/methods  Limits of blocks: https://docs.slack.dev/reference/block-kit/blocks

Slack answers nearly everything with HTTP 200; `ok` says whether it did it. What people type into Slack does not pass
here, so a time stamp that was not given out here counts as somebody's own message, unless it is said to be deleted.
`world.state[part]` may hold, to try such cases: `outside` and `archived` (channel ids), `deleted` (time stamps),
`away` (people who are not in the channel).
"""

import base64
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from infra.world import File, Reply, Sent, World, handed_out, reply, slack_elements, slack_people

TEAM, BOT, BOT_USER = "T0SHOP", "B0BELL", "U0BELL"
THEIRS = {"slack_connect"}  # where people begin the threads
CHANNEL = re.compile(r"C[A-Z0-9]+", re.ASCII)
TIME_STAMP = re.compile(r"[0-9]{10}\.[0-9]{6}", re.ASCII)
EMOJI = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", re.ASCII)
LONGEST_POST = 40_000  # characters; beyond, the page of chat.postMessage speaks of truncating and of msg_too_long
LONGEST_UPDATE = 4_000  # bytes, as gitlab-org/gitlab!258898 found
MOST_BLOCKS, MOST_ELEMENTS, MOST_FIELDS = 50, 10, 10
LONGEST_HEADER, LONGEST_FIELD, LONGEST_TEXT = 150, 2_000, 3_000
OTHER_BLOCKS = {"divider", "file", "image", "input", "markdown", "rich_text", "video"}  # not looked into
REPEATED = {"already_reacted", "no_reaction"}  # refused because it is so already: no fault of the caller

JSON_FIELDS = ("attachments", "blocks", "files", "metadata")  # in a form

Arguments = dict[str, Any]
Post = dict[str, Any]


class Refused(Exception):
    """Slack says no, by `code`; `problems` are what it says in detail."""

    def __init__(self, code: str, *problems: str) -> None:
        super().__init__(code)
        self.code, self.problems = code, problems


def answer(sent: Sent, world: World) -> Reply:
    """Check the call as Slack would, do it, answer."""
    if sent.path.startswith(("/upload/", "/files/")):
        return _upload(sent, world) if sent.method == "POST" else _download(sent, world)
    _memory(world)["base"] = sent.base
    method = sent.path.removeprefix("/api/")
    try:
        if method not in METHODS or not sent.path.startswith("/api/"):
            raise Refused("unknown_method")
        _check_token(sent, world)
        return reply({"ok": True, **METHODS[method](_arguments(sent), world)})
    except Refused as refused:
        if refused.code not in REPEATED:
            world.refused.append((sent.part, sent.path, 200))
        return reply(_refusal(refused))


def _refusal(refused: Refused) -> dict[str, Any]:
    said: dict[str, Any] = {"ok": False, "error": refused.code}
    if refused.problems:
        said["errors"] = list(refused.problems)
        said["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in refused.problems]}
    return said


# ---- the methods ------------------------------------------------------------------------------------------------


def _auth_test(arguments: Arguments, world: World) -> dict[str, Any]:
    names = {"url": "https://shop.slack.com/", "team": "Shop", "user": "shopbell"}
    return {**names, "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": False}


def _post_message(arguments: Arguments, world: World) -> dict[str, Any]:
    person = slack_people.person(_required(arguments, "channel"))  # a direct message
    channel = str(person["id"]) if person else _channel(arguments, world)
    content = _content(arguments)
    thread = _thread(arguments, channel, world)
    post = {"type": "message", "user": BOT_USER, "bot_id": BOT, "team": TEAM, "ts": _time_stamp(world), **content}
    if thread:
        post |= {"thread_ts": thread, "parent_user_id": BOT_USER}
    _memory(world, "posts").setdefault(channel, []).append(post)
    world.note(
        part=world.called,
        what="private" if person else _what(post),
        to=channel,
        thread=thread,
        text=_seen(post),
        id=post["ts"],
        key=_key(post),
        raw=arguments,
    )
    return {"channel": channel, "ts": post["ts"], "message": post}


def _update(arguments: Arguments, world: World) -> dict[str, Any]:
    channel = _channel(arguments, world)
    time_stamp = _required(arguments, "ts")
    content = _content(arguments)
    if len(content["text"].encode("utf-8", "replace")) > LONGEST_UPDATE:
        raise Refused("msg_too_long")
    post = _found(channel, time_stamp, world)
    post |= {"edited": {"user": BOT_USER, "ts": _time_stamp(world)}, **content}
    if arguments.get("blocks") == []:
        post.pop("blocks", None)
    world.note(
        part=world.called,
        what="edit",
        to=channel,
        thread=post.get("thread_ts", ""),
        text=_seen(post),
        refers=time_stamp,
        key=_key(post),
        raw=arguments,
    )
    return {"channel": channel, "ts": time_stamp, "text": post["text"], "message": post}


def _delete(arguments: Arguments, world: World) -> dict[str, Any]:
    channel = _channel(arguments, world)
    time_stamp = _required(arguments, "ts")
    post = _found(channel, time_stamp, world)
    _memory(world).setdefault("deleted", []).append(time_stamp)
    thread = post.get("thread_ts", "")
    world.note(part=world.called, what="delete", to=channel, thread=thread, refers=time_stamp, raw=arguments)
    return {"channel": channel, "ts": time_stamp}


def _delete_file(arguments: Arguments, world: World) -> dict[str, Any]:
    file = _required(arguments, "file")
    if not world.held(world.called, file):
        raise Refused("file_not_found")
    if file in _memory(world).get("deleted", []):
        raise Refused("file_deleted")
    _memory(world).setdefault("deleted", []).append(file)
    world.note(part=world.called, what="delete", to="", refers=file, raw=arguments)
    return {}


def _whisper(arguments: Arguments, world: World) -> dict[str, Any]:
    """A post that one person sees. Nothing remembers it: it cannot be found, changed or deleted."""
    channel = _channel(arguments, world)
    user = _required(arguments, "user")
    content = _content(arguments)
    if slack_people.person(user) is None or user in _memory(world).get("away", []):
        raise Refused("user_not_in_channel")
    thread = _thread(arguments, channel, world)
    time_stamp = _time_stamp(world)
    seen = _seen(content)
    world.note(
        part=world.called,
        what="private",
        to=channel,
        thread=thread,
        text=seen,
        id=time_stamp,
        refers=user,
        raw=arguments,
    )
    return {"message_ts": time_stamp}


def _user(arguments: Arguments, world: World) -> dict[str, Any]:
    found = slack_people.person(_required(arguments, "user"))
    if found is None:
        raise Refused("user_not_found")
    return {"user": found}


def _add_reaction(arguments: Arguments, world: World) -> dict[str, Any]:
    channel, time_stamp, name = _reaction(arguments, world)
    given = _memory(world, "reactions").setdefault(f"{channel}:{time_stamp}", [])
    if name in given:
        raise Refused("already_reacted")
    given.append(name)
    world.note(part=world.called, what="reaction", to=channel, text=name, refers=time_stamp, raw=arguments)
    return {}


def _remove_reaction(arguments: Arguments, world: World) -> dict[str, Any]:
    channel, time_stamp, name = _reaction(arguments, world)
    given = _memory(world, "reactions").get(f"{channel}:{time_stamp}", [])
    if name not in given:
        raise Refused("no_reaction")
    given.remove(name)
    world.note(part=world.called, what="unreaction", to=channel, text=name, refers=time_stamp, raw=arguments)
    return {}


def _history(arguments: Arguments, world: World) -> dict[str, Any]:
    """Posts of the channel itself, newest first; replies in threads are not among them."""
    channel = _channel(arguments, world)
    posts = [post for post in _posts(channel, world) if "thread_ts" not in post and _within(post, arguments)]
    return _page(posts[::-1], arguments, usual=100)


def _replies(arguments: Arguments, world: World) -> dict[str, Any]:
    """The thread's first post, then its replies, oldest first; `oldest` and `latest` leave the first post in."""
    channel = _channel(arguments, world)
    first = _required(arguments, "ts")
    if not _is_thread(channel, first, world):
        raise Refused("thread_not_found")
    posts = [
        post
        for post in _posts(channel, world)
        if post["ts"] == first or (post.get("thread_ts") == first and _within(post, arguments))
    ]
    return _page(posts, arguments, usual=1000)


def _upload_url(arguments: Arguments, world: World) -> dict[str, Any]:
    """A place to which a file of that name and length may be sent, once, by whoever knows it."""
    name, length = _required(arguments, "filename"), str(arguments.get("length", ""))
    if not length.isdecimal() or int(length) < 1:
        raise Refused("invalid_arguments", "length must be a positive number")
    file = f"F{world.number():010d}"
    _memory(world, "uploads")[file] = {"name": name, "length": int(length)}
    return {"upload_url": f"{_memory(world)['base']}/upload/v1?file={file}", "file_id": file}


def _upload(sent: Sent, world: World) -> Reply:
    file = sent.query.get("file", "")
    asked = _memory(world, "uploads").get(file)
    if not asked or len(sent.body) != asked["length"]:
        return Reply(status=400, body=b"invalid upload", headers={"content-type": "text/plain"})
    world.hold(world.called, file, File(asked["name"], "application/octet-stream", sent.body))
    return Reply(body=f"OK - {len(sent.body)}".encode(), headers={"content-type": "text/plain"})


def _complete(arguments: Arguments, world: World) -> dict[str, Any]:
    """Share the files in a channel or a thread; without a channel nobody sees them."""
    files = arguments.get("files")
    if not isinstance(files, list) or not files:
        raise Refused("invalid_arguments", "missing required field: files")
    channel = _channel({"channel": arguments.get("channel_id")}, world)
    thread = _thread(arguments, channel, world)
    comment = str(arguments.get("initial_comment") or "")
    for number, file in enumerate(files):
        id = str(file.get("id"))
        held = world.held(world.called, id)
        if not held:
            raise Refused("file_not_found")
        text = "\n".join(filter(None, [held.name, _read(comment) if not number else ""]))
        raw = {**arguments, "size": len(held.content)}
        world.note(part=world.called, what="file", to=channel, thread=thread, text=text, id=id, raw=raw)
    return {"files": [{"id": file.get("id"), "title": file.get("title", "")} for file in files]}


def _download(sent: Sent, world: World) -> Reply:
    """A file that somebody added: for who shows a token; others see a page on which to log in."""
    try:
        _check_token(sent, world)
    except Refused:
        page = b"<!DOCTYPE html><html><body>Sign in</body></html>"
        return Reply(body=page, headers={"content-type": "text/html; charset=utf-8"})
    return handed_out(world.held(world.called, sent.path.removeprefix("/files/").partition("/")[0]))


METHODS: dict[str, Callable[[Arguments, World], dict[str, Any]]] = {
    "auth.test": _auth_test,
    "chat.delete": _delete,
    "chat.postEphemeral": _whisper,
    "chat.postMessage": _post_message,
    "chat.update": _update,
    "conversations.history": _history,
    "conversations.replies": _replies,
    "files.completeUploadExternal": _complete,
    "files.delete": _delete_file,
    "files.getUploadURLExternal": _upload_url,
    "reactions.add": _add_reaction,
    "reactions.remove": _remove_reaction,
    "users.info": _user,
}


# ---- what a call says -------------------------------------------------------------------------------------------


def _check_token(sent: Sent, world: World) -> None:
    scheme, _, token = sent.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("not_authed")
    if world.account(world.called, bot_token=token) is None:
        raise Refused("invalid_auth")


def _arguments(sent: Sent) -> Arguments:
    """A query, a form (where blocks and metadata are JSON in a field) or a JSON body."""
    if "json" not in sent.headers.get("content-type", ""):
        form = {**sent.query, **sent.form()}
        return {name: _decoded(text) if name in JSON_FIELDS else text for name, text in form.items()}
    try:
        body = json.loads(sent.body or b"{}")  # slack_sdk says JSON and sends nothing where there are no arguments
    except (ValueError, RecursionError):
        raise Refused("invalid_json") from None
    if not isinstance(body, dict):
        raise Refused("json_not_object")
    return {**sent.query, **body}


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _required(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("invalid_arguments", f"missing required field: {name}")
    return value


def _channel(arguments: Arguments, world: World) -> str:
    channel = _required(arguments, "channel")
    if not CHANNEL.fullmatch(channel):
        raise Refused("channel_not_found")
    if channel in _memory(world).get("archived", []):
        raise Refused("is_archived")
    if channel in _memory(world).get("outside", []):
        raise Refused("not_in_channel")
    return channel


def _thread(arguments: Arguments, channel: str, world: World) -> str:
    """The thread to post into. Under a deleted post Slack says yes and posts into the channel (slack-go #1571)."""
    first = arguments.get("thread_ts") or ""
    if not first:
        return ""
    if not isinstance(first, str) or not TIME_STAMP.fullmatch(first):
        raise Refused("invalid_thread_ts", f"{first} is not a valid thread_ts")
    if first in _memory(world).get("deleted", []):
        return ""
    if not _is_thread(channel, first, world):
        raise Refused("thread_not_found")
    return first


def _reaction(arguments: Arguments, world: World) -> tuple[str, str, str]:
    """Channel, time stamp and name of a reaction, to a message that is there."""
    if not arguments.get("channel") or not arguments.get("timestamp"):
        raise Refused("no_item_specified")
    channel = _channel(arguments, world)
    time_stamp, name = str(arguments["timestamp"]), str(arguments.get("name") or "")
    if not EMOJI.fullmatch(name):
        raise Refused("invalid_name")
    if not TIME_STAMP.fullmatch(time_stamp):
        raise Refused("bad_timestamp")
    elsewhere = any(_own(other, time_stamp, world) for other in _memory(world, "posts") if other != channel)
    if elsewhere or time_stamp in _memory(world).get("deleted", []):
        raise Refused("message_not_found")
    return channel, time_stamp, name


def _content(arguments: Arguments) -> dict[str, Any]:
    """Text, blocks and metadata of a post, checked."""
    text, blocks, metadata = arguments.get("text") or "", arguments.get("blocks"), arguments.get("metadata")
    if not isinstance(text, str):
        raise Refused("invalid_arguments", "must be a string: text")
    if not text and not blocks:
        raise Refused("no_text")
    if len(text) > LONGEST_POST:
        raise Refused("msg_too_long")
    content: dict[str, Any] = {"text": text}
    if blocks:
        _check_blocks(blocks)
        content["blocks"] = blocks
    if arguments.get("attachments"):
        content["attachments"] = _attachments(arguments["attachments"])
    if metadata is not None:
        _check_metadata(metadata)
        content["metadata"] = metadata
    return content


def _attachments(attachments: Any) -> list[dict[str, Any]]:
    """What is shown below a text: here of blocks alone."""
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise Refused("invalid_attachments")
    for one in attachments:
        _check_blocks(one.get("blocks"))
    return attachments


def _check_metadata(metadata: Any) -> None:
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise Refused("invalid_metadata_format")


# ---- blocks -----------------------------------------------------------------------------------------------------


def _check_blocks(blocks: Any) -> None:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    if len(blocks) > MOST_BLOCKS:
        raise Refused("invalid_blocks", f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    problems = [
        f"{problem} [json-pointer:/blocks/{place}]" for place, block in enumerate(blocks) for problem in _wrong(block)
    ]
    if problems:
        raise Refused("invalid_blocks", *problems)


def _wrong(block: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one block."""
    kind = block.get("type")
    if kind == "header":
        yield from _wrong_text(block.get("text"), LONGEST_HEADER, ("plain_text",))
    elif kind == "section":
        yield from _wrong_section(block)
    elif kind == "context":
        yield from _wrong_texts(block.get("elements"), MOST_ELEMENTS, LONGEST_TEXT)
    elif kind == "actions":
        yield from slack_elements.wrong(block)
    elif kind not in OTHER_BLOCKS:
        yield f"unsupported type: {kind}"


def _wrong_section(block: dict[str, Any]) -> Iterator[str]:
    if "text" in block or "fields" not in block:
        yield from _wrong_text(block.get("text"), LONGEST_TEXT)
    if "fields" in block:
        yield from _wrong_texts(block["fields"], MOST_FIELDS, LONGEST_FIELD)


def _wrong_texts(texts: Any, most: int, longest: int) -> Iterator[str]:
    if not isinstance(texts, list) or not 1 <= len(texts) <= most:
        yield f"must be 1 to {most} items"
        return
    for text in texts:
        if not isinstance(text, dict) or text.get("type") != "image":
            yield from _wrong_text(text, longest)


def _wrong_text(text: Any, longest: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds or not isinstance(text.get("text"), str):
        yield f"must be a text object of {' or '.join(kinds)}"
    elif not text["text"]:
        yield "must be more than 0 characters"
    elif len(text["text"]) > longest:
        yield f"must be less than {longest + 1} characters"


# ---- what Slack remembers ---------------------------------------------------------------------------------------


def _memory(world: World, what: str = "") -> dict[str, Any]:
    """This part's own memory, or one drawer of it. It is kept as JSON."""
    memory: dict[str, Any] = world.state.setdefault(world.called, {})
    drawer: dict[str, Any] = memory.setdefault(what, {}) if what else memory
    return drawer


def _posts(channel: str, world: World) -> list[Post]:
    """What the app posted in a channel and nobody deleted, oldest first."""
    deleted = _memory(world).get("deleted", [])
    return [post for post in _memory(world, "posts").get(channel, []) if post["ts"] not in deleted]


def _own(channel: str, time_stamp: str, world: World) -> Post | None:
    return next((post for post in _posts(channel, world) if post["ts"] == time_stamp), None)


def _found(channel: str, time_stamp: str, world: World) -> Post:
    """A post of the app's own that is still there: it may change no other."""
    post = _own(channel, time_stamp, world)
    if post is None:
        raise Refused("message_not_found")
    return post


def _is_thread(channel: str, first: str, world: World) -> bool:
    """Whether a post can head a thread. A reply cannot, though Slack is said to take it and lose what is posted."""
    post = _own(channel, first, world)
    return "thread_ts" not in post if post else world.called in THEIRS


def _time_stamp(world: World) -> str:
    """Seconds and microseconds, the id of a post: never the same twice and always rising."""
    memory = _memory(world)
    now = int(world.now().timestamp() * 1_000_000)
    memory["last"] = max(now, memory.get("last", 0) + 1)
    return f"{memory['last'] // 1_000_000}.{memory['last'] % 1_000_000:06d}"


def _within(post: Post, arguments: Arguments) -> bool:
    """Between `oldest` and `latest`, ends included where `inclusive` says so."""
    if post["ts"] in (arguments.get("oldest"), arguments.get("latest")):
        return _true(arguments, "inclusive")
    return _edge(arguments, "oldest", 0) < float(post["ts"]) < _edge(arguments, "latest", math.inf)


def _edge(arguments: Arguments, name: str, usual: float) -> float:
    try:
        return float(arguments.get(name) or usual)
    except (TypeError, ValueError):
        raise Refused(f"invalid_ts_{name}") from None


def _page(posts: list[Post], arguments: Arguments, usual: int) -> dict[str, Any]:
    """One page of posts and the cursor of the next."""
    limit, start = str(arguments.get("limit", usual)), _start(arguments)
    if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
        raise Refused("invalid_limit")
    end = start + int(limit)
    page = [_given(post, arguments) for post in posts[start:end]]
    if end >= len(posts):
        return {"messages": page, "has_more": False}
    cursor = base64.b64encode(b"next:%d" % end).decode()
    return {"messages": page, "has_more": True, "response_metadata": {"next_cursor": cursor}}


def _start(arguments: Arguments) -> int:
    try:
        cursor = base64.b64decode(str(arguments.get("cursor") or ""), validate=True)
        return int(cursor.removeprefix(b"next:") or 0)
    except ValueError:  # binascii.Error is one
        raise Refused("invalid_cursor") from None


def _given(post: Post, arguments: Arguments) -> Post:
    """A post as Slack hands it out: metadata only where it is asked for."""
    return post if _true(arguments, "include_all_metadata") else {k: v for k, v in post.items() if k != "metadata"}


def _true(arguments: Arguments, name: str) -> bool:
    return str(arguments.get(name, "")).lower() in ("1", "true")


# ---- what people see --------------------------------------------------------------------------------------------


def _what(post: Post) -> str:
    """A card is what has a headline."""
    return "card" if any(block.get("type") == "header" for block in post.get("blocks", [])) else "message"


def _seen(post: Post) -> str:
    """What a reader sees: the blocks where there are any (text is only the notification then), entities read; then
    what is attached."""
    words = _lines(post["blocks"]) if "blocks" in post else [_read(post["text"])]
    return "\n".join([*words, *(line for one in post.get("attachments", []) for line in _lines(one["blocks"]))])


def _lines(part: Any) -> Iterator[str]:
    """Every text inside blocks, in order. Plain text is shown as it is; the rest is markup."""
    if isinstance(part, list):
        for one in part:
            yield from _lines(one)
    elif isinstance(part, dict):
        text = part.get("text")
        if isinstance(text, str):
            yield text if part.get("type") == "plain_text" else _read(text)
        else:
            yield from _lines([part[name] for name in ("text", "fields", "elements") if name in part])


def _read(markup: str) -> str:
    return markup.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _key(post: Post) -> str:
    return str(post.get("metadata", {}).get("event_payload", {}).get("key", ""))
