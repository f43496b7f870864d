"""A history in one SQLite file that several threads and processes share, or in memory.

Writers take turns: threads by a lock of this process, processes by `BEGIN IMMEDIATE`. A commit is on the
disk before it returns, also with the write-ahead log, so that a power failure loses no recorded verdict.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import stat
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool, Pool, QueuePool, StaticPool

from simkyc.errors import (
    HistoryError,
    HistoryFormatError,
    HistoryFullError,
    HistoryLockedError,
    HistoryReadOnlyError,
    HistorySecretError,
)
from simkyc.history.forks import forked_with
from simkyc.history.keys import Keyring
from simkyc.history.patterns import FullDays
from simkyc.history.secret import ENVIRONMENT, key_file_of, new_key_file, new_secret, read_key_file
from simkyc.history.sql import SqlReader, SqlSchema, SqlTransaction

__all__ = ["SqliteHistory", "schema_of"]

Answer = TypeVar("Answer")

MOVED = "the history was moved, deleted or replaced while open: put it back and open it again"

FAULTS: dict[int, tuple[type[HistoryError], str]] = {
    sqlite3.SQLITE_BUSY: (HistoryLockedError, "another process holds the history: try again"),
    sqlite3.SQLITE_LOCKED: (HistoryLockedError, "another process holds the history: try again"),
    sqlite3.SQLITE_PROTOCOL: (HistoryLockedError, "too many processes want the history: try again"),
    sqlite3.SQLITE_READONLY: (HistoryReadOnlyError, "the history cannot be written: see who may write it"),
    sqlite3.SQLITE_READONLY_DBMOVED: (HistoryError, MOVED),
    sqlite3.SQLITE_FULL: (HistoryFullError, "no space is left for the history: nothing was written"),
    # Over a quota or a file size limit SQLite knows no better word for a full disk.
    sqlite3.SQLITE_IOERR_WRITE: (HistoryFullError, "the disk takes no more of the history: full, or failing"),
    sqlite3.SQLITE_IOERR_SHMSIZE: (HistoryFullError, "no space is left beside the history"),
    sqlite3.SQLITE_CORRUPT: (HistoryFormatError, "the history is damaged: restore it from a backup"),
    sqlite3.SQLITE_NOTADB: (HistoryFormatError, "the file is no history of simkyc: give another"),
    # Every statement is ours and every table was there on opening.
    sqlite3.SQLITE_ERROR: (HistoryFormatError, "a part of the history is gone: restore it from a backup"),
    sqlite3.SQLITE_CANTOPEN: (HistoryError, "the history cannot be opened: its file or folder is gone"),
    sqlite3.SQLITE_NOMEM: (HistoryError, "no memory is left to use the history"),
}
"""What SQLite's result codes mean to us: extended codes first, else the primary code in the low byte."""

GENERIC = (
    HistoryError,
    "the history cannot be used: it was closed, its transaction ended, or its disk fails",
)

IDLE_CONNECTIONS = 8


class SqliteHistory:
    """A history on SQLite. Made by `open_history`, which says what is raised.

    Args:
        path: The database file, absolute and free of links; None for one in memory.
        secret: What the keyed hashes are made with; None to use the key file beside the database.
        former: Secrets that were replaced by it.
        lock_timeout_s: Longest wait in seconds for another writer.
    """

    def __init__(
        self, path: Path | None, secret: bytes | None, former: Sequence[bytes], lock_timeout_s: float
    ) -> None:
        self._path = path
        self._lock_timeout_s = lock_timeout_s
        self._turn = threading.Lock()
        self._unusable: str | None = None
        self._torn_by_fork = False
        self._file: tuple[int, int] | None = None
        self._former = former
        self._full_days = FullDays()
        keyring = None if secret is None else Keyring(secret, former)
        if path is not None:
            _check_place(path)
            _only_for_its_owner(path)
        self._engine = _engine(path, lock_timeout_s, may_create=True)
        try:
            self._keyring = self._open(keyring)
        except BaseException:
            self._engine.dispose()
            raise
        if path is not None:
            _prefer_write_ahead_log(path)
            self._engine = _engine(path, lock_timeout_s, may_create=False)
            self._file = _identity(path)
        weakref.finalize(self, self._engine.dispose)
        forked_with().add(self)

    @property
    def keyring(self) -> Keyring:
        """Makes the keyed hashes of this history."""
        return self._keyring

    @contextmanager
    def read(self) -> Iterator[SqlReader]:
        """A consistent snapshot for reading, taken at the first question."""
        deadline = time.monotonic() + self._lock_timeout_s
        # A history in memory has one connection, so readers take turns with writers there.
        with (
            self._taking_turns(deadline) if self._path is None else nullcontext(),
            self._transaction("BEGIN", deadline) as connection,
        ):
            yield SqlReader(connection, self._name_fault, self._full_days)

    @contextmanager
    def write(self, keys: Sequence[str] = ()) -> Iterator[SqlTransaction]:
        """One transaction that no other writer overlaps; commits on leaving, undone by an exception."""
        del keys  # a file has one lock for all of them
        deadline = time.monotonic() + self._lock_timeout_s
        with self._taking_turns(deadline), self._transaction("BEGIN IMMEDIATE", deadline) as connection:
            transaction = SqlTransaction(connection, self._name_fault, self._full_days)
            yield transaction
            if transaction.fault is not None:
                # The caller went on after a database error; what came before it must not be kept alone.
                raise transaction.fault

    def retrying(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns: no connection is lost to a file."""
        return work()

    def close(self) -> None:
        """Let go of every connection; the history is not usable afterwards."""
        self._unusable = "the history was closed"
        self._engine.dispose()

    def _open(self, keyring: Keyring | None) -> Keyring:
        deadline = time.monotonic() + self._lock_timeout_s
        with self._transaction("BEGIN", deadline) as connection:
            fingerprint = SqlSchema(connection, self._name_fault).fingerprint()
        if fingerprint is None:
            with self._transaction("BEGIN IMMEDIATE", deadline) as connection:
                schema = SqlSchema(connection, self._name_fault)
                fingerprint = schema.fingerprint()
                if fingerprint is None:
                    # Whoever makes the tables makes the key, so two processes never make one each.
                    keyring = keyring or Keyring(self._first_secret(), self._former)
                    fingerprint = keyring.fingerprint()
                    schema.create(fingerprint)
        if keyring is None:
            keyring = Keyring(self._key_file_secret(), self._former)
        if keyring.fingerprint() != fingerprint:
            if not keyring.replaces(fingerprint):
                raise HistorySecretError("the history was written with another secret: open it with that one")
            with self._transaction("BEGIN IMMEDIATE", deadline) as connection:
                SqlSchema(connection, self._name_fault).replace_secret(keyring.fingerprint())
        return keyring

    def _first_secret(self) -> bytes:
        if self._path is None:
            return new_secret()
        key_file = key_file_of(self._path)
        return read_key_file(key_file) or new_key_file(key_file)

    def _key_file_secret(self) -> bytes:
        secret = None if self._path is None else read_key_file(key_file_of(self._path))
        if secret is None:
            raise HistorySecretError(
                "the key file beside the history is gone: restore it, or give the secret that wrote the "
                f"history as `secret` or {ENVIRONMENT}"
            )
        return secret

    @contextmanager
    def _taking_turns(self, deadline: float) -> Iterator[None]:
        """Threads queue here, where the next is woken at once, rather than poll the file."""
        if not self._turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise HistoryLockedError("another thread holds the history: try again")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self, begin: str, deadline: float) -> Iterator[Connection]:
        self._check_usable()
        connection = self._guarded(self._engine.connect)
        try:
            self._guarded(lambda: _begin(connection, begin, deadline))
            yield connection
            self._guarded(connection.commit)
        except BaseException:
            try:
                connection.rollback()
            except SQLAlchemyError:
                connection.invalidate()
            raise
        finally:
            connection.close()

    def _check_usable(self) -> None:
        if self._unusable is not None:
            raise HistoryError(self._unusable)
        # SQLite would go on writing into a file that no longer has a name.
        if self._file is not None and self._path is not None and _identity(self._path) != self._file:
            raise HistoryError(MOVED)

    def _guarded(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except (SQLAlchemyError, sqlite3.Error) as error:
            fault = self._name_fault(error)
        raise fault

    def _name_fault(self, error: BaseException) -> HistoryError:
        return _fault(error, self._path)

    def before_fork(self) -> None:
        """SQLite forbids to take connections across a fork, so the idle ones are closed."""
        pool = self._engine.pool
        busy = isinstance(pool, QueuePool) and pool.checkedout() > 0
        self._torn_by_fork = self._path is None or busy or self._turn.locked()
        if self._path is not None:
            self._engine.dispose()

    def after_fork_in_child(self) -> None:
        """Refuse to go on with what was in use."""
        if self._torn_by_fork:
            self._unusable = "the history was in use when this process was forked: open it after the fork"
        self._turn = threading.Lock()


@contextmanager
def schema_of(path: Path, lock_timeout_s: float, *, writing: bool) -> Iterator[SqlSchema]:
    """The tables of a file that is there, in a transaction; one for writing no other writing overlaps."""
    _check_place(path)
    if not path.exists():
        raise HistoryFormatError("there is no history under this path: see its name")
    engine = _engine(path, lock_timeout_s, may_create=True)
    deadline = time.monotonic() + lock_timeout_s
    fault: HistoryError | None = None
    try:
        with engine.connect() as connection:
            _begin(connection, "BEGIN IMMEDIATE" if writing else "BEGIN", deadline)
            yield SqlSchema(connection, functools.partial(_fault, path=path))
            connection.commit()
    except (SQLAlchemyError, sqlite3.Error) as error:
        fault = _fault(error, path)
    finally:
        engine.dispose()
    if fault is not None:
        raise fault


def _fault(error: BaseException, path: Path | None) -> HistoryError:
    """What a database error means, without its statement or parameters."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", -1)
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN and path is not None and path.parent.is_dir():
        return HistoryReadOnlyError("the folder of the history cannot be written: see who may write it")
    kind, advice = FAULTS.get(code) or FAULTS.get(code & 0xFF) or GENERIC
    return kind(advice)


def _engine(path: Path | None, lock_timeout_s: float, *, may_create: bool) -> Engine:
    options: dict[str, object] = {}
    if path is None:
        poolclass: type[Pool] = StaticPool
    elif may_create or _is_sealed(path):
        poolclass = NullPool
    else:
        poolclass = QueuePool
        options = {"pool_size": IDLE_CONNECTIONS, "max_overflow": -1}
    return create_engine(
        "sqlite://",
        creator=functools.partial(_connect, path, lock_timeout_s, may_create=may_create),
        poolclass=poolclass,
        hide_parameters=True,
        **options,
    )


def _connect(path: Path | None, lock_timeout_s: float, *, may_create: bool) -> sqlite3.Connection:
    if path is None:
        address = "file::memory:"
    elif _is_sealed(path):
        # Without a folder to write in, SQLite reads a write-ahead-logged file only if told it never changes.
        address = f"{path.as_uri()}?immutable=1"
    else:
        # Later connections must not make the file: a deleted history would start afresh.
        address = f"{path.as_uri()}?mode={'rwc' if may_create else 'rw'}"
    # No isolation level: transactions begin where we say so, not where the driver guesses.
    connection = sqlite3.connect(
        address, timeout=lock_timeout_s, uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        # EXTRA is FULL, and without a write-ahead log also makes the end of a transaction durable.
        connection.execute("PRAGMA synchronous=EXTRA")
        connection.execute("PRAGMA fullfsync=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: Connection, begin: str, deadline: float) -> None:
    """Begin a transaction, waiting for others until the deadline (`time.monotonic`)."""
    connection.begin()
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "the driver of a file is Python's own"
    left_s = max(0.0, deadline - time.monotonic())
    driver.execute(f"PRAGMA busy_timeout={int(left_s * 1000)}")
    driver.execute(begin)


def _prefer_write_ahead_log(path: Path) -> None:
    """With it readers and writers never wait for each other. Some file systems refuse it: all else holds there too."""
    # Who waits for the right moment would hold up whoever opens; another will find it.
    with suppress(sqlite3.Error), closing(_connect(path, 0, may_create=False)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _is_sealed(path: Path) -> bool:
    """Whether the file can only be read, and nobody else is using it or left it half written."""
    if os.access(path.parent, os.W_OK):
        return False
    return path.exists() and not any(
        path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-shm", "-journal")
    )


def _only_for_its_owner(path: Path) -> None:
    """Make a new file that nobody else may read; SQLite gives its companions the same rights."""
    # Where it cannot be made SQLite says why, in its own words.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _check_place(path: Path) -> None:
    """See that the file can be a history before SQLite touches it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise HistoryError("the folder of the history is missing: make it first") from None
        return
    except OSError as error:
        raise HistoryError(f"the history cannot be reached ({type(error).__name__})") from None
    if not stat.S_ISREG(mode):
        raise HistoryFormatError("the history must be a file, not a folder or device: give another path")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
