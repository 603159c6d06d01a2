"""The pictures in the README: drawn from what the laboratory shows, small, and loading nothing."""

from pathlib import Path

import pytest

from tests.pictures import __main__ as pictures
from tests.pictures import slack, story

HOUSE = Path(__file__).parents[1]
MOST = 150_000  # bytes


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return dict(pictures.pages())


def test_the_pages_show_the_story(pages: dict[str, str]) -> None:
    for words in ("Mira Olsen", "assigned to ann", "high priority", "Last time", "// Two left", "👀", "Only visible"):
        assert words in pages["slack"]
    for words in ("Mira Olsen", "assigned to ann", "Please write your answer above this line", "new lid"):
        assert words in pages["mail"]


def test_every_kind_of_block_that_is_posted_is_drawn() -> None:
    kinds = {block["type"] for post in story.thread() for block in post.blocks}
    assert kinds == set(slack.BLOCKS)


def test_nothing_is_loaded_from_elsewhere(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert "http" not in page and "src=" not in page.replace("srcdoc=", "")


def test_each_picture_is_there_and_small_and_shown(pages: dict[str, str]) -> None:
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    drawn = {place.stem: place.stat().st_size for place in pictures.PLACE.glob("*.png")}
    assert drawn.keys() == pages.keys() and max(drawn.values()) < MOST
    for name in drawn:
        assert f"(infra/pictures/{name}.png)" in readme
