"""What a long job owes its owner: it goes on where it was, in one folder at a time, and sets aside what is bad."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from filelock import FileLock
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.reverification.columns import COLUMNS, flat, schema
from simkyc.reverification.job import Job
from simkyc.reverification.report import Report
from simkyc.reverification.run import reverify
from simkyc.testing import NOW, FakeFaceEngine, application

KILLED = (
    "import sys; from pathlib import Path; from simkyc.reverification.job import Job;"
    " from simkyc.reverification.run import reverify; from simkyc.testing import FakeFaceEngine\n"
    "if __name__ == '__main__':\n"
    "    reverify(Job(source=sys.argv[1], out=Path(sys.argv[2]), faces=FakeFaceEngine, workers=1, chunk_rows=10))\n"
)


def rows(count: int) -> list[dict[str, Any]]:
    return [
        flat(application(seed), decided_at=NOW + timedelta(minutes=seed), decision="accept", opened_at=NOW)
        for seed in range(count)
    ]


def parquet(folder: Path, some: list[dict[str, Any]], name: str = "source.parquet") -> Path:
    pq.write_table(pa.Table.from_pylist(some, schema()), folder / name)
    return folder / name


def run(source: object, out: Path, **more: Any) -> list[dict[str, Any]]:
    reverify(Job(source=str(source), out=out, faces=FakeFaceEngine, **{"workers": 1, **more}))
    verdicts: list[dict[str, Any]] = pq.read_table(out / "verdicts.parquet").to_pylist()
    return verdicts


def rejects(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "rejects.jsonl").read_text("utf-8").splitlines()]


def test_a_killed_job_goes_on_where_it_was(tmp_path: Path) -> None:
    source = parquet(tmp_path, rows(120))
    killed = 0
    for wait_s in (2.5, 3.0, 3.5):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(source), str(tmp_path / "killed")])
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed, "the machine was too fast to be killed"
    assert run(source, tmp_path / "killed", chunk_rows=10) == run(source, tmp_path / "whole", chunk_rows=10)


def test_a_finished_job_is_not_done_again(tmp_path: Path) -> None:
    source = parquet(tmp_path, rows(3))
    run(source, tmp_path / "out")
    before = (tmp_path / "out/report.json").stat().st_mtime_ns
    run(source, tmp_path / "out")
    assert (tmp_path / "out/report.json").stat().st_mtime_ns == before


def test_nothing_personal_is_left_when_it_ends(tmp_path: Path) -> None:
    run(parquet(tmp_path, rows(3)), tmp_path / "out")
    assert sorted(one.name for one in (tmp_path / "out/.simkyc").iterdir()) == [
        "finished",
        "job.json",
        "lock",
    ]
    assert (tmp_path / "out/.simkyc").stat().st_mode & 0o077 == 0


def test_another_job_has_no_business_in_the_folder(tmp_path: Path) -> None:
    run(parquet(tmp_path, rows(3)), tmp_path / "out")
    with pytest.raises(InputError, match="holds another job"):
        run(parquet(tmp_path, rows(4), "other.parquet"), tmp_path / "out")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/holiday.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        run(parquet(tmp_path, rows(1)), tmp_path / "out")


def test_two_runs_do_not_write_one_folder(tmp_path: Path) -> None:
    source = parquet(tmp_path, rows(1))
    (tmp_path / "out/.simkyc").mkdir(parents=True)
    with FileLock(tmp_path / "out/.simkyc/lock"), pytest.raises(InputError, match="another run"):
        run(source, tmp_path / "out")


def test_bad_rows_are_set_aside_and_told_without_their_values(tmp_path: Path) -> None:
    lines = [json.dumps(_written(row), ensure_ascii=False) for row in rows(4)]
    broken = json.loads(lines[1])
    broken["document_birth_date"] = "1990-02-31"
    broken["applicant_name"] = "秘密"
    naive = json.loads(lines[2])
    naive["applied_at"] = "2026-11-02T10:00:00"
    source = tmp_path / "source.jsonl"
    text = [lines[0], json.dumps(broken), json.dumps(naive), '{"applicant_name": ', "[1]", lines[3], lines[0]]
    source.write_text("\n".join(text), encoding="utf-8")
    assert len(run(source, tmp_path / "out")) == 2
    found = rejects(tmp_path / "out")
    assert [(one["source_no"], one["column"]) for one in found] == [
        (2, "document_birth_date"),
        (3, "applied_at"),
        (4, None),
        (5, None),
        (7, "application_id"),
    ]
    assert "秘密" not in (tmp_path / "out/rejects.jsonl").read_text("utf-8")
    with pytest.raises(InputError, match="line 2: document_birth_date"):
        run(source, tmp_path / "strict", strict=True)


def test_a_strict_job_stops_at_an_application_that_stands_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 3 of the source: application_id"):
        run(parquet(tmp_path, [*rows(2), rows(1)[0]]), tmp_path / "out", strict=True)


def test_columns_of_other_names_are_told_without_their_names(tmp_path: Path) -> None:
    some = [
        {
            **{name: cell for name, cell in row.items() if name not in ("opened_at", "decision")},
            "openedAt": None,
            "秘密": "x",
        }
        for row in rows(2)
    ]
    path = tmp_path / "source.parquet"
    pq.write_table(pa.Table.from_pylist(some), path)
    run(path, tmp_path / "out")
    report = Report.from_json((tmp_path / "out/report.json").read_text("utf-8"))
    assert (report.job.unread_columns, report.job.unread_like) == (2, ("opened_at",))
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "meant for opened_at?" in page
    assert "秘密" not in page


def test_of_json_lines_the_first_tells_what_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "source.jsonl"
    row = _written(rows(1)[0])
    row["contact_no"] = "1"
    row.pop("contact_number", None)
    path.write_text(json.dumps(row), encoding="utf-8")
    run(path, tmp_path / "out")
    report = Report.from_json((tmp_path / "out/report.json").read_text("utf-8"))
    assert (report.job.unread_columns, report.job.unread_like) == (1, ("contact_number",))


@pytest.mark.parametrize("name", ["source.parquet", "source.jsonl"])
def test_a_folder_and_a_column_that_say_the_same_are_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "store_id=s-99"
    folder.mkdir()
    if name.endswith("jsonl"):
        (folder / name).write_text(json.dumps(_written(rows(1)[0])), encoding="utf-8")
    else:
        parquet(folder, rows(1), name)
    with pytest.raises(InputError, match="name of its folder gives too"):
        run(tmp_path, tmp_path / "out")


def test_the_page_says_what_the_job_was_asked(tmp_path: Path) -> None:
    checks = ("document", "openings")
    run(parquet(tmp_path, rows(2)), tmp_path / "out", checks=checks, since=NOW)
    report = Report.from_json((tmp_path / "out/report.json").read_text("utf-8"))
    assert (report.job.checks, report.job.since, report.job.past) == (checks, NOW, "source")
    page = (tmp_path / "out/report.html").read_text("utf-8")
    assert "only these checks" in page
    assert "only openings from, to" in page


def _written(row: dict[str, Any]) -> dict[str, Any]:
    def cell(value: Any) -> Any:
        if isinstance(value, bytes):
            import base64

            return base64.b64encode(value).decode()
        return value.isoformat() if hasattr(value, "isoformat") else value

    return {name: cell(value) for name, value in row.items() if value is not None}


@pytest.mark.parametrize("name", ["source.csv", "source.jsonl", "source.parquet"])
def test_every_format_says_the_same(name: str, tmp_path: Path) -> None:
    some = rows(5)
    straight = run(parquet(tmp_path, some, "straight.parquet"), tmp_path / "straight")
    path = tmp_path / name
    if name.endswith("csv"):
        header = [column for column in COLUMNS if any(_written(row).get(column) for row in some)]
        cells = [",".join(str(_written(row).get(column, "")) for column in header) for row in some]
        path.write_text("\n".join([",".join(header), *cells]), encoding="utf-8")
    elif name.endswith("jsonl"):
        path.write_text("\n".join(json.dumps(_written(row)) for row in some), encoding="utf-8")
    else:
        parquet(tmp_path, some, name)
    assert run(path, tmp_path / "out") == straight


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.write_bytes(b"PAR1 and no more"), "no whole Parquet file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), "no whole Parquet file"),
        (lambda path: pq.write_table(pa.table({"store_id": ["s"]}), path), "lacks columns"),
        (
            lambda path: pq.write_table(
                pa.Table.from_pylist([{**_written(rows(1)[0]), "sim_msisdn": 13800000000}]), path
            ),
            "does not fit",
        ),
    ],
    ids=["no_parquet", "truncated", "columns_missing", "number_for_text"],
)
def test_a_file_that_cannot_be_read_stops_everything(make: Any, says: str, tmp_path: Path) -> None:
    path = parquet(tmp_path, rows(2))
    make(path)
    with pytest.raises(InputError, match=says):
        run(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_photo_that_is_gone_is_a_finding(tmp_path: Path) -> None:
    row = {**rows(1)[0], "live_photo": None}
    source = tmp_path / "source.jsonl"
    source.write_text(json.dumps({**_written(row), "live_photo_path": "gone.jpg"}), encoding="utf-8")
    (verdict,) = run(source, tmp_path / "out")
    assert "photo.live_unreadable" in verdict["reasons"]


def test_a_template_stands_for_a_photo(tmp_path: Path) -> None:
    from simkyc.faces.intake import decode

    engine, one = FakeFaceEngine(), application(3)
    assert one.live_photo is not None
    assert one.document.portrait is not None
    kept = {}
    for name, photo, kind in (
        ("live_photo", one.live_photo, "live"),
        ("document_portrait", one.document.portrait, "portrait"),
    ):
        template = engine.examine(decode(photo.data), kind).template  # type: ignore[arg-type]  # one of two words
        assert template is not None
        kept[f"{name}_template"] = template.to_bytes()
    photos = rows(4)[3]
    row = {
        **photos,
        "live_photo": None,
        "document_portrait": None,
        **kept,
        "template_engine_id": engine.engine_id,
    }
    (by_template,) = run(parquet(tmp_path, [row]), tmp_path / "out")
    (by_photo,) = run(parquet(tmp_path, [photos], "photos.parquet"), tmp_path / "photos")
    distance = {
        one["reason"]: one["observed"] for one in by_photo["measures"] if one["reason"].startswith("face.")
    }
    assert distance
    assert {
        one["reason"]: one["observed"] for one in by_template["measures"] if one["reason"].startswith("face.")
    } == distance
    other = {**row, "template_engine_id": "another/1"}
    run(parquet(tmp_path, [other], "other.parquet"), tmp_path / "other")
    assert [one["cause"] for one in rejects(tmp_path / "other")] == ["other_engine"]


def test_openings_in_one_second_by_one_clerk(tmp_path: Path) -> None:
    """Of one second the order is that of the identifiers; few here, for each is judged: more in `test_disturbed`."""
    some = [
        {**flat(application(seed), decided_at=NOW), "store_id": "s-1", "clerk_id": "c-1"}
        for seed in range(60)
    ]
    verdicts = run(parquet(tmp_path, some), tmp_path / "out", checks=("openings", "batch"))
    bursts = [
        finding["observed"]
        for verdict in sorted(verdicts, key=lambda one: str(one["application_id"]))
        for finding in verdict["findings"]
        if finding["reason"] == "openings.clerk_burst" and finding["state"] == "flagged"
    ]
    assert bursts == list(range(21, 61)), "each sees those before it, and is told from the 21st on"


@pytest.mark.parametrize("count", [0])
def test_no_rows_are_a_report_too(count: int, tmp_path: Path) -> None:
    assert run(parquet(tmp_path, rows(count)), tmp_path / "out") == []
    assert "<html" in (tmp_path / "out/report.html").read_text("utf-8")
