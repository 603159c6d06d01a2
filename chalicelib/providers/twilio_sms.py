"""SMS and MMS through Twilio.

1. Twilio Console, Phone Numbers, Manage, Active numbers, your number, Messaging: A message comes in: Webhook with
   HTTP POST, {url}#rc=5&rp=ct,rt,5xx (behind # stands that Twilio calls again, which it does not do by itself).
2. The console's first page: copy Account SID and Auth token.

Webhook: https://www.twilio.com/docs/messaging/guides/webhook-request
Sending: https://www.twilio.com/docs/messaging/api/message-resource
What it shares with Twilio's other products, and the sources of that: chalicelib/twilio.py

Confirmed by twilio 9: the signature, by the vectors of its tests and ours by its validator, and what its client sends
and is answered. By Twilio's pages alone: everything else.
"""

from chalicelib import twilio
from chalicelib.models.inbound import Message, Receipt
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import setting
from chalicelib.models.values import Channel
from chalicelib.webhook import Request

channel = Channel.SMS
can = twilio.SMS
verify, fetch, check = twilio.verify, twilio.fetch, twilio.check


class Config(twilio.Account):
    number: str = setting("the shop's number or messaging service (MG…), Phone Numbers in the console", outbound=True)


def parse(request: Request, config: Config) -> list[Message | Receipt]:
    """One message or one receipt; other callbacks of Twilio say nothing to us."""
    form = dict(request.form())
    if twilio.is_receipt(form):
        return list(twilio.receipts(form, "twilio_sms", {}))
    return [twilio.sms(form, "twilio_sms")]


def send(outgoing: Outgoing, config: Config) -> str:
    """Post one SMS; returns its SID."""
    return twilio.post(outgoing.to, {"Body": outgoing.text}, config)
