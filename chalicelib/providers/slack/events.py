"""What a person wrote, edited or deleted in a thread, as Slack's events tell it.

https://docs.slack.dev/reference/events/message
"""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib import slack
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.values import Address, Channel


def read(outer: dict[str, Any]) -> Iterator[Message]:
    """A reply in a thread, by a person. Bots, our own posts among them, are not.

    Raises KeyError and the like for one without its fields.
    """
    told = slack.told(outer)
    if not told or not _is_reply(told.post, bot := _bot_user(outer)):
        return
    where, post, text = told.event["channel"], told.post, str(told.post.get("text") or "")
    yield Message(
        provider="slack",
        kind=told.kind,
        id=f"{where}:{post['ts']}",
        version=told.version,
        sender=Address(channel=Channel.SLACK, id=post["user"]),
        text="" if told.kind is Kind.DELETE else slack.plain(text),
        mentions=bool(re.search(r"<[@!]", text)),
        attachments=tuple(slack.attachments(post)),
        thread=f"{where}:{post['thread_ts']}",
        parent_is_ours=bool(bot) and post.get("parent_user_id") == bot,
        context=_context(outer, post),
        source=told.event,
    )


def _is_reply(post: dict[str, Any], bot: str) -> bool:
    in_thread = post.get("thread_ts") not in (None, post["ts"])
    elsewhere = post.get("parent_user_id") not in (None, bot)
    ours = post.get("bot_id") or post.get("user") in (None, "", bot)  # a file that we shared may bear no bot_id
    return not (ours or not in_thread or (bot and elsewhere))


def _context(outer: dict[str, Any], post: dict[str, Any]) -> dict[str, str]:
    """The writer's team."""
    home, others = slack.teams(outer, post)
    return {"team": min(others), "foreign": "1"} if others else {"team": home}


def _bot_user(outer: dict[str, Any]) -> str:
    first = slack.installed(outer)
    return str(first.get("user_id", "")) if first.get("is_bot") else ""
