"""A message, its contact and the shop's settings in; what is to be written and sent out. Pure: nothing is called."""

from chalicelib.route.agents import LATE, Scene, agent
from chalicelib.route.clues import addresses, clues_in
from chalicelib.route.customers import acknowledges, automation, customer, sender
from chalicelib.route.cut import part, parts, shortest
from chalicelib.route.fragments import forgotten, joined, together
from chalicelib.route.proving import tries
from chalicelib.route.tell import carrier, desk_of, notice
from chalicelib.route.timers import late

__all__ = [
    "LATE",
    "Scene",
    "acknowledges",
    "addresses",
    "agent",
    "automation",
    "carrier",
    "clues_in",
    "customer",
    "desk_of",
    "forgotten",
    "joined",
    "late",
    "notice",
    "part",
    "parts",
    "sender",
    "shortest",
    "together",
    "tries",
]
