"""`make soak`: what takes its time. Exit status 1 if anything is lost or doubled without a mark, or a bug slips by."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from tests.soak import processes, singles
from tests.soak.havoc import FAULT, KILLED
from tests.soak.processes import Soaked
from tests.soak.singles import BUG, PAIR, RACE, Found

SHOWN = 5  # wrongs that are told in full
NAME = 46  # characters of a line's name


def main() -> int:
    options = _options()
    holds = True
    if options.only != "processes":
        found = list(singles.singles(options.orders, options.pairs, options.seed, options.jobs, _progress))
        holds &= _print(_singles(found), [wrong for one in found if not one.holds for wrong in _wrongs(one)])
    if options.only != "singles":
        soaked = processes.soak(options.messages, options.kills, options.seconds, options.seed, _progress)
        holds &= _print(_figures(soaked), _troubles(soaked, options.kills))
    return 0 if holds else 1


def _print(lines: Iterable[str], wrongs: Sequence[str]) -> bool:
    """The figures, then what is wrong; whether nothing is."""
    _progress("")
    print("\n".join([*lines, *(f"WRONG: {wrong}" for wrong in wrongs[:SHOWN])]), flush=True)
    if len(wrongs) > SHOWN:
        print(f"WRONG: and {len(wrongs) - SHOWN} more")
    return not wrongs


# ---- the crash harness ------------------------------------------------------------------------------------------


def _singles(found: Sequence[Found]) -> Iterator[str]:
    for kind, tried, wrong in ((RACE, "orders", "wrong"), (BUG, "plans", "caught"), (PAIR, "pairs", "wrong")):
        yield f"{kind:{NAME}} {tried:>8} {wrong:>8}"
        rows = [(one.name, one.tried, len(one.wrong)) for one in sorted(found) if one.kind == kind]
        rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
        yield from (f"  {row[0]:{NAME - 2}} {row[1]:>8,} {row[2]:>8,}" for row in rows)
        yield ""


def _wrongs(found: Found) -> list[str]:
    if found.kind == BUG:
        return [f"a seeded bug is not caught: {found.name}"]
    return [f"{found.kind}: {found.name}: {wrong}" for wrong in found.wrong] or [f"nothing was tried: {found.name}"]


# ---- real processes ---------------------------------------------------------------------------------------------


def _figures(soaked: Soaked) -> Iterator[str]:
    verdict, tally = soaked.verdict, soaked.tally
    acknowledged = ", ".join(f"{count} in {many} of them" for count, many in sorted(verdict.acknowledged.items()))
    killed = ", ".join(f"{tally[function]} {function}" for function in KILLED)
    yield from (
        f"{name:{NAME}} {figure}".rstrip()
        for name, figure in (
            ("real processes on the local AWS", ""),
            ("  messages accepted", f"{verdict.accepted:,}"),
            ("  claims", f"{soaked.claims:,}"),
            ("  killed with SIGKILL", f"{_kills(soaked)} ({killed})"),
            ("  failures of the outside world", tally[FAULT]),
            ("  lost", len(verdict.lost)),
            ("  repeats, marked", verdict.marked),
            ("  repeats, unmarked", len(verdict.unmarked)),
            ("  replies not out, of which the agent was told", verdict.told),
            ("  conversations", f"{verdict.acknowledged.total()}; acknowledgements: {acknowledged}"),
            ("  dead letters", soaked.dead_letters),
        )
    )


def _troubles(soaked: Soaked, kills: int) -> list[str]:
    """All that must not be, or would mean that nothing was shown."""
    checks = {
        "nothing was accepted": not soaked.verdict.accepted,
        f"only {_kills(soaked)} of {kills} kills": _kills(soaked) < kills,
        "it did not come to rest in its time: give it more --seconds": not soaked.quiet,
        f"{soaked.left} processes were left running": soaked.left > 0,
    }
    return [*soaked.verdict.wrongs, *(trouble for trouble, so in checks.items() if so)]


def _kills(soaked: Soaked) -> int:
    return sum(soaked.tally[function] for function in KILLED)


# ---- the command line -------------------------------------------------------------------------------------------


def _progress(words: str) -> None:
    """On one line of the terminal, which the next one takes."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def _number(text: str) -> int | None:
    return None if text == "all" else int(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description="Tries what takes too long for make test.")
    parser.add_argument("--only", choices=("singles", "processes"), help="one half: the crash harness, or real kills")
    parser.add_argument("--orders", type=_number, metavar="N", help="of each race at most; default all")
    parser.add_argument("--pairs", type=_number, default=1000, metavar="N", help="double faults: how many, or all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="of the harness at a time")
    parser.add_argument("--messages", type=int, default=1000, metavar="N", help="that customers write")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="of functions, with SIGKILL")
    parser.add_argument("--seconds", type=float, default=600, metavar="S", help="for the real processes at most")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that is left to chance")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
