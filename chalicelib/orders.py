"""What the webhooks of all shop software have in common: who bought, by addresses, and ids and words as texts."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib.models.values import Address, Channel
from chalicelib.webhook import moment

LONGEST = 60  # characters of what stands on a card
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
NUMBERS = ("phonenumbers",)  # what a shop's software needs packed (Can.libraries)


def buyer(mails: Iterable[Any], phones: Iterable[Any], country: Any = None) -> tuple[Address, ...]:
    """The addresses of whoever bought, each once.

    A phone number that is written without its country (+ or 00) is one of `country`, that of the buyer's own address,
    by its two letters; it counts for nothing where neither is known.
    """
    numbers = [_number(written.strip(), country) for written in phones if isinstance(written, str)]
    found = [
        *(Address(channel=Channel.EMAIL, id=mail.strip().lower()) for mail in mails if _is_mail(mail)),
        *(Address(channel=Channel.SMS, id=number) for number in numbers if number),
    ]
    return tuple(dict.fromkeys(found))


def identifier(given: object) -> str:
    """An id as a text. Raises ValueError for what is none."""
    if isinstance(given, bool) or not isinstance(given, int | str) or given == "":
        raise ValueError("not an id")
    return str(given)


def when(given: object) -> datetime:
    """A time. Raises ValueError for what is none."""
    if (at := moment(given)) is None:
        raise ValueError("not a time")
    return at


def short(given: object) -> str:
    """A word or a number as it is shown on a card: one line. Empty for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        return ""
    return " ".join(str(given).split())[:LONGEST]


def _is_mail(given: object) -> bool:
    return isinstance(given, str) and 0 < given.strip().find("@") < 255


def _number(written: str, country: Any) -> str:
    """A number as a telephone shows it, + and country first; empty for what cannot be one."""
    if _PHONE.fullmatch(written):
        return written
    import phonenumbers  # 50 ms of a cold start, and most numbers are written in full

    try:
        number = phonenumbers.parse(re.sub(r"\A00", "+", written), country if isinstance(country, str) else None)
    except phonenumbers.NumberParseException:
        return ""
    possible = phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else ""
