"""What is posted, written anew, taken back and looked for.

https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours
"""

from contextlib import suppress
from typing import Any

from chalicelib import slack
from chalicelib.errors import Outcome, SendFailed, ThreadGone
from chalicelib.models.outbound import Content, Outgoing
from chalicelib.providers.slack import blocks
from chalicelib.slack import App, Refused, call, escape

REACTIONS = {
    "⏳": "hourglass_flowing_sand",
    "📤": "outbox_tray",
    "✅": "white_check_mark",
    "👀": "eyes",
    "❌": "x",
    "❓": "question",
}
REACTED = frozenset({"already_reacted", "no_reaction"})
NOT_THERE = {"channel_not_found", "not_in_channel", "user_not_in_channel"}  # the bot, or the person
LONGEST_SUMMARY = 600  # characters of `text` beside blocks, for notifications; chat.update takes 4,000 bytes
REPEATED = "(possibly repeated)"


def post(outgoing: Outgoing, config: App) -> str:
    """A card, or a post in a thread. Raises ThreadGone where the thread's first post was deleted."""
    where, thread = place_of(outgoing)
    new: dict[str, Any] = {**_content(outgoing), "channel": where, "unfurl_links": False, "unfurl_media": False}
    try:
        said = call("chat.postMessage", config, json={**new, **_in(thread), "metadata": slack.metadata(outgoing.key)})
    except Refused as failure:
        if failure.code == "thread_not_found":
            raise ThreadGone(failure.reason) from None
        raise
    posted = slack.posted(said)
    if thread and _fell_out(said):
        with suppress(SendFailed):  # it stands in the channel, where nobody knows what it is about
            call("chat.delete", config, json={"channel": said["channel"], "ts": said["ts"]})
        raise ThreadGone("Slack: the thread was deleted")
    return posted


def whisper(outgoing: Outgoing, config: App) -> str:
    """A post that one person sees; as a direct message where that person or our bot is not in the channel."""
    where, thread = place_of(outgoing)
    new = {**_blocks(outgoing), "channel": where, "user": outgoing.private_to}
    try:
        in_thread = _in(thread) if thread and _answered(where, thread, config) else {}
        said = call("chat.postEphemeral", config, json={**new, **in_thread})
    except Refused as failure:
        if failure.code not in NOT_THERE:
            raise
        said = call("chat.postMessage", config, json={**_blocks(outgoing), "channel": outgoing.private_to})
        return slack.posted(said)
    return slack.posted({"channel": where, **said}, "message_ts")


def anew(outgoing: Outgoing) -> dict[str, Any] | None:
    """What a post becomes; None where it is taken back."""
    return None if outgoing.change == "delete" else _blocks(outgoing)


def react(outgoing: Outgoing, config: App) -> str:
    where, _, ts = outgoing.refers.partition(":")
    method = "reactions.remove" if outgoing.removed else "reactions.add"
    name = REACTIONS.get(outgoing.reaction, outgoing.reaction)
    call(method, config, REACTED, json={"channel": where, "timestamp": ts, "name": name})
    return outgoing.refers


def find(outgoing: Outgoing, config: App) -> str | None:
    """Our post by the key in its metadata: in the thread, or in the channel for a card. Raises SendFailed."""
    if outgoing.private_to or outgoing.file:
        raise SendFailed("Slack: what one person sees, or a file, cannot be looked for", Outcome.REFUSED)
    where, thread = place_of(outgoing)
    return slack.find(where, thread, outgoing.key, outgoing.since, config)


def share(outgoing: Outgoing, file: Content, config: App) -> str:
    """Share a file in a thread; returns the file's id."""
    comment = " ".join(filter(None, [REPEATED if outgoing.repeat else "", escape(outgoing.text)]))
    return slack.share(file, *place_of(outgoing), comment, config)


def place_of(outgoing: Outgoing) -> tuple[str, str]:
    """Channel and thread; the thread of a slash command is the channel alone."""
    where, _, thread = outgoing.thread.partition(":")
    return where or outgoing.to, thread


def _in(thread: str) -> dict[str, str]:
    return {"thread_ts": thread} if thread else {}


def _content(outgoing: Outgoing) -> dict[str, Any]:
    """A customer's words are a text without markup, in which links can be clicked; all else is drawn.

    What stands below such a text is an attachment: blocks would take its place.
    """
    if outgoing.card or outgoing.buttons or outgoing.own:
        return _blocks(outgoing)
    below = [{"blocks": blocks.small(outgoing.below), "fallback": outgoing.below}] if outgoing.below else []
    words = {"text": escape(_marked(outgoing, outgoing.text)), "mrkdwn": False}
    return {**words, "attachments": below} if below else words


def _blocks(outgoing: Outgoing) -> dict[str, Any]:
    card = outgoing.card
    text = _marked(outgoing, outgoing.text or (card.text if card else ""))
    own = outgoing.own if text else _marked(outgoing, outgoing.own)
    if card:
        drawn, summary = blocks.card(card, own, text, outgoing.below), f"{card.title}: {text or own}"
    else:
        aside = blocks.sections if outgoing.private_to else blocks.small  # whose words it is, its reader knows
        under = [*blocks.small(outgoing.below), *blocks.rows(outgoing.buttons)]
        drawn, summary = [*blocks.mention(outgoing.calls), *aside(own), *blocks.sections(text), *under], text or own
    return {"text": escape(summary[:LONGEST_SUMMARY]), "blocks": drawn}


def _marked(outgoing: Outgoing, words: str) -> str:
    return f"{REPEATED} {words}" if outgoing.repeat and words else words


def _fell_out(said: dict[str, Any]) -> bool:
    """Under a deleted post Slack says yes and posts into the channel; only its answer names no thread then
    (slack-go #1571)."""
    message = said.get("message")
    return isinstance(message, dict) and bool(message) and not message.get("thread_ts")


def _answered(where: str, thread: str, config: App) -> bool:
    """Whether a thread has an answer yet: before, Slack shows nobody what is whispered in it."""
    try:
        said = call("conversations.replies", config, query={"channel": where, "ts": thread, "limit": "2"})
    except Refused as failure:
        if failure.outcome is not Outcome.REFUSED:
            raise
        return False
    return len(slack.messages(said)) > 1
