"""Every table can be made, and what is made of it reads well. How large the figures are is nobody's assertion."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from rich.console import Console

from bench import BENCHES
from bench.__main__ import bench
from bench.machine import description
from bench.page import page, sections
from bench.run import Run, Size
from bench.table import Result, Table, at_least, at_most
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text

FIGURES = Table(
    title="A question",
    compared="This against that.",
    columns=("what", "time"),
    rows=(("this", "1 ms"), ("that", "2 ms")),
    results=(
        at_least("times faster", 2.0, 1.5),
        at_most("largest difference", 2e-5, 1e-5, written="2e-05 (0 to 2e-05)"),
        Result("more", "3"),
    ),
    note="Both take turns.",
)


@pytest.fixture(autouse=True)
def no_real_photos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIMKYC_FACES", str(tmp_path))


@pytest.mark.parametrize("name", BENCHES)
def test_the_table_can_be_made(name: str) -> None:
    table = bench(name)(Run(Size.TINY))
    assert table.rows
    assert table.results
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert all(cell.strip() for row in table.rows for cell in row)
    shown = page(description(), {name: table})
    assert "nan" not in shown.lower().split()
    assert str(Path(__file__).parents[2]) not in shown


def test_a_target_is_said_to_be_reached_or_not() -> None:
    text = FIGURES.markdown()
    assert "- times faster: 2; target at least 1.5: reached." in text
    assert "- largest difference: 2e-05 (0 to 2e-05); target at most 1e-05: not reached." in text
    assert "- more: 3." in text


def test_a_terminal_shows_all_that_the_page_shows() -> None:
    console = Console(width=100, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # open as long as the console
    console.print(FIGURES.rich())
    console.file.close()
    shown = console.export_text()
    for part in (
        FIGURES.title,
        FIGURES.compared,
        FIGURES.note,
        *map(str, FIGURES.results),
        *FIGURES.columns,
        "2 ms",
    ):
        assert part in shown


def test_one_table_measured_again_leaves_the_others() -> None:
    before = page("Measured on a machine.", {"vectors": FIGURES, "start": FIGURES})
    kept = sections(before, "Measured on a machine.")
    assert list(kept) == ["vectors", "start"]
    assert page("Measured on a machine.", kept) == before


def test_another_machine_keeps_nothing() -> None:
    assert sections(page("Measured on a machine.", {"vectors": FIGURES}), "Measured on another.") == {}


def test_sides_take_turns() -> None:
    heard: list[str] = []
    ticks = iter(range(100))
    sides = {side: lambda subject, side=side: heard.append(f"{side}{subject}") for side in "AB"}
    taken = interleaved(sides, (1, 2, 3), clock=lambda: float(next(ticks)))
    assert heard == ["A1", "B1", "B2", "A2", "A3", "B3"]
    assert taken == {"A": [1.0] * 3, "B": [1.0] * 3}


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == Spread(3.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("spread", "text"),
    [
        pytest.param(Spread(0.0421, 0.04, 0.06), "42.1 ms (40.0 to 60.0)", id="milliseconds"),
        pytest.param(Spread(1.5, 0.9, 2.0), "1.50 s (0.90 to 2.00)", id="seconds"),
        pytest.param(Spread(5e-5, 4e-5, 1e-3), "50.0 µs (40.0 to 1000.0)", id="microseconds"),
        pytest.param(Spread(0.0, 0.0, 0.0), "0.0 µs (0.0 to 0.0)", id="no time at all"),
    ],
)
def test_times_read_well(spread: Spread, text: str) -> None:
    assert seconds_text(spread) == text


def test_ratios_have_three_figures() -> None:
    assert times_text(Spread(9.041, 0.987, 123.4)) == "9.04 (0.99 to 123)"


def test_the_machine_is_described() -> None:
    assert re.search(r"^Measured on \d+ cores of .+ under \w+, with \w+ 3\.\d+", description())
