"""The figures that are promised, measured: `make bench` prints each beside its bar."""

from collections.abc import Iterable, Iterator
from math import nan
from typing import NamedTuple

WIDEST = 78  # characters of a bar's name


class Bar(NamedTuple):
    """A figure and what it may be: `limit` at most, and more than nothing, or `least` and more.

    Below the limit there may be a `goal`. With neither limit nor least it is for reading. `why` is what to say where
    limit or goal is missed.
    """

    name: str
    measured: float = nan
    limit: float | None = None
    least: float | None = None
    goal: float | None = None
    why: str = ""

    @property
    def holds(self) -> bool:
        if self.limit is None and self.least is None:
            return True
        enough = self.measured > 0 if self.least is None else self.measured >= self.least
        return enough and (self.limit is None or self.measured <= self.limit)

    @property
    def verdict(self) -> str:
        missed = "MISSED" if not self.holds else "goal missed" if self.goal and self.measured > self.goal else ""
        if missed:
            return f"{missed}: {self.why}" if self.why else missed
        return "" if self.limit is None and self.least is None else "ok"

    @property
    def bounds(self) -> str:
        """The bar in signs: `3` and nothing else, `≤ 1.2`, `≥ 2.5`, `≤ 1.1 (0.85)` with a goal."""
        if self.limit is None:
            return "" if self.least is None else f"≥ {self.least:g}"
        goal = f" ({self.goal:g})" if self.goal else ""
        return f"{'' if self.limit == self.least else '≤ '}{self.limit:g}{goal}"


def exactly(name: str, measured: float, count: int) -> Bar:
    """A figure that may be nothing else."""
    return Bar(name, measured, limit=count, least=count)


def table(bars: Iterable[Bar]) -> Iterator[str]:
    """One line for each bar: its name, the bar, the figure, the verdict."""
    yield f"{'':{WIDEST}} {'bar':>12} {'measured':>9}"
    for bar in bars:
        yield f"{bar.name:{WIDEST}} {bar.bounds:>12} {bar.measured:>9.4g}  {bar.verdict}".rstrip()


def markdown(bars: Iterable[Bar]) -> str:
    """The same as the README has it."""
    rows = [f"| {bar.name} | {bar.bounds} | {bar.measured:.4g} | {bar.verdict} |" for bar in bars]
    return "\n".join(["| what | bar | measured | |", "|---|---|---|---|", *rows])
