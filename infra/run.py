"""What `shopbell run` does: the local AWS, the outside world and a demonstration; then it stays up until Ctrl-C."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib import aws, store
from chalicelib.models.shop import Shop
from infra import demo, here, local, values
from infra.here import Here
from infra.world import Entry, World, server

LEDGER = "world.json"
QUEUED = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
LOOK = 0.3  # seconds between two looks at what has arrived
LOOKS = 20  # at the outside world, for one at the local AWS
Say = Callable[[str], object]


class Choice(NamedTuple):
    """What the caller may choose; see `shopbell run --help`."""

    port: int = here.PORT
    fresh: bool = False
    visibility: int = 60
    public_url: str = ""


class Running(NamedTuple):
    """A Shopbell that runs in this process. `left_out` are the samples that would have left this machine."""

    here: Here
    world: World
    left_out: Mapping[str, str]
    troubles: tuple[str, ...]


@contextmanager
def running(rules: Shop, given: Mapping[str, str], state: Path, choice: Choice, say: Say) -> Iterator[Running]:
    """Start everything, and show what it does where nothing has happened yet; at the end, stop everything.

    Raises local.LocalFailed, package.PackageFailed, deploy.DeployFailed.
    """
    _alone(state)
    state.mkdir(parents=True, exist_ok=True)
    if choice.fresh:
        (state / LEDGER).unlink(missing_ok=True)
    with ExitStack() as undo, _deaf_at_the_end():
        port = choice.port or _free(0)
        public = choice.public_url.rstrip("/") or f"http://{local.HOST}:{port}"
        beside = _free(port + 1)
        settings = values.complete(given, rules, f"http://{local.HOST}:{beside}")
        world = _world(settings, beside, state / LEDGER, f"{public}/webhooks")
        undo.callback(world.stop)
        up = _start(port, settings, state, choice, say)
        undo.callback(up.stop)
        found = Here(up.url, f"{public}/webhooks", world.url, dict(up.environment))
        here.enter(found)
        here.announce(found, state)
        undo.callback(here.leave, state)
        empty = not world.world.ledger and _nothing_recorded()
        troubles = demo.run(rules, settings, found, say) if empty else []
        yield Running(found, world.world, demo.leaving(rules, settings) if empty else {}, tuple(troubles))
        say("stopping: what is here is kept")


def arrivals(running: Running) -> Iterator[Entry]:
    """What arrives in the outside world from now on. Raises local.LocalFailed when the local AWS is gone."""
    seen, looks = len(running.world.ledger), 0
    while True:
        seen = min(seen, len(running.world.ledger))  # it may have been told to forget
        for entry in running.world.ledger[seen:]:
            yield entry
            seen += 1
        time.sleep(LOOK)
        looks += 1
        if looks % LOOKS == 0 and not here.answers(running.here):
            raise local.LocalFailed("the local AWS has ended: start again with make run")


def interruptible() -> None:
    """Whoever ends this process ends it as Ctrl-C does: in order."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _alone(state: Path) -> None:
    try:
        other = here.find(state)
    except here.NotRunning:
        return
    raise local.LocalFailed(f"Shopbell is running here already, at {other.url}: stop it first (Ctrl-C where it runs)")


def _world(settings: Mapping[str, str], port: int, ledger: Path, webhooks: str) -> server.Server:
    try:
        return server.start(World(settings), port, state=ledger, webhooks=webhooks)
    except (OSError, ValueError) as error:
        raise local.LocalFailed(f"the outside world cannot start: {error}") from error


def _start(port: int, settings: Mapping[str, str], state: Path, choice: Choice, say: Say) -> local.Running:
    return local.start(
        here.ROOT,
        port,
        settings,
        home=state,
        fresh=choice.fresh,
        visibility=choice.visibility,
        public_url=choice.public_url,
        say=say,
    )


def _free(port: int) -> int:
    """`port` if nobody listens there, else any that is free."""
    for wanted in (port, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((local.HOST, wanted))
            except (OSError, OverflowError):
                continue
            return int(trial.getsockname()[1])
    raise local.LocalFailed("this machine has no free port")


def _nothing_recorded() -> bool:
    """Whether neither the table nor the queue holds anything."""
    queue: Any = aws.client("sqs")
    waiting = queue.get_queue_attributes(QueueUrl=os.environ["QUEUE_URL"], AttributeNames=list(QUEUED))["Attributes"]
    return next(store.heads(), None) is None and not any(int(count) for count in waiting.values())


@contextmanager
def _deaf_at_the_end() -> Iterator[None]:
    """A second Ctrl-C must not cut short the saving of what is here."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
