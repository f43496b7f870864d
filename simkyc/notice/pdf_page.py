"""The notice as one PDF page, drawn by fpdf2 with glyphs of Noto Sans CJK.

The font that pip can install is the one for Taiwan, but it holds the forms of the mainland too, behind the OpenType
feature `locl`: without it 骨, 任 and the comma look foreign. For simplified Chinese `locl` replaces one glyph by one,
so the character map of a subset is rewritten with it, and fpdf2 needs no shaping engine. It embeds that subset alone.

Lines are broken here, because fpdf2 breaks Chinese either nowhere or anywhere: no line begins with a closing mark or
ends with an opening one, and Latin words and numbers stay whole.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from simkyc.errors import InputError, SimkycError
from simkyc.notice.labels import footer, labels
from simkyc.notice.text import NoticeText

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

__all__ = ["render_pdf"]

_INSTALL = "a PDF needs simkyc's extra notice: pip install './simkyc[notice]' from a clone"
_FONT_PACKAGE = "cvttf_NotoSansCJK_Regular"

_MARGIN_MM = 18.0
_BOTTOM_MM = 283.0
"""Nothing stands below; printers leave the edge of a sheet white."""
_TITLE_PT, _HEADING_PT, _BODY_PT, _FOOT_PT = 17.0, 11.0, 10.5, 7.0
_SCALES = (1.0, 0.95, 0.9, 0.85, 0.8)
"""The largest print with which all of it stands on one page is taken."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of making, so that the same page is the same bytes; what counts is when it is signed."""

_UNBREAKABLE = re.compile(
    r"[“‘（《〈]*(?:[^\s“”‘’（）《》〈〉\u3000-\u9fff\uff00-\uffef]+|\S)[，。、；：？！”’）》〉]*\s*"
)
"""A Latin word or one other character, with the marks that must not leave it and the spaces behind it."""


def render_pdf(text: NoticeText, *, application_id: str = "") -> bytes:
    """The page as PDF, with lines to sign on. The same arguments give the same bytes.

    Args:
        text: Which text.
        application_id: The application it is signed for, printed at the foot where it is given.

    Raises:
        InputError: The text has a character that the font does not, or is longer than a page of A4.
        SimkycError: fpdf2 or the font is not installed.
    """
    try:
        from fpdf import FPDF
    except ImportError:
        raise SimkycError(_INSTALL) from None

    with tempfile.TemporaryDirectory() as folder:  # fpdf2 reads a font from a file, until it is done
        font = Path(folder) / "notice.otf"
        _cut_font(_characters(text, application_id), font)
        for scale in _SCALES:
            pdf = FPDF(format="A4")
            pdf.set_creation_date(_EPOCH)
            pdf.set_title(text.title)
            pdf.set_lang(text.language)
            pdf.set_margin(_MARGIN_MM)
            pdf.set_auto_page_break(False)
            pdf.add_font("notice", fname=font)
            pdf.add_page()
            with closing(cast("TTFFont", pdf.fonts["notice"]).ttfont):
                _draw(pdf, text, application_id, scale)
                if pdf.get_y() <= _BOTTOM_MM:
                    return bytes(pdf.output())
    raise InputError("the text is longer than one page of A4: shorten it")


def _characters(text: NoticeText, application_id: str) -> set[str]:
    said = labels(text.language)
    body = (line for paragraph in text.paragraphs for line in (paragraph.heading, *paragraph.lines))
    return set("".join((text.title, *body, *said.signers, said.date, *footer(text, application_id))))


def _cut_font(characters: set[str], path: Path) -> None:
    """Write the font cut down to these characters, in the forms of simplified Chinese."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    with TTFont(_font_file(), lazy=True) as font:
        glyphs, local = font.getBestCmap(), _simplified_forms(font)
        wanted = {ord(character) for character in characters}
        missing = sorted(wanted - glyphs.keys())
        if missing:
            raise InputError(
                f"the font has no glyph for {', '.join(f'U+{code:04X}' for code in missing[:5])}"
            )
        for table in font["cmap"].tables:
            if table.isUnicode() and table.format != 14:  # 14 lists variants that a text asks for by itself
                table.cmap = {
                    code: local.get(glyph, glyph) for code, glyph in table.cmap.items() if code in wanted
                }
        cut = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
        cut.populate(unicodes=wanted)
        cut.subset(font)
        font.save(path)


def _font_file() -> Path:
    """The font's file, found without importing its package."""
    spec = find_spec(_FONT_PACKAGE)
    files = sorted(Path(spec.origin).parent.glob("*.otf")) if spec and spec.origin else []
    if not files:
        raise SimkycError(_INSTALL)
    return files[0]


def _simplified_forms(font: TTFont) -> dict[str, str]:
    """Glyph to glyph: what `locl` of the Han script in simplified Chinese replaces."""
    table = font["GSUB"].table
    han = next(record.Script for record in table.ScriptList.ScriptRecord if record.ScriptTag == "hani")
    language = next(record.LangSys for record in han.LangSysRecord if record.LangSysTag == "ZHS ")
    features = [table.FeatureList.FeatureRecord[place] for place in language.FeatureIndex]
    lookups = [
        place
        for record in features
        if record.FeatureTag == "locl"
        for place in record.Feature.LookupListIndex
    ]
    forms: dict[str, str] = {}
    for place in lookups:
        for part in table.LookupList.Lookup[place].SubTable:
            forms |= getattr(part, "ExtSubTable", part).mapping
    return forms


def _draw(pdf: FPDF, text: NoticeText, application_id: str, scale: float) -> None:
    said = labels(text.language)
    _write(pdf, text.title, _TITLE_PT * scale, align="C", strong=True)
    for paragraph in text.paragraphs:
        pdf.ln(2.4 * scale)
        _write(pdf, paragraph.heading, _HEADING_PT * scale, strong=True)
        for line in paragraph.lines:
            _write(pdf, line, _BODY_PT * scale)
    pdf.set_font_size(_BODY_PT * scale)
    for signer in said.signers:
        pdf.ln(5 * scale)
        _sign_here(pdf, signer, said.date)
    pdf.ln(4 * scale)
    for line in footer(text, application_id):
        _write(pdf, line, _FOOT_PT)


def _write(pdf: FPDF, text: str, size_pt: float, *, align: str = "L", strong: bool = False) -> None:
    """Write lines of 1.5 times their size; `strong` thickens the strokes, for the font has one weight."""
    from fpdf.enums import TextMode

    pdf.set_font("notice", size=size_pt)
    mode = TextMode.FILL_STROKE if strong else TextMode.FILL
    with pdf.local_context(text_mode=mode, line_width=size_pt / 35):  # in points, where it is a text's
        for line in _lines(pdf, text):
            pdf.cell(pdf.epw, size_pt * 1.5 * 25.4 / 72, line, align=align, new_x="LMARGIN", new_y="NEXT")


def _lines(pdf: FPDF, text: str) -> Iterator[str]:
    room_mm = pdf.epw - 2 * pdf.c_margin
    line = ""
    for part in _UNBREAKABLE.findall(text):
        if pdf.get_string_width(part.rstrip()) > room_mm:
            raise InputError("the text has a word that is wider than the page")
        if line and pdf.get_string_width((line + part).rstrip()) > room_mm:
            yield line.rstrip()
            line = ""
        line += part
    yield line.rstrip()


def _sign_here(pdf: FPDF, signer: str, date: str) -> None:
    """A label and a line to sign on, a label and a line for the date."""
    height_mm, date_mm = 6.0, 35.0
    pdf.set_line_width(0.2)
    for label, end_mm in ((signer, pdf.w - _MARGIN_MM - date_mm - 20), (date, pdf.w - _MARGIN_MM)):
        pdf.cell(pdf.get_string_width(label) + 2 * pdf.c_margin, height_mm, label)
        pdf.line(pdf.get_x() + 1, pdf.get_y() + height_mm, end_mm, pdf.get_y() + height_mm)
        pdf.set_x(end_mm + 3)
    pdf.ln(height_mm)
