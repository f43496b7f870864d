"""No statement of a screening or of a line reads a table from end to end: its cost must not grow with the history.

The statements are those that really run, heard as they are sent, so that none is forgotten.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from simkyc import Application, Screener
from simkyc.history.postgresql import PostgresHistory
from simkyc.history.protocol import Entry, OpeningKeys, Seen, StoredFace, WatchEntry, WatchName
from simkyc.history.schema import TABLES
from simkyc.history.sql import SqlReader
from simkyc.history.sqlite import SqliteHistory
from simkyc.line import Sighting
from simkyc.steps import LineStep
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, iccid_of, party, swatch
from simkyc.verdict import Decision
from tests.history.server import PostgresServer

Statements = dict[str, Any]


def asked_for(seed: int, **changes: Any) -> Application:
    photo = {"data": swatch(seed)}
    return application(seed, live_photo=photo, document={"portrait": photo}, **changes)


def heard(history: SqliteHistory) -> AbstractContextManager[Statements]:
    return heard_by(history._engine)


@contextmanager
def heard_by(engine: Engine) -> Iterator[Statements]:
    """Every statement that is sent meanwhile, with the parameters that it was sent with first."""
    statements: Statements = {}

    def hear(_: object, __: object, statement: str, parameters: Any, ___: object, many: bool) -> None:
        statements.setdefault(statement, parameters[0] if many else parameters)

    event.listen(engine, "before_cursor_execute", hear)
    yield statements
    event.remove(engine, "before_cursor_execute", hear)


def screening(screener: Screener) -> None:
    """An opening with everything that it may share, a replacement, and a preview of one as of then."""
    screener.screen(asked_for(1, contact_number="+8613912345678", payer_account="payer-1"))
    replaced = asked_for(0, application_id="again", kind="replacement", sim={"iccid": STORE_ICCIDS[50]})
    screener.screen(replaced)
    screener.preview(replaced, at=NOW)


def settling(screener: Screener) -> None:
    screener.screen(asked_for(2))
    screener.settle("test-2", opened=True)
    screener.screen(asked_for(3))
    screener.settle("test-3", opened=False)
    screener.close_number("test-2")
    screener.verdict("test-2")


def transferring(screener: Screener) -> None:
    photo = {"data": swatch(0)}
    giver = party(0, live_photo=photo, document={"portrait": asked_for(0).document.portrait})
    line = asked_for(0).sim
    sim = {"iccid": line.iccid, "imsi": line.imsi, "msisdn": line.msisdn}
    screener.screen(asked_for(4, kind="transfer", sim=sim, transferor=giver))
    screener.settle("test-4", opened=True, approved_by="supervisor-1")
    screener.settle("test-4", opened=True, approved_by="supervisor-1")
    with pytest.raises(Exception, match="somebody else"):
        screener.close_number("test-0")


def activating(screener: Screener) -> None:
    sim, device = asked_for(0).sim, asked_for(0).device
    assert device is not None
    screener.activated(Sighting(msisdn=sim.msisdn, imsi=sim.imsi, imei=device.imei, seen_at=NOW))


def looking_at_a_line(screener: Screener) -> None:
    number = asked_for(0).sim.msisdn
    screener.check_line(number)
    screener.check_line(number, at=NOW - timedelta(days=1))
    screener.check_swap(number)


def reporting(screener: Screener) -> None:
    screener.report_outcome(asked_for(0).sim.msisdn, is_fraud=True)
    screener.report_outcome(asked_for(0).sim.msisdn, is_fraud=False)


def acting(screener: Screener) -> None:
    """A line is stopped, its holder comes back for it and for another number, and is cleared."""
    number = asked_for(5).sim.msisdn
    screener.screen(asked_for(5))
    screener.settle("test-5", opened=True, approved_by="supervisor-1")
    screener.act(number, "suspend", reason="suspected_use", by="staff-1")
    screener.line_record(number)
    back = asked_for(5, application_id="back", kind="reactivation")
    screener.screen(back)
    screener.preview(back, at=NOW)
    screener.settle("back", opened=True, approved_by="supervisor-1")
    screener.act(number, "suspend", reason="suspected_use", by="staff-1")
    screener.report_outcome(number, is_fraud=False)
    screener.act(number, "restore", reason="cleared", by="staff-1")


def forgetting(screener: Screener) -> None:
    """Of purging nothing is said: it reads what it deletes, once a day."""
    screener.close_number("test-0")
    clock = screener._clock
    assert isinstance(clock, Clock)
    clock.advance(days=31)
    screener.erase_person(asked_for(0).document)


CORRIDORS: dict[str, Callable[[Screener], None]] = {
    "screen": screening,
    "settle": settling,
    "transfer": transferring,
    "activated": activating,
    "check_line and check_swap": looking_at_a_line,
    "report_outcome": reporting,
    "act": acting,
    "erase_person": forgetting,
}


@pytest.fixture
def screener(tmp_path: Path) -> Iterator[Screener]:
    """One with a line that was opened and seen, so that nothing is left unasked."""
    with Screener.open(f"sqlite:///{tmp_path}/kyc.db", faces=FakeFaceEngine(), clock=Clock()) as opened:
        opened.allocate("store-1", STORE_ICCIDS)
        opened.screen(asked_for(0))
        opened.settle("test-0", opened=True)
        activating(opened)
        yield opened


LARGE = (
    *("application", "shared_key", "sighting", "outcome", "face_template", "sim_stock", "watch"),
    "line_step",
)
"""Tables that grow with every card; the others stay as small as a page."""


def a_step(opened_by: str, at: datetime) -> LineStep:
    return LineStep(
        step_no=1,
        taken_at=at,
        measure="suspend",
        state="suspended",
        suspected=True,
        reason="suspected_use",
        basis="a rule",
        taken_by="staff-1",
        until=None,
        opened_by=opened_by,
    )


def a_busy_year(history: PostgresHistory, count: int) -> None:
    """So many openings of as many people in a hundred stores, each card seen and its face kept."""
    ring = history.keyring
    with history.write() as transaction:
        transaction.allocate("store-1", [iccid_of(500_000 + serial) for serial in range(count)], NOW)
        for place in range(count):
            at = NOW - timedelta(days=365 * (count - place) / count)
            phone = ring.msisdn(f"+86137{place:08d}")
            thing = ring.device(f"{place:014d}")
            keys = OpeningKeys(
                person=ring.person("resident_id", str(place)),
                device=thing,
                iccid=iccid_of(500_000 + place),
                msisdn=phone,
                store_id=f"store-{place % 100}",
                dealer_id=f"dealer-{place % 20}",
                clerk_id=f"clerk-{place % 300}",
                imsi=ring.imsi(str(place)),
                shared=(("device", thing), ("contact", ring.msisdn(f"+86136{place:08d}"))),
            )
            face = StoredFace("applicant", f"fake-colours-1#{ring.key_id}", keys.person, "male", b"\0" * 256)
            entry = Entry(
                f"busy-{place}",
                "opening",
                "personal",
                "-",
                keys,
                at,
                Decision.ACCEPT,
                "{}",
                at,
                faces=(face,),
            )
            transaction.record(entry)
            transaction.open_number(entry.application_id, at)
            transaction.report_outcome(entry.application_id, at, is_fraud=place % 7 == 0)
            transaction.see(phone, Seen(at, thing, keys.imsi), at)
            transaction.take_step(phone, a_step(entry.application_id, at), at)
        names = (
            WatchName(ring.person("resident_id", f"w{place}"), "police", "police")
            for place in range(10 * count)
        )
        listed = (WatchEntry(name, "a rule", NOW, None, silent_alert=False) for name in names)
        transaction.watch(listed, NOW, import_id="import-1")


def whole_tables_on_postgres(history: PostgresHistory, statements: Statements) -> list[str]:
    """Plans with a whole table in them, with the statement that each is of."""
    found = []
    with history._server._engine.connect() as connection:
        for statement, parameters in statements.items():
            if not re.match(r"\s*(WITH|SELECT|UPDATE|DELETE|INSERT)\b", statement):
                continue
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
            plan = "\n".join(row[0] for row in rows)
            if re.search(rf"Seq Scan on ({'|'.join(LARGE)})\b", plan):
                found.append(f"{statement}\n{plan}")
        connection.rollback()
    return found


def test_postgresql_searches_every_large_table_by_an_index(postgres: PostgresServer) -> None:
    """As its planner chooses with some thousand rows of which it knows the statistics."""
    url = postgres.url(postgres.new_database())
    secret = "a secret for tests only"
    with Screener.open(url, faces=FakeFaceEngine(), clock=Clock(), secret=secret) as screener:
        history = screener._history
        assert isinstance(history, PostgresHistory)
        a_busy_year(history, 2000)
        screener.allocate("store-1", STORE_ICCIDS)
        screener.screen(asked_for(0))
        screener.settle("test-0", opened=True, approved_by="supervisor-1")
        activating(screener)
        with history._server._engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        with heard_by(history._server._engine) as statements:
            for corridor in (screening, settling, activating, looking_at_a_line, reporting, acting):
                corridor(screener)
        assert len(statements) > 20
        # Templates are loaded whole once where the server does not search them itself.
        loading = [one for one in statements if "FROM face_template" in one and "LIMIT" in one]
        counting = [one for one in statements if "COUNT(*) AS faces" in one]
        for once in (*loading, *counting):
            del statements[once]
        found = whole_tables_on_postgres(history, statements)
        assert found == [], "\n\n".join(found)
        noticed = {"SELECT * FROM application WHERE clerk_id = 'clerk-1'": None}
        assert len(whole_tables_on_postgres(history, noticed)) == 1


def plan(path: Path, statement: str, parameters: Any) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def whole_tables(steps: list[str]) -> list[str]:
    """Steps that read a stored table from end to end, with an index or without."""
    stored = "|".join(TABLES.tables)
    return [step for step in steps if re.search(rf"\bSCAN ({stored})\b|AUTOMATIC.* ON ({stored})\b", step)]


@pytest.mark.parametrize("corridor", CORRIDORS)
def test_every_table_is_searched_by_an_index(corridor: str, screener: Screener, tmp_path: Path) -> None:
    history = screener._history
    assert isinstance(history, SqliteHistory)
    with heard(history) as statements:
        CORRIDORS[corridor](screener)
    assert statements
    for statement, parameters in statements.items():
        steps = plan(tmp_path / "kyc.db", statement, parameters)
        assert whole_tables(steps) == [], statement
        searched = [step for step in steps if step.startswith("SEARCH")]
        read = re.search(rf"\b(FROM|JOIN|UPDATE) ({'|'.join(TABLES.tables)})\b", statement)
        assert searched or not read, statement
        for step in searched:
            if step in {"SEARCH upkeep", "SEARCH application"}:  # the last row, which stands at the end
                continue
            assert re.search(r"USING (COVERING INDEX|INDEX|INTEGER PRIMARY KEY|PRIMARY KEY|AUTOMATIC)", step)


def test_a_table_that_is_read_whole_would_be_noticed(screener: Screener, tmp_path: Path) -> None:
    for statement in ("SELECT store_id FROM application WHERE store_id = ?", "SELECT * FROM sighting"):
        parameters = ["x"] * statement.count("?")
        assert whole_tables(plan(tmp_path / "kyc.db", statement, parameters)) != []


def test_windows_are_searched_by_time_and_answered_by_the_index_alone(
    screener: Screener, tmp_path: Path
) -> None:
    history = screener._history
    assert isinstance(history, SqliteHistory)
    with heard(history) as statements:
        screening(screener)
        activating(screener)
    steps = " ".join(
        step
        for statement, parameters in statements.items()
        for step in plan(tmp_path / "kyc.db", statement, parameters)
    )
    for table, index, key in (
        ("application", "COVERING INDEX application_by_person", "person_key=?"),
        ("shared_key", "PRIMARY KEY", "what=? AND shared_key=?"),
        ("sighting", "COVERING INDEX sighting_by_device", "device_key=?"),
    ):
        time = "seen_at" if table == "sighting" else "decided_at"
        wanted = f"SEARCH {table} USING {index} ({key} AND {time}>? AND {time}<?)"
        assert wanted in steps, wanted
    for wanted in (
        "SEARCH application USING INDEX application_by_iccid (iccid>? AND iccid<?)",
        "SEARCH outcome USING PRIMARY KEY (what=? AND shared_key=?)",
        "SEARCH face_template USING INDEX face_template_by_person (person_key=?)",
    ):
        assert wanted in steps, wanted


def test_a_screening_does_as_much_work_however_much_is_remembered(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, of which a search takes a few more in a deeper tree and a scan many."""
    few, many = (steps_of_a_screening(tmp_path / f"{count}.db", count) for count in (10, 2000))
    assert 0 < few <= many < 1.2 * few + 10


def test_patterns_cost_what_their_own_store_did_however_much_others_did(tmp_path: Path) -> None:
    few, many = (
        steps_of_a_screening(tmp_path / f"{count}.db", count, stores=count // 10) for count in (20, 2000)
    )
    assert 0 < few <= many < 1.2 * few + 10


def steps_of_a_screening(path: Path, others: int, stores: int = 1) -> int:
    """Tens of steps that the facts of one application take after so many others of a year in so many stores."""
    from simkyc.gather import opening_keys, opening_windows

    with Screener.open(f"sqlite:///{path}", faces=FakeFaceEngine(), clock=Clock()) as screener:
        history = screener._history
        assert isinstance(history, SqliteHistory)
        screener.allocate("store-1", STORE_ICCIDS)
        keys = [
            replace(
                opening_keys(
                    application(seed, live_photo=None, document={"portrait": None}), history.keyring
                ),
                store_id=f"store-{seed % stores + 1}",
                clerk_id=f"clerk-{seed % stores + 1}",
                dealer_id=f"dealer-{seed % stores + 1}",
                # No neighbours: of the same ten more would have come lately.
                iccid=iccid_of(100_000 + seed),
            )
            for seed in range(1, others + 1)
        ]
        with history.write() as transaction:
            for place, key in enumerate(keys):
                at = NOW - timedelta(days=365 * (place + 1) / others)
                transaction.record(
                    Entry(f"{place}", "opening", "personal", "-", key, at, Decision.ACCEPT, "{}", at)
                )
        mine = opening_keys(asked_for(0), history.keyring)
        ticks = [0]

        def tick() -> int:
            ticks[0] += 1
            return 0

        with history.read() as reader:
            assert isinstance(reader, SqlReader)
            driver = reader._connection.connection.driver_connection
            assert driver is not None
            driver.set_progress_handler(tick, 10)
            reader.facts(mine, opening_windows(screener.policy), NOW)
            if stores > 1:
                reader.patterns(mine, opening_windows(screener.policy), NOW)
            reader.bindings(mine.msisdn or "", NOW)
            reader.listings([mine.person or ""], NOW)
            reader.lists(NOW)
            driver.set_progress_handler(None, 0)
    return ticks[0]
