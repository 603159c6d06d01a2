"""How often a language, or a complaint, is told right from short texts that nothing was made with."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from chalicelib import complaints, languages
from tests.bench import Bar

TEXTS = Path(__file__).parents[1] / "texts"
Texts = Mapping[str, Mapping[str, list[str]]]


class Score(NamedTuple):
    """Parts of one: of those taken for complaints, of the complaints, and of those what they want."""

    precision: float
    recall: float
    wish: float


def bars() -> Iterator[Bar]:
    spoken = [(code, text) for code, parts in _texts("languages").items() for text in parts["scored"]]
    missed = [text for code, text in spoken if languages.detect(text) != code]
    yield Bar(f"language: % of {len(spoken)} held-out texts not told", 100 * len(missed) / len(spoken), 2)
    texts = _texts("complaints")
    count, found = sum(len(parts["scored"]) for parts in texts.values()), scored(texts, "scored")
    yield Bar(f"complaints: % precision, {count} held-out texts", 100 * found.precision, None)
    yield Bar("complaints: % recall", 100 * found.recall, None)
    yield Bar("complaints: % of those found whose wish is right", 100 * found.wish, None)


def scored(texts: Texts, part: str) -> Score:
    """Of complaints.toml: a line says what it is before its words."""
    lines = [(code, *line.split(" | ", 1)) for code, parts in texts.items() for line in parts[part]]
    found = [(want, complaints.complaint(text, code)) for code, want, text in lines]
    right = [(want, one) for want, one in found if one and want != "inquiry"]
    wishes = [want for want, one in right if one.wants.removeprefix("to be ") == want]
    taken, meant = (sum(bool(one) for _, one in found), sum(want != "inquiry" for want, _ in found))
    return Score(len(right) / taken, len(right) / meant, len(wishes) / len(right))


def _texts(name: str) -> Texts:
    return tomllib.loads((TEXTS / f"{name}.toml").read_text(encoding="utf-8"))
