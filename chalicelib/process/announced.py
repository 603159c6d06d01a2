"""Messages that a webhook only announced: the rest of them is fetched before anything is found or recorded."""

from datetime import datetime, timedelta

from chalicelib import providers, queue, settings, words
from chalicelib.errors import Later, Outcome, Poison, SendFailed
from chalicelib.models.inbound import Message
from chalicelib.models.work import Receive
from chalicelib.process import texts
from chalicelib.process.signs import Sign, signal

REST_WAITS = timedelta(minutes=1)  # while a provider may not give out yet what it has announced


def completed(item: Message, receive: Receive, now: datetime) -> Message | None:
    """The whole message; None for our own that came back, and for what is put aside. Raises Later.

    It is fetched on each receive: queued again when it is whole, it would stand behind what its sender wrote later.
    """
    complete = providers.optional(providers.load(item.provider), "complete")
    if complete is None:
        raise Poison("announced by a provider that cannot tell the rest")
    found: Message | None
    try:
        found = complete(item, settings.config(item.provider, item.account, "outbound"))
    except SendFailed as failure:
        if failure.outcome is not Outcome.REFUSED or now - receive.accepted_at < REST_WAITS:
            raise Later(failure.reason, failure.retry_after) from None
        return _without_rest(item, receive, failure.reason)
    if found is None:
        return None
    # its group rests on account and thread as the webhook told them
    told = {"account": item.account, "thread": item.thread, "late": "", "source": None}
    whole = found.model_copy(update=told)
    if whole.claim != item.claim:
        raise Poison("the rest of another message")
    return whole if queue.fits(whole) else texts.shortened(whole)  # so that it can be handed on


def _without_rest(item: Message, receive: Receive, reason: str) -> Message | None:
    """What the webhook told, and that the rest is missing. An agent's words are put aside: half of them must not go."""
    if item.thread:
        signal(item.provider, item.account, item.id, Sign.FAILED)
        queue.park(receive, item, words.rest_missing(reason))
        return None
    text = f"{item.text}\n\n{words.rest_missing(reason)}".strip()
    # whether a machine wrote it stood in the rest: it gets no acknowledgement
    return item.model_copy(update={"text": text, "late": "", "automatic": True, "source": None})
