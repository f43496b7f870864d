"""A disk that fills up, workers that the system kills, and ten thousand openings in one second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc.errors import HistoryFormatError, InputError, SimkycError
from simkyc.gather import opening_windows
from simkyc.policy import Policy
from simkyc.reverification.columns import flat, schema
from simkyc.reverification.duckdb_run import DuckdbRun
from simkyc.reverification.intake import KEYS, REJECTS, ROWS
from simkyc.reverification.job import Job, Workshop
from simkyc.reverification.run import reverify
from simkyc.reverification.source import SourceFile
from simkyc.testing import NOW, FakeFaceEngine, application

MARK, KILLS = "SIMKYC_TEST_MARK", "SIMKYC_TEST_KILLS"
ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from simkyc.errors import SimkycError
from simkyc.reverification.job import Job
from simkyc.reverification.run import reverify
from simkyc.testing import FakeFaceEngine
most = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    reverify(Job(source=sys.argv[1], out=Path(sys.argv[2]), faces=FakeFaceEngine, workers=1, chunk_rows=10))
except SimkycError as error:
    print(error)
    sys.exit(3)
"""


STOPPED_IN_A_QUERY = """
import os, signal, sys, threading
from pathlib import Path
from simkyc.reverification import duckdb_run
from simkyc.reverification.job import Job
from simkyc.reverification.run import reverify
from simkyc.testing import FakeFaceEngine

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background

def prepare(self, database, reader):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    database.execute("SELECT COUNT(*) FROM range(100000000000) AS one(i) WHERE hash(i) = 1").fetchall()

duckdb_run.DuckdbRun.prepare = prepare
try:
    reverify(Job(source=sys.argv[1], out=Path(sys.argv[2]), faces=FakeFaceEngine, workers=1, chunk_rows=10))
except KeyboardInterrupt:
    sys.exit(130)
"""


class KilledEngine(FakeFaceEngine):
    """An engine whose process the system kills as it looks at a photo, as often as the environment says."""

    def examine(self, *args: Any, **more: Any) -> Any:
        mark = Path(os.environ[MARK])
        for time in range(int(os.environ[KILLS])):
            try:
                mark.with_name(f"killed-{time}").touch(exist_ok=False)
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)
        return super().examine(*args, **more)


def source(folder: Path, count: int) -> Path:
    rows = [
        flat(application(seed), decided_at=NOW + timedelta(minutes=seed), decision="accept", opened_at=NOW)
        for seed in range(count)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema()), folder / "source.parquet")
    return folder / "source.parquet"


def run(path: Path, out: Path, **more: Any) -> list[dict[str, Any]]:
    job: dict[str, Any] = {"faces": FakeFaceEngine, "workers": 1, "chunk_rows": 10, **more}
    reverify(Job(source=str(path), out=out, **job))
    verdicts: list[dict[str, Any]] = pq.read_table(out / "verdicts.parquet").to_pylist()
    return verdicts


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of files there")
@pytest.mark.parametrize("most", [1 << 10, 1 << 16, 1 << 19], ids=["taking_in", "the_past", "further_on"])
def test_a_disk_that_fills_up_is_told_and_the_job_goes_on_when_there_is_space(
    most: int, tmp_path: Path
) -> None:
    path, out = source(tmp_path, 40), tmp_path / "out"
    command = [sys.executable, "-c", ON_A_SMALL_DISK, str(path), str(out), str(most)]
    stopped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert stopped.returncode == 3, stopped.stderr
    assert "no space is left" in stopped.stdout
    for one in out.rglob("*.parquet"):
        pq.read_table(one)  # whatever has its name is whole
    assert not [one for one in out.rglob(".*.*") if one.is_file()], "a draft keeps its space"
    assert not (out / "verdicts.parquet").exists()
    assert run(path, out) == run(path, tmp_path / "undisturbed")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_stopped_in_a_query_it_leaves_what_there_is_and_goes_on(tmp_path: Path) -> None:
    path, out = source(tmp_path, 12), tmp_path / "out"
    command = [sys.executable, "-c", STOPPED_IN_A_QUERY, str(path), str(out)]
    stopped = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert stopped.returncode == 130, stopped.stderr
    assert {one.name for one in out.iterdir()} >= {
        "verdicts.parquet",
        "rejects.jsonl",
        "report.json",
        "report.html",
    }
    assert json.loads((out / "report.json").read_text())["job"]["complete"] is False
    assert run(path, out) == run(path, tmp_path / "undisturbed")


@pytest.mark.parametrize("gone", ["verdicts.parquet", "rejects.jsonl", "report.json", "report.html"])
def test_a_job_that_is_done_and_whose_files_are_gone_says_so(gone: str, tmp_path: Path) -> None:
    path, out = source(tmp_path, 2), tmp_path / "out"
    run(path, out)
    (out / gone).unlink()
    with pytest.raises(InputError, match="files that it left are gone"):
        run(path, out)


@pytest.mark.parametrize("where", ["history", "source"])
def test_a_history_that_is_not_there_is_not_made(where: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mistyped.db"
    asked = url if where == "history" else None
    path = url if where == "source" else str(source(tmp_path, 1))
    with pytest.raises(HistoryFormatError):
        reverify(Job(source=path, out=tmp_path / "out", faces=FakeFaceEngine, workers=1, history=asked))
    assert not list(tmp_path.glob("mistyped*"))


@pytest.mark.parametrize("kills", [1, 3])
def test_a_worker_that_is_killed_among_photos_is_replaced(
    kills: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source(tmp_path, 12)
    monkeypatch.setenv(MARK, str(tmp_path / "mark"))
    monkeypatch.setenv(KILLS, str(kills))
    disturbed = run(path, tmp_path / "out", faces=KilledEngine, workers=2)
    assert len(list(tmp_path.glob("killed-*"))) == kills
    assert disturbed == run(path, tmp_path / "undisturbed")


def test_workers_that_are_killed_again_and_again_end_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source(tmp_path, 12)
    monkeypatch.setenv(MARK, str(tmp_path / "mark"))
    monkeypatch.setenv(KILLS, "1000")
    with pytest.raises(SimkycError, match="killed a worker again and again"):
        run(path, tmp_path / "out", faces=KilledEngine, workers=2)
    assert run(path, tmp_path / "out") == run(path, tmp_path / "undisturbed")


def test_the_report_lays_nothing_aside_outside_the_jobs_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    run(source(tmp_path, 3), tmp_path / "out")
    assert sorted(one.name for one in (tmp_path / "out/.simkyc").iterdir()) == [
        "finished",
        "job.json",
        "lock",
    ]


def test_ten_thousand_openings_in_one_second_by_one_clerk_are_answered(tmp_path: Path) -> None:
    """Each sees those whose identifier comes before its own; only the questions are asked here, for so many."""
    count, second = 10_000, int(NOW.timestamp())
    row = {
        "application_json": "{}",
        "kind": "opening",
        "service": "personal",
        "store_id": "s-1",
        "clerk_id": "c-1",
        "decided_at": second,
        "day_start": second - (second + 28_800) % 86_400,
        "decision_then": "accept",
        "admitted_then": second + 1800,
        "opened_then": second,
        "is_elsewhere": False,
        "about_json": "{}",
        "faces": [],
    }
    rows = [
        {**row, "source_no": place, "application_id": f"a-{place:05d}", "person_key": f"p-{place}"}
        for place in range(count)
    ]
    keys = [
        {"source_no": place, "key_use": "shared", "what": what, "shared_key": key}
        for place in range(count)
        for what, key in (("clerk", "c-1"), ("store", "s-1"))
    ]
    path = tmp_path / "source.parquet"
    path.touch()
    job = Job(source=str(path), out=tmp_path / "out", chunk_rows=count)
    files, policies = (SourceFile(1, path, "parquet", {}),), (Policy.default(),)
    workshop = Workshop(job, files, policies)
    sides = (("", opening_windows(policies[0])),)
    with workshop.held():
        for name, columns, some in (("rows", ROWS, rows), ("keys", KEYS, keys), ("rejects", REJECTS, [])):
            workshop.write_table(
                f"{name}/000000.parquet", columns, [pa.RecordBatch.from_pylist(some, columns)]
            )
        asking = DuckdbRun(job, files, policies, workshop, lambda *_: None)
        with asking.database() as database:
            asking.prepare(database, None)
            asking.ask(database, range(1), sides)
            answers = asking.answered(database, 0, sides).answers["actors"].to_pylist()
    today = {
        one["ask_id"]: one["n1"] for one in answers if one["what"] == "clerk" and one["window_s"] == 86_400
    }
    assert today == {place: place for place in range(1, count)}
