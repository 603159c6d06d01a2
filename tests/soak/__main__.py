"""`make soak`: what takes its time. Exit status 1 if anything is lost or doubled without a mark, or a bug slips by."""

import argparse
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from tests.lab.outage import Outage, outage
from tests.soak import processes, prompt, singles
from tests.soak.havoc import DEPLOYED, DOWN, FAULT, KILLED
from tests.soak.processes import Soaked
from tests.soak.singles import BUG, PAIR, RACE, Found
from tests.soak.stage import stage

DAYS = timedelta(days=3)  # of the outage
SHOWN = 5  # wrongs that are told in full
NAME = 46  # characters of a line's name


def main() -> int:
    options = _options()
    holds = True
    if options.only in (None, "singles"):
        found = list(singles.singles(options.orders, options.pairs, options.seed, options.jobs, _progress))
        holds &= _print(_singles(found), [wrong for one in found if not one.holds for wrong in _wrongs(one)])
    if options.only in (None, "outage"):
        logging.disable()
        _progress("an outage of three days")
        away = outage(options.waiting, options.customers, DAYS, options.seed)
        holds &= _print(_outage(away, options.waiting), away.wrongs)
    if options.only in (None, "processes"):
        with stage(options.seconds, _progress) as here:
            soaked = processes.soak(here, options.messages, options.kills, options.seed, _progress)
        holds &= _print(_figures(soaked), _troubles(soaked, options.kills, here.processes))
    if options.only in (None, "prompt"):
        waits = prompt.prompt(options.acknowledged, options.seconds, _progress)
        holds &= _print([f"{name:{NAME}} {figure}" for name, figure in waits.figures()], waits.troubles)
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


# ---- an outage --------------------------------------------------------------------------------------------------


def _outage(found: Outage, messages: int) -> Iterator[str]:
    minutes = found.after.total_seconds() / 60
    yield from (
        f"{name:{NAME}} {figure}".rstrip()
        for name, figure in (
            (f"a desk that is down for {DAYS.days} days", ""),
            ("  messages, arrived", f"{messages:,}, {found.delivered:,}, the last after {minutes:.0f} min"),
            ("  repeats, marked", found.marked),
            ("  tries of one message at most, bound", f"{found.tries}, {found.bound}"),
            ("  calls to the desk while it was down", f"{found.calls:,}"),
            ("", ""),
        )
    )


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
            ("  came although they were accepted", verdict.again),
            ("  forged, all refused", verdict.forged),
            ("  accepted while a release was deployed", tally[DEPLOYED]),
            (f"  calls that {DOWN} did not take for a while", tally[DOWN]),
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


def _troubles(soaked: Soaked, kills: int, left: int) -> list[str]:
    """All that must not be, or would mean that nothing was shown."""
    checks = {
        "nothing was accepted": not soaked.verdict.accepted,
        "nothing came twice, or was forged": not (soaked.verdict.again and soaked.verdict.forged),
        "nothing was accepted while the release was deployed": not soaked.tally[DEPLOYED],
        f"{DOWN} was never called while it was down": not soaked.tally[DOWN],
        f"only {_kills(soaked)} of {kills} kills": _kills(soaked) < kills,
        "it did not come to rest in its time: give it more --seconds": not soaked.quiet,
        f"{left} processes were left running": left > 0,
    }
    return [*soaked.verdict.wrongs, *soaked.wrongs, *(trouble for trouble, so in checks.items() if so)]


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
    parser.add_argument("--only", choices=("singles", "outage", "processes", "prompt"), help="one part of it")
    parser.add_argument("--orders", type=_number, metavar="N", help="of each race at most; default all")
    parser.add_argument("--pairs", type=_number, default=1000, metavar="N", help="double faults: how many, or all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="of the harness at a time")
    parser.add_argument("--waiting", type=int, default=10_000, metavar="N", help="messages in the outage")
    parser.add_argument("--customers", type=int, default=200, metavar="N", help="who write them")
    parser.add_argument("--messages", type=int, default=420, metavar="N", help="that customers write")
    parser.add_argument("--acknowledged", type=int, default=300, metavar="N", help="customers whose wait is measured")
    parser.add_argument("--kills", type=int, default=30, metavar="N", help="of functions, with SIGKILL")
    parser.add_argument("--seconds", type=float, default=900, metavar="S", help="for the real processes at most")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all that is left to chance")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
