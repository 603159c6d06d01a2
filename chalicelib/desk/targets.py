"""How soon the shop means to answer on each channel, and when agents are reminded of it: all in open minutes. Pure."""

from collections.abc import Mapping

from chalicelib.models.people import Conversation
from chalicelib.models.shop import Desk, Shop, Target
from chalicelib.models.values import Channel

USUAL = {Channel.EMAIL: 1440, Channel.UNVERIFIED_EMAIL: 1440, Channel.SMS: 15}  # minutes until an answer
QUICK = 5  # … in a chat, and on all other channels
TIERS = {"nudge": 80, "escalate": 100, "owner": 200}  # percent of the target that have passed: a nudge comes in time


def answer(shop: Shop, conversation: Conversation) -> int:
    """The minutes for the answer that is next: the first of all, or a later one; 0 where nothing is meant."""
    if shop.targets is None:
        return 0
    channel = conversation.heard.channel
    following = shop.targets.get(channel, Target()).next_minutes
    return first(shop, channel) if conversation.agent_at is None or following is None else following


def first(shop: Shop, channel: Channel) -> int:
    """The minutes for the first answer on a channel; 0 where nothing is meant."""
    if shop.targets is None:
        return 0
    own = shop.targets.get(channel, Target()).first_minutes
    return USUAL.get(channel, QUICK) if own is None else own


def resolution(shop: Shop, conversation: Conversation) -> int:
    """The minutes until it is closed; 0 where nothing is meant."""
    own = (shop.targets or {}).get(conversation.heard.channel)
    return own.resolution_minutes if own else 0


def tiers(shop: Shop, conversation: Conversation, place: Desk) -> Mapping[str, int]:
    """After how many minutes each of TIERS comes: as the desk itself says, else as the target has it."""
    minutes = answer(shop, conversation)
    if (said := own(place)) or not minutes:
        return said
    return {tier: max(minutes * percent // 100, 1) for tier, percent in shares(place).items()}


def own(place: Desk) -> Mapping[str, int]:
    """The minutes that a desk itself says."""
    said = {"nudge": place.nudge_minutes, "escalate": place.escalate_minutes, "owner": place.owner_minutes}
    return {tier: minutes for tier, minutes in said.items() if minutes}


def shares(place: Desk) -> Mapping[str, int]:
    """The percent of a target after which each tier comes at a desk that says nothing itself."""
    return {tier: percent for tier, percent in TIERS.items() if tier != "escalate" or place.escalate_to}
