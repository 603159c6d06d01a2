"""A mail that its provider posts as a form: whole, or read into fields, with its files beside them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from chalicelib.characters import one_line
from chalicelib.errors import Unreadable
from chalicelib.mail.html import text_of
from chalicelib.mail.parse import Mail, content_of, file_name, parse
from chalicelib.models.inbound import Attachment
from chalicelib.models.outbound import Content
from chalicelib.webhook import Part

MOST_FILES = 200


def sorted_out(fields: Sequence[Part], file: re.Pattern[str]) -> tuple[dict[str, bytes], list[Part]]:
    """The texts of a form by name, of each the last; and its files, whose names are like `file`."""
    texts = {field.name: field.content for field in fields if not file.fullmatch(field.name)}
    return texts, [field for field in fields if file.fullmatch(field.name)]


def from_fields(head: bytes, text: str, page: str, files: Sequence[Part], shown: Collection[str]) -> Mail:
    """The mail of these headers, words and files; of the files `shown`, by their fields' names, stand in the page."""
    return replace(
        parse(head),
        text=text.replace("\r\n", "\n") if text.strip() else text_of(page),
        attachments=tuple(_attachment(file, file.name in shown) for file in files[:MOST_FILES]),
    )


def taken_out(whole: bytes, files: Sequence[Part], number: int) -> Content:
    """A file of a mail that came whole, or else as one of `files`. Raises Unreadable where there is none such."""
    if whole:
        return content_of(whole, number)
    if number >= len(files):
        raise Unreadable("a mail without this file")
    about = _attachment(files[number], False)
    return Content(name=about.name, type=about.type, data=files[number].content)


def _attachment(file: Part, inline: bool) -> Attachment:
    type_ = one_line(file.type, 100)
    return Attachment(name=file_name(file.file_name), type=type_, size=len(file.content), inline=inline)
