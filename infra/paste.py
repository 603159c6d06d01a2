"""Where each provider wants to be told the address of its webhook."""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib import settings
from chalicelib.models import Shop

PLACES = {  # {base} is the public address
    "twilio_sms": (
        "Twilio Console, Phone Numbers, Manage, Active numbers, your number, Messaging: A message comes in: Webhook,"
        " HTTP POST. What stands behind # lets Twilio call again, which it does not do by itself."
    ),
    "vonage": (
        "Vonage API Dashboard, Applications, yours, Capabilities, Messages: Inbound URL and Status URL, both POST"
        " (for the SMS API: API settings, Inbound SMS webhooks, POST)"
    ),
    "telnyx": "Telnyx Portal, Messaging, your messaging profile, Inbound: Send a webhook to this URL; API version 2",
    "plivo": "Plivo Console, Messaging, Applications, XML, the application of your number: Message URL, POST",
    "sinch": "Sinch Build Dashboard, SMS, Service APIs, your service plan: Callback URL (let Sinch sign it by HMAC)",
    "infobip": "Infobip Portal, Developer Tools, Subscriptions Management: a notification profile, with Basic",
    "bandwidth": "Bandwidth App, Applications, your messaging application: both callback URLs, with Basic",
    "messagebird": "MessageBird Dashboard, Flow Builder, Call HTTP endpoint with SMS: Forward to URL, POST, JSON",
    "whatsapp": "Meta App Dashboard, WhatsApp, Configuration: Callback URL, with your verify token; subscribe messages",
    "messenger": (
        "Meta App Dashboard, Messenger, Settings, Webhooks: Callback URL, with your verify token; subscribe your page"
        " to messages, message_edits, message_reactions, messaging_postbacks, message_deliveries and message_reads"
    ),
    "telegram": (
        "Telegram has no page for it: call setWebhook with this url, your secret token as secret_token, and"
        ' allowed_updates ["message", "edited_message", "callback_query", "message_reaction"]'
    ),
    "line": "LINE Developers Console, your channel, Messaging API: Webhook URL, Verify; switch Use webhook on",
    "postmark": (
        "Postmark, your server: Default Inbound Stream, Settings: Webhook, and Default Transactional Stream, Webhooks:"
        " Delivery, Bounce and Open; with user and password before the host, as https://USER:PASSWORD@…"
    ),
    "resend": (
        "Resend, Webhooks, Add webhook: email.received, and for what you sent delivered, opened, bounced, failed,"
        " complained and suppressed"
    ),
    "ses": (
        "Nothing to paste for mail of this AWS account: a receipt rule of SES with the action S3, below mail/ in the"
        " stack's bucket, and the stack's topic (see README). From another account: subscribe this URL to its topic."
    ),
    "custom": "Your own system posts to it (see README)",
    "slack": "api.slack.com/apps, Create New App, From a manifest: what shopbell slack manifest --url {base} prints",
}
SETTINGS = {"twilio_sms": "#rc=5&rp=ct,rt,5xx"}  # five more tries when it cannot connect, hears nothing or a 5xx


class Place(NamedTuple):
    """A webhook's address, and where it is pasted."""

    provider: str
    account: str
    url: str
    where: str


def places(rules: Shop, base: str) -> Iterator[Place]:
    """Every enabled account's; `base` is the public address, without /webhooks."""
    for provider, account, _ in rules.accounts():
        url = settings.webhook_url(base, provider, account) + SETTINGS.get(provider, "")
        yield Place(provider, account, url, PLACES[provider].format(base=base))
