"""`make pictures`: draws infra/pictures/*.png anew. Needs Chromium; nothing else does."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.pictures import inbox, slack, story

PLACE = Path(__file__).parents[2] / "infra" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SCALE = 1.1
MEASURE = """<script>addEventListener("load", () => setTimeout(() => {
  const { offsetWidth, offsetHeight } = document.querySelector("main");
  document.body.dataset.size = [offsetWidth + 24, offsetHeight + 24];
}, 200))</script>"""


def main() -> int:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("Pictures are drawn by Chromium, which is not installed.", file=sys.stderr)
        return 1
    for name, page in pages().items():
        draw(browser, page, PLACE / f"{name}.png")
        print(f"drew {name}.png, {(PLACE / f'{name}.png').stat().st_size / 1000:.0f} kB")
    return 0


def pages() -> Mapping[str, str]:
    """The pages that are drawn, by the picture's name."""
    return {"slack": slack.page(story.thread(), "front"), "mail": inbox.page(story.mail())}


def draw(browser: str, page: str, picture: Path) -> None:
    """A page as a picture of just its size: it is loaded once to be measured, and once more."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "page.html"
        place.write_text(page + MEASURE, encoding="utf-8")
        quiet = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}",
        ]
        wait = "--virtual-time-budget=2000"
        seen = subprocess.run([*quiet, wait, "--dump-dom", place.as_uri()], capture_output=True, text=True, check=True)
        size = re.search(r'data-size="(\d+),(\d+)"', seen.stdout)
        assert size, "the page was not measured"
        how = [f"--window-size={size[1]},{size[2]}", f"--force-device-scale-factor={SCALE}", f"--screenshot={picture}"]
        subprocess.run([*quiet, wait, *how, place.as_uri()], capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
