"""The one AWS session and its clients. Every call passes the session's events, where tests put their seam."""

import os
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

FAULTS = (BotoCoreError, ClientError)  # AWS did not do it, or did not say so
POISONOUS = {"ValidationException", "InvalidMessageContents", "InvalidParameterValue"}  # waiting will not mend it


@cache
def session() -> Session:
    return Session()


@cache
def client(service: str) -> Any:
    """The client of one service. Short time-outs: a call that hangs must not outlive the invocation."""
    return session().create_client(
        service,
        config=Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 3},
            parameter_validation=os.environ.get("AWS_LAMBDA_FUNCTION_NAME") is None,
            user_agent_extra="shopbell",
            **(_s3() if service == "s3" else {}),
        ),
    )


def region() -> str:
    return str(session().get_config_variable("region") or "")


def signature(method: str, url: str, body: bytes, service: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a call to an AWS service that is called as any provider is (see amazon.py): `headers`, signed.

    Raises one of FAULTS where there are no credentials.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method, url, headers=dict(headers), data=body)
    credentials: Any = session().get_credentials()  # None is an error of its own below
    SigV4Auth(credentials, service, region()).add_auth(request)
    return dict(request.headers.items())


def _s3() -> dict[str, Any]:
    """What links need: the newer signature everywhere, and the bucket's own region in the address.

    The other address leads to the wrong region while a bucket is new, and with it the signature is wrong.
    """
    style = "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"
    return {"signature_version": "s3v4", "s3": {"addressing_style": style}}


def code(error: Exception) -> str:
    """AWS's own code of an error; empty where it has none."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def status(error: Exception) -> int:
    """The HTTP status of an error; 0 where nothing was answered."""
    return int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0)) if isinstance(error, ClientError) else 0


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """Plain Python to DynamoDB's typed attributes. Raises TypeError for what no row holds."""
    return {name: _typed(value) for name, value in item.items()}


def decode(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed attributes to plain Python; numbers come back as Decimal. Raises TypeError for other types."""
    return {name: _untyped(value) for name, value in item.items()}


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case dict():
            return {"M": encode(value)}
        case list():
            return {"L": [_typed(inner) for inner in value]}
    raise TypeError(type(value).__name__)


def _untyped(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "BOOL" | "S":
            return value
        case "N":
            return Decimal(value)
        case "M":
            return decode(value)
        case "L":
            return [_untyped(inner) for inner in value]
    raise TypeError(kind)
