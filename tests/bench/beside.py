"""Shopbell beside what such a webhook is otherwise written with: the same signed event, the same call to the queue.

Below 1, Shopbell does less. Powertools does two calls more, to the table of what it has seen; slack_bolt one, when it
starts.
"""

from collections.abc import Iterator

from tests.bench import Bar
from tests.bench.places import Places, peer
from tests.bench.work import counted, each, instructions, instructions_each, starts

PEERS = {  # module in tests/bench/peers: its name, whose webhook it takes
    "powertools": ("Powertools", "twilio_sms"),
    "fastapi_mangum": ("FastAPI on Mangum", "twilio_sms"),
    "slack_bolt_app": ("slack_bolt", "slack"),
    "anymail_app": ("django-anymail", "postmark"),
}
WHAT = {
    "cold": "cold, instructions until the first answer",
    "warm": "warm, instructions for each webhook",
    "cold CPU": "cold, CPU until the first answer",
    "warm CPU": "warm, CPU for each webhook",
}
ROWS = tuple(Bar(f"{what} ÷ {name}") for name, _ in PEERS.values() for what in WHAT.values())


def bars(places: Places) -> Iterator[Bar]:
    for module, (name, provider) in PEERS.items():
        ours, theirs = both = places.ours.of(provider), peer(module, provider)
        if counted():
            yield Bar(f"{WHAT['cold']} ÷ {name}", instructions(ours, 1) / instructions(theirs, 1))
            yield Bar(f"{WHAT['warm']} ÷ {name}", instructions_each(ours) / instructions_each(theirs))
        yield Bar(f"{WHAT['cold CPU']} ÷ {name}", _ratio(starts(both, 1)))
        yield Bar(f"{WHAT['warm CPU']} ÷ {name}", _ratio(each(both)))


def _ratio(both: list[float]) -> float:
    ours, theirs = both
    return ours / theirs
