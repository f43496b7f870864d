"""What is SQLite's own, within one process: URLs, secrets, files, locks, query plans."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from simkyc.errors import (
    HistoryError,
    HistoryFormatError,
    HistoryFullError,
    HistoryLockedError,
    HistorySecretError,
    HistoryVersionError,
    InputError,
    SimkycError,
)
from simkyc.history import open_history, questions, sqlite
from simkyc.history.protocol import History
from simkyc.history.schema import SCHEMA_VERSION
from simkyc.history.secret import new_key_file
from tests.history.files import SECRET, entry, opened, record, remembers


@pytest.fixture(autouse=True)
def no_secret_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMKYC_SECRET", raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kyc.db"


# Opening


def test_the_room_loads_no_database_before_it_is_asked_to() -> None:
    code = "import sys, simkyc.history; print(sorted({'sqlalchemy', 'sqlite3', 'numpy', 'cv2'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


NO_HISTORIES = {
    "PostgreSQL without a database": ("postgresql://clerk:hunter2@db.example", "percent-encoded"),
    "PostgreSQL with no port": ("postgresql://clerk:hunter2@db.example:x/kyc", "percent-encoded"),
    "a dialect of it": ("postgresql+psycopg://clerk:hunter2@db.example/kyc", "postgresql://"),
    "no kind that there is": ("mysql://clerk:hunter2@db.example/kyc", "sqlite:///"),
    "a bare path": ("hunter2/kyc.db", "sqlite:///"),
    "one slash too few": ("sqlite://hunter2.db", "three slashes"),
    "a password": ("sqlite://clerk:hunter2@host/kyc.db", "three slashes"),
    "no path": ("sqlite:///", "names no file"),
    "options": ("sqlite:///kyc.db?hunter2=1", "a path and nothing else"),
    "a zero byte": ("sqlite:///hunter2\0.db", "a path and nothing else"),
    "a lone surrogate": ("sqlite:///hunter2\udc80.db", "a path and nothing else"),
    "nothing": ("", "sqlite:///"),
    "no text": (Path("hunter2.db"), "as text"),
}


@pytest.mark.parametrize("case", NO_HISTORIES)
def test_a_url_that_names_no_history(case: str) -> None:
    url, advice = NO_HISTORIES[case]
    with pytest.raises(InputError, match=re.escape(advice)) as caught:
        open_history(url)  # type: ignore[arg-type]  # no text on purpose
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wait", [-1, float("nan"), float("inf"), 3601, "5", None])
def test_a_timeout_that_is_none(wait: float) -> None:
    with pytest.raises(InputError, match="lock_timeout_s"):
        open_history("sqlite://", lock_timeout_s=wait)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_histories_in_memory_are_apart(url: str) -> None:
    with closing(open_history(url)) as one, closing(open_history(url)) as other:
        record(one, "a")
        assert remembers(one, "a")
        assert not remembers(other, "a")
        assert one.keyring.fingerprint() != other.keyring.fingerprint()


@pytest.mark.parametrize("name", ["kyc.db", "带 空格 & %41 # 的库.db", "no-suffix"])
def test_a_relative_url_stays_where_it_was_opened(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_history(f"sqlite:///{name}")) as history:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        record(history, "a")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([name, f"{name}.key", "elsewhere"])
    with opened(tmp_path / name, secret=None) as history:
        assert remembers(history, "a")


# Secrets


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param(SECRET, SECRET, id="bytes"),
        pytest.param("门店的秘密，十六字节", "门店的秘密，十六字节".encode(), id="text counts as UTF-8"),
    ],
)
def test_a_given_secret_opens_again_and_leaves_no_key_file(
    path: Path, first: bytes | str, again: bytes | str
) -> None:
    with opened(path, secret=first) as history:
        fingerprint = history.keyring.fingerprint()
    assert not path.with_name("kyc.db.key").exists()
    with opened(path, secret=again) as history:
        assert history.keyring.fingerprint() == fingerprint


def test_the_environment_gives_the_secret_unless_the_caller_does(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path):
        pass
    monkeypatch.setenv("SIMKYC_SECRET", "another secret than that")
    with opened(path):
        pass
    with pytest.raises(HistorySecretError), opened(path, secret=None):
        pass
    monkeypatch.setenv("SIMKYC_SECRET", SECRET.decode())
    with opened(path, secret=None):
        pass


@pytest.mark.parametrize(
    "secret", [b"", b"fifteen bytes..", "", 16, bytearray(16), "lone \ud800 surrogate...."]
)
def test_a_secret_that_is_none(path: Path, secret: bytes) -> None:
    with pytest.raises(InputError, match="secret"), opened(path, secret=secret):
        pass
    assert not path.exists()


def test_a_key_file_is_made_once_for_its_owner_alone(path: Path) -> None:
    key_file = path.with_name("kyc.db.key")
    with opened(path, secret=None) as history:
        fingerprint = history.keyring.fingerprint()
    assert re.fullmatch(r"[0-9a-f]{64}\n", key_file.read_text())
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == ["kyc.db", "kyc.db.key"]
    text = key_file.read_text()
    with opened(path, secret=None) as history:
        assert history.keyring.fingerprint() == fingerprint
    assert key_file.read_text() == text


def test_a_key_file_that_is_there_serves_a_new_history(path: Path) -> None:
    with opened(path, secret=None) as history:
        fingerprint = history.keyring.fingerprint()
    path.unlink()
    with opened(path, secret=None) as history:
        assert history.keyring.fingerprint() == fingerprint


@pytest.mark.parametrize("key", [None, "", "no key", "ab" * 31, "ab" * 33, "键" * 32])
def test_a_lost_or_damaged_key_file_is_never_replaced(path: Path, key: str | None) -> None:
    with opened(path, secret=None) as history:
        record(history, "a")
    key_file = path.with_name("kyc.db.key")
    right = key_file.read_text()
    key_file.unlink()
    if key is not None:
        key_file.write_text(key, encoding="utf-8")
    with pytest.raises(HistorySecretError, match="key file"), opened(path, secret=None):
        pass
    assert key_file.exists() == (key is not None)
    key_file.write_text(right)
    with opened(path, secret=None) as history:
        assert remembers(history, "a")


def test_a_damaged_key_file_stops_a_new_history_too(path: Path) -> None:
    path.with_name("kyc.db.key").write_text("")
    with pytest.raises(HistorySecretError), opened(path, secret=None):
        pass
    assert path.stat().st_size == 0


def test_a_key_file_works_without_hard_links(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    with opened(path, secret=None) as history:
        fingerprint = history.keyring.fingerprint()
    assert sorted(file.name for file in path.parent.iterdir()) == ["kyc.db", "kyc.db.key"]
    with opened(path, secret=None) as history:
        assert history.keyring.fingerprint() == fingerprint


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_key_file_never_takes_the_place_of_another(
    path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path.write_text("another key")
    with pytest.raises(HistoryError, match="key file"):
        new_key_file(path)
    assert path.read_text() == "another key"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_another_key_file_is_noticed(path: Path) -> None:
    with opened(path, secret=None):
        pass
    path.with_name("kyc.db.key").write_text("ab" * 32)
    with pytest.raises(HistorySecretError, match="another secret"), opened(path, secret=None):
        pass


# Files


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE application (name TEXT)")


def text_file(path: Path) -> None:
    path.write_text("application_id,decision\n" * 500)


def half_torn_off(path: Path) -> None:
    with opened(path) as history:
        record(history, *(f"a{number}" for number in range(200)))
    os.truncate(path, path.stat().st_size // 2)


def garbled(path: Path) -> None:
    with opened(path):
        pass
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"\xa5" * (size - 200))


def a_table_short(path: Path) -> None:
    with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE sim_stock")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def without_meta(path: Path, name: str) -> None:
    with opened(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM history_meta WHERE name = ?", [name])


def without_version(path: Path) -> None:
    with opened(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE history_version")


def of_version(path: Path, version: str) -> None:
    with opened(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE history_version SET version_num = ?", [version])


def without_folder(path: Path) -> None:
    path.parent.rmdir()


NOT_OPENED: dict[str, tuple[Callable[[Path], object], type[HistoryError], str]] = {
    "a text file": (text_file, HistoryFormatError, "no history"),
    "another program's database": (foreign, HistoryFormatError, "not a history"),
    "half of it is gone": (half_torn_off, HistoryFormatError, "damaged"),
    "garbled": (garbled, HistoryFormatError, "damaged|no history"),
    "a table is gone": (a_table_short, HistoryFormatError, "lacks a part"),
    "its version is gone": (without_version, HistoryFormatError, "version"),
    "its secret's mark is gone": (
        partial(without_meta, name="secret_fingerprint"),
        HistoryFormatError,
        "lacks a part",
    ),
    "from a later simkyc": (
        partial(of_version, version=str(SCHEMA_VERSION + 1)),
        HistoryVersionError,
        "version",
    ),
    "version is no number": (partial(of_version, version="two"), HistoryFormatError, "version"),
    "a folder": (Path.mkdir, HistoryFormatError, "not a folder"),
    "a pipe": (pipe, HistoryFormatError, "device"),
    "its folder is missing": (
        without_folder,
        HistoryError,
        "folder",
    ),
}


@pytest.mark.parametrize("case", NOT_OPENED)
def test_what_is_no_history_is_left_as_it_is(case: str, tmp_path: Path) -> None:
    make, error, advice = NOT_OPENED[case]
    path = tmp_path / "there" / "kyc.db"
    path.parent.mkdir()
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error, match=advice) as caught, opened(path):
        pass
    assert type(caught.value) is error
    assert str(tmp_path) not in str(caught.value)
    if before is not None:
        assert path.read_bytes() == before


def test_an_empty_file_is_a_new_history(path: Path) -> None:
    path.touch()
    with opened(path) as history:
        record(history, "a")
    with opened(path) as history:
        assert remembers(history, "a")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError), opened(tmp_path / "file" / "kyc.db"):
        pass


def test_links_lead_to_one_history_with_one_key(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with opened(link, secret=None) as one, opened(path, secret=None) as other:
        record(one, "a")
        assert remembers(other, "a")
    assert not tmp_path.joinpath("link.db.key").exists()


def test_damage_found_later_is_named(path: Path) -> None:
    with opened(path) as history:
        record(history, "a")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE application SET decision = 'maybe'")
    with opened(path) as history:
        with pytest.raises(HistoryFormatError, match="damaged"):
            remembers(history, "a")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("DROP TABLE application")
        with pytest.raises(HistoryFormatError, match="gone"):
            remembers(history, "a")


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_history_that_vanished_takes_no_more_verdicts(path: Path, replaced: bool) -> None:
    with opened(path) as history:
        record(history, "a")
        path.rename(path.with_name("moved.db"))
        if replaced:
            path.touch()
        for transaction in (history.write, history.read):
            with pytest.raises(HistoryError, match="put it back"), transaction():
                pytest.fail("wrote into a file that no longer has its name")
        assert path.exists() == replaced
        if replaced:
            path.unlink()
        path.with_name("moved.db").rename(path)
        record(history, "b")
        assert remembers(history, "a")


def test_no_later_connection_makes_the_file_again(path: Path) -> None:
    with opened(path):
        pass
    path.unlink()
    with pytest.raises(sqlite3.OperationalError):
        sqlite._connect(path, 0, may_create=False)
    assert not path.exists()


# Locks


def test_a_writer_holds_the_history_from_the_start(path: Path) -> None:
    with opened(path) as history, closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        with history.read():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        with history.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


def test_a_commit_waits_for_the_disk(path: Path) -> None:
    with opened(path) as history:
        assert isinstance(history, sqlite.SqliteHistory)
        with history._engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 3


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_history_held_by_another_thread_is_given_up_in_time(kind: str, path: Path) -> None:
    url = f"sqlite:///{path}" if kind == "file" else "sqlite://"
    with closing(open_history(url, secret=SECRET, lock_timeout_s=0.1)) as history, history.write() as holder:
        holder.record(entry("a"))
        errors: list[BaseException] = []

        def other() -> None:
            try:
                record(history, "b")
            except SimkycError as error:
                errors.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert [type(error) for error in errors] == [HistoryLockedError]


def test_a_reader_sees_one_moment(path: Path) -> None:
    with opened(path) as history:
        record(history, "a")
        with history.read() as reader:
            assert reader.recorded("b") is None
            record(history, "b")
            assert reader.recorded("b") is None
        assert remembers(history, "b")


def test_without_a_write_ahead_log_all_else_holds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_prefer_write_ahead_log", lambda _: None)
    with opened(path) as history, opened(path, lock_timeout_s=0.1) as other:
        with history.write() as transaction:
            transaction.record(entry("a"))
            assert not remembers(other, "a")
            with pytest.raises(HistoryLockedError):
                record(other, "b")
        with history.read() as reader:
            assert reader.recorded("a") is not None
            # The reader's moment must not change, so the writer cannot commit.
            with pytest.raises(HistoryLockedError):
                record(other, "b")
            assert reader.recorded("b") is None
        record(other, "b")
        assert remembers(history, "b")


# No space, no right


def test_a_full_disk_takes_nothing_by_half(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite._connect

    def small(path: Path | None, lock_timeout_s: float, *, may_create: bool) -> sqlite3.Connection:
        connection = connect(path, lock_timeout_s, may_create=may_create)
        connection.execute("PRAGMA max_page_count=60")
        return connection

    def record_both(history: History) -> None:
        with history.write() as transaction:
            transaction.record(entry("small"))
            transaction.record(entry("large", verdict_json="x" * 500_000))

    with opened(path) as history:
        record(history, "first")
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "_connect", small)
        with opened(path) as history:
            with pytest.raises(HistoryFullError, match="space"):
                record_both(history)
            record(history, "still fits")
    with opened(path) as history:
        names = ("first", "small", "large", "still fits")
        assert [name for name in names if remembers(history, name)] == ["first", "still fits"]


# Questions

QUESTIONS = {
    name: value
    for name, value in vars(questions).items()
    if isinstance(value, str) and value.startswith("\nSELECT")
}


def test_every_question_that_is_asked_is_looked_at() -> None:
    assert set(questions.COUNTS) < set(QUESTIONS.values())
    assert len(QUESTIONS) >= len(questions.COUNTS) + 6


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_stays_in_the_common_subset(name: str) -> None:
    text = QUESTIONS[name]
    assert set(re.findall(r"(\w+) ?\(", text)) <= {
        *("COUNT", "MAX", "COALESCE"),
        *("AND", "OR", "IN", "WHEN", "WHERE", "FROM"),
    }
    assert ":" not in text, "who asks stands in a table"
