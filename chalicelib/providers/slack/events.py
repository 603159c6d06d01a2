"""What a person wrote, edited or deleted in a thread, as Slack's events tell it.

https://docs.slack.dev/reference/events/message
"""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib.models import Address, Attachment, Channel, Kind, Message

WRITTEN = {None, "file_share", "thread_broadcast", "me_message"}  # subtypes of what a person wrote


def read(outer: dict[str, Any]) -> Iterator[Message]:
    """Nothing for what is no message in a thread. Raises KeyError and the like for one without its fields."""
    event = outer.get("event")
    if outer.get("type") != "event_callback" or not isinstance(event, dict) or event.get("type") != "message":
        return
    if event.get("subtype") == "message_changed":
        if event["message"].get("text") != event.get("previous_message", {}).get("text"):  # not merely unfurled
            version = event["message"].get("edited", {}).get("ts") or event["ts"]
            yield from _written(outer, event, event["message"], Kind.EDIT, version)
    elif event.get("subtype") == "message_deleted":
        yield from _written(outer, event, event["previous_message"], Kind.DELETE)
    elif event.get("subtype") in WRITTEN:
        yield from _written(outer, event, event, Kind.MESSAGE)


def _written(
    outer: dict[str, Any], event: dict[str, Any], post: dict[str, Any], kind: Kind, version: str = ""
) -> Iterator[Message]:
    """A reply in a thread, by a person. Bots, our own posts among them, are not."""
    bot = _bot_user(outer)
    in_thread = post.get("thread_ts") not in (None, post["ts"])
    elsewhere = post.get("parent_user_id") not in (None, bot)
    ours = post.get("bot_id") or post.get("user") in (None, "", bot)  # a file that we shared may bear no bot_id
    if ours or not in_thread or (bot and elsewhere):
        return
    text = str(post.get("text") or "")
    yield Message(
        provider="slack",
        kind=kind,
        id=f"{event['channel']}:{post['ts']}",
        version=version,
        sender=Address(channel=Channel.SLACK, id=post["user"]),
        text="" if kind is Kind.DELETE else _plain(text),
        mentions=bool(re.search(r"<[@!]", text)),
        attachments=tuple(_attachments(post)),
        thread=f"{event['channel']}:{post['thread_ts']}",
        parent_is_ours=bool(bot) and post.get("parent_user_id") == bot,
        context=_context(outer, post),
        source=event,
    )


def _context(outer: dict[str, Any], post: dict[str, Any]) -> dict[str, str]:
    """The writer's team. In a shared channel the event's own `team` is not to be relied on: these two fields are."""
    home = _authorization(outer).get("team_id") or outer.get("team_id")
    theirs = {post.get("user_team"), post.get("source_team")} - {None, home}
    return {"team": str(min(map(str, theirs))), "foreign": "1"} if theirs else {"team": str(home or "")}


def _bot_user(outer: dict[str, Any]) -> str:
    first = _authorization(outer)
    return str(first.get("user_id", "")) if first.get("is_bot") else ""


def _authorization(outer: dict[str, Any]) -> dict[str, Any]:
    """The installation that may see the event: its team is the one that installed the app."""
    authorizations = outer.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    return first if isinstance(first, dict) else {}


def _attachments(post: dict[str, Any]) -> Iterator[Attachment]:
    for file in post.get("files") or []:
        size = file.get("size")
        yield Attachment(
            name=str(file.get("name", "")),
            type=str(file.get("mimetype", "")),
            size=size if isinstance(size, int) else None,
            reference=str(file.get("url_private_download", "")),
        )


def _plain(text: str) -> str:
    """Slack's markup as a customer should read it: links by their address, entities as characters."""
    text = re.sub(r"<(?:mailto:|tel:)[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<(https?://[^|>]+)(?:\|[^>]*)?>", r"\1", text)
    text = re.sub(r"<[@#!][^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<([@#!][^>]*)>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
