"""The marks before a subject: Re:, AW:, Fwd:."""

import re

from chalicelib.mail.languages import folded, words

_REPLY, _FORWARD = frozenset(words("reply")), frozenset(words("forward"))
_COUNTED = re.compile(r"\s{0,2}(?:\[\d{1,3}\]|\(\d{1,3}\))$")  # Re[2]: Aw(3):
_LONGEST_MARK = 30  # characters


def forwarded(subject: str) -> bool:
    """Whether a subject says that the mail passes another one on: then what looks like history is its message."""
    return _mark(subject) in _FORWARD


def is_reply(subject: str) -> bool:
    return _mark(subject) in _REPLY


def without_reply_marks(subject: str) -> str:
    """`subject` without any number of Re: and AW: before it."""
    while is_reply(subject):
        subject = subject.partition(":")[2].strip()
    return subject


def _mark(subject: str) -> str:
    before, colon, _ = subject[:_LONGEST_MARK].partition(":")
    return _COUNTED.sub("", folded(before)) if colon else ""
