"""The text of an HTML mail as its reader sees it: nothing is fetched, scripts and hidden parts are left out.

The page is cut into tags and text by one linear expression, because the standard library's html.parser takes minutes
for a megabyte of unfinished comments or tags (CVE-2025-6069 and its relatives; 3.11 to 3.13 differ).
"""

import re
from dataclasses import dataclass, field
from html import unescape

from chalicelib.characters import clean_text

LARGEST, MOST_TAGS = 1_000_000, 50_000  # characters and tags that are read
_TOKEN = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30}+)([^<>]*+)>|<[!?/][^<>]*+>|[^<]++|(?:<(?=<))++|<[^<]*+")
_DROPPED = frozenset({"script", "style", "title", "template", "object", "svg", "math", "textarea", "select"})
_LINES = frozenset(
    [
        "address",
        "article",
        "aside",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "section",
        "td",
        "th",
        "tr",
    ]
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "table", "blockquote"])
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_NEVER_NESTED = frozenset(["p", "li", "td", "th", "tr", "dd", "dt"])  # the next one ends the one before
_STYLE = re.compile(r"""\bstyle\s*+=\s*+("[^"]*+"|'[^']*+')""", re.IGNORECASE)
_UNSEEN = re.compile(
    r"display\s*+:\s*+none|visibility\s*+:\s*+hidden|mso-hide\s*+:\s*+all|font-size\s*+:\s*+0(?:px|pt|em|%)?\s*+[;\"']",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_HIDDEN = re.compile(r"(?:^|\s)hidden(?=\s|=|/|$)", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*+=\s*+["']?(https?://[^\s"'<>]{1,1000}+)""", re.IGNORECASE)
_SPACE = re.compile(r"[^\S\v\f\u2028\u2029]+")  # what ends a line in a plain text stays as it is
_RULE = "_" * 32  # as Outlook draws a line in plain text
_DEEPEST_QUOTE = 5  # levels of blockquote that are shown as > > >


@dataclass
class _Page:
    """What has been read so far."""

    lines: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # of the line being written
    quote: int = 0
    preformatted: int = 0
    skipped: str = ""  # the element whose content is left out
    depth: int = 0  # how many of that name are open within it
    gap: bool = False  # an empty line is due before the next
    quote_before: int = 0  # levels of the last line
    link: str = ""
    label: list[str] = field(default_factory=list)


def text_of(html: str) -> str:
    """The text of a page, or of its first million characters. What is hidden is shown if there is nothing else."""
    return _read(html[:LARGEST], True) or _read(html[:LARGEST], False)


def _read(html: str, hide: bool) -> str:
    page, place, tags = _Page(), 0, 0
    while tags < MOST_TAGS and (token := _TOKEN.match(html, place)):
        place, tags = token.end(), tags + 1
        if token[0] == "<!--":
            place = html.find("-->", place) + 3
            if place < 3:  # a comment without end hides the rest, as in a browser
                break
        elif token[2]:
            _tag(page, token[2].lower(), token[3], bool(token[1]), hide)
        elif not page.skipped and token[0][:2] not in ("<!", "<?", "</"):
            _say(page, token[0])
    _line(page)
    return clean_text("\n".join(page.lines)).strip("\n")


def _tag(page: _Page, name: str, attributes: str, closing: bool, hide: bool) -> None:
    if page.skipped == name in _NEVER_NESTED and not closing:
        page.skipped = ""
    if page.skipped:
        if name == page.skipped:
            page.depth += -1 if closing else 1
            page.skipped = page.skipped if page.depth else ""
    elif not closing and name not in _VOID and (name in _DROPPED or (hide and _is_hidden(attributes))):
        page.skipped, page.depth = name, 1
    elif name == "br":
        _line(page)
    elif name == "a":
        _anchor(page, attributes, closing)
    elif name in _LINES or name in _PARAGRAPHS:
        _block(page, name, closing)


def _block(page: _Page, name: str, closing: bool) -> None:
    if name in ("td", "th"):
        page.words.append(" ")
        return
    if page.words:
        _line(page)
    page.gap = page.gap or name in _PARAGRAPHS
    step = -1 if closing else 1
    if name == "hr":
        page.words.append(_RULE)
        _line(page)
    elif name == "blockquote":
        page.quote = max(0, page.quote + step)
    elif name == "pre":
        page.preformatted = max(0, page.preformatted + step)
    elif name == "li" and not closing:
        page.words.append("- ")


def _anchor(page: _Page, attributes: str, closing: bool) -> None:
    """A link is shown by its address as well, unless its words are the address."""
    label = "".join(page.label)
    if page.link and label.strip() and page.link.rstrip("/") not in label:
        page.words.append(f" ({page.link})")
    href = None if closing else _HREF.search(attributes)
    page.link, page.label = (_unescaped(href[1]) if href else ""), []


def _say(page: _Page, text: str) -> None:
    text = _unescaped(text)
    if page.link:
        page.label.append(text)
    if not page.preformatted:
        page.words.append(_SPACE.sub(" ", text))
        return
    first, *rest = text.split("\n")
    page.words.append(first)
    if rest:
        _line(page)
        page.lines += [(_prefix(page.quote) + line).rstrip() for line in rest[:-1]]
        page.words.append(rest[-1])


def _line(page: _Page) -> None:
    """End the line. Of several empty lines one is kept."""
    text = "".join(page.words)
    text = text.rstrip() if page.preformatted else _SPACE.sub(" ", text).strip()
    page.words = []
    if not text:
        page.gap = True
        return
    if page.gap and page.lines:
        page.lines.append(_prefix(min(page.quote, page.quote_before)).rstrip())
    page.lines.append(_prefix(page.quote) + text)
    page.gap, page.quote_before = False, page.quote


def _prefix(quote: int) -> str:
    return "> " * min(quote, _DEEPEST_QUOTE)


def _is_hidden(attributes: str) -> bool:
    style = _STYLE.search(attributes)
    return bool((style and _UNSEEN.search(style[1])) or _HIDDEN.search(_QUOTED.sub("", attributes)))


def _unescaped(text: str) -> str:
    """Entities as characters. A number of thousands of digits is refused by int(): such text stays as it is."""
    try:
        return unescape(text)
    except ValueError:
        return text
