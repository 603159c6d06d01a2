"""A message, its contact and the shop's settings in; what is to be written and sent out. Pure: nothing is called."""

from chalicelib.route import outside
from chalicelib.route.acknowledging import promises
from chalicelib.route.agents import agent, asks_for
from chalicelib.route.assignment import by_load, rotated, to_assign
from chalicelib.route.clues import addresses, clues_in
from chalicelib.route.customers import customer, sender
from chalicelib.route.cut import part, parts, shortest
from chalicelib.route.fragments import forgotten, joined, together
from chalicelib.route.proving import tries
from chalicelib.route.replay import replay
from chalicelib.route.replies import LATE
from chalicelib.route.scene import Scene
from chalicelib.route.tell import desk_of, notice
from chalicelib.route.timers import Fired, timer

__all__ = [
    "LATE",
    "Fired",
    "Scene",
    "addresses",
    "agent",
    "asks_for",
    "by_load",
    "clues_in",
    "customer",
    "desk_of",
    "forgotten",
    "joined",
    "notice",
    "outside",
    "part",
    "parts",
    "promises",
    "replay",
    "rotated",
    "sender",
    "shortest",
    "timer",
    "to_assign",
    "together",
    "tries",
]
