"""What agents see, how their words are read, and all they can do. Pure."""

from chalicelib.desk import held
from chalicelib.desk.actions import ACTIONS, addressed, buttons
from chalicelib.desk.asked import Asked, Cannot, Done, known_as
from chalicelib.desk.card import card, in_two_lines, named, state, topic
from chalicelib.desk.conduct import PRIORITIES
from chalicelib.desk.naming import typed, written
from chalicelib.desk.reading import NOTE, REPLY, Words, commanded, read
from chalicelib.desk.shown import excerpt, names, shown, title
from chalicelib.desk.when import spoken
from chalicelib.desk.windows import Window, closing, last_opened, opens, window

__all__ = [
    "ACTIONS",
    "NOTE",
    "PRIORITIES",
    "REPLY",
    "Asked",
    "Cannot",
    "Done",
    "Window",
    "Words",
    "addressed",
    "buttons",
    "card",
    "closing",
    "commanded",
    "excerpt",
    "held",
    "in_two_lines",
    "known_as",
    "last_opened",
    "named",
    "names",
    "opens",
    "read",
    "shown",
    "spoken",
    "state",
    "title",
    "topic",
    "typed",
    "window",
    "written",
]
