"""What the webhooks of all shop software have in common: who bought, by addresses, and ids and words as texts."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chalicelib.models.values import Address, Channel
from chalicelib.webhook import moment

LONGEST = 60  # characters of what stands on a card
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_BETWEEN = re.compile(r"[\s()./-]+")


def buyer(mails: Iterable[Any], phones: Iterable[Any]) -> tuple[Address, ...]:
    """The addresses of whoever bought, each once. A phone number counts only with its country: + or 00."""
    found = [
        *(Address(channel=Channel.EMAIL, id=mail.strip().lower()) for mail in mails if _is_mail(mail)),
        *(Address(channel=Channel.SMS, id=number) for number in map(_number, phones) if number),
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


def _number(given: object) -> str:
    plain = _BETWEEN.sub("", given) if isinstance(given, str) else ""
    number = f"+{plain[2:]}" if plain.startswith("00") else plain
    return number if _PHONE.fullmatch(number) else ""
