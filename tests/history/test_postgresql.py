"""What is PostgreSQL's own: URLs, roles, locks, processes, and a server that goes away."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from simkyc import Screener
from simkyc.errors import (
    HistoryError,
    HistoryFormatError,
    HistoryFullError,
    HistoryLockedError,
    HistoryReadOnlyError,
    HistorySecretError,
    HistoryUnreachableError,
    HistoryVersionError,
    InputError,
    SimkycError,
)
from simkyc.history import open_history, postgresql
from simkyc.history.protocol import History, application_lock, number_lock
from simkyc.testing import Clock, application, iccid_of
from simkyc.testing.builders import imei_of
from tests.history.postgres_workers import SECRET, entry_of
from tests.history.server import PostgresServer, running_server

SCRIPT = Path(__file__).with_name("postgres_workers.py")
GIVE_UP_S = 60
CAP = 5
"""Numbers that the policy which ships lets one person hold."""


@pytest.fixture(autouse=True)
def no_secret_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMKYC_SECRET", raising=False)


@contextmanager
def opened(url: str, lock_timeout_s: float = 30) -> Iterator[History]:
    with closing(open_history(url, secret=SECRET, lock_timeout_s=lock_timeout_s)) as history:
        yield history


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.take_schema()


def record(history: History, *application_ids: str) -> None:
    with history.write() as transaction:
        for application_id in application_ids:
            transaction.record(entry_of(application_id, "person"))


def remembers(history: History, application_id: str) -> bool:
    with history.read() as reader:
        return reader.recorded(application_id) is not None


# Opening


def test_it_loads_nothing_before_it_is_asked_to() -> None:
    code = (
        "import sys, simkyc.history; print({'psycopg', 'alembic', 'stamina'} & set(sys.modules) or 'nothing')"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "nothing"


def test_without_the_extra_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from simkyc.history import open_history\n"
        "try: open_history('postgresql://u:hunter2@h/d', secret='x' * 16)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("SimkycError ")
    assert "simkyc[postgresql]" in answer.stdout
    assert "hunter2" not in answer.stdout + answer.stderr


def test_no_secret_is_made_up_for_a_shared_history(url: str) -> None:
    with pytest.raises(HistorySecretError, match="SIMKYC_SECRET"):
        open_history(url)


def test_two_machines_with_two_secrets_do_not_share(url: str) -> None:
    with opened(url) as history:
        record(history, "a")
    with pytest.raises(HistorySecretError, match="another secret"):
        open_history(url, secret="the secret of another machine")


def test_all_who_open_an_empty_database_at_once_find_one_history(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.new_database())
    faults = list[BaseException]()

    def open_it(place: int) -> None:
        try:
            with opened(url) as history:
                record(history, f"a{place}")
        except BaseException as fault:
            faults.append(fault)

    at_once(6, open_it)
    assert faults == []
    with opened(url) as history:
        assert all(remembers(history, f"a{place}") for place in range(6))


def no_database(server: PostgresServer) -> str:
    return server.url("hunter2")


def no_role(server: PostgresServer) -> str:
    return server.url(user="hunter2")


def no_server(server: PostgresServer) -> str:
    return f"postgresql://clerk:hunter2@/kyc?host={server.socket_folder}/hunter2"


def wrong_password(server: PostgresServer) -> str:
    server.run("CREATE ROLE clerk_w LOGIN PASSWORD 'another'")
    server.authenticate("local all clerk_w scram-sha-256")
    return server.url(user="clerk_w:hunter2")


def no_password(server: PostgresServer) -> str:
    server.run("CREATE ROLE clerk_n LOGIN PASSWORD 'another'")
    server.authenticate("local all clerk_n scram-sha-256")
    return server.url(user="clerk_n")


def foreign(server: PostgresServer) -> str:
    name = server.new_database()
    server.run("CREATE TABLE hunter2 (id integer)", name)
    return server.url(name)


def may_make_nothing(server: PostgresServer) -> str:
    server.run("CREATE ROLE clerk_m LOGIN")
    return server.url(server.new_database(), user="clerk_m")


def a_standby(server: PostgresServer) -> str:
    name = server.new_database()
    frozen = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
    server.run(frozen.format(sql.Identifier(name)))
    return server.url(name)


def changed(statement: str) -> Callable[[PostgresServer], str]:
    def change(server: PostgresServer) -> str:
        name = server.new_database()
        with opened(server.url(name)):
            pass
        server.run(sql.SQL(statement).format(), name)
        return server.url(name)

    return change


NOT_OPENED: dict[str, tuple[Callable[[PostgresServer], str], type[HistoryError], str]] = {
    "no such database": (no_database, HistoryError, "role, its password and the database"),
    "no such role": (no_role, HistoryError, "role, its password and the database"),
    "no server": (no_server, HistoryUnreachableError, "cannot be reached"),
    "a wrong password": (wrong_password, HistoryError, "role, its password and the database"),
    "no password": (no_password, HistoryError, "role, its password and the database"),
    "another program's database": (foreign, HistoryFormatError, "not a history"),
    "a role that may make no tables": (may_make_nothing, HistoryReadOnlyError, "rights"),
    "a database for reading": (a_standby, HistoryReadOnlyError, "cannot be written"),
    "from a later simkyc": (
        changed("UPDATE history_version SET version_num = '0099'"),
        HistoryVersionError,
        "version 99",
    ),
    "a table is gone": (changed("DROP TABLE sim_stock"), HistoryFormatError, "lacks a part"),
    "its version is gone": (changed("DELETE FROM history_version"), HistoryFormatError, "version"),
}


@pytest.mark.parametrize("case", NOT_OPENED)
def test_what_cannot_be_opened_says_why_and_no_more(case: str, postgres: PostgresServer) -> None:
    make, error, advice = NOT_OPENED[case]
    url = make(postgres)
    with pytest.raises(error, match=advice) as caught:
        open_history(url, secret=SECRET)
    assert type(caught.value) is error
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_the_right_password_lets_in_and_stands_nowhere(postgres: PostgresServer) -> None:
    postgres.run("CREATE ROLE clerk_r LOGIN PASSWORD 'hunter2'")
    postgres.run("CREATE SCHEMA clerk_r AUTHORIZATION clerk_r")
    postgres.authenticate("local all clerk_r scram-sha-256")
    with opened(postgres.url(user="clerk_r:hunter2")) as history:
        record(history, "a")
        engine = history._server._engine  # type: ignore[attr-defined]  # looks where a log might look
        assert "hunter2" not in f"{history!r} {vars(history)!r} {engine!r} {engine.pool._creator!r}"


def test_a_counter_needs_no_right_but_to_read_insert_and_update_and_to_forget_faces(
    postgres: PostgresServer,
) -> None:
    name = postgres.new_database()
    with opened(postgres.url(name)) as history:
        record(history, "a")
    postgres.run("CREATE ROLE counter_l LOGIN")
    postgres.run("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO counter_l", name)
    postgres.run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO counter_l", name)
    postgres.run("GRANT DELETE ON face_template TO counter_l", name)
    with opened(postgres.url(name, user="counter_l")) as history:
        screener = Screener.open(history, clock=Clock())
        asked = application(0, face_consent=None)
        screener.allocate(asked.store.store_id, [iccid_of(1)])
        assert screener.screen(asked) == screener.screen(asked)
        screener.settle(asked.application_id, opened=False)


def test_who_may_only_read_reads(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    with opened(postgres.url(name)) as history:
        record(history, "a")
    postgres.run("CREATE ROLE reader_r LOGIN")
    postgres.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_r", name)
    with opened(postgres.url(name, user="reader_r")) as history:
        assert remembers(history, "a")
        with pytest.raises(HistoryReadOnlyError, match="rights"):
            record(history, "b")


FAULTS: dict[str, tuple[type[SimkycError], str]] = {
    "08006": (HistoryUnreachableError, "the connection failed"),
    "57P01": (HistoryUnreachableError, "the server is shut down"),
    "57P02": (HistoryUnreachableError, "the server crashed"),
    "57P03": (HistoryUnreachableError, "the server starts up"),
    "25P03": (HistoryUnreachableError, "idle in a transaction for too long"),
    "53300": (HistoryUnreachableError, "too many connections"),
    "55P03": (HistoryLockedError, "a lock timeout"),
    "57014": (HistoryLockedError, "a statement timeout"),
    "40P01": (HistoryLockedError, "a deadlock"),
    "40001": (HistoryLockedError, "a serialisation failure"),
    "25006": (HistoryReadOnlyError, "a read-only transaction"),
    "42501": (HistoryReadOnlyError, "no right"),
    "53100": (HistoryFullError, "a full disk"),
    "42P01": (HistoryFormatError, "a table is gone"),
    "XX001": (HistoryFormatError, "corrupted data"),
    "22021": (InputError, "no text of the database"),
    "XX000": (HistoryError, "anything else"),
}


@pytest.mark.parametrize("code", FAULTS, ids=[f"{code} {why}" for code, (_, why) in FAULTS.items()])
def test_what_an_error_code_means(code: str) -> None:
    error, _ = FAULTS[code]
    wrapped = DBAPIError("SELECT hunter2", {"key": "hunter2"}, psycopg.errors.lookup(code)("hunter2"))
    named = postgresql.name_fault(wrapped)
    assert type(named) is error
    assert "hunter2" not in str(named)


# Locks


def at_once(count: int, work: Callable[[int], None]) -> None:
    """So many threads at once."""
    start = threading.Barrier(count)

    def run(place: int) -> None:
        start.wait(timeout=GIVE_UP_S)
        work(place)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=GIVE_UP_S)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("held", "wanted", "waits"),
    [
        (("person|1",), ("person|2",), False),
        (("person|1",), ("clerk|1", "person|1"), True),
        ((), ("person|1",), True),
        (("person|1",), (), True),
        (("stock",), ("lists",), False),
        (("lists",), ("lists",), True),
    ],
    ids=lambda value: " ".join(value) or "everything" if isinstance(value, tuple) else str(value),
)
@pytest.mark.parametrize("wait_s", [0, 0.3])
def test_who_waits_for_whom(
    held: tuple[str, ...], wanted: tuple[str, ...], waits: bool, wait_s: float, url: str
) -> None:
    with opened(url) as history, opened(url, lock_timeout_s=wait_s or 0.001) as other, history.write(held):
        began = time.perf_counter()
        if not waits:
            with opened(url) as patient, patient.write(wanted) as transaction:
                transaction.record(entry_of("a", "person"))
            return
        with pytest.raises(HistoryLockedError, match="try again"), other.write(wanted):
            pytest.fail("it was let in")
        assert wait_s <= time.perf_counter() - began < wait_s + 2
        assert not remembers(history, "a"), "reading goes on meanwhile"


def test_keys_named_in_any_order_never_hold_each_other_up(url: str) -> None:
    """Two who want the same keys in turned order would wait for ever if they took them as named."""
    keys = [f"person|{place}" for place in range(6)]
    dice = random.Random(20261124)
    orders = [[dice.sample(keys, 4) for _ in range(20)] for _ in range(4)]
    faults = list[BaseException]()
    with opened(url) as history:

        def work(place: int) -> None:
            try:
                for number, order in enumerate(orders[place]):
                    with history.write(order) as transaction:
                        transaction.record(entry_of(f"a{place}-{number}", "person"))
            except BaseException as fault:
                faults.append(fault)

        at_once(4, work)
    assert faults == []


def test_no_card_is_issued_while_a_file_of_cards_is_written(url: str) -> None:
    with opened(url) as history, opened(url, lock_timeout_s=0.2) as other:
        record(history, "a")
        with (
            history.write(("stock",)),
            pytest.raises(HistoryLockedError),
            other.write((application_lock("a"),)) as transaction,
        ):
            transaction.open_number("a", entry_of("a", "person").decided_at)
        with other.write((application_lock("a"),)) as transaction:
            transaction.open_number("a", entry_of("a", "person").decided_at)


@pytest.mark.parametrize("step", ["open_number", "release", "close_number"])
def test_settling_waits_for_whoever_holds_the_number(step: str, url: str) -> None:
    """The number stands in the application, so it is locked only when that has been read."""
    held = entry_of("a", "person")
    with opened(url) as history, opened(url, lock_timeout_s=0.2) as other:
        with history.write() as transaction:
            transaction.record(replace(held, keys=replace(held.keys, msisdn="msisdn")))
            if step == "close_number":
                transaction.open_number("a", held.decided_at)
        with (
            history.write((number_lock("msisdn"),)),
            pytest.raises(HistoryLockedError),
            other.write((application_lock("a"),)) as transaction,
        ):
            getattr(transaction, step)("a", held.decided_at)
        with other.write((application_lock("a"),)) as transaction:
            getattr(transaction, step)("a", held.decided_at)


def test_a_connection_that_hangs_in_a_transaction_loses_its_locks(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BEGIN_WRITING", postgresql.BEGIN_WRITING.replace("'60s'", "'50ms'"))
    with opened(url) as history:

        def hang() -> None:
            with history.write(("person|1",)) as transaction:
                # Lets it in only because the one before has lost its lock.
                with opened(url) as other, other.write(("person|1",)) as patient:
                    patient.record(entry_of("b", "person"))
                transaction.record(entry_of("a", "person"))

        with pytest.raises(HistoryUnreachableError):
            hang()
        assert remembers(history, "b")
        assert not remembers(history, "a")


# Processes


def run_workers(task: str, url: str, count: int) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), task, url, str(count)],
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S * 2,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_sixteen_processes_opening_cards_for_one_person_get_five(url: str) -> None:
    with opened(url):
        pass
    said = run_workers("open_cards", url, 16)
    assert len(said) == 16
    decisions = Counter(decision for _, decision in said)
    assert decisions["accept"] + decisions["review"] == CAP
    assert decisions["refuse"] == 16 - CAP
    with opened(url) as history:
        screener = Screener.open(history, clock=Clock())
        for application_id, decision in said:
            verdict = screener.verdict(application_id)
            assert verdict is not None
            assert verdict.decision.value == decision


def test_killed_writers_leave_whole_records_and_free_locks(url: str, postgres: PostgresServer) -> None:
    with opened(url):
        pass
    dice = random.Random(20261124)
    acknowledged = set[str]()
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, str(SCRIPT), "write_without_end", url, "4"],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as script:
            assert script.stdout is not None
            said = [script.stdout.readline() for _ in range(dice.randint(1, 60))]
            os.killpg(script.pid, signal.SIGKILL)
            said += script.stdout.read().splitlines()
            acknowledged |= {name for line in said for name in json.loads(line)}
        with opened(url) as history:
            record(history, f"after-{len(acknowledged)}")
            with history.read() as reader:
                whole = {name for name in acknowledged if reader.recorded(f"{name}-a")}
                assert whole == acknowledged
        schema = url.rpartition("%3D")[2]
        ids = postgres.run(
            sql.SQL("SELECT application_id, verdict_json FROM {} WHERE application_id LIKE 'w%'").format(
                sql.Identifier(schema, "application")
            )
        )
        names = {application_id[:-2] for application_id, _ in ids}
        assert {application_id for application_id, _ in ids} == {
            f"{name}-{h}" for name in names for h in "ab"
        }
        assert all(text.startswith(name) and text.endswith(name) for name, text in ids)
        wipe = sql.SQL("DELETE FROM {} WHERE application_id LIKE 'w%'").format(
            sql.Identifier(schema, "application")
        )
        postgres.run(wipe)
        acknowledged.clear()


def test_a_forked_process_uses_connections_of_its_own(url: str) -> None:
    with opened(url):
        pass
    assert run_workers("fork_between", url, 2) == [["0"], ["0"]]
    with opened(url) as history:
        assert all(remembers(history, f"{who}-{place}") for who in ("parent", "child") for place in (0, 1))


# A server that goes away


def test_a_server_that_restarts_under_load_costs_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Crashed and shut down in turn while counters screen: everything is recorded once, no limit is exceeded."""
    counters, people, each = 6, 4, 12
    clock = Clock()
    verdicts: dict[str, str] = {}
    faults = list[BaseException]()
    with running_server() as server, opened(server.url()) as history:
        screener = Screener.open(history, clock=clock)

        def counter(place: int) -> None:
            for number in range(each):
                serial = place * each + number
                asked = application(
                    serial % people,
                    application_id=f"a{serial}",
                    sim={"iccid": iccid_of(serial), "msisdn": f"+86139{serial:08d}"},
                    face_consent=None,
                )
                try:
                    verdicts[asked.application_id] = screener.screen(asked).decision.value
                except BaseException as fault:
                    faults.append(fault)

        threads = [threading.Thread(target=counter, args=(place,)) for place in range(counters)]
        for thread in threads:
            thread.start()
        restarts = 0
        while any(thread.is_alive() for thread in threads) and restarts < 6:
            enough = len(verdicts) + 5
            while len(verdicts) < enough and any(thread.is_alive() for thread in threads):
                threads[0].join(timeout=0.005)
            server.stop("immediate" if restarts % 2 else "fast")
            server.start()
            restarts += 1
        for thread in threads:
            thread.join(timeout=GIVE_UP_S)
        assert faults == []
        assert restarts >= 3
        assert len(verdicts) == counters * each
        rows = server.run("SELECT application_id, decision, person_key, admitted_until FROM application")
    assert {application_id: decision for application_id, decision, _, _ in rows} == verdicts
    admitted = Counter(person for _, _, person, until in rows if until is not None)
    assert sorted(admitted.values()) == [CAP] * people


def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE_S", 0.2)
    asked = application(0, face_consent=None)
    with running_server() as server, opened(server.url()) as history:
        screener = Screener.open(history, clock=Clock())
        server.stop()
        with pytest.raises(HistoryUnreachableError, match="try again"):
            screener.screen(asked)
        server.start()
        verdict = screener.screen(asked)
        assert screener.verdict(asked.application_id) == verdict


def test_a_verdict_whose_commit_was_not_heard_of_is_found_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(url) as history:
        screener = Screener.open(history, clock=Clock())
        real, lost = postgresql._guarded, list[str]()

        def lose_one(work: Callable[[], object]) -> object:
            answer = real(work)
            if getattr(work, "__name__", "") == "commit" and not lost and remembers_now(url, "a"):
                lost.append("commit")
                raise HistoryUnreachableError("the end was not heard of")
            return answer

        monkeypatch.setattr(postgresql, "_guarded", lose_one)
        verdict = screener.screen(application(0, application_id="a", face_consent=None))
        assert lost == ["commit"]
        assert screener.verdict("a") == verdict


def a_preview(screener: Screener, folder: Path) -> object:
    return screener.preview(application(1, face_consent=None)).decision


def a_line(screener: Screener, folder: Path) -> object:
    return screener.check_line(application(0, face_consent=None).sim.msisdn).decision


def a_swap(screener: Screener, folder: Path) -> object:
    return screener.check_swap(application(0, face_consent=None).sim.msisdn)


def an_allocation(screener: Screener, folder: Path) -> object:
    return screener.allocate("store-1", [iccid_of(serial) for serial in range(9)])


def a_list(screener: Screener, folder: Path) -> object:
    path = folder / "devices.csv"
    path.write_text(
        "imei,tac,tac_from,tac_to,list,source,basis,from,until,silent_alert\n"
        f"{imei_of(0)},,,,stolen_device,police,a rule,2026-10-01T00:00:00+08:00,,0\n"
    )
    done = screener.lists.import_devices(path)
    again = screener.lists.import_devices(path)
    return done.added + done.unchanged, again.unchanged


LOST: dict[str, Callable[[Screener, Path], object]] = {
    "preview": a_preview,
    "check_line": a_line,
    "check_swap": a_swap,
    "allocate": an_allocation,
    "import_devices": a_list,
}


@pytest.mark.parametrize("what", LOST)
def test_what_may_be_done_again_is_done_again_on_another_connection(
    what: str, url: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    """The server ends every connection of ours at one statement in the middle."""
    with opened(url) as history:
        screener = Screener.open(history, clock=Clock())
        opened_once = application(0, face_consent=None)
        screener.allocate("store-1", [opened_once.sim.iccid or ""])
        expected = LOST[what](screener, tmp_path)
        statements, ended = [0], list[int]()

        def end(*_: object) -> None:
            statements[0] += 1
            if statements[0] == 2:
                ended.append(
                    len(
                        postgres.run(
                            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                            " WHERE application_name = 'simkyc' AND pid <> pg_backend_pid()"
                        )
                    )
                )

        engine = history._server._engine  # type: ignore[attr-defined]  # where a statement can be heard
        event.listen(engine, "before_cursor_execute", end)
        assert LOST[what](screener, tmp_path) == expected
        event.remove(engine, "before_cursor_execute", end)
        assert ended
        assert ended[0] >= 1
        assert statements[0] > 2


def remembers_now(url: str, application_id: str) -> bool:
    with psycopg.connect(url) as connection:
        asked = connection.execute("SELECT 1 FROM application WHERE application_id = %s", [application_id])
        return asked.fetchone() is not None
