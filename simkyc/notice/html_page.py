"""The notice as one HTML page: it prints on one sheet of A4 and asks no other machine for anything."""

from __future__ import annotations

from html import escape

from simkyc.notice.labels import footer, labels
from simkyc.notice.text import NoticeText, Paragraph

__all__ = ["render_html"]

_STYLE = """
@page { size: A4; margin: 13mm 18mm; }
* { box-sizing: border-box; }
html { background: #fff; color: #000; }
body { max-width: 174mm; margin: 0 auto; font: 10pt/1.45 "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC",
  "PingFang SC", "Microsoft YaHei", "Noto Sans CJK TC", sans-serif; }
body:lang(en) { font: 9.5pt/1.35 "Noto Sans", "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 17pt; text-align: center; margin: 0 0 3mm; }
h2 { font-size: 11pt; margin: 2.6mm 0 0.6mm; break-after: avoid; }
p { margin: 0; overflow-wrap: anywhere; text-align: justify; }
p:lang(en) { text-align: left; }
.sign { display: flex; gap: 4mm; align-items: flex-end; margin-top: 7mm; break-inside: avoid; }
.sign i { flex: 2; border-bottom: 1px solid; }
.sign i:last-child { flex: 1; }
footer { margin-top: 5mm; font-size: 7.5pt; color: #444; overflow-wrap: anywhere; }
@media screen { body { padding: 6mm 4mm; } }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Whatever a page may come to hold, the browser loads nothing."""


def render_html(text: NoticeText, *, application_id: str = "") -> str:
    """The page as HTML, with lines to sign on.

    Args:
        text: Which text; any character in it is shown as itself.
        application_id: The application it is signed for, printed at the foot where it is given.
    """
    said = labels(text.language)
    signed = "".join(
        f'<div class="sign"><span>{escape(signer)}</span><i></i><span>{escape(said.date)}</span><i></i></div>\n'
        for signer in said.signers
    )
    foot = "<br>\n".join(escape(line) for line in footer(text, application_id))
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(text.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(text.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(text.title)}</h1>\n{''.join(map(_paragraph, text.paragraphs))}{signed}"
        f"<footer>{foot}</footer>\n</body>\n</html>\n"
    )


def _paragraph(paragraph: Paragraph) -> str:
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in paragraph.lines)
    return f"<h2>{escape(paragraph.heading)}</h2>\n{lines}"
