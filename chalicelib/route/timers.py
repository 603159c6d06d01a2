"""What a timer that fell due calls for."""

from datetime import datetime

from chalicelib import words
from chalicelib.models import Contact, Direction, Message, Plan, Shop, Thread
from chalicelib.route.agents import LATE
from chalicelib.route.tell import next_head, tell


def late(message: Message, before: Contact, shop: Shop, waiting: list[datetime], due: datetime) -> Plan:
    """The timer `late`: tell the agent of a reply that is not out, and move the timer on to the next.

    `waiting` are the times at which the replies were recorded that are not out and were not told of before.
    """
    ahead = [at + LATE for at in waiting if at + LATE > due]
    rest = {kind: at for kind, at in before.due.items() if kind != "late"}
    contact = next_head(before, due={**rest, **({"late": min(ahead)} if ahead else {})})
    plan = Plan(contact=contact, message=message, direction=Direction.NOTE)
    conversation = before.conversation
    if conversation is None or len(ahead) == len(waiting):
        return plan
    thread = Thread(id=conversation.thread, contact=before.id, conversation=conversation.id, desk=conversation.desk)
    return tell(plan, shop, thread, "late", words.reply_late(), urgent=True)
