"""The fragments of a long text: which belong together, how long they are waited for, and what they make. Pure.

Every fragment is kept under the name of its text, and its queue message lives until it is settled where it belongs.
Names are used again (an SMS has 255 of them), so a name alone says little: fragments belong together only while all of
them are unsettled, and what is settled is never touched again. What fits nowhere is shown by itself. So nothing is
lost, and nothing is shown twice, whatever comes again within two weeks.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from chalicelib import words
from chalicelib.models.inbound import Fragment, Message
from chalicelib.models.values import digest
from chalicelib.models.work import Pieces, Together

WAITS = timedelta(minutes=2)  # for the others, from when the first came
LATE = timedelta(days=1)  # how long a provider may go on bringing what a text was settled without
KEPT = timedelta(days=14)  # how long the same fragment may come again: no queue message lives longer


def together(claim: str, known: Pieces, now: datetime) -> Together | datetime | None:
    """The text that the fragment `claim` has to bring on its way, or until when it waits; None: it has nothing to do.

    A settled text is brought on its way by the fragment that settled it, as often as that comes back.
    """
    settled = next((text for text in known.texts.values() if claim in text.pieces), None)
    if settled:
        return settled if settled.by == claim else None
    unsettled, mine = _unsettled(known), _fragment(claim, known)
    if unsettled[mine.number] != claim or _too_late(unsettled, known, now):
        return Together(pieces=(claim,), by=claim, at=now, alone=True)
    until = min(known.pieces[piece].at for piece in unsettled.values()) + WAITS
    if len(unsettled) == mine.total or now >= until:
        return Together(pieces=tuple(unsettled[number] for number in sorted(unsettled)), by=claim, at=now)
    return until


def joined(text: Together, known: Pieces) -> Message:
    """One message of all the fragments: its id comes from theirs, so it is the same however often it is made."""
    messages = [known.pieces[claim].message for claim in text.pieces]
    first = messages[0]
    return first.model_copy(
        update={
            "id": first.id if len(messages) == 1 else digest("joined", *text.pieces),
            "text": "".join(_alone(text, known) if text.alone else _whole(text, known)),
            "attachments": tuple(file for message in messages for file in message.attachments),
            "automatic": any(message.automatic for message in messages),
            "came_at": min(known.pieces[claim].at for claim in text.pieces),
            "sent_at": min((message.sent_at for message in messages if message.sent_at), default=None),
            "fragment": None,
        }
    )


def forgotten(known: Pieces, now: datetime) -> Iterator[Together]:
    """The texts that nothing can bring up again. They are left out with their pieces: a row must not grow for ever."""
    return (text for text in known.texts.values() if now - text.at > KEPT)


def _unsettled(known: Pieces) -> dict[int, str]:
    """The claims of what is settled nowhere, by number; of two with one number the earlier."""
    settled = {claim for text in known.texts.values() for claim in text.pieces}
    waiting = sorted((piece.at, claim) for claim, piece in known.pieces.items() if claim not in settled)
    return {_fragment(claim, known).number: claim for _, claim in reversed(waiting)}


def _too_late(numbers: Collection[int], known: Pieces, now: datetime) -> bool:
    """Whether these are just what a text lacked that was settled without them."""
    texts = [text for text in known.texts.values() if not text.alone and now - text.at < LATE]
    had = [{_fragment(claim, known).number for claim in text.pieces} for text in texts]
    return any(those.isdisjoint(numbers) for those in had)


def _whole(text: Together, known: Pieces) -> Iterator[str]:
    """The texts in order, and between them what has not come."""
    there = {_fragment(claim, known).number: known.pieces[claim].message.text for claim in text.pieces}
    total = _fragment(text.by, known).total
    for came, run in groupby(range(1, total + 1), there.__contains__):
        numbers = list(run)
        yield "".join(map(there.__getitem__, numbers)) if came else words.parts_missing(numbers[0], numbers[-1], total)


def _alone(text: Together, known: Pieces) -> Iterator[str]:
    fragment = _fragment(text.by, known)
    yield words.part_alone(fragment.number, fragment.total)
    yield known.pieces[text.by].message.text


def _fragment(claim: str, known: Pieces) -> Fragment:
    fragment = known.pieces[claim].message.fragment
    assert fragment is not None
    return fragment
