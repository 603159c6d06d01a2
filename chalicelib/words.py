"""What Shopbell itself says: to customers the acknowledgement, to agents the notices. Pure."""

from collections.abc import Sequence

from chalicelib.models import Conversation, Shop


def acknowledgement(shop: Shop) -> str:
    """The final words. Nothing of the customer's own goes in: an acknowledgement must never carry strangers' text."""
    return shop.acknowledgement.text.replace("{shop}", shop.name).strip()


def reply_failed(reason: str) -> str:
    return f"❌ Not sent to the customer: {reason}"


def receipt_failed(reason: str) -> str:
    return f"❌ Not delivered to the customer: {reason or 'the provider gives no reason'}"


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


def heard_elsewhere(address: str) -> str:
    return f"Who was last heard here, {address}, is another customer now: write to them in their own thread."


def stands_alone(word: str) -> str:
    return f"{word} stands alone: write the rest in a message of its own."


def code(shop: Shop, code: str) -> str:
    """To another address than the one that claims it. Nothing is told of the other: it may be a stranger."""
    return (
        f"{code} is your code for {shop.name}. Somebody who writes to us elsewhere says that this address is theirs "
        "as well. If that is you, write the code there within 15 minutes. If not, do nothing."
    )


def code_tried(how: str) -> str:
    """What stands in place of the code at the desk, and in the table."""
    return f"(the code that was sent to another address: {how})"


def same_person(what: str, other: str, command: str) -> str:
    return f"🔎 Same person? {what} Nothing is proved by that. If you are sure that it is {other}: {command}"


def parked(place: str, reason: str) -> str:
    return f"A message could not be worked off and was put aside at {place}: {reason}"
