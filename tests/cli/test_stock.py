"""`simkyc stock` and `simkyc devices`: files in and out, and the report of bad rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simkyc import Screener
from simkyc.testing import Clock, iccid_of
from tests.cli.called import Called

Call = Callable[..., Called]
CARDS = [f"{iccid_of(serial)},139{serial:08d},store-1" for serial in range(1, 4)]
DEVICES = [
    "352099001761481,,,,stolen_device,police,report,2026-01-01",
    ",,35209898,35209901,not_a_phone,us,house rule,2026-01-01",
]


@pytest.fixture
def history(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'kyc.db'}"
    Screener.open(url, clock=Clock()).close()
    return url


def written(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return path


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    return written(tmp_path / "stock.csv", "iccid,msisdn,store_id", *CARDS)


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    return written(tmp_path / "devices.csv", "imei,tac,tac_from,tac_to,list,source,basis,from", *DEVICES)


def said(called: Called) -> str:
    assert (called.code, called.err) == (0, "")
    return called.out


def test_stock_goes_in_and_comes_out(stock: Path, history: str, tmp_path: Path, call: Call) -> None:
    at = ("--history", history)
    assert "added 3, 变更 changed 0, 未变 unchanged 0" in said(call("stock", "import", stock, *at))
    for name in ("out.csv", "out.parquet"):
        assert "导出 exported 3" in said(call("stock", "export", tmp_path / name, *at))
        assert "added 0, 变更 changed 0, 未变 unchanged 3" in said(
            call("stock", "import", tmp_path / name, *at)
        )
    out = tmp_path / "out.csv"
    call("stock", "export", out, *at).assert_refused(2, "there already")
    assert "exported 3" in said(call("stock", "export", out, *at, "--force"))
    plain = tmp_path / "out"
    call("stock", "export", plain, *at).assert_refused(2, "neither .csv nor .parquet")
    assert "exported 3" in said(call("stock", "export", plain, *at, "--format", "parquet"))
    assert "unchanged 3" in said(call("stock", "import", plain, *at, "--format", "parquet"))


def test_devices_come_and_go(devices: Path, history: str, tmp_path: Path, call: Call) -> None:
    at = ("--history", history)
    assert "added 5, 变更 changed 0, 未变 unchanged 0" in said(call("devices", "import", devices, *at))
    out = tmp_path / "out.csv"
    assert "exported 2" in said(call("devices", "export", out, *at))
    assert "unchanged 5" in said(call("devices", "import", out, *at))
    assert "removed 5" in said(call("devices", "remove", out, *at))
    assert "exported 0" in said(call("devices", "export", out, *at, "--force"))


def test_bad_rows_stop_everything_and_are_reported(
    stock: Path, history: str, tmp_path: Path, call: Call
) -> None:
    with stock.open("a") as more:
        more.write(f"{CARDS[0]}\n{iccid_of(9)},13900000002,\n{iccid_of(8)},hunter2,\n")
    report = tmp_path / "bad.jsonl"
    arguments = ("stock", "import", stock, "--history", history, "--report", report)
    called = call(*arguments)
    called.assert_refused(2, "3 of 6 rows cannot be taken in, so nothing was written")
    bad = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert sorted((row["line"], row["column"], row["cause"]) for row in bad) == [
        (5, "iccid", "duplicate_iccid"),
        (6, "msisdn", "msisdn_on_two_cards"),
        (7, "msisdn", "shape"),
    ]
    for text in (report.read_text(encoding="utf-8"), called.err):
        assert not any(part in text for part in ("hunter2", iccid_of(1), "13900000002"))
    assert "added 3, 变更 changed 0, 未变 unchanged 0, 坏行 bad rows 3" in said(
        call(*arguments, "--skip-bad")
    )


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1 and so on PAR1"])
def test_a_parquet_file_that_is_none(data: bytes, history: str, tmp_path: Path, call: Call) -> None:
    file = tmp_path / "stock.parquet"
    file.write_bytes(data)
    call("stock", "import", file, "--history", history, "--skip-bad").assert_refused(2, "no whole Parquet")


@pytest.mark.parametrize(
    "command",
    [
        *(["stock"], ["stock", "import"], ["stock", "export"]),
        *(["devices"], ["devices", "import"], ["devices", "remove"], ["devices", "export"]),
    ],
)
def test_every_command_has_help(command: list[str], call: Call) -> None:
    assert f"Usage: simkyc {command[0]}" in said(call(*command, "--help"))
