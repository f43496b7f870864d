"""SHA-256 of every published text of the notice: a constant, so that checks compare with it and read no file.

A text that somebody may have signed never changes. Another wording is another version, with a line of its own here.
"""

from __future__ import annotations

from collections.abc import Mapping

from simkyc.reasons import Language

__all__ = ["TEXT_SHA256"]

TEXT_SHA256: Mapping[tuple[str, Language], str] = {
    ("2026-11", "zh-CN"): "669a9cc57ad2a9418767447d2866275f11d1397b888c9badb10073cf48c0987e",
    ("2026-11", "en"): "df03583e2d988b8f28bb12e3a15c22342671c38a0ba4412d11c21e615641abce",
}
"""Version and language to hash, the oldest version first."""
