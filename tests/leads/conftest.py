"""What the tests of leads share: a SIM box that a history knows of, and somebody who hands a lead on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simkyc import Screener
from simkyc.testing import STORE_ICCIDS, Clock, FakeFaceEngine
from tests.history.server import PostgresServer, running_server
from tests.leads.made import SECRET, World, play


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """One PostgreSQL server a test process."""
    with running_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new history of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kyc.db"
    running: PostgresServer = request.getfixturevalue("server")
    return running.url(running.new_database())


@pytest.fixture
def open_world() -> Iterator[Callable[[str], World]]:
    """Opens a history under a URL and plays the story in it."""
    opened: list[Screener] = []

    def open_one(url: str) -> World:
        clock = Clock()
        screener = Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET)
        opened.append(screener)
        screener.allocate("store-1", STORE_ICCIDS)
        return play(World(screener, clock))

    yield open_one
    for screener in opened:
        screener.close()


@pytest.fixture
def world(open_world: Callable[[str], World]) -> World:
    """The story in a history in memory."""
    return open_world("sqlite://")


@pytest.fixture
def kept(open_world: Callable[[str], World], url: str) -> World:
    """The story in a history of each kind that others may open."""
    return open_world(url)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for packages."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
