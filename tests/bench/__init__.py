"""The figures that are promised, measured: `make bench` prints each beside its bar."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

WIDEST = 78  # characters of a bar's name


class Bar(NamedTuple):
    """A figure and what it may be at most; an `exact` one may not be less either. Without a limit it is for reading."""

    name: str
    measured: float
    limit: float | None
    exact: bool = False

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.measured == self.limit if self.exact else 0 < self.measured <= self.limit


def table(bars: Iterable[Bar]) -> Iterator[str]:
    """One line for each bar: its name, the bar, the figure, the verdict."""
    yield f"{'':{WIDEST}} {'bar':>8} {'measured':>9}"
    for bar in bars:
        verdict = "" if bar.limit is None else "ok" if bar.holds else "MISSED"
        yield f"{bar.name:{WIDEST}} {_limit(bar):>8} {bar.measured:>9.4g}  {verdict}".rstrip()


def _limit(bar: Bar) -> str:
    return "" if bar.limit is None else f"{'' if bar.exact else '≤ '}{bar.limit:g}"
