"""Whether a machine wrote a mail. Automation never answers automation; an agent's out-of-office reply never leaves.

After RFC 3834 and what mail programs really send: https://datatracker.ietf.org/doc/html/rfc3834#section-2
"""

import re
from collections.abc import Collection, Sequence

from chalicelib.mail.values import every, first

LOOP = "X-Shopbell-Loop"  # in all that we send: whose it is

_MACHINE_PRECEDENCE = frozenset({"bulk", "junk", "auto_reply"})
_MACHINE_HEADERS = frozenset(
    {"x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply"}
)
_LIST_HEADERS = frozenset({"mailing-list", "x-mailing-list"})
_MACHINE_SENDER = re.compile(r"mailer-daemon|postmaster|bounces?|.*-bounces?|bounce[+-].*")
_SILENT_SENDER = re.compile(
    r".*(?:no|do-?not|donot|nicht)[._-]?(?:reply|antworten).*|notifications?|alerts?|owner-.*|.*-(?:request|owner)"
)
_SUPPRESSED = frozenset({"oof", "autoreply", "all"})
_AWAY = re.compile(
    r"\s{0,5}(?:automatic (?:reply|response)|auto(?:matic)?[- ]?(?:reply|response|responder)|auto"
    r"|out of (?:the )?office(?: auto(?:matic)?[- ]?reply)?|on (?:vacation|holiday|annual leave)|vacation reply"
    r"|automatische (?:antwort|rückantwort)|abwesenheits(?:notiz|benachrichtigung|nachricht|assistent)|abwesenheit"
    r"|abwesend|nicht im (?:büro|haus)|im urlaub|autoantwort)\s{0,3}(?::|$|[-–—]|\bre\b|\baw\b)",
    re.IGNORECASE,
)
_AWAY_WHOLE = re.compile(r"\s{0,5}(?:out of (?:the )?office|abwesenheitsnotiz|automatische antwort)\b", re.IGNORECASE)


def by_machine(headers: Sequence[tuple[str, str]], *, sender: str = "", subject: str = "") -> bool:
    """Whether nobody wrote this mail: an automatic reply, a bounce, a report.

    `headers` in the order of the mail. What a mailing list adds is no sign of it: an agent may write through one.
    """
    submitted = first(headers, "auto-submitted").split(";")[0].strip().lower()
    precedence = {value.strip().lower() for name in ("precedence", "x-precedence") for value in every(headers, name)}
    return bool(
        (submitted and submitted != "no")
        or precedence & _MACHINE_PRECEDENCE
        or any(name.lower() in _MACHINE_HEADERS for name, _ in headers)
        or "autoresponder" in (value.strip().lower() for value in every(headers, "delivered-to"))
        or first(headers, "return-path").replace(" ", "") == "<>"
        or first(headers, "content-type").lower().lstrip().startswith("multipart/report")
        or _MACHINE_SENDER.fullmatch(_local(sender))
        or _AWAY.match(subject)
        or _AWAY_WHOLE.match(subject)
    )


def automatic(
    headers: Sequence[tuple[str, str]], *, sender: str = "", subject: str = "", ours: Collection[str] = ()
) -> bool:
    """Whether no automatic reply may answer this mail. `ours` are the shop's own addresses, in lower case.

    Beside what machines write: lists, senders that nobody reads, another Shopbell, spam, and mail that asks for none.
    """
    asked = {word.strip().lower() for word in first(headers, "x-auto-response-suppress").split(",")}
    names = {name.lower() for name, _ in headers}
    return bool(
        by_machine(headers, sender=sender, subject=subject)
        or "list" in (value.strip().lower() for value in every(headers, "precedence"))
        or names & _LIST_HEADERS
        or any(name.startswith("list-") for name in names)
        or LOOP.lower() in names
        or asked & _SUPPRESSED
        or first(headers, "x-spam-status").lower().lstrip().startswith("yes")
        or _SILENT_SENDER.fullmatch(_local(sender))
        or sender.lower() in ours
    )


def loop_of(headers: Sequence[tuple[str, str]]) -> str:
    """Whose Shopbell sent this mail, if one did."""
    return first(headers, LOOP.lower()).strip().lower()


def _local(sender: str) -> str:
    return sender.lower().rpartition("@")[0][:64]
