"""Mail: raw MIME to a Message and back. Guarded parsing, what is newly written, who wrote it, threads, loops."""

from chalicelib.characters import one_line
from chalicelib.mail.automation import LOOP, automatic, by_machine, loop_of
from chalicelib.mail.compose import Draft, draft, plain_headers, reply_subject
from chalicelib.mail.html import text_of
from chalicelib.mail.message import TOKEN, bare, identity, to_message, tokened
from chalicelib.mail.parse import Mail, content_of, file_name, parse
from chalicelib.mail.posted import from_fields, sorted_out, taken_out
from chalicelib.mail.quotes import MARKER, above_marker, stripped
from chalicelib.mail.raw import raw
from chalicelib.mail.values import Mailbox, addresses, encoded, in_charset, is_address
from chalicelib.mail.verdict import aligned, authenticated, proved

__all__ = [
    "LOOP",
    "MARKER",
    "TOKEN",
    "Draft",
    "Mail",
    "Mailbox",
    "above_marker",
    "addresses",
    "aligned",
    "authenticated",
    "automatic",
    "bare",
    "by_machine",
    "content_of",
    "draft",
    "encoded",
    "file_name",
    "from_fields",
    "identity",
    "in_charset",
    "is_address",
    "loop_of",
    "one_line",
    "parse",
    "plain_headers",
    "proved",
    "raw",
    "reply_subject",
    "sorted_out",
    "stripped",
    "taken_out",
    "text_of",
    "to_message",
    "tokened",
]
