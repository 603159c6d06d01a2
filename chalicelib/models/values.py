"""What the whole vocabulary is made of: frozen data, clean text, hashes, channels, addresses."""

import base64
import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from chalicelib.characters import clean_text

SCHEMA = 1  # of every row and every queue message; raised when the next release must tell old from new


class Frozen(BaseModel):
    """Data that is never changed in place. What a later release adds is ignored by this one."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)  # a cold start builds what it uses


class Strict(BaseModel):
    """Settings: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


Text = Annotated[str, BeforeValidator(lambda text: clean_text(text) if isinstance(text, str) else text)]


def digest(*parts: str) -> str:
    """130 bits of SHA-256 over `parts` as 26 lower-case letters and digits; injective whatever the parts hold."""
    whole = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.b32encode(whole[:20])[:26].decode().lower()  # twenty bytes are enough: base32 is slow, in Python


class Channel(StrEnum):
    """The medium. `email?` is a mail whose sender is not proved: another channel, so never the same contact."""

    EMAIL = "email"
    UNVERIFIED_EMAIL = "email?"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    INSTAGRAM = "instagram"
    FACEBOOK_PAGE = "facebook_page"
    INSTAGRAM_COMMENTS = "instagram_comments"
    TELEGRAM = "telegram"
    LINE = "line"
    SLACK_CONNECT = "slack_connect"
    VIBER = "viber"
    DISCORD = "discord"
    X = "x"
    WEBCHAT = "webchat"
    SLACK = "slack"
    TIMER = "timer"


class Address(Frozen):
    """One place a person is reached. Where an id is unique only within one of our accounts, that account is in it."""

    channel: Channel
    id: Text


def phone(written: str) -> Address:
    """Who texts, from a number with or without its +. A short code or a name is no phone number, and stays as it is."""
    return Address(channel=Channel.SMS, id=f"+{written}" if re.fullmatch(r"[1-9][0-9]{7,14}", written) else written)


def with_typed(name: str, *typed: str) -> str:
    """A name with what its bearer says of themselves, like an address: nobody proved that, so it is only shown."""
    known = ", ".join(filter(None, typed))
    return f"{name} ({known})" if name and known else name or known
