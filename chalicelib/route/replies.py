"""An agent's words to the customer: their parts and files, to which address, or held."""

from datetime import datetime, timedelta

from chalicelib import desk, providers, words
from chalicelib.desk import waiting
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Contact, Conversation, First, Heard, Held
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address
from chalicelib.models.work import Direction, Plan
from chalicelib.route.cut import parts_for
from chalicelib.route.scene import Scene, tell_here
from chalicelib.route.tell import desk_of, own_thread, sendable, tell

LATE = timedelta(minutes=10)  # for a reply
HELD = "held"  # the notice that a reply is held


def files_of(message: Message) -> tuple[list[int], list[str]]:
    """Which files go to the customer, and the names of those that the agent should know do not.

    A picture within a mail's text stays here: mail programs add those of what is quoted, notes among them. It matters
    to the agent where the words name it, as they do in place of it; else it is the logo below the signature.
    """
    files = sendable(message, inline=False)
    others = [one for number, one in enumerate(message.attachments) if number not in files]
    return files, [one.name or "file" for one in others if not one.inline or (one.name and one.name in message.text)]


def for_customer(message: Message, read: desk.Words, sending: desk.Done, scene: Scene) -> Message:
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


def reply(plan: Plan, scene: Scene, written: Message, sending: desk.Done) -> Plan:
    """The words for the customer, in parts, to the address last heard unless another is named; held if it is closed."""
    conversation = plan.contact.conversation
    assert conversation is not None
    heard = _heard(plan.contact, sending.to or scene.heard or conversation.heard)
    check_size(heard, written, public=sending.public)
    closed = not sending.public and desk.window(heard, scene.now, scene.shop).state == "closed"
    approved = scene.shop.templates[sending.template].approved.get(heard.provider, "") if sending.template else ""
    if closed and not approved:
        return _hold(plan, scene, written, heard, sending)
    how = {"template": approved, "values": sending.values} if closed else {"public": sending.public}
    deliveries = [one.model_copy(update=how) for one in replies(heard, written, whole=closed or sending.public)]
    contact = plan.contact if sending.public else used_up(plan.contact, heard, written)
    replied = plan.model_copy(
        update={
            "contact": spoken(contact, written, scene.shop, scene.receive.accepted_at),
            "message": written,
            "first": _first(conversation),
            "direction": Direction.OUT,
            "deliveries": (*plan.deliveries, *deliveries),
        }
    )
    elsewhere = scene.current.status == "open" and conversation.thread not in ("", scene.thread.id)
    if elsewhere and scene.joined:
        who = desk.known_as(written.sender.id, scene.place)
        answered = words.answered_there(who, excerpt(written))
        return tell(replied, scene.shop, own_thread(plan.contact), "answered", answered)
    return tell_here(replied, scene, "elsewhere", words.goes_on_elsewhere(conversation.desk)) if elsewhere else replied


def _first(conversation: Conversation) -> First | None:
    """What an answer answers, as the first in its conversation."""
    if conversation.agent_at or conversation.waiting is None:
        return None
    return First(channel=conversation.heard.channel, asked=conversation.waiting.since)


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
        words=excerpt(written),
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
    left = waiting.answered(conversation, desk_of(shop, conversation.desk), shop, at)
    ticked = conversation.complaint.ticked("answered") if conversation.complaint else None
    said = {"answered": excerpt(written), "complaint": ticked, **left}
    return contact.model_copy(
        update={"conversation": conversation.model_copy(update=said), "due": {"late": at + LATE, **contact.due}}
    )


def check_size(heard: Heard, written: Message, *, public: bool = False) -> None:
    """Raise Cannot for more than fits where there is room for one message only."""
    can = providers.load(heard.provider).can
    files, _ = files_of(written)
    if public and (files or len(written.text) > can.public):
        raise desk.Cannot(words.too_much_in_public(can.public))
    if can.once and not public and len(replies(heard, written)) > 1:
        raise desk.Cannot(words.one_message(can.text))


def used_up(contact: Contact, heard: Heard, written: Message) -> Contact:
    """The head once an answer has been given to an address that takes one (Can.once)."""
    if not providers.load(heard.provider).can.once:
        return contact
    now = heard.model_copy(update={"answered": written.claim})
    return contact.model_copy(update={"heard": tuple(now if one == heard else one for one in contact.heard)})


def replies(heard: Heard, written: Message, first: int = 0, whole: bool = False) -> list[Delivery]:
    """The parts of a reply, then its files; `whole` in one part. `first` is the place of the first in the plan."""
    can = providers.load(heard.provider).can
    pieces = [written.text] if whole else parts_for(written.text, can) if written.text else []
    texts = [_part_of_reply(heard, number, first=first) for number in range(len(pieces))]
    files, _ = files_of(written)
    return texts + [_part_of_reply(heard, number, file, first) for number, file in enumerate(files, len(pieces))]


def excerpt(written: Message) -> str:
    """The first words of a reply, or the names of its files."""
    return desk.excerpt(written.text or ", ".join(one.name for one in written.attachments))


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
        context=heard.context if providers.load(heard.provider).can.once else {},
    )
