"""What a type cannot say of texts: that their gaps can be filled, and that they are sent at all."""

import re
from collections.abc import Iterator

from chalicelib import gaps
from chalicelib.checks.carriers import can
from chalicelib.checks.problem import Problem, listed
from chalicelib.models.shop import Expected, Said, Shop

TEMPLATE = re.compile(r"[a-z0-9_-]+", re.ASCII)
ORDERS = re.compile(r"(?=.{1,12}$)[A-Z0-9#]*[A-Z#][A-Z0-9#]*[-/.]?", re.ASCII)  # never digits alone
CLOSED = ("closed", "call_closed")  # said instead while the shop is
A_TIME = re.compile(  # at which somebody is there, or answers
    r"\b\d{1,2}[:.]\d{2}\b|\b\d+\s?(?:min|minut|hour|stund|heure|hora|ore\b|uur|uren|godz|o'clock|uhr\b|[ap]m\b)\w*",
    re.IGNORECASE,
)
SAID = ("text", "closed", "call", "call_closed", "complaint")
PROMISED = ("delivery", "refund", "payment")  # gaps filled from [promise]
UNSURE = ("name", "order", "time", "topic")  # gaps of an acknowledgement that cannot always be filled


def acknowledgement(rules: Shop) -> Iterator[Problem]:
    """Gaps that can be filled, and no text that is never sent."""
    ours = rules.acknowledgement
    yield from _said(rules, ("acknowledgement",), ours)
    if "none" in ours.texts:
        yield ("acknowledgement", "texts", "none"), "rules say none where nothing is to be sent; give it another name"
    for field in CLOSED:
        if getattr(ours, field) and not rules.hours and not any(place.hours for place in rules.desks.values()):
            yield ("acknowledgement", field), "without opening hours it is never sent; add [hours]"
    if ours.orders and not ORDERS.fullmatch(ours.orders):
        yield ("acknowledgement", "orders"), f"write how your order numbers begin, like CS-, not {ours.orders!r}"
    for code, theirs in ours.languages.items():
        yield from _said(rules, ("acknowledgement", "languages", code), theirs)
        yield from _language(rules, code, theirs)


def _language(rules: Shop, code: str, said: Said) -> Iterator[Problem]:
    """Words in another language, of which each has to be sent in some case."""
    place, (first, *others) = ("acknowledgement", "languages", code), rules.languages
    if code == first:
        yield place, f"{code} is the first of your languages: its words stand in [acknowledgement]"
    elif code not in others:
        yield place, f"it is never sent: your other languages are {listed(others, code)}"
    for field in ("text", "closed"):
        if getattr(said, field) and not getattr(rules.acknowledgement, field):
            yield (*place, field), f"it is never sent: write {field} in [acknowledgement] too"
    for name in said.texts.keys() - rules.acknowledgement.texts.keys():
        yield (*place, "texts", name), f"it is never sent: write {name} in [acknowledgement.texts] too"


def _said(rules: Shop, at: tuple[str, ...], said: Said) -> Iterator[Problem]:
    """Gaps that can be filled; {opens} only while the desk is closed."""
    texts: dict[tuple[str, ...], str] = {(field,): getattr(said, field, "") for field in SAID}
    for place, text in (texts | {("texts", name): text for name, text in said.texts.items()}).items():
        yield from (((*at, *place), words) for words in _gaps(rules, place, text))


def _gaps(rules: Shop, place: tuple[str, ...], text: str) -> Iterator[str]:
    """What is wrong with the gaps of a text."""
    known = ["shop", "hours", "opens", *UNSURE, *PROMISED]
    for gap in dict.fromkeys(gaps.names(text)):
        if gap == "opens" and place[0] not in CLOSED:
            yield "{opens} is only known while you are closed; use it in closed"
        elif gap == "time" and place[0] in CLOSED:
            yield "{time} is how long an answer takes while you are open; in closed say {opens}"
        elif gap not in known:
            near = listed([f"{{{one}}}" for one in known], f"{{{gap}}}")
            yield f"nothing is known for {{{gap}}}; there are {near}"
        elif gap in UNSURE and gap in gaps.needed(text):
            yield f"{{{gap}}} is not always known: put what is left out then in brackets, like [ {{{gap}}}]"
        elif gap in PROMISED and not getattr(rules.promise, gap):
            yield f"{{{gap}}} needs the words for it: {gap} in [promise]"
        elif gap == "hours" and not (rules.hours and any(rules.hours.week)):
            yield "{hours} needs your opening hours; add [hours]"
        elif gap == "order" and not rules.acknowledgement.orders:
            yield '{order} needs to know how your order numbers begin: orders = "CS-"'
    if found := A_TIME.search(text):
        yield f"{found[0]!r} may differ from what you set: say {{time}}, {{opens}} or {{hours}}, which never do"


def promise(rules: Shop) -> Iterator[Problem]:
    """Languages that the shop has, and no time in it at which it is open or answers: those come from their tables."""
    first, *others = rules.languages
    tables: dict[tuple[str, ...], Expected] = {("promise",): rules.promise}
    for code, theirs in rules.promise.languages.items():
        tables["promise", "languages", code] = theirs
        if code not in others:
            said = "its words stand in [promise]" if code == first else f"your others are {listed(others, code)}"
            yield ("promise", "languages", code), f"{code} is no other language of yours: {said}"
    for place, told in tables.items():
        for field in ("who", "why"):
            if found := A_TIME.search(getattr(told, field)):
                yield (*place, field), f"{found[0]!r} may differ from [hours] and [targets], told anyway"


def templates(rules: Shop) -> Iterator[Problem]:
    """Names that can be typed, and approved texts where the provider knows such a thing."""
    for name, canned in rules.templates.items():
        if not TEMPLATE.fullmatch(name):
            yield ("templates", name), f"a template's name is of small letters, digits, _ and -, not {name!r}"
        if not canned.text.strip():
            yield ("templates", name, "text"), "a template needs a text"
        for provider, approved in canned.approved.items():
            place = ("templates", name, "approved")
            named = can(provider).templates if provider in rules.providers else None
            if named is None:
                yield place, f"{provider!r} is no enabled provider that approves texts"
            elif not re.fullmatch(named.form, approved, re.ASCII):
                yield place, f"write the name it has there, like {named.like}, not {approved!r}"
    for provider in rules.human_agent:
        if provider not in rules.providers or not can(provider).human_window:
            yield ("human_agent",), f"{provider!r} is no enabled provider that lets people answer later than machines"
