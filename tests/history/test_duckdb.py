"""Each question's text answers a crowd as it answers one: on DuckDB, over the same rows, with many who ask at once."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from sqlalchemy import create_engine, text

from simkyc.application import ApplicationKind, Position
from simkyc.errors import SettlementError
from simkyc.facts import SharedThing
from simkyc.history import open_history, pattern_questions, questions
from simkyc.history.patterns import day_start, neighbour_cards
from simkyc.history.protocol import Entry, History, OpeningKeys, Seen, WatchEntry, WatchName
from simkyc.history.schema import TABLES
from simkyc.history.sql import SqlReader
from simkyc.history.statements import COLUMNS, FOREVER, Asker, Spans
from simkyc.steps import LineStep
from simkyc.testing import iccid_of
from simkyc.verdict import Decision

EPOCH = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
HOURS = 24 * 20
NUMBERS = 40
"""Cards and phone numbers, of which each comes round again once it was cancelled."""
KINDS: tuple[ApplicationKind, ...] = (
    "opening",
    "opening",
    "opening",
    "replacement",
    "transfer",
    "loss_report",
)
SPANS: Spans = (
    *(("person_openings", window_s) for window_s in (86_400, 7 * 86_400)),
    *((actor, window_s) for actor in ("clerk", "store", "dealer", "terminal") for window_s in (3600, 86_400)),
    *((thing, window_s) for thing in ("device", "contact") for window_s in (86_400, 9 * 86_400)),
    ("lines_on_device", 3 * 86_400),
    ("trail", 6 * 86_400),
    ("neighbours", 8 * 86_400),
    ("baseline", 14 * 86_400),
    ("outcomes", 12 * 86_400),
    ("spread", 5 * 86_400),
)
"""Every question's windows in one table, as a batch has them."""

TEXTS = {
    name: value
    for module in (questions, pattern_questions)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str) and value.lstrip().startswith("SELECT")
}
"""Whatever is added to the two files is asked here too."""


TYPES: dict[type, str] = {int: "BIGINT", bytes: "BLOB", str: "VARCHAR"}


@dataclass(frozen=True)
class Asks:
    """Who asks what, as of when, and which application it is, if it is recorded."""

    keys: OpeningKeys
    at: datetime
    before: str | None


def hour(number: float) -> datetime:
    return EPOCH + timedelta(hours=number)


def somebody(dice: random.Random) -> OpeningKeys:
    def one_of(label: str, many: int, none: float = 0.1) -> str | None:
        return None if dice.random() < none else f"{label}-{dice.randrange(many)}"

    number = dice.randrange(NUMBERS)
    return OpeningKeys(
        person=one_of("person", 9),
        device=one_of("device", 6),
        iccid=None if dice.random() < 0.1 else iccid_of(number),
        msisdn=None if dice.random() < 0.1 else f"msisdn-{number}",
        store_id=f"store-{dice.randrange(3)}",
        dealer_id=one_of("dealer", 2),
        clerk_id=f"clerk-{dice.randrange(4)}",
        terminal_id=one_of("terminal", 2),
        imsi=f"imsi-{number}",
        shared=tuple(
            (cast(SharedThing, what), key)
            for what, key in (("device", one_of("device", 6)), ("contact", one_of("contact", 5)))
            if key is not None
        ),
        neighbours=tuple((step, f"msisdn-{number + step}") for step in range(-10, 11) if step),
    )


def fill(history: History) -> None:
    """Twenty days of a small town, with everything that can become of an application."""
    dice, other_dice = random.Random(6), random.Random(66)
    opened: list[str] = []
    number_of: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for place in range(300):
        at = hour(HOURS * place / 300)
        keys = somebody(dice)
        until = at + timedelta(minutes=30) if dice.random() < 0.85 else None
        one = Entry(
            application_id=f"a{place}",
            kind=dice.choice(KINDS),
            service=dice.choice(["personal", "personal", "iot"]),
            body_digest="-",
            keys=keys,
            decided_at=at,
            decision=Decision.REFUSE if until is None else Decision.ACCEPT,
            verdict_json="{}",
            admitted_until=until,
            position=Position(latitude=31 + dice.random(), longitude=120.5) if dice.random() < 0.7 else None,
            is_remote_first=dice.random() < 0.3,
        )
        with history.write() as transaction:
            transaction.record(one)
            if until is not None:
                fate = dice.random()
                if fate < 0.7:
                    # Not where somebody else has the number by now.
                    with suppress(SettlementError):
                        transaction.open_number(one.application_id, at + timedelta(minutes=5))
                        opened.append(one.application_id)
                        if keys.msisdn is not None:
                            number_of[one.application_id] = keys.msisdn
                elif fate < 0.85:
                    transaction.release(one.application_id, at + timedelta(minutes=9))
            if opened and dice.random() < 0.2:
                named = dice.choice(opened)
                transaction.report_outcome(named, at + timedelta(minutes=20), is_fraud=dice.random() < 0.8)
            if opened and dice.random() < 0.4:
                with suppress(SettlementError):
                    transaction.close_number(dice.choice(opened), at + timedelta(minutes=25))
            if number_of and other_dice.random() < 0.5:
                opened_by, number = other_dice.choice(list(number_of.items()))
                taken[number] += 1
                step = LineStep(
                    step_no=taken[number],
                    taken_at=at,
                    measure=other_dice.choice(["remind", "suspend", "restore"]),
                    state=other_dice.choice(["in_service", "restricted", "suspended", "cancelled"]),
                    suspected=other_dice.random() < 0.8,
                    reason="unverified",
                    basis="-",
                    taken_by="staff-1",
                    until=None,
                    opened_by=opened_by,
                )
                transaction.take_step(number, step, at + timedelta(minutes=30))
            if keys.msisdn is not None and keys.device is not None:
                transaction.see(keys.msisdn, Seen(at, keys.device, keys.imsi, "35847631"), at)
            if place % 30 == 0:
                transaction.allocate(
                    f"store-{place // 30 % 3}", map(iccid_of, range(place // 30, NUMBERS, 3)), at
                )
                name = WatchName(f"person-{place // 30 % 9}", "operator_blacklist", "operator")
                transaction.watch(
                    [WatchEntry(name, "a rule", at, at + timedelta(days=4), silent_alert=False)],
                    at,
                    import_id=f"import-{place}",
                )
                transaction.record_import("operator_blacklist", "operator", at, f"import-{place}")


def crowd() -> list[Asks]:
    """Whoever asked then, judged again; and strangers at any time."""
    dice, recorded = random.Random(6), random.Random(60)
    asks = []
    for place in range(300):
        keys, at = somebody(dice), hour(HOURS * place / 300)
        if place % 5 == 0:
            asks.append(Asks(keys, at, f"a{place}"))
        if place % 6 == 0:
            asks.append(Asks(somebody(recorded), hour(recorded.uniform(0, HOURS + 20)), None))
    return asks


def told_by(one: Asks) -> dict[str, str | None]:
    """What an application is told by in `ask`."""
    low, high = neighbour_cards(one.keys.iccid)
    return {
        "person": one.keys.person,
        "iccid": one.keys.iccid,
        "imsi": one.keys.imsi,
        "msisdn": one.keys.msisdn,
        "store": one.keys.store_id,
        "card_low": low,
        "card_high": high,
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("duckdb") / "kyc.db"
    history = open_history(f"sqlite:///{made}", secret=b"a secret for tests only")
    fill(history)
    history.close()
    return made


@pytest.fixture(scope="module")
def duck(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same rows on DuckDB, with the crowd in tables."""
    engine = create_engine(f"sqlite:///{path}")
    with duckdb.connect() as connection, engine.connect() as source:
        for name, table in TABLES.tables.items():
            columns = ", ".join(f"{one.name} {TYPES[one.type.python_type]}" for one in table.columns)
            connection.execute(f"CREATE TABLE {name} ({columns})")
            rows = [tuple(row) for row in source.execute(text(f"SELECT * FROM {name}"))]
            if rows:
                marks = ", ".join("?" * len(table.columns))
                connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        connection.execute(
            "CREATE TABLE ask (ask_id BIGINT, asked_at BIGINT, known_until BIGINT, day_start BIGINT,"
            f" before_entry BIGINT, {', '.join(f'{column} VARCHAR' for column in COLUMNS.values())})"
        )
        connection.execute("CREATE TABLE span (question VARCHAR, window_s BIGINT)")
        connection.executemany("INSERT INTO span VALUES (?, ?)", [list(span) for span in SPANS])
        numbers = dict(connection.execute("SELECT application_id, entry_no FROM application").fetchall())
        for ask_id, one in enumerate(crowd()):
            at = int(one.at.timestamp())
            before = FOREVER if one.before is None else numbers[one.before]
            named = told_by(one)
            row = [ask_id, at, at, day_start(at), before, *(named[name] for name in COLUMNS)]
            connection.execute(f"INSERT INTO ask VALUES ({', '.join('?' * len(row))})", row)
        yield connection
    engine.dispose()


def named(question: str, keys: OpeningKeys) -> tuple[tuple[str, str], ...]:
    """What one application shares, as this question has it in `ask_key`."""
    if question == "LISTINGS":
        return () if keys.person is None else (("0", keys.person),)
    if question == "LISTS":
        return ("list", "operator_blacklist"), ("list", "stolen_device")
    if question == "NEIGHBOUR_NUMBERS":
        return tuple((str(step), key) for step, key in keys.neighbours)
    return (*keys.shared, *keys.actors)


def from_history(reader: SqlReader, question: str, one: Asks) -> list[tuple[Any, ...]]:
    """What the history answers this one application."""
    asker: Asker = reader._asker(
        one.at, before=one.before, day_start=day_start(int(one.at.timestamp())), **told_by(one)
    )
    rows = reader._asked((TEXTS[question],), asker, named(question, one.keys), SPANS)
    columns = list(rows[0]._fields) if rows else []
    return [
        tuple(value for name, value in zip(columns, row, strict=True) if name != "ask_id") for row in rows
    ]


@pytest.mark.parametrize("question", TEXTS)
def test_a_crowd_is_answered_as_each_of_it(
    question: str, path: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    asks = crowd()
    duck.execute("CREATE OR REPLACE TABLE ask_key (ask_id BIGINT, what VARCHAR, shared_key VARCHAR)")
    duck.executemany(
        "INSERT INTO ask_key VALUES (?, ?, ?)",
        [
            [ask_id, *pair]
            for ask_id, one in enumerate(asks)
            for pair in dict.fromkeys(named(question, one.keys))
        ],
    )
    answer = duck.execute(TEXTS[question])
    columns = [column[0] for column in answer.description]
    assert columns.count("ask_id") == 1, "without it nobody knows whose answer it is"
    mine = columns.index("ask_id")
    together: dict[int, list[tuple[Any, ...]]] = {}
    for row in answer.fetchall():
        together.setdefault(row[mine], []).append((*row[:mine], *row[mine + 1 :]))
    history = open_history(f"sqlite:///{path}", secret=b"a secret for tests only")
    answered = 0
    with history.read() as reader:
        for ask_id, one in enumerate(asks):
            alone = from_history(reader, question, one)
            assert sorted(together.get(ask_id, []), key=repr) == sorted(alone, key=repr)
            answered += bool(alone)
    history.close()
    assert answered > len(asks) / 20, "hardly anybody got an answer: the rows say nothing of this question"


def test_every_question_is_asked_here() -> None:
    assert {"TRAIL", "NEIGHBOURS", "NEIGHBOUR_NUMBERS", "BASELINE", "OUTCOMES", "SPREAD"} <= TEXTS.keys()
    assert set(questions.COUNTS) <= set(TEXTS.values())
    for single in ("STOCK", "BINDINGS", "SIGHTINGS", "LINES_ON_DEVICE", "LISTINGS", "LISTS"):
        assert single in TEXTS


def test_counts_of_one_shape_stand_in_one_statement(duck: duckdb.DuckDBPyConnection) -> None:
    asks = crowd()
    duck.execute("CREATE OR REPLACE TABLE ask_key (ask_id BIGINT, what VARCHAR, shared_key VARCHAR)")
    duck.executemany(
        "INSERT INTO ask_key VALUES (?, ?, ?)",
        [[ask_id, *pair] for ask_id, one in enumerate(asks) for pair in dict.fromkeys(named("", one.keys))],
    )
    together = duck.execute(" UNION ALL ".join(questions.COUNTS)).fetchall()
    apart = list(itertools.chain.from_iterable(duck.execute(one).fetchall() for one in questions.COUNTS))
    assert sorted(together) == sorted(apart)
