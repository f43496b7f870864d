"""What is remembered: every verdict, every opening, every allocated SIM.

`open_history` gives a `History`; nothing here loads a database until it is called.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simkyc.errors import HistoryFormatError, HistoryVersionError, InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from simkyc.history.postgresql import PostgresHistory
    from simkyc.history.sql import SqlSchema
    from simkyc.history.sqlite import SqliteHistory

__all__ = ["HistoryInfo", "existing_history", "history_info", "open_history", "upgrade_history"]

ADVICE = (
    "give sqlite:///relative.db, sqlite:////absolute.db, sqlite:// for one in memory, "
    "or postgresql://user:password@host/database"
)

LONGEST_WAIT_S = 3600.0
MAINTENANCE_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class HistoryInfo:
    """What can be said of a history without its secret.

    Attributes:
        database: `SQLite` or `PostgreSQL`.
        version: Schema version of its tables.
        readable: The version that this simkyc reads.
        verdicts: How many it holds; None where the version is another.
        searches_faces: Whether the server searches the faces (pgvector); otherwise each process does, in memory.
    """

    database: str
    version: int
    readable: int
    verdicts: int | None
    searches_faces: bool


def open_history(
    url: str,
    *,
    secret: bytes | str | None = None,
    former_secrets: Sequence[bytes | str] | None = None,
    lock_timeout_s: float = 5.0,
) -> SqliteHistory | PostgresHistory:
    """Open a history, making a new one where there is none yet.

    A SQLite file serves the threads and processes of one machine. On a network share its locks cannot be
    trusted, so machines never share one: they share a PostgreSQL database.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, or `sqlite://` for one in memory that
            the threads of this process share and that ends with it; or
            `postgresql://user:password@host/database`, of which libpq knows what is left out.
        secret: What the keyed hashes are made with, at least 16 bytes; text counts as UTF-8. Without it
            the environment variable SIMKYC_SECRET holds it as text, or else a key file that is made
            beside a new SQLite database (`kyc.db.key`). A history in memory draws its own.
        former_secrets: Secrets that were replaced by this one, as long as something is still known under them: what
            is met again is brought under the new secret. Without them SIMKYC_FORMER_SECRETS holds them, one a line.
        lock_timeout_s: Longest wait in seconds for another writer, at most an hour.

    Raises:
        InputError: The URL, the secret or the timeout cannot be what it claims.
        HistorySecretError: Another secret wrote this history, its key file is gone, or PostgreSQL got none.
        HistoryVersionError: Another schema version of simkyc wrote it.
        HistoryFormatError: What is there is no history, or is damaged.
        HistoryLockedError: Another process held it longer than the timeout.
        HistoryReadOnlyError: There is none yet, and none can be written.
        HistoryFullError: There is none yet, and no space for one.
        HistoryUnreachableError: Its server cannot be reached.
        HistoryError: It cannot be reached, as when its folder is missing or its server refuses the role.
        SimkycError: PostgreSQL needs the extra `postgresql`.
    """
    scheme = _scheme(url)
    if not isinstance(lock_timeout_s, int | float) or not 0 <= lock_timeout_s <= LONGEST_WAIT_S:
        raise InputError(f"lock_timeout_s must be 0 to {LONGEST_WAIT_S:g} seconds")
    from simkyc.history.secret import given_former, given_secret

    if scheme == "postgresql":
        from simkyc.history.postgresql import PostgresHistory

        return PostgresHistory(url, given_secret(secret), given_former(former_secrets), float(lock_timeout_s))
    path = _sqlite_path(url)
    from simkyc.history.sqlite import SqliteHistory

    return SqliteHistory(path, given_secret(secret), given_former(former_secrets), float(lock_timeout_s))


def existing_history(url: str, *, secret: bytes | str | None = None) -> SqliteHistory | PostgresHistory:
    """Open a history that is there, for whoever only reads: a mistyped URL makes none, and answers nothing.

    Args:
        url: As `open_history`; none in memory.
        secret: As `open_history`.

    Raises:
        InputError: The URL names no history that lasts.
        HistoryFormatError: What is there is no history, or there is none.
        HistoryError: As `open_history`.
    """
    with _schema(url, writing=False) as schema:
        _version(schema)
    return open_history(url, secret=secret)


def history_info(url: str) -> HistoryInfo:
    """What can be said of a history without its secret; none is made.

    Raises:
        InputError: The URL names no history that lasts.
        HistoryFormatError: What is there is no history, or there is none.
        HistoryError: As `open_history`.
    """
    from simkyc.history.schema import SCHEMA_VERSION

    with _schema(url, writing=False) as schema:
        version = _version(schema)
        verdicts = schema.recorded() if version == SCHEMA_VERSION else None
        searches_faces = schema.searches_faces()
    database = "PostgreSQL" if _scheme(url) == "postgresql" else "SQLite"
    return HistoryInfo(database, version, SCHEMA_VERSION, verdicts, searches_faces)


def upgrade_history(url: str) -> tuple[int, int]:
    """Bring the tables of a history up to this simkyc's version, all or nothing; return the versions before and after.

    Back it up first. Nobody else can write it meanwhile, and who has it open must open it again with this simkyc.

    Raises:
        InputError: The URL names no history that lasts.
        HistoryFormatError: What is there is no history, or there is none.
        HistoryVersionError: A later simkyc wrote it.
        HistoryError: As `open_history`.
    """
    from simkyc.history.schema import SCHEMA_VERSION

    with _schema(url, writing=True) as schema:
        version = _version(schema)
        if version > SCHEMA_VERSION:
            raise HistoryVersionError(
                f"the history has schema version {version} and this simkyc reads {SCHEMA_VERSION}: use a later simkyc"
            )
        # Also where no step is left: the server may have learnt to search faces since.
        schema.upgrade()
    return version, SCHEMA_VERSION


def _schema(url: str, *, writing: bool) -> AbstractContextManager[SqlSchema]:
    """The tables of a history that is there, in a transaction; one for writing no other writing overlaps."""
    if _scheme(url) == "postgresql":
        from simkyc.history.postgresql import schema_of

        return schema_of(url, MAINTENANCE_WAIT_S, writing=writing)
    path = _sqlite_path(url)
    if path is None:
        raise InputError("a history in memory ends with its process: name one that lasts")
    from simkyc.history.sqlite import schema_of as schema_of_file

    return schema_of_file(path, MAINTENANCE_WAIT_S, writing=writing)


def _version(schema: SqlSchema) -> int:
    version = schema.version()
    if version is None:
        raise HistoryFormatError("there is no history in this database: see its name")
    return version


def _scheme(url: str) -> str:
    """`sqlite` or `postgresql`. Messages never repeat the URL: it may hold a password."""
    if not isinstance(url, str):
        raise InputError(f"the history must be a URL as text: {ADVICE}")
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in {"sqlite", "postgresql"}:
        raise InputError(f"no history is kept under this kind of URL: {ADVICE}")
    return scheme


def _sqlite_path(url: str) -> Path | None:
    """The file that a URL names; None for one in memory."""
    rest = url.partition("://")[2]
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
