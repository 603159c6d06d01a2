"""`make bench`: every figure beside its bar. Exit status 1 if one is missed."""

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tests.bench import Bar, beside, calls, cold, markdown, memory, recognised, scenes, table, units, warm, work
from tests.bench.places import NotMade, peer, places

MANY = 10_000
README = Path(__file__).parents[2] / "README.md"
ROWS = (*cold.ROWS, *warm.ROWS, *memory.ROWS, *beside.ROWS)  # without those that are counted call by call
BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->"


def main() -> int:
    options = _options()
    measured: list[Bar] = []
    left_out: list[str] = []
    for bar in _bars(options.many, options.counts, left_out):
        measured.append(bar)
        _progress(f"measured {len(measured)}: {bar.name}")
    _progress("")
    print("\n".join([*table(measured), *left_out]))
    if options.readme:
        README.write_text(shown(README.read_text("utf-8"), measured, left_out), "utf-8")
    return 0 if all(bar.holds for bar in measured) else 1


def _bars(many: int, counts: bool, left_out: list[str]) -> Iterator[Bar]:
    _progress(f"playing a conversation of {many:,} messages")
    played = scenes.played(many)
    yield from calls.bars(played)
    yield from units.bars(played)
    yield from recognised.bars()
    if counts:
        return
    _progress("packaging, and making what it is held against")
    if not work.counted():
        left_out.append("Left out, for there is no valgrind here: all that is counted in instructions.")
    try:
        yield from _worked()
    except NotMade as error:
        left_out.append(f"Left out, all that Lambda's runtime client or its rivals are needed for: {error}")


def _worked() -> Iterator[Bar]:
    with places() as found:
        yield from cold.bars(found, peer("floor", "twilio_sms"))
        yield from warm.bars(found)
        yield from memory.bars(found)
        yield from beside.bars(found)


def shown(readme: str, bars: list[Bar], left_out: list[str]) -> str:
    """The README with these figures between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    python = ".".join(map(str, sys.version_info[:2]))
    words = f"Measured by `make bench` on {date.today():%-d %B %Y}, Python {python}. {' '.join(left_out)}".strip()
    return f"{before}{BEGIN}{words}\n\n{markdown(bars)}\n{END}{after}"


def _progress(words: str) -> None:
    """On one line of the terminal, which the next one takes."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measures what is promised.")
    parser.add_argument("--counts", action="store_true", help="only what is counted: calls and units")
    parser.add_argument("--many", type=int, default=MANY, help="messages in the long conversation")
    parser.add_argument("--readme", action="store_true", help="put the figures into README.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
