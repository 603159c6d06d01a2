"""What agents see, how their words are read, and all they can do. Pure."""

from chalicelib.desk.actions import ACTIONS, Asked, Cannot, Done, buttons, known_as, named
from chalicelib.desk.card import card, in_two_lines, state, topic
from chalicelib.desk.naming import typed, written
from chalicelib.desk.reading import NOTE, REPLY, Words, commanded, read
from chalicelib.desk.shown import excerpt, shown, title

__all__ = [
    "ACTIONS",
    "NOTE",
    "REPLY",
    "Asked",
    "Cannot",
    "Done",
    "Words",
    "buttons",
    "card",
    "commanded",
    "excerpt",
    "in_two_lines",
    "known_as",
    "named",
    "read",
    "shown",
    "state",
    "title",
    "topic",
    "typed",
    "written",
]
