"""Buttons, lists, message shortcuts and the slash command: each stands for words that could have been typed.

Payloads: https://docs.slack.dev/reference/interaction-payloads
Commands: https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.models.inbound import Kind, Message
from chalicelib.models.values import Address, Channel

ALONE = "#help"  # the slash command without words
PARTS = ("type", "user", "team", "channel", "container", "actions", "callback_id", "action_ts", "message_ts")


def pressed(payload: dict[str, Any]) -> Iterator[Message]:
    """What was chosen under a post of ours, or in the menu of any post. Raises KeyError and the like."""
    if payload.get("type") == "block_actions":
        for action in payload["actions"]:
            chosen = action.get("selected_option") or action
            yield from _command(payload, chosen.get("value"), action["action_ts"], action["action_id"])
    elif payload.get("type") == "message_action":
        name = payload["callback_id"]
        yield from _command(payload, f"#{name.replace('_', ' ')}", payload["action_ts"], name)


def typed(form: Mapping[str, str]) -> Iterator[Message]:
    """A slash command. Slack has none in threads: its thread is the channel and no time stamp. Raises KeyError."""
    if "command" not in form:
        return
    words = form.get("text", "").strip() or ALONE
    parts = ("command", "text", "user_id", "channel_id", "team_id", "trigger_id")
    yield Message(
        provider="slack",
        kind=Kind.COMMAND,
        id=form["trigger_id"],
        sender=Address(channel=Channel.SLACK, id=form["user_id"]),
        text=words if words.startswith("#") else f"#{words}",
        thread=f"{form['channel_id']}:",
        private=True,
        outside=True,
        context={"team": form.get("team_id", "")},
        source={name: form[name] for name in parts if name in form},
    )


def _command(payload: dict[str, Any], words: Any, at: str, name: str) -> Iterator[Message]:
    """The words in the thread of the post under which they were chosen. What is no words of ours is not for us."""
    if not isinstance(words, str) or not words.startswith("#"):
        return
    user, channel, thread = payload["user"], *_place(payload)
    where, home = (payload.get("team") or {}).get("id"), user.get("team_id")
    foreign = {"foreign": "1"} if where and home and where != home else {}
    yield Message(
        provider="slack",
        kind=Kind.COMMAND,
        id=f"{channel}:{at} {user['id']} {name}",
        sender=Address(channel=Channel.SLACK, id=user["id"]),
        text=words,
        thread=f"{channel}:{thread}",
        private=True,
        context={"team": home or where or "", **foreign},
        source={name: payload[name] for name in PARTS if name in payload},
    )


def _place(payload: dict[str, Any]) -> tuple[str, str]:
    """Channel and thread. A thread's own post has no thread_ts before it is answered; a post seen by one person alone
    has no `message` (slack-go #888, java-slack-sdk #1200)."""
    container, message = payload.get("container") or {}, payload.get("message") or {}
    thread = container.get("thread_ts") or message.get("thread_ts")
    if not thread:
        thread = container.get("message_ts") or message.get("ts") or payload["message_ts"]
    return container.get("channel_id") or payload["channel"]["id"], thread
