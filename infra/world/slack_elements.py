"""What Slack refuses of buttons and lists.

https://docs.slack.dev/reference/block-kit/block-elements and …/composition-objects/confirmation-dialog-object
"""

from collections.abc import Iterator
from typing import Any

MOST_ELEMENTS, MOST_OPTIONS = 25, 100
LABEL, PLACEHOLDER, VALUE, OPTION_VALUE, ID = 75, 150, 2_000, 150, 255
TITLE, QUESTION, ANSWER = 100, 300, 30
STYLES = (None, "primary", "danger")
OTHER_ELEMENTS = {"checkboxes", "datepicker", "overflow", "radio_buttons", "users_select"}  # not looked into


def wrong(block: dict[str, Any]) -> Iterator[str]:
    """What is wrong with an actions block."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= MOST_ELEMENTS:
        yield f"must be 1 to {MOST_ELEMENTS} items"
        return
    names = [element.get("action_id") for element in elements if isinstance(element, dict)]
    if len(names) != len(elements) or len(set(names) - {None}) != len([name for name in names if name is not None]):
        yield "action_id must be unique"
    for element in elements:
        yield from _wrong_element(element)


def _wrong_element(element: Any) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind == "button":
        yield from _wrong_plain(element.get("text"), LABEL)
        yield from _too_long(element.get("value"), VALUE)
        if element.get("style") not in STYLES:
            yield "style must be primary or danger"
    elif kind == "static_select":
        yield from _wrong_plain(element.get("placeholder"), PLACEHOLDER)
        yield from _wrong_options(element.get("options"))
    elif kind not in OTHER_ELEMENTS:
        yield f"unsupported type: {kind}"
        return
    yield from _too_long(element.get("action_id", ""), ID)
    if "confirm" in element:
        yield from _wrong_confirm(element["confirm"])


def _wrong_options(options: Any) -> Iterator[str]:
    if not isinstance(options, list) or not 1 <= len(options) <= MOST_OPTIONS:
        yield f"must be 1 to {MOST_OPTIONS} items"
        return
    for option in options:
        yield from _wrong_plain(option.get("text"), LABEL)
        yield from _too_long(option.get("value"), OPTION_VALUE)


def _wrong_confirm(confirm: Any) -> Iterator[str]:
    for name, longest in (("title", TITLE), ("text", QUESTION), ("confirm", ANSWER), ("deny", ANSWER)):
        yield from _wrong_plain(confirm.get(name), longest)


def _wrong_plain(text: Any, longest: int) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") != "plain_text" or not isinstance(text.get("text"), str):
        yield "must be a text object of plain_text"
    elif not 1 <= len(text["text"]) <= longest:
        yield f"must be 1 to {longest} characters"


def _too_long(value: Any, longest: int) -> Iterator[str]:
    if not isinstance(value, str) or len(value) > longest:
        yield f"must be less than {longest + 1} characters"
