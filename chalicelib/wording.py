"""What customers are told by itself: the shop's own words, or those of phrases.py, in their language. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import get_args
from zoneinfo import ZoneInfo

from chalicelib import gaps, hours, sms
from chalicelib.hours import Calendar
from chalicelib.models.people import Conversation
from chalicelib.models.shop import Expected, Language, Said, Shop, Stage
from chalicelib.models.values import Channel
from chalicelib.phrases import PHRASES, Phrases
from chalicelib.words import in_bytes


def acknowledgement(
    shop: Shop,
    language: str,
    known: Mapping[str, str],
    now: datetime,
    opens: datetime | None = None,
    named: str = "",
    sorry: bool = False,
) -> str:
    """The final words, with what is `known` in their gaps; `opens` is when the desk is open again, None while it is.

    A rule may have `named` a text. Nothing else of the customer's own goes in: an acknowledgement must never carry
    strangers' text. That it is automatic has to be said at the beginning of a conversation to people in California and
    Germany: https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
    """
    code = spoken_in(shop, language)
    text = _named(shop, code, named) if named else (opens and _said(shop, code, "closed")) or _said(shop, code, "text")
    if text and sorry:
        text = f"{_own(shop, code).complaint or PHRASES[code].complaint} {text}"
    when = moment(opens, now, shop.time_zone, PHRASES[code]) if opens else ""
    said = gaps.filled(text, {**_always(shop, code), "opens": when, **known}).strip()
    more = PHRASES[code].automatic
    return f"{said} {more}" if said and shop.acknowledgement.automatic and more not in said else said


def call(shop: Shop, at: datetime) -> tuple[str, Language]:
    """What who calls hears before the tone, in the shop's first language, and which that is."""
    code, calendar = shop.languages[0], hours.of(shop, shop.routes.get(Channel.SMS, shop.routes["default"]))
    opens = hours.opens(calendar, at) if calendar else at
    what = "call_closed" if opens > at else "call"
    text: str = getattr(shop.acknowledgement, what) or getattr(PHRASES[code], what)
    return gaps.filled(text, {**_always(shop, code), "opens": moment(opens, at, shop.time_zone, PHRASES[code])}), code


def _always(shop: Shop, code: Language) -> Mapping[str, str]:
    """What fills the gaps of every text."""
    calendar = hours.of(shop, "")
    return {**promised(shop, code), "shop": shop.name, "hours": "; ".join(opening(calendar, code) if calendar else [])}


def topic(stage: Stage | None, shop: Shop, language: str) -> str:
    """What a message is about, by the stage of its customer's life; empty where that is not told."""
    said = dict(zip(get_args(Stage), PHRASES[spoken_in(shop, language)].topics.split(" | "), strict=True))
    return said[stage] if stage else ""


def span(minutes: int, shop: Shop, language: str) -> str:
    """A span as customers read it: never shorter than it is, and at least two of a unit, so that it is a plural."""
    size, unit = (1, 0) if minutes < 120 else (60, 1) if minutes < 2 * 1440 else (1440, 2)
    return f"{max(-(-minutes // size), 2)} {PHRASES[spoken_in(shop, language)].spans.split()[unit]}"


def texts(shop: Shop) -> Iterator[tuple[tuple[Language, str], str]]:
    """Every acknowledgement that the shop may send, by its language and name; `text` and `closed` are the ordinary."""
    for code in shop.languages:
        yield from (((code, name), _named(shop, code, name)) for name in shop.acknowledgement.texts)
        for field in ("text", "closed"):
            if said := _said(shop, code, field):
                yield (code, field), said


def promised(shop: Shop, code: str) -> Mapping[str, str]:
    """What the shop tells its customers to expect, in a language; where it says nothing in that, in its first."""
    ours, theirs = shop.promise, shop.promise.languages.get(code, Expected())
    return {name: (getattr(theirs, name) or getattr(ours, name)).strip() for name in Expected.model_fields}


def opening(calendar: Calendar, code: Language) -> list[str]:
    """Its hours, a line for days in a row that have the same: "Monday-Friday 9:00-18:00"."""
    names = PHRASES[code].weekdays.split()
    grouped = groupby(zip(calendar.week, names, strict=True), key=itemgetter(0))
    days = [(spans, [name for _, name in group]) for spans, group in grouped if spans]
    return [f"{'–'.join([on[0], *on[1:][-1:]])} {', '.join(map(str, spans))}" for spans, on in days]


def spoken_in(shop: Shop, language: str) -> Language:
    """The language in which a customer is written to: their own if it is one of the shop's, else the shop's first."""
    return next((code for code in shop.languages if code == language), shop.languages[0])


def _named(shop: Shop, code: Language, name: str) -> str:
    """A text of the shop that a rule names, in the shop's first language where it has no other."""
    return _own(shop, code).texts.get(name) or shop.acknowledgement.texts.get(name, "")


def _said(shop: Shop, code: Language, what: str) -> str:
    """The shop's own words in a language, else ours; none where the shop says nothing of the kind in its first."""
    own: str = getattr(_own(shop, code), what)
    return own or (getattr(PHRASES[code], what) if getattr(shop.acknowledgement, what) else "")


def _own(shop: Shop, code: Language) -> Said:
    """The shop's own words in a language."""
    ours = shop.acknowledgement
    return ours if code == shop.languages[0] else ours.languages.get(code, Said())


def moment(at: datetime, now: datetime, zone: str, phrases: Phrases) -> str:
    """A moment as customers read it: "Monday 09:00", and from a week on, or ago, with its date."""
    there, here = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    form = phrases.day if abs(there.date() - here.date()) < timedelta(weeks=1) else phrases.date
    weekday, month = phrases.weekdays.split()[there.weekday()], phrases.months.split()[there.month - 1]
    return form.format(weekday=weekday, day=there.day, month=month, time=f"{there:%H:%M}")


def update(shop: Shop, language: str, following: datetime | None, now: datetime) -> str:
    """To a customer who still waits; `following` is when they hear of it again, None if only with the answer."""
    phrases = PHRASES[spoken_in(shop, language)]
    again = phrases.again.format(by=moment(following, now, shop.time_zone, phrases)) if following else ""
    return " ".join(filter(None, [phrases.still, again, phrases.automatic]))


def follow_up(shop: Shop, language: str) -> str:
    """To a customer some days after the end."""
    phrases = PHRASES[spoken_in(shop, language)]
    return f"{phrases.well} {phrases.automatic}"


def stands(shop: Shop, language: str, conversation: Conversation, now: datetime) -> str:
    """To a customer who asks how things stand; a time that has passed is not named."""
    phrases, waits, by = PHRASES[spoken_in(shop, language)], conversation.waiting, None
    form = phrases.answered if conversation.agent_at and conversation.status == "open" else phrases.nothing
    if waits:
        by = waits.by if waits.by and waits.by > now else None
        form = phrases.waits_until if by else phrases.waits
    times = {"since": waits.since if waits else None, "by": by, "at": conversation.agent_at}
    known = {gap: moment(at, now, shop.time_zone, phrases) for gap, at in times.items() if at}
    return f"{form.format(**known)} {phrases.automatic}"


def help(shop: Shop, language: str) -> str:
    """To a customer who writes HELP by SMS: whose number it is, who answers, what it costs, and how to stop.

    As the CTIA's Messaging Principles want it. In letters that SMS has.
    """
    phrases = PHRASES[spoken_in(shop, language)]
    return sms.plain(f"{phrases.help.format(shop=shop.name)} {phrases.automatic}")


def file_link(name: str, size: int, url: str, language: Language = "en") -> str:
    """A file as a link, for customers and agents alike."""
    return f"📎 {name} ({in_bytes(size)}): {url}\n{PHRASES[language].link}"


def subject(shop: Shop, language: str) -> str:
    """Of a mail to a customer who named no subject."""
    return PHRASES[spoken_in(shop, language)].subject.format(shop=shop.name)


def code(shop: Shop, code: str, language: str) -> str:
    """To another address than the one that claims it. Nothing is told of the other: it may be a stranger."""
    return PHRASES[spoken_in(shop, language)].code.format(code=code, shop=shop.name)
