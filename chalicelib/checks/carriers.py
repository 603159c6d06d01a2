"""What a type cannot say of providers: settings and accounts that they know."""

import re
from collections.abc import Iterator

from chalicelib import providers
from chalicelib.checks.problem import Problem, listed
from chalicelib.models.provider import Can
from chalicelib.models.shop import Shop

ACCOUNT = re.compile(r"[A-Z0-9]+", re.ASCII)


def can(provider: str) -> Can:
    """What a provider can do; nothing, for a name that is told of elsewhere."""
    return providers.load(provider).can if provider in providers.NAMES else Can(text=0, covers=frozenset())


def accounts(rules: Shop) -> Iterator[Problem]:
    for name, account, table in rules.accounts():
        place = ("providers", name, *([account] if account else []))
        if name not in providers.NAMES:
            yield place, f"there is no provider {name!r}; there are {listed(providers.NAMES, name)}"
            continue
        if account and not ACCOUNT.fullmatch(account):
            yield place, f"an account's name is in capitals and digits, not {account!r}"
        fields = providers.load(name).Config.model_fields if table else {}  # else the module can wait
        for field in table:
            if field not in fields and field in Shop.model_fields:
                yield (*place, field), "it belongs above the first [table]"
            elif field not in fields:
                yield (*place, field), f"{name} has no setting {field!r}; there are {listed(fields, field)}"
