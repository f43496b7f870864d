"""The safe-card-use notice (安全用卡告知书): its versioned texts, and pages to print and sign.

>>> text = notice_text("2026-11", "zh-CN")
>>> text.title
'安全用卡告知书'
"""

from __future__ import annotations

from simkyc.notice.html_page import render_html
from simkyc.notice.pdf_page import render_pdf
from simkyc.notice.text import NoticeText, Paragraph, notice_text, versions

__all__ = ["NoticeText", "Paragraph", "notice_text", "render_html", "render_pdf", "versions"]
