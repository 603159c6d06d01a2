"""An agent's words: a note, an action, a reply, a change of one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib import desk, providers, words
from chalicelib.desk import waiting
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
    Held,
    Kind,
    Message,
    Plan,
    Receive,
    Shop,
    Thread,
)
from chalicelib.route import linking, proving
from chalicelib.route.cut import parts
from chalicelib.route.escalation import escalated
from chalicelib.route.tell import cards_anew, desk_of, next_head, own_thread, sendable, tell

LATE = timedelta(minutes=10)  # for a reply
MESSAGES = (Kind.MESSAGE, Kind.COMMAND)
HELD = "held"  # the notice that a reply is held


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


def asks_for(message: Message, scene: Scene) -> str:
    """The claim whose held words an agent's message would send; empty if it would send none."""
    if not scene.before.held or message.kind not in MESSAGES:
        return ""
    one = desk.held.asked_for(desk.read(message, scene.place), scene.before)
    return (one.latest or one.claim) if one else ""


# ---- who may ----------------------------------------------------------------------------------------------------


def _refusal(message: Message, scene: Scene) -> str:
    """Why an agent's words must not leave; empty if they may. Slack's members are vouched for by Slack."""
    if message.sender.channel is Channel.SLACK:
        return not_vouched(message, scene.refused, scene.place)
    listed = message.sender.id.lower() in {agent.lower() for agent in scene.place.agents.values()}
    if message.sender.channel is not Channel.EMAIL or not listed:
        return words.not_an_agent(message.sender.id)
    expired = scene.thread.expires is not None and scene.receive.accepted_at > scene.thread.expires
    return words.token_expired() if expired else ""


def not_vouched(message: Message, refused: str, place: Desk) -> str:
    """Why somebody may not act at a Slack desk; empty if they may. `refused` is what Slack says of them."""
    refused = refused or (FOREIGN if message.context.get("foreign") else "")
    let_in = refused == FOREIGN and place.connect
    return words.may_not_act(message.sender.id, refused) if refused and not let_in else ""


# ---- actions and replies ----------------------------------------------------------------------------------------


def _planned(noted: Plan, scene: Scene, read: desk.Words) -> Plan:
    """What is asked for, all of it or (raising Cannot) nothing."""
    _check_words(noted.message, read)
    if any(desk.ACTIONS[word].alone for word, _ in read.commands):
        return _alone(noted, scene, read)
    files, kept_back = ([], []) if read.note else files_of(noted.message)
    own = bool(read.text or files) and not read.note
    writes = own or any(desk.ACTIONS[word].writes for word, _ in read.commands)
    contact = _answering(scene, noted.message) if writes else scene.before
    done: list[desk.Done] = []
    for word, rest in read.commands:
        done.append(_done(word, rest, read, noted.message, scene, contact))
        contact = _changed(contact, done[-1])
    plan = noted.model_copy(update={"contact": next_head(contact)})
    sending = next((one for one in done if one.reply or one.held or one.to), desk.Done())
    written = _written(noted.message, read, sending, scene) if own or sending.reply or sending.held else None
    plan = _reply(plan, scene, written, sending) if written else plan
    if kept_back:
        plan = _tell(plan, scene, "files", words.files_kept_back(kept_back))
    plan = _with_turn(plan, scene)
    for number, one in enumerate(done):
        plan = _said(plan, scene, one, f"{number}")
        if one.moves_to:
            who = desk.known_as(noted.message.sender.id, scene.place)
            plan = escalated(plan, scene.shop, scene.home, one, who, scene.receive.accepted_at)
    _check_settled(plan, scene)
    return cards_anew(plan, scene.shop, scene.before, scene.home) if scene.own else plan


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


def files_of(message: Message) -> tuple[list[int], list[str]]:
    """Which files go to the customer, and the names of those that the agent should know do not.

    A picture within a mail's text stays here: mail programs add those of what is quoted, notes among them. It matters
    to the agent where the words name it, as they do in place of it; else it is the logo below the signature.
    """
    files = sendable(message, inline=False)
    others = [one for number, one in enumerate(message.attachments) if number not in files]
    return files, [one.name or "file" for one in others if not one.inline or (one.name and one.name in message.text)]


def _check_settled(plan: Plan, scene: Scene) -> None:
    """Raise Cannot where this would close the conversation over a reply that is held."""
    assert plan.contact.conversation is not None
    closes = plan.contact.conversation.status == "closed" != scene.current.status
    if closes and any(one.claim == plan.message.claim for one in plan.contact.held):
        raise desk.Cannot(words.would_be_held())
    if closes and plan.contact.held:
        raise desk.Cannot(desk.held.unsettled(plan.contact))


def _check_words(message: Message, read: desk.Words) -> None:
    """Raise Cannot for what is no action, or stands where it would reach the customer, or cannot be meant so."""
    unknown = next((word for word, _ in read.commands if word not in desk.ACTIONS), "")
    if unknown:
        raise desk.Cannot(words.unknown_command(unknown))
    below = command_below(read.text)
    if below and not read.note:
        raise desk.Cannot(words.command_below(below))
    writing = [word for word, _ in read.commands if desk.ACTIONS[word].writes]
    if len(writing) > 1:
        raise desk.Cannot(words.one_at_a_time(writing))
    if writing and read.note and read.text:
        raise desk.Cannot(words.note_below(writing[0]))
    if message.text_file and read.text != message.text.strip():
        raise desk.Cannot(words.too_long_for_commands())


def command_below(text: str) -> str:
    """An action that stands within words for the customer; empty if none does."""
    found = [desk.commanded(line) for line in text.splitlines()]
    return next((one[0] for one in found if one and one[0] in desk.ACTIONS), "")


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
        text="" if read.note else read.text or ", ".join(message.attachments[one].name for one in files_of(message)[0]),
        others=scene.others,
    )
    return action.does(asked)


def _changed(contact: Contact, done: desk.Done) -> Contact:
    assert contact.conversation is not None
    conversation = contact.conversation.model_copy(update=done.conversation)
    return contact.model_copy(update={**done.contact, "conversation": conversation})


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


def _written(message: Message, read: desk.Words, sending: desk.Done, scene: Scene) -> Message:
    """The message with what is to go to the customer as its words and files. Raises Cannot."""
    if sending.held and (scene.held is None or not _same_seat(message, scene.held)):
        raise desk.Cannot(words.held_words_gone())
    if sending.held:
        kept = {name: getattr(scene.held, name) for name in ("text", "text_file", "attachments")}
        return message.model_copy(update=kept)
    return message.model_copy(update={"text": sending.reply or read.text})


def _same_seat(message: Message, held: Message) -> bool:
    """Whether what sends a held reply can get at its files, as who told of them can."""
    return not held.attachments or (message.provider, message.account) == (held.provider, held.account)


def _reply(plan: Plan, scene: Scene, written: Message, sending: desk.Done) -> Plan:
    """The words for the customer, in parts, to the address last heard unless another is named; held if it is closed."""
    conversation = plan.contact.conversation
    assert conversation is not None
    heard = _heard(plan.contact, sending.to or scene.heard or conversation.heard)
    closed = desk.window(heard, scene.now, scene.shop).state == "closed"
    approved = scene.shop.templates[sending.template].approved.get(heard.provider, "") if sending.template else ""
    if closed and not approved:
        return _hold(plan, scene, written, heard, sending)
    template = {"template": approved, "values": sending.values} if closed else {}
    deliveries = [one.model_copy(update=template) for one in replies(heard, written, whole=bool(template))]
    replied = plan.model_copy(
        update={
            "contact": spoken(plan.contact, written, scene.shop, scene.receive.accepted_at),
            "message": written,
            "direction": Direction.OUT,
            "deliveries": (*plan.deliveries, *deliveries),
        }
    )
    elsewhere = scene.current.status == "open" and conversation.thread not in ("", scene.thread.id)
    if elsewhere and scene.joined:
        who = desk.known_as(written.sender.id, scene.place)
        answered = words.answered_there(who, _excerpt(written))
        return tell(replied, scene.shop, own_thread(plan.contact), "answered", answered)
    return _tell(replied, scene, "elsewhere", words.goes_on_elsewhere(conversation.desk)) if elsewhere else replied


def _hold(plan: Plan, scene: Scene, written: Message, heard: Heard, sending: desk.Done) -> Plan:
    """A window is closed: the words are kept with the contact, and the agent is told at once what can be done."""
    if sending.held or sending.template:
        ways = desk.held.ways(plan.contact, heard.address, scene.now, scene.shop)
        raise desk.Cannot("\n".join([f"{desk.held.over(heard, scene.now, scene.shop)}.", *ways]))
    if len(plan.contact.held) >= desk.held.MOST_HELD:
        raise desk.Cannot(words.too_many_held(desk.held.MOST_HELD))
    one = Held(
        claim=written.claim,
        to=heard.address,
        by=written.sender.id,
        at=scene.receive.accepted_at,
        words=_excerpt(written),
    )
    contact = plan.contact.model_copy(update={"held": (*plan.contact.held, one)})
    kept = plan.model_copy(update={"contact": contact, "message": written})
    said = desk.held.told(contact, one, heard, scene.now, scene.shop)
    buttons = desk.held.buttons(contact, one, scene.now, scene.shop)
    return tell(kept, scene.shop, scene.thread, HELD, said, urgent=True, buttons=buttons)


def spoken(contact: Contact, written: Message, shop: Shop, at: datetime) -> Contact:
    """The head once an agent has written to the customer: nobody waits, and a reply not out in time is told."""
    conversation = contact.conversation
    assert conversation is not None
    left = waiting.answered(conversation, desk_of(shop, conversation.desk), at)
    said = {"agent_at": at, "answered": _excerpt(written), "waiting": left}
    return contact.model_copy(
        update={"conversation": conversation.model_copy(update=said), "due": {"late": at + LATE, **contact.due}}
    )


def replies(heard: Heard, written: Message, first: int = 0, whole: bool = False) -> list[Delivery]:
    """The parts of a reply, then its files; `whole` in one part. `first` is the place of the first in the plan."""
    longest = providers.load(heard.provider).can.text
    pieces = [written.text] if whole else parts(written.text, longest) if written.text else []
    texts = [_part_of_reply(heard, number, first=first) for number in range(len(pieces))]
    files, _ = files_of(written)
    return texts + [_part_of_reply(heard, number, file, first) for number, file in enumerate(files, len(pieces))]


def _excerpt(written: Message) -> str:
    """The first words of a reply, or the names of its files."""
    return desk.excerpt(written.text or ", ".join(one.name for one in written.attachments))


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


def _heard(contact: Contact, address: Address) -> Heard:
    """How an address is written to. Raises Cannot if it left this customer: the words are for somebody else."""
    found = next((other for other in contact.heard if other.address == address), None)
    if found is None:
        raise desk.Cannot(words.not_their_address(desk.title(address)))
    return found


def _part_of_reply(heard: Heard, number: int, file: int | None = None, first: int = 0) -> Delivery:
    return Delivery(
        id=f"{first + number:03d}",
        kind=DeliveryKind.REPLY,
        to=heard.address.id,
        provider=heard.provider,
        account=heard.account,
        address=heard.address,
        part=number,
        file=file,
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
    if f"n-{HELD}" in original.deliveries:
        return _held_changed(noted, scene, original, read)
    if not sent:
        return noted
    changes = CHANGES.get(noted.message.kind, _uncarried)(sent, read)
    if not changes:
        return _tell(noted, scene, "change", words.edit_not_sent())
    carried = tuple(one.model_copy(update={"original": original.key}) for one in changes)
    message = noted.message.model_copy(update={"text": read.text})
    return noted.model_copy(update={"direction": Direction.OUT, "deliveries": carried, "message": message})


def _held_changed(noted: Plan, scene: Scene, original: Claim, read: desk.Words) -> Plan:
    """A held reply is changed: its new words are held; taken back, or made a note, it is dropped."""
    one = next((one for one in scene.before.held if one.claim == original.key), None)
    if one is None:
        return _tell(noted, scene, "change", words.edit_not_sent())
    said = noted.message.model_copy(update={"text": read.text})
    stays = said.kind is Kind.EDIT and bool(said.text or said.attachments) and not read.note
    anew = one.model_copy(update={"latest": said.claim, "words": _excerpt(said)})
    others = tuple(other for other in scene.before.held if other != one)
    contact = noted.contact.model_copy(update={"held": (*others, anew) if stays else others})
    changed = noted.model_copy(update={"contact": contact, "message": said if stays else noted.message})
    told = words.held_changed(anew.words) if stays else words.held_dropped(one.words)
    return _tell(changed, scene, "change", told)


def _edited(sent: list[Delivery], read: desk.Words) -> list[Delivery]:
    """One part for one part: what has other parts than before cannot be changed in place. Files stay as they are."""
    written = [other for other in sent if other.file is None]
    can = providers.load(sent[0].provider).can
    one = len(written) == 1 and len(parts(read.text, can.text)) == 1
    return [_anew(written[0], "edit")] if can.edit and one and read.text and not (read.note or read.commands) else []


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
