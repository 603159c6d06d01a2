"""Plays about reply windows: a customer who wrote on WhatsApp, and a desk that answers a day too late."""

from datetime import timedelta

from chalicelib.models.inbound import Kind, Message
from chalicelib.models.values import Address, Channel
from tests.lab import MAIL_SHOP, SHOP, Lab

TEMPLATES = """
[templates.order_update]
text = "Hello {name}, your order {order} is on its way."
approved = { whatsapp = "order_update/en" }
[templates.thanks]
text = "Thank you, {name}! {shop}"
"""
LATE_SHOP = SHOP + "[providers.telegram]\n[providers.messenger]\n" + TEMPLATES
LATE_MAIL_SHOP = MAIL_SHOP + "[providers.whatsapp]\n" + TEMPLATES
PERSON = Address(channel=Channel.WHATSAPP, id="DE.8712345678901234")  # the simulator's own customer
PHONE = Address(channel=Channel.SMS, id="+4915123456780")  # the same person's
AGENT = Address(channel=Channel.SLACK, id="U0AGENT")
WORDS = "It is on its way"


def writes(lab: Lab, text: str = "Where is my order?", number: int = 1) -> None:
    """The customer writes on WhatsApp, whose window is open from then on."""
    lab.world.state.pop("whatsapp", None)
    lab.ring("whatsapp", lab.say(text, number, "whatsapp"))
    lab.settle()


def a_day_later(lab: Lab) -> None:
    """WhatsApp takes no text any more."""
    lab.now += timedelta(hours=25)
    lab.world.state["whatsapp"] = {PERSON.id: 131047}


def says(lab: Lab, text: str, number: int = 10, thread: str = "") -> None:
    """The agent writes in the thread, by Slack or by mail."""
    provider = lab.posts()[0].part
    sender = "ann@shop.example" if provider == "postmark" else ""
    lab.ring(provider, lab.say(text, number, provider, thread=thread or lab.thread(), sender=sender))


def presses(lab: Lab, text: str, number: int = 10) -> None:
    """The agent presses a button in Slack that stands for these words."""
    lab.put(Message(provider="slack", kind=Kind.COMMAND, id=f"press-{number}", sender=AGENT, text=text,
                    thread=lab.thread(), private=True))  # fmt: skip


# ---- what happens before ----------------------------------------------------------------------------------------


def too_late(lab: Lab) -> None:
    writes(lab)
    a_day_later(lab)


def held(lab: Lab) -> None:
    too_late(lab)
    says(lab, WORDS)
    lab.settle()
    lab.now += timedelta(minutes=2)


def asked_again(lab: Lab) -> None:
    held(lab)
    writes(lab, "Hello?", 2)
    lab.now += timedelta(minutes=2)


def two_addresses(lab: Lab) -> None:
    """The customer's phone is known by SMS too; WhatsApp was heard last, a day ago."""
    lab.put(Message(provider="whatsapp", id="w0", sender=PERSON, aliases=(PHONE,), text="Good morning"))
    lab.settle()
    lab.ring("twilio_sms", lab.say("Are you there?", 7, sender=PHONE.id))
    lab.settle()
    too_late(lab)


def held_of_two(lab: Lab) -> None:
    two_addresses(lab)
    says(lab, WORDS)
    lab.settle()
    lab.now += timedelta(minutes=2)


# ---- what is played ---------------------------------------------------------------------------------------------


def answers(lab: Lab) -> None:
    says(lab, WORDS)
    lab.settle()


def writes_again(lab: Lab) -> None:
    writes(lab, "Hello?", 2)


def sends(lab: Lab) -> None:
    says(lab, "#send", 11)
    lab.settle()


def presses_send(lab: Lab) -> None:
    presses(lab, "#send", 11)
    lab.settle()


def drops(lab: Lab) -> None:
    says(lab, "#drop", 11)
    lab.settle()


def sends_via(lab: Lab) -> None:
    says(lab, "#via sms", 11)
    lab.settle()


def answers_via(lab: Lab) -> None:
    says(lab, f"#via sms\n{WORDS}", 11)
    lab.settle()


def sends_template(lab: Lab) -> None:
    says(lab, "#template order_update order=1037", 11)
    lab.settle()


def closes_with_a_word(lab: Lab) -> None:
    says(lab, f"#resolve\n{WORDS}", 11)
    lab.settle()


# ---- outside any thread -----------------------------------------------------------------------------------------


def asks_in_slack(lab: Lab, text: str, number: int = 20, channel: str = "C0FRONT") -> None:
    """The agent types a slash command in a channel."""
    lab.put(Message(provider="slack", kind=Kind.COMMAND, id=f"slash-{number}", sender=AGENT, text=text,
                    thread=f"{channel}:", private=True, outside=True))  # fmt: skip


def asks_by_mail(lab: Lab, text: str, number: int = 20, sender: str = "ann@shop.example") -> None:
    """The agent mails the inbound address itself."""
    lab.ring("postmark", lab.say(text, number, "postmark", sender=sender))


def closed_long_ago(lab: Lab) -> None:
    """A customer of the phone, whose conversation was closed twenty days ago."""
    lab.ring("twilio_sms", lab.say("Where is my order?", sender=PHONE.id))
    lab.settle()
    says(lab, "#resolve")
    lab.settle()
    lab.now += timedelta(days=20)
    lab.world.ledger.clear()


def begins_in_slack(lab: Lab) -> None:
    asks_in_slack(lab, f"#new {PHONE.id} {WORDS}")
    lab.settle()


def begins_by_mail(lab: Lab) -> None:
    asks_by_mail(lab, f"#new {PHONE.id}\n{WORDS}\n\n-- \nAnn, at the counter")
    lab.settle()


def goes_on(lab: Lab) -> None:
    """The customer's conversation is open."""
    lab.ring("twilio_sms", lab.say("Where is my order?", sender=PHONE.id))
    lab.settle()
    lab.now += timedelta(minutes=2)
