"""The shop's rules, clocks, tiers and desks as Markdown, with a picture."""

import re
from collections.abc import Sequence

from chalicelib import playbook
from chalicelib.models.shop import Shop
from chalicelib.rules import of
from chalicelib.rules.packs import pack

MOST_WORDS = 4  # of a pack's that are named


def doc(shop: Shop) -> str:
    """All of it, as Markdown."""
    parts = [
        f"# How {shop.name} answers",
        "## Which desk, how urgent",
        "The first line that fits counts; a rule without a desk leaves that to the last lines.",
        "\n".join(f"{number}. {line}" for number, line in enumerate(playbook.rules(shop), 1)),
        *(f"`{name}` goes by words like {_some(pack(name).all_words)}, or a tag." for name in shop.packs),
        "## Desks",
        *("\n".join([f"**{name}**", *(f"- {line}" for line in playbook.desk(shop, name))]) for name in shop.desks),
        "## How soon",
        "\n".join(f"- {line}" for line in playbook.soon(shop)) or "Nothing is meant.",
        "## What customers get at once",
        "\n".join(f"- {line}" for line in playbook.acknowledged(shop)) or "Nothing.",
        "## What customers are told later",
        "\n".join(f"- {line}" for line in playbook.later(shop)) or "Nothing.",
        f"```mermaid\n{picture(shop)}\n```",
    ]
    return "\n\n".join(parts)


def picture(shop: Shop) -> str:
    """Rules, desks and where they escalate to, as a Mermaid flowchart."""
    desks = {name: f"desk{number}" for number, name in enumerate(shop.desks)}
    drawn = ["flowchart LR", "  in([a message]) --> routes([by its channel])"]
    drawn += [f"  {id}[{_quoted(name)}]" for name, id in desks.items()]
    for number, (source, rule) in enumerate(of(shop)):
        if source == "routes":
            drawn.append(f"  routes -- {_quoted(rule.name)} --> {desks[rule.desk]}")
        else:
            then = desks[rule.desk] if rule.desk else "routes"
            drawn.append(f"  in --> rule{number}{{{{{_quoted(rule.name)}}}}} --> {then}")
    for name, place in shop.desks.items():
        if place.escalate_to and "escalate" in (tiers := dict(playbook.tiers(shop, name, place))):
            drawn.append(f"  {desks[name]} -- {_quoted(tiers['escalate'])} --> {desks[place.escalate_to]}")
    return "\n".join(drawn)


def _some(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words[:MOST_WORDS])


def _quoted(name: str) -> str:
    """As Mermaid takes any name."""
    return '"' + re.sub(r'["#<>&]', lambda found: f"#{ord(found[0])};", name) + '"'
