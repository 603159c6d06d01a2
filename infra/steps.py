"""What a provider's module says at its top: the numbered steps of setting it up, and by what it is confirmed.

What a step has for a command line ends it. In there, words in capitals are the owner's to put in: by name our settings,
else what the step tells of. Behind an @ the address stands without its scheme.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib import providers, settings
from chalicelib.models.shop import Shop

STEP = re.compile(r"^[0-9]+\. (.+(?:\n   .+)*)", re.MULTILINE)
ADDRESS = re.compile(r"\{url\}(#\S+)?")  # behind # stand settings of the provider's own
BASE = "{base}"
COMMAND = re.compile(r"\bcurl https://.+")
CONFIRMED = re.compile(r"^Confirmed by (.+?)(?=[:(]|\.\d|\.\s)", re.MULTILINE | re.DOTALL)


class Place(NamedTuple):
    """A webhook's address, and where it is pasted."""

    provider: str
    account: str
    url: str
    where: str


def title(provider: str) -> str:
    """What the provider is for."""
    return _docstring(provider).partition("\n")[0]


def confirmed(provider: str) -> str:
    """By what it is confirmed; the docstring says what of it. Raises LookupError where it does not say."""
    return " ".join(CONFIRMED.findall(_docstring(provider))[0].split())


def steps(provider: str, account: str, base: str) -> list[str]:
    """Each in one line, with the shop's own address in it; `base` is the public address, without /webhooks."""
    url = settings.webhook_url(base, provider, account)
    return [_told(step, url, base) for step in _steps(provider)]


def places(rules: Shop, base: str) -> Iterator[Place]:
    """Every enabled account's."""
    for provider, account, _ in rules.accounts():
        pasted = [step for step in _steps(provider) if ADDRESS.search(step) or BASE in step]
        more = next((found[1] or "" for step in pasted for found in ADDRESS.finditer(step)), "")
        url = settings.webhook_url(base, provider, account)
        yield Place(provider, account, url + more, " ".join(_beside(step, url, base) for step in pasted))


def _beside(step: str, url: str, base: str) -> str:
    """A step where the address is shown beside it. A command has to have it all the same."""
    words = COMMAND.sub("", step)
    return ADDRESS.sub("this address", words).replace(BASE, base) + _told(step.removeprefix(words), url, base)


def _told(step: str, url: str, base: str) -> str:
    return step.replace("@{url}", f"@{url.partition('://')[2]}").replace("{url}", url).replace(BASE, base)


def _steps(provider: str) -> list[str]:
    return [" ".join(step.split()) for step in STEP.findall(_docstring(provider))]


def _docstring(provider: str) -> str:
    return providers.load(provider).__doc__ or ""
