"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from simkyc.errors import InputError

__all__ = ["free_for", "write_whole"]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file; whoever looks sees the old one, or none, until the new one is whole."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def free_for(out: Path, *, force: bool, inputs: tuple[Path | None, ...]) -> None:
    """See that a file may be written, before work is spent on it.

    Args:
        out: The file to write.
        force: Whether one that is there may be replaced.
        inputs: Files that are read, as far as they are named.

    Raises:
        InputError: It is there, is one that is read, or its folder is not there.
    """
    if not force and (out.is_symlink() or out.exists()):
        raise InputError("--out is there already: choose another name, or say --force to replace it")
    if out.exists() and any(one is not None and one.exists() and out.samefile(one) for one in inputs):
        raise InputError("--out names a file that is read: choose another name")
    if not out.absolute().parent.is_dir():
        raise InputError("--out is in a folder that is not there: make it first")
