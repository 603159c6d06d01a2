"""The packs: a file for each stage of a customer's life, with the words that tell it and rules to switch on."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

from chalicelib.models.shop import Rule, Stage

STAGES: tuple[Stage, ...] = get_args(Stage)
_HERE = Path(__file__).parent


class Pack(NamedTuple):
    """`words` by language."""

    words: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    @property
    def all_words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for words in self.words.values() for word in words))


@cache
def pack(stage: Stage) -> Pack:
    """What is shipped for a stage, read when it is first asked for."""
    found = tomllib.loads((_HERE / f"{stage}.toml").read_text(encoding="utf-8"))
    words = {language: tuple(phrases) for language, phrases in found["words"].items()}
    return Pack(words, tuple(map(Rule.model_validate, found["rules"])))
