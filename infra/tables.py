"""Conversations, messages and findings as people read them in a terminal."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from rich import box
from rich.table import Table
from rich.text import Text

from chalicelib import desk, hours, settings
from chalicelib.models.inbound import Item, Kind, Progress
from chalicelib.models.outbound import Delivery, DeliveryKind, State
from chalicelib.models.people import Claim
from chalicelib.models.shop import Shop
from chalicelib.models.values import Address
from chalicelib.models.work import Direction
from chalicelib.rules import of
from infra import retention
from infra.check import Finding
from infra.here import Here
from infra.send import Posted, Sent
from infra.show import Chat, Spoken
from infra.world import Entry, page

SHORT = 8  # letters of an id; commands take the beginning of one
LINES, WIDTH, LESS = 6, 64, 36  # in one cell: lines of a conversation, letters of a line, and of an automatic one
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

STATES = {  # how a delivery stands: a sign, a word, a colour
    State.PLANNED: ("…", "waiting", "yellow"),
    State.SENT: ("✓", "sent", "green"),
    State.FAILED: ("✗", "failed", "red"),
    State.UNKNOWN: ("?", "unknown", "red"),
    State.SKIPPED: ("–", "skipped", "dim"),
}
RECEIPTS = {
    Progress.DELIVERED: ("✓", "delivered", "green"),
    Progress.READ: ("✓", "read", "green"),
    Progress.FAILED: ("✗", "not delivered", "red"),
}
WORST = (State.SENT, State.SKIPPED, State.PLANNED, State.UNKNOWN, State.FAILED)  # what is shown of several, last first
FOUND = {"set": "green", "in shop.toml": "green", "default": "dim", "left out": "dim", "missing": "red"}
WAYS = {
    Direction.IN: "in, from a customer to the desk",
    Direction.OUT: "out, from an agent to the customer",
    Direction.NOTE: "a note: it stays at the desk",
}
SIGNS = {"unreaction": "takes back", "edit": "changed:", "delete": "deleted"}


def plain(text: str) -> str:
    """`text` without what would steer the terminal: strangers write here."""
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def overview(chats: Sequence[Chat]) -> Table:
    """What each customer, desk and conversation got, a row for each conversation."""
    table = columns(apart=True)
    table.add_column("Conversation", no_wrap=True)
    table.add_column("Customer", ratio=3, overflow="fold")
    table.add_column("The desk got", ratio=4)
    table.add_column("The customer got", ratio=4)
    for chat in chats:
        table.add_row(_conversation(chat), _customer(chat), _desk_got(chat), _customer_got(chat))
    return table


def whole(chat: Chat, zone: tzinfo) -> Table:
    """Everything said in one conversation, and what became of it."""
    table = columns(apart=True)
    table.add_column("Message", no_wrap=True, style="dim")
    table.add_column("At", no_wrap=True)
    table.add_column("From", ratio=2)
    table.add_column("What", ratio=5)
    for one in chat.spoken:
        said = _joined([plain(desk.shown(one.message)), *_outcomes(one.claim)])
        table.add_row(one.claim.key[:SHORT], moment(one.at, zone), _from(one, chat), said)
    return table


def deliveries(found: Sequence[Delivery], zone: tzinfo) -> Text:
    """Every delivery of a message: where it went, how it stands, how often and when it was tried."""
    return _joined([line for delivery in found for line in _delivery(delivery, zone)] or ["Nothing was to be sent."])


def arrival(entry: Entry, zone: tzinfo) -> Text:
    """One line for what has just arrived in the outside world."""
    at = datetime.fromisoformat(entry.at).astimezone(zone)
    said = f"{SIGNS.get(entry.what, '')} {page.EMOJI.get(entry.text, entry.text)}".strip()
    return Text.assemble(
        (f"{at:%H:%M:%S}  ", "dim"), (f"{entry.part} {plain(entry.to)}  ", "bold"), _line(said, 2 * WIDTH)
    )


def sent(found: Sent) -> Iterator[Text]:
    """What a webhook was answered, and what has become of its messages."""
    for answer, times in Counter(found.answers).items():
        yield _answered(answer, times, found.forged)
    for claim in found.recorded:
        yield Text.assemble(
            "message ", (claim.key[:SHORT], "bold"), " in conversation ", (claim.conversation[:SHORT], "bold")
        )
        yield from (Text("  ").append_text(line) for line in _outcomes(claim))
        if not claim.deliveries:
            yield Text("  nothing is sent because of it", "dim")
    if not found.complete:
        yield Text("not all of it is worked off yet: shopbell conversations shows when it is", "yellow")


def findings(found: Iterable[Finding]) -> Table:
    """Every setting of every account: how it stands, and where its value is found."""
    table = columns()
    table.add_column("Setting", no_wrap=True)
    table.add_column("Stands", no_wrap=True)
    table.add_column("Where its value is found", ratio=1)
    account: tuple[str, str] | None = None
    for one in found:
        if account != (one.provider, one.account):
            account = (one.provider, one.account)
            table.add_section()
            table.add_row(Text(f"{one.provider} {one.account}", "bold"), "", settings.webhook_url("", *account))
        table.add_row(f"  {one.variable}", Text(one.state, FOUND[one.state]), Text(one.where, "dim"))
    return table


def meaning(item: Item) -> Table:
    """What one item of a webhook or of the queue means, a line for each thing it says."""
    table = pairs()
    said = item.model_dump(mode="json", exclude_defaults=True, exclude={"source", "provider"})
    for name, value in {"what": said.pop("kind", item.type), "claim": item.claim, **said}.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(name.replace("_", " "), plain(shown))
    return table


def received(chat: Chat, one: Spoken, zone: tzinfo) -> Table:
    """What came in, and what was decided about it."""
    message, table = one.message, pairs()
    table.add_row("Message", one.claim.key)
    about = f"a {message.kind}" if message.kind is not Kind.MESSAGE else "written"
    table.add_row("Received", f"{moment(one.at, zone)} by {message.provider}, {about} by {_address(message.sender)}")
    table.add_row("Its id there", plain(message.id))
    table.add_row("It says", plain(desk.shown(message)))
    table.add_row("Direction", WAYS[Direction(one.direction)])
    table.add_row("Conversation", f"{chat.conversation.id} ({chat.conversation.status})")
    table.add_row("Desk", chat.conversation.desk)
    return table


def shop(rules: Shop) -> Table:
    """The shop's rules in short."""
    table = pairs()
    table.add_row("Shop", f"{rules.name} ({rules.time_zone})")
    for name, place in rules.desks.items():
        where = f"Slack channel {place.slack}" if place.slack else f"mailbox {place.mailbox}"
        roles = [
            role for role, desk in (("the owner's", rules.owner), ("the fallback", rules.fallback)) if desk == name
        ]
        table.add_row("Desk", f"{name}: {', '.join([where, *roles])}")
    for names, open in _open(rules):
        days = f"holidays: {len(open.holidays)}" + (f", other hours: {len(open.dates)} days" if open.dates else "")
        table.add_row("Open", f"{names}: {hours.in_words(open)} ({open.zone}; {days})")
    for source, rule in of(rules):
        if source != "routes":
            table.add_row("Rule", f"{rule.name}" + (f" (pack {source})" if source in rules.packs else ""))
    for channel, name in rules.routes.items():
        table.add_row("Route", f"{'everything else' if channel == 'default' else channel} to {name}")
    table.add_row("Kept", retention.said(rules))
    return table


def _open(rules: Shop) -> Iterator[tuple[str, hours.Calendar]]:
    """The desks that have hours, those with the same ones together."""
    open = {name: calendar for name in rules.desks if (calendar := hours.of(rules, name))}
    for calendar in dict.fromkeys(open.values()):
        yield ", ".join(name for name, other in open.items() if other == calendar), calendar


def hints(here: Here, found: Sequence[Chat], command: str) -> Table:
    """How to go on."""
    table = pairs()
    table.add_row("Webhooks", f"{here.url}/PROVIDER")
    table.add_row("Outside world", f"{here.world} (customers and desks, in a browser)")
    for chat in found[:1]:
        id, desk = chat.conversation.id[:SHORT], chat.spoken[0].claim.in_order[0].provider
        table.add_row("A customer", f'{command} send {chat.spoken[0].message.provider} "And the red one?"')
        table.add_row("An agent", f'{command} send {desk} "That, too." --conversation {id}')
        table.add_row("To look", f"{command} conversations {id}")
    table.add_row("Ctrl-C", f"ends it and keeps what is here; {command} run --fresh forgets it")
    return table


def calls(found: Sequence[Entry], zone: tzinfo) -> Text:
    """The calls that a message led to, as the outside world saw them; a provider's own API keeps its own books."""
    if not found:
        return Text("No call arrived in the outside world.", "dim")
    return _joined(
        [Text("Calls, as they arrived in the outside world", "bold"), *(arrival(one, zone) for one in found)]
    )


def receives(found: Sequence[tuple[datetime, str]], zone: tzinfo) -> Text:
    """Each time the worker had the message in hand."""
    lines = [Text.assemble((f"{moment(at, zone)}  ", "dim"), plain(said)) for at, said in found]
    return _joined([Text("In the worker", "bold"), *(lines or [Text("Nothing is logged.", "dim")])])


def heading(chat: Chat) -> Text:
    conversation = chat.conversation
    rest = f" · {conversation.status} · at the desk {conversation.desk}\n"
    return Text.assemble(
        ("Conversation ", "bold"), conversation.id, rest, ("Customer ", "bold"), _customer(chat, " · ")
    )


def moment(at: datetime, zone: tzinfo) -> str:
    """The time of day, with as much of the date as is not today's."""
    there, now = at.astimezone(zone), datetime.now(zone)
    if there.year != now.year:
        return f"{there:%d %b %Y %H:%M:%S}"
    return f"{there:%H:%M:%S}" if there.date() == now.date() else f"{there:%d %b %H:%M:%S}"


def columns(*, apart: bool = False) -> Table:
    """With `apart` there is a blank line between the rows."""
    return Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True, show_lines=apart
    )


def pairs() -> Table:
    """Names and what stands beside them."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _conversation(chat: Chat) -> Text:
    status = chat.conversation.status
    return _joined([chat.conversation.id[:SHORT], Text(status, "green" if status == "open" else "dim")])


def _customer(chat: Chat, between: str = "\n") -> Text:
    addresses = [Text(_address(heard.address), "dim") for heard in chat.contact.heard]
    return Text(between).join([*([Text(plain(chat.contact.name), "bold")] if chat.contact.name else []), *addresses])


def _delivery(delivery: Delivery, zone: tzinfo) -> Iterator[Text]:
    receipt = [_marked(RECEIPTS[delivery.receipt])] if delivery.receipt else []
    stands = Text(", ").join([_marked(STATES[delivery.state]), *receipt])
    where = f"{delivery.kind.capitalize()} to {plain(delivery.to)} by {delivery.provider}: "
    yield Text.assemble((where, "bold"), stands)
    last = f", last at {moment(delivery.tried_at, zone)}" if delivery.tried_at else ""
    tries = "not tried yet" if not delivery.attempts else f"{delivery.attempts} receives{last}"
    known = [tries.replace("1 receives", "1 receive"), delivery.reason, delivery.provider_id]
    yield Text(plain("  " + " · ".join(filter(None, known))), "dim")


def _address(address: Address) -> str:
    return plain(desk.title(address).replace(" · ", " ", 1))


def _from(one: Spoken, chat: Chat) -> Text:
    if one.direction == Direction.IN or one.message.replayed:
        again = [Text("replayed", "yellow")] if one.message.replayed else []
        return _joined([plain(chat.contact.name) or _address(one.message.sender), *again])
    note = [Text("a note", "yellow")] if one.direction == Direction.NOTE else []
    return _joined([f"agent {plain(one.message.sender.id)}", *note])


def _desk_got(chat: Chat) -> Text:
    lines = [
        _said(desk.shown(one.message), one.claim.in_order, DeliveryKind.FORWARD)
        for one in chat.spoken
        if one.direction == Direction.IN
    ]
    return _joined([Text(chat.conversation.desk, "bold"), *_last(lines)])


def _customer_got(chat: Chat) -> Text:
    return _joined(_last([line for one in chat.spoken for line in _got(one)]))


def _got(one: Spoken) -> Iterator[Text]:
    """What a customer got because of one message: an acknowledgement, or an agent's words."""
    for delivery in one.claim.in_order:
        if delivery.kind is DeliveryKind.ACKNOWLEDGE:
            yield _said(f"(automatic) {delivery.text}", [delivery], DeliveryKind.ACKNOWLEDGE, LESS)
    if one.direction == Direction.OUT:
        yield _said(one.message.text, one.claim.in_order, DeliveryKind.REPLY)


def _said(text: str, deliveries: Iterable[Delivery], kind: DeliveryKind, width: int = WIDTH) -> Text:
    """Words in one line, and how those stand that carry them."""
    carrying = [delivery for delivery in deliveries if delivery.kind is kind]
    worst = max(carrying, key=lambda delivery: WORST.index(delivery.state), default=None)
    if worst is None:
        return _line(text, width)
    sign, word, colour = _stands(worst)
    return Text.assemble((f"{sign} ", colour), _line(text, width), ("" if word == "sent" else f" · {word}", colour))


def _stands(delivery: Delivery) -> tuple[str, str, str]:
    """The provider's word where it has given one, else how our sending stands."""
    return RECEIPTS[delivery.receipt] if delivery.receipt else STATES[delivery.state]


def _marked(standing: tuple[str, str, str]) -> Text:
    sign, word, colour = standing
    return Text(f"{sign} {word}", colour)


def _answered(answer: Posted, times: int, forged: bool) -> Text:
    what = "accepted" if answer.accepted else "refused"
    about = " ".join(filter(None, [f"HTTP {answer.status}", answer.code, f"· {times} times" if times > 1 else ""]))
    good = answer.as_wanted(forged)
    return Text(f"{'✓' if good else '✗'} {what} ({about})", "green" if good else "red")


def _outcomes(claim: Claim) -> Iterator[Text]:
    for delivery in claim.in_order:
        about = f"  ({plain(delivery.reason)})" if delivery.reason else ""
        what = f"{delivery.kind} to {plain(delivery.to)}: "
        yield Text.assemble((what, "dim"), _marked(_stands(delivery)), (about, "dim"))


def _last(lines: Sequence[Text]) -> list[Text]:
    hidden = len(lines) - LINES
    return [*([Text(f"… {hidden} before", "dim")] if hidden > 0 else []), *lines[-LINES:]]


def _line(text: str, width: int) -> Text:
    """`text` in one line, cut where it is longer than `width`."""
    one = " ".join(plain(text).split())
    return Text(one if len(one) <= width else one[: width - 1].rstrip() + "…")


def _joined(lines: Iterable[str | Text]) -> Text:
    return Text("\n").join([Text(line) if isinstance(line, str) else line for line in lines])
