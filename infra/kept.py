"""What the parameter store of AWS keeps of the shop's accounts, and how a changed value comes into use.

One encrypted parameter for each account and way: `in` is what the webhook may read, `out` what the worker may. A
function reads one when it first needs it, once in each of its environments; a changed one therefore changes a variable
of the functions too, and AWS starts new environments. Nothing is asked again on a message's way.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from chalicelib import aws, parameters, providers
from chalicelib.errors import Unavailable
from infra import check, stack, values

LARGEST = 4096  # bytes of a parameter that costs nothing; a larger one does, each month
READERS = {"in": ("APIHandlerName", "MailName"), "out": ("WorkerName",)}  # outputs that name the functions
CHANGED = "SECRETS_CHANGED"  # the variable that is changed
PATIENCE = 60.0  # seconds until AWS has taken a change
PAUSE = 0.5
BUSY = ("ResourceConflictException", "PreconditionFailedException")  # somebody else changes the function


class Refused(Exception):
    """A value that cannot be kept; the text says why and what to do."""


class Account(NamedTuple):
    """One of the shop's accounts at a provider, in one stage; the first account has no name."""

    stage: str
    provider: str
    name: str = ""

    def place(self, way: str) -> str:
        return parameters.place(self.stage, way, self.provider, self.name)

    @property
    def title(self) -> str:
        return f"{self.provider} {self.name}".strip()


class Kept(NamedTuple):
    """One parameter as it stands, and when it was changed last."""

    values: parameters.Values
    at: datetime

    def live(self, field: str) -> list[str]:
        """A field's live values, the newest first."""
        found = self.values.get(field, [])
        return [found] if isinstance(found, str) else list(found)


Change = Callable[[list[str]], list[str]]  # of a field's live values


def replaced(value: str) -> Change:
    """The new value alone."""
    return lambda live: [value]


def rotated(value: str) -> Change:
    """The new value before the old one. Raises Refused."""

    def change(live: list[str]) -> list[str]:
        if not live:
            raise Refused("there is no value yet: shopbell secrets set")
        if live[0] == value:
            return live
        if len(live) >= check.LIVE:
            raise Refused("there are two values already: take the old one away first, with --finish")
        return [value, *live]

    return change


def finished(live: list[str]) -> list[str]:
    """The newest value alone. Raises Refused."""
    if not live:
        raise Refused("there is no value yet: shopbell secrets set")
    return live[:1]


def ways(provider: str, field: str) -> list[str]:
    """Who needs a field of a provider: `in`, `out` or both."""
    said = providers.load(provider).Config.model_fields[field].json_schema_extra
    return [way for direction, way in parameters.WAYS.items() if said[direction]]


def keep(account: Account, field: str, change: Change) -> list[str]:
    """Change a field wherever it is needed; returns the ways. Raises Refused, NoStack. Twice is as once."""
    secret = values.is_secret(providers.load(account.provider).Config.model_fields[field])
    before = {way: read(account.place(way)) for way in ways(account.provider, field)}
    after = {way: change(known.live(field) if known else []) for way, known in before.items()}
    for way, known in before.items():
        if not known or known.live(field) != after[way]:
            kept = after[way] if secret else after[way][0]
            write(account.place(way), {**(known.values if known else {}), field: kept})
    return list(before)


def read(place: str) -> Kept | None:
    """A parameter, None if there is none. Raises NoStack."""
    try:
        found = aws.client("ssm").get_parameter(Name=place, WithDecryption=True)["Parameter"]
    except aws.FAULTS as error:
        if aws.code(error) == "ParameterNotFound":
            return None
        raise stack.NoStack(stack.why(error)) from None
    return _kept(found)


def write(place: str, kept: Mapping[str, Any]) -> None:
    """Put a parameter, and wait until it is read as it was written. Raises Refused, NoStack."""
    text = json.dumps(kept, separators=(",", ":"))
    if len(text) > LARGEST or "{{" in text:  # AWS takes no {{ in a value
        raise Refused(f"AWS keeps at most {LARGEST} characters for one account, and no {{{{ in them")
    try:
        aws.client("ssm").put_parameter(Name=place, Value=text, Type="SecureString", Overwrite=True)
    except aws.FAULTS as error:
        raise stack.NoStack(stack.why(error)) from None
    _until(lambda: (found := read(place)) is not None and found.values == kept)


def everything(stage: str) -> dict[str, Kept]:
    """Every parameter of a stage by its name. Raises NoStack."""
    pages = aws.client("ssm").get_paginator("get_parameters_by_path")
    asked = {"Path": f"/shopbell/{stage}/", "Recursive": True, "WithDecryption": True}
    try:
        return {found["Name"]: _kept(found) for page in pages.paginate(**asked) for found in page["Parameters"]}
    except aws.FAULTS as error:
        raise stack.NoStack(stack.why(error)) from None


def _kept(found: Mapping[str, Any]) -> Kept:
    try:
        return Kept(parameters.opened(found["Value"]), found["LastModifiedDate"])
    except Unavailable:
        raise Refused(f"{found['Name']} was not written by shopbell secrets: delete it, then set it again") from None


# ---- how the functions come to read it ---------------------------------------------------------------------------


def renew(said: Mapping[str, str], changed: Iterable[str], now: datetime) -> None:
    """Let the functions that read `changed` start afresh, and wait until AWS has taken it. Raises NoStack."""
    names = [said[output] for way in changed for output in READERS[way] if output in said]
    for name in names:
        _until(partial(_touched, name, now))
    for name in names:
        _until(partial(_settled, name))


def _touched(name: str, now: datetime) -> bool:
    functions = aws.client("lambda")
    try:
        known = functions.get_function_configuration(FunctionName=name)
        variables = {**known.get("Environment", {}).get("Variables", {}), CHANGED: now.isoformat(timespec="seconds")}
        read = {name: known[name] for name in ("RevisionId",) if name in known}  # not every stand-in has it
        told = {"Environment": {"Variables": variables}, **read}
        functions.update_function_configuration(FunctionName=name, **told)
    except aws.FAULTS as error:
        if aws.code(error) in BUSY:
            return False
        raise stack.NoStack(stack.why(error)) from None
    return True


def _settled(name: str) -> bool:
    known = aws.client("lambda").get_function_configuration(FunctionName=name)
    return bool(known.get("LastUpdateStatus") != "InProgress")


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise stack.NoStack("AWS has not taken the change for a minute: do the same again")
        time.sleep(PAUSE)
