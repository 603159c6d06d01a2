"""A thread drawn as Slack draws it, in its light theme."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.world.page import EMOJI
from tests.pictures.story import NAMES, Post

COLOURS = {"Ann": "#8d5fa8", "Ben": "#2f8a6b", "Shopbell": "#1f4f8f"}
STYLE = """
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/22px "Liberation Sans", Arial, sans-serif }
main { width: 600px; box-sizing: border-box; padding: 0 0 14px; border: 1px solid #dddddd; border-radius: 8px;
  margin: 12px }
.top { padding: 14px 18px; border-bottom: 1px solid #e8e8e8; font-weight: bold; font-size: 17px }
.top span { font-weight: normal; font-size: 13px; color: #616061; margin-left: 8px }
.count { color: #616061; font-size: 13px; margin: 8px 18px; display: flex; align-items: center; gap: 10px }
.count::after { content: ""; flex: 1; border-top: 1px solid #e8e8e8 }
article { display: flex; gap: 10px; padding: 7px 18px }
.face { flex: 0 0 36px; height: 36px; border-radius: 8px; color: #fff; font-weight: bold; font-size: 17px;
  line-height: 36px; text-align: center }
.body { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere }
.who { font-weight: bold; white-space: nowrap }
.who small { font-weight: normal; font-size: 12px; color: #616061; margin-left: 6px }
.who i { font: normal 10px/14px "Liberation Sans"; background: #e8e8e8; color: #616061; border-radius: 2px;
  padding: 1px 4px; margin-left: 6px }
.header { font-size: 18px; font-weight: bold; line-height: 26px; margin: 2px 0 }
.section { margin: 4px 0 }
.context { color: #616061; font-size: 13px; line-height: 18px; margin: 6px 0 }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 }
button { font: bold 13px "Liberation Sans"; color: #1d1c1d; background: #fff; border: 1px solid #bbbabb;
  border-radius: 8px; padding: 0 12px; height: 30px }
button.danger { color: #c01343; border-color: #c01343 }
button.list::after { content: "⌄"; margin-left: 10px; color: #616061; position: relative; top: -3px }
.reactions span { display: inline-block; background: #f0f0f0; border-radius: 12px; font-size: 12px;
  line-height: 22px; padding: 0 8px; margin: 3px 4px 0 0 }
.only { color: #616061; font-size: 12px; line-height: 16px }
"""


def page(posts: Sequence[Post], channel: str) -> str:
    """The thread as an HTML page."""
    first, *rest = [_post(post) for post in posts]
    top = f'<div class="top">Thread<span># {_text(channel)}</span></div>'
    count = f'<div class="count">{len([post for post in posts[1:] if not post.private])} replies</div>'
    main = f"<main>{top}{first}{count}{''.join(rest)}</main>"
    return f'<!DOCTYPE html><meta charset="utf-8"><style>{STYLE}</style>{main}'


def _post(post: Post) -> str:
    name = NAMES.get(post.who, "Shopbell")
    badge = "" if post.who else "<i>APP</i>"
    only = '<div class="only">👁 Only visible to you</div>' if post.private else ""
    who = f'<div class="who">{name}{badge}<small>{post.at:%-I:%M %p}</small></div>'
    inside = "".join(BLOCKS[block["type"]](block) for block in post.blocks) or _text(_read(post.text))
    given = "".join(f"<span>{EMOJI.get(name, name)} 1</span>" for name in post.reactions)
    below = f'<div class="reactions">{given}</div>' if given else ""
    face = f'<div class="face" style="background: {COLOURS[name]}">{name[0]}</div>'
    return f'<article>{face}<div class="body">{only}{who}{inside}{below}</div></article>'


def _header(block: Mapping[str, Any]) -> str:
    return f'<div class="header">{_text(block["text"]["text"])}</div>'


def _section(block: Mapping[str, Any]) -> str:
    return f'<div class="section">{_text(block["text"]["text"])}</div>'


def _context(block: Mapping[str, Any]) -> str:
    return "".join(f'<div class="context">{_text(element["text"])}</div>' for element in block["elements"])


def _actions(block: Mapping[str, Any]) -> str:
    return f'<div class="actions">{"".join(_element(element) for element in block["elements"])}</div>'


def _element(element: Mapping[str, Any]) -> str:
    kind = "list" if element["type"] == "static_select" else element.get("style", "")
    label = element.get("text") or element["placeholder"]
    return f'<button class="{kind}">{_text(label["text"])}</button>'


BLOCKS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
}


def _text(text: str) -> str:
    return html.escape(text)


def _read(markup: str) -> str:
    return html.unescape(markup)
