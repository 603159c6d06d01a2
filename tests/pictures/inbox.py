"""A mail drawn as a mail program shows it: its headline, from whom, and the page inside it."""

import html
from collections.abc import Mapping
from typing import Any

STYLE = """
body { margin: 0; background: #fff; color: #1d2430; font: 14px/20px "Liberation Sans", Arial, sans-serif }
main { width: 700px; box-sizing: border-box; border: 1px solid #dddddd; border-radius: 8px; margin: 12px;
  padding: 16px 20px 8px }
h1 { font-size: 20px; line-height: 28px; font-weight: normal; margin: 0 0 10px }
dl { display: grid; grid-template-columns: 70px 1fr; margin: 0 0 12px; color: #444 }
dt { color: #80868b } dd { margin: 0 }
iframe { width: 100%; border: 0; border-top: 1px solid #e8e8e8 }
"""
WHOLE = "this.style.height = this.contentDocument.documentElement.scrollHeight + 'px'"


def page(mail: Mapping[str, Any]) -> str:
    """The mail as an HTML page, its own page in a frame as mail programs do."""
    named = (("From", mail["From"]), ("To", mail["To"]), ("Reply to", mail["ReplyTo"]))
    lines = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in named)
    frame = f'<iframe srcdoc="{html.escape(mail["HtmlBody"])}" onload="{WHOLE}"></iframe>'
    head = f"<h1>{html.escape(mail['Subject'])}</h1><dl>{lines}</dl>"
    return f'<!DOCTYPE html><meta charset="utf-8"><style>{STYLE}</style><main>{head}{frame}</main>'
