"""What the tick function looks after beside timers and dead letters: each provider every hour, what each day came to.

Each hour a provider is asked whether all is well, and held to what it usually brings (see silence).

What it remembers is one row. Whatever is to be said stands in that row before it is queued, and is taken out after: a
death in between says it again under the same key, and the worker says each key once.

There are no metrics of our own: the alarms are about AWS's, which cost nothing and are there when we are not, and what
is finer (by provider, channel and hour) is counted once a day from the ids in the log. So no counter can differ from
what it counts, and none costs a message a call. What a day's sum can miss: a line that AWS's log lost or brings later
than the next morning, and what was accepted by a function that died before it wrote its line (the provider comes
again).
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib import aws, journal, playbook, providers, queue, settings, silence, store, tally, words
from chalicelib.desk import spoken
from chalicelib.errors import Outcome, SendFailed, Unavailable
from chalicelib.models.inbound import News
from chalicelib.models.provider import Trouble
from chalicelib.models.shop import Shop
from chalicelib.models.values import digest
from chalicelib.models.work import Measured, Watch
from chalicelib.tally import Tally

NEVER = datetime.min.replace(tzinfo=UTC)
ONCE = "once "  # before the hash of what does not last
MORNING = time(8)  # by the shop's clock: when the day before is told
MEASURED = 28  # days whose answers say what one takes
EVERY = timedelta(hours=1)  # between two checks of one account, and between two looks for silence
A_DAY = timedelta(days=1)
LAGS = timedelta(minutes=10)  # so much later a line of the log may be there to read

log = logging.getLogger("shopbell.watch")


class Seen(NamedTuple):
    """What a look changes: what is remembered from now on, and what days came to."""

    known: Watch
    days: dict[str, dict[str, Any]]
    measured: Measured | None = None  # what answers take by now


Look = Callable[[Watch, datetime, str], Seen | None]  # what is known, now, the stack's name; None: nothing to do


def watch(now: datetime, request_id: str, stack: str) -> None:
    """Each minute. Twice or late is harmless; what cannot be seen now is looked at again in the next one.

    Raises one of aws.FAULTS or Unavailable, when everything else is done.
    """
    troubles: list[Exception] = []
    with suppress(store.Moved):  # another tick is at it
        known = _said(store.watch(), request_id)
        for look in LOOKS:
            try:
                known = _said(_looked(look, known, now, stack), request_id)
            except (*aws.FAULTS, Unavailable) as error:  # what one look needs another can do without
                troubles.append(error)
    if troubles:
        raise troubles[0]


def reckoned(stack: str, since: datetime, until: datetime, now: datetime) -> Tally:
    """What a stack accepted from `since` up to `until`, and what became of it by `now`. Raises one of aws.FAULTS.

    The worker's own log is read only for what has no claim, or may do without.
    """
    took = tally.each_once(journal.accepted(stack, since, until))
    claims = store.claims(took)
    unsettled = tally.unsettled(took, claims)
    ends = [end for end in journal.ends(stack, since) if end.id in unsettled] if unsettled else []
    return tally.tally(took, claims, ends, now)


def _looked(look: Look, known: Watch, now: datetime, stack: str) -> Watch:
    seen = look(known, now, stack)
    if seen is None:
        return known
    following = seen.known.model_copy(update={"version": known.version + 1})
    store.put_watch(following, seen.days, seen.measured)
    return following


def _said(known: Watch, request_id: str) -> Watch:
    """Queue what is still to be said."""
    if not known.unsaid:
        return known
    news = [News(key=key, text=text, desk=key.partition("@")[2]) for key, text in known.unsaid.items()]
    queue.put(news, f"{request_id}:{known.version}")
    following = known.model_copy(update={"unsaid": {}, "version": known.version + 1})
    store.put_watch(following, {})
    return following


# ---- each hour --------------------------------------------------------------------------------------------------


def _check(known: Watch, now: datetime, stack: str) -> Seen | None:
    """Ask the provider of the account that was not asked for longest, one in a minute: a slow one delays no timer.

    The owner hears of each trouble when it begins and when it ends. What happened once is remembered by its hash, for
    its words may name a customer, and as long as the provider tells of it.
    """
    mine = {_name(*account): account for account in checked(settings.shop())}
    due = min(mine, key=lambda name: known.checked.get(name, NEVER), default="")
    if not due or now - known.checked.get(due, NEVER) < EVERY:
        return None
    before = known.troubles.get(due, ())
    found = asked(*mine[due], now)
    after = before if found is None else tuple(trouble.text if trouble.lasts else _hash(trouble) for trouble in found)
    lines = [words.trouble(due, one) for one in found or () if not {one.text, _hash(one)} & {*before}]
    lines += [words.trouble_over(due, text) for text in before if text not in after and not text.startswith(ONCE)]
    told = {f"check {known.version + 1}": "\n".join(lines)} if lines else {}
    troubles = {**known.troubles, due: after}
    changes = {
        "checked": {name: at for name, at in {**known.checked, due: now}.items() if name in mine},
        "troubles": {name: texts for name, texts in troubles.items() if name in mine and texts},
        "unsaid": {**known.unsaid, **told},
    }
    return Seen(known.model_copy(update=changes), {})


def checked(shop: Shop) -> list[tuple[str, str]]:
    """The accounts whose provider can be asked."""
    there = [(provider, account) for provider, account, _ in shop.accounts()]
    return [one for one in there if providers.optional(providers.load(one[0]), "check")]


def asked(provider: str, account: str, now: datetime) -> list[Trouble] | None:
    """What is wrong there; None where it could not be learned. Our own settings may be what is wrong."""
    public = os.environ.get("PUBLIC_URL", "")
    webhook = settings.webhook_url(public, provider, account) if public else ""
    check = providers.optional(providers.load(provider), "check")
    assert check is not None
    try:
        found: list[Trouble] = check(settings.config(provider, account, "outbound"), webhook, now)
    except Unavailable as unset:
        return [Trouble(str(unset) or unset.text)]
    except SendFailed as failure:
        return [Trouble(failure.reason)] if failure.outcome is Outcome.REFUSED else None
    except Exception as error:  # an answer that nobody expected says nothing, and ends nothing else
        log.error(json.dumps({"provider": provider, "check": type(error).__name__}))
        return None
    return found


def _name(provider: str, account: str) -> str:
    return f"{provider} {account}".strip()


def _hash(trouble: Trouble) -> str:
    return ONCE + digest(trouble.text)


def _silence(known: Watch, now: datetime, stack: str) -> Seen | None:
    """Name each provider that fell silent against what it usually brings, once; and once when it brings again.

    The log is read from the last look on, for a day at most: whoever was not looked after for longer counts as heard.
    """
    if known.read and now - known.read < EVERY:
        return None
    shop = settings.shop()
    since = max((known.read or now) - LAGS, now - A_DAY)
    came = _came(stack, since, now)
    unseen = since if known.read and known.read < since else NEVER
    heard = {name: max(known.heard.get(name, now), came.get(name, NEVER), unseen) for name in shop.providers}
    again = [name for name, at in known.silent.items() if came.get(name, NEVER) > at]
    silent = {name: at for name, at in known.silent.items() if name in heard and name not in again}
    fell = _fell_silent(known, {name: at for name, at in heard.items() if name not in silent}, now, shop)
    lines = [words.silent(name, spoken(heard[name], shop.time_zone), count) for name, count in fell.items()]
    lines += [words.speaks_again(name) for name in again if name in heard]
    told = {f"silence {known.version + 1}": "\n".join(lines)} if lines else {}
    changes = {
        "read": now,
        "heard": heard,
        "silent": {**silent, **{name: heard[name] for name in fell}},
        "unsaid": {**known.unsaid, **told},
    }
    return Seen(known.model_copy(update=changes), {})


def _came(stack: str, since: datetime, until: datetime) -> dict[str, datetime]:
    """When each provider last brought a message in that time."""
    took = sorted((one.at, one.provider) for one in journal.accepted(stack, since, until))
    return {provider: at for at, provider in took}


def _fell_silent(known: Watch, heard: Mapping[str, datetime], now: datetime, shop: Shop) -> dict[str, float]:
    """Who is silent, and how many messages it would usually have brought. Nobody before four weeks were added up."""
    if not known.day or now - min(heard.values(), default=now) < EVERY:
        return {}
    last = date.fromisoformat(known.day)
    dates = {(last - timedelta(days=ago)).isoformat(): last - timedelta(days=ago) for ago in range(silence.DAYS)}
    days = store.days(dates)
    if len(days) < len(dates):
        return {}
    holidays = (shop.hours.holidays if shop.hours else None) or ()
    found = {}
    for name, at in heard.items():
        usual = silence.usual({dates[day]: by.get(name, {}) for day, by in days.items()})
        count = silence.lacking(usual, at, now, shop.time_zone, holidays)
        if count is not None:
            found[name] = count
    return found


# ---- each day ---------------------------------------------------------------------------------------------------


def _day(known: Watch, now: datetime, stack: str) -> Seen | None:
    """Add up the oldest day that was not; none before the first look at all. A day that was missed is told later."""
    shop = settings.shop()
    here = now.astimezone(ZoneInfo(shop.time_zone))
    if not known.day:
        return Seen(known.model_copy(update={"day": _yesterday(here).isoformat()}), {})
    last = date.fromisoformat(known.day)
    following = max(last + timedelta(days=1), here.date() - journal.LASTS)
    if following >= here.date() or (following == _yesterday(here) and here.time() < MORNING):
        return None
    begins, ends = (_midnight(shop, day) for day in (following, following + timedelta(days=1)))
    sum_ = reckoned(stack, begins, ends, now)
    day = following.isoformat()
    told = {f"day {day}": words.day(day, sum_, shop.time_zone)}
    before = store.answers((following - timedelta(days=ago)).isoformat() for ago in range(1, MEASURED))
    found = tally.measured([*before, sum_.answers])
    return Seen(known.model_copy(update={"day": day, "unsaid": {**known.unsaid, **told}}), {day: _counts(sum_)}, found)


def _yesterday(here: datetime) -> date:
    return here.date() - timedelta(days=1)


def _midnight(shop: Shop, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(shop.time_zone)).astimezone(UTC)


def _counts(sum_: Tally) -> dict[str, Any]:
    numbers = {"accepted": sum_.accepted, "filed": sum_.filed, "parked": sum_.parked, "missing": len(sum_.missing)}
    return {**numbers, "targets": sum_.targets, "kept": sum_.kept, "by": sum_.by, "answers": sum_.answers}


# ---- each change ------------------------------------------------------------------------------------------------


def _rules(known: Watch, now: datetime, stack: str) -> Seen | None:
    """Tell the desks what of the shop's rules has changed since the last release; nothing before the first look."""
    shop = settings.shop()
    lines = playbook.everything(shop)
    if lines == known.rules:
        return None
    text = words.rules_changed(playbook.changes(known.rules, lines)) if known.rules else ""
    unsaid = {f"rules {known.version + 1}@{name}": text for name in shop.desks if text}
    return Seen(known.model_copy(update={"rules": lines, "unsaid": {**known.unsaid, **unsaid}}), {})


LOOKS: tuple[Look, ...] = (_check, _silence, _day, _rules)
