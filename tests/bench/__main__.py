"""`make bench`: every figure beside its bar. Exit status 1 if one is missed."""

import argparse
import sys
from collections.abc import Iterator

from tests.bench import Bar, calls, cold, recognised, scenes, table, units, warm
from tests.bench.bare import bare

MANY = 10_000


def main() -> int:
    options = _options()
    measured: list[Bar] = []
    for bar in _bars(options.many, options.counts):
        measured.append(bar)
        _progress(f"measured {len(measured)}: {bar.name}")
    _progress("")
    print("\n".join(table(measured)))
    return 0 if all(bar.holds for bar in measured) else 1


def _bars(many: int, counts: bool) -> Iterator[Bar]:
    _progress(f"playing a conversation of {many:,} messages")
    played = scenes.played(many)
    yield from calls.bars(played)
    yield from units.bars(played)
    yield from recognised.bars()
    if not counts:
        _progress("packaging")
        with bare() as package:
            yield from warm.bars(package)
            yield from cold.bars(package)


def _progress(words: str) -> None:
    """On one line of the terminal, which the next one takes."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measures what is promised.")
    parser.add_argument("--counts", action="store_true", help="only what is counted: calls and units")
    parser.add_argument("--many", type=int, default=MANY, help="messages in the long conversation")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
