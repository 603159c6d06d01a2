"""What an agent asks for, and what comes of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.models.people import Contact, Conversation, Heard
from chalicelib.models.shop import Desk, Shop
from chalicelib.models.values import Address
from chalicelib.models.work import Found


class Asked(NamedTuple):
    """One action that an agent asks for, and what it has to be judged by."""

    rest: str  # what follows the word on its line
    agent: str  # who asks: a Slack user's id or a mail address
    contact: Contact
    place: Desk
    shop: Shop
    at: datetime  # when the queue accepted it
    text: str = ""  # the reply below, or the names of its files, if there is one
    others: Mapping[Address, Found] = {}  # who has the addresses that are named

    @property
    def conversation(self) -> Conversation:
        assert self.contact.conversation is not None  # a thread has a contact, a contact has a conversation
        return self.contact.conversation

    @property
    def there(self) -> Desk:
        """The desk where the conversation is: another than `place` once it was escalated."""
        return self.shop.desks.get(self.conversation.desk, self.place)

    @property
    def who(self) -> str:
        return known_as(self.agent, self.place)


class Done(NamedTuple):
    """What an action brings about: changes of the head, and words for the agents, or for the customer."""

    said: str = ""
    conversation: Mapping[str, Any] = {}
    contact: Mapping[str, Any] = {}
    private: bool = False  # the answer is for the agent who asked, whatever way they asked
    reply: str = ""  # words for the customer
    moves_to: str = ""  # another desk, where the conversation goes on; `why` is told there
    why: str = ""
    held: str = ""  # or the claim of the held reply that is to go out
    template: str = ""  # the template the words are from
    values: tuple[str, ...] = ()  # what stands in its gaps
    public: bool = False  # the words go where everybody reads them
    to: Address | None = None  # which of the contact's addresses they go to; None: the one last heard
    joins: Contact | None = None  # somebody else, who is the same person
    leaves: Address | None = None  # an address that is somebody else's after all
    proves: Heard | None = None  # an address that a code goes to


class Cannot(Exception):
    """An action that cannot be done as it was asked for: one plain line with the way out. Nothing is sent."""


def known_as(agent: str, place: Desk) -> str:
    """An agent's name in shop.toml, else the id."""
    return next((name for name, id in place.agents.items() if id.lower() == agent.lower()), agent)
