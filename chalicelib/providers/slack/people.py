"""Who may act at a desk: members of the team that installed the app, asked of Slack and remembered for an hour.

https://docs.slack.dev/reference/objects/user-object
"""

import time
from collections.abc import Callable
from typing import Any

from chalicelib.errors import Outcome, SendFailed
from chalicelib.models.provider import FOREIGN
from chalicelib.slack import App, Refused, call

LASTS = 3_600.0  # seconds
SLACKBOT = "USLACKBOT"  # Slack does not call it a bot
UNKNOWN_PEOPLE = {"user_not_found", "user_not_visible"}
NOT_MEMBERS = {
    "deleted": "is deactivated in Slack",
    "is_bot": "is a bot",
    "is_restricted": "is a guest in Slack",
    "is_ultra_restricted": "is a guest in Slack",
}

_kept: dict[tuple[str, ...], tuple[float, Any]] = {}


def refusal(user: str, config: App) -> str:
    """Why this person may not act; empty if they may. Raises SendFailed where Slack cannot be asked now."""
    if user == SLACKBOT:
        return NOT_MEMBERS["is_bot"]
    try:
        person = _remembered(("person", user), config, lambda: _person(user, config))
    except Refused as failure:
        if failure.code in UNKNOWN_PEOPLE:
            return "is not known to Slack"
        raise
    return _judged(person, _remembered(("home",), config, lambda: _home(config)))


def forget() -> None:
    """Ask anew about everybody: a laboratory begins without memories."""
    _kept.clear()


def _person(user: str, config: App) -> dict[str, Any]:
    said = call("users.info", config, query={"user": user}).get("user")
    if not isinstance(said, dict):
        raise SendFailed("Slack: an answer without the person", Outcome.UNKNOWN)
    return said


def _home(config: App) -> str:
    """The team that installed the app."""
    said = call("auth.test", config, json={}).get("team_id")
    if not isinstance(said, str) or not said:
        raise SendFailed("Slack: an answer without the team", Outcome.UNKNOWN)
    return said


def _judged(person: dict[str, Any], home: str) -> str:
    found = [words for flag, words in NOT_MEMBERS.items() if person.get(flag)]
    if found:
        return found[0]
    return "" if home in _teams(person) and not person.get("is_stranger") else FOREIGN


def _teams(person: dict[str, Any]) -> list[Any]:
    """In an Enterprise Grid one person is a member of several teams of the same house."""
    across = person.get("enterprise_user")
    teams = across.get("teams") if isinstance(across, dict) else None
    return [person.get("team_id"), *(teams if isinstance(teams, list) else [])]


def _remembered(about: tuple[str, ...], config: App, ask: Callable[[], Any]) -> Any:
    key = (config.api_url, *(live.get_secret_value() for live in config.bot_token), *about)
    at, known = _kept.get(key, (0.0, None))
    if known is None or time.monotonic() - at >= LASTS:
        known = ask()
        _kept[key] = (time.monotonic(), known)
    return known
