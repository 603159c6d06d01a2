"""The manifest that a shop's own Slack app is made from: every URL, scope and event that Shopbell needs, and no other.

https://docs.slack.dev/reference/app-manifest  Its schema: https://github.com/slackapi/manifest-schema
"""

from collections.abc import Mapping
from typing import Any

from chalicelib import settings

NAME, COMMAND = "Shopbell", "/shopbell"
COLOUR = "#1f4f8f"
SCOPES = {  # what each method, event and feature that is used asks for
    "auth.test": (),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.replies": ("channels:history", "groups:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.delete": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "users.info": ("users:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "url_private": ("files:read",),  # a file's own address, which is fetched without a method
    "slash_commands": ("commands",),
    "shortcuts": ("commands",),
}
EVENTS = ("message.channels", "message.groups")  # public and private channels in which the bot is
SHORTCUTS = {  # the words that stand behind them, without # and with _ for a space
    "assign_me": ("Take the conversation", "Assigns the conversation of this thread to you."),
    "resolve": ("Close the conversation", "Closes the conversation of this thread; it opens again by itself."),
    "status": ("Show what is known", "Tells you alone about the conversation and the customer."),
}


def manifest(base: str, account: str = "") -> Mapping[str, Any]:
    """The manifest for a Shopbell that is reached at `base` (without /webhooks). Slack sends everything to one URL."""
    url = settings.webhook_url(base, "slack", account)
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": NAME,
            "description": "Answers customers on every channel from threads, and shows how each conversation stands.",
            "background_color": COLOUR,
        },
        "features": {
            # the messages tab is where a private word goes to whoever is not in the channel
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": words, "description": means}
                for words, (name, means) in SHORTCUTS.items()
            ],
            "slash_commands": [
                {
                    "command": COMMAND,
                    "url": url,
                    "description": "How things stand, or a new conversation",
                    "usage_hint": "status | new ADDRESS TEXT | help",
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted({scope for scopes in SCOPES.values() for scope in scopes})}},
        "settings": {
            "event_subscriptions": {"request_url": url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }
