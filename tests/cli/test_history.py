"""`simkyc history`: what a history is, and its upgrade."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simkyc import Screener
from simkyc.history import schema
from simkyc.testing import Clock, FakeFaceEngine, application
from tests.cli.called import Called

Call = Callable[..., Called]


@pytest.fixture
def history(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'kyc.db'}"
    Screener.open(url, clock=Clock()).close()
    return url


def test_what_a_history_is(history: str, call: Call) -> None:
    called = call("history", "info", history)
    assert (called.code, called.err) == (0, "")
    assert (
        called.out == "SQLite, schema version 2, this simkyc reads 2, 0 verdicts, faces searched in memory\n"
    )


def test_a_history_that_is_up_to_date_stays_so(history: str, call: Call) -> None:
    called = call("history", "upgrade", history)
    assert (called.code, called.out, called.err) == (0, "schema version 2\n", "")


def test_nothing_is_upgraded_before_it_is_backed_up(
    history: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    called = call("history", "upgrade", history)
    assert (called.code, called.out) == (2, "")
    assert "back the history up first" in called.err


@pytest.mark.parametrize("command", ["info", "upgrade"])
def test_there_must_be_one(command: str, tmp_path: Path, call: Call) -> None:
    called = call("history", command, f"sqlite:///{tmp_path}/hunter2.db")
    assert (called.code, called.out) == (3, "")
    assert "no history" in called.err
    assert "hunter2" not in called.err


def test_purging_says_how_many_rows_went(history: str, call: Call) -> None:
    with Screener.open(history, faces=FakeFaceEngine(), clock=Clock()) as screener:
        screener.screen(application(0, live_photo=None))  # nothing was admitted, so it goes
    purged = call("history", "purge", history, "--before", "2026-11-03")
    assert (purged.code, purged.err) == (0, "")
    assert int(purged.out.split()[0]) > 0
    assert call("history", "purge", history, "--before", "2026-11-03").out == "0 rows deleted\n"


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday"], ids=["to come", "no date"])
def test_what_is_no_day_in_the_past_purges_nothing(history: str, call: Call, day: str) -> None:
    assert call("history", "purge", history, "--before", day).code == 2
