"""The text of HTML mails: what a reader sees, nothing that is hidden, nothing fetched, in no long time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import mail

SLOWEST = 0.5  # CPU seconds for a megabyte


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<p>Hi &amp; hello,</p>\n<p>second&nbsp;one &#128578;</p>", "Hi & hello,\n\nsecond one 🙂"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<ul><li>one<li>two</ul>", "- one\n- two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("above<hr>below", "above\n________________________________\nbelow"),
        ("<pre>a\n  b\n\n c</pre>d", "a\n  b\n\n c\n\nd"),
        ("much   \n  space", "much space"),
        ('<a href="https://x.example/?a=1&amp;b=2">here</a>', "here (https://x.example/?a=1&b=2)"),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
        ('<a href="https://x.example/"><img src="y"></a>', ""),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ('<a href="mailto:a@b.example">write</a>', "write"),
        (
            "wrote:<blockquote>first<br>second<blockquote>third</blockquote></blockquote>mine",
            "wrote:\n\n> first\n> second\n>\n> > third\n\nmine",
        ),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("a<", "a<"),
        ("<<b>x</b>", "<x"),
        ("&bogus; &#99999999; &#x110000;", "&bogus; \ufffd \ufffd"),
        ("<p>nul \x00 and \ud800</p>", "nul \ufffd and \ufffd"),
    ],
)
def test_a_page_reads_as_it_is_seen(page: str, wanted: str) -> None:
    assert mail.text_of(page) == wanted


HIDDEN = [
    "<style>seen</style>",
    "<script>seen()</script>",
    "<script>if (a < b) seen('</p>')</script>",
    "<title>seen</title>",
    "<!-- seen -->",
    "<!--[if mso]><p>seen</p><![endif]-->",
    '<div style="display:none">seen</div>',
    "<div style='color:red; DISPLAY : None'>seen<div>seen</div>seen</div>",
    '<span style="visibility:hidden">seen</span>',
    '<span style="mso-hide:all">seen</span>',
    '<p style="font-size:0px;">seen<p>',
    "<div hidden>seen</div>",
    "<template>seen</template>",
    '<img alt="x" src="https://tracker.example/seen.gif">',
    "<?xml seen?>",
    "<!DOCTYPE seen>",
]


@pytest.mark.parametrize("part", HIDDEN)
def test_what_is_hidden_is_left_out(part: str) -> None:
    assert mail.text_of(f"<p>before</p>{part}<p>after</p>") == "before\n\nafter"


@pytest.mark.parametrize(
    "part",
    [
        '<div class="hidden">shown</div>',
        '<div class="not hidden here">shown</div>',
        '<div style="font-size:0.9em">shown</div>',
        '<div title="display:none">shown</div>',
        '<p style="display:none">no<p>shown</p>',
        "<head><meta charset=utf-8><body>shown</body>",
    ],
)
def test_what_only_looks_hidden_is_kept(part: str) -> None:
    assert "shown" in mail.text_of(f"<p>before</p>{part}")


def test_a_page_with_nothing_but_hidden_text_is_shown() -> None:
    assert mail.text_of('<div style="display:none">all there is</div>') == "all there is"


def test_of_a_huge_page_the_first_million_characters_are_read() -> None:
    assert len(mail.text_of("x" * 3_000_000)) == 1_000_000


HOSTILE = {
    **{name: name * (1_000_000 // len(name)) for name in ("<!--", "<a ", "<", "<![x", "<?x", "&", "&#", "<pre>\n\n")},
    **{name: name * (1_000_000 // len(name)) for name in ("<br>", "<p>", "<blockquote>x", "<li>", "<script>", "x\n")},
    "number": "&#" + "9" * 1_000_000,
    "attributes": "<a " + 'b="c" ' * 160_000 + ">",
    "quotes": "<a " + "\"'" * 500_000 + ">",
    "styles": "<a " + 'style="' * 140_000 + ">",
    "hidden": "<p style='display:none'>x" * 40_000,
    "links": "<a href=http://x>y" * 55_000,
    "spaces": '<p style="display' + " " * 1_000_000 + '">',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_page_takes_long(name: str) -> None:
    began = time.process_time()
    mail.text_of(HOSTILE[name])
    assert time.process_time() - began < SLOWEST


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<", ">", "</", "<!--", "-->", "<p", "<a href=", '"', "'", "&", "&#", ";", "<pre>", "</pre>"])
        | st.sampled_from(
            ["<blockquote>", "</blockquote>", "<div hidden>", "<script>", "style=display:none", "x", "\n"]
        )
        | st.text(max_size=5),
        max_size=60,
    )
)
def test_no_page_makes_it_raise(pieces: list[str]) -> None:
    mail.text_of("".join(pieces)).encode()
