"""A history in a PostgreSQL database that the counters of many machines share.

Whoever writes first takes advisory locks on what its limits count by, then asks and records: unrelated applications
never wait for each other. A lost connection is made anew and the work done again.
"""

from __future__ import annotations

import functools
import hashlib
import math
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Row, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from simkyc.errors import (
    HistoryError,
    HistoryFormatError,
    HistoryFullError,
    HistoryLockedError,
    HistoryReadOnlyError,
    HistorySecretError,
    HistoryUnreachableError,
    InputError,
    SimkycError,
)
from simkyc.history import embeddings
from simkyc.history.embeddings import EmbeddedFaces
from simkyc.history.forks import forked_with
from simkyc.history.keys import Keyring
from simkyc.history.patterns import FullDays
from simkyc.history.protocol import STOCK_LOCK, Entry, number_lock
from simkyc.history.secret import ENVIRONMENT
from simkyc.history.sql import SqlReader, SqlSchema, SqlTransaction

try:
    import psycopg
    import stamina
except ImportError:
    raise SimkycError(
        "a history in PostgreSQL needs simkyc's extra postgresql: pip install './simkyc[postgresql]' from a clone"
    ) from None

__all__ = ["PostgresHistory", "schema_of"]

Answer = TypeVar("Answer")
Fault = tuple[type[SimkycError], str]

PATIENCE_S = 30.0
"""How long lost connections are made anew: a server that restarts is back by then."""
CONNECT_TIMEOUT_S = 10
IDLE_CONNECTIONS, MORE_CONNECTIONS = 5, 10
IDLE_IN_TRANSACTION_S = 60
"""After which the server ends a transaction whose process or machine hangs, and frees its locks."""

UNREACHABLE: Fault = (
    HistoryUnreachableError,
    "the history cannot be reached, or was lost just now: try again",
)
LOCKED: Fault = (HistoryLockedError, "others hold the history: try again")
READ_ONLY: Fault = (
    HistoryReadOnlyError,
    "the history cannot be written: see the rights of its role, and its server",
)
FULL: Fault = (HistoryFullError, "no space is left for the history: nothing was written")
DAMAGED: Fault = (HistoryFormatError, "a part of the history is gone or damaged: restore it from a backup")
REFUSED: Fault = (
    HistoryError,
    "the server does not let us in: check the role, its password and the database in the URL",
)
NO_TEXT: Fault = (InputError, "a key or identifier is no text that can be stored")
GENERIC: Fault = (
    HistoryError,
    "the history cannot be used: it was closed, its transaction ended, or its server fails",
)

FAULTS: Mapping[str, Fault] = {
    "08": UNREACHABLE,
    "57P": UNREACHABLE,  # shut down, crashed, or starting up
    "53300": UNREACHABLE,  # too many connections
    "25P03": UNREACHABLE,  # idle in a transaction for too long
    "25P04": UNREACHABLE,  # a transaction for too long
    "55P03": LOCKED,  # lock_timeout
    "57014": LOCKED,  # statement_timeout
    "40": LOCKED,  # a deadlock, or a serialisation failure
    "25006": READ_ONLY,  # a standby, or a read-only transaction
    "42501": READ_ONLY,  # no right
    "53100": FULL,
    "42P01": DAMAGED,  # every statement is ours and every table was there on opening
    "42703": DAMAGED,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
    "28": REFUSED,
    "3D": REFUSED,
    "22": NO_TEXT,
}
"""What PostgreSQL's error codes mean to us: the longest beginning counts."""

REFUSALS = (
    "password authentication failed",
    "no password supplied",
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied for database",
)
"""A connection that is refused has no error code. Words of another language count as a server out of reach."""

BEGIN_READING = f"""SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL lock_timeout = {{wait_ms}}; SET LOCAL jit = off;
SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_S}s'"""

BEGIN_WRITING = f"""SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL lock_timeout = {{wait_ms}}; SET LOCAL jit = off;
SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_S}s';
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off';
SET LOCAL statement_timeout = {{wait_ms}}; SELECT {{locks}}; SET LOCAL statement_timeout TO DEFAULT"""
"""One message to the server. Each later statement sees what was committed before it began: also what those who held
the locks before us committed. In REPEATABLE READ the snapshot would be as old as the wait for the locks."""

EVERYTHING: Final = "everything"
FIRST = ("application|", STOCK_LOCK)
"""What is locked before all else: whoever settles learns from the application which number to lock."""


class PostgresSchema(SqlSchema):
    """The tables, and beside them the index of faces where the server can have one."""

    def upgrade(self) -> None:
        """Bring the tables up to this simkyc's version, and make the index of faces where it can be made by now."""
        super().upgrade()
        self._run(functools.partial(embeddings.make, self._connection))

    def searches_faces(self) -> bool:
        """Whether the server searches the faces, by pgvector."""
        return self._run(functools.partial(embeddings.is_made, self._connection))


class PostgresReader(EmbeddedFaces, SqlReader):
    """Questions inside one snapshot."""


class PostgresTransaction(EmbeddedFaces, SqlTransaction):
    """A transaction that holds its keys, and takes those it learns of on settling."""

    def record(self, entry: Entry) -> None:
        """Remember one verdict."""
        super().record(entry)
        self.embed(entry)

    def open_number(self, application_id: str, at: datetime, *, approved_by: str | None = None) -> None:
        """What this admitted application asked for was carried out at `at`."""
        # Several cards are issued at once, but none while a file of cards is written.
        self._lock(f"pg_advisory_xact_lock_shared({_lock_no(STOCK_LOCK)})")
        super().open_number(application_id, at, approved_by=approved_by)

    def _admitted(self, application_id: str) -> Row[Any]:
        state = super()._admitted(application_id)
        if state.msisdn_key is None:
            return state
        self._lock(f"pg_advisory_xact_lock({_lock_no(number_lock(state.msisdn_key))})")
        # Whoever held the number before us may have ended what this application opened.
        return super()._admitted(application_id)

    def _lock(self, lock: str) -> None:
        self._run(lambda: self._connection.exec_driver_sql(f"SELECT {lock}"))


class Server:
    """Connections to one database, and transactions on them.

    Args:
        url: `postgresql://user:password@host/database`; never repeated, because it may hold a password.
        lock_timeout_s: Longest wait in seconds for a connection and for locks.
    """

    def __init__(self, url: str, lock_timeout_s: float) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._unusable: str | None = None
        self._torn_by_fork = False
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=_connecting(url),
            poolclass=QueuePool,
            pool_size=IDLE_CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=lock_timeout_s,
            pool_pre_ping=True,
            pool_use_lifo=True,
            hide_parameters=True,
        )
        weakref.finalize(self, self._engine.dispose)
        forked_with().add(self)

    @contextmanager
    def transaction(self, begin: str, locks: str = "") -> Iterator[Connection]:
        """One transaction; commits on leaving, undone by an exception."""
        deadline = time.monotonic() + self._lock_timeout_s
        if self._unusable is not None:
            raise HistoryError(self._unusable)
        connection = _guarded(self._engine.connect)
        try:
            # To the server 0 is for ever.
            wait_ms = max(1, math.ceil((deadline - time.monotonic()) * 1000))
            statements = begin.format(wait_ms=wait_ms, locks=locks)
            options = {"no_parameters": True}
            _guarded(lambda: connection.exec_driver_sql(statements, execution_options=options))
            yield connection
            _guarded(connection.commit)
        except BaseException:
            try:
                connection.rollback()
            except SQLAlchemyError:
                connection.invalidate()
            raise
        finally:
            connection.close()

    def close(self, why: str = "the history was closed") -> None:
        """Let go of every connection."""
        self._unusable = why
        self._engine.dispose()

    def before_fork(self) -> None:
        """Remember whether a connection is in use."""
        pool = self._engine.pool
        self._torn_by_fork = isinstance(pool, QueuePool) and pool.checkedout() > 0

    def after_fork_in_child(self) -> None:
        """Let go of the parent's connections without closing them."""
        if self._torn_by_fork:
            self._unusable = "the history was in use when this process was forked: open it after the fork"
        self._engine.dispose(close=False)


class PostgresHistory:
    """A history on PostgreSQL. Made by `open_history`, which says what is raised.

    Args:
        url: `postgresql://user:password@host/database`.
        secret: What the keyed hashes are made with.
        former: Secrets that were replaced by it.
        lock_timeout_s: Longest wait in seconds for others who write under the same keys.
    """

    def __init__(
        self, url: str, secret: bytes | None, former: Sequence[bytes], lock_timeout_s: float
    ) -> None:
        self._server = Server(url, lock_timeout_s)
        if secret is None:
            raise HistorySecretError(
                f"a shared history has no key file: give its secret as `secret` or {ENVIRONMENT}, the same on every "
                "machine"
            )
        self._keyring = Keyring(secret, former)
        self._full_days = FullDays()
        try:
            self._open()
        except BaseException:
            self._server.close()
            raise

    @property
    def keyring(self) -> Keyring:
        """Makes the keyed hashes of this history."""
        return self._keyring

    @contextmanager
    def read(self) -> Iterator[PostgresReader]:
        """A consistent snapshot for reading, taken at the first question."""
        with self._server.transaction(BEGIN_READING) as connection:
            yield PostgresReader(connection, name_fault, self._full_days)

    @contextmanager
    def write(self, keys: Sequence[str] = ()) -> Iterator[PostgresTransaction]:
        """One transaction that no other writer of these keys overlaps; commits on leaving, undone by an exception."""
        with self._server.transaction(BEGIN_WRITING, _locks(keys)) as connection:
            transaction = PostgresTransaction(connection, name_fault, self._full_days)
            yield transaction
            if transaction.fault is not None:
                # The caller went on after a database error; what came before it must not be kept alone.
                raise transaction.fault

    def retrying(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns, done again from its beginning where the connection to the server was lost."""
        caller = stamina.RetryingCaller(
            attempts=None, timeout=PATIENCE_S, wait_initial=0.05, wait_max=2.0, wait_jitter=0.2
        )
        return caller(HistoryUnreachableError, work)

    def close(self) -> None:
        """Let go of every connection; the history is not usable afterwards."""
        self._server.close()

    def _open(self) -> None:
        with self._server.transaction(BEGIN_READING) as connection:
            fingerprint = PostgresSchema(connection, name_fault).fingerprint()
        if fingerprint is None:
            with self._server.transaction(BEGIN_WRITING, _locks(())) as connection:
                schema = PostgresSchema(connection, name_fault)
                fingerprint = schema.fingerprint()
                if fingerprint is None:
                    fingerprint = self._keyring.fingerprint()
                    schema.create(fingerprint)
        if self._keyring.fingerprint() != fingerprint:
            if not self._keyring.replaces(fingerprint):
                raise HistorySecretError("the history was written with another secret: open it with that one")
            with self._server.transaction(BEGIN_WRITING, _locks(())) as connection:
                PostgresSchema(connection, name_fault).replace_secret(self._keyring.fingerprint())


@contextmanager
def schema_of(url: str, lock_timeout_s: float, *, writing: bool) -> Iterator[PostgresSchema]:
    """The tables of a database, in a transaction; one for writing no other writing overlaps."""
    server = Server(url, lock_timeout_s)
    try:
        with server.transaction(BEGIN_WRITING if writing else BEGIN_READING, _locks(())) as connection:
            yield PostgresSchema(connection, name_fault)
    finally:
        server.close()


def name_fault(error: BaseException) -> SimkycError:
    """What a database error means, without its statement, parameters or URL."""
    kind, advice = _meaning(error)
    return kind(advice)


def _meaning(error: BaseException) -> Fault:
    if isinstance(error, PoolTimeoutError):
        return LOCKED
    original = error.orig if isinstance(error, DBAPIError) else error
    code: str = getattr(original, "sqlstate", None) or ""
    for length in range(len(code), 1, -1):
        if code[:length] in FAULTS:
            return FAULTS[code[:length]]
    if isinstance(original, psycopg.DataError):
        return NO_TEXT
    if isinstance(original, psycopg.OperationalError) and not code:
        return REFUSED if any(words in str(original) for words in REFUSALS) else UNREACHABLE
    return GENERIC


def _guarded(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except (SQLAlchemyError, psycopg.Error) as error:
        fault = name_fault(error)
    raise fault


def _connecting(url: str) -> Callable[[], psycopg.Connection]:
    """Makes connections; a function, because its `repr` does not show the password.

    What the URL leaves out libpq takes from its environment and password file.
    """
    advice = "a PostgreSQL URL is postgresql://user:password@host/database, each part percent-encoded"
    try:
        parsed = make_url(url)
        parameters: dict[str, Any] = parsed.translate_connect_args(username="user", database="dbname")
        parameters |= {name: value for name, value in parsed.query.items() if isinstance(value, str)}
    except (ArgumentError, ValueError, TypeError):
        parameters = {}
    if not parameters.get("dbname") or "\0" in url:
        raise InputError(advice)
    named: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "simkyc"} | parameters

    def connect() -> psycopg.Connection:
        return psycopg.connect(**named)

    return connect


def _locks(keys: Sequence[str]) -> str:
    """What takes the locks in the order in which everybody takes them; without keys nobody else writes."""
    if not keys:
        return f"pg_advisory_xact_lock({_lock_no(EVERYTHING)})"
    ordered = sorted({(not key.startswith(FIRST), key.startswith(STOCK_LOCK), _lock_no(key)) for key in keys})
    taken = [f"pg_advisory_xact_lock({number})" for _, _, number in ordered]
    return ", ".join((f"pg_advisory_xact_lock_shared({_lock_no(EVERYTHING)})", *taken))


def _lock_no(key: str) -> int:
    """The number that stands for a key: the same in every process, and as good as never that of another."""
    digest = hashlib.blake2b(f"simkyc|{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
