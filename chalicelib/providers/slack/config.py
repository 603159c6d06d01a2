"""What the shop sets for Slack."""

from chalicelib.models import Frozen, LiveSecret, secret, setting


class Config(Frozen):
    signing_secret: LiveSecret = secret("Signing secret, Basic Information page of the Slack app", inbound=True)
    bot_token: LiveSecret = secret("Bot token (xoxb-…), OAuth & Permissions page of the Slack app", outbound=True)
    api_url: str = setting("where Slack's API is", default="https://slack.com/api", outbound=True)
