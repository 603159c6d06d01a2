"""What agents are shown of a message: its words in parts, and its files behind them."""

from collections.abc import Iterable, Iterator

from chalicelib import desk
from chalicelib.models.inbound import Message
from chalicelib.models.outbound import Delivery, DeliveryKind
from chalicelib.models.people import Conversation
from chalicelib.models.shop import Shop
from chalicelib.route.cut import parts, shortest
from chalicelib.route.tell import desk_of, sendable


def forwards_of(
    message: Message, conversation: Conversation, shop: Shop, news: Iterable[str], changed: bool = False
) -> Iterator[Delivery]:
    """The message in parts, the first with what is said above it; `changed`: its words are not those of the queue."""
    place = desk_of(shop, conversation.desk)
    for number, piece in enumerate(parts(desk.shown(message), shortest(shop))):
        yield Delivery(
            id=f"{number:03d}",
            kind=DeliveryKind.FORWARD,
            to=conversation.desk,
            provider=place.carrier,
            account=place.account,
            part=number,
            text="\n".join(news) if number == 0 else "",
            said=piece if changed else "",
        )


def files_of(message: Message, conversation: Conversation, shop: Shop) -> Iterator[Delivery]:
    """The files it came with, each on its own, behind the words."""
    place = desk_of(shop, conversation.desk)
    for number in sendable(message, inline=True):
        yield Delivery(
            id=f"f{number:03d}",
            kind=DeliveryKind.FILE,
            to=conversation.desk,
            provider=place.carrier,
            account=place.account,
            file=number,
            handed=True,
        )
