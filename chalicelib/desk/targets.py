"""How soon the shop means to answer on each channel, and when agents are reminded of it: all in open minutes. Pure."""

from collections.abc import Mapping

from chalicelib.models import Channel, Conversation, Desk, Shop, Target

USUAL = {Channel.EMAIL: 1440, Channel.UNVERIFIED_EMAIL: 1440, Channel.SMS: 15}  # minutes until an answer
QUICK = 5  # … in a chat, and on all other channels
TIERS = {"nudge": 80, "escalate": 100, "owner": 200}  # percent of the target that have passed: a nudge comes in time


def answer(shop: Shop, conversation: Conversation) -> int:
    """The minutes for the answer that is next: the first of all, or a later one; 0 where nothing is meant."""
    if shop.targets is None:
        return 0
    channel = conversation.heard.channel
    own, usual = shop.targets.get(channel, Target()), USUAL.get(channel, QUICK)
    first = usual if own.first_minutes is None else own.first_minutes
    return first if conversation.agent_at is None or own.next_minutes is None else own.next_minutes


def resolution(shop: Shop, conversation: Conversation) -> int:
    """The minutes until it is closed; 0 where nothing is meant."""
    own = (shop.targets or {}).get(conversation.heard.channel)
    return own.resolution_minutes if own else 0


def tiers(shop: Shop, conversation: Conversation, place: Desk) -> Mapping[str, int]:
    """After how many minutes each of TIERS comes: as the desk itself says, else as the target has it."""
    own = {"nudge": place.nudge_minutes, "escalate": place.escalate_minutes, "owner": place.owner_minutes}
    minutes = answer(shop, conversation)
    if any(own.values()) or not minutes:
        return {tier: after for tier, after in own.items() if after}
    there = [tier for tier in TIERS if tier != "escalate" or place.escalate_to]
    return {tier: max(minutes * TIERS[tier] // 100, 1) for tier in there}
