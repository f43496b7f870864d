"""The tables from version to version: new ones and old ones end up alike, and nothing is lost on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from simkyc.errors import HistoryError, HistoryFormatError, HistoryVersionError, InputError
from simkyc.history import history_info, migrations, open_history, schema, sql, upgrade_history
from simkyc.history.embeddings import TABLE as EMBEDDINGS
from simkyc.history.keys import Keyring
from simkyc.history.protocol import Entry, OpeningKeys, OpeningWindows, Recorded
from simkyc.history.schema import SCHEMA_VERSION, TABLES, VERSION_TABLE
from simkyc.steps import LineStep
from simkyc.verdict import Decision

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
KEYS = OpeningKeys(
    "person", "device", "iccid", "msisdn", "store", None, "clerk", shared=(("device", "device"),)
)
WINDOWS = OpeningWindows(person_s=(86_400,), clerk_s=3600, shared_s=(("device", (86_400,)),))
SECRET = b"a secret for tests only"
KINDS = ("sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kyc.db"
    server = request.getfixturevalue("postgres")
    return str(server.url(server.new_database()))


def look(url: str, ask: Callable[[Connection], object]) -> object:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return ask(connection)
    finally:
        engine.dispose()


def remember(url: str) -> None:
    """One opening, carried out."""
    with closing(open_history(url, secret=SECRET)) as history, history.write() as transaction:
        until = TEN + timedelta(minutes=30)
        transaction.record(
            Entry("a", "opening", "personal", "digest", KEYS, TEN, Decision.ACCEPT, '{"人": 1}', until)
        )
        transaction.open_number("a", TEN + timedelta(minutes=1))
        transaction.allocate("store", ["iccid"], TEN)


def remembered(url: str) -> tuple[Recorded | None, object]:
    with closing(open_history(url, secret=SECRET)) as history, history.read() as reader:
        return reader.recorded("a"), reader.facts(KEYS, WINDOWS, TEN + timedelta(hours=1))


def test_what_the_migrations_make_is_what_the_code_asks_of(url: str) -> None:
    open_history(url, secret=SECRET).close()

    def is_common(name: str | None, kind: str, _: object) -> bool:
        return not (kind == "table" and name == EMBEDDINGS)  # only where pgvector is: see test_pgvector.py

    def differences(connection: Connection) -> object:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "include_name": is_common}
        return compare_metadata(MigrationContext.configure(connection, opts=options), TABLES)

    assert look(url, differences) == []


def test_on_sqlite_every_table_is_made_in_the_same_words(tmp_path: Path) -> None:
    migrated = f"sqlite:///{tmp_path}/migrated.db"
    open_history(migrated, secret=SECRET).close()

    def words(connection: Connection) -> set[str]:
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {" ".join(row.sql.split()) for row in rows if VERSION_TABLE not in row.sql}

    def made_at_once(connection: Connection) -> object:
        TABLES.create_all(connection)
        return words(connection)

    assert look(migrated, words) == look("sqlite://", made_at_once)


def test_the_last_file_is_the_version_of_the_code() -> None:
    names = sorted(file.name for file in (migrations.FOLDER / "versions").glob("[0-9]*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, SCHEMA_VERSION + 1))


# An older version: nothing was released before the first, so a second is made up.

NEXT_VERSION = """
import sqlalchemy as sa
from alembic import op

revision = "{next:04d}"
down_revision = "{last:04d}"


def upgrade():
    op.add_column("application", sa.Column("note", sa.String(), nullable=False, server_default="none"))
    with op.batch_alter_table("sim_stock") as table:
        table.alter_column("lot", new_column_name="batch")
    op.create_index("application_by_note", "application", ["note"])
    {more}
"""


def make_up_the_next_version(monkeypatch: pytest.MonkeyPatch, folder: Path, more: str = "") -> None:
    shutil.copytree(migrations.FOLDER / "versions", folder / "versions")
    script = NEXT_VERSION.format(next=SCHEMA_VERSION + 1, last=SCHEMA_VERSION, more=more)
    (folder / "versions" / "next.py").write_text(script)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    for module in (schema, sql):
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)


def test_an_older_history_is_brought_up_with_what_it_holds(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    remember(url)
    before = remembered(url)
    make_up_the_next_version(monkeypatch, tmp_path / "next")
    with pytest.raises(HistoryVersionError, match="simkyc history upgrade"):
        open_history(url, secret=SECRET)
    info = history_info(url)
    assert (info.version, info.readable, info.verdicts) == (SCHEMA_VERSION, SCHEMA_VERSION + 1, None)
    assert upgrade_history(url) == (SCHEMA_VERSION, SCHEMA_VERSION + 1)
    assert upgrade_history(url) == (SCHEMA_VERSION + 1, SCHEMA_VERSION + 1)
    assert history_info(url).verdicts == 1
    assert look(url, lambda c: c.execute(text("SELECT note FROM application")).scalar_one()) == "none"
    assert look(url, lambda c: c.execute(text("SELECT batch FROM sim_stock")).scalar_one()) is None
    assert remembered(url) == before


LINE = (
    "INSERT INTO application (application_id, body_digest, kind, service, person_key, msisdn_key, store_id, clerk_id,"
    " decided_at, decision, admitted_until, opened_at, verdict_json) VALUES ('a', 'digest', 'opening', 'personal',"
    " 'person', 'msisdn', 'store', 'clerk', {at}, 'accept', {until}, {at}, '{{}}')"
)


def test_a_line_from_before_its_steps_were_remembered_has_them_from_now_on(url: str) -> None:
    at = int(TEN.timestamp())

    def before(connection: Connection) -> None:
        migrations.migrate(connection, 1)
        fingerprint = {"value": Keyring(SECRET, ()).fingerprint()}
        connection.execute(
            text("INSERT INTO history_meta (name, value) VALUES ('secret_fingerprint', :value)"), fingerprint
        )
        connection.execute(text(LINE.format(at=at, until=at + 1800)))
        connection.commit()

    look(url, before)
    with pytest.raises(HistoryVersionError, match="simkyc history upgrade"):
        open_history(url, secret=SECRET)
    assert upgrade_history(url) == (1, SCHEMA_VERSION)
    step = LineStep(
        step_no=1,
        taken_at=TEN,
        measure="suspend",
        state="suspended",
        suspected=True,
        reason="suspected_use",
        basis="a rule",
        taken_by="staff-1",
        until=None,
        opened_by="a",
    )
    with closing(open_history(url, secret=SECRET)) as history:
        with history.read() as reader:
            assert [one.application_id for one in reader.bindings("msisdn", TEN)] == ["a"]
            assert reader.steps("msisdn", TEN) == ()
        with history.write() as transaction:
            transaction.take_step("msisdn", step, TEN)
        with history.read() as reader:
            assert reader.steps("msisdn", TEN) == (step,)
            assert reader.facts(KEYS, WINDOWS, TEN).suspended_numbers == 1


def test_a_new_history_is_made_by_all_the_steps(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_up_the_next_version(monkeypatch, tmp_path / "next")
    open_history(url, secret=SECRET).close()
    assert look(url, lambda c: c.execute(text("SELECT note FROM application")).all()) == []


def test_an_upgrade_that_fails_changes_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    remember(url)
    before = remembered(url)
    with monkeypatch.context() as patched:
        make_up_the_next_version(patched, tmp_path / "next", more='op.drop_table("absent")')
        with pytest.raises(HistoryError):
            upgrade_history(url)
        assert history_info(url).version == SCHEMA_VERSION
    assert remembered(url) == before


def test_a_later_history_is_not_brought_down(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        make_up_the_next_version(patched, tmp_path / "next")
        open_history(url, secret=SECRET).close()
    with pytest.raises(HistoryVersionError, match="later simkyc"):
        upgrade_history(url)
    with pytest.raises(HistoryVersionError, match="later simkyc"):
        open_history(url, secret=SECRET)


@pytest.mark.parametrize("work", [history_info, upgrade_history])
def test_no_history_is_made_by_asking_for_one(
    work: Callable[[str], object], url: str, tmp_path: Path
) -> None:
    with pytest.raises(HistoryFormatError, match="no history"):
        work(url)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="one that lasts"):
        work("sqlite://")
