"""A problem of shop.toml, and how names are told that would be right."""

import re
from collections.abc import Iterable

from chalicelib.models.values import Channel

Problem = tuple[tuple[str | int, ...], str]  # where it stands in the file, and what is wrong
MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+")
CHANNELS = [str(channel) for channel in Channel if channel is not Channel.TIMER]


def listed(names: Iterable[str], meant: str) -> str:
    """All of `names`, and the one that is nearest to what stands there instead."""
    from difflib import get_close_matches  # only where something is wrong

    known = sorted(names)
    near = get_close_matches(meant, known, 1)
    return (", ".join(known) or "none") + (f"; did you mean {near[0]!r}?" if near else "")
