"""Where an agent speaks, and what holds there."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.models.inbound import Message
from chalicelib.models.people import Contact, Conversation, Thread
from chalicelib.models.shop import Desk, Shop
from chalicelib.models.values import Address
from chalicelib.models.work import Found, Plan, Receive
from chalicelib.route.tell import desk_of, own_thread, tell


class Scene(NamedTuple):
    """Where an agent speaks, and what holds there."""

    thread: Thread
    before: Contact
    shop: Shop
    receive: Receive
    now: datetime
    refused: str = ""  # why the desk's provider does not vouch for who speaks
    held: Message | None = None  # the words that are to go out at last
    heard: Address | None = None  # who was last heard in the thread's conversation, where that is not the present one
    others: Mapping[Address, Found] = {}  # who has the addresses that the words name
    atoms: Mapping[str, Contact] = {}  # those that are merged into the contact, by id
    code: str = ""  # six digits that nobody knows

    @property
    def place(self) -> Desk:
        return desk_of(self.shop, self.thread.desk)

    @property
    def current(self) -> Conversation:
        assert self.before.conversation is not None  # a thread has a contact, a contact has a conversation
        return self.before.conversation

    @property
    def own(self) -> bool:
        """Whether the thread's conversation is the contact's present one, or closed as merged into that."""
        return self.joined or self.thread.conversation == self.current.id

    @property
    def joined(self) -> bool:
        """Whether the thread's conversation closed as merged into the present one."""
        return self.thread.conversation in self.current.joined

    @property
    def home(self) -> Thread:
        """This thread, or that of the conversation its own one was merged into."""
        return own_thread(self.before) if self.joined else self.thread


def tell_here(plan: Plan, scene: Scene, what: str, text: str, private: bool = False) -> Plan:
    """A word for the agents in the thread where one of them speaks; `private`: for that one alone."""
    return tell(plan, scene.shop, scene.thread, what, text, private_to=plan.message.sender.id if private else "")
