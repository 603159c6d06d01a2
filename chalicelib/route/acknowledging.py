"""What an acknowledgement says: the shop's words, with what is known of its customer and of the time. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from unicodedata import category
from zoneinfo import ZoneInfo

from chalicelib import gaps, hours, sms, words
from chalicelib.models import Channel, Contact, Conversation, Found, Message, Quota, Rule, Shop

LONGEST_NAME, MOST_NAMES = 40, 4  # characters and words of a name that is said again
LONGEST = 4_000  # characters of a text that are looked at
WITHIN_A_NAME = "-'’"


def text(message: Message, contact: Contact, found: Found, rule: Rule, sorry: bool, shop: Shop, now: datetime) -> str:
    """The final words for who opens a conversation by that rule; empty where the shop has none.

    `sorry` for a complaint: an apology comes first.
    """
    assert contact.conversation is not None
    opens = _opens(shop, contact.conversation.desk, now)
    minutes = _minutes(message, found, contact.conversation, opens)
    known = {
        "name": name(message),
        "order": order(message, shop.acknowledgement.orders),
        "time": words.span(minutes, shop, contact.language) if minutes else "",
    }
    said = words.acknowledgement(shop, contact.language, known, now, opens, rule.acknowledgement, sorry)
    return sms.plain(said) if message.sender.channel is Channel.SMS else said


def says_time(shop: Shop) -> bool:
    """Whether a text of the shop's says how long an answer takes."""
    return any("time" in gaps.names(said) for _, said in words.texts(shop))


def quota(shop: Shop, now: datetime) -> Quota | None:
    """The day among whose acknowledgements one counts; None where they have no end."""
    most = shop.acknowledgement.most_a_day
    return Quota(day=f"{now.astimezone(ZoneInfo(shop.time_zone)):%Y-%m-%d}", most=most) if most else None


# ---- what is known ------------------------------------------------------------------------------------------------


def name(message: Message) -> str:
    """The sender's name as the provider reports it, if it reads like one: no link, no digits, not long.

    None of an unproved sender: somebody else may have typed it, to be sent to that address.
    """
    said = [word for word in message.name.split() if any(map(str.isalnum, word))]
    whole = " ".join(said)
    fits = len(said) <= MOST_NAMES and len(whole) <= LONGEST_NAME and all(map(_is_name, said))
    return whole if fits and message.sender.channel is not Channel.UNVERIFIED_EMAIL else ""


def order(message: Message, prefix: str) -> str:
    """The one order number in a customer's text: the shop's own prefix and up to twelve digits, so no words get in."""
    if not prefix:
        return ""
    numbers = re.findall(rf"(?<!\w){re.escape(prefix)}([0-9]{{3,12}})(?!\w)", message.text[:LONGEST], re.IGNORECASE)
    return prefix + numbers[0] if len(set(numbers)) == 1 else ""


def _is_name(word: str) -> bool:
    """Of letters and what joins them; a full stop only at the end, as in Dr."""
    return all(category(one)[0] in "LM" or one in WITHIN_A_NAME for one in word.removesuffix("."))


def _minutes(message: Message, found: Found, conversation: Conversation, opens: datetime | None) -> int:
    """How long an answer takes: as it was measured, else as the shop means it to; 0 where that is not known."""
    measured: Mapping[str, int] = found.measured.minutes.get(message.sender.channel, {})
    waiting = conversation.waiting
    meant = waiting.by - waiting.since if waiting and waiting.by and not opens else timedelta()
    return measured.get(f"{conversation.customer_at:%H}") or math.ceil(meant / timedelta(minutes=1))


def _opens(shop: Shop, desk: str, now: datetime) -> datetime | None:
    """When a desk is open again; None while it is."""
    calendar = hours.of(shop, desk)
    opens = hours.opens(calendar, now) if calendar else now
    return opens if opens > now else None
