"""Who is in the shop's Slack: members, and those who are none.

https://docs.slack.dev/reference/methods/users.info
"""

from typing import Any

TEAM, OTHER_TEAM = "T0SHOP", "T0OTHER"
MEMBERS = {"U0AGENT": "agent", "U0ANN": "Ann", "U0BEN": "Ben", "U0MILA": "Mila", "U0JONAS": "Jonas"}
OTHERS: dict[str, dict[str, Any]] = {
    "U0GUEST": {"name": "guest", "is_restricted": True},
    "U0VISIT": {"name": "visitor", "is_restricted": True, "is_ultra_restricted": True},
    "U0BOT2": {"name": "another-app", "is_bot": True},
    "U0GONE": {"name": "gone", "deleted": True},
    "U0OTHER": {"name": "partner", "team_id": OTHER_TEAM},  # shares a channel with the shop by Slack Connect
    "U0STRANGE": {"name": "stranger", "team_id": OTHER_TEAM, "is_stranger": True},
    "U0GRID": {
        "name": "colleague",
        "team_id": "T0SISTER",
        "enterprise_user": {"id": "W0GRID", "enterprise_id": "E0HOUSE", "teams": [TEAM, "T0SISTER"]},
    },
}


def person(user: str) -> dict[str, Any] | None:
    """A user object; None where Slack knows nobody of that id."""
    if user in MEMBERS:
        return _user(user, {"name": MEMBERS[user].lower(), "real_name": MEMBERS[user]})
    return _user(user, OTHERS[user]) if user in OTHERS else None


def _user(user: str, what: dict[str, Any]) -> dict[str, Any]:
    usual = dict.fromkeys(("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_app_user"), False)
    profile = {"display_name": what["name"], "real_name": what.get("real_name", what["name"])}
    return {"id": user, "team_id": TEAM, **usual, "profile": profile, **what}
