"""What Shopbell itself says: to customers the acknowledgement, to agents the notices. Pure."""

from chalicelib.models import Conversation, Shop


def acknowledgement(shop: Shop) -> str:
    """The final words. Nothing of the customer's own goes in: an acknowledgement must never carry strangers' text."""
    return shop.acknowledgement.text.replace("{shop}", shop.name).strip()


def reply_failed(reason: str) -> str:
    return f"❌ Not sent to the customer: {reason}"


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


def file_link(name: str, size: int, url: str) -> str:
    """A file as a link, for customers and agents alike."""
    return f"📎 {name} ({in_bytes(size)}): {url}\nThis link works for a limited time, 7 days at most."


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


def back_from_snooze(waits: str) -> str:
    return f"⏰ Back from snooze. {waits}".rstrip()


def reassigned(before: str, after: str, waits: str) -> str:
    return f"🔁 It is {after}'s now{f': {before} has not answered' if before else ''}. {waits}"


def escalated_here(desk: str, who: str, why: str, waits: str) -> str:
    by = f" by {who}" if who else ""
    return "\n".join(filter(None, [f"Escalated from {desk!r}{by}" + (f": {why}" if why else "."), waits]))


def escalated_away(desk: str, who: str, why: str) -> str:
    by = f" by {who}" if who else ""
    return f"⬆️ Escalated{by}{f' ({why})' if why else ''}: the conversation goes on at the desk {desk!r}."


def owner_waits(name: str, desk: str, agent: str, lasting: str, waits: str) -> str:
    has = f"{agent} has it" if agent else "nobody has it"
    return f"⏰ {name} has been waiting for {lasting} at the desk {desk!r}, {has}. {waits}"


def parked(place: str, reason: str) -> str:
    return f"A message could not be worked off and was put aside at {place}: {reason}"
