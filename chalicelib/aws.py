"""The one AWS session and its clients. Every call passes the session's events, where tests put their seam."""

import os
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
        ),
    )


def code(error: Exception) -> str:
    """AWS's own code of an error; empty where it has none."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def encode(item: dict[str, Any]) -> dict[str, Any]:
    """Plain Python to DynamoDB's typed attributes."""
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


def decode(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed attributes to plain Python; numbers come back as int."""
    from boto3.dynamodb.types import TypeDeserializer

    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in item.items()}
