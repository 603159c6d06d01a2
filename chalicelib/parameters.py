"""The parameter store: what an account is known by at its provider, read once per environment when first needed."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from chalicelib import aws
from chalicelib.errors import Unavailable

Direction = Literal["inbound", "outbound"]
WAYS: Mapping[Direction, str] = {"inbound": "in", "outbound": "out"}  # part of a parameter's name
Values = Mapping[str, str | list[str]]  # field of a Config -> its value; a secret's live ones, the newest first


def place(stage: str, way: str, provider: str, account: str = "") -> str:
    """A parameter's name: `way` is `in` (what webhook and mail may read) or `out` (the worker)."""
    return "/".join(["/shopbell", stage, way, provider, *([account] if account else [])])


@cache
def read(way: str, provider: str, account: str) -> Values:
    """What is kept for one account and way; empty where nothing is. Raises Unavailable, and asks again then."""
    if not (stage := os.environ.get("STAGE")):
        return {}
    try:
        found = aws.client("ssm").get_parameter(Name=place(stage, way, provider, account), WithDecryption=True)
    except aws.FAULTS as error:
        if aws.code(error) == "ParameterNotFound":
            return {}
        raise Unavailable(aws.code(error) or type(error).__name__) from None
    return opened(found["Parameter"]["Value"])


def opened(text: str) -> Values:
    """The values in a parameter's text. Raises Unavailable: nobody may see in an error what it held."""
    try:
        values: Any = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise Unavailable("a parameter that cannot be read")
    return values
