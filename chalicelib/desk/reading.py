"""How an agent's words are read: commands on the first lines, then a note or a reply."""

import re
from typing import NamedTuple

from chalicelib.models.inbound import Message
from chalicelib.models.shop import Desk

NOTE, REPLY = "//", ">>"
_COMMAND = re.compile(r"#([^\W\d_]+)(?:\s+(.*))?")


class Words(NamedTuple):
    """An agent's message, read. `commands` are word (with its #) and what follows it on its line."""

    commands: tuple[tuple[str, str], ...]
    text: str
    note: bool


def read(message: Message, place: Desk) -> Words:
    """Commands stand on lines of their own, above everything else. The text leaves only if nothing makes it a note."""
    lines = message.text.strip().splitlines()
    commands: list[tuple[str, str]] = []
    while lines and (found := commanded(lines[0])):
        commands.append(found)
        lines.pop(0)
        while lines and not lines[0].strip():
            lines.pop(0)
    text = "\n".join(lines).strip()
    note = text.startswith(NOTE) or message.mentions or (place.replies == "marked" and not text.startswith(REPLY))
    note = note or any(word == "#note" for word, _ in commands)
    if place.replies == "marked":
        text = text.removeprefix(REPLY).strip()
    return Words(tuple(commands), text, note)


def commanded(line: str) -> tuple[str, str] | None:
    """The command on a line, and what follows it; None for any other line."""
    found = _COMMAND.fullmatch(line.strip())
    return (f"#{found[1].lower()}", (found[2] or "").strip()) if found else None
