"""What a provider is: what it can do, what it needs to be told, and its functions."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import BeforeValidator, Field, SecretStr

from chalicelib.models.inbound import Intent, Told
from chalicelib.models.outbound import Outgoing
from chalicelib.models.values import Channel
from chalicelib.webhook import Request, Response


class Cover(StrEnum):
    """What a provider's signature covers. CREDENTIAL: nothing is signed, a shared secret is shown.

    VALUES: the values that count in a JSON body, however it is written; the others say nothing to us.
    """

    PARAMS = "params"
    VALUES = "values"
    BODY = "body"
    URL = "url"
    TIME = "time"
    ID = "id"
    CREDENTIAL = "credential"


NOTHING: Mapping[str, Intent] = MappingProxyType({})


class Approved(NamedTuple):
    """How a provider names a text that it approved beforehand: the form (a regular expression), and an example."""

    form: str
    like: str


class Can(NamedTuple):
    """What a provider can do: data, not code."""

    # characters in one message (0: it carries none); with `units` septets of GSM-7, where an ä is one and a € two
    text: int
    covers: frozenset[Cover]
    octets: bool = False  # `text` counts the bytes of UTF-8, of which an ä has two and an emoji four
    units: int | None = None  # UTF-16 units in one message that GSM-7 cannot write (SMS); None: it makes no difference
    methods: tuple[str, ...] = ("POST",)  # GET where the provider checks its URL, HEAD where it only calls it for that
    edit: bool = False
    delete: bool = False
    react: bool = False
    files: int = 0  # attachments in one message
    file_size: int = 0  # bytes of one attachment that we may send; 0: files go as links
    file_types: Mapping[str, int] | None = None  # media types it takes, each with its own bytes; None: any
    receipts: bool = False
    window: int | None = None  # hours after the customer's last word in which we may write
    human_window: int | None = None  # hours in which a person still may, if it is marked (Outgoing.human)
    reaction_opens: bool = False  # the window opens by a reaction too
    once: bool = False  # each of the customer's messages takes one of ours, of one part: nothing goes there unasked
    public: int = 0  # characters of one answer where everybody reads it, of which there may be many; 0: none may
    templates: Approved | None = None  # how texts are named that, approved beforehand, may be sent outside the window
    idempotent: int = 0  # hours in which a repeat with the same key is recognised
    ending: str = ""  # of its webhooks' address, where the provider sends something else to any other
    final: int = 413  # the HTTP status after which what is too large is not sent again; others only put that off
    answers: Mapping[str, Intent] = NOTHING  # SMS of one word that it answers itself; STOP and START are known
    accepted: Response = Response()  # what a webhook is answered that was taken in
    gets: bool = False  # a message may come by GET, its fields in the query (then GET is one of the methods)
    desk: bool = False  # it carries a desk
    customers: bool = True  # it carries customers
    orders: bool = False  # it tells of orders; one that does nothing else has no `send` at all
    libraries: tuple[str, ...] = ()  # packed only for who needs them (infra/trim.py); imported late

    def takes(self, type: str, size: int) -> bool:
        """Whether a file may be sent as such; else it goes as a link."""
        return size <= (self.file_size if self.file_types is None else self.file_types.get(type, 0))


FOREIGN = "belongs to another team"  # what `vouch` says of somebody whom a desk may let in all the same (Desk.connect)


class Trouble(NamedTuple):
    """Something that is wrong at a provider, in words for the owner: stable ones, without numbers that change.

    One that does not last happened once, like a mail that was not handed over: nobody says that it is over.
    """

    text: str
    lasts: bool = True


Live = tuple[SecretStr, ...]  # up to two live values of one secret


def setting(
    help: str, *, default: str = "", inbound: bool = False, outbound: bool = False, optional: bool = False
) -> Any:
    """A field of a provider's Config: who needs it (webhook, worker), and where the provider shows it."""
    extra = {"inbound": inbound, "outbound": outbound, "optional": optional or bool(default)}
    return Field(default=default, description=help, json_schema_extra=dict(extra))


def secret(
    help: str, *, inbound: bool = False, outbound: bool = False, optional: bool = False, seeds: bool = False
) -> Any:
    """A secret field of a provider's Config: up to two live values, separated by a space; see `current`.

    `seeds` marks the one outbound secret that reply tokens grow from, where the provider carries a mailbox.
    """
    extra = {"inbound": inbound, "outbound": outbound, "optional": optional, "seeds": seeds}
    return Field(default=(), description=help, json_schema_extra=dict(extra))


def current(live: Live) -> str:
    """The secret to show or sign with: the first live value. Raises LookupError where there is none."""
    return live[0].get_secret_value()


def _split(value: object) -> object:
    return tuple(SecretStr(part) for part in value.split()) if isinstance(value, str) else value


LiveSecret = Annotated[Live, BeforeValidator(_split)]


class Provider(Protocol):
    """A provider module. It may have more, where the channel has (see providers.optional):

    `find(outgoing, config) -> str | None`: where an earlier try arrived, None if it did not. Raises SendFailed.
    `bare(request) -> Request`: what `verify` took, without the secret that its body showed. No more of it is kept.
    `fetch(attachment, config, limit) -> Content`: an attachment's bytes, at most `limit`. Raises SendFailed.
    `unpack(body, number) -> Content`: an attachment that lies in a webhook's own body (see Attachment). Raises
    Unreadable.
    `complete(message, config) -> Message | None`: the whole of a message that its webhook only announced (`late`), with
    the same claim; None if it turns out to be our own, coming back. Raises SendFailed: refused if it is gone for good.
    `answer(request, config, words) -> Response`: what a webhook is answered that was taken in, where that is not always
    `can.accepted`; `words()` are the shop's for who calls, and their language. Pure.
    `check(config, webhook, now) -> list[Trouble]`: what is wrong at the provider now: a token that does not hold any
    more, a webhook that is not called; `webhook` is our address, empty where it is not known. Raises SendFailed.
    `token(config) -> str`: what its calls show, where that is lent for a while and kept for as long. Raises SendFailed.
    `vouch(sender, config) -> str`: why this person may not act at a desk; empty if they may. Raises SendFailed.
    """

    __name__: str
    channel: Channel | None  # None where nobody's words come
    can: Can
    Config: Any

    def verify(self, request: Request, config: Any) -> Response | None:
        """None if the signature holds; a Response for a handshake. Raises BadSignature and nothing else."""

    def parse(self, request: Request, config: Any) -> Sequence[Told]:
        """Every item of the webhook, echoes left out. Pure. Raises Unreadable."""

    def send(self, outgoing: Outgoing, config: Any) -> str:
        """One provider call; returns the provider's id of what was sent. Raises SendFailed.

        Where it carries neither customers nor a desk it is never called, and is not there.
        """
