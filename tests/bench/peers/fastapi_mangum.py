"""An SMS webhook with FastAPI on Mangum, with a pydantic model."""

from urllib.parse import parse_qsl

from common import checked, queue
from fastapi import FastAPI, Request, Response
from mangum import Mangum
from pydantic import BaseModel


class Sms(BaseModel):
    MessageSid: str
    From: str
    Body: str = ""


app = FastAPI()


@app.post("/webhooks/{provider}")
async def webhook(provider: str, request: Request) -> Response:
    fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    sms = Sms.model_validate(checked(fields, request.headers["x-twilio-signature"]))
    queue(sms.model_dump_json(), sms.From, sms.MessageSid)
    return Response(status_code=204)


handler = Mangum(app, lifespan="off")
