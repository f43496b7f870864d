"""A history that a command may open because it is there."""

from __future__ import annotations

from pathlib import Path

from simkyc.errors import InputError

__all__ = ["existing"]


def existing(history: str) -> str:
    """The URL of a history that is there; a preview makes neither a file nor a key.

    An empty file counts as none, for a history would be made in it.
    """
    scheme = "sqlite:///"
    if history.startswith(scheme) and history != f"{scheme}:memory:":
        try:
            there = Path(history.removeprefix(scheme)).stat().st_size > 0
        except (OSError, ValueError):
            there = False
        if not there:
            raise InputError("there is no history at --history: name one that exists, or leave it out")
    if history.startswith("postgresql://"):
        from simkyc.history import history_info

        history_info(history)
    return history
