"""The demonstration: one customer on each channel writes, and an agent answers one of them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalicelib import providers, route, store
from chalicelib.models.outbound import DeliveryKind
from chalicelib.models.people import Claim
from chalicelib.models.shop import Shop
from chalicelib.rules import of
from infra import send, values
from infra.here import Here
from infra.send import Sender

RECEIPT = 6.0  # seconds until a receipt has come back, where one comes


class Sample(NamedTuple):
    """What a customer asks and an agent answers. A name only where the provider tells it."""

    text: str
    answer: str
    name: str = ""


SAMPLES = {
    "twilio_sms": Sample("Is the blue kettle still in stock? 🫖", "Yes, two are left. Shall I put one aside for you?"),
    "vonage": Sample("Do you have the mug in green?", "Yes, in green and in grey."),
    "whatsapp": Sample("¿Enviáis también a Canarias?", "Sí, tarda unos cinco días.", "Lucía Herrera"),
    "messenger": Sample("Can I still change order 1042?", "Of course, until this evening."),
    "telegram": Sample("Bis wann habt ihr samstags offen?", "Bis 16 Uhr.", "Jörg Weiß"),
    "line": Sample("日本への発送はできますか？", "はい、一週間ほどで届きます。"),
    "postmark": Sample("Could you send me the invoice for order 1037 again?", "Of course. It comes by post, too."),
    "custom": Sample("Do you wrap gifts? 🎁", "We do, and it costs nothing.", "Noor Haddad"),
}
ANY = Sample("Hello, do you ship on Mondays?", "Yes, on every working day.")


class Stage(NamedTuple):
    """Where it is played: the shop, its settings, and the Shopbell that runs."""

    rules: Shop
    given: Mapping[str, str]
    here: Here

    def sender(self, provider: str, account: str) -> Sender:
        return send.sender(provider, account, self.given, self.rules, self.here.url, self.here.public)


def leaving(rules: Shop, given: Mapping[str, str]) -> dict[str, str]:
    """The providers whose sample would leave this machine, and the address it would leave for."""
    ways = {name: _ways(name, rules) for name in _customers(rules)}
    addresses = {name: [values.beyond(*way, given, rules) for way in found] for name, found in ways.items()}
    return {name: next(filter(None, found)) for name, found in addresses.items() if any(found)}


def run(rules: Shop, given: Mapping[str, str], here: Here, say: Callable[[str], object]) -> list[str]:
    """Post a sample for each provider and answer the first; returns what did not go as it should.

    Nothing is posted that would make Shopbell call an address beyond this machine.
    """
    left_out = leaving(rules, given)
    stage = Stage(rules, given, here)
    senders = [stage.sender(name, "") for name in _customers(rules) if name not in left_out]
    if not senders:
        return []
    say(f"{len(senders)} customers write")
    written = {key: sender for sender in senders for key in _write(sender)}
    troubles = [] if len(written) == len(senders) else ["a sample was refused: see shopbell check"]
    if not send.settled(list(written)):
        troubles.append("not every sample has arrived yet: see shopbell conversations")
    say("an agent answers")
    if not all(_answer(key, sender, stage) for key, sender in list(written.items())[:1]):
        troubles.append("the answer is not out yet: see shopbell conversations")
    return troubles


def _customers(rules: Shop) -> list[str]:
    return [name for name in rules.providers if providers.load(name).can.customers]


def _ways(name: str, rules: Shop) -> list[tuple[str, str]]:
    """Every account that a sample of this provider may be carried by: its own, and those of the desks it may reach."""
    routed = [rule.desk for _, rule in of(rules) if set(rule.when.channels) <= {providers.load(name).channel}]
    places = [rules.desks[desk] for desk in (*routed, rules.owner, rules.fallback) if desk]
    return [(name, ""), *((place.carrier, place.account) for place in places)]


def _write(sender: Sender) -> list[str]:
    """Post a provider's sample; returns the keys of what was accepted."""
    sample = SAMPLES.get(sender.provider, ANY)
    webhook = send.compose(send.said(sample.text, name=sample.name), sender)
    return send.claims(webhook, sender) if send.post(webhook, sender.url).accepted else []


def _answer(key: str, customer: Sender, stage: Stage) -> bool:
    """Write as an agent in the conversation of a message; whether that arrived."""
    recorded = store.claims([key]).get(key)
    contact = store.contact(recorded.contact) if recorded else None
    conversation = contact.conversation if contact else None
    if conversation is None or not conversation.thread:
        return False
    place = route.desk_of(stage.rules, conversation.desk)
    desk = stage.sender(place.carrier, place.account)
    answer = SAMPLES.get(customer.provider, ANY).answer
    words = send.said(answer, thread=conversation.thread, sender=send.agent(conversation, stage.rules))
    webhook = send.compose(words, desk)
    if not send.post(webhook, desk.url).accepted:
        return False
    keys = send.claims(webhook, desk)
    return send.settled(keys) and (not _reports(customer) or send.settled(keys, RECEIPT, _received))


def _reports(customer: Sender) -> bool:
    return providers.load(customer.provider).can.receipts


def _received(claim: Claim) -> bool:
    replies = [delivery for delivery in claim.in_order if delivery.kind is DeliveryKind.REPLY]
    return send.done(claim) and all(delivery.receipt for delivery in replies)
