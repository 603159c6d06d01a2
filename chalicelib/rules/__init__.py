"""The shop's rules: which of them a message meets, and what follows from it. Pure."""

from chalicelib.rules.asked import MOST_TAGS, Asked, Facts, asked, fired, of, preferred, tagged, wanted
from chalicelib.rules.packs import STAGES
from chalicelib.rules.search import Searched, folded

__all__ = [
    "MOST_TAGS",
    "STAGES",
    "Asked",
    "Facts",
    "Searched",
    "asked",
    "fired",
    "folded",
    "of",
    "preferred",
    "tagged",
    "wanted",
]
