"""An agent's words in a Slack thread with Slack's own framework."""

import json
import os
from typing import Any

from common import queue
from slack_bolt import App
from slack_bolt.adapter.aws_lambda import SlackRequestHandler
from slack_sdk import WebClient

app = App(
    signing_secret=os.environ["SHOPBELL_SLACK_SIGNING_SECRET"],
    client=WebClient(token=os.environ["SHOPBELL_SLACK_BOT_TOKEN"], base_url=os.environ["AWS_ENDPOINT_URL"] + "/slack/"),
    process_before_response=True,
    token_verification_enabled=False,
)


@app.event("message")
def message(event: dict[str, Any]) -> None:
    queue(json.dumps(event), event["thread_ts"], event["ts"])


slack = SlackRequestHandler(app)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return slack.handle(event, context)
