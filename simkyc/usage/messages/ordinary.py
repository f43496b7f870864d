"""Ordinary messages that simkyc brings along, for training: written for it, and sent by nobody."""

from __future__ import annotations

import tomllib
from importlib import resources

__all__ = ["ordinary_texts"]


def ordinary_texts() -> tuple[str, ...]:
    """All of `ordinary.toml`, in its order."""
    file = tomllib.loads(
        (resources.files("simkyc.usage.messages") / "ordinary.toml").read_text(encoding="utf-8")
    )
    return tuple(text for texts in file["texts"].values() for text in texts)
