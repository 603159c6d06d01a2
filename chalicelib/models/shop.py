"""What the shop sets in shop.toml."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from chalicelib.models.values import Strict


class Desk(Strict):
    """Where agents read and answer: a Slack channel or a mailbox."""

    slack: str = ""  # channel id
    connect: bool = False  # a channel shared by Slack Connect, where people of the other team may answer too
    mailbox: str = ""  # mail address
    agents: Mapping[str, str] = Field(default_factory=dict)  # name -> Slack user id, or mail address that may answer
    replies: Literal["all", "marked"] = "all"
    provider: str = ""  # who carries it; default slack, for a mailbox postmark
    account: str = ""


class Acknowledgement(Strict):
    text: str = ""
    forms: bool = False  # also to the unproved senders of the shop's own forms


class Shop(Strict):
    name: str
    time_zone: str
    owner: str
    fallback: str = ""
    reopen_days: int = Field(default=7, ge=0, le=365)
    providers: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    desks: Mapping[str, Desk]
    routes: Mapping[str, str]
    forms: tuple[str, ...] = ()
    acknowledgement: Acknowledgement = Acknowledgement()
