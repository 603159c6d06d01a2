"""Authentication-Results: what the receiving server found is believed, what a sender can write there is not."""

import time

import pytest

from chalicelib import mail

SERVER, AUTHOR = "mx.receiver.example", "mira@customer.example"
SPF = "spf=pass (checked: domain of customer.example allows 192.0.2.25) client-ip=192.0.2.25; envelope-from=m@x.example"
DKIM = "dkim=pass header.i=@customer.example"
DMARC = "dmarc=pass header.from=customer.example"


def proved(*values: str, server: str = SERVER, author: str = AUTHOR) -> bool:
    return mail.authenticated([("Authentication-Results", value) for value in values], server, author)


@pytest.mark.parametrize(
    "value",
    [
        f"{SERVER}; {SPF}; {DKIM}; {DMARC};",
        f"{SERVER}; {DMARC}",
        f"{SERVER.upper()} 1;\t{DMARC.upper()} (p=REJECT (as (published)))",
        f"{SERVER}; dkim=fail header.d=customer.example; {DMARC}",
        f'{SERVER}; {DMARC} policy.dmarc=none; arc=pass smtp.remote-ip="2001:db8::25"',
    ],
)
def test_what_the_authors_domain_sent_is_proved(value: str) -> None:
    assert proved(value)
    assert proved(value, "other.example; dmarc=fail header.from=customer.example")  # of a server on the way


@pytest.mark.parametrize(
    "value",
    [
        "",
        SERVER,
        f"{SERVER}; none",
        f"{SERVER}; {SPF}",  # the envelope proves nothing about the author
        f"{SERVER}; dmarc=fail header.from=customer.example; {DKIM}",
        f"{SERVER}; dmarc=temperror header.from=customer.example; {DKIM}",
        f"{SERVER}; dmarc=bestguesspass header.from=customer.example; {DKIM}",
        f"{SERVER}; dmarc=pass header.from=evil.example",
        f"{SERVER}; dmarc=pass header.from=customer.example.evil.example",
        f"{SERVER}; dmarc=pass",
        f"{SERVER}; dmarc=pass header.from=customer.example header.from=evil.example",
        f"{SERVER}; dmarc=passable header.from=customer.example",
        f"{SERVER}; xdmarc=pass header.from=customer.example",
        f"{SERVER}; dmarc=pass; x=y header.from=customer.example",  # the result of one clause, the domain of another
        f"{SERVER}; dmarc=pass x-header.from=customer.example",
        f"{SERVER}; dmarc=none header.from=customer.example; {DKIM}",  # no policy: any of its hosts may have signed
        f"{SERVER}; {DKIM}",
        f"{SERVER}.evil.example; {DMARC}",
        f"x{SERVER}; {DMARC}",
        f"other.example; {DMARC}",
        f"; {DMARC}",
    ],
)
def test_what_says_less_is_not(value: str) -> None:
    assert not proved(value)


@pytest.mark.parametrize(
    "echoed",
    [
        'spf=pass smtp.mailfrom="a; dmarc=pass header.from=customer.example; b"@evil.example',
        'spf=pass (domain of "a) dmarc=pass (b"@evil.example allows) smtp.mailfrom=a@evil.example',
        "spf=pass (note (x) dmarc=pass header.from=customer.example) x=y",
        "spf=pass (open; dmarc=pass header.from=customer.example",
        "spf=pass envelope-from=a\\;dmarc=pass header.from=customer.example",
        "spf=pass envelope-from=a; dmarc=pass header.from=customer.example; dmarc=fail header.from=customer.example",
        "spf=pass envelope-from=a; dmarc=pass header.from=customer.example; dmarc=pass header.from=evil.example",
    ],
)
def test_a_senders_words_in_a_genuine_header_prove_nothing(echoed: str) -> None:
    assert not proved(f"{SERVER}; {echoed}")


def test_a_header_that_the_sender_wrote_proves_nothing() -> None:
    genuine = f"{SERVER}; dmarc=fail header.from=customer.example"
    forged = f"{SERVER}; {DMARC}"
    assert not proved(genuine, forged)
    assert not proved(forged, genuine)
    assert not proved("other.example; spf=pass", forged)  # below another's: it came in with the mail
    assert not proved(f'{SERVER}; spf=pass smtp.mailfrom="x"@evil.example', forged)
    assert not mail.authenticated([("X-Authentication-Results", forged)], SERVER, AUTHOR)


def test_nobody_is_believed_unless_the_shop_says_whom() -> None:
    assert not proved(f"{SERVER}; {DMARC}", server="")
    assert not proved(f"; {DMARC}", server="")
    assert not proved(f"{SERVER}; {DMARC}", author=f"{AUTHOR}, x@evil.example")


@pytest.mark.parametrize("piece", ["(", "()", "header.i=", "header.i=@", "dkim=pass ", ";", "a=b;"])
def test_hostile_headers_take_no_time(piece: str) -> None:
    began = time.perf_counter()
    for value in (f"{SERVER}; dkim=pass {piece * 400}", f"{SERVER}; {piece * 200_000}"):
        proved(*[value] * 20)
    assert time.perf_counter() - began < 2
