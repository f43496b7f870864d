"""What the tests of the history share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.history.server import PostgresServer, running_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server a test process."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, with every schema given back at the end of the test."""
    yield postgres_server
    postgres_server.give_back_schemas()


@pytest.fixture
def url_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The URL of a new history of a kind: `sqlite-file`, `sqlite-memory` or `postgresql`.

    `postgresql-alone` is in a database of its own, for whoever changes the secret: what is given back keeps its own.
    """
    numbers = itertools.count(1)

    def url(kind: str) -> str:
        if kind == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            return server.take_schema()
        if kind == "postgresql-alone":
            server = request.getfixturevalue("postgres")
            return server.url(server.new_database())
        return "sqlite://" if kind == "sqlite-memory" else f"sqlite:///{tmp_path}/{next(numbers)}.db"

    return url
