"""Pages in a real browser: what a reader of them sees."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

__all__ = ["BROWSER", "WIDTHS", "browse", "needs_browser", "shown", "writes"]

BROWSER: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed to open the page with")

WIDTHS: Final = pytest.mark.parametrize("width", [375, 1280], ids=["telephone", "desk"])


def writes(language: str) -> bool:
    """Whether a font is installed that the browser can write a language with; of English always."""
    if language == "en":
        return True
    listed = shutil.which("fc-list")
    if listed is None:
        return False
    return bool(subprocess.run([listed, ":lang=zh"], check=True, capture_output=True).stdout.strip())


def browse(folder: Path, *arguments: str) -> str:
    """Run the browser without a screen and without a request of its own; what it writes.

    Args:
        folder: For its profile.
        arguments: What to do, and the page.
    """
    assert BROWSER is not None
    done = subprocess.run(
        [
            BROWSER,
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *("--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars"),
            f"--user-data-dir={folder / 'profile'}",
            *arguments,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return done.stdout.decode()


def shown(page: str, width: int, folder: Path) -> dict[str, Any]:
    """What a page shows in a window of so many pixels.

    Returns:
        `scroll` and `client`, its own width and the window's; `pictures`, how many SVG are seen; `smallest`, of their
        letters in CSS pixels; `over`, by how much the widest text of a group runs over its box; `requests`; `words`.
    """
    # A window cannot be as narrow as a telephone; a frame can. The script runs outside of the page.
    frame = folder / "frame.html"
    frame.write_text(
        f'<body><iframe style="width:{width}px;height:800px;border:0" srcdoc="{html.escape(page)}"></iframe>'
        """<pre></pre><script>
        document.querySelector("iframe").onload = (event) => {
          const page = event.target.contentDocument, all = page.documentElement;
          const seen = [...page.querySelectorAll("svg")].filter((one) => one.getBoundingClientRect().width > 0);
          const smallest = Math.min(...seen.flatMap((one) => [...one.querySelectorAll("text")]).map(
            (one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a));
          const boxes = seen.flatMap((one) => [...one.querySelectorAll("g")].filter(
            (g) => g.querySelector("rect") && g.querySelector("text")));
          const over = Math.max(...boxes.map(
            (g) => g.querySelector("text").getBBox().width - g.querySelector("rect").getBBox().width));
          document.querySelector("pre").textContent = JSON.stringify({
            scroll: all.scrollWidth, client: all.clientWidth, pictures: seen.length, smallest, over,
            requests: page.defaultView.performance.getEntriesByType("resource").length,
            words: page.body.innerText});
        };</script>""",
        encoding="utf-8",
    )
    text = re.search(
        r"<pre>(.*?)</pre>", browse(folder, "--window-size=1400,900", "--dump-dom", frame.as_uri()), re.DOTALL
    )
    assert text is not None
    seen: dict[str, Any] = json.loads(html.unescape(text[1]))
    return seen
