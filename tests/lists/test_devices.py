"""Lists of devices: what is taken in, which first digits are looked up, and what is written out again."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simkyc import InputError, Screener
from simkyc.history import open_history
from simkyc.history.protocol import History
from simkyc.lists.devices import (
    MOST_PREFIXES,
    DeviceEntryRow,
    prefixes_of,
    read_devices_csv,
    tac_key,
)
from simkyc.lists.rows import BadRow
from simkyc.testing import Clock

HEADER = "imei,tac,tac_from,tac_to,list,source,basis,from,until,silent_alert"
IMEI = "352099001761481"
REST = "stolen_device,police,report,2026-01-01,,"


def read(*lines: str) -> list[DeviceEntryRow | BadRow]:
    return list(read_devices_csv(io.BytesIO("\n".join((HEADER, *lines, "")).encode())))


# the row, column, cause
BAD: dict[str, tuple[str, str | None, str]] = {
    "nothing named": (f",,,,{REST}", None, "one_of"),
    "an IMEI and a TAC": (f"{IMEI},35209900,,,{REST}", None, "one_of"),
    "a TAC and a range": (f",35209900,35209900,35209999,{REST}", None, "one_of"),
    "half a range": (f",,35209900,,{REST}", None, "range"),
    "the other half": (f",,,35209900,{REST}", None, "range"),
    "a range reversed": (f",,35209999,35209900,{REST}", "tac_to", "range_reversed"),
    "a TAC of 7 digits": (f",3520990,,,{REST}", "tac", "tac"),
    "a TAC with a letter": (f",3520990O,,,{REST}", "tac", "tac"),
    "digits of another script": (f",٣٥٢٠٩٩٠٠,,,{REST}", "tac", "tac"),
    "an IMEI's check digit": (f"{IMEI[:-1]}2,,,,{REST}", "imei", "checksum"),
    "a placeholder": (f"{'0' * 15},,,,{REST}", "imei", "dummy"),
    "no list": (f"{IMEI},,,,,police,report,2026-01-01,,", "list", "missing"),
    "an end before the beginning": (
        f"{IMEI},,,,stolen_device,police,report,2026-01-01,2025-01-01,",
        "until",
        "until_before_from",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_taken_in_says_where_and_why(case: str) -> None:
    row, column, cause = BAD[case]
    good, bad = read(f"{IMEI},,,,{REST}", row)
    assert isinstance(good, DeviceEntryRow)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column, bad.cause) == (3, column, cause)


codes = st.integers(0, 99_999_999)


@given(codes, codes)
@example(first=0, last=99_999_999)
@example(first=1, last=99_999_998)
def test_prefixes_cover_a_range_and_nothing_else(first: int, last: int) -> None:
    first, last = sorted((first, last))
    prefixes = prefixes_of(f"{first:08d}", f"{last:08d}")
    assert len(prefixes) <= 144 < MOST_PREFIXES
    assert all(1 <= len(prefix) <= 8 for prefix in prefixes)
    spans = [(int(prefix.ljust(8, "0")), int(prefix.ljust(8, "9"))) for prefix in prefixes]
    assert spans[0][0] == first
    assert spans[-1][1] == last
    assert all(one[1] + 1 == other[0] for one, other in itertools.pairwise(spans))


ROWS = [
    f"{IMEI},,,,stolen_device,police,report 7,2025-12-31T16:00:00+00:00,,0",
    ",35209900,,,bulk_sim_device,MIIT,modem,2025-12-31T16:00:00+00:00,,1",
    ",,35209898,35209901,not_a_phone,us,house rule,2025-12-31T16:00:00+00:00,2027-12-31T16:00:00+00:00,0",
    ",,00000000,99999999,phone,us,house rule,2025-12-31T16:00:00+00:00,,0",
]


@pytest.fixture
def history() -> Iterator[History]:
    history = open_history("sqlite://")
    yield history
    history.close()


@pytest.fixture
def screener(history: History) -> Screener:
    return Screener.open(history, clock=Clock())


def file_of(folder: Path, *rows: str) -> Path:
    path = folder / "devices.csv"
    path.write_text("\n".join((HEADER, *rows, "")))
    return path


def numbers(report: Any) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.bad


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_list_goes_in_and_comes_out(kind: str, screener: Screener, tmp_path: Path) -> None:
    file = file_of(tmp_path, *ROWS)
    assert numbers(screener.lists.import_devices(file)) == (1 + 1 + 4 + 10, 0, 0, 0)
    assert numbers(screener.lists.import_devices(file)) == (0, 0, 16, 0)
    out = tmp_path / f"out.{kind}"
    assert screener.lists.export_devices(out) == len(ROWS)
    assert numbers(screener.lists.import_devices(out)) == (0, 0, 16, 0)
    if kind == "csv":
        assert sorted(out.read_text().splitlines()[1:]) == sorted(ROWS)
    assert screener.lists.remove_devices(out).removed == 16
    assert screener.lists.export_devices(out, overwrite=True) == 0


def test_ranges_that_overlap_do_not_change_each_other_every_time(screener: Screener, tmp_path: Path) -> None:
    rest = "not_a_phone,us,house rule,2026-01-01,,"
    file = file_of(tmp_path, f",,35000000,36999999,{rest}", f",,36000000,37999999,{rest}")
    assert numbers(screener.lists.import_devices(file)) == (3, 0, 0, 0)
    assert numbers(screener.lists.import_devices(file)) == (0, 0, 3, 0)


def test_a_device_is_found_by_its_key_and_its_first_digits(
    screener: Screener, history: History, tmp_path: Path
) -> None:
    clock = Clock()
    screener.lists.import_devices(file_of(tmp_path, *ROWS))
    key = history.keyring.device("3520990017614823")
    digits = IMEI[:8]
    with history.read() as reader:
        found = reader.listings([key, *(tac_key(digits[:length]) for length in range(1, 9))], clock.now)
        assert {one.list for one in found} == {"stolen_device", "bulk_sim_device", "not_a_phone", "phone"}
        assert reader.listings([tac_key("35209902")], clock.now) == ()
        assert set(reader.lists(clock.now)) == {"stolen_device", "bulk_sim_device", "not_a_phone", "phone"}


def test_one_bad_row_stops_the_list(screener: Screener, tmp_path: Path) -> None:
    file = file_of(tmp_path, ROWS[0], BAD["a range reversed"][0])
    with pytest.raises(InputError, match="line 3, tac_to: range_reversed"):
        screener.lists.import_devices(file)
    assert screener.lists.export_devices(tmp_path / "out.csv") == 0
    assert numbers(screener.lists.import_devices(file, skip_bad=True)) == (1, 0, 0, 1)
