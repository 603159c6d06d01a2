"""Long texts, and mails with all they quote, lie in the bucket: the message as its row holds it, and whole again."""

from chalicelib import files
from chalicelib.models.inbound import Message

LONG_TEXT = 4_000  # bytes; a longer text lies in the bucket, not in the row
EXCERPT = 1_000  # characters of it that stay in the row


def shortened(item: Message) -> Message:
    """The message as its row holds it. Raises one of aws.FAULTS."""
    if item.full:
        item = item.model_copy(update={"full": "", "full_file": files.put_text(f"{item.claim}.full", item.full)})
    if item.text_file or len(item.text.encode()) <= LONG_TEXT:
        return item.model_copy(update={"text": item.text[:EXCERPT]}) if item.text_file else item
    return item.model_copy(update={"text": item.text[:EXCERPT], "text_file": files.put_text(item.claim, item.text)})


def whole(item: Message) -> Message:
    """The message with all of its text. Raises one of aws.FAULTS."""
    return item.model_copy(update={"text": files.get(item.text_file).decode()}) if item.text_file else item
