"""The HTML page: parsed, and printed by a browser where there is one."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from simkyc.notice import NoticeText, Paragraph, notice_text, render_html
from simkyc.notice.hashes import TEXT_SHA256
from simkyc.notice.labels import labels
from simkyc.reasons import Language
from tests.browser import browse, needs_browser, writes

TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "span", "i", "footer", "br"}


class Shown(HTMLParser):
    """What stands on a page: its tags, their attributes, and the text of each element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.mark.parametrize(("version", "language"), TEXT_SHA256, ids=" ".join)
def test_all_of_it_stands_on_the_page(version: str, language: Language) -> None:
    text, said = notice_text(version, language), labels(language)
    shown = Shown(render_html(text, application_id="store-1/0002"))
    for part in text.paragraphs:
        assert {part.heading, *part.lines} <= set(shown.texts)
    assert {text.title, *said.signers, said.date, f"SHA-256 {text.sha256}"} <= set(shown.texts)
    assert any(line.endswith("store-1/0002") for line in shown.texts)
    assert shown.texts.count(said.date) == len(said.signers)
    assert shown.attributes["lang"] == {language}


@pytest.mark.parametrize(("version", "language"), TEXT_SHA256, ids=" ".join)
def test_it_asks_no_other_machine(version: str, language: Language) -> None:
    page = render_html(notice_text(version, language))
    shown = Shown(page)
    assert shown.tags <= TAGS
    assert set(shown.attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "default-src 'none'; style-src 'unsafe-inline'" in shown.attributes["content"]
    assert not re.search(r"url\(|@import|//", page)


def test_what_looks_like_markup_is_text() -> None:
    evil = "</p><script>alert(\"1\")</script><img src=x onerror='y'>&amp;"
    text = NoticeText(evil, "en", evil, (Paragraph(evil, (evil,)),))
    shown = Shown(render_html(text, application_id=evil))
    assert shown.tags <= TAGS
    assert shown.texts.count(evil) == 4  # title twice, heading, line
    assert sum(evil in line for line in shown.texts) == 6  # version and application at the foot


@needs_browser
@pytest.mark.parametrize(("version", "language"), TEXT_SHA256, ids=" ".join)
def test_a_browser_prints_it_on_one_sheet(version: str, language: Language, tmp_path: Path) -> None:
    if not writes(language):
        pytest.skip("no Chinese font is installed to print the page with")
    page = tmp_path / "notice.html"
    page.write_text(
        render_html(notice_text(version, language), application_id="store-1/0002"), encoding="utf-8"
    )
    printed, seen = tmp_path / "notice.pdf", tmp_path / "notice.png"
    sheet = ("--window-size=794,1123", "--no-pdf-header-footer")
    browse(tmp_path, *sheet, f"--print-to-pdf={printed}", page.as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1
    assert re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]", printed.read_bytes()) in (
        [(b"594", b"841")],
        [(b"595", b"841")],
        [(b"595", b"842")],
    )
    browse(tmp_path, *sheet, f"--screenshot={seen}", page.as_uri())
    with Image.open(seen) as picture:
        grey = picture.convert("L")
    dark = sum(grey.histogram()[:128]) / (grey.width * grey.height)
    assert 0.02 < dark < 0.2, "a sheet of text is neither white nor black"
