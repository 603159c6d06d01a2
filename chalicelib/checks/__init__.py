"""What is wrong with a shop's rules that a type cannot say. Each problem comes with its place in shop.toml."""

from collections.abc import Iterator

from chalicelib.checks import carriers, desks, ruling, texts, times
from chalicelib.checks.problem import MAIL, Problem, listed
from chalicelib.models.shop import Shop


def check(rules: Shop) -> Iterator[Problem]:
    """What a type cannot say: names that must exist, one place per desk, a known time zone."""
    yield from times.zone(("time_zone",), rules.time_zone)
    if not rules.name.strip():
        yield ("name",), "write the name your customers know you by"
    for field, name in (("owner", rules.owner), ("fallback", rules.fallback)):
        if name not in rules.desks and (name or field == "owner"):
            yield (field,), f"{name!r} is no desk; there are {listed(rules.desks, name)}"
    if rules.alarm_mail and not MAIL.fullmatch(rules.alarm_mail):
        yield ("alarm_mail",), f"{rules.alarm_mail!r} is no mail address"
    yield from desks.desks(rules)
    yield from times.targets(rules)
    yield from times.automatic(rules)
    yield from times.open_hours(rules)
    yield from desks.on_call(rules)
    yield from texts.acknowledgement(rules)
    yield from texts.promise(rules)
    yield from ruling.routes(rules)
    yield from ruling.ruled(rules)
    yield from texts.templates(rules)
    yield from carriers.accounts(rules)
