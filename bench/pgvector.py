"""What a server finds of the nearest faces without measuring all of them, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import numpy as np
import psycopg
from sqlalchemy import text

from bench.crowd import people, photos
from bench.postgresql import SECRET, kyc, running_server
from bench.run import Run
from bench.table import Result, Table, at_least
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc.gallery import Gallery, distances
from simkyc.history import embeddings, open_history
from simkyc.history.postgresql import PostgresHistory
from simkyc.history.protocol import Enrolled, FacesWanted
from simkyc.testing import NOW

__all__ = ["pgvector"]

RECALL_TARGET = 0.99
NEAREST = 20
"""As many candidates as a screening asks for; the nearest of them by their templates is the answer."""
ENGINE = "bench#0"
AT_ONCE = 20_000
APPLICATION = (
    "COPY application (entry_no, application_id, body_digest, kind, service, store_id, clerk_id, decided_at,"
    " decision, verdict_json) FROM STDIN"
)
TEMPLATE = (
    "COPY face_template (entry_no, role, engine_id, person_key, sex, decided_at, vector)"
    " FROM STDIN (FORMAT BINARY)"
)


def pgvector(run: Run) -> Table:
    """Candidates from the HNSW index of pgvector, measured again, against exact search in memory."""
    count, asked = run.pick((500, 5), (20_000, 100), (100_000, 500), (1_000_000, 1000))
    with running_server() as (url, _):
        history = open_history(kyc(url), secret=SECRET)
        assert isinstance(history, PostgresHistory)
        with closing(history):
            held = _fill(run, kyc(url), count)
            start = time.perf_counter()
            with history._server._engine.begin() as connection:
                # As docs/history.md advises for building a large index.
                connection.execute(text("SET LOCAL maintenance_work_mem = '1500MB'"))
                embeddings.make(connection)
            built_s = time.perf_counter() - start
            wanted = FacesWanted(ENGINE, None, NOW - timedelta(days=365), NOW, count + 1)
            # Other photos of some who are there, and photos of strangers.
            probes = {
                "again": photos(people(count, seed=0)[:asked], seed=2).astype("<f2"),
                "strangers": photos(people(asked, seed=3), seed=4).astype("<f2"),
            }

            def served(probe: bytes) -> tuple[Enrolled, ...]:
                with history.read() as reader:
                    near = reader.faces_near(wanted, probe, NEAREST)
                    assert near is not None, "the server has no pgvector"
                    return near.faces

            found = {who: _recall(held, served, some) for who, some in probes.items()}
            sides: dict[str, Callable[[int], object]] = {
                "server": lambda place: served(probes["again"][place].tobytes()),
                "memory": lambda place: held.search(probes["again"][place].tobytes(), NEAREST),
            }
            taken = interleaved(sides, run.track(range(asked), f"searching {count:,} templates"))
    by_memory = ratios(taken["server"], taken["memory"])
    words = {"again": "other photos of people who are there", "strangers": "photos of strangers"}
    return Table(
        title="One face among many, searched by the server",
        compared=(
            f"{count:,} templates in PostgreSQL: {NEAREST} candidates by the HNSW index of pgvector (16-bit floats, as "
            "a screening asks), measured again by their templates, against the exact search in memory. Recall at 1: "
            "how often the nearest of all is among them."
        ),
        columns=("probes", "of", "recall at 1", "nearest at most 0.01 further than the true one"),
        rows=tuple(
            (words[who], str(asked), f"{recall:.4f}", f"{close:.4f}")
            for who, (recall, close) in found.items()
        ),
        results=(
            *(
                at_least(f"recall at 1, {words[who]}", recall, RECALL_TARGET, written=f"{recall:.4f}")
                for who, (recall, _) in found.items()
            ),
            Result("one search by the server", seconds_text(Spread.of(taken["server"]))),
            Result("one search by the server by one in memory", times_text(by_memory)),
            Result("time to fill and index the table", f"{built_s:.0f} s"),
        ),
        note=(
            "Templates are drawn so that distances are about those of the engine (bench/crowd.py). Strangers have no "
            "true neighbour: which of many is the nearest by a hair matters to nobody."
        ),
    )


def _fill(run: Run, url: str, count: int) -> Gallery:
    """Put templates into the database past simkyc, and into memory."""
    held = Gallery()
    everybody = photos(people(count, seed=0), seed=1).astype("<f2")
    decided = int(NOW.timestamp()) - 3600
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {embeddings.TABLE}")
        for start in run.track(range(0, count, AT_ONCE), f"filling {count:,} templates"):
            some = list(enumerate(everybody[start : start + AT_ONCE], start + 1))
            with connection.cursor().copy(APPLICATION) as copy:
                for number, _ in some:
                    copy.write_row(
                        (
                            number,
                            f"before-{number}",
                            "-",
                            "opening",
                            "personal",
                            "s",
                            "c",
                            decided,
                            "accept",
                            "{}",
                        )
                    )
            with connection.cursor().copy(TEMPLATE) as copy:
                copy.set_types(["int8", "varchar", "varchar", "varchar", "varchar", "int8", "bytea"])
                for number, vector in some:
                    copy.write_row(
                        (number, "applicant", ENGINE, f"{number:064x}", None, decided, vector.tobytes())
                    )
            held.add(
                Enrolled(number, "applicant", f"{number:064x}", None, NOW, vector.tobytes())
                for number, vector in some
            )
    return held


def _recall(
    held: Gallery, served: Callable[[bytes], tuple[Enrolled, ...]], probes: np.ndarray
) -> tuple[float, float]:
    """Of these probes, how often the nearest is among the candidates, and how often one that is as good as it."""
    same = close = 0
    for probe in probes:
        kept = probe.tobytes()
        (nearest,), _ = held.search(kept, 1)
        candidates = served(kept)
        apart = distances(kept, [one.vector for one in candidates])
        best = int(np.argmin(apart)) if len(apart) else None
        if best is not None:
            same += candidates[best].entry_no == nearest.enrolled.entry_no
            close += float(apart[best]) <= nearest.distance + 0.01
    return same / len(probes), close / len(probes)
