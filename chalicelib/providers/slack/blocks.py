"""Cards, notices and buttons as blocks. All text is plain, so nothing that anybody wrote is ever markup.

Limits: https://docs.slack.dev/reference/block-kit/blocks and …/block-elements, …/composition-objects
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.models.outbound import Button, Card

LONGEST_TEXT = 3_000  # characters of a section
LONGEST_TITLE, LONGEST_LINE = 150, 300
MOST_BUTTONS, MOST_ROWS = 25, 4  # in one block, and such blocks
LONGEST_LABEL, LONGEST_VALUE = 75, 2_000  # of a button
MOST_OPTIONS, LONGEST_OPTION_VALUE = 100, 150
LONGEST_CONFIRM, LONGEST_CONFIRM_BUTTON = 300, 30

Block = dict[str, Any]


def card(it: Card, own: str, text: str, below: str) -> list[Block]:
    """Who, what state, where from, the customer's words between ours, what can be done, and how to answer."""
    return [
        {"type": "header", "text": plain(it.title, LONGEST_TITLE)},
        *sections(" · ".join(it.state)[:LONGEST_TEXT]),
        *_lines(it.facts),
        *small(own),
        *sections(text),
        *small(below),
        *rows(it.buttons),
        *_lines((it.hint,)),
    ]


def sections(text: str) -> list[Block]:
    """The whole text, however long; none where it is empty."""
    return [{"type": "section", "text": plain(piece, LONGEST_TEXT)} for piece in _pieces(text)]


def small(text: str) -> list[Block]:
    """The whole text in small print: Shopbell's own, which nobody's words are shown in."""
    return [{"type": "context", "elements": [plain(piece, LONGEST_TEXT)]} for piece in _pieces(text)]


def mention(person: str) -> list[Block]:
    """A person by their id from shop.toml, so that Slack tells them; the one piece of markup there is."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": f"<@{person}>"}}] if person else []


def rows(buttons: tuple[Button, ...]) -> list[Block]:
    """Buttons and lists. Words that Slack cannot carry back whole are left out: cut, they would mean something else."""
    elements = [element for number, button in enumerate(buttons) for element in _element(button, f"choice-{number}")]
    starts = range(0, min(len(elements), MOST_BUTTONS * MOST_ROWS), MOST_BUTTONS)
    return [{"type": "actions", "elements": elements[start : start + MOST_BUTTONS]} for start in starts]


def plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text[:longest], "emoji": False}


def _lines(lines: tuple[str, ...]) -> list[Block]:
    """Short lines in small print, each on its own: elements of one block would run on in one line."""
    return small("\n".join(line[:LONGEST_LINE] for line in lines)[:LONGEST_TEXT])


def _pieces(text: str) -> list[str]:
    pieces = [text[start : start + LONGEST_TEXT] for start in range(0, len(text), LONGEST_TEXT)]
    return [piece for piece in pieces if piece.strip()]


def _element(button: Button, id: str) -> Iterator[dict[str, Any]]:
    if button.options:
        yield from _list(button, id)
    elif button.says and len(button.says) <= LONGEST_VALUE:
        style = {"style": "danger"} if button.warns else {}
        text = plain(button.label, LONGEST_LABEL)
        yield {"type": "button", "action_id": id, "text": text, "value": button.says, **style, **_confirm(button)}


def _list(button: Button, id: str) -> Iterator[dict[str, Any]]:
    options = [
        {"text": plain(label, LONGEST_LABEL), "value": says}
        for label, says in button.options
        if says and len(says) <= LONGEST_OPTION_VALUE
    ]
    if options:
        placeholder = plain(button.label, LONGEST_TITLE)
        some = {"type": "static_select", "action_id": id, "placeholder": placeholder, "options": options[:MOST_OPTIONS]}
        yield {**some, **_confirm(button)}


def _confirm(button: Button) -> dict[str, Any]:
    """Slack asks once more before it sends what was chosen."""
    if not button.warns:
        return {}
    asked = {
        "title": plain("Are you sure?", LONGEST_TITLE),
        "text": plain(button.warns, LONGEST_CONFIRM),
        "confirm": plain(button.label, LONGEST_CONFIRM_BUTTON),
        "deny": plain("Cancel", LONGEST_CONFIRM_BUTTON),
    }
    return {"confirm": asked}
