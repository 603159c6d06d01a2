"""What Shopbell itself says to agents. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from chalicelib.models.orders import Demand
from chalicelib.models.people import Conversation
from chalicelib.models.provider import Trouble
from chalicelib.tally import Tally

MOST_NAMED, MOST_SHOWN = 10, 200  # of what is missing, and characters of a line; the others are counted


def customer_is_told(text: str) -> str:
    """To the agents."""
    return f"🤖 The customer is told: “{text}”"


def reply_failed(reason: str) -> str:
    return f"❌ Not sent to the customer: {reason}"


def said_stop(doubtful: bool) -> str:
    """Why a reply that waited does not go out."""
    return "STOP came from there before it went out" + (". An earlier try may have arrived." if doubtful else "")


def silence(over: str, ways: Sequence[str]) -> list[str]:
    """Above what was written by somebody who wants no messages, and what can be done."""
    told = f"🚫 {over}: nothing goes there until START comes from there. You can still call."
    return [told, *(f"• {way}" for way in ways)]


def may_be_written_to(address: str) -> str:
    return f"✅ {address} said START and may be written to again."


def receipt_failed(reason: str) -> str:
    return f"❌ Not delivered to the customer: {reason or 'the provider gives no reason'}"


def file_not_fetched(name: str, reason: str) -> str:
    return f"📎 {name} could not be fetched: {reason}"


def file_not_shown(name: str, reason: str) -> str:
    return f"📎 {name} could not be shown here: {reason}"


def file_unknown(name: str) -> str:
    return f"📎 {name} may be missing here: it is not known whether it arrived, twice."


def file_not_sent(name: str, reason: str) -> str:
    return f"❌ {name} was not sent to the customer: {reason}"


def files_kept_back(names: list[str]) -> str:
    return (
        f"Not sent to the customer: {', '.join(names)}. What is attached to the message itself can be, ten files at "
        "most: no picture within the text of a mail, and no file that lies elsewhere."
    )


def in_bytes(size: int) -> str:
    """A number of bytes, as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000)} kB"


def reply_given_up(reason: str) -> str:
    return f"❌ Not sent to the customer, although tried for days: {reason}"


def reply_repeated() -> str:
    return "⚠️ The provider did not say whether your reply arrived, so it was sent again: it may have arrived twice."


def reply_unknown() -> str:
    return "❓ The provider did not say whether your reply arrived, twice. Please check before you send it again."


def reply_late() -> str:
    return "⏳ A reply of this conversation is not out after 10 minutes. Shopbell goes on trying and tells you the end."


def desk_refuses(desk: str, reason: str) -> str:
    return f"The desk {desk!r} does not take messages ({reason}). They are kept and tried again; please look at it."


def unreadable(provider: str, place: str) -> str:
    return f"A signed webhook of {provider} could not be read. It is kept at {place} and will be tried again."


def rest_missing(reason: str) -> str:
    return f"(The rest of this message could not be fetched: {reason}.)"


def unknown_command(word: str) -> str:
    return f"{word} is not known here: #help lists what is. A line that starts with // is a note."


def command_below(word: str) -> str:
    return f"{word} stands below your words and would have reached the customer: put it on the first line."


def one_at_a_time(commands: list[str]) -> str:
    return f"{' and '.join(commands)} each write to the customer: one of them at a time, please."


def note_below(word: str) -> str:
    return f"A note stands below {word}: write it as a message of its own."


def too_long_for_commands() -> str:
    return "So long a message goes out only as it is: write the command as a message of its own."


def held_words_gone() -> str:
    return "The held reply cannot be got at from here. Please write it again, and #drop the held one."


def would_be_held() -> str:
    return "The customer can take no answer now, so your words would be held: write them without closing."


def too_many_held(most: int) -> str:
    return f"{most} replies to this customer are held already: #send or #drop one of them first."


def held_changed(excerpt: str) -> str:
    return f"⏸ Held as you changed it: “{excerpt}”"


def held_dropped(excerpt: str) -> str:
    return f"Not held any more, and not sent: “{excerpt}”"


def not_their_address(address: str) -> str:
    return f"{address} is another customer now: write to them in their own thread."


def no_desk_here() -> str:
    return "This is no desk of the shop: ask in a channel that shop.toml names."


def not_known_outside() -> str:
    return "Outside a conversation's thread there is:"


def read_by() -> str:
    """Of what was written where everybody reads."""
    return "Your answer goes to them alone, and only one does; with #public on top, everybody reads it."


def answered_once(channel: str) -> str:
    return f"{channel}: what they last wrote there has had the one answer that goes to them alone"


def one_message(most: int) -> str:
    return f"It takes one message, of {most} characters at most and without files besides: please make it shorter."


def too_much_in_public(most: int) -> str:
    return f"Where everybody reads it stands text alone, of {most} characters at most."


def never_wrote(address: str) -> str:
    return f"Nobody wrote from {address}: you can write first only to an address that wrote to the shop before."


def is_blocked() -> str:
    return "This customer is blocked: #unblock in the conversation's thread comes first."


def started(agent: str) -> str:
    return f"Started by {agent}:"


def wrote(agent: str) -> str:
    return f"{agent} wrote to the customer:"


def goes_on_there(desk: str) -> str:
    return f"Sent. It stands in the thread of this customer's conversation at the desk {desk!r}."


def not_here(goes_on: Conversation) -> str:
    if goes_on.status == "open":
        return f"This customer's conversation goes on in a newer thread at the desk {goes_on.desk!r}."
    return "This conversation is closed. Write to the customer to open it again."


def goes_on_elsewhere(desk: str) -> str:
    return f"Sent. This customer's conversation goes on in a newer thread at the desk {desk!r}."


def edit_not_sent() -> str:
    return "Your change was not carried to the customer, who keeps what was sent first."


def send_again() -> str:
    return "Changed before it was sent, so nothing went to the customer. Please send it again as a new message."


def not_an_agent(sender: str) -> str:
    return f"Not sent to the customer: {sender} is not a proved agent of this desk (see agents in shop.toml)."


def may_not_act(who: str, why: str) -> str:
    return f"Nothing was done with what {who} wrote or chose here: this person {why}."


def token_expired() -> str:
    return "Not sent to the customer: this thread is older than 90 days. Please answer in the newest thread."


def thread_unknown() -> str:
    return "❌ Nothing was sent: this thread belongs to no conversation."


def parts_missing(first: int, last: int, total: int) -> str:
    which = f"part {first}" if first == last else f"parts {first} to {last}"
    return f"\n({which} of {total} {'has' if first == last else 'have'} not come)\n"


def part_alone(number: int, total: int) -> str:
    return f"(part {number} of {total} of a long text, by itself)\n"


def waits(since: str) -> str:
    return f"Not answered since {since}."


def nudge(waits: str) -> str:
    return f"⏰ {waits}"


def still_open(since: str) -> str:
    return f"⏰ Open since {since}, longer than the shop means it to be. #resolve closes it, once it is done."


def back_from_snooze(waits: str) -> str:
    return f"⏰ Back from snooze. {waits}".rstrip()


def on_call(name: str, desk: str, waits: str, minutes: int) -> str:
    return (
        f"📟 {name}, you are on call: this is urgent, and the desk {desk!r} is closed. {waits} Answer, or #assign me; "
        f"else the next one is called in {minutes} minutes."
    )


def reassigned(before: str, after: str, waits: str) -> str:
    return f"🔁 It is {after}'s now{f': {before} has not answered' if before else ''}. {waits}"


def escalated_here(desk: str, who: str, why: str, waits: str) -> str:
    by = f" by {who}" if who else ""
    return "\n".join(filter(None, [f"Escalated from {desk!r}{by}" + (f": {why}" if why else "."), waits]))


def escalated_away(desk: str, who: str, why: str) -> str:
    by = f" by {who}" if who else ""
    return f"⬆️ Escalated{by}{f' ({why})' if why else ''}: the conversation goes on at the desk {desk!r}."


def replayed(at: str) -> str:
    return f"🔁 Replayed, first received {at}."


def moved_by_rules(desk: str) -> str:
    return f"➡️ As shop.toml says now, the conversation goes on at the desk {desk!r}."


def owner_waits(name: str, desk: str, agent: str, lasting: str, waits: str) -> str:
    has = f"{agent} has it" if agent else "nobody has it"
    return f"⏰ {name} has been waiting for {lasting} at the desk {desk!r}, {has}. {waits}"


def rule_tells(who: str, desk: str, rule: str, said: str) -> str:
    return f"📣 {who} wrote to the desk {desk!r} (rule {rule!r}): “{said}”"


def joined_here(who: str, others: str, why: str, before: Sequence[str]) -> str:
    told = f"🔗 {who} linked this customer with {others}{_because(why)}. What comes from there appears here now."
    return "\n".join([told, *before])


def joined_there(who: str, others: str, why: str, desk: str, heard: str) -> str:
    return (
        f"🔗 {who} linked this customer with {others}{_because(why)}. The conversation goes on in their thread at the "
        f"desk {desk!r}; what you write here still goes out, to {heard}."
    )


def parted_here(who: str, others: str, why: str) -> str:
    return f"✂️ {who} unlinked {others}{_because(why)}: another customer again, in a thread of their own."


def parted_there(who: str, others: str, why: str) -> str:
    return f"✂️ {who} unlinked this customer from {others}{_because(why)}: their conversation goes on here again."


def done_elsewhere() -> str:
    return "Done. The threads in which the conversations go on say so."


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def answered_there(who: str, words: str) -> str:
    return f"{who} answered in the thread that was joined with this one: “{words}”"


def stands_alone(word: str) -> str:
    return f"{word} stands alone: write the rest in a message of its own."


def code_tried(how: str) -> str:
    """What stands in place of the code at the desk, and in the table."""
    return f"(the code that was sent to another address: {how})"


def same_person(what: str, other: str, command: str) -> str:
    return f"🔎 Same person? {what} Nothing is proved by that. If you are sure that it is {other}: {command}"


def parked(place: str, reason: str) -> str:
    return f"A message could not be worked off and was put aside at {place}: {reason}"


def demanded(asked: Demand, contacts: Sequence[str]) -> str:
    """What a customer, or a shop's software, asks for by law: what was done, and what the owner is to run."""
    account = f"/{asked.account.lower()}" if asked.account else ""
    if asked.what == "erase all":
        run = f"shopbell forget --orders {asked.provider}{account}"
        return f"⚖️ {asked.provider} asks that all it told is erased: Shopbell was removed there. Please run:\n{run}"
    command, done, nothing = DEMANDS[asked.what]
    run = "\n".join(f"shopbell {command} --contact {contact}" for contact in contacts)
    said = f"⚖️ {asked.provider} passes on what a customer asks for ({asked.id or 'without a number'}): {done}"
    return f"{said} Please run:\n{run}" if contacts else f"{said} {nothing}"


DEMANDS = {  # the command; what is asked for, and done; where that is all
    "export": ("export", "to see what is kept of them.", "Nothing is kept of them here."),
    "erase": ("forget", "to be erased. Their orders from there are gone.", "Nothing else is kept of them here."),
}


def day(day: str, sum_: Tally, zone: str) -> str:
    """What a day came to, and by name what of it is neither filed nor put aside."""
    mark = "⚠️" if sum_.missing else "🧮"
    named = missing(sum_, zone)
    more = [f"… and {len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
    hint = ["Neither filed nor put aside, for more than an hour. More: shopbell reconcile"] if named else []
    return "\n".join(
        [f"{mark} {day}: {summed(sum_)}", *hint, *(line[:MOST_SHOWN] for line in named[:MOST_NAMED]), *more]
    )


def rules_changed(lines: Sequence[str]) -> str:
    """What of the shop's rules is otherwise from now on."""
    more = [f"… and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    return "\n".join(["📋 The shop's rules have changed:", *lines[:MOST_NAMED], *more])


def summed(sum_: Tally) -> str:
    """312 in, 312 filed, 0 parked, median first answer 7 min."""
    parts = [f"{sum_.accepted} in", f"{sum_.filed} filed", f"{sum_.parked} parked"]
    parts += [f"{sum_.waiting} under way"] if sum_.waiting else []
    parts += [f"{len(sum_.missing)} missing"] if sum_.missing else []
    parts += [f"{sum_.kept} of {sum_.targets} in time"] if sum_.targets else []
    return ", ".join([*parts, f"median first answer {_lasting(sum_.first)}" if sum_.first else "no first answer"])


def missing(sum_: Tally, zone: str) -> list[str]:
    """A line for each difference: when, from where, its id, and the line of the log that says it was accepted."""
    return [
        f"{one.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {one.provider} {one.id}: {one.line}"
        for one in sum_.missing
    ]


def trouble(account: str, found: Trouble) -> str:
    """Something is wrong at a provider, or went wrong once."""
    return f"{'🔴' if found.lasts else '⚠️'} {account}: {found.text}"


def silent(provider: str, since: str, usually: float) -> str:
    return (
        f"🔴 {provider}: nothing has come since {since}. In these hours of the week about {usually:.0f} messages come"
        " otherwise: please look whether it still sends them here."
    )


def speaks_again(provider: str) -> str:
    return f"🟢 {provider}: messages come again."


def trouble_over(account: str, text: str) -> str:
    return f"🟢 {account}: this is over: {text}"


def _lasting(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
