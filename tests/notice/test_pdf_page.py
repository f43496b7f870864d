"""The PDF, read back: every character is there, is drawn in the form of the mainland, and stands on the page."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from simkyc import InputError, SimkycError
from simkyc.notice import NoticeText, Paragraph, notice_text, pdf_page, render_pdf, versions
from simkyc.notice.hashes import TEXT_SHA256
from simkyc.notice.labels import labels
from simkyc.reasons import Language
from tests.notice.page import Page

A4_PT = (595.28, 841.89)
MARGIN_PT = 18 * 72 / 25.4
CURRENT = versions()[-1]


@pytest.fixture(scope="module")
def chinese() -> Page:
    return Page(render_pdf(notice_text(CURRENT, "zh-CN"), application_id="store-1/0002"))


@pytest.fixture(scope="module")
def installed() -> Iterator[TTFont]:
    with TTFont(pdf_page._font_file(), lazy=True) as font:
        yield font


def of(*lines: str, language: Language = "zh-CN", title: str = "告知书") -> NoticeText:
    return NoticeText("test", language, title, (Paragraph("一", lines),))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(("version", "language"), TEXT_SHA256, ids=" ".join)
def test_every_character_is_drawn_on_one_page(version: str, language: Language) -> None:
    text, said = notice_text(version, language), labels(language)
    page = Page(render_pdf(text, application_id="store-1/0002"))
    assert page.count == 1
    shown = squeezed("".join(line.text for line in page.lines))
    body = [text.title, *(line for part in text.paragraphs for line in (part.heading, *part.lines))]
    assert shown.startswith(squeezed("".join(body)))
    rest = shown.removeprefix(squeezed("".join(body)))
    for words in (*said.signers, said.date, text.version, language, text.sha256, "store-1/0002"):
        assert squeezed(words) in rest
    blank = {character for character in page.drawn if page.ink(character) is None}
    assert blank <= {" "}


@pytest.mark.parametrize(("version", "language"), TEXT_SHA256, ids=" ".join)
def test_every_line_stands_within_the_margins(version: str, language: Language, installed: TTFont) -> None:
    page = Page(render_pdf(notice_text(version, language)))
    widths, advance = installed["hmtx"], {}
    for character in page.drawn:
        advance[character] = widths[f"cid{page.cids[character]:05d}"][0]
    for line in page.lines:
        end = line.x + sum(advance[character] for character in line.text) * line.size / 1000
        assert line.x >= MARGIN_PT
        assert end <= A4_PT[0] - MARGIN_PT + 0.5, line.text
        assert MARGIN_PT / 2 < line.y < A4_PT[1] - MARGIN_PT / 2
        assert line.size >= 7, "smaller print is not read"


def test_lines_break_where_chinese_may(chinese: Page) -> None:
    for line in chinese.lines:
        assert line.text[0] not in "，。、；：？！”’）》", line.text
        assert line.text[-1] not in "“‘（《", line.text
    for number in ("96110", "110"):
        assert any(number in line.text for line in chinese.lines), "a telephone number is not broken"


def test_it_is_drawn_with_the_forms_of_the_mainland(chinese: Page, installed: TTFont) -> None:
    for mark in "，。、；：":
        ink = chinese.ink(mark)
        assert ink is not None
        assert ink[2] < 500, f"{mark} stands in the middle, as in Taiwan"
    taiwan, glyphs = installed.getBestCmap(), installed.getGlyphSet()
    for character in "任禁有":
        pen = RecordingPen()
        glyphs[taiwan[ord(character)]].draw(pen)
        assert character in chinese.drawn
        assert chinese.outline(character) != pen.value, f"{character} has the form of Taiwan"


def test_the_same_page_is_the_same_bytes() -> None:
    text = of("不出租。")
    assert render_pdf(text) == render_pdf(text)
    assert render_pdf(text) != render_pdf(text, application_id="store-1/0002")


def test_only_what_is_drawn_is_embedded(chinese: Page) -> None:
    assert chinese.drawn <= set(chinese.cids)
    assert len(chinese.cids) <= len(chinese.drawn) + 2
    assert len(render_pdf(notice_text(CURRENT, "zh-CN"))) < 200_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (of("😀"), "U+1F600"),
        (of("卡\u200b"), "U+200B"),
        (of("x" * 200), "wider than the page"),
        (of("卡" * 10_000), "longer than one page"),
        (of(*["卡"] * 200), "longer than one page"),
    ],
    ids=[
        "a face",
        "a character without width",
        "an endless word",
        "one endless line",
        "200 lines",
    ],
)
def test_a_text_that_cannot_be_drawn_is_refused(text: NoticeText, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        render_pdf(text)


def test_a_missing_glyph_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """That the tests above can fail: a font without 卡 draws nothing for it."""
    whole = pdf_page._cut_font
    monkeypatch.setattr(pdf_page, "_cut_font", lambda characters, path: whole(characters - {"卡"}, path))
    drawn = Page(render_pdf(of("电话卡"))).drawn
    assert {"电", "话"} <= drawn
    assert "卡" not in drawn


def without_fpdf(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "fpdf", None)


def without_font(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pdf_page, "find_spec", lambda name: None)


@pytest.mark.parametrize("without", [without_fpdf, without_font])
def test_what_is_not_installed_is_named(
    without: Callable[[pytest.MonkeyPatch], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch)
    with pytest.raises(SimkycError, match=re.escape("pip install './simkyc[notice]'")):
        render_pdf(of("不出租。"))
