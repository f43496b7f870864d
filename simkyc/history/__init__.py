"""What is remembered: every verdict, every opening, every allocated SIM.

`open_history` gives a `History`; nothing here loads a database until it is called.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from simkyc.errors import InputError

if TYPE_CHECKING:
    from simkyc.history.protocol import History

__all__ = ["open_history"]

ADVICE = "give sqlite:///relative.db, sqlite:////absolute.db, or sqlite:// for one in memory"

LONGEST_WAIT_S = 3600.0


def open_history(url: str, *, secret: bytes | str | None = None, lock_timeout_s: float = 5.0) -> History:
    """Open a history, making a new one where there is none yet.

    A SQLite file serves the threads and processes of one machine. On a network share its locks cannot be
    trusted, so machines never share one.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, or `sqlite://` for one in memory that
            the threads of this process share and that ends with it.
        secret: What the keyed hashes are made with, at least 16 bytes; text counts as UTF-8. Without it
            the environment variable SIMKYC_SECRET holds it as text, or else a key file that is made
            beside a new database (`kyc.db.key`). A history in memory draws its own.
        lock_timeout_s: Longest wait in seconds for another writer, at most an hour.

    Raises:
        InputError: The URL, the secret or the timeout cannot be what it claims.
        HistorySecretError: Another secret wrote this history, or its key file is gone.
        HistoryVersionError: Another schema version of simkyc wrote it.
        HistoryFormatError: What is there is no history, or is damaged.
        HistoryLockedError: Another process held it longer than the timeout.
        HistoryReadOnlyError: There is none yet, and none can be written.
        HistoryFullError: There is none yet, and no space for one.
        HistoryError: It cannot be reached, as when its folder is missing.
    """
    path = _sqlite_path(url)
    if not isinstance(lock_timeout_s, int | float) or not 0 <= lock_timeout_s <= LONGEST_WAIT_S:
        raise InputError(f"lock_timeout_s must be 0 to {LONGEST_WAIT_S:g} seconds")
    from simkyc.history.secret import given_secret
    from simkyc.history.sqlite import SqliteHistory

    return SqliteHistory(path, given_secret(secret), float(lock_timeout_s))


def _sqlite_path(url: str) -> Path | None:
    """The file that a URL names; None for one in memory. Messages never repeat the URL: it may hold a password."""
    if not isinstance(url, str):
        raise InputError(f"the history must be a URL as text: {ADVICE}")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme != "sqlite":
        if scheme in {"postgresql", "postgres"} or scheme.startswith("postgresql+"):
            raise InputError(f"this simkyc keeps no history in PostgreSQL yet: {ADVICE}")
        raise InputError(f"no history is kept under this kind of URL: {ADVICE}")
    if rest in {"", "/:memory:"}:
        return None
    if not rest.startswith("/"):
        raise InputError(
            f"a SQLite URL has three slashes before a relative path and four before an absolute one: {ADVICE}"
        )
    path = rest.removeprefix("/")
    if not path:
        raise InputError(f"the SQLite URL names no file: {ADVICE}")
    if "?" in path or "\0" in path or not path.isprintable():
        raise InputError(f"a SQLite URL is a path and nothing else: {ADVICE}")
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        raise InputError(f"the SQLite URL names no path that can be: {ADVICE}") from None
