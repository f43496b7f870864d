"""However a batch asks a question, the answers are those of its text as it stands, asked of everybody at once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from simkyc.gather import opening_windows
from simkyc.history.patterns import day_start, neighbour_cards
from simkyc.history.protocol import OpeningWindows
from simkyc.policy import Policy
from simkyc.reverification import past
from simkyc.reverification.answers import OF_DAY, QUESTIONS, spans_of
from simkyc.reverification.duckdb_run import DuckdbRun
from simkyc.reverification.intake import KEYS, REJECTS, ROWS
from simkyc.reverification.job import Job, Workshop
from simkyc.reverification.source import SourceFile
from simkyc.testing import NOW

COUNT, DAYS = 400, 70
WINDOWS = opening_windows(Policy.default())


def rows(chance: random.Random) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Applications of few people at few counters, some never admitted, carried out late, cancelled or released."""
    for number in range(COUNT):
        # Often in one second, just before and just after midnight in China, and two hours from it.
        second = int(NOW.timestamp()) // 86_400 * 86_400 + 86_400 * chance.randrange(DAYS)
        second += chance.choice(
            [57_599, 57_600, 57_601, 50_400, 50_401, 64_799, 64_800, chance.randrange(86_400)]
        )
        admitted = second + 1800 if chance.random() < 0.8 else None
        opened = second + chance.choice([60, 4000]) if admitted and chance.random() < 0.8 else None
        ended = second + 86_400 * chance.randrange(1, 30)
        card = f"{8986000000000000000 + chance.randrange(60):019d}0"
        low, high = neighbour_cards(card)
        store = chance.randrange(4)
        yield (
            {
                "source_no": number,
                "application_id": f"a-{chance.randrange(10**9):09d}-{number}",
                "application_json": "{}",
                "kind": chance.choice(["opening", "opening", "opening", "transfer", "replacement"]),
                "service": "personal",
                "person_key": chance.choice([None, *(f"p-{person}" for person in range(40))]),
                "iccid": card,
                "imsi_key": f"i-{card}",
                "msisdn_key": f"m-{chance.randrange(60)}",
                "store_id": f"s-{store}",
                "clerk_id": f"c-{store}-{number % 2}",
                "decided_at": second,
                "day_start": day_start(second),
                "decision_then": "accept" if admitted else "refuse",
                "admitted_then": admitted,
                "opened_then": opened,
                "released_at": ended if admitted and not opened and chance.random() < 0.5 else None,
                "closed_at": ended if opened and chance.random() < 0.3 else None,
                "fraud_reported_at": ended if opened and chance.random() < 0.3 else None,
                "card_low": low,
                "card_high": high,
                "is_elsewhere": chance.random() < 0.5,
                "about_json": "{}",
                "faces": [],
            },
            [
                {"source_no": number, "key_use": use, "what": what, "shared_key": key}
                for use, what, key in (
                    ("shared", "clerk", f"c-{store}-{number % 2}"),
                    ("shared", "store", f"s-{store}"),
                    ("shared", "device", f"d-{chance.randrange(30)}"),
                    ("shared", "contact", f"t-{chance.randrange(30)}"),
                    ("neighbour", "-1", f"m-{chance.randrange(60)}"),
                    ("neighbour", "1", f"m-{chance.randrange(60)}"),
                )
            ],
        )


def as_it_stands(
    database: duckdb.DuckDBPyConnection, name: str, windows: OpeningWindows
) -> Counter[tuple[Any, ...]]:
    question = QUESTIONS[name]
    use = question.use or "shared"
    # As the reader of one application asks: of days by who served, of what is spread by what is shared.
    about = {"baseline": f" AND what IN {past.STAFF}", "spread": f" AND what NOT IN {past.STAFF}"}.get(
        name, ""
    )
    for view, sql in {
        "asked": "FROM every_asked",
        "ask": past.ASK,
        "ask_key": f"SELECT ask_id, what, shared_key FROM every_asked_key WHERE key_use = '{use}'{about}",
        "span": past.span(spans_of(name, windows)),
        **{table: f"FROM past_{table}" for table in past.COPIED},
    }.items():
        database.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {sql}")
    columns = "* EXCLUDE (day_s)" if name == "baseline" else "*"
    found = database.execute(f"SELECT {columns} FROM ({question.text.partition('ORDER BY')[0]})").fetchall()
    return Counter(row for row in found if not question.counts or any(row[-3:]))


@pytest.mark.parametrize("baseline_days", [28, 65])
@pytest.mark.parametrize("seed", range(3))
def test_the_answers_are_those_of_the_texts(seed: int, baseline_days: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    windows = replace(WINDOWS, baseline_s=baseline_days * 86_400)
    some = list(rows(chance))
    path = tmp_path / "source.parquet"
    path.touch()
    job = Job(source=str(path), out=tmp_path / "out", chunk_rows=chance.choice([3, 90, COUNT]))
    files, policies = (SourceFile(1, path, "parquet", {}),), (Policy.default(),)
    workshop = Workshop(job, files, policies)
    with workshop.held():
        for name, columns, written in (
            ("rows", ROWS, [row for row, _ in some]),
            ("keys", KEYS, [key for _, keys in some for key in keys]),
            ("rejects", REJECTS, []),
        ):
            workshop.write_table(
                f"{name}/000000.parquet", columns, [pa.RecordBatch.from_pylist(written, columns)]
            )
        asking = DuckdbRun(job, files, policies, workshop, lambda *_: None)
        with asking.database() as database:
            asking.prepare(database, None)
            found: dict[str, Counter[tuple[Any, ...]]] = {name: Counter() for name in QUESTIONS}
            chunks = -(-asking.asked(database) // job.chunk_rows)
            for first in range(0, chunks, 20):
                group = range(first, min(first + 20, chunks))
                asking.ask(database, group, (("", windows),))
                for chunk in group:
                    for name, answer in asking.answered(database, chunk, (("", windows),)).answers.items():
                        found[name].update(_told(name, answer))
            database.execute("DROP TABLE asked")
            expected = {name: as_it_stands(database, name, windows) for name in QUESTIONS}
    assert found == expected
    assert all(
        expected[name] for name in ("baseline", "hour", "spread", "shared", "actors", "trail", "outcomes")
    )


def _told(name: str, answer: pa.Table) -> Iterator[tuple[Any, ...]]:
    for row in answer.to_pylist():
        if name == "baseline":
            for counted in filter(None, row["counted"] or ()):
                yield (row["ask_id"], row["what"], *divmod(counted, OF_DAY))
        else:
            yield tuple(row.values())
