"""A customer with a broken teapot, and two agents: what stands in the thread and in the mailbox afterwards."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, NamedTuple

from chalicelib.models.inbound import Progress
from infra.world import Entry
from tests.lab import MAIL_SHOP, SHOP, Lab, laboratory

ANN, BEN = "U0ANN", "U0BEN"
NAMES = {ANN: "Ann", BEN: "Ben"}
SLACK_SHOP = SHOP.replace('slack = "C0FRONT"', f'slack = "C0FRONT"\nagents = {{ ann = "{ANN}", ben = "{BEN}" }}')
MIRA = "mira.olsen@customer.example"
SHORT = timedelta(minutes=4)


class Post(NamedTuple):
    """One post in a thread as it stands: `blocks` where it was drawn, else `text`."""

    ts: str
    who: str
    text: str
    blocks: list[dict[str, Any]]
    reactions: tuple[str, ...] = ()
    private: bool = False

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(float(self.ts), UTC)


def thread() -> list[Post]:
    """The thread of the second conversation, in order."""
    with laboratory(SLACK_SHOP) as lab:
        _before(lab)
        lab.now += timedelta(days=9, hours=1, minutes=12)
        said = _in_thread(lab)
        return sorted([*_ours(lab), *said(), *_private(lab)], key=lambda post: post.ts)


def mail() -> dict[str, Any]:
    """The mail that shows an agent a customer's second message, as it was handed to the mailbox's provider."""
    with laboratory(MAIL_SHOP) as lab:
        first = "The blue teapot came with a crack\n\nHello,\n\nit is from order 1037. Can you help?\n\nMira"
        _mails(lab, first, 1, sender=MIRA, name="Mira Olsen")
        answer = "#assign me\n#priority high\nHello Mira,\n\nI am sorry! May I send you a new lid?\n\nAnn"
        _mails(lab, answer, 2, sender="ann@shop.example", thread=lab.thread())
        second = "Yes, please send me a new lid!\n\nThank you for being so quick. 🫖\n\nMira"
        _mails(lab, second, 3, sender=MIRA, name="Mira Olsen")
        last = lab.posts()[-1].raw
        assert isinstance(last, dict)
        return last


def _mails(lab: Lab, text: str, number: int, **who: str) -> None:
    lab.ring("postmark", lab.say(text, number, "postmark", **who))
    _rest(lab)


def _before(lab: Lab) -> None:
    """A conversation that is over."""
    _customer(lab, "Do you ship to Sweden?", 1)
    thread = _card(lab)
    lab.ring("slack", lab.say("We do, in four days.", 2, "slack", sender=ANN, thread=thread))
    lab.ring("slack", lab.say("#resolve", 3, "slack", sender=ANN, thread=thread, press=True))
    _rest(lab)


def _in_thread(lab: Lab) -> Callable[[], list[Post]]:
    """Plays what is seen; gives what the agents wrote, with the reactions that stand on it in the end."""
    _customer(lab, "Hello! The blue teapot from order 1037 came with a crack in its lid 😕", 10)
    thread = _card(lab)
    wrote: list[tuple[str, str, str]] = []

    def writes(who: str, text: str, number: int, press: bool = False) -> None:
        lab.ring("slack", said := lab.say(text, number, "slack", sender=who, thread=thread, press=press))
        if not press:
            wrote.append((import_module("infra.simulate.slack").time_stamp(said), who, text))
        _rest(lab)

    writes(ANN, "#assign me", 11, press=True)
    writes(ANN, "// Ben, do we have a spare lid for the blue one?", 12)
    writes(BEN, "// Two left, shelf B4.", 13)
    writes(ANN, "Hello Mira, I am so sorry! I can send you a new lid today. Would that help?", 14)
    _read(lab)
    _customer(lab, "Oh yes, thank you! 🫖", 15)
    writes(ANN, "#priority high", 16, press=True)
    writes(ANN, "#status", 17, press=True)
    given = lab.world.state["slack"]["reactions"]
    return lambda: [
        Post(ts, who, text, [], tuple(given.get(f"{thread.partition(':')[0]}:{ts}", ()))) for ts, who, text in wrote
    ]


def _customer(lab: Lab, text: str, number: int) -> None:
    lab.ring("whatsapp", lab.say(text, number, "whatsapp", name="Mira Olsen"))
    _rest(lab)


def _read(lab: Lab) -> None:
    """The customer reads the answer."""
    last = next(entry for entry in reversed(lab.world.ledger) if entry.part == "whatsapp")
    lab.post_signed("whatsapp", import_module("infra.world.whatsapp").receipt(last, Progress.READ, lab.world))
    _rest(lab)


def _rest(lab: Lab) -> None:
    """Everything that is to be done is done, and a little time goes by."""
    lab.settle(until=timedelta(minutes=1))
    lab.now += SHORT


def _card(lab: Lab) -> str:
    card = [entry for entry in lab.posts() if entry.what == "card"][-1]
    return f"{card.to}:{card.id}"


def _ours(lab: Lab) -> Iterator[Post]:
    first = _card(lab).partition(":")[2]
    for post in lab.world.state["slack"]["posts"]["C0FRONT"]:
        if first in (post["ts"], post.get("thread_ts")):
            yield Post(post["ts"], "", post["text"], post.get("blocks", []))


def _private(lab: Lab) -> Iterator[Post]:
    for entry in lab.world.ledger:
        if entry.what == "private":
            yield Post(entry.id, "", entry.text, _drawn(entry), private=True)


def _drawn(entry: Entry) -> list[dict[str, Any]]:
    assert isinstance(entry.raw, dict)
    drawn: list[dict[str, Any]] = entry.raw["blocks"]
    return drawn
