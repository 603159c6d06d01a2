"""An agent's words: a note, an action, a reply, a change of one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from chalicelib import desk, providers, words
from chalicelib.models import (
    FOREIGN,
    Address,
    Channel,
    Claim,
    Contact,
    Conversation,
    Delivery,
    DeliveryKind,
    Desk,
    Direction,
    Found,
    Heard,
    Kind,
    Message,
    Plan,
    Receive,
    Shop,
    Thread,
)
from chalicelib.route import linking, proving
from chalicelib.route.cut import parts
from chalicelib.route.tell import card_anew, desk_of, next_head, tell

LATE = timedelta(minutes=10)  # for a reply
MESSAGES = (Kind.MESSAGE, Kind.COMMAND)
ON_THE_CARD = ("status", "assignee", "priority")


class Scene(NamedTuple):
    """Where an agent speaks, and what holds there."""

    thread: Thread
    before: Contact
    shop: Shop
    receive: Receive
    refused: str = ""  # why the desk's provider does not vouch for who speaks
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
        return self.thread.conversation in (self.current.id, *self.current.joined)

    @property
    def home(self) -> Thread:
        """The present conversation's own thread."""
        current = self.current
        if not current.thread or current.id == self.thread.conversation:
            return self.thread
        return Thread(id=current.thread, contact=self.before.id, conversation=current.id, desk=current.desk)


def agent(message: Message, scene: Scene, original: Claim | None) -> Plan:
    """An agent's words: a note, actions, or a reply to the address last heard.

    `original` is the claim of what an edit or delete refers to, None if that is not recorded.
    """
    noted = Plan(contact=next_head(scene.before), message=message, direction=Direction.NOTE, desk=scene.thread.desk)
    if message.kind in MESSAGES and message.automatic:
        return noted  # an out-of-office reply: kept, and never answered
    if refusal := _refusal(message, scene):
        return _tell(noted, scene, "refused", refusal, message.private)
    read = desk.read(message, scene.place)
    if message.kind not in MESSAGES:
        return _change(noted, scene, original, read)
    try:
        return _planned(noted, scene, read)
    except desk.Cannot as cannot:
        return _tell(noted, scene, "cannot", f"❌ Nothing was sent. {cannot}", message.private)


# ---- who may ----------------------------------------------------------------------------------------------------


def _refusal(message: Message, scene: Scene) -> str:
    """Why an agent's words must not leave; empty if they may. Slack's members are vouched for by Slack."""
    if message.sender.channel is Channel.SLACK:
        refused = scene.refused or (FOREIGN if message.context.get("foreign") else "")
        let_in = refused == FOREIGN and scene.place.connect
        return words.may_not_act(message.sender.id, refused) if refused and not let_in else ""
    listed = message.sender.id.lower() in {agent.lower() for agent in scene.place.agents.values()}
    if message.sender.channel is not Channel.EMAIL or not listed:
        return words.not_an_agent(message.sender.id)
    expired = scene.thread.expires is not None and scene.receive.accepted_at > scene.thread.expires
    return words.token_expired() if expired else ""


# ---- actions and replies ----------------------------------------------------------------------------------------


def _planned(noted: Plan, scene: Scene, read: desk.Words) -> Plan:
    """What is asked for, all of it or (raising Cannot) nothing."""
    _check_words(read)
    if any(desk.ACTIONS[word].alone for word, _ in read.commands):
        return _alone(noted, scene, read)
    writes = bool(read.text and not read.note) or any(desk.ACTIONS[word].writes for word, _ in read.commands)
    contact = _answering(scene, noted.message) if writes else scene.before
    done: list[desk.Done] = []
    for word, rest in read.commands:
        done.append(_done(word, rest, read, noted.message, scene, contact))
        contact = _changed(contact, done[-1])
    plan = noted.model_copy(update={"contact": next_head(contact)})
    replies = [one.reply for one in done if one.reply] or ([read.text] if read.text and not read.note else [])
    to = next((one.to for one in done if one.to), None)
    for text in replies[:1]:
        plan = _reply(plan, scene, text, to)
    plan = _with_turn(plan, scene)
    for number, one in enumerate(done):
        plan = _said(plan, scene, one, f"{number}")
    return card_anew(plan, scene.shop, scene.home) if _card_differs(plan, scene) else plan


def _alone(noted: Plan, scene: Scene, read: desk.Words) -> Plan:
    """What changes who this customer is: nothing else is done with it."""
    ((word, rest), *more) = read.commands
    if more or read.text:
        raise desk.Cannot(words.stands_alone(next(word for word, _ in read.commands if desk.ACTIONS[word].alone)))
    done = _done(word, rest, read, noted.message, scene, scene.before)
    evidence = linking.Evidence(noted.message.sender.id, scene.receive.accepted_at, done.why)
    if done.joins:
        noted = linking.joined(noted, scene.before, done.joins, evidence, scene.shop)
    if done.leaves:
        noted = linking.parted(noted, scene.before, done.leaves, scene.atoms, evidence, scene.shop)
    if done.proves:
        proof = proving.proof(done.proves, evidence.by, evidence.at, scene.code)
        sending = proving.sending(done.proves, scene.code, scene.shop)
        awaiting = noted.contact.model_copy(update={"proof": proof})
        noted = noted.model_copy(update={"contact": awaiting, "deliveries": (sending,)})
    told = {delivery.thread for delivery in noted.deliveries}
    if noted.joint and scene.thread.id not in told:
        return _tell(noted, scene, "done-0", words.done_elsewhere())
    return _said(noted, scene, done, "0")


def _check_words(read: desk.Words) -> None:
    """Raise Cannot for what is no action, and for actions that stand where they would reach the customer."""
    unknown = next((word for word, _ in read.commands if word not in desk.ACTIONS), "")
    if unknown:
        raise desk.Cannot(words.unknown_command(unknown))
    found = [desk.commanded(line) for line in read.text.splitlines()]
    below = next((one[0] for one in found if one and one[0] in desk.ACTIONS), "")
    if below and not read.note:
        raise desk.Cannot(words.command_below(below))


def _done(word: str, rest: str, read: desk.Words, message: Message, scene: Scene, contact: Contact) -> desk.Done:
    action = desk.ACTIONS[word]
    if not scene.own and not action.anywhere:
        raise desk.Cannot(words.not_here(scene.current))
    asked = desk.Asked(
        rest=rest,
        agent=message.sender.id,
        contact=contact,
        place=scene.place,
        shop=scene.shop,
        at=scene.receive.accepted_at,
        text="" if read.note else read.text,
        others=scene.others,
    )
    return action.does(asked)


def _changed(contact: Contact, done: desk.Done) -> Contact:
    assert contact.conversation is not None
    due = {kind: at for kind, at in {**contact.due, **done.due}.items() if at is not None}
    conversation = contact.conversation.model_copy(update=done.conversation)
    return contact.model_copy(update={**done.contact, "conversation": conversation, "due": due})


def _said(plan: Plan, scene: Scene, done: desk.Done, which: str) -> Plan:
    """Tell the agents what was done: in the thread, to the one who asked, or with a mailbox's next mail."""
    conversation = plan.contact.conversation
    assert conversation is not None
    if not done.said:
        return plan
    at_home = scene.thread.conversation == conversation.id
    if scene.place.mailbox and at_home and not done.private:
        later = conversation.model_copy(update={"news": (*conversation.news, done.said)})
        return plan.model_copy(update={"contact": plan.contact.model_copy(update={"conversation": later})})
    return _tell(plan, scene, f"done-{which}", done.said, done.private)


def _reply(plan: Plan, scene: Scene, text: str, to: Address | None) -> Plan:
    """The words for the customer, in parts, to the address last heard unless another is named."""
    conversation = plan.contact.conversation
    assert conversation is not None
    heard = _heard(plan.contact, to or scene.heard or conversation.heard)
    pieces = parts(text, providers.load(heard.provider).can.text)
    at = scene.receive.accepted_at
    spoken = conversation.model_copy(update={"agent_at": at, "answered": desk.excerpt(text)})
    contact = plan.contact.model_copy(update={"conversation": spoken, "due": {"late": at + LATE, **plan.contact.due}})
    written = {
        "contact": contact,
        "message": plan.message.model_copy(update={"text": text}),
        "direction": Direction.OUT,
        "deliveries": (*plan.deliveries, *(_part_of_reply(heard, number) for number in range(len(pieces)))),
    }
    replied = plan.model_copy(update=written)
    elsewhere = not scene.own and spoken.id != scene.thread.conversation
    return _tell(replied, scene, "elsewhere", words.goes_on_elsewhere(spoken.desk)) if elsewhere else replied


def _answering(scene: Scene, message: Message) -> Contact:
    """The contact with the conversation that an agent's words belong to: the open one, or the thread's own again."""
    current = scene.current
    if current.status == "open":
        return scene.before
    reopened: dict[str, Any] = {"status": "open", "closed_at": None, "ended": ""}
    if not scene.own and scene.thread.contact == scene.before.id:  # an older conversation, in its own thread again
        thread = scene.thread
        reopened |= {"id": thread.conversation, "desk": thread.desk, "thread": message.thread,
                     "heard": scene.heard or current.heard, "opened_at": scene.receive.accepted_at,
                     "joined": ()}  # fmt: skip
    return scene.before.model_copy(update={"conversation": current.model_copy(update=reopened)})


def _with_turn(plan: Plan, scene: Scene) -> Plan:
    """With the conversation's own row to be written, if it opened or closed."""
    conversation = plan.contact.conversation
    assert conversation is not None
    same = (conversation.id, conversation.status) == (scene.current.id, scene.current.status)
    return plan if same else plan.model_copy(update={"turn": conversation})


def _card_differs(plan: Plan, scene: Scene) -> bool:
    conversation = plan.contact.conversation
    changed = any(getattr(conversation, field) != getattr(scene.current, field) for field in ON_THE_CARD)
    return scene.own and (changed or plan.contact.blocked != scene.before.blocked)


def _heard(contact: Contact, address: Address) -> Heard:
    """How an address is written to. Raises Cannot if it left this customer: the words are for somebody else."""
    found = next((other for other in contact.heard if other.address == address), None)
    if found is None:
        raise desk.Cannot(words.heard_elsewhere(desk.title(address)))
    return found


def _part_of_reply(heard: Heard, number: int) -> Delivery:
    return Delivery(
        id=f"{number:03d}",
        kind=DeliveryKind.REPLY,
        to=heard.address.id,
        provider=heard.provider,
        account=heard.account,
        address=heard.address,
        part=number,
        handed=True,
    )


# ---- changes ----------------------------------------------------------------------------------------------------


def _change(noted: Plan, scene: Scene, original: Claim | None, read: desk.Words) -> Plan:
    """An agent's edit or delete, carried over where the channel can.

    If its original is not recorded yet, that never leaves either.
    """
    if original is None:
        told = _tell(noted, scene, "again", words.send_again())
        return told.model_copy(update={"also_claims": (noted.message.original_claim,)})
    sent = [one for one in original.in_order if one.kind is DeliveryKind.REPLY and not one.change]
    if not sent:
        return noted
    changes = CHANGES.get(noted.message.kind, _uncarried)(sent, read)
    if not changes:
        return _tell(noted, scene, "change", words.edit_not_sent())
    carried = tuple(one.model_copy(update={"original": original.key}) for one in changes)
    message = noted.message.model_copy(update={"text": read.text})
    return noted.model_copy(update={"direction": Direction.OUT, "deliveries": carried, "message": message})


def _edited(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    """One part for one part: what has other parts than before cannot be changed in place."""
    can = providers.load(sent[0].provider).can
    one = len(sent) == 1 and len(parts(read.text, can.text)) == 1
    return [_anew(sent[0], "edit")] if can.edit and one and read.text and not (read.note or read.commands) else []


def _deleted(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    return [_anew(one, "delete") for one in sent] if providers.load(sent[0].provider).can.delete else []


def _uncarried(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    return []


CHANGES: Mapping[Kind, Any] = {Kind.EDIT: _edited, Kind.DELETE: _deleted}


def _anew(sent: Delivery, change: str) -> Delivery:
    """The delivery that changes `sent`: to the same address by the same way, with nothing of its past."""
    fields = ("id", "kind", "to", "provider", "account", "address", "part", "handed")
    return Delivery(**{field: getattr(sent, field) for field in fields}, change=change)


def _tell(plan: Plan, scene: Scene, what: str, text: str, private: bool = False) -> Plan:
    return tell(plan, scene.shop, scene.thread, what, text, private_to=plan.message.sender.id if private else "")
