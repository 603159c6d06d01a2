"""Addresses as people write them: by agents after an action's word, by customers in the midst of a text."""

import re
from collections.abc import Iterator

from chalicelib.desk.shown import TITLES
from chalicelib.models.values import Address, Channel

PHONES = (Channel.SMS, Channel.WHATSAPP)  # an id there is a phone number
MAILS = (Channel.EMAIL, Channel.UNVERIFIED_EMAIL)
NOBODY = (Channel.SLACK, Channel.TIMER)  # no customer writes from there
CHANNELS = {
    **{channel.value: channel for channel in Channel if channel not in NOBODY},
    **{title.lower(): channel for channel, title in TITLES.items()},
}
_CHANNEL = re.compile(r"([a-z?_]+(?: [a-z]+)?)\s*[:·]\s*(\S.*)", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@<>(),;:\"'|]{1,64}@[^\s@<>(),;:\"'|]{1,255}\.\w{2,24}")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00)\(?[0-9][0-9 ()./\u00a0-]{5,22}[0-9](?!\w)")
_BARE_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./\u00a0-]{5,22}[0-9](?!\w)")


def named(text: str) -> tuple[tuple[Address, ...], str]:
    """The addresses that `text` may begin with, one for each channel it may mean, and what stands behind.

    It is written as a mail address, as a phone number, or with its channel before it, as `written` writes it or as a
    card shows it.
    """
    text = text.strip()
    found = _CHANNEL.match(text)
    channel = CHANNELS.get(found[1].lower()) if found else None
    if found and channel:
        return _on(channel, found[2])
    for channels, pattern, plain in ((MAILS, _MAIL, str.lower), (PHONES, _BARE_PHONE, phone)):
        if start := pattern.match(text):
            id = plain(start[0])
            return tuple(Address(channel=channel, id=id) for channel in channels if id), _behind(text[start.end() :])
    return (), text


def written(address: Address) -> str:
    """An address in full, as `named` reads it."""
    return f"{address.channel.value}:{address.id}"


def typed(text: str) -> Iterator[tuple[str, str]]:
    """Mail addresses and phone numbers within a text, each with its kind. Numbers without a country are left alone."""
    for start in _MAIL.finditer(text):
        yield "email", start[0].lower()
    for start in _PHONE.finditer(text):
        if number := phone(start[0]):
            yield "phone", number


def phone(text: str) -> str:
    """A phone number in E.164; empty if it cannot be one."""
    digits = re.sub(r"[^0-9]", "", text)
    if not text.startswith("+"):
        digits = digits.removeprefix("00")
    return f"+{digits}" if 7 <= len(digits) <= 15 and digits[0] != "0" else ""


def _on(channel: Channel, text: str) -> tuple[tuple[Address, ...], str]:
    """On a channel that is named, an id is whatever stands there up to a space; a phone number has spaces within."""
    start = _BARE_PHONE.match(text) if channel in PHONES else None
    if start and phone(start[0]):
        return (Address(channel=channel, id=phone(start[0])),), _behind(text[start.end() :])
    id, _, rest = text.partition(" ")
    return (Address(channel=channel, id=id.lower() if channel in MAILS else id),), _behind(rest)


def _behind(text: str) -> str:
    return text.strip(" ,;:-–")
