"""What stands on the page beside the text: who signs where, and what identifies the page."""

from __future__ import annotations

from dataclasses import dataclass

from simkyc.notice.text import NoticeText
from simkyc.reasons import Language

__all__ = ["Labels", "footer", "labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of one language around the lines to write on."""

    signers: tuple[str, ...]
    date: str
    version: str
    application: str


_LABELS: dict[Language, Labels] = {
    "zh-CN": Labels(
        ("客户签字", "监护人签字（未成年人）", "代办人、经办人签字（如有）"), "日期", "文本版本", "申请编号"
    ),
    "en": Labels(
        ("Customer's signature", "Guardian's, for a minor", "Representative's, if any"),
        "Date",
        "Text",
        "Application",
    ),
}


def labels(language: Language) -> Labels:
    """The words of a language."""
    return _LABELS[language]


def footer(text: NoticeText, application_id: str) -> tuple[str, ...]:
    """The lines that say which text this is, and for which application where one is given."""
    said = labels(text.language)
    lines = (f"{said.version} {text.version} {text.language}", f"SHA-256 {text.sha256}")
    return (*lines, f"{said.application} {application_id}") if application_id else lines
