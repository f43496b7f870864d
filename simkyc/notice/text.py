"""The texts, as data in `texts/<version>.<language>.toml`, and the hash that stands for one.

>>> versions()
('2026-11',)
>>> notice_text("2026-11", "en").sha256 == TEXT_SHA256["2026-11", "en"]
True
"""

from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from simkyc.errors import InputError
from simkyc.notice.hashes import TEXT_SHA256
from simkyc.reasons import Language

__all__ = ["NoticeText", "Paragraph", "notice_text", "versions"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A heading and the lines under it."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class NoticeText:
    """What a customer reads and signs, in one version and language.

    Attributes:
        version: The version, as the policy and an application name it.
        language: `zh-CN` or `en`.
        title: The title.
        paragraphs: What is told, and last the declaration of whoever signs.
    """

    version: str
    language: Language
    title: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def canonical(self) -> str:
        """The text whose hash is signed: version and language, the title, each heading, each line; NFC, a line each."""
        lines = [f"{self.version} {self.language}", self.title]
        for paragraph in self.paragraphs:
            lines += [paragraph.heading, *paragraph.lines]
        return unicodedata.normalize("NFC", "\n".join(lines) + "\n")

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of `canonical` in UTF-8, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()


def versions() -> tuple[str, ...]:
    """Every version there is a text of, the oldest first."""
    return tuple(dict.fromkeys(version for version, _ in TEXT_SHA256))


def notice_text(version: str, language: Language) -> NoticeText:
    """The text of a version in a language.

    Raises:
        InputError: There is no such version, or not in this language.
    """
    if (version, language) not in TEXT_SHA256:
        known = ", ".join(" ".join(key) for key in TEXT_SHA256)
        raise InputError(f"there is no notice of this version in this language: choose one of {known}")
    file = resources.files("simkyc.notice").joinpath(f"texts/{version}.{language}.toml")
    fields = tomllib.loads(file.read_text(encoding="utf-8"))
    paragraphs = tuple(
        Paragraph(part["heading"], tuple(part["text"].strip().splitlines())) for part in fields["paragraphs"]
    )
    return NoticeText(version, language, fields["title"], paragraphs)
