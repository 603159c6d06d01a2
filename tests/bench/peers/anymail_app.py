"""A customer's mail from Postmark with django-anymail."""

import json
import os
from typing import Any

import django
from anymail.signals import inbound
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from apig_wsgi import make_lambda_handler
from common import queue
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

user, password = (os.environ[f"SHOPBELL_POSTMARK_WEBHOOK_{name}"] for name in ("USER", "PASSWORD"))
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["anymail"],
    ANYMAIL={"WEBHOOK_SECRET": f"{user}:{password}"},
)
django.setup()
urlpatterns = [path("webhooks/postmark", PostmarkInboundWebhookView.as_view())]


def take(sender: Any, event: Any, esp_name: str, **rest: Any) -> None:
    mail = event.message
    said = {"from": str(mail.from_email), "subject": mail.subject, "text": mail.text}
    queue(json.dumps(said), str(mail.from_email), event.event_id)


inbound.connect(take, weak=False)
handler = make_lambda_handler(get_wsgi_application())
