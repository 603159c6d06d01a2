"""A shop with every provider, and what the tests that run over all of them have in common.

Nothing here knows a provider but by its name, its `can`, its payload files, its simulator and its part of the world.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse
from pydantic import SecretStr

from chalicelib import api, providers, queue, receive, settings
from chalicelib.errors import BadSignature
from chalicelib.models.inbound import Item, Message, Told
from chalicelib.models.outbound import Outgoing
from chalicelib.models.provider import Cover, Provider
from chalicelib.webhook import Part, Request, Response, parts
from infra import simulate
from infra.simulate import mails, pairs
from infra.world import World
from tests.lab import ENVIRONMENT, PUBLIC, QUEUE, REGION, START, Lab, Seam, laboratory, patched, sqs_queue

PAYLOADS = Path(__file__).parents[1] / "payloads"
EVERYTHING_SHOP = """
name = "Corner Shop"
time_zone = "Europe/Berlin"
owner = "owner"
fallback = "owner"
[desks.front]
slack = "C0FRONT"
[desks.mail]
mailbox = "agents@shop.example"
agents = { ann = "ann@shop.example" }
[desks.owner]
slack = "C0OWNER"
[routes]
default = "front"
email = "mail"
"email?" = "mail"
[acknowledgement]
text = "Thank you for writing to {shop}."
""" + "".join(f"[providers.{name}]\n" for name in providers.NAMES)
EVERYTHING_SECRETS = {
    "SHOPBELL_SHOPIFY_WEBHOOK_SECRET": "shopify-webhook-secret-20b7",
    "SHOPBELL_WOOCOMMERCE_WEBHOOK_SECRET": "woo&commerce<secret>-6e0a",
    "SHOPBELL_TWILIO_SMS_ACCOUNT_SID": "AC" + "5e" * 16,
    "SHOPBELL_TWILIO_SMS_AUTH_TOKEN": "twilio-token-7c1e90aa",
    "SHOPBELL_TWILIO_SMS_NUMBER": "+4930990100",
    "SHOPBELL_TWILIO_SMS_API_URL": "http://world/twilio_sms",
    "SHOPBELL_TWILIO_VOICE_ACCOUNT_SID": "AC" + "7f" * 16,
    "SHOPBELL_TWILIO_VOICE_AUTH_TOKEN": "twilio-voice-token-2b58",
    "SHOPBELL_TWILIO_VOICE_NUMBER": "+4930990900",
    "SHOPBELL_TWILIO_VOICE_API_URL": "http://world/twilio_voice",
    "SHOPBELL_VONAGE_SIGNATURE_SECRET": "vonage-signature-secret-82f4",
    "SHOPBELL_VONAGE_API_KEY": "4d1f0c77",
    "SHOPBELL_VONAGE_API_SECRET": "vonage-api-secret-5ab3",
    "SHOPBELL_VONAGE_NUMBER": "4930990200",
    "SHOPBELL_VONAGE_API_URL": "http://world/vonage",
    "SHOPBELL_TELNYX_PUBLIC_KEY": pairs.pair(b"telnyx-private-key-of-32-bytes-4"),
    "SHOPBELL_TELNYX_API_KEY": "telnyx-api-key-90e1",
    "SHOPBELL_TELNYX_NUMBER": "+4930990300",
    "SHOPBELL_TELNYX_API_URL": "http://world/telnyx",
    "SHOPBELL_PLIVO_AUTH_ID": "MA5HOPBELL00000000PL",
    "SHOPBELL_PLIVO_AUTH_TOKEN": "plivo-auth-token-b0c4",
    "SHOPBELL_PLIVO_NUMBER": "4930990400",
    "SHOPBELL_PLIVO_API_URL": "http://world/plivo",
    "SHOPBELL_BANDWIDTH_WEBHOOK_USER": "bandwidth-user-4410",
    "SHOPBELL_BANDWIDTH_WEBHOOK_PASSWORD": "bandwidth-password-a5d2",
    "SHOPBELL_BANDWIDTH_ACCOUNT_ID": "5500123",
    "SHOPBELL_BANDWIDTH_APPLICATION_ID": "93de2206-aaaa-4bbb-8ccc-000000000001",
    "SHOPBELL_BANDWIDTH_CLIENT_ID": "bandwidth-client-71",
    "SHOPBELL_BANDWIDTH_CLIENT_SECRET": "bandwidth-client-secret-09fa",
    "SHOPBELL_BANDWIDTH_NUMBER": "+12065550100",
    "SHOPBELL_BANDWIDTH_API_URL": "http://world/bandwidth",
    "SHOPBELL_SINCH_HMAC_SECRET": "sinch-hmac-secret-3e77",
    "SHOPBELL_SINCH_SERVICE_PLAN_ID": "5h0pbe11aa77",
    "SHOPBELL_SINCH_API_TOKEN": "sinch-api-token-61d0",
    "SHOPBELL_SINCH_NUMBER": "+4930990500",
    "SHOPBELL_SINCH_API_URL": "http://world/sinch",
    "SHOPBELL_INFOBIP_WEBHOOK_USER": "infobip-user-2c9d",
    "SHOPBELL_INFOBIP_WEBHOOK_PASSWORD": "infobip-password-88e5",
    "SHOPBELL_INFOBIP_API_KEY": "infobip-api-key-7a10",
    "SHOPBELL_INFOBIP_NUMBER": "4930990600",
    "SHOPBELL_INFOBIP_API_URL": "http://world/infobip",
    "SHOPBELL_MESSAGEBIRD_SIGNING_KEY": "messagebird-signing-key-52bc",
    "SHOPBELL_MESSAGEBIRD_ACCESS_KEY": "messagebird-access-key-d38f",
    "SHOPBELL_MESSAGEBIRD_NUMBER": "4930990700",
    "SHOPBELL_MESSAGEBIRD_API_URL": "http://world/messagebird",
    "SHOPBELL_AWS_SMS_TOPICS": "arn:aws:sns:eu-central-1:123456789012:sms_topic-19c4",
    "SHOPBELL_AWS_SMS_NUMBER": "+4930990800",
    "SHOPBELL_AWS_SMS_CONFIGURATION_SET": "shopbell",
    "SHOPBELL_AWS_SMS_SNS_URL": "http://world/aws_sms",
    "SHOPBELL_AWS_SMS_API_URL": "http://world/aws_sms",
    "SHOPBELL_WHATSAPP_APP_SECRET": "whatsapp-app-secret-41d7",
    "SHOPBELL_WHATSAPP_VERIFY_TOKEN": "whatsapp-verify-token-88b0",
    "SHOPBELL_WHATSAPP_TOKEN": "whatsapp-token-0f3c",
    "SHOPBELL_WHATSAPP_PHONE_NUMBER_ID": "206540352242933",
    "SHOPBELL_WHATSAPP_API_URL": "http://world/whatsapp",
    "SHOPBELL_TWILIO_WHATSAPP_ACCOUNT_SID": "AC" + "6d" * 16,
    "SHOPBELL_TWILIO_WHATSAPP_AUTH_TOKEN": "twilio-whatsapp-token-90b4",
    "SHOPBELL_TWILIO_WHATSAPP_NUMBER": "+4930990800",
    "SHOPBELL_TWILIO_WHATSAPP_API_URL": "http://world/twilio_whatsapp",
    "SHOPBELL_MESSENGER_APP_SECRET": "messenger-app-secret-9a25",
    "SHOPBELL_MESSENGER_VERIFY_TOKEN": "messenger-verify-token-63fe",
    "SHOPBELL_MESSENGER_TOKEN": "messenger-token-b774",
    "SHOPBELL_MESSENGER_API_URL": "http://world/messenger",
    "SHOPBELL_INSTAGRAM_APP_SECRET": "instagram-app-secret-27b3",
    "SHOPBELL_INSTAGRAM_VERIFY_TOKEN": "instagram-verify-token-9c41",
    "SHOPBELL_INSTAGRAM_TOKEN": "instagram-token-e50a",
    "SHOPBELL_INSTAGRAM_API_URL": "http://world/instagram",
    "SHOPBELL_FACEBOOK_PAGE_APP_SECRET": "facebook-page-app-secret-6d18",
    "SHOPBELL_FACEBOOK_PAGE_VERIFY_TOKEN": "facebook-page-verify-token-f022",
    "SHOPBELL_FACEBOOK_PAGE_TOKEN": "facebook-page-token-3b9e",
    "SHOPBELL_FACEBOOK_PAGE_API_URL": "http://world/facebook_page",
    "SHOPBELL_INSTAGRAM_COMMENTS_APP_SECRET": "instagram-comments-app-secret-1a7c",
    "SHOPBELL_INSTAGRAM_COMMENTS_VERIFY_TOKEN": "instagram-comments-verify-token-88d2",
    "SHOPBELL_INSTAGRAM_COMMENTS_TOKEN": "instagram-comments-token-4c60",
    "SHOPBELL_INSTAGRAM_COMMENTS_API_URL": "http://world/instagram_comments",
    "SHOPBELL_TELEGRAM_SECRET_TOKEN": "telegram-secret-token-5d11",
    "SHOPBELL_TELEGRAM_BOT_TOKEN": "7001:telegram-bot-token-e2c9",
    "SHOPBELL_TELEGRAM_API_URL": "http://world/telegram",
    "SHOPBELL_LINE_CHANNEL_SECRET": "line-channel-secret-a90c",
    "SHOPBELL_LINE_CHANNEL_TOKEN": "line-channel-token-17d6",
    "SHOPBELL_LINE_API_URL": "http://world/line",
    "SHOPBELL_CHATWOOT_SIGNING_SECRET": "chatwoot-signing-secret-4be7",
    "SHOPBELL_CHATWOOT_ACCESS_TOKEN": "chatwoot-access-token-c02d",
    "SHOPBELL_CHATWOOT_ACCOUNT_ID": "12",
    "SHOPBELL_CHATWOOT_API_URL": "http://world/chatwoot",
    "SHOPBELL_VIBER_AUTH_TOKEN": "viber-auth-token-3d5e",
    "SHOPBELL_VIBER_SENDER_NAME": "Corner Shop",
    "SHOPBELL_VIBER_API_URL": "http://world/viber",
    "SHOPBELL_INTERCOM_CLIENT_SECRET": "intercom-client-secret-93ab",
    "SHOPBELL_INTERCOM_ACCESS_TOKEN": "intercom-access-token-5f60",
    "SHOPBELL_INTERCOM_ADMIN_ID": "814860",
    "SHOPBELL_INTERCOM_API_URL": "http://world/intercom",
    "SHOPBELL_CRISP_SIGNING_SECRET": "crisp-signing-secret-e81c",
    "SHOPBELL_CRISP_TOKEN_ID": "crisp-token-id-07d3",
    "SHOPBELL_CRISP_TOKEN_KEY": "crisp-token-key-b49f",
    "SHOPBELL_CRISP_API_URL": "http://world/crisp",
    "SHOPBELL_LIVECHAT_SECRET_KEY": "livechat-secret-key-4d71",
    "SHOPBELL_LIVECHAT_ACCOUNT_ID": "livechat-account-2c90",
    "SHOPBELL_LIVECHAT_ACCESS_TOKEN": "livechat-access-token-a56e",
    "SHOPBELL_LIVECHAT_AGENT_ID": "ann@shop.example",
    "SHOPBELL_LIVECHAT_API_URL": "http://world/livechat",
    "SHOPBELL_DISCORD_PUBLIC_KEY": pairs.pair(b"discord-private-key-of-32-bytes-", hexadecimal=True),
    "SHOPBELL_DISCORD_BOT_TOKEN": "discord-bot-token-c3f1",
    "SHOPBELL_DISCORD_API_URL": "http://world/discord",
    "SHOPBELL_ROCKETCHAT_SECRET_TOKEN": "rocketchat-secret-token-8b5e",
    "SHOPBELL_ROCKETCHAT_USER_ID": "hs7UzBqkP3nWcTf2d",
    "SHOPBELL_ROCKETCHAT_AUTH_TOKEN": "rocketchat-auth-token-1f94",
    "SHOPBELL_ROCKETCHAT_API_URL": "http://world/rocketchat",
    "SHOPBELL_ZENDESK_MESSAGING_WEBHOOK_SECRET": "zendesk-webhook-secret-47c0",
    "SHOPBELL_ZENDESK_MESSAGING_APP_ID": "5ebee0975ac5304b66500001",
    "SHOPBELL_ZENDESK_MESSAGING_KEY_ID": "app_5f00zendesk",
    "SHOPBELL_ZENDESK_MESSAGING_KEY_SECRET": "zendesk-key-secret-e8a3",
    "SHOPBELL_ZENDESK_MESSAGING_API_URL": "http://world/zendesk_messaging",
    "SHOPBELL_X_CONSUMER_KEY": "x-consumer-key-1a2b",
    "SHOPBELL_X_CONSUMER_SECRET": "x-consumer-secret-77ce",
    "SHOPBELL_X_ACCESS_TOKEN": "1111111111111111111-x-access-token-e01f",
    "SHOPBELL_X_ACCESS_TOKEN_SECRET": "x-access-token-secret-b96d",
    "SHOPBELL_X_API_URL": "http://world/x",
    "SHOPBELL_POSTMARK_WEBHOOK_USER": "postmark-user-30cd",
    "SHOPBELL_POSTMARK_WEBHOOK_PASSWORD": "postmark-password-1b86",
    "SHOPBELL_POSTMARK_SERVER_TOKEN": "postmark-server-token-f4a8",
    "SHOPBELL_POSTMARK_SENDER": "Corner Shop <service@shop.example>",
    "SHOPBELL_POSTMARK_INBOUND_ADDRESS": "hash17@inbound.example",
    "SHOPBELL_POSTMARK_API_URL": "http://world/postmark",
    "SHOPBELL_RESEND_WEBHOOK_SECRET": "whsec_cmVzZW5kLXdlYmhvb2stc2VjcmV0LTZlMTQ4YQ==",
    "SHOPBELL_RESEND_API_KEY": "resend-api-key-77d2",
    "SHOPBELL_RESEND_SENDER": "Corner Shop <hello@mail.shop.example>",
    "SHOPBELL_RESEND_INBOUND_ADDRESS": "bell@in.shop.example",
    "SHOPBELL_RESEND_VERDICT_SERVER": "amazonses.com",
    "SHOPBELL_RESEND_API_URL": "http://world/resend",
    "SHOPBELL_SES_TOPICS": "arn:aws:sns:eu-central-1:123456789012:mail_topic-58e0",
    "SHOPBELL_SES_REPLY_SECRET": "ses-reply-secret-b31f",
    "SHOPBELL_SES_SENDER": "Corner Shop <hi@ses.shop.example>",
    "SHOPBELL_SES_INBOUND_ADDRESS": "ring@ses.shop.example",
    "SHOPBELL_SES_SNS_URL": "http://world/ses",
    "SHOPBELL_SES_API_URL": "http://world/ses",
    "SHOPBELL_SENDGRID_PARSE_KEY": pairs.curve(b"sendgrid-parse-key-of-32-bytes-7"),
    "SHOPBELL_SENDGRID_EVENT_KEY": pairs.curve(b"sendgrid-event-key-of-32-bytes-8"),
    "SHOPBELL_SENDGRID_API_KEY": "SG.sendgrid-api-key-4b6e",
    "SHOPBELL_SENDGRID_SENDER": "Corner Shop <shop@sendgrid.shop.example>",
    "SHOPBELL_SENDGRID_INBOUND_ADDRESS": "bell@in.sendgrid.shop.example",
    "SHOPBELL_SENDGRID_API_URL": "http://world/sendgrid",
    "SHOPBELL_MAILGUN_WEBHOOK_USER": "mailgun-user-6b07",
    "SHOPBELL_MAILGUN_WEBHOOK_PASSWORD": "mailgun-password-c2f1",
    "SHOPBELL_MAILGUN_SIGNING_KEY": "mailgun-signing-key-19de",
    "SHOPBELL_MAILGUN_API_KEY": "mailgun-api-key-84aa",
    "SHOPBELL_MAILGUN_DOMAIN": "mg.shop.example",
    "SHOPBELL_MAILGUN_SENDER": "Corner Shop <shop@mg.shop.example>",
    "SHOPBELL_MAILGUN_INBOUND_ADDRESS": "bell@mg.shop.example",
    "SHOPBELL_MAILGUN_VERDICTS": "yes",
    "SHOPBELL_MAILGUN_API_URL": "http://world/mailgun",
    "SHOPBELL_MANDRILL_WEBHOOK_KEY": "mandrill-webhook-key-2a75",
    "SHOPBELL_MANDRILL_API_KEY": "mandrill-api-key-c93e",
    "SHOPBELL_MANDRILL_SENDER": "Corner Shop <hello@mandrill.shop.example>",
    "SHOPBELL_MANDRILL_INBOUND_ADDRESS": "bell@in.mandrill.shop.example",
    "SHOPBELL_MANDRILL_API_URL": "http://world/mandrill",
    "SHOPBELL_BREVO_WEBHOOK_USER": "brevo-user-7d04",
    "SHOPBELL_BREVO_WEBHOOK_PASSWORD": "brevo-password-e811",
    "SHOPBELL_BREVO_API_KEY": "xkeysib-brevo-api-key-5f6a",
    "SHOPBELL_BREVO_SENDER": "Corner Shop <hello@brevo.shop.example>",
    "SHOPBELL_BREVO_INBOUND_ADDRESS": "bell@reply.brevo.shop.example",
    "SHOPBELL_BREVO_VERDICT_SERVER": "inbound.brevo.example",
    "SHOPBELL_BREVO_API_URL": "http://world/brevo",
    "SHOPBELL_MIME_WEBHOOK_SECRET": "whsec_bWltZS13ZWJob29rLXNlY3JldC05ZDI3",
    "SHOPBELL_MIME_USER": "mime-user-61e2",
    "SHOPBELL_MIME_PASSWORD": "mime-password-b09c",
    "SHOPBELL_MIME_SENDER": "Corner Shop <hello@mime.shop.example>",
    "SHOPBELL_MIME_INBOUND_ADDRESS": "hello@mime.shop.example",
    "SHOPBELL_MIME_VERDICT_SERVER": "mx.cloudflare.net",
    "SHOPBELL_MIME_API_URL": "http://world/mime/mail",
    "SHOPBELL_SLACK_SIGNING_SECRET": "slack-signing-secret-c613",
    "SHOPBELL_SLACK_BOT_TOKEN": "xoxb-slack-bot-token-2e59",
    "SHOPBELL_SLACK_API_URL": "http://world/slack/api",
    "SHOPBELL_SLACK_CONNECT_SIGNING_SECRET": "slack-connect-signing-secret-8d40",
    "SHOPBELL_SLACK_CONNECT_BOT_TOKEN": "xoxb-slack-connect-bot-token-71fa",
    "SHOPBELL_SLACK_CONNECT_API_URL": "http://world/slack_connect/api",
    "SHOPBELL_CUSTOM_SIGNING_SECRET": "whsec_Y3VzdG9tLXNpZ25pbmctc2VjcmV0LWQwN2Y=",
    "SHOPBELL_CUSTOM_REPLY_SECRET": "whsec_Y3VzdG9tLXJlcGx5LXNlY3JldC1hYTkxYWE5MQ==",
    "SHOPBELL_CUSTOM_REPLY_URL": "http://world/custom/answers",
}
LARGEST = 262_144  # bytes that SQS takes in one call
SECOND = "B2"  # a second account of every provider, whose inbound secrets are others
TWO_ACCOUNTS_SHOP = EVERYTHING_SHOP + "".join(f"[providers.{name}.{SECOND}]\n" for name in providers.NAMES)
SECOND_INBOUND = {
    "SHOPBELL_TWILIO_SMS__B2_AUTH_TOKEN": "second-twilio-token",
    "SHOPBELL_TWILIO_VOICE__B2_AUTH_TOKEN": "second-twilio-voice-token",
    "SHOPBELL_VONAGE__B2_SIGNATURE_SECRET": "second-vonage-signature-secret",
    "SHOPBELL_VONAGE__B2_API_KEY": "77c0f1d4",
    "SHOPBELL_TELNYX__B2_PUBLIC_KEY": pairs.pair(b"second-telnyx-private-key-of-32-"),
    "SHOPBELL_PLIVO__B2_AUTH_TOKEN": "second-plivo-auth-token",
    "SHOPBELL_BANDWIDTH__B2_WEBHOOK_USER": "second-bandwidth-user",
    "SHOPBELL_BANDWIDTH__B2_WEBHOOK_PASSWORD": "second-bandwidth-password",
    "SHOPBELL_SINCH__B2_HMAC_SECRET": "second-sinch-hmac-secret",
    "SHOPBELL_INFOBIP__B2_WEBHOOK_USER": "second-infobip-user",
    "SHOPBELL_INFOBIP__B2_WEBHOOK_PASSWORD": "second-infobip-password",
    "SHOPBELL_MESSAGEBIRD__B2_SIGNING_KEY": "second-messagebird-signing-key",
    "SHOPBELL_WHATSAPP__B2_APP_SECRET": "second-whatsapp-app-secret",
    "SHOPBELL_WHATSAPP__B2_VERIFY_TOKEN": "second-whatsapp-verify-token",
    "SHOPBELL_TWILIO_WHATSAPP__B2_AUTH_TOKEN": "second-twilio-whatsapp-token",
    "SHOPBELL_MESSENGER__B2_APP_SECRET": "second-messenger-app-secret",
    "SHOPBELL_MESSENGER__B2_VERIFY_TOKEN": "second-messenger-verify-token",
    "SHOPBELL_INSTAGRAM__B2_APP_SECRET": "second-instagram-app-secret",
    "SHOPBELL_INSTAGRAM__B2_VERIFY_TOKEN": "second-instagram-verify-token",
    "SHOPBELL_FACEBOOK_PAGE__B2_APP_SECRET": "second-facebook-page-app-secret",
    "SHOPBELL_FACEBOOK_PAGE__B2_VERIFY_TOKEN": "second-facebook-page-verify-token",
    "SHOPBELL_INSTAGRAM_COMMENTS__B2_APP_SECRET": "second-instagram-comments-app-secret",
    "SHOPBELL_INSTAGRAM_COMMENTS__B2_VERIFY_TOKEN": "second-instagram-comments-verify-token",
    "SHOPBELL_TELEGRAM__B2_SECRET_TOKEN": "second-telegram-secret-token",
    "SHOPBELL_LINE__B2_CHANNEL_SECRET": "second-line-channel-secret",
    "SHOPBELL_CHATWOOT__B2_SIGNING_SECRET": "second-chatwoot-signing-secret",
    "SHOPBELL_VIBER__B2_AUTH_TOKEN": "second-viber-auth-token",
    "SHOPBELL_INTERCOM__B2_CLIENT_SECRET": "second-intercom-client-secret",
    "SHOPBELL_CRISP__B2_SIGNING_SECRET": "second-crisp-signing-secret",
    "SHOPBELL_LIVECHAT__B2_SECRET_KEY": "second-livechat-secret-key",
    "SHOPBELL_DISCORD__B2_PUBLIC_KEY": pairs.pair(b"second-discord-private-key-of-32", hexadecimal=True),
    "SHOPBELL_ROCKETCHAT__B2_SECRET_TOKEN": "second-rocketchat-secret-token",
    "SHOPBELL_ZENDESK_MESSAGING__B2_WEBHOOK_SECRET": "second-zendesk-webhook-secret",
    "SHOPBELL_X__B2_CONSUMER_SECRET": "second-x-consumer-secret",
    "SHOPBELL_POSTMARK__B2_WEBHOOK_USER": "second-postmark-user",
    "SHOPBELL_POSTMARK__B2_WEBHOOK_PASSWORD": "second-postmark-password",
    "SHOPBELL_POSTMARK__B2_SENDER": "second@shop.example",
    "SHOPBELL_POSTMARK__B2_INBOUND_ADDRESS": "hash18@inbound.example",
    "SHOPBELL_RESEND__B2_WEBHOOK_SECRET": "whsec_c2Vjb25kLXJlc2VuZC13ZWJob29rLXNlY3JldA==",
    "SHOPBELL_RESEND__B2_SENDER": "second@mail.shop.example",
    "SHOPBELL_RESEND__B2_INBOUND_ADDRESS": "bell2@in.shop.example",
    "SHOPBELL_AWS_SMS__B2_TOPICS": "arn:aws:sns:eu-central-1:123456789012:second-sms",
    "SHOPBELL_AWS_SMS__B2_SNS_URL": "http://world/aws_sms",
    "SHOPBELL_SES__B2_TOPICS": "arn:aws:sns:eu-central-1:123456789012:second-mail",
    "SHOPBELL_SES__B2_SENDER": "second@ses.shop.example",
    "SHOPBELL_SES__B2_INBOUND_ADDRESS": "ring2@ses.shop.example",
    "SHOPBELL_SES__B2_SNS_URL": "http://world/ses",
    "SHOPBELL_SENDGRID__B2_PARSE_KEY": pairs.curve(b"second-sendgrid-key-of-32-bytes-"),
    "SHOPBELL_SENDGRID__B2_EVENT_KEY": pairs.curve(b"second-sendgrid-events-32-bytes-"),
    "SHOPBELL_SENDGRID__B2_SENDER": "second@sendgrid.shop.example",
    "SHOPBELL_SENDGRID__B2_INBOUND_ADDRESS": "bell2@in.sendgrid.shop.example",
    "SHOPBELL_MAILGUN__B2_WEBHOOK_USER": "second-mailgun-user",
    "SHOPBELL_MAILGUN__B2_WEBHOOK_PASSWORD": "second-mailgun-password",
    "SHOPBELL_MAILGUN__B2_SIGNING_KEY": "second-mailgun-signing-key",
    "SHOPBELL_MAILGUN__B2_SENDER": "second@mg.shop.example",
    "SHOPBELL_MAILGUN__B2_INBOUND_ADDRESS": "bell2@mg.shop.example",
    "SHOPBELL_MANDRILL__B2_WEBHOOK_KEY": "second-mandrill-webhook-key",
    "SHOPBELL_MANDRILL__B2_SENDER": "second@mandrill.shop.example",
    "SHOPBELL_MANDRILL__B2_INBOUND_ADDRESS": "bell2@in.mandrill.shop.example",
    "SHOPBELL_BREVO__B2_WEBHOOK_USER": "second-brevo-user",
    "SHOPBELL_BREVO__B2_WEBHOOK_PASSWORD": "second-brevo-password",
    "SHOPBELL_BREVO__B2_SENDER": "second@brevo.shop.example",
    "SHOPBELL_BREVO__B2_INBOUND_ADDRESS": "bell2@reply.brevo.shop.example",
    "SHOPBELL_MIME__B2_WEBHOOK_SECRET": "whsec_c2Vjb25kLW1pbWUtd2ViaG9vay1zZWNyZXQ=",
    "SHOPBELL_MIME__B2_SENDER": "second@mime.shop.example",
    "SHOPBELL_MIME__B2_INBOUND_ADDRESS": "second@mime.shop.example",
    "SHOPBELL_SLACK__B2_SIGNING_SECRET": "second-slack-signing-secret",
    "SHOPBELL_SLACK_CONNECT__B2_SIGNING_SECRET": "second-slack-connect-signing-secret",
    "SHOPBELL_SHOPIFY__B2_WEBHOOK_SECRET": "second-shopify-secret",
    "SHOPBELL_WOOCOMMERCE__B2_WEBHOOK_SECRET": "second-woocommerce-secret",
    "SHOPBELL_CUSTOM__B2_SIGNING_SECRET": "whsec_c2Vjb25kLWN1c3RvbS1zaWduaW5nLXNlY3JldA==",
}

DOMAIN = "a1b2c3.execute-api.eu-central-1.amazonaws.com"  # API Gateway's own
Place = tuple[str | int, ...]


class Door(Lab):
    """The front door alone: it takes webhooks and lets sendings out; the queue is a list, and nobody works on it.

    Much quicker than the whole laboratory. `kept` are the names of what was put into the bucket.
    """

    def __init__(self) -> None:
        super().__init__(settings.load(EVERYTHING_SHOP), World(EVERYTHING_SECRETS), Seam())
        self.taken: list[str] = []
        self.kept: list[str] = []
        self.seam.intercept = self.take_in

    def take_in(self, number: int, name: str, apply: Callable[[], Any], request: Any) -> Any:
        if isinstance(request, api.Call):
            return apply()
        if name.startswith("sqs.SendMessageBatch"):
            entries = json.loads(request.body)["Entries"]
            assert sum(len(entry["MessageBody"]) for entry in entries) <= LARGEST, "SQS takes no more in one call"
            self.taken += [entry["MessageBody"] for entry in entries]
            taken = [{"Id": entry["Id"], "MessageId": "x", "MD5OfMessageBody": ""} for entry in entries]
            return answered(request, json.dumps({"Successful": taken}))
        assert name == "s3.PutObject", f"no call for the front door: {name}"
        self.kept.append(urlsplit(request.url).path.lstrip("/"))
        return answered(request, "")


def answered(request: Any, body: str) -> AWSResponse:
    """AWS's yes."""
    return AWSResponse(request.url, 200, HTTPHeaders.from_dict({}), MockRawResponse(body))


@contextmanager
def door() -> Iterator[Door]:
    """The front door of the shop with every provider."""
    place = {"QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/{QUEUE}"}
    with mock.patch.dict(os.environ, {**ENVIRONMENT, **EVERYTHING_SECRETS, **place}):
        settings.config.cache_clear()
        lab = Door()
        with patched(lab):
            warm(lab)
            yield lab
    settings.config.cache_clear()


@contextmanager
def everything(toml: str = EVERYTHING_SHOP, secrets: Mapping[str, str] = EVERYTHING_SECRETS) -> Iterator[Lab]:
    """The laboratory with every provider."""
    with laboratory(toml, secrets) as lab:
        warm(lab)
        yield lab


def warm(lab: Lab) -> None:
    """As in an environment that has been at work: what `verify` keeps there is there, and tokens that are lent."""
    known()
    for name in providers.NAMES:
        token = providers.optional(providers.load(name), "token")
        if token is not None:
            token(config(name))
    lab.seam.calls.clear()


@cache
def known() -> None:
    """Once for each process."""
    for name in providers.NAMES:
        assert not refuses(name, signed(cases(name)[0]))


# ---- payloads ---------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A webhook as the provider sends it, and the items it means."""

    provider: str
    name: str
    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]
    means: list[dict[str, Any]]

    @property
    def is_form(self) -> bool:
        return "form-urlencoded" in self.headers.get("content-type", "")

    @property
    def boundary(self) -> str:
        """What stands between the fields of a form that has several parts; empty for any other body."""
        return self.headers.get("content-type", "").partition("boundary=")[2]

    @property
    def is_json(self) -> bool:
        return not (self.is_form or self.is_mail or self.boundary)

    @property
    def is_mail(self) -> bool:
        return "message/rfc822" in self.headers.get("content-type", "")

    def opened(self) -> Any:
        """The body as a tree of dicts and lists; a form as a dict. JSON that stands in it as text is opened too."""
        if self.boundary:
            return unwrapped({field.name: field.content.decode("utf-8", "replace") for field in parts(self.body)})
        if self.is_form:
            return unwrapped(dict(parse_qsl(self.body.decode(), keep_blank_values=True)))
        if self.is_mail:
            head, _, text = self.body.decode().replace("\r\n", "\n").partition("\n\n")
            headers = re.sub(r"\n[ \t]+", " ", head).split("\n")
            return {"headers": [re.split(": *", header, maxsplit=1) for header in headers], "text": text}
        return unwrapped(json.loads(self.body))

    def closed(self, tree: Any) -> "Case":
        """The same webhook with another tree. A mail's is written with whatever stands in it, line by line."""
        if self.is_mail:
            return self._replace(body=mailed(tree))
        tree = wrapped(tree)
        if self.boundary:
            return self._replace(body=mails.form(list(self._fields_of(tree)), self.boundary))
        body = urlencode(_as_fields(tree), errors="surrogatepass") if self.is_form else json.dumps(tree)
        return self._replace(body=body.encode())

    def _fields_of(self, tree: Mapping[str, Any]) -> Iterator[Part]:
        known = {field.name: field for field in parts(self.body)}
        for name, value in tree.items():
            yield known.get(name, Part(name, b""))._replace(content=str(value).encode("utf-8", "surrogatepass"))


def mailed(tree: Any) -> bytes:
    headers = tree.get("headers") if isinstance(tree, dict) else None
    pairs = [one if isinstance(one, list) else [one] for one in headers] if isinstance(headers, list) else [[headers]]
    lines = [": ".join(map(str, pair)) for pair in pairs]
    text = tree.get("text") if isinstance(tree, dict) else tree
    return "\r\n".join([*lines, "", str(text)]).encode("utf-8", "surrogatepass")


def _as_fields(tree: Any) -> Any:
    """A list in a field is written as one; what is no table at all fails as it does."""
    if not isinstance(tree, dict):
        return tree
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in tree.items()}


class Inner(dict[str, Any]):
    """A JSON object that stands as text in another."""


class InnerList(list[Any]):
    """The same of a list."""


def unwrapped(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: unwrapped(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [unwrapped(value) for value in tree]
    if not isinstance(tree, str) or tree.lstrip()[:1] not in ("{", "["):
        return tree
    with suppress(ValueError):
        inner = json.loads(tree)
        if isinstance(inner, dict):
            return Inner(unwrapped(inner))
        if isinstance(inner, list) and inner:
            return InnerList(unwrapped(inner))
    return tree


def wrapped(tree: Any) -> Any:
    if isinstance(tree, dict):
        made = {key: wrapped(value) for key, value in tree.items()}
        return json.dumps(made) if isinstance(tree, Inner) else made
    if isinstance(tree, list):
        items = [wrapped(value) for value in tree]
        return json.dumps(items) if isinstance(tree, InnerList) else items
    return tree


def cases(provider: str) -> list[Case]:
    """Every payload of a provider."""
    return [_case(provider, place) for place in sorted((PAYLOADS / provider).glob("*.body"))]


def _case(provider: str, place: Path) -> Case:
    about = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
    return Case(provider, place.stem, place.read_bytes(), about["headers"], about["query"], about["means"])


def paths(tree: Any, at: Place = ()) -> Iterator[Place]:
    """Every place in a tree, the root left out."""
    steps: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in steps:
        yield (*at, key)
        yield from paths(value, (*at, key))


def value_at(tree: Any, path: Place) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def changed(tree: Any, path: Place, value: Any) -> Any:
    """The tree with another value in one place; everything beside the way to it is shared."""
    if not path:
        return value
    key, *rest = path
    fresh: Any = type(tree)(tree)
    fresh[key] = changed(tree[key], tuple(rest), value)
    return fresh


# ---- providers --------------------------------------------------------------------------------------------------


@cache
def config(provider: str) -> Any:
    """A provider's Config with all its fields."""
    return configured(provider, EVERYTHING_SECRETS)


def configured(provider: str, secrets: Mapping[str, str], account: str = "") -> Any:
    """An account's Config, by what stands in the environment."""
    how = providers.load(provider).Config
    names = {field: settings.variable(provider, account, field) for field in how.model_fields}
    return how.model_validate({field: secrets[name] for field, name in names.items() if name in secrets})


def secrets_of(provider: str) -> list[str]:
    """Every value of a provider that must stay secret."""
    values = dict(config(provider)).values()
    return [one.get_secret_value() for live in values if isinstance(live, tuple) for one in live
            if isinstance(one, SecretStr)]  # fmt: skip


def hosts_of(provider: str) -> list[str]:
    """Where a provider may be called."""
    return [value for value in dict(config(provider)).values() if isinstance(value, str) and "://" in value]


def url_of(provider: str, query: Mapping[str, str] | None = None) -> str:
    url = f"{PUBLIC}/webhooks/{provider}"
    return f"{url}?{urlencode(query)}" if query else url


def request(case: Case, at: datetime = START) -> Request:
    """The webhook as it arrives, not signed."""
    return Request(url=url_of(case.provider, case.query), query=case.query, headers=case.headers, body=case.body, at=at)


def signature(case: Case, at: datetime = START) -> Mapping[str, str]:
    """The headers that prove it, as the provider would set them."""
    sealed = simulate.Webhook(body=signed(case, at).body, headers=case.headers)
    return simulate.load(case.provider).sign(sealed, url_of(case.provider, case.query), at, config(case.provider))


def proofs(case: Case) -> Mapping[str | Place, str]:
    """What proves it, each by its header's name or, where no more of the body is covered, by its place in there."""
    found: dict[str | Place, str] = dict(signature(case).items())
    whole = case._replace(body=signed(case).body)
    if Cover.CREDENTIAL in providers.load(case.provider).can.covers and whole.body != case.body:
        before, tree = {*paths(case.opened())}, whole.opened()
        added = {place: value_at(tree, place) for place in paths(tree) if place not in before}
        found |= {place: value for place, value in added.items() if isinstance(value, str)}
    return found


def proved(right: Request, case: Case, by: Mapping[str | Place, str]) -> Request:
    """The webhook as it arrives correctly signed, with other values of its proofs."""
    whole, headers = case._replace(body=right.body), dict(right.headers)
    for where, value in by.items():
        if isinstance(where, str):
            headers[where] = value
        else:
            whole = whole.closed(changed(whole.opened(), where, value))
    return replace(right, body=whole.body, headers=headers)


def signed(case: Case, at: datetime = START, how: Any = None, url: str = "") -> Request:
    """The webhook as it arrives, correctly signed. Raises ValueError for bytes that its provider cannot sign."""
    unsigned = simulate.Webhook(body=case.body, headers=case.headers)
    called = url or url_of(case.provider, case.query)
    made = simulate.signed(case.provider, unsigned, called, at, how or config(case.provider))
    return replace(request(case, at), headers=made.headers, body=made.body)


def refuses(provider: str, given: Request, how: Any = None) -> bool:
    """Whether `verify` says no. Whatever else it raises comes through."""
    try:
        providers.load(provider).verify(given, how or config(provider))
    except BadSignature:
        return True
    return False


def parsed(case: Case, at: datetime = START) -> list[Told]:
    return [*providers.load(case.provider).parse(request(case, at), config(case.provider))]


def completed(item: Item) -> Item:
    """The message itself, where its webhook only announced it."""
    if not isinstance(item, Message) or not item.late:
        return item
    complete = providers.optional(providers.load(item.provider), "complete")
    assert complete is not None
    found: Message = complete(item, config(item.provider))
    return found


def tells(provider: str) -> bool:
    """Whether the simulator's webhooks hold what was written. The others only announce it."""
    return all(isinstance(item, Message) and not item.late for item in parsed(composed(provider, said(provider, "x"))))


def dumped(item: Told) -> dict[str, Any]:
    """An item as payload files write it."""
    return {"type": item.type, **item.model_dump(mode="json", exclude_defaults=True, exclude={"source"})}


def said(provider: str, text: str, at: datetime = START, **rest: Any) -> simulate.Said:
    return simulate.Said(**{"text": text, "id": f"{provider}-{text}", "at": at, **rest})


def composed(provider: str, *those: simulate.Said) -> Case:
    """A webhook as the provider's simulator makes it."""
    webhook = simulate.load(provider).compose(those, config(provider))
    return Case(provider, "composed", webhook.body, webhook.headers, {}, [])


def somewhere(provider: str) -> str:
    """A thread to write in, for who writes at a desk; nothing for a customer."""
    return "" if providers.load(provider).can.customers else "C0FRONT:1772440000.000100"


def outgoing(provider: str, text: str = "It left this morning.", **rest: Any) -> Outgoing:
    """Something to send: to the simulator's own customer, or to the first desk."""
    module: Provider = providers.load(provider)
    to, context = "C0FRONT", {}
    if module.can.customers:
        (one,) = parsed(composed(provider, said(provider, "Hello")))
        assert isinstance(one, Message)
        to, context = one.sender.id, dict(one.context)
    return Outgoing(**{"key": "key-1", "to": to, "text": text, "context": context, "at": START, **rest})


# ---- the laboratory ---------------------------------------------------------------------------------------------


def post(lab: Lab, given: Request, provider: str, account: str = "") -> Response:
    return receive.receive(given, provider, account, f"request-{lab.world.number()}")


def queued(lab: Lab) -> list[Item]:
    """What lies on the queue, in its order."""
    bodies = lab.taken if isinstance(lab, Door) else [message.body for message in sqs_queue(QUEUE)._messages]
    return [queue.read(body) for body in bodies]


def emptied(door: Door) -> None:
    """As if nothing had happened yet."""
    for memory in (door.taken, door.kept, door.seam.calls, door.world.ledger):
        memory.clear()
    door.now = START


def calls(lab: Lab) -> list[str]:
    """Every call to AWS and to providers, by name."""
    return [name.partition(" ")[0] for name in lab.seam.calls]


def called(name: str, given: Request, account: str = "", **more: Any) -> dict[str, Any]:
    """What API Gateway hands to the function for a request; its body as text, as for types it takes for text.

    In base64 what is no text: of the types that it takes for bytes.
    """
    resource = "/webhooks/{provider}/{account}" if account else "/webhooks/{provider}"
    path = "/".join(["/webhooks", name, *([account] if account else [])])
    query = dict(given.query)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": given.method,
        "headers": dict(given.headers),
        "multiValueHeaders": {key: [value] for key, value in given.headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {key: [value] for key, value in query.items()} or None,
        "pathParameters": {"provider": name, **({"account": account} if account else {})},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": given.method,
            "path": f"/api{path}",
            "domainName": DOMAIN,
        },
        **_handed_on(given.body),
        **more,
    }


def _handed_on(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode("utf-8", "surrogatepass"), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
