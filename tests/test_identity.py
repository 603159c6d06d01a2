"""Nobody joins, reads, answers or acts on somebody else's conversation: attempts, played through the front door.

The victim is Mira. Each attempt is made by somebody else; its words hold EVIL. Afterwards EVIL must have reached
neither Mira nor her thread, nobody else may have been sent her words, and her head must be as it was.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from chalicelib import store
from chalicelib.mail import tokened
from chalicelib.models.people import Contact
from chalicelib.models.values import Address, Channel
from infra.simulate import Said
from infra.world import slack_people
from tests.lab import SECRETS, SHOP, Lab, laboratory

MIRA, EVE, ANN = "mira@customer.example", "eve@evil.example", "ann@shop.example"
MIRAS_PHONE = "+4915123456789"
SECRET = "My card ends in 4242"
INBOUND = SECRETS["SHOPBELL_POSTMARK_INBOUND_ADDRESS"]
SLACK_SHOP = SHOP.replace("[providers.slack]", "[providers.slack]\n[providers.postmark]")
MAIL_SHOP = f"""
name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "mail"
[desks.mail]
mailbox = "agents@shop.example"
agents = {{ ann = "{ANN}" }}
[desks.other]
mailbox = "others@shop.example"
agents = {{ otto = "otto@shop.example" }}
[routes]
default = "mail"
[acknowledgement]
text = "Thank you for writing to {{shop}}."
[providers.twilio_sms]
[providers.postmark]
[providers.custom]
[providers.whatsapp]
"""
RELAY = "p-pm-inboundg01a-aws-useast1a"
Play = Callable[[Lab], None]


class Attempt(NamedTuple):
    name: str
    play: Play
    shop: str = SLACK_SHOP
    victim: str = "postmark"  # how Mira wrote


# ---- mail -------------------------------------------------------------------------------------------------------


def mail(change: Callable[[dict[str, Any]], None], sender: str = EVE, text: str = "EVIL", thread: str = "") -> Play:
    """A mail as Postmark hands it on, with something changed; correctly signed by Postmark."""

    def play(lab: Lab) -> None:
        to = thread and lab.thread()
        said = Said(text=text, id=f"mail-{lab.world.number()}", at=lab.now, sender=sender, thread=to)
        _, webhook = lab.webhook("postmark", said)
        content = json.loads(webhook.body)
        change(content)
        lab.post_signed("postmark", json.dumps(content).encode())

    return play


def as_is(content: dict[str, Any]) -> None:
    """Nothing changed."""


def header(name: str, value: str) -> Callable[[dict[str, Any]], None]:
    """One header of the sender's own, below the server's."""
    return lambda content: content["Headers"].append({"Name": name, "Value": value})


def verdict(spf: str, tests: str = "SPF_NONE") -> Callable[[dict[str, Any]], None]:
    """What the receiving server found: the first words of Received-SPF, and SpamAssassin's tests."""

    def change(content: dict[str, Any]) -> None:
        for one in content["Headers"]:
            if one["Name"] == "Received-SPF":
                one["Value"] = spf
            if one["Name"] == "X-Spam-Tests":
                one["Value"] = tests

    return change


def field(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update({name: value})


def raw(head: str) -> Callable[[dict[str, Any]], None]:
    """With the mail as it was written: its own From decides who wrote it."""
    return lambda content: content.update({"RawEmail": f"{head}\r\nSubject: Hi\r\n\r\nEVIL\r\n"})


def spoofed(spf: str, tests: str = "SPF_NONE") -> Play:
    return mail(verdict(spf, tests), sender=MIRA)


def claimed(name: str, value: str) -> Play:
    """Mira's address with no verdict, and a header that claims one."""

    def change(content: dict[str, Any]) -> None:
        verdict("fail (evil.example: not allowed)")(content)
        header(name, value)(content)

    return mail(change, sender=MIRA)


ENVELOPE = f'identity=mailfrom; envelope-from="{EVE}"; helo=mail.evil.example; client-ip=192.0.2.66'
MAILS: dict[str, Play] = {
    "no verdict": spoofed(""),
    "SPF fails": spoofed(f"fail (evil.example) receiver={RELAY}; {ENVELOPE}", "SPF_FAIL"),
    "SPF soft fail": spoofed(f"softfail (evil.example) receiver={RELAY}; {ENVELOPE}", "SPF_SOFTFAIL"),
    "SPF neutral": spoofed(f"neutral (evil.example) receiver={RELAY}; {ENVELOPE}", "SPF_NEUTRAL"),
    "SPF error": spoofed(f"permerror (evil.example) receiver={RELAY}; {ENVELOPE}", "T_SPF_PERMERROR"),
    "SPF passes for another domain": spoofed(f"pass (evil.example) receiver={RELAY}; {ENVELOPE}", "SPF_PASS"),
    "SPF passes with two envelopes": spoofed(
        f'pass (x envelope-from="{MIRA}") receiver={RELAY}; {ENVELOPE}', "SPF_PASS"
    ),
    "SPF passes for the greeting only": spoofed(
        f'pass receiver={RELAY}; identity=helo; envelope-from="{MIRA}"; helo=customer.example', "SPF_PASS"
    ),
    "somebody's DKIM": spoofed("fail", "DKIM_SIGNED,DKIM_VALID"),
    "invalid DKIM": spoofed("fail", "DKIM_SIGNED,DKIM_INVALID"),
    "a test whose name holds the good one": spoofed("fail", "NO_DKIM_VALID_AU_HERE"),
    "claims Authentication-Results": claimed("Authentication-Results", "mx.example; dkim=pass; spf=pass; dmarc=pass"),
    "claims X-Spam-Tests": claimed("X-Spam-Tests", "DKIM_VALID_AU"),
    "claims Received-SPF": claimed("Received-SPF", f'pass identity=mailfrom; envelope-from="{MIRA}"'),
    "claims ARC": claimed("ARC-Authentication-Results", "i=1; mx.example; dmarc=pass"),
    "claims DKIM-Signature": claimed("DKIM-Signature", "v=1; d=customer.example; s=x; b=AAAA"),
    "her name": mail(lambda content: content["FromFull"].update(Name="Mira Olsen")),
    "her address as the name": mail(lambda content: content["FromFull"].update(Name=MIRA)),
    "Reply-To her": mail(field("ReplyTo", MIRA)),
    "Sender her": mail(header("Sender", MIRA)),
    "X-Original-From her": mail(header("X-Original-From", MIRA)),
    "Return-Path her": mail(header("Return-Path", f"<{MIRA}>")),
    "Cc her": mail(lambda content: content["CcFull"].append({"Email": MIRA, "Name": "", "MailboxHash": ""})),
    "two authors, she first": mail(raw(f"From: {MIRA}, {EVE}")),
    "two From lines": mail(raw(f"From: {MIRA}\r\nFrom: {EVE}")),
    "two From lines, she last": mail(raw(f"From: {EVE}\r\nFrom: {MIRA}")),
    "an author within quotes": mail(raw(f'From: "{MIRA}" <{EVE}>')),
    "a comment": mail(raw(f"From: {EVE} ({MIRA})")),
    "a group": mail(raw(f"From: friends: {MIRA}, {EVE};")),
    "In-Reply-To her mail": mail(header("In-Reply-To", "<abc@customer.example>")),
    "References our answers": mail(header("References", "<aaaa@shop.example> <bbbb@shop.example>")),
    "a number in the subject": mail(field("Subject", "Re: [#1037] your conversation")),
    "a look-alike domain": mail(as_is, sender="mira@custorner.example"),
    "a look-alike letter": mail(as_is, sender="mirа@customer.example"),  # a Cyrillic а
    "a plus part": mail(as_is, sender="mira+x@customer.example"),
    "a dot": mail(as_is, sender="mi.ra@customer.example"),
    "a subdomain": mail(as_is, sender="mira@mail.customer.example"),
    "her address before another domain": mail(as_is, sender="mira@customer.example.evil.example"),
    "quotes within the address": mail(as_is, sender='"mira@customer.example"@evil.example'),
    "typed into the text": mail(as_is, text=f"EVIL I am {MIRA}, {MIRAS_PHONE}"),
    "her signature": mail(as_is, text="EVIL\n\n-- \nMira Olsen\nmira@customer.example"),
    "her words quoted": mail(as_is, text=f"EVIL\n\nOn 2 March 2026, Mira <{MIRA}> wrote:\n> Where is it?"),
}

# ---- tokens -----------------------------------------------------------------------------------------------------


def with_address(address: Callable[[Lab], str], sender: str = EVE) -> Play:
    """A mail to an address that the attempt makes up, or got hold of."""

    def play(lab: Lab) -> None:
        to = address(lab)
        change = lambda content: content.update(  # noqa: E731
            {"OriginalRecipient": to, "To": to, "ToFull": [{"Email": to, "Name": "", "MailboxHash": ""}]}
        )
        mail(change, sender=sender)(lab)

    return play


def hers(lab: Lab) -> str:
    return tokened(INBOUND, lab.thread())


def expired(lab: Lab) -> None:
    lab.now += timedelta(days=91)
    mail(as_is, sender=ANN, thread="hers")(lab)


def automatic(lab: Lab) -> None:
    mail(header("Auto-Submitted", "auto-replied"), sender=ANN, thread="hers")(lab)


TOKENS: dict[str, Play] = {
    "an outsider with her token": mail(as_is, thread="hers"),
    "the customer with her own token": mail(as_is, sender="mira@other.example", thread="hers"),
    "an agent's address, not proved": mail(verdict("fail", "SPF_FAIL"), sender=ANN, thread="hers"),
    "an agent's address, signed by another": mail(verdict("fail", "DKIM_VALID"), sender=ANN, thread="hers"),
    "an agent's name": mail(lambda content: content["FromFull"].update(Name=ANN), thread="hers"),
    "an agent with a plus part": mail(as_is, sender="ann+x@shop.example", thread="hers"),
    "an agent of another desk": mail(as_is, sender="otto@shop.example", thread="hers"),
    "somebody else of the shop": mail(as_is, sender="intern@shop.example", thread="hers"),
    "Reply-To an agent": mail(field("ReplyTo", ANN), thread="hers"),
    "Sender an agent": mail(header("Sender", ANN), thread="hers"),
    "an old token": expired,
    "an agent's out-of-office reply": automatic,
    "a bounce to the token": mail(header("Content-Type", "multipart/report"), "mailer-daemon@x.example", thread="hers"),
    "a guessed token": with_address(lambda lab: tokened(INBOUND, "a" * 26), ANN),
    "half a token": with_address(lambda lab: hers(lab).replace(lab.thread(), lab.thread()[:13])),
    "a token with a letter more": with_address(lambda lab: hers(lab).replace(lab.thread(), lab.thread() + "a")),
    "her token at another domain": with_address(lambda lab: hers(lab).replace("inbound.", "")),
    "her token as a name": with_address(lambda lab: f"{lab.thread()}@inbound.shop.example"),
    "her token in the text": lambda lab: mail(as_is, text=f"EVIL {hers(lab)}")(lab),
    "her token in the subject": lambda lab: mail(field("Subject", hers(lab)))(lab),
    "her token in Cc, from outside": lambda lab: mail(
        lambda content: content["CcFull"].append({"Email": hers(lab), "Name": "", "MailboxHash": ""})
    )(lab),
}

# ---- numbers, names, typed addresses ----------------------------------------------------------------------------


def says(provider: str, sender: str, text: str = "EVIL", name: str = "") -> Play:
    return lambda lab: void(lab.ring(provider, Said(text=text, id="e1", at=lab.now, sender=sender, name=name)))


def void(_: object) -> None:
    """Plays return nothing."""


OTHERS: dict[str, Play] = {
    "types her number": says("twilio_sms", "+491729999999", f"EVIL this is {MIRAS_PHONE}"),
    "types her address": says("twilio_sms", "+491729999999", f"EVIL this is {MIRA}"),
    "her number without its country": says("twilio_sms", "015123456789"),
    "her number in another country": says("twilio_sms", "+4415123456789"),
    "her number with 00": says("twilio_sms", "004915123456789"),
    "a digit more": says("twilio_sms", MIRAS_PHONE + "0"),
    "a digit less": says("twilio_sms", MIRAS_PHONE[:-1]),
    "a name for a number": says("twilio_sms", "MIRA"),
    "her number on WhatsApp": says("whatsapp", "4915123456789", name="Mira Olsen"),
    "her number as a chat's visitor": says("custom", MIRAS_PHONE, name="Mira Olsen"),
    "her address as a chat's visitor": says("custom", MIRA),
    "a chat's visitor with a slash": says("custom", f"x/{MIRAS_PHONE}"),
    "a chat's visitor like a key": says("custom", f"ADDRESS#sms#{MIRAS_PHONE}"),
}

# ---- Slack ------------------------------------------------------------------------------------------------------


def event(**changed: Any) -> Play:
    """A message event in her thread, with fields changed; the outer ones begin with an underscore."""

    def play(lab: Lab) -> None:
        _, webhook = lab.webhook("slack", lab.say("EVIL", 50, "slack", thread=lab.thread()))
        outer = json.loads(webhook.body)
        for name, value in changed.items():
            target = outer if name.startswith("_") else outer["event"]
            target[name.lstrip("_")] = value
        lab.post_signed("slack", json.dumps(outer).encode())

    return play


def presses(user: str, words: str = "#resolve") -> Play:
    """A button of hers, chosen by `user`."""

    def play(lab: Lab) -> None:
        lab.ring("slack", lab.say(words, 51, "slack", thread=lab.thread(), sender=user, press=True))

    return play


def badly_signed(lab: Lab) -> None:
    provider, webhook = lab.webhook("slack", lab.say("EVIL", 50, "slack", thread=lab.thread()))
    forged = {**webhook.headers, "x-slack-signature": "v0=" + "0" * 64}
    lab.post((provider, type(webhook)(url=webhook.url, headers=forged, body=webhook.body, at=webhook.at)))


def stale(lab: Lab) -> None:
    webhook = lab.webhook("slack", lab.say("EVIL", 50, "slack", thread=lab.thread()))
    provider, request = webhook
    late = type(request)(url=request.url, headers=request.headers, body=request.body, at=lab.now + timedelta(minutes=6))
    lab.post((provider, late))


OTHERS_IN_SLACK = sorted(set(slack_people.OTHERS) - {"U0GRID"})
EVENTS: dict[str, Play] = {
    "a bot": event(bot_id="B0EVIL"),
    "a bot's message": event(subtype="bot_message", bot_id="B0EVIL"),
    "another team's user": event(user_team="T0EVIL"),
    "another team's message": event(source_team="T0EVIL"),
    **{f"{user}, who is no member": event(user=user) for user in (*OTHERS_IN_SLACK, "U0NOBODY", "USLACKBOT")},
    **{f"a button chosen by {user}": presses(user) for user in (*OTHERS_IN_SLACK, "U0NOBODY")},
    "nobody": event(user=None),
    "a join": event(subtype="channel_join"),
    "a topic": event(subtype="channel_topic"),
    "not in a thread": event(thread_ts=None),
    "somebody else's thread": event(parent_user_id="U0ELSE"),
    "another channel's thread": event(channel="C0OWNER"),
    "badly signed": badly_signed,
    "signed long ago": stale,
}


def attempts() -> Iterator[Attempt]:
    yield from (Attempt(f"mail: {name}", play) for name, play in MAILS.items())
    yield from (Attempt(f"token: {name}", play, MAIL_SHOP) for name, play in TOKENS.items())
    yield from (Attempt(f"address: {name}", play, MAIL_SHOP, "twilio_sms") for name, play in OTHERS.items())
    yield from (Attempt(f"Slack: {name}", play) for name, play in EVENTS.items())


ATTEMPTS = list(attempts())


def test_there_are_many_attempts() -> None:
    assert len(ATTEMPTS) >= 60
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_no_attempt_reaches_her(attempt: Attempt) -> None:
    with laboratory(attempt.shop) as lab:
        sender = MIRA if attempt.victim == "postmark" else MIRAS_PHONE
        lab.ring(attempt.victim, Said(text=SECRET, id="m1", at=lab.now, sender=sender, name="Mira Olsen"))
        lab.settle()
        lab.now += timedelta(minutes=2)
        before, count, hers_at_the_desk = head(lab, sender), len(lab.world.ledger), lab.thread()
        attempt.play(lab)
        lab.settle(until=timedelta(hours=3))
        assert head(lab, sender) == before, "her head has changed"
        for entry in lab.world.ledger[count:]:
            at_her_thread = hers_at_the_desk in (entry.thread, f"{entry.to}:{entry.thread}")
            assert not (entry.to == sender and "EVIL" in entry.text), "it answered her"
            assert not (at_her_thread and "EVIL" in entry.text), "it joined her conversation"
            assert not ("4242" in entry.text and entry in lab.texts()), "it read her words"


def head(lab: Lab, sender: str) -> Contact:
    """Who she is to us: her addresses, her conversation and its state."""
    channel = Channel.EMAIL if "@" in sender else Channel.SMS
    with lab.aside():
        contact = store.find(Address(channel=channel, id=sender)).contact
    assert contact is not None
    return contact.model_copy(update={"version": 0})  # what is refused is kept, as a note that nobody is shown


def test_the_same_from_herself_does_reach_her_thread() -> None:
    """What the attempts are measured by: with her own proof her words join."""
    with laboratory(SLACK_SHOP) as lab:
        lab.ring("postmark", Said(text=SECRET, id="m1", at=lab.now, sender=MIRA))
        lab.settle()
        mail(as_is, sender=MIRA)(lab)
        lab.settle()
        assert "EVIL" in lab.posts()[-1].text
        assert f"{lab.posts()[-1].to}:{lab.posts()[-1].thread}" == lab.thread()
        event()(lab)
        lab.settle()
        assert "EVIL" in lab.texts()[-1].text
