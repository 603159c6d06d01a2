"""What a webhook says: by the provider whose address was called, and by those whose items may come there too."""

from typing import Any

from chalicelib import providers, settings
from chalicelib.errors import Unreadable
from chalicelib.models.inbound import Told
from chalicelib.webhook import Request


def parsed(request: Request, provider: str, account: str, config: Any) -> list[Told]:
    """Every item, of the providers that the shop has enabled; `config` is that of the one that was called, whose app
    the others share. Raises Unreadable, with the items that could be read.
    """
    found: list[Told] = []
    unreadable: Unreadable | None = None
    beside = (name for name in providers.BESIDE.get(provider, ()) if settings.enabled(name, account))
    for name in (provider, *beside):
        try:
            found += providers.load(name).parse(request, config)
        except Unreadable as error:
            found += error.items
            unreadable = error
    if unreadable:
        raise Unreadable(str(unreadable), found)
    return found
