"""Files: agents' from Slack, customers' into a thread.

https://docs.slack.dev/messaging/working-with-files (scopes files:read and files:write)
"""

from typing import Any

from chalicelib import api, download
from chalicelib.errors import Outcome, SendFailed
from chalicelib.models import Attachment, Content, Outgoing, current
from chalicelib.providers.slack.calls import call
from chalicelib.providers.slack.config import Config
from chalicelib.providers.slack.posts import REPEATED, escape, place_of

HOSTS = ("files.slack.com",)
LARGEST = 1_000_000_000  # bytes


def share(outgoing: Outgoing, file: Content, config: Config) -> str:
    """Share a file in a thread: only the last of three calls is seen by anybody. Returns the file's id."""
    with api.repeatable():
        place = call("files.getUploadURLExternal", config, form={"filename": file.name, "length": len(file.data)})
        target = download.allowed(str(place.get("upload_url")), HOSTS, download.moved(config))
        api.refuse(api.call("POST", target.url, body=file.data), "Slack: the file was not taken")
    where, thread = place_of(outgoing)
    shared: dict[str, Any] = {"files": [{"id": place.get("file_id"), "title": file.name}], "channel_id": where}
    shared |= {"thread_ts": thread} if thread else {}
    comment = " ".join(filter(None, [REPEATED if outgoing.repeat else "", escape(outgoing.text)]))
    shared |= {"initial_comment": comment} if comment else {}
    call("files.completeUploadExternal", config, json=shared)
    return str(place.get("file_id"))


def fetch(attachment: Attachment, config: Config, limit: int) -> Content:
    """A file that an agent added. Where the app lacks the scope for it, Slack shows a page to log in."""
    headers = {"Authorization": f"Bearer {current(config.bot_token)}"}
    own = download.moved(config)
    answer = download.get(attachment.reference, hosts=HOSTS, own=own, limit=limit, headers=headers)
    page = answer.headers.get("content-type", "").startswith("text/html")
    if page and not attachment.type.startswith("text/html"):
        raise SendFailed("Slack does not hand it out; the app needs the scope files:read", Outcome.REFUSED)
    return download.content(attachment, answer)
