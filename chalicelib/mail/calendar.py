"""An invitation in a mail, or an answer to one, as one plain line: what, when, where, who.

Read by hand: icalendar would bring dateutil, tzdata and every property there is, where seven are shown, and only here.
Format: https://www.rfc-editor.org/rfc/rfc5545  What is asked: https://www.rfc-editor.org/rfc/rfc5546#section-3.2
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.characters import one_line
from chalicelib.mail.values import in_charset, is_address

LARGEST = 100_000  # bytes that are read
LONGEST, LONGEST_ZONE = 200, 80  # characters of what, where and who; of a zone's name
MOST_PEOPLE = 5
_FOLD = re.compile(r"\r?\n[ \t]")
_READ = "BEGIN|END|METHOD|SUMMARY|LOCATION|DTSTART|DTEND|DURATION|RRULE|RECURRENCE-ID|STATUS|ORGANIZER|ATTENDEE"
_LINE = re.compile(
    rf'^({_READ})((?:;[A-Z0-9-]++=(?:"[^"\n]*+"|[^";:\n])*+)*+):([^\r\n]*)', re.IGNORECASE | re.MULTILINE | re.ASCII
)
_PARAMETER = re.compile(r';([A-Za-z0-9-]++)=((?:"[^"]*+"|[^";:])*+)')
_ESCAPED = re.compile(r"\\(.)")
_TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})(?:[0-9]{2})?(Z?))?")
_DURATION = re.compile(
    r"\+?P(?:([0-9]{1,3})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:[0-9]+S)?)?"
)
_ASKED: Mapping[str, str] = {
    "REQUEST": "Invitation",
    "ADD": "Invitation",
    "CANCEL": "Cancelled",
    "COUNTER": "Another time proposed",
    "DECLINECOUNTER": "Proposed time declined",
    "REPLY": "Answered",
}
_ANSWERED: Mapping[str, str] = {
    "ACCEPTED": "Accepted",
    "DECLINED": "Declined",
    "TENTATIVE": "Accepted tentatively",
    "DELEGATED": "Passed on to somebody else",
}
_OF_GUESTS = ("REPLY", "COUNTER")
_ROOMS = ("ROOM", "RESOURCE")


class _Property(NamedTuple):
    value: str
    params: Mapping[str, str]


class _Moment(NamedTuple):
    """A time as it is written; `zone` is UTC, a name, or empty where it is the reader's own. A day has no time."""

    at: datetime
    zone: str
    day: bool


_Event = Mapping[str, list[_Property]]


def shown(content: bytes, charset: str = "") -> str:
    """`[Invitation: Repair · Mon 2026-03-02 10:00–11:00 (Europe/Berlin) · High Street 5 · from Mira <mira@…>]`

    Times are in the zone in which they were written. Empty for a calendar without an event.
    """
    method, events, event = _first_event(in_charset(content[:LARGEST], charset or "utf-8"))
    if not event:
        return ""
    asked = f"{_asked(method, event)}: "
    what = _words(event, "SUMMARY").removeprefix(asked) or "without a title"  # Outlook says it there too
    more = f"and {events - 1} more" if events > 1 else ""
    said = [what, _when(event), _words(event, "LOCATION"), *_who(method, event), more]
    return f"[{asked}{' · '.join(filter(None, said))}]"


def _first_event(text: str) -> tuple[str, int, _Event]:
    """What is asked, how many events there are (an exception to a series is none), and what is said of the first."""
    method, events, within = "", 0, [""]
    event: dict[str, list[_Property]] = {}
    for name, found in _properties(text):
        if name == "BEGIN":
            within.append(found.value.strip().upper())
            events += within[-1] == "VEVENT"
        elif name == "END":
            del within[max(1, len(within) - 1) :]
        elif name == "METHOD" and within[-1] == "VCALENDAR":
            method = found.value.strip().upper()
        elif within[-1] == "VEVENT" and events == 1:
            event.setdefault(name, []).append(found)
        elif within[-1] == "VEVENT" and name == "RECURRENCE-ID":
            events -= 1
    return method, events, event


def _properties(text: str) -> Iterator[tuple[str, _Property]]:
    for name, given, value in _LINE.findall(_FOLD.sub("", text)):
        params = {param.upper(): said.replace('"', "") for param, said in _PARAMETER.findall(given)}
        yield name.upper(), _Property(value, params)


def _asked(method: str, event: _Event) -> str:
    if _value(event, "STATUS").upper() == "CANCELLED":
        return _ASKED["CANCEL"]
    answer = _first(event, "ATTENDEE").params.get("PARTSTAT", "").upper() if method == "REPLY" else ""
    return _ANSWERED.get(answer) or _ASKED.get(method, "Date")


def _who(method: str, event: _Event) -> list[str]:
    """Who invites whom; of an answer who gives it."""
    guests = [_person(one) for one in event.get("ATTENDEE", []) if one.params.get("CUTYPE", "").upper() not in _ROOMS]
    host = _person(_first(event, "ORGANIZER"))
    if method in _OF_GUESTS:
        return [f"by {guest}" for guest in guests[:1] if guest]
    named = [guest for guest in guests if guest and guest != host]
    more = [f"{len(named) - MOST_PEOPLE} more"] if len(named) > MOST_PEOPLE else []
    invited = ", ".join([*named[:MOST_PEOPLE], *more])
    return [f"from {host}" if host else "", f"with {invited}" if invited else ""]


def _person(about: _Property) -> str:
    """Name and address. A name that is an address is left out: it is there twice, or to be taken for another."""
    name = one_line(about.params.get("CN", ""), LONGEST)
    address = one_line(re.sub("^mailto:", "", about.value.strip(), flags=re.IGNORECASE), LONGEST)
    address = address if is_address(address) else ""
    name = "" if "@" in name else name
    return f"{name} <{address}>" if name and address else name or address


def _when(event: _Event) -> str:
    start = _moment(_first(event, "DTSTART"))
    if start is None:
        return ""
    end = _end(event, start)
    said = _written(start)
    if end and end.zone != start.zone:
        said = f"{said}{_zone(start)} – {_written(end)}"
    elif end and end.at.date() > start.at.date():
        said = f"{said} – {_written(end)}"
    elif end and end.at > start.at:
        said = f"{said}–{end.at:%H:%M}"
    return f"{said}{_zone(end or start)}{', repeated' if 'RRULE' in event else ''}"


def _end(event: _Event, start: _Moment) -> _Moment | None:
    """When it ends. The end of whole days is the day after."""
    end = _moment(_first(event, "DTEND"))
    try:
        length = _length(_value(event, "DURATION"))
        end = end or (start._replace(at=start.at + length) if length else None)
        return end._replace(at=end.at - timedelta(days=1)) if end and end.day else end
    except OverflowError:
        return None


def _length(value: str) -> timedelta:
    found = _DURATION.fullmatch(value)
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def _moment(given: _Property) -> _Moment | None:
    found = _TIME.match(given.value.strip())
    if not found:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in found.groups()[:5])
    zone = "UTC" if found[6] else one_line(given.params.get("TZID", ""), LONGEST_ZONE)
    try:
        return _Moment(datetime(year, month, day, hour, minute), zone, day=found[4] is None)
    except ValueError:
        return None


def _written(moment: _Moment) -> str:
    day = f"{moment.at:%a} {moment.at.date()}"
    return day if moment.day else f"{day} {moment.at:%H:%M}"


def _zone(moment: _Moment) -> str:
    return f" ({moment.zone})" if moment.zone and not moment.day else ""


def _words(event: _Event, name: str) -> str:
    value = _value(event, name)[: 2 * LONGEST]
    return one_line(_ESCAPED.sub(lambda mark: " " if mark[1] in "nN" else mark[1], value), LONGEST)


def _value(event: _Event, name: str) -> str:
    return _first(event, name).value.strip()


def _first(event: _Event, name: str) -> _Property:
    return event.get(name, [_Property("", {})])[0]
