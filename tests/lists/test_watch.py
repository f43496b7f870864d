"""Lists in CSV: what is taken in, what is not and why, and what becomes of it at the counter."""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simkyc import Application, Decision, HistoryError, InputError, Screener, Verdict
from simkyc.lists.rows import LONGEST_LINE, BadRow
from simkyc.lists.watch import (
    CHINA,
    COLUMNS,
    JOINT_PUNISHMENT,
    LOST_DOCUMENT,
    WatchEntryRow,
    WatchRow,
    read_unwatch_csv,
    read_watch_csv,
)
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, resident_id, swatch

NUMBER = resident_id(born=date(1990, 1, 1), sequence=1)
HEADER = "kind,number,list,source,basis,from,until,silent_alert"
GOOD = f"resident_id,{NUMBER},joint_punishment,MIIT,rules of 2024,2026-01-01,2027-12-31,1"


def read(content: str | bytes, **options: Any) -> list[WatchEntryRow | BadRow]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(read_watch_csv(io.BytesIO(data), **options))


def row_with(**changes: str) -> str:
    """The good row with other fields, each as it stands in the file."""
    fields = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | changes
    return f"{HEADER}\n{','.join(fields[name] for name in HEADER.split(','))}\n"


def the_row(content: str | bytes, **options: Any) -> WatchEntryRow:
    (row,) = read(content, **options)
    assert isinstance(row, WatchEntryRow)
    return row


def test_a_row_is_what_it_says() -> None:
    row = the_row(f"{HEADER}\n{GOOD}\n")
    assert (row.kind, row.number, row.list) == ("resident_id", NUMBER, JOINT_PUNISHMENT)
    assert (row.source, row.basis, row.silent_alert) == ("MIIT", "rules of 2024", True)
    assert row.since == datetime(2026, 1, 1, tzinfo=CHINA), "the first moment of that day in China"
    assert row.until == datetime(2028, 1, 1, tzinfo=CHINA), "the day it ends on still counts"


SAME = {
    "a byte order mark": f"\ufeff{HEADER}\n{GOOD}\n",
    "Windows line ends": f"{HEADER}\r\n{GOOD}\r\n",
    "no line end": f"{HEADER}\n{GOOD}",
    "blank lines": f"{HEADER}\n\n , ,\n{GOOD}\n,,,,,,,\n\n",
    "white space": f"{HEADER.replace(',', ' , ')}\n{GOOD.replace(',', ' , ')}\n",
    "quotes": f'{HEADER}\n"' + GOOD.replace(",", '","') + '"\n',
    "another order": "\n".join(",".join(reversed(line.split(","))) for line in (HEADER, GOOD)),
    "lower case and full width": f"{HEADER}\n{GOOD.replace(NUMBER, NUMBER[:17] + ' ' + NUMBER[17].lower())}",
    "a time for a day": row_with(**{"from": "2025-12-31T16:00:00.9Z", "until": "2028-01-01T00:00:00+08:00"}),
    "a word for a flag": row_with(silent_alert="true"),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_row_in_another_dress(case: str) -> None:
    assert the_row(SAME[case]) == the_row(f"{HEADER}\n{GOOD}\n")


def test_what_may_be_left_out() -> None:
    short = the_row("kind,number,list,source,basis,from\n" + ",".join(GOOD.split(",")[:6]))
    empty = the_row(row_with(until="", silent_alert=""))
    assert short == empty
    assert (short.until, short.silent_alert) == (None, False)


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-30", "9999-12-31T23:59:59+08:00"])
def test_the_end_of_time_is_an_end(day: str) -> None:
    until = the_row(row_with(until=day)).until
    assert until is not None
    assert until.year == 9999


def test_gb18030_is_read_where_it_is_asked_for() -> None:
    content = row_with(basis="联合惩戒办法").encode("gb18030")
    assert the_row(content, encoding="gb18030").basis == "联合惩戒办法"
    (bad,) = read(content)
    assert (bad.line, bad.cause) == (2, "encoding")  # type: ignore[union-attr]  # the row is a bad one here


# what stands in the file, line, column, cause
BAD: dict[str, tuple[str | bytes, int, str | None, str]] = {
    "nothing": (b"", 1, None, "no_header"),
    "no header": (f"{GOOD}\n", 1, None, "unknown_column"),
    "a blank first line": (f"\n{HEADER}\n{GOOD}\n", 1, None, "no_header"),
    "a column missing": (f"{HEADER.replace('basis,', '')}\n", 1, "basis", "missing_column"),
    "a column of a mistyped name": (f"{HEADER.replace('basis', 'base')}\n", 1, None, "unknown_column"),
    "a column too many": (f"{HEADER},remark\n", 1, None, "unknown_column"),
    "a column twice": (f"{HEADER},until\n", 1, "until", "repeated_column"),
    "UTF-16": (f"{HEADER}\n{GOOD}\n".encode("utf-16"), 1, None, "nul"),
    "a photo": (b"\xff\xd8\xff\xe0 JFIF", 1, None, "encoding"),
    "a field too few": (f"{HEADER}\n{GOOD[:-2]}\n", 2, None, "fields"),
    "a field too many": (f"{HEADER}\n{GOOD},\n", 2, None, "fields"),
    "semicolons": (f"{HEADER}\n{GOOD.replace(',', ';')}\n", 2, None, "fields"),
    "a NUL": (row_with(basis="a\0b"), 2, None, "nul"),
    "no UTF-8": (row_with(basis="\u00e9").encode("latin-1"), 2, None, "encoding"),
    "a quote that never ends": (row_with(basis='"rules'), 2, None, "quotes"),
    "a quote with something after it": (row_with(basis='"rules" of 2024'), 2, None, "quotes"),
    "old Macintosh line ends": (f"{HEADER}\n{GOOD}\r{GOOD}\n", 2, None, "quotes"),
    "a line too long": (row_with(basis="x" * LONGEST_LINE), 2, None, "line_too_long"),
    "a kind that is none": (row_with(kind="driving_licence"), 2, "kind", "kind"),
    "no kind": (row_with(kind=""), 2, "kind", "missing"),
    "no number": (row_with(number=""), 2, "number", "missing"),
    "a check digit": (row_with(number=NUMBER[:17] + "0123456789X"[int(NUMBER[16])]), 2, "number", "checksum"),
    "a rounded number": (row_with(number="1.10105E+17"), 2, "number", "length"),
    "a number of another kind": (row_with(kind="passport"), 2, "number", "kind"),
    "digits of another script": (row_with(number=NUMBER.replace("1", "١")), 2, "number", "characters"),
    "a number of 10,000 digits": (row_with(number="1" * 1000), 2, "number", "length"),
    "a list with a space": (row_with(list="black list"), 2, "list", "characters"),
    "no source": (row_with(source=""), 2, "source", "missing"),
    "no basis": (row_with(basis="  "), 2, "basis", "missing"),
    "a basis of 201 letters": (row_with(basis="x" * 201), 2, "basis", "length"),
    "a bell in the basis": (row_with(basis="a\ab"), 2, "basis", "characters"),
    "no beginning": (row_with(**{"from": ""}), 2, "from", "missing"),
    "a spreadsheet's date": (row_with(**{"from": "2026/1/1"}), 2, "from", "date"),
    "a day that is none": (row_with(**{"from": "2026-02-30"}), 2, "from", "date"),
    "a week": (row_with(**{"from": "2026-W01-1"}), 2, "from", "zone"),
    "a time without a zone": (row_with(**{"from": "2026-01-01T10:00:00"}), 2, "from", "zone"),
    "before computers": (row_with(**{"from": "1899-12-31"}), 2, "from", "date"),
    "the first day of all": (row_with(**{"from": "0001-01-01"}), 2, "from", "date"),
    "the last second of all": (row_with(until="9999-12-31T23:59:59-12:00"), 2, "until", "date"),
    "an end before the beginning": (row_with(until="2025-12-31"), 2, "until", "until_before_from"),
    "an end at the beginning": (
        row_with(**{"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
        2,
        "until",
        "until_before_from",
    ),
    "a flag that is none": (row_with(silent_alert="maybe"), 2, "silent_alert", "flag"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_taken_in_says_where_and_why(case: str) -> None:
    content, line, column, cause = BAD[case]
    (bad,) = read(content)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column, bad.cause) == (line, column, cause)
    assert bad.advice
    said = repr(asdict(bad))
    assert not any(part in said for part in (NUMBER, NUMBER[:6], "rules of", "driving", "maybe", "remark"))


@pytest.mark.parametrize("case", [case for case, row in BAD.items() if row[1] == 2])
def test_a_bad_row_spoils_no_other(case: str) -> None:
    content = BAD[case][0]
    data = content if isinstance(content, bytes) else content.encode()
    first, second = data.rstrip(b"\n").split(b"\n", 1)
    rows = read(b"\n".join((first, GOOD.encode(), second, GOOD.encode())) + b"\n")
    assert [type(row) for row in rows] == [WatchEntryRow, BadRow, WatchEntryRow]
    assert isinstance(rows[1], BadRow)
    assert rows[1].line == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize(("over", "cause"), [(0, "length"), (1, "line_too_long")])
def test_how_long_a_line_may_be(end: str, over: int, cause: str) -> None:
    fields = GOOD.replace("rules of 2024", "{}")
    line = fields.format("x" * (LONGEST_LINE + over - len(fields) + 2))
    assert len(line) == LONGEST_LINE + over
    (bad,) = read(f"{HEADER}\n{line}{end}")
    assert (bad.line, bad.cause) == (2, cause)  # type: ignore[union-attr]  # the row is a bad one here


pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [f"{HEADER}\n".encode(), f"{GOOD}\n".encode(), b"\n", b"\r", b'"', b",", b"\0", b"\xef\xbb\xbf"]
    ),
    st.builds(
        lambda field: f"{GOOD.replace('rules of 2024', field)}\n".encode(errors="replace"),
        st.text(max_size=9),
    ),
    st.builds(
        lambda field: f"{GOOD.replace(NUMBER, field)}\n".encode(errors="replace"), st.text(max_size=30)
    ),
    st.builds(
        lambda field: f"{GOOD.replace('2026-01-01', field)}\n".encode(),
        st.text("0123456789-T:+Z .", max_size=30),
    ),
)


@given(st.lists(pieces, max_size=8), st.booleans(), st.sampled_from(["utf-8", "gb18030"]))
@example(parts=[b"x" * 5000], with_header=True, encoding="utf-8")
def test_any_bytes_are_rows_or_bad_rows(parts: list[bytes], with_header: bool, encoding: Any) -> None:
    content = (f"{HEADER}\n".encode() if with_header else b"") + b"".join(parts)
    rows = read(content, encoding=encoding)
    lines = content.count(b"\n") + 1
    assert len(rows) <= lines
    places = [row.line for row in rows if isinstance(row, BadRow)]
    assert places == sorted(set(places))
    assert not places or places[-1] <= lines
    list(read_unwatch_csv(io.BytesIO(content), encoding=encoding))


@given(st.sampled_from(COLUMNS), st.text(max_size=40).filter(lambda text: len(text.strip()) > 3))
def test_no_value_is_repeated(column: str, value: str) -> None:
    field = '"' + value.replace('"', '""') + '"'
    for row in read(row_with(**{column: field}).encode(errors="replace")):
        if isinstance(row, BadRow):
            assert value.strip() not in row.advice + row.cause


def test_rows_are_read_one_at_a_time() -> None:
    def endless() -> Iterator[bytes]:
        yield f"{HEADER}\n".encode()
        while True:
            yield f"{GOOD}\n".encode()

    class Endless(io.RawIOBase):
        lines = endless()

        def readline(self, size: int | None = -1, /) -> bytes:
            return next(self.lines)

    rows = read_watch_csv(Endless())  # type: ignore[arg-type]  # as much of a file as is read
    assert isinstance([next(rows) for _ in range(1000)][-1], WatchEntryRow)


def test_what_takes_off_a_list_is_the_file_that_put_on_or_its_first_columns() -> None:
    for content in (
        f"{HEADER}\n{GOOD}\n",
        f"list,source,number,kind\njoint_punishment,MIIT,{NUMBER},resident_id\n",
    ):
        (row,) = read_unwatch_csv(io.BytesIO(content.encode()))
        assert isinstance(row, WatchRow)
        assert (row.number, row.list, row.source) == (NUMBER, JOINT_PUNISHMENT, "MIIT")
    later = f"{HEADER}\n{GOOD.replace('2026-01-01', 'whenever')}\n"
    assert all(isinstance(row, WatchRow) for row in read_unwatch_csv(io.BytesIO(later.encode())))


def made_with(**changes: Any) -> WatchEntryRow:
    fields: dict[str, Any] = {
        "kind": "resident_id",
        "number": NUMBER,
        "list": "mine",
        "source": "us",
        "basis": "house rule",
        "since": date(2026, 1, 1),
        "until": NOW + timedelta(days=600),
    }
    fields.update(changes)
    return WatchEntryRow(**fields)


def test_a_row_made_by_hand_is_checked_too() -> None:
    made = made_with()
    assert made.since == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert NUMBER not in repr(made)
    with pytest.raises(InputError, match="zone"):
        made_with(since=datetime(2026, 1, 1))  # noqa: DTZ001  # no zone on purpose
    with pytest.raises(InputError) as caught:
        made_with(number=NUMBER[:-1])
    assert NUMBER[:-1] not in str(caught.value)


# At the counter


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screener(clock: Clock) -> Iterator[Screener]:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=clock) as one:
        one.allocate("store-1", STORE_ICCIDS)
        yield one


def honest(seed: int = 0, **changes: Any) -> Application:
    photo = {"data": swatch(seed)}
    document = {"portrait": photo} | changes.pop("document", {})
    return application(seed, live_photo=photo, document=document, **changes)


def row_of(one: Application, name: str = JOINT_PUNISHMENT, **changes: Any) -> WatchEntryRow:
    fields: dict[str, Any] = {
        "kind": one.document.kind,
        "number": one.document.number,
        "list": name,
        "source": "MIIT",
        "basis": "rules of 2024",
        "from": NOW - timedelta(days=1),
    }
    return WatchEntryRow(**fields | changes)


def test_a_listed_person_is_refused_and_told_of_the_appeal(screener: Screener) -> None:
    assert screener.preview(honest()).decision is Decision.ACCEPT
    screener.lists.watch([row_of(honest())])
    verdict = screener.screen(honest())
    assert (verdict.decision, verdict.reasons) == (Decision.REFUSE, ("listed.person",))
    assert screener.preview(honest(1)).decision is Decision.ACCEPT
    hit = next(finding for finding in verdict.findings if finding.reason == "listed.person")
    assert ("basis", "rules of 2024") in [(part.name, part.value) for part in hit.evidence]
    for language, appeal in (("zh-CN", "申诉"), ("en", "appeal")):
        (said,) = verdict.messages(language, "customer")  # type: ignore[arg-type]  # languages come as plain words
        assert appeal in said
        assert not any(word in said.lower() for word in ("名单", "list", "诈骗", "fraud", "惩戒", "punish"))


def said_at_the_counter(verdict: Verdict) -> list[tuple[str, ...]]:
    return [
        verdict.messages(language, audience)
        for language in ("zh-CN", "en")
        for audience in ("clerk", "customer")
    ]


def test_a_silent_alert_is_in_the_verdict_and_in_nobodys_words(screener: Screener) -> None:
    screener.lists.watch([row_of(honest()), row_of(honest(1), silent_alert=True)])
    plain, marked = screener.screen(honest()), screener.screen(honest(1))
    assert (plain.silent_alert, marked.silent_alert) == (False, True)
    assert said_at_the_counter(plain) == said_at_the_counter(marked)
    assert (plain.decision, plain.reasons, plain.advice) == (marked.decision, marked.reasons, marked.advice)


def test_a_lost_card_is_refused_and_the_new_one_with_its_number_is_not(screener: Screener) -> None:
    screener.lists.watch([row_of(honest(), LOST_DOCUMENT, basis="report of 2026-11-01")])
    assert screener.preview(honest()).reasons == ("listed.document_lost",)
    renewed = honest(document={"valid_from": NOW.date(), "valid_until": None})
    assert screener.preview(renewed).decision is Decision.ACCEPT


def test_a_soldiers_bare_number_is_looked_for_under_both_kinds(screener: Screener) -> None:
    soldier = honest(document={"kind": "military_id", "number": "1234567"})
    screener.lists.watch([row_of(soldier)])
    police = honest(document={"kind": "armed_police_id", "number": "1234567"})
    for one in (soldier, police):
        assert "listed.person" in screener.preview(one).reasons


def test_who_was_taken_off_is_accepted_and_was_refused_then(screener: Screener, clock: Clock) -> None:
    screener.lists.watch([row_of(honest())])
    refused_at = clock.now
    clock.advance(minutes=5)
    assert screener.lists.unwatch([row_of(honest())]).removed == 1
    assert screener.preview(honest()).decision is Decision.ACCEPT
    assert screener.preview(honest(), at=refused_at).decision is Decision.REFUSE


def test_an_entry_ends(screener: Screener, clock: Clock) -> None:
    screener.lists.watch([row_of(honest(), until=NOW + timedelta(minutes=5))])
    assert screener.preview(honest()).decision is Decision.REFUSE
    clock.advance(minutes=5)
    assert screener.preview(honest()).decision is Decision.ACCEPT


# Files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    people = [honest(seed).document.number for seed in range(3)]
    rows = [GOOD.replace(NUMBER, number) for number in people]
    path.write_text("\n".join((HEADER, *rows, "")))
    return path


def test_a_file_is_imported_once(screener: Screener, file: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    first = screener.lists.import_watch(file, on_progress=lambda *step: steps.append(step))
    again = screener.lists.import_watch(str(file))
    assert (first.added, first.changed, first.unchanged, first.bad) == (3, 0, 0, 0)
    assert (again.added, again.changed, again.unchanged, again.bad) == (0, 0, 3, 0)
    assert again.import_id != first.import_id
    assert {stage for stage, _, _ in steps} == {"reading", "writing"}
    assert all(0 <= done <= total for _, done, total in steps)
    assert screener.preview(honest(2)).decision is Decision.REFUSE
    assert screener.lists.import_unwatch(file).removed == 3
    assert screener.preview(honest(2)).decision is Decision.ACCEPT


def test_one_bad_row_stops_the_file_unless_it_is_skipped(screener: Screener, file: Path) -> None:
    with file.open("a") as more:
        more.write(GOOD.replace(NUMBER, "hunter2") + "\n" + GOOD.replace("2026-01-01", "hunter2") + "\n")
    heard: list[BadRow] = []
    with pytest.raises(InputError, match="2 of 5 rows") as caught:
        screener.lists.import_watch(file, on_bad=heard.append)
    assert [row.line for row in heard] == [5, 6]
    assert [where for where, _ in caught.value.problems] == ["line 5, number", "line 6, from"]
    assert "hunter2" not in f"{caught.value}{caught.value.problems}{heard}"
    assert screener.preview(honest()).decision is Decision.ACCEPT
    done = screener.lists.import_watch(file, skip_bad=True)
    assert (done.added, done.bad) == (3, 2)
    with pytest.raises(InputError, match="1 of 5 rows"):
        screener.lists.import_unwatch(file)
    assert screener.lists.import_unwatch(file, skip_bad=True).removed == 3


def test_a_wrong_header_is_never_skipped(screener: Screener, file: Path) -> None:
    file.write_text(file.read_text().replace("basis", "base"))
    for take in (screener.lists.import_watch, screener.lists.import_unwatch):
        with pytest.raises(InputError, match="header"):
            take(file, skip_bad=True)


def test_thousands_of_bad_rows_are_counted_and_not_told(screener: Screener, file: Path) -> None:
    file.write_text(f"{HEADER}\n" + "x\n" * 3000)
    with pytest.raises(InputError, match="3000 of 3000 rows") as caught:
        screener.lists.import_watch(file)
    assert len(caught.value.problems) == 20
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["absent.csv", ".", "a\0b"])
def test_a_file_that_cannot_be_read(name: str, screener: Screener, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        screener.lists.import_watch(f"{tmp_path}/{name}")


def test_what_the_caller_breaks_is_the_callers(screener: Screener, file: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        screener.lists.import_watch(file, on_progress=full)
    assert screener.preview(honest()).decision is Decision.ACCEPT


def test_a_full_temporary_folder_is_told(
    screener: Screener, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(HistoryError, match="TMPDIR"):
        screener.lists.import_watch(file)


def test_nothing_personal_is_written_anywhere(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "history"
    place.mkdir()
    monkeypatch.setattr("simkyc.history.staging._temporary_folder", lambda: nullcontext(place))
    with Screener.open(f"sqlite:///{place}/kyc.db", faces=FakeFaceEngine()) as screener:
        screener.lists.import_watch(file)
    for one in (place / "waiting", place / "kyc.db"):
        stored = one.read_bytes()
        assert b"joint_punishment" in stored
        for seed in range(3):
            assert honest(seed).document.number.encode() not in stored
