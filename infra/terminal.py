"""Where commands print: results, and beside them what is under way or wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

out = Console(highlight=False, emoji=False, markup=False)
err = Console(highlight=False, emoji=False, markup=False, stderr=True)


@contextmanager
def working(what: str) -> Iterator[Callable[[str], object]]:
    """Show that something is under way. In a terminal it turns and goes; else only what is told is printed."""
    if not err.is_terminal:
        yield lambda line: err.print(f"{line} …", soft_wrap=True) if line else None
        return
    with err.status(f"{what} …") as status:

        def say(line: str) -> None:
            status.update(f"{line} …")
            status.start() if line else status.stop()

        yield say
