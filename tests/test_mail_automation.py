"""What machines write, what asks for silence, and what is a person's; whether a sender is who he says."""

import pytest

from chalicelib import mail

MACHINES = [
    [("Auto-Submitted", "auto-replied")],
    [("auto-submitted", "Auto-Generated; owner-email=x")],
    [("Precedence", "bulk")],
    [("Precedence", "JUNK")],
    [("X-Precedence", "auto_reply")],
    [("X-Autoreply", "yes")],
    [("X-Autorespond", "")],
    [("X-Autoresponder", "1")],
    [("Delivered-To", "Autoresponder")],
    [("Return-Path", "<>")],
    [("Return-Path", "< >")],
    [("Content-Type", "multipart/report; report-type=delivery-status")],
]
SILENT = [
    [("Precedence", "list")],
    [("List-Id", "<news.shop.example>")],
    [("List-Unsubscribe", "<mailto:x@y.example>")],
    [("List-Post", "NO")],
    [("Mailing-List", "contact x")],
    [("X-Auto-Response-Suppress", "DR, OOF")],
    [("X-Auto-Response-Suppress", "all")],
    [("X-Auto-Response-Suppress", "AutoReply")],
    [("X-Spam-Status", "Yes, score=9")],
    [("X-Shopbell-Loop", "service@other.example")],
]
PEOPLE = [
    [],
    [("Auto-Submitted", "no")],
    [("Precedence", "first-class")],
    [("X-Auto-Response-Suppress", "DR, NDR, RN, NRN")],
    [("Return-Path", "<mira@customer.example>"), ("Return-Path", "<>")],
    [("X-Spam-Status", "No"), ("X-Spam-Status", "Yes")],
    [("Content-Type", "multipart/mixed; boundary=report")],
]


@pytest.mark.parametrize("headers", MACHINES)
def test_a_machine_wrote_it(headers: list[tuple[str, str]]) -> None:
    assert mail.by_machine(headers)
    assert mail.automatic(headers)


@pytest.mark.parametrize("headers", SILENT)
def test_silence_though_a_person_may_have_written_it(headers: list[tuple[str, str]]) -> None:
    assert mail.automatic(headers)
    assert not mail.by_machine(headers)


@pytest.mark.parametrize("headers", PEOPLE)
def test_a_person_wrote_it(headers: list[tuple[str, str]]) -> None:
    assert not mail.automatic(headers, sender="mira@customer.example", subject="Re: Order")


@pytest.mark.parametrize("local", ["mailer-daemon", "Postmaster", "bounce", "bounces", "bounce+x", "shop-bounces"])
def test_senders_that_are_machines(local: str) -> None:
    assert mail.by_machine([], sender=f"{local}@b.example")


@pytest.mark.parametrize(
    "local",
    [
        *("noreply", "no-reply", "No_Reply", "donotreply", "do-not-reply", "orders-noreply", "nicht-antworten"),
        *("notification", "notifications", "alerts", "owner-list", "list-request", "list-owner"),
    ],
)
def test_senders_that_nobody_reads(local: str) -> None:
    assert mail.automatic([], sender=f"{local}@b.example")
    assert not mail.by_machine([], sender=f"{local}@b.example")


@pytest.mark.parametrize("local", ["mira", "nora.reply", "bouncer.joe", "notify-me-please", "owner", "requests", ""])
def test_senders_that_are_people(local: str) -> None:
    assert not mail.automatic([], sender=f"{local}@b.example")


def test_our_own_addresses_are_never_answered() -> None:
    assert mail.automatic([], sender="Service@shop.example", ours={"service@shop.example"})


@pytest.mark.parametrize(
    "subject",
    [
        *("Automatic reply: Order", "AUTO: away", "Out of Office: hi", "Out of office Re: x", "Autoreply"),
        *("Auto-Reply: x", "Out of the office: x", "Automatic response: x", "Automatische Antwort: Bestellung"),
        *("Abwesenheitsnotiz", "Abwesend: bis Montag", "Abwesenheit - Urlaub", "Nicht im Büro: bis 3.3.", "Im Urlaub"),
    ],
)
def test_out_of_office_by_its_subject(subject: str) -> None:
    assert mail.by_machine([], subject=subject)


@pytest.mark.parametrize(
    "subject",
    ["Re: Automatic reply: x", "Automatic door broken", "Auto parts", "Abwesend bin ich nie", "", "Im Urlaub geht es"],
)
def test_a_subject_that_is_a_persons(subject: str) -> None:
    assert not mail.by_machine([], subject=subject)


# ---- whether the sender is proved -------------------------------------------------------------------------------

FROM_OUTSIDE = ("Received", "from mail.customer.example by relay.example")
SPF = 'pass (customer.example: allowed) receiver=relay; identity=mailfrom; envelope-from="{}"; helo=x; client-ip=::1'
OLD_SPF = "Pass (sender SPF authorized) identity=mailfrom; client-ip=192.0.2.1; helo=x; envelope-from={}; receiver=y"
ME = "mira@customer.example"


def checked(tests: str, spf: str = "") -> list[tuple[str, str]]:
    return [
        ("Received", "by relay.example (from userid 9)"),
        ("X-Spam-Tests", tests),
        ("Received-SPF", spf),
        FROM_OUTSIDE,
    ]


@pytest.mark.parametrize(
    "headers",
    [
        checked("DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU"),
        checked("DKIM_SIGNED,\tDKIM_VALID_AU,\n\tHTML_MESSAGE"),
        checked("SPF_PASS", SPF.format(ME)),
        checked("SPF_PASS", OLD_SPF.format(ME)),
        checked("SPF_HELO_PASS, SPF_PASS", SPF.format("bounce-17@mail.Customer.example")),
        [("X-Spam-Tests", "DKIM_VALID_AU"), ("MIME-Version", "1.0")],
    ],
)
def test_a_proved_sender(headers: list[tuple[str, str]]) -> None:
    assert mail.proved(headers, ME)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        checked(""),
        checked("DKIM_SIGNED,DKIM_VALID"),
        checked("DKIM_VALID_AUX,T_DKIM_VALID_AU"),
        checked("SPF_PASS"),
        checked("SPF_HELO_PASS", SPF.format(ME)),
        checked("SPF_PASS", SPF.format("evil@evil.example")),
        checked("SPF_PASS", SPF.format("evil@evilcustomer.example")),
        checked("SPF_PASS", SPF.format(ME).replace("pass", "softfail", 1)),
        checked("SPF_PASS", SPF.format(ME).replace("mailfrom", "helo")),
        checked("SPF_PASS", SPF.format("evil@evil.example").replace("helo=x", f"helo=x; envelope-from={ME}")),
        checked("SPF_PASS", OLD_SPF.format("evil@evil.example").replace("helo=x", f"helo=x; envelope-from={ME}")),
        checked("SPF_PASS", SPF.format("evil@evil.example").replace("allowed", f"envelope-from={ME};")),
        checked("SPF_PASS", SPF.format(f'x";envelope-from={ME}')),
        [("X-Spam-Tests", "NONE"), ("X-Spam-Tests", "DKIM_VALID_AU")],
        [FROM_OUTSIDE, ("X-Spam-Tests", "DKIM_VALID_AU")],
        [FROM_OUTSIDE, *checked("DKIM_VALID_AU")],
        [("Received", "by relay"), ("X-Spam-Tests", "SPF_PASS"), FROM_OUTSIDE, ("Received-SPF", SPF.format(ME))],
    ],
)
def test_a_sender_that_is_not_proved(headers: list[tuple[str, str]]) -> None:
    assert not mail.proved(headers, ME)


@pytest.mark.parametrize("author", ["", "mira", "a b@customer.example", f"{ME}, evil@evil.example", f"<{ME}>"])
def test_no_address_no_proof(author: str) -> None:
    assert not mail.proved(checked("DKIM_VALID_AU"), author)


@pytest.mark.parametrize(
    ("domain", "other", "wanted"),
    [
        ("a.example", "a.example", True),
        ("mail.a.example", "A.example", True),
        ("a.example", "mail.a.example", True),
        ("aa.example", "a.example", False),
        ("b.a.example", "c.a.example", False),
        ("example", "a.example", False),
        ("", "", False),
        ("", "a.example", False),
    ],
)
def test_alignment(domain: str, other: str, wanted: bool) -> None:
    assert mail.aligned(domain, other) is wanted
