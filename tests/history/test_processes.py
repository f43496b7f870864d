"""Several processes on one SQLite history: races, kills, forks, other users, full disks."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from simkyc import Application, Screener
from simkyc.errors import HistoryLockedError
from simkyc.facts import OpeningFacts
from simkyc.history.protocol import History
from simkyc.testing import STORE_ICCIDS, Clock, application, swatch
from tests.history.files import SECRET, TEN, WINDOWS, entry, opened, record, remembers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the workers are forked")

SCRIPT = Path(__file__).with_name("sqlite_workers.py")
GIVE_UP_S = 60
TEXT_SECRET = SECRET.decode()
NOBODY = 65534


class Worker:
    """A process of its own that waits to be told its task."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(GIVE_UP_S)
        self._socket.connect(address)
        self._lines = self._socket.makefile("rw", encoding="utf-8")
        self._pid = int(self.hear())

    def start(
        self,
        task: str,
        path: Path,
        name: str,
        *,
        secret: str | None = TEXT_SECRET,
        user: int | None = None,
        file_bytes: int | None = None,
    ) -> None:
        """Give it its task, for another user or with a limit on the size of files."""
        order = {"task": task, "url": f"sqlite:///{path}", "name": name, "secret": secret}
        self.tell(json.dumps({**order, "user": user, "file_bytes": file_bytes}))
        assert self.hear() == "begun"

    def tell(self, line: str) -> None:
        self._lines.write(line + "\n")
        self._lines.flush()

    def hear(self) -> str:
        return self._lines.readline().removesuffix("\n")

    def rest(self) -> list[str]:
        """What it says until its end."""
        return self._lines.read().splitlines()

    def kill(self) -> list[str]:
        """End it at once; what it had said until then."""
        os.kill(self._pid, signal.SIGKILL)
        return self.rest()

    def close(self) -> None:
        # Whoever waits to be told something hears the end, and whoever says something cannot.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._socket.close()


NewWorker = Callable[[], Worker]


@pytest.fixture(scope="module")
def forkery() -> Iterator[str]:
    """Where new workers come from: a process that has imported everything already."""
    folder = tempfile.mkdtemp()
    address = f"{folder}/socket"
    script = subprocess.Popen([sys.executable, "-W", "error", str(SCRIPT), address], stdout=subprocess.PIPE)
    with script:
        assert script.stdout is not None
        assert script.stdout.readline() == b"ready\n"
        yield address
        script.kill()
    shutil.rmtree(folder)


@pytest.fixture
def new_worker(forkery: str) -> Iterator[NewWorker]:
    with ExitStack() as stack:

        def new() -> Worker:
            worker = Worker(forkery)
            stack.callback(worker.close)
            return worker

        yield new


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kyc.db"


def at_once(count: int, work: Callable[[int], None]) -> Callable[[], None]:
    """Start so many threads, all waiting; the result lets them go and waits for their end."""
    start = threading.Barrier(count + 1)

    def run(number: int) -> None:
        start.wait(timeout=GIVE_UP_S)
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()

    def let_go() -> None:
        start.wait(timeout=GIVE_UP_S)
        for thread in threads:
            thread.join(timeout=GIVE_UP_S)

    return let_go


def test_all_who_open_a_new_history_at_once_get_one_key(path: Path, new_worker: NewWorker) -> None:
    workers = [new_worker() for _ in range(4)]
    prints = list[str]()

    def open_it(_: int) -> None:
        with opened(path, secret=None) as history:
            prints.append(history.keyring.fingerprint())

    let_go = at_once(4, open_it)
    for worker in workers:
        worker.start("open_only", path, "worker", secret=None)
    let_go()
    for worker in workers:
        fingerprint, end = worker.rest()
        assert end == "done"
        prints.append(fingerprint)
    assert len(prints) == 8
    assert len(set(prints)) == 1


@pytest.mark.parametrize("wait_s", [0, 0.2])
def test_a_history_held_by_another_process_is_given_up_in_time(
    path: Path, new_worker: NewWorker, wait_s: float
) -> None:
    with opened(path) as history:
        record(history, "a")
    holder = new_worker()
    holder.start("hold", path, "holder")
    assert holder.hear() == "held"
    with opened(path, lock_timeout_s=wait_s) as history:
        began = time.perf_counter()
        with pytest.raises(HistoryLockedError, match="try again"):
            record(history, "b")
        assert wait_s <= time.perf_counter() - began < wait_s + 2
        assert remembers(history, "a"), "reading goes on meanwhile"
        assert not remembers(history, "holder"), "what is not committed is not seen"
    holder.tell("let go")
    assert holder.rest() == ["done"]
    with opened(path) as history:
        record(history, "b")
        assert remembers(history, "b")
        assert remembers(history, "holder")


def test_threads_and_processes_never_sell_more_than_five(path: Path, new_worker: NewWorker) -> None:
    """Eight threads and four processes, each trying for four people who hold three of five numbers."""
    people = [f"person-{number}" for number in range(4)]
    workers = [new_worker() for _ in range(4)]
    with opened(path) as history:
        with history.write() as transaction:
            for person in people:
                for place in range(3):
                    transaction.record(entry(f"held-{person}-{place}", person))
        admitted = list[str]()

        def counter(number: int) -> None:
            for person in people:
                if admit(history, f"thread-{number}", person):
                    admitted.append(person)

        let_go = at_once(8, counter)
        for number, worker in enumerate(workers):
            worker.start("race", path, f"process-{number}")
        let_go()
        for worker in workers:
            *won, end = worker.rest()
            assert end == "done"
            admitted += won
        assert sorted(admitted) == sorted(people * 2)
        with history.read() as reader:
            for person in people:
                assert held(reader.facts(entry("x", person).keys, WINDOWS, TEN)) == 5


def held(facts: OpeningFacts) -> int:
    assert facts.active_numbers is not None
    return facts.active_numbers["personal"]


def admit(history: History, name: str, person: str) -> bool:
    one = entry(f"{name}-{person}", person)
    with history.write() as transaction:
        free = held(transaction.facts(one.keys, WINDOWS, TEN)) < 5
        if free:
            transaction.record(one)
    return free


def test_ten_counters_sell_each_card_and_each_number_of_one_lot_once(
    path: Path, new_worker: NewWorker
) -> None:
    """Ten processes, each with other people: five want the same cards, five the same numbers on other cards."""
    workers = [new_worker() for _ in range(10)]
    with opened(path) as history:
        Screener.open(history, clock=Clock()).allocate("store-1", STORE_ICCIDS)
        for counter, worker in enumerate(workers):
            worker.start("sell", path, f"counter-{counter}")
            worker.tell(json.dumps([wanted(counter, card).to_json() for card in range(10)]))
            assert worker.hear() == "ready"
        for worker in workers:
            worker.tell("go")
        sold = list[str]()
        for worker in workers:
            *won, end = worker.rest()
            assert end == "done"
            sold += won
    # Card and number lie on two cards each, so each lot of ten gives ten sales and no more.
    assert sorted(name.rpartition("-")[2] for name in sold) == [str(card) for card in range(10)]
    with closing(sqlite3.connect(path)) as connection:
        for column in ("iccid", "msisdn_key"):
            most = connection.execute(
                "SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM application"
                f" WHERE decision = 'accept' GROUP BY {column})"
            )
            assert most.fetchone() == (1,)
        assert connection.execute("SELECT COUNT(*) FROM application").fetchone() == (100,)


def wanted(counter: int, card: int) -> Application:
    """Number `card` of the lot, for somebody new: on its own card, or at every other counter on a spare one."""
    seed = 10 * counter + card
    photo = {"data": swatch(seed)}
    spare = 10 * (counter + 1) if counter % 2 else 0
    return application(
        seed,
        application_id=f"counter-{counter}-{card}",
        live_photo=photo,
        document={"portrait": photo},
        sim={"iccid": STORE_ICCIDS[spare + card], "msisdn": f"+86138{card:08d}"},
        clerk={"clerk_id": f"clerk-{counter}"},
    )


def check_whole(path: Path, worker: str, acknowledged: list[str]) -> None:
    """All that was acknowledged is there, and nothing is there by half."""
    rows: list[tuple[str, str, int | None]]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = connection.execute(
            "SELECT application_id, verdict_json, opened_at FROM application WHERE application_id LIKE ?",
            [f"{worker}-%"],
        ).fetchall()
        stock = connection.execute("SELECT iccid FROM sim_stock WHERE store_id LIKE ?", [f"{worker}-%"])
        sims = {iccid for (iccid,) in stock}
    names = {application_id.removesuffix("-a").removesuffix("-b") for application_id, _, _ in rows}
    assert {row[0] for row in rows} == {f"{name}-{half}" for name in names for half in "ab"}
    assert sims == {f"{name}-sim" for name in names}
    for application_id, verdict_json, opened_at in rows:
        assert verdict_json == f"{application_id} {'人' * 5000} {application_id}"
        assert (opened_at is not None) == application_id.endswith("-b")
    assert names >= set(acknowledged)
    # At most the one that was committed when the end came before the word could be said.
    assert len(names) <= len(set(acknowledged)) + 1


def test_a_killed_writer_leaves_whole_records_and_a_free_history(path: Path, new_worker: NewWorker) -> None:
    dice = random.Random(20261124)
    for number in range(20):
        worker = new_worker()
        worker.start("write_without_end", path, f"w{number}")
        acknowledged = [worker.hear() for _ in range(dice.randint(0, 6))]
        moment = time.perf_counter() + dice.uniform(0, 0.01)
        while time.perf_counter() < moment:
            pass
        acknowledged += worker.kill()
        # Opened first: the end may have come before there was a table.
        with opened(path, lock_timeout_s=10) as history:
            check_whole(path, f"w{number}", acknowledged)
            record(history, f"after-{number}")
            assert remembers(history, f"after-{number}")


def test_a_forked_process_uses_connections_of_its_own(path: Path, new_worker: NewWorker) -> None:
    worker = new_worker()
    worker.start("fork_between", path, "worker")
    assert worker.rest() == ["0 inherited", "0", "done"]
    with opened(path) as history:
        assert all(remembers(history, name) for name in ("before", "parent", "child"))


def test_a_history_forked_inside_a_transaction_refuses_the_child(path: Path, new_worker: NewWorker) -> None:
    worker = new_worker()
    worker.start("fork_inside", path, "worker")
    said, status, end = worker.rest()
    assert "open it after the fork" in said
    assert (status, end) == ("0", "done")
    with opened(path) as history:
        assert remembers(history, "parent")


# No space, no right


def test_a_file_size_limit_is_a_full_disk(path: Path, new_worker: NewWorker) -> None:
    worker = new_worker()
    worker.start("write_until_refused", path, "w", file_bytes=400_000)
    *acknowledged, first, second, end = worker.rest()
    assert (first, second, end) == ("HistoryFullError", "HistoryFullError", "done")
    assert len(acknowledged) >= 2
    check_whole(path, "w", acknowledged)
    with opened(path) as history:
        record(history, "after")
        assert remembers(history, "after")


def test_no_space_for_a_new_history(path: Path, new_worker: NewWorker) -> None:
    worker = new_worker()
    worker.start("write_until_refused", path, "w", file_bytes=20_000)
    assert worker.rest() == ["HistoryFullError"]
    with opened(path) as history:
        record(history, "after")
        assert remembers(history, "after")


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """A folder that another user may look into but not write."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("log", ["wal", "delete"])
def test_a_history_that_may_only_be_read(others_folder: Path, new_worker: NewWorker, log: str) -> None:
    path = others_folder / "kyc.db"
    with opened(path) as history:
        record(history, "a", "b")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={log}")
    path.chmod(0o644)
    worker = new_worker()
    worker.start("look_and_touch", path, "worker", user=NOBODY)
    assert worker.rest() == ["2", "HistoryReadOnlyError", "done"]
    assert [file.name for file in others_folder.iterdir()] == ["kyc.db"]


def test_a_history_that_others_are_writing_may_be_read(others_folder: Path, new_worker: NewWorker) -> None:
    path = others_folder / "kyc.db"
    with opened(path) as history:
        record(history, "a", "b")
        for file in others_folder.iterdir():
            file.chmod(0o644)
        worker = new_worker()
        worker.start("look_and_touch", path, "worker", user=NOBODY)
        assert worker.rest() == ["2", "HistoryReadOnlyError", "done"]


@pytest.mark.parametrize("empty_file", [False, True], ids=["no file", "an empty file"])
def test_no_history_can_be_made_where_nothing_may_be_written(
    others_folder: Path, new_worker: NewWorker, empty_file: bool
) -> None:
    path = others_folder / "kyc.db"
    if empty_file:
        path.touch()
    worker = new_worker()
    worker.start("open_only", path, "worker", user=NOBODY)
    assert worker.rest() == ["HistoryReadOnlyError"]


def test_a_key_file_that_may_not_be_read(others_folder: Path, new_worker: NewWorker) -> None:
    path = others_folder / "kyc.db"
    with opened(path, secret=None):
        pass
    path.chmod(0o644)
    worker = new_worker()
    worker.start("open_only", path, "worker", user=NOBODY, secret=None)
    assert worker.rest() == ["HistorySecretError"]


def test_a_folder_that_may_not_be_entered(others_folder: Path, new_worker: NewWorker) -> None:
    path = others_folder / "kyc.db"
    with opened(path):
        pass
    others_folder.chmod(0o700)
    worker = new_worker()
    worker.start("open_only", path, "worker", user=NOBODY)
    assert worker.rest() == ["HistoryError"]
