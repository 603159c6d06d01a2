"""An agent's words: a note, an action, a reply; who may speak, and what comes of it."""

from typing import Any

from chalicelib import desk, words
from chalicelib.models.inbound import Kind, Message
from chalicelib.models.people import Claim, Contact
from chalicelib.models.provider import FOREIGN
from chalicelib.models.shop import Desk
from chalicelib.models.values import Channel
from chalicelib.models.work import Direction, Plan
from chalicelib.route import linking, proving
from chalicelib.route.changes import change
from chalicelib.route.escalation import escalated
from chalicelib.route.replies import files_of, for_customer, reply
from chalicelib.route.scene import Scene, tell_here
from chalicelib.route.tell import cards_anew, next_head

MESSAGES = (Kind.MESSAGE, Kind.COMMAND)


def agent(message: Message, scene: Scene, original: Claim | None) -> Plan:
    """An agent's words: a note, actions, or a reply to the address last heard.

    `original` is the claim of what an edit or delete refers to, None if that is not recorded.
    """
    noted = Plan(contact=next_head(scene.before), message=message, direction=Direction.NOTE, desk=scene.thread.desk)
    if message.kind in MESSAGES and message.automatic:
        return noted  # an out-of-office reply: kept, and never answered
    if refusal := _refusal(message, scene):
        return tell_here(noted, scene, "refused", refusal, message.private)
    read = desk.read(message, scene.place)
    if message.kind not in MESSAGES:
        return change(noted, scene, original, read)
    try:
        return _planned(noted, scene, read)
    except desk.Cannot as cannot:
        return tell_here(noted, scene, "cannot", f"❌ Nothing was sent. {cannot}", message.private)


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
    written = for_customer(noted.message, read, sending, scene) if own or sending.reply or sending.held else None
    plan = reply(plan, scene, written, sending) if written else plan
    if kept_back:
        plan = tell_here(plan, scene, "files", words.files_kept_back(kept_back))
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
        other = scene.others[done.proves.address].contact
        sending = proving.sending(done.proves, scene.code, scene.shop, other.language if other else "")
        awaiting = noted.contact.model_copy(update={"proof": proof})
        noted = noted.model_copy(update={"contact": awaiting, "deliveries": (sending,)})
    told = {delivery.thread for delivery in noted.deliveries}
    if noted.joint and scene.thread.id not in told:
        return tell_here(noted, scene, "done-0", words.done_elsewhere())
    return _said(noted, scene, done, "0")


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
    return tell_here(plan, scene, f"done-{which}", done.said, done.private)


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
