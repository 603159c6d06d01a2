"""What a customer is told at once: how things stand, or the shop's words with what is known of them and of the time."""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from unicodedata import category
from zoneinfo import ZoneInfo

from chalicelib import gaps, hours, sms, wording
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Contact, Conversation
from chalicelib.models.shop import Rule, Shop
from chalicelib.models.values import Channel
from chalicelib.models.work import Found, Quota, Receive
from chalicelib.route import opening, optout, silent, unasked
from chalicelib.route.came import Came, Turned

EVERY = timedelta(hours=24)  # of one customer
TOO_OLD = timedelta(minutes=15)
LONGEST_NAME, MOST_NAMES = 40, 4  # characters and words of a name that is said again
LONGEST = 4_000  # characters of a text that are looked at
WITHIN_A_NAME = "-'’"


class AtOnce(NamedTuple):
    """What the customer is told at once, and what of the head remembers that."""

    text: str = ""
    remembered: Mapping[str, datetime] = {}
    quota: Quota | None = None


def at_once(came: Came, after: Contact, turned: Turned) -> AtOnce:
    """How things stand, for who asks that; an acknowledgement, for who opens a conversation; else nothing."""
    if came.intent:
        said = _help(came, after.language)
        return AtOnce(said, {"help_at": came.now} if said else {})
    may = _may_be_told(came)
    if unasked.asks_status(came.message, came.before.conversation, came.shop):
        said = unasked.status(came.before, came.shop, after.language, came.now) if may else ""
        return AtOnce(said, {"status_at": came.now} if said else {})
    if turned.rule is None or not may or not _is_due(came):
        return AtOnce()
    said = _text(came, turned, turned.rule)
    return AtOnce(said, {"acknowledged_until": came.now + EVERY}, quota(came.shop, came.now)) if said else AtOnce()


def _may_be_told(came: Came) -> bool:
    """Whether a message may be answered by itself: never automation, the unproved, or old news."""
    message = came.message
    proved = message.sender.channel is not Channel.UNVERIFIED_EMAIL or came.shop.acknowledgement.forms
    automatic = silent.automation(message, came.shop) or unasked.spared(message.provider)
    return message.kind is Kind.MESSAGE and proved and not automatic and not came.stopped and not _is_old(came)


def _is_old(came: Came) -> bool:
    accepted = came.receive.accepted_at
    return came.now - min(came.message.sent_at or accepted, accepted) >= TOO_OLD


def _help(came: Came, language: str) -> str:
    """What carriers want said to HELP, once a day; empty where the provider says it, or nothing may be said."""
    message, told = came.message, came.before.help_at
    ours = came.intent == "help" and came.shop.automatic.help and not optout.answered(message)
    never = message.automatic or silent.nobody(message) or came.stopped or _is_old(came)
    again = told is not None and came.now - told < EVERY
    return wording.help(came.shop, language) if ours and not never and not again else ""


def _is_due(came: Came) -> bool:
    """Not soon after another acknowledgement, and not while an agent is talking."""
    before = came.before
    recent = before.acknowledged_until is not None and came.now < before.acknowledged_until
    spoken = before.conversation.agent_at if before.conversation else None
    return not recent and (spoken is None or came.now - spoken >= unasked.TALKING)


def _text(came: Came, turned: Turned, rule: Rule) -> str:
    """The final words for who opens a conversation by that rule; empty where the shop has none."""
    message, shop, language = came.message, came.shop, turned.language
    opens = _opens(shop, turned.conversation.desk, came.now)
    minutes = _minutes(message, came.found, turned.conversation, opens)
    known = {
        "name": name(message),
        "order": order(message, shop.acknowledgement.orders),
        "topic": wording.topic(came.facts.stage, shop, language) if says(shop, "topic") else "",
        "time": wording.span(minutes, shop, language) if minutes else "",
    }
    sorry = turned.complaint is not None
    said = wording.acknowledgement(shop, language, known, came.now, opens, rule.acknowledgement, sorry)
    return sms.plain(said) if message.sender.channel is Channel.SMS else said


def promises(message: Message, before: Contact | None, shop: Shop, receive: Receive) -> bool:
    """Whether a message may be acknowledged by a text that says how long an answer takes."""
    turns = opening.turn(message, before.conversation if before else None, shop, receive)
    return bool(turns) and says(shop, "time")


def says(shop: Shop, gap: str) -> bool:
    """Whether a text of the shop's has such a gap."""
    return any(gap in gaps.names(said) for _, said in wording.texts(shop))


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
