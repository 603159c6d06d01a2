"""An SMS webhook with AWS Lambda Powertools: its resolver, its parser, its idempotency in a table."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from common import form, queue


class Sms(BaseModel):
    MessageSid: str
    From: str
    Body: str = ""


app = APIGatewayRestResolver()
once = IdempotencyConfig(event_key_jmespath="MessageSid")


@idempotent_function(
    data_keyword_argument="sms",
    config=once,
    persistence_store=DynamoDBPersistenceLayer(table_name="seen"),
)
def take(sms: dict[str, Any]) -> dict[str, str]:
    message = parse(event=sms, model=Sms)
    queue(message.model_dump_json(), message.From, message.MessageSid)
    return {"taken": message.MessageSid}


@app.post("/webhooks/<provider>")
def webhook(provider: str) -> Response[str]:
    take(sms=form(app.current_event.raw_event))
    return Response(status_code=204)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    once.register_lambda_context(context)
    return app.resolve(event, context)
