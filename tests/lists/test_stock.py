"""Files of SIM stock: what is taken in, what is not and why, and what the stock says afterwards."""

from __future__ import annotations

import io
import json
import string
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from simkyc import InputError, NumberError, Screener
from simkyc.lists.rows import BadRow
from simkyc.lists.stock import COLUMNS, StockRow, read_stock_csv
from simkyc.numbers import imsi, msisdn
from simkyc.testing import Clock, FakeFaceEngine, application, iccid_of, swatch

HEADER = "iccid,imsi,msisdn,lot,store_id,dealer_id,state"


def line(serial: int, **changes: str) -> str:
    fields = {
        "iccid": iccid_of(serial),
        "imsi": f"46000{serial:010d}",
        "msisdn": f"139{serial:08d}",
        "lot": "lot-1",
        "store_id": "store-1",
        "dealer_id": "dealer-1",
        "state": "in_stock",
    } | changes
    return ",".join(fields.values())


def text(*lines: str) -> str:
    return "\n".join((HEADER, *lines, ""))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screener(clock: Clock) -> Iterator[Screener]:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=clock) as one:
        yield one


def written(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text(text(*lines), encoding=encoding)
    return path


def done(screener: Screener, path: Path, **options: Any) -> tuple[int, int, int, int]:
    report = screener.lists.import_stock(path, **options)
    return report.added, report.changed, report.unchanged, report.bad


def exported(screener: Screener, folder: Path) -> list[str]:
    screener.lists.export_stock(folder / "out.csv", overwrite=True)
    return (folder / "out.csv").read_text(encoding="utf-8").splitlines()[1:]


# the row, column, cause
BAD: dict[str, tuple[str, str | None, str]] = {
    "no ICCID": (line(1, iccid=""), "iccid", "missing"),
    "an ICCID cut short": (line(1, iccid="8986000000000"), "iccid", "length"),
    "a rounded ICCID": (line(1, iccid="8.986E+19"), "iccid", "length"),
    "an ICCID's check digit": (
        line(1, iccid="89860112345678901236", imsi="460011234567890"),
        "iccid",
        "checksum",
    ),
    "an IMSI with a letter": (line(1, imsi="46000000000000A"), "imsi", "shape"),
    "an IMSI of nowhere": (line(1, imsi="000000000000001"), "imsi", "country"),
    "an IMSI of another operator": (line(1, imsi="460010000000001"), "imsi", "another_operator"),
    "a landline": (line(1, msisdn="02162221234"), "msisdn", "kind"),
    "a range that is none": (line(1, msisdn="12000000001"), "msisdn", "range"),
    "digits of another script": (line(1, msisdn="139٠٠٠٠٠٠٠١"), "msisdn", "characters"),
    "a state that is none": (line(1, state="sold"), "state", "kind"),
    "a store that is no identifier": (line(1, store_id="店 1"), "store_id", "characters"),
    "a lot of 201 characters": (line(1, lot="x" * 201), "lot", "length"),
    "a lot with a bell": (line(1, lot="a\ab"), "lot", "characters"),
    "a field of a million characters": (line(1, lot="x" * 1_000_000), None, "line_too_long"),
    "a field too few": ("89860000000000000019", None, "fields"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_taken_in_says_where_and_why(case: str) -> None:
    row, column, cause = BAD[case]
    good, bad, more = list(read_stock_csv(io.BytesIO(text(line(2), row, line(3)).encode())))
    assert isinstance(good, StockRow)
    assert isinstance(more, StockRow), "a bad row spoils no other"
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column, bad.cause) == (3, column, cause)
    assert iccid_of(1) not in repr(bad)


def test_the_operator_of_a_number_that_was_moved_is_no_fault() -> None:
    (row,) = read_stock_csv(io.BytesIO(text(line(1, msisdn="13000000001")).encode()))
    assert isinstance(row, StockRow), "numbers are ported, so that the range of an MSISDN says little"


@given(st.text(string.digits, min_size=11, max_size=11))
def test_a_range_is_known_by_its_first_digits(digits: str) -> None:
    for number in (digits, f"13{digits[2:]}", f"17{digits[2:]}", f"1{digits[1:]}"):
        try:
            expected: str | None = msisdn.validate(f"+86{number}")
        except NumberError:
            expected = None
        (row,) = read_stock_csv(io.BytesIO(f"iccid,msisdn\n{iccid_of(1)},+86{number}\n".encode()))
        assert (row.msisdn if isinstance(row, StockRow) else None) == expected


@given(st.text(string.digits, min_size=14, max_size=15), st.sampled_from(["460", "461", "310", "208", ""]))
def test_a_network_is_known_by_its_first_digits(digits: str, country: str) -> None:
    number = (country + digits)[: len(digits)]
    (row,) = read_stock_csv(io.BytesIO(f"iccid,imsi\n8944{'1' * 15}0,{number}\n".encode()))
    assert isinstance(row, StockRow) == imsi.is_valid(number)


# rows after a good first one, the lines at fault, their causes, how many are left
TWICE: dict[str, tuple[list[str], dict[int, str], int]] = {
    "the same card again": ([line(1)], {3: "duplicate_iccid"}, 1),
    "one card with two numbers": ([line(1, msisdn="13900000009")], {3: "duplicate_iccid"}, 1),
    "two cards with one number": ([line(2, msisdn="13900000001")], {3: "msisdn_on_two_cards"}, 1),
    "two cards with one IMSI": ([line(2, imsi="460000000000001")], {3: "imsi_on_two_cards"}, 1),
    "one number in two spellings": ([line(2, msisdn="+86 139-0000-0001")], {3: "msisdn_on_two_cards"}, 1),
    "three times": ([line(1), line(2), line(1)], {3: "duplicate_iccid", 5: "duplicate_iccid"}, 2),
    "apart and out of order": ([line(9), line(3), line(9)], {5: "duplicate_iccid"}, 3),
    "two cards without numbers": (
        [line(2, msisdn="", imsi=""), line(3, msisdn="", imsi="")],
        {},
        3,
    ),
}


@pytest.mark.parametrize("case", TWICE)
def test_nothing_stands_twice_in_one_file(case: str, screener: Screener, tmp_path: Path) -> None:
    rows, faults, left = TWICE[case]
    file = written(tmp_path / "stock.csv", line(1), *rows)
    heard: list[BadRow] = []
    if faults:
        with pytest.raises(InputError, match="nothing was written"):
            done(screener, file, on_bad=heard.append)
        assert {row.line: row.cause for row in heard} == faults
        assert exported(screener, tmp_path) == []
    assert done(screener, file, skip_bad=True) == (left, 0, 0, len(faults))
    assert len(exported(screener, tmp_path)) == left


def test_a_file_again_changes_nothing(screener: Screener, tmp_path: Path) -> None:
    file = written(tmp_path / "stock.csv", *map(line, range(1, 9)))
    assert done(screener, file) == (8, 0, 0, 0)
    assert done(screener, file) == (0, 0, 8, 0)
    first = [row.replace(",139", ",+86139") for row in map(line, range(1, 9))]
    assert exported(screener, tmp_path) == first


def test_an_empty_field_leaves_what_is_recorded(screener: Screener, tmp_path: Path) -> None:
    done(screener, written(tmp_path / "stock.csv", line(1), line(2, state="lost")))
    short = tmp_path / "short.csv"
    short.write_text(f"iccid,lot\n{iccid_of(1)},lot-2\n{iccid_of(2)},\n{iccid_of(3)},lot-3\n")
    assert done(screener, short) == (1, 1, 1, 0)
    assert exported(screener, tmp_path) == [
        line(1, lot="lot-2", msisdn="+8613900000001"),
        line(2, state="lost", msisdn="+8613900000002"),
        f"{iccid_of(3)},,,lot-3,,,in_stock",
    ]


# second file, lines at fault with causes
AGAINST: dict[str, tuple[list[str], dict[int, str]]] = {
    "another card takes a number": ([line(9, msisdn="13900000001")], {2: "msisdn_on_two_cards"}),
    "another card takes an IMSI": ([line(9, imsi="460000000000001")], {2: "imsi_on_two_cards"}),
    "two cards change numbers": (
        [line(1, msisdn="13900000002"), line(2, msisdn="13900000001")],
        {},
    ),
    "a card lets its number go": (
        [line(1, state="cancelled"), line(9, msisdn="13900000001")],
        {},
    ),
    "a number of a card that is lost": ([line(9, msisdn="13900000003")], {}),
    "a number that is given on twice": (
        [line(1, msisdn="13900000002"), line(2, msisdn="13900000007"), line(9, msisdn="13900000001")],
        {},
    ),
    "a chain whose end is taken": (
        [line(9, msisdn="13900000001"), line(1, msisdn="13900000002")],
        {2: "msisdn_on_two_cards", 3: "msisdn_on_two_cards"},
    ),
}


@pytest.mark.parametrize("case", AGAINST)
def test_a_number_is_one_cards(case: str, screener: Screener, tmp_path: Path) -> None:
    rows, faults = AGAINST[case]
    done(screener, written(tmp_path / "first.csv", line(1), line(2), line(3, state="lost")))
    before = exported(screener, tmp_path)
    second = written(tmp_path / "second.csv", *rows)
    heard: list[BadRow] = []
    if faults:
        with pytest.raises(InputError, match="on_two_cards"):
            done(screener, second)
        assert exported(screener, tmp_path) == before, "nothing is imported by half"
    report = screener.lists.import_stock(second, skip_bad=True, on_bad=heard.append)
    assert {row.line: row.cause for row in heard} == faults
    assert report.bad == len(faults)
    assert report.added + report.changed == len(rows) - len(faults)
    sold = [row.split(",") for row in exported(screener, tmp_path)]
    numbers = [fields[2] for fields in sold if fields[6] == "in_stock"]
    assert len(set(numbers)) == len(numbers)


def honest(seed: int = 0) -> Any:
    photo = {"data": swatch(seed)}
    return application(seed, live_photo=photo, document={"portrait": photo})


@pytest.mark.parametrize("name", ["empty", "directory", "absent", "line ends only", "header only"])
def test_files_on_which_nothing_stands(name: str, screener: Screener, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    if name == "directory":
        file.mkdir()
    elif name != "absent":
        file.write_text({"empty": "", "line ends only": "\n\n", "header only": f"{HEADER}\n"}[name])
    if name == "header only":
        assert done(screener, file) == (0, 0, 0, 0)
        return
    with pytest.raises(InputError):
        done(screener, file, skip_bad=True)


HEADERS = {
    "no ICCID": "imsi,msisdn",
    "an unknown column": "iccid,remark",
    "a column twice": "iccid,lot,lot",
    "no header": line(1),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_wrong_header_is_never_skipped(case: str, screener: Screener, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text(f"{HEADERS[case]}\n{line(1)}\n")
    with pytest.raises(InputError, match="header") as caught:
        done(screener, file, skip_bad=True)
    assert iccid_of(1) not in str(caught.value)


def test_gb18030_is_read_where_it_is_asked_for(screener: Screener, tmp_path: Path) -> None:
    file = written(tmp_path / "stock.csv", line(1, lot="第一批"), encoding="gb18030")
    with pytest.raises(InputError, match="line 2: encoding"):
        done(screener, file)
    assert done(screener, file, encoding="gb18030") == (1, 0, 0, 0)
    assert "第一批" in exported(screener, tmp_path)[0]


def test_ten_threads_allocate_from_one_lot(tmp_path: Path) -> None:
    file = written(tmp_path / "stock.csv", *(line(serial, store_id="") for serial in range(1, 101)))
    with Screener.open(f"sqlite:///{tmp_path / 'kyc.db'}", clock=Clock()) as screener:
        done(screener, file)
        cards = [iccid_of(serial) for serial in range(1, 101)]
        counts: list[int] = []

        def allocate(place: int) -> None:
            for one in range(place, 100, 10):
                counts.append(screener.allocate(f"store-{place}", [cards[one]]))

        threads = [threading.Thread(target=allocate, args=(place,)) for place in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counts == [1] * 100
        rows = [row.split(",") for row in exported(screener, tmp_path)]
        stores = {fields[0]: fields[4] for fields in rows}
        assert stores == {card: f"store-{place % 10}" for place, card in enumerate(cards)}
        assert all(fields[1] and fields[2] and fields[3] == "lot-1" for fields in rows), "the rest stays"


# Out and in again


lots = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20).filter(
    lambda lot: lot == lot.strip() != ""
)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,9}", fullmatch=True)
cards = st.fixed_dictionaries(
    {
        "imsi": st.booleans(),
        "msisdn": st.booleans(),
        "lot": st.none() | lots,
        "store_id": st.none() | names,
        "dealer_id": st.none() | names,
        "state": st.sampled_from(["in_stock", "reserved", "issued", "returned", "lost", "cancelled"]),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(cards, max_size=12), st.sampled_from(["csv", "parquet"]))
def test_what_is_written_out_is_read_in_again(tmp_path: Path, made: list[dict[str, Any]], kind: Any) -> None:
    rows = [
        card
        | {
            "iccid": iccid_of(serial),
            "imsi": f"46000{serial:010d}" if card["imsi"] else None,
            "msisdn": f"139{serial:08d}" if card["msisdn"] else None,
        }
        for serial, card in enumerate(made)
    ]
    first, out, again = (tmp_path / f"{name}.{kind}" for name in ("first", "out", "again"))
    pq.write_table(pa.Table.from_pylist(rows, schema_of(COLUMNS)), tmp_path / "given.parquet")
    with (
        Screener.open("sqlite://", clock=Clock()) as one,
        Screener.open("sqlite://", clock=Clock()) as other,
    ):
        assert done(one, tmp_path / "given.parquet") == (len(rows), 0, 0, 0)
        assert one.lists.export_stock(first, overwrite=True) == len(rows)
        assert done(one, first) == (0, 0, len(rows), 0)
        assert done(other, first) == (len(rows), 0, 0, 0)
        assert other.lists.export_stock(again, overwrite=True) == len(rows)
        assert other.lists.export_stock(out, overwrite=True) == len(rows)
    assert first.read_bytes() == again.read_bytes() == out.read_bytes()


def schema_of(columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in columns])


def test_the_file_is_its_owners_and_is_not_overwritten_unasked(screener: Screener, tmp_path: Path) -> None:
    done(screener, written(tmp_path / "stock.csv", line(1)))
    for name in ("out.csv", "out.parquet"):
        assert screener.lists.export_stock(tmp_path / name) == 1
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        before = (tmp_path / name).read_bytes()
        with pytest.raises(InputError, match="there already"):
            screener.lists.export_stock(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
        assert screener.lists.export_stock(tmp_path / name, overwrite=True) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.csv", "out.parquet", "stock.csv"]


@pytest.mark.parametrize("name", ["out.xlsx", "out", "absent/out.csv", "taken/", "a\0b.csv"])
def test_where_nothing_can_be_written(name: str, screener: Screener, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError):
        screener.lists.export_stock(f"{tmp_path}/{name}", overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_the_words_of_a_fault_are_json(screener: Screener, tmp_path: Path) -> None:
    heard: list[BadRow] = []
    file = written(tmp_path / "stock.csv", line(1), line(1))
    screener.lists.import_stock(file, skip_bad=True, on_bad=heard.append)
    assert iccid_of(1) not in json.dumps([row.advice for row in heard])
