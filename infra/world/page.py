"""The ledger as people read it: customers' phones on the left, desks on the right."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

DESKS = {"slack"}  # a mail is at a desk if it says where to answer
NAMES = {
    "slack": "Slack",
    "twilio_sms": "SMS",
    "vonage": "SMS",
    "whatsapp": "WhatsApp",
    "twilio_whatsapp": "WhatsApp",
    "line": "LINE",
    "viber": "Viber",
    "x": "X",
    "postmark": "Mail",
    "resend": "Mail",
    "ses": "Mail",
}
EMOJI = {
    "white_check_mark": "✅",
    "outbox_tray": "📤",
    "eyes": "👀",
    "x": "❌",
    "hourglass_flowing_sand": "⏳",
    "question": "❓",
}
CHANGED = {"edit": "edited: ", "delete": "deleted"}
SIGNS = {**CHANGED, "file": "📎 "}
MOST_CHATS, MOST_POSTS = 20, 40  # on the page; the ledger has all

STYLE = """
:root { color-scheme: light dark; --page: #f4f4f1; --card: #fff; --ink: #1d1d1b; --soft: #6f6f69; --line: #e2e2dc;
  --bubble: #e9e9eb; --mark: #1f4f8f; }
@media (prefers-color-scheme: dark) { :root { --page: #191918; --card: #242423; --ink: #ececea; --soft: #9d9d96;
  --line: #3a3a37; --bubble: #3a3a3c; --mark: #8fb8f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; gap: 1rem; align-items: baseline; padding: 1.1rem 1.6rem;
  border-bottom: 1px solid var(--line); }
h1 { font-size: 1.05rem; margin: 0; } h2 { font-size: .8rem; letter-spacing: .08em; text-transform: uppercase;
  color: var(--soft); margin: 0 0 .8rem; } h3 { font-size: .95rem; margin: 0; }
a { color: var(--mark); } header nav { margin-left: auto; font-size: .9rem; }
small, time { color: var(--soft); font-weight: 400; }
main { display: grid; grid-template-columns: minmax(17rem, 2fr) 3fr; gap: 1.6rem; padding: 1.6rem; max-width: 82rem;
  margin: auto; } @media (max-width: 46rem) { main { grid-template-columns: 1fr; } }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin-bottom: 1rem;
  overflow: hidden; } article > h3, article > div { padding: .7rem 1rem; }
article > h3 { border-bottom: 1px solid var(--line); display: flex; gap: .6rem; align-items: baseline; }
.phone { border-radius: 22px; max-width: 25rem; } .phone p { background: var(--bubble); border-radius: 4px 16px 16px;
  padding: .5rem .8rem; width: fit-content; max-width: 92%; }
p { margin: .35rem 0; white-space: pre-wrap; overflow-wrap: anywhere; } time { font-size: .75rem; margin-left: .6rem; }
.replies { border-left: 3px solid var(--line); margin: .5rem 0 .3rem .4rem; padding-left: .9rem; }
.card { border-left: 3px solid var(--mark); padding-left: .9rem; } .card::first-line { font-weight: 600; }
.marks { border: 1px solid var(--line); border-radius: 99px; padding: .05rem .5rem; margin-left: .5rem;
  font-size: .85rem; } .none { color: var(--soft); }
"""

Row = dict[str, Any]


def render(rows: list[Row]) -> str:
    """The whole page, for the rows of the ledger. It loads itself anew every three seconds."""
    phones = [_phone(chat) for chat in _grouped((row for row in rows if not _at_desk(row)), "part", "to")]
    desks = [_desk(chat) for chat in _grouped((row for row in rows if _at_desk(row)), "part", "to")]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        '<meta name="viewport" content="width=device-width"><title>The outside world</title>'
        f"<style>{STYLE}</style></head><body>"
        f"<header><h1>The outside world</h1><small>{len(rows)} arrived</small>"
        '<nav><a href="/ledger">ledger</a> · <a href="/refused">refused</a></nav></header><main>'
        f"<section><h2>Customers</h2>{_joined(phones) or _none('Nobody has been written to yet.')}</section>"
        f"<section><h2>Desks</h2>{_joined(desks) or _none('No desk has heard anything yet.')}</section>"
        "</main></body></html>"
    )


def _at_desk(row: Row) -> bool:
    raw = row["raw"] if isinstance(row["raw"], dict) else {}
    return row["part"] in DESKS or bool(raw.get("ReplyTo"))


def _grouped(rows: Iterable[Row], *by: str) -> list[list[Row]]:
    """Chats, the one that moved last first, each in the order it happened."""
    chats: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        chats[key] = chats.pop(key, [])  # to the end: it moved last
        chats[key].append(row)
    return list(chats.values())[::-1][:MOST_CHATS]


def _phone(rows: list[Row]) -> str:
    heard = [_post(row) for row in _without_marks(rows)]
    return f'<article class="phone">{_head(rows[0])}{_box(heard)}</article>'


def _desk(rows: list[Row]) -> str:
    """One channel or mailbox: its threads, and what was put on messages that are not ours to show."""
    posts = [{**row, "thread": row["thread"] or row["id"] or row["refers"]} for row in _as_they_stand(rows)]
    marks = _marks(rows)
    threads = [_thread(thread, marks) for thread in _grouped(posts, "thread")]
    ours = {row["id"] for row in posts}
    others = [
        f'<p class="none">an agent’s message of {_moment(about)}{_pill(names)}</p>'
        for about, names in marks.items()
        if about not in ours and names
    ]
    return f"<article>{_head(rows[0])}{_joined(threads)}{_box(others)}</article>"


def _thread(rows: list[Row], marks: dict[str, list[str]]) -> str:
    first, *replies = [_post(row, marks) for row in rows]
    return f"<div>{first}{_box(replies, 'replies')}</div>"


def _as_they_stand(rows: list[Row]) -> list[Row]:
    """Each post once: one that was changed with its last words, in its first place."""
    posts: dict[str, Row] = {}
    for number, row in enumerate(_without_marks(rows)):
        before = posts.get(row["refers"]) if row["what"] in CHANGED else None
        if before:
            posts[row["refers"]] = {**before, "text": row["text"], "changed": row["what"]}
        else:
            posts[row["id"] or f"row {number}"] = row
    return list(posts.values())


def _without_marks(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["what"] not in ("reaction", "unreaction")]


def _marks(rows: list[Row]) -> dict[str, list[str]]:
    """The reactions that stand, by the message they are on."""
    standing: dict[str, list[str]] = {}
    for row in rows:
        if row["what"] == "reaction":
            standing.setdefault(row["refers"], []).append(row["text"])
        elif row["what"] == "unreaction" and row["text"] in standing.get(row["refers"], []):
            standing[row["refers"]].remove(row["text"])
    return standing


def _head(row: Row) -> str:
    return f"<h3>{escape(row['to'])}<small>{escape(NAMES.get(row['part'], row['part'].title()))}</small></h3>"


def _post(row: Row, marks: dict[str, list[str]] | None = None) -> str:
    kind = {"card": ' class="card"'}.get(row["what"], "")
    said = SIGNS.get(row.get("changed") or row["what"], "") + row["text"]
    if row["what"] == "private":
        said = f"to {row['refers'] or row['to']} alone: {said}"
    time = f"<time>{escape(row['at'][11:19])}</time>"
    return f"<p{kind}>{escape(said)}{_pill((marks or {}).get(row['id'], []))}{time}</p>"


def _pill(names: list[str]) -> str:
    shown = " ".join(EMOJI.get(name, f":{name}:") for name in names)
    return f'<span class="marks">{escape(shown)}</span>' if names else ""


def _moment(time_stamp: str) -> str:
    """The time of day in a time stamp of Slack's."""
    seconds = time_stamp.partition(".")[0]
    known = seconds.isascii() and seconds.isdigit() and len(seconds) == 10
    return f"{datetime.fromtimestamp(int(seconds), UTC):%H:%M:%S}" if known else escape(time_stamp)


def _box(posts: list[str], kind: str = "") -> str:
    return f'<div class="{kind}">{_joined(posts[-MOST_POSTS:])}</div>' if posts else ""


def _none(text: str) -> str:
    return f'<p class="none">{escape(text)}</p>'


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts)
