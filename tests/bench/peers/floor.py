"""A function of nothing but what no function of this kind can do without: Chalice, pydantic, one client of AWS."""

import os
from typing import Any

import botocore.session
import pydantic
from chalice import Chalice


class Model(pydantic.BaseModel):
    """Pydantic is not loaded before somebody has one."""

    field: str


app = Chalice(app_name="floor")
client = botocore.session.Session().create_client("sqs")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The one call that a webhook makes."""
    entry = {"Id": "0", "MessageBody": event["body"], "MessageGroupId": "1", "MessageDeduplicationId": "1"}
    client.send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=[entry])
    return {"statusCode": 204}
