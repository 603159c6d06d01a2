"""The list of providers. A module is loaded when its webhook or its delivery needs it, and never by name elsewhere."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, cast

from chalicelib.models.provider import Provider

ORDERS = ("shopify", "woocommerce")  # they tell of orders: a card need not load them all to know whether one does
NAMES = (
    *("twilio_sms", "vonage", "telnyx", "plivo", "bandwidth", "sinch", "infobip", "messagebird", "aws_sms"),
    "twilio_voice",
    *("whatsapp", "twilio_whatsapp", "messenger", "instagram", "facebook_page", "instagram_comments"),
    *("telegram", "line", "viber", "x"),
    *("postmark", "ses", "resend", "sendgrid", "mailgun", "mandrill", "brevo", "mime"),
    *("slack_connect", "discord", "intercom", "crisp", "livechat", "chatwoot", "rocketchat", "zendesk_messaging"),
    *("custom", "slack"),
    *ORDERS,
)
PAIRS = (("messenger", "facebook_page"), ("instagram", "instagram_comments"))
BESIDE = {  # one app of theirs calls one address for both: either's hears the other, where the shop has enabled it
    name: tuple(other for pair in PAIRS if name in pair for other in pair if other != name)
    for pair in PAIRS
    for name in pair
}


@cache
def load(name: str) -> Provider:
    """The module of a provider. Raises KeyError for a name that is not in the list."""
    if name not in NAMES:
        raise KeyError(name)
    return cast(Provider, import_module(f"{__name__}.{name}"))


def optional(provider: Provider, name: str) -> Callable[..., Any] | None:
    """A function that not every provider has, like `find` or `fetch`: see models.Provider for all of them."""
    return getattr(provider, name, None)
