"""Whether a customer complains, and what they want: by the words of one pack for each language. Pure.

A guess, and meant as no more: it changes in which order and with which words a customer is met, nothing else.
"""

import re
from collections.abc import Mapping
from functools import cache

from chalicelib import languages
from chalicelib.complaints.packs import PACKS
from chalicelib.models.people import Complaint, Wish

LONGEST = 4_000  # characters of a text that are looked at
ENOUGH = 4  # points
ALWAYS = {"upset": 5, "apology": 5, "answer": 4, "insists": 4, "wrong": 4, "calm": -4}
TOLD = {"story": 2, "denies": 2, "against": 2, "wrong": 1}  # where it is told, not asked
BESIDE = {"refund": 2, "replacement": 2}  # beside a story
SHORTEST_STORY = 4  # words
WISHES: Mapping[str, Wish] = {
    "refund": "refund",
    "replacement": "replacement",
    "apology": "apology",
    "answer": "answer",
    "upset": "to be heard",
    "wrong": "answer",
}
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_WORD = re.compile(r"[^\W_]+")
SOME = r"(?:\w+ ){0,4}"  # words that … stands for


def complaint(text: str, language: str = "") -> Complaint | None:
    """What a text that complains wants; None for every other. `language` counts where the words do not say theirs."""
    code = languages.detect(text) or language
    if code not in PACKS:
        return None
    patterns = _patterns(code)
    told, asked = _sentences(text[:LONGEST], patterns["asks"])
    tells = {field for field, pattern in patterns.items() if pattern.search(told)}
    says = tells | {field for field, pattern in patterns.items() if pattern.search(asked)}
    story = TOLD["story"] if told.count(" ") > SHORTEST_STORY else 0
    points = story + sum(ALWAYS.get(field, 0) for field in says) + sum(TOLD.get(field, 0) for field in tells)
    points += sum(BESIDE.get(field, 0) for field in says) if story else 0
    if points < ENOUGH:
        return None
    return Complaint(wants=next((wish for field, wish in WISHES.items() if field in says), "to be heard"))


def _sentences(text: str, asks: re.Pattern[str]) -> tuple[str, str]:
    """What is told and what is asked, each as `_plain` leaves it."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for one in _SENTENCE.findall(text):
        found[one.endswith("?") or bool(asks.match(_plain(one)))].append(one)
    return _plain(" ".join(found[False])), _plain(" ".join(found[True]))


@cache
def _patterns(code: str) -> Mapping[str, re.Pattern[str]]:
    """A pattern for each field of a pack: literal words only, so that no text takes long."""
    fields = PACKS[code]._asdict().items()
    return {field: re.compile(f" (?:{'|'.join(map(_pattern, words.split(' | ')))}) ") for field, words in fields}


def _pattern(phrase: str) -> str:
    """Words as a pattern: single spaces between them, none around."""
    return " ".join(map(_of_word, phrase.split())).replace(f"{SOME} ", SOME)


def _of_word(word: str) -> str:
    return SOME if word == "…" else _plain(word).strip() + (r"\w*" if word.endswith("*") else "")


def _plain(text: str) -> str:
    """Small letters without marks, words between single spaces, one before and one behind."""
    return f" {' '.join(_WORD.findall(languages.bare(text.casefold())))} "
