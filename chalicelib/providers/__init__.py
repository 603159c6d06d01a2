"""The list of providers. A module is loaded when its webhook or its delivery needs it, and never by name elsewhere."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from chalicelib.models import Outgoing, Provider

NAMES = ("twilio_sms", "whatsapp", "messenger", "telegram", "postmark", "slack", "custom")


def load(name: str) -> Provider:
    """The module of a provider. Raises KeyError for a name that is not in the list."""
    if name not in NAMES:
        raise KeyError(name)
    return cast(Provider, import_module(f"{__name__}.{name}"))


def finder(provider: Provider) -> Callable[[Outgoing, Any], str | None] | None:
    """The provider's way of looking whether something already arrived, where it has one."""
    return getattr(provider, "find", None)
