"""Opting out of SMS: the words that stop, start and ask for help, and what agents are told of them. Pure.

By law STOP, QUIT, END, REVOKE, OPT OUT, CANCEL and UNSUBSCRIBE stop in the United States (47 CFR 64.1200(a)(10)), ARRET
and AIDE stand beside STOP and HELP in Canada. The others are those that carriers and providers take so:
https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html
https://help.twilio.com/articles/223134027 and https://www.twilio.com/docs/proxy/opt-out-keywords (ARRETE, ARRETT)
https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out (STOP ALL)
https://community.sinch.com/t5/Toll-Free-Numbers-TFN/ta-p/15313 (NONARRET)

YES starts again with some providers only, for elsewhere it answers a question: see Can.answers.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from unicodedata import combining, normalize

from chalicelib import desk, providers, words
from chalicelib.models.inbound import Intent, Kind, Message
from chalicelib.models.people import Contact, Heard
from chalicelib.models.shop import Shop
from chalicelib.models.values import Channel
from chalicelib.models.work import Receive

WORDS: Mapping[str, Intent] = {
    **dict.fromkeys(
        ("stop", "stopall", "stop all", "quit", "end", "revoke", "optout", "opt-out", "opt out", "cancel",
         "unsubscribe", "remove", "arret", "arrete", "arrett", "td"), "stop",
    ),
    **dict.fromkeys(("start", "unstop", "nonarret"), "start"),
    **dict.fromkeys(("help", "info", "aide"), "help"),
}  # fmt: skip
LONGEST = 30  # characters of a text that may be one of them


def word(text: str) -> str:
    """A short text as it may be one of the words: small letters without marks, and nothing around them."""
    plain = "".join(one for one in normalize("NFKD", text[:LONGEST]) if not combining(one)).casefold()
    return " ".join(re.findall(r"[\w-]+", plain)) if len(text) <= LONGEST else ""


def intent(message: Message, was: Heard | None) -> Intent | None:
    """What an SMS asks for that is one of the words, or whatever its provider takes so; `was` is its sender before it.

    Where a provider took it so it sends nothing any more, on other channels too (WhatsApp through Twilio).
    """
    if message.intent or message.kind is not Kind.MESSAGE or message.sender.channel is not Channel.SMS:
        return message.intent
    said = word(message.text)
    return WORDS.get(said) or _only(said, message, was)


def _only(said: str, message: Message, was: Heard | None) -> Intent | None:
    """What its provider alone takes so: one that starts does that only where it was stopped."""
    found = providers.load(message.provider).can.answers.get(said)
    return found if found != "start" or (was and was.stopped) else None


def answered(message: Message) -> bool:
    """Whether its provider answers such a message itself."""
    return message.intent is not None or word(message.text) in providers.load(message.provider).can.answers


def stopped(message: Message, was: Heard | None, receive: Receive) -> datetime | None:
    """Since when its sender wants no SMS; None if they want them. A START that comes late ends no later STOP."""
    accepted, before = receive.accepted_at, was.stopped if was else None
    written = min(message.sent_at or accepted, message.came_at or accepted, accepted)
    match intent(message, was):
        case "stop":
            return max(written, before or written)
        case "start":
            return before if before and written < before else None
        case _:
            return before


def told(before: Contact, after: Contact, at: datetime, shop: Shop) -> list[str]:
    """What stands above a message for the agents, whose sender wants no SMS, or wants them again."""
    here = after.heard[-1]
    was = before.known(here.address)
    if here.stopped is None:
        return [words.may_be_written_to(desk.title(here.address))] if was and was.stopped else []
    ways = desk.held.ways(after, here.address, at, shop)
    return words.silence(desk.held.over(here, at, shop), ways)
