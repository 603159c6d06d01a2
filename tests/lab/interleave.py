"""Two invocations at once, in every order of their calls: a scheduler lets one call through at a time."""

import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.lab import Lab
from tests.lab.fork import end, fork

Job = Callable[[], None]


class Turns:
    """Threads stop before each call; `choose` says whose turn it is."""

    def __init__(self, jobs: list[Job], choices: list[int]) -> None:
        self.jobs, self.choices = jobs, choices
        self.trace: list[tuple[int, bool]] = []  # who went, and whether the other could have
        self.waiting: set[int] = set()
        self.running: set[int] = set(range(len(jobs)))
        self.turn: int | None = None
        self.changed = threading.Condition()
        self.me = threading.local()
        self.errors: list[BaseException] = []

    def intercept(self, number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        with self.changed:
            self.waiting.add(self.me.number)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.turn == self.me.number)
            self.turn = None
            self.waiting.discard(self.me.number)
        return apply()

    def go(self) -> None:
        """Run all jobs to their ends, one call at a time."""
        threads = [threading.Thread(target=self._run, args=(number,)) for number in range(len(self.jobs))]
        for thread in threads:
            thread.start()
        while self._next():
            pass
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _run(self, number: int) -> None:
        self.me.number = number
        try:
            self.jobs[number]()
        except BaseException as error:
            self.errors.append(error)
        with self.changed:
            self.running.discard(number)
            self.changed.notify_all()

    def _next(self) -> bool:
        """Wait until everybody who runs has stopped, then let one go on."""
        with self.changed:
            self.changed.wait_for(lambda: self.turn is None and self.waiting == self.running)
            if not self.running:
                return False
            last = self.trace[-1][0] if self.trace else 0
            place = len(self.trace)
            wanted = self.choices[place] if place < len(self.choices) else last
            chosen = wanted if wanted in self.waiting else min(self.waiting)
            self.trace.append((chosen, len(self.waiting) > 1))
            self.turn = chosen
            self.changed.notify_all()
        return True


Trace = list[tuple[int, bool]]


def apart(act: Callable[[], Any]) -> Any:
    """What `act` gives (as JSON holds it), done in a process of its own: what was before it need not be done again."""
    pipe, said = fork()
    if pipe:
        end(pipe, _done(act))
    given, error = said or (None, "it ended without a word")
    assert not error, error
    return given


def _done(act: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return act(), ""
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"


def orders(
    play: Callable[[list[int]], Trace], switches: int | None, chance: Random | None = None
) -> Iterator[list[int]]:
    """Every order of two jobs with at most so many switches (None: all). `play` plays one order, returns its trace.

    With `chance` they come in no order, so that the first so many are from all over.
    """
    ahead: list[list[int]] = [[], [1]]
    while ahead:
        choices = ahead.pop(chance.randrange(len(ahead)) if chance else -1)
        trace = play(choices)
        chosen = [who for who, _ in trace]
        yield chosen
        for place in range(max(1, len(choices)), len(trace)):
            other = [*chosen[:place], 1 - chosen[place]]
            if trace[place][1] and (switches is None or _switches(other, trace) <= switches):
                ahead.append(other)


def together(lab: Lab, jobs: list[Job], choices: list[int]) -> list[tuple[int, bool]]:
    """Run jobs in the order that `choices` begins; afterwards calls go through freely again."""
    turns = Turns(jobs, choices)
    freely, lab.seam.intercept = lab.seam.intercept, turns.intercept
    try:
        turns.go()
    finally:
        lab.seam.intercept = freely
    return turns.trace


def _switches(chosen: list[int], trace: list[tuple[int, bool]]) -> int:
    """Changes of turn while the one who had it could have gone on."""
    return sum(1 for place in range(1, len(chosen)) if chosen[place] != chosen[place - 1] and trace[place][1])
