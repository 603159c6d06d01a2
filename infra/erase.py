"""Forgetting somebody, step by step, so that whoever dies on the way can begin again and end it.

First the tombstones, in one write: from then on nothing of theirs is recorded but what was accepted later, and the
heads say of whom to go on erasing. Then each message: our posts at the desks, its files, its ways, at last its claim is
emptied, if it is as it was read: a mark in between is seen, and one that comes later finds nothing and takes its post
back. When nothing is left to be found, threads lead nowhere and the tombstones no longer tell whose they are.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib import aws, files, providers, queue, route, settings, store
from chalicelib.errors import SendFailed, Unavailable
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.outbound import Delivery
from chalicelib.models.people import Claim, Erasing
from chalicelib.process import OUTAGE_ENDS, forgotten
from chalicelib.store import forgetting
from chalicelib.store.forgetting import Kept
from infra import letters, person
from infra.person import Asked, Theirs

BUSY = "Much is written about this customer just now: do it again."
TRIES = 10  # of writing the tombstones, while others write the same heads
DROPPED_AT_ONCE = 1000  # objects of one call
WAITS = timedelta(seconds=OUTAGE_ENDS)  # for so long a whole webhook may still wait to be read


class Unfinished(Exception):
    """Something could not be erased now; the text says what, and to do the same again."""


@dataclass
class Receipt:
    """What was erased, in numbers; nothing in it tells of whom."""

    at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)  # posts by the desk's own ids, that its provider does not delete


@dataclass
class Work:
    """One run."""

    who: Erasing
    receipt: Receipt
    claims: set[str] = field(default_factory=set)
    threads: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def found(asked: Asked) -> Counter[str]:
    """What would be erased, in numbers. Raises person.Nobody."""
    who = person.whole(asked, person.heads(asked))
    kept = forgetting.kept(who)
    theirs = Theirs(who, frozenset(kept.claims), frozenset(row["id"] for row in kept.threads), frozenset())
    bodies = person.bodies(who)
    posts = [one for row in kept.claims.values() for one in _posts(Claim.model_validate(row))]
    return Counter(
        {
            "addresses": len(who.addresses),
            "conversations": len(kept.conversations),
            "messages": sum(map(_is_written, kept.messages.values())),
            "posts": len(posts),
            "files": len(_there(kept)),
            "bodies": len(bodies.raw) + len(bodies.mails),
            "put aside": len(person.parked(theirs)),
            "clues": len(kept.clues),
            "fragments": len(kept.fragments),
            "orders": kept.bought.how_many,
        }
    )


def forget(asked: Asked, clock: Callable[[], datetime] | None = None) -> Receipt:
    """Erase all of somebody. Raises person.Nobody, Unfinished, or one of aws.FAULTS: then it is to be done again."""
    try:
        return _forget(asked, clock or server_time)
    except store.Moved:
        raise Unfinished(BUSY) from None


def _forget(asked: Asked, clock: Callable[[], datetime]) -> Receipt:
    work = _begun(asked, clock)
    while (kept := forgetting.kept(work.who, work.receipt.at)).claims or kept.messages:
        work.threads |= {row["id"] for row in kept.threads}
        _erase_messages(work, kept)
        if work.faults:
            raise Unfinished("\n".join([*dict.fromkeys(work.faults), "The rest is still to be erased: do it again."]))
    _erase_rest(work, kept)
    forgetting.finish(work.who)
    return work.receipt


def drop_orders(provider: str, account: str) -> int:
    """Erase all that an account told of orders; says how many there were. Raises Unfinished, or one of aws.FAULTS."""
    told = forgetting.told_by(provider, account)
    try:
        forgetting.drop_orders(told)
    except store.Moved:
        raise Unfinished(BUSY) from None
    return told.how_many


def server_time() -> datetime:
    """The time of the service that says when a message was accepted, to the next second: ours may be wrong."""
    said = aws.client("sqs").get_queue_attributes(QueueUrl=os.environ["QUEUE_URL"], AttributeNames=["QueueArn"])
    date = said["ResponseMetadata"]["HTTPHeaders"].get("date")
    return (parsedate_to_datetime(date) if date else datetime.now(UTC)) + timedelta(seconds=1)


def _begun(asked: Asked, clock: Callable[[], datetime]) -> Work:
    """The tombstones stand. Their time is told after the heads were read: what these have recorded is older."""
    for _ in range(TRIES):
        try:
            heads = person.heads(asked)
            at, who = clock(), person.whole(asked, heads)
            forgetting.bury(heads, who, at)
            if any(name in providers.ORDERS for name in settings.shop().providers):
                forgetting.bury_orders(who, at)
            return Work(who, Receipt(at))
        except store.Moved:
            continue
    raise Unfinished(BUSY)


# ---- messages ----------------------------------------------------------------------------------------------------


def _erase_messages(work: Work, kept: Kept) -> None:
    """The newest first: what stands in a thread can be looked for while its first post is there."""
    rows = sorted(kept.claims.items(), key=lambda pair: str(pair[1]["at"]), reverse=True)
    for key, row in rows:
        _erase_message(work, row, kept.messages.get(key), kept.threads)
    forgetting.drop(message for key, message in kept.messages.items() if key not in kept.claims)


def _erase_message(work: Work, row: Mapping[str, Any], message: Any, threads: Sequence[Mapping[str, Any]]) -> None:
    claim = Claim.model_validate(row)
    loose = list(_loose(claim, [thread["id"] for thread in threads if thread["conversation"] == claim.conversation]))
    try:
        posts = {one.provider_id: one for one in _posts(claim)}
        posts |= {arrived: one for one in loose if (arrived := forgotten.look(claim, one))}
        gone = [(id, forgotten.take_back(one, id)) for id, one in posts.items()]
    except (SendFailed, Unavailable) as error:
        work.faults.append(f"A post at a desk cannot be taken back now: {error}")
        return
    _erase_objects(work, person.places(claim, Message.model_validate(message) if message else None))
    try:
        forgetting.empty(dict(row), loose, message)
    except store.Moved:
        return  # it was marked meanwhile: the next round sees it as it is
    work.claims.add(claim.key)
    work.receipt.counts["messages"] += _is_written(message)
    work.receipt.counts["posts"] += sum(taken for _, taken in gone)
    work.receipt.counts["mails to agents"] += sum(map(_went_by_mail, claim.in_order))
    work.receipt.left += [id for id, taken in gone if not taken]


def _is_written(message: Any) -> bool:
    """Whether it is something that somebody wrote; timers are recorded in the same way."""
    return bool(message) and message.get("kind") != Kind.TIMER


def _posts(claim: Claim) -> list[Delivery]:
    """What stands at desks that delete posts."""
    return [one for one in claim.in_order if one.provider_id and forgotten.can_take_back(one)]


def _went_by_mail(delivery: Delivery) -> bool:
    return bool(delivery.provider_id) and delivery.address is None and not forgotten.can_take_back(delivery)


def _loose(claim: Claim, threads: Sequence[str]) -> Iterator[Delivery]:
    """Posts that may have arrived without a mark, without a word of theirs; for each place where they may stand."""
    for one in claim.in_order:
        unsure = not one.ended and not one.provider_id and not one.card and not one.private_to and one.file is None
        if unsure and forgotten.can_take_back(one):
            place = route.desk_of(settings.shop(), one.to).slack
            for thread in dict.fromkeys((one.thread, *threads, "")):
                yield Delivery(
                    id=one.id, kind=one.kind, to=place, provider=one.provider, account=one.account, thread=thread
                )


# ---- the rest ----------------------------------------------------------------------------------------------------


def _erase_rest(work: Work, kept: Kept) -> None:
    work.threads |= {row["id"] for row in kept.threads}
    bodies = person.bodies(work.who)
    waiting = {place for place, at in bodies.raw.items() if at > work.receipt.at - WAITS}
    gone = [*sorted(bodies.raw.keys() - waiting), *bodies.mails]
    _drop_objects(gone)
    theirs = Theirs(work.who, frozenset(work.claims), frozenset(work.threads), frozenset(bodies.raw.keys() - waiting))
    counts = work.receipt.counts
    counts["bodies"] += len(gone)
    counts["put aside"] += _erase_dead_letters(theirs) + _erase_parked(theirs)
    for row in kept.fragments:
        forgetting.drop_pieces(row)
    forgetting.drop_orders(kept.bought)
    counts["orders"] += kept.bought.how_many
    forgetting.drop([*kept.clues, *kept.conversations])
    for row in kept.threads:
        forgetting.cut(row)
    counts["fragments"] += len(kept.fragments)
    counts["clues"] += len(kept.clues)
    counts["conversations"] += len(kept.conversations)
    counts["threads"] += len(kept.threads)
    counts["waiting webhooks"] += len(waiting)


def _erase_parked(theirs: Theirs) -> int:
    found = person.parked(theirs)
    for letter in found:
        letters.drop(letter)
    return len(found)


def _erase_dead_letters(theirs: Theirs) -> int:
    """Of those that tick has not put into the bucket yet."""
    count = 0
    while some := queue.dead_letters():
        mine = [letter for letter in some if theirs.is_in(letter["Body"])]
        for letter in mine:
            queue.drop_dead_letter(letter)
        count += len(mine)
    return count


def _erase_objects(work: Work, places: Iterable[str]) -> None:
    """Drop what lies at some places in the bucket, if it does."""
    there = [place for place in dict.fromkeys(places) if place and _exists(place)]
    _drop_objects(there)
    work.receipt.counts["files"] += len(there)


def _drop_objects(places: Sequence[str]) -> None:
    for first in range(0, len(places), DROPPED_AT_ONCE):
        files.drop(places[first : first + DROPPED_AT_ONCE])


def _there(kept: Kept) -> list[str]:
    """What lies in the bucket of some messages."""
    claims = {key: Claim.model_validate(row) for key, row in kept.claims.items()}
    messages = {key: Message.model_validate(row) for key, row in kept.messages.items()}
    every = [place for key, claim in claims.items() for place in person.places(claim, messages.get(key))]
    return [place for place in dict.fromkeys(every) if place and _exists(place)]


def _exists(place: str) -> bool:
    try:
        aws.client("s3").head_object(Bucket=os.environ["BUCKET"], Key=place)
    except aws.FAULTS as error:
        if aws.status(error) == 404:
            return False
        raise
    return True
