"""One table of the bench, for a terminal and for `docs/measured.md`."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

__all__ = ["Result", "Table", "at_least", "at_most", "wrapped"]

PAGE_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Result:
    """One figure that was aimed for.

    Attributes:
        measure: What it is, with its unit.
        value: As it is written.
        target: What was aimed for, in words; None where there is no target.
        reached: Whether it is; None where there is no target or nothing could be measured.
    """

    measure: str
    value: str
    target: str | None = None
    reached: bool | None = None

    def __str__(self) -> str:
        said = f"{self.measure}: {self.value}"
        if self.target is None:
            return said
        outcome = {True: "reached", False: "not reached", None: "not measured"}[self.reached]
        return f"{said}; target {self.target}: {outcome}"


def at_least(measure: str, value: float, target: float, *, written: str | None = None) -> Result:
    """A figure that should be large; `written` tells more of it, such as its spread."""
    return Result(measure, written or f"{value:.3g}", f"at least {target:g}", value >= target)


def at_most(measure: str, value: float, target: float, *, written: str | None = None) -> Result:
    """A figure that should be small; `written` tells more of it, such as its spread."""
    return Result(measure, written or f"{value:.3g}", f"at most {target:g}", value <= target)


@dataclass(frozen=True, slots=True)
class Table:
    """What one bench found.

    Attributes:
        title: The question, as a heading.
        compared: What was set side by side, and how.
        columns: Headings.
        rows: Cells, as many as columns.
        results: The figures that were aimed for.
        note: What a reader must know to judge them.
    """

    title: str
    compared: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    results: tuple[Result, ...]
    note: str = ""

    def rich(self) -> RenderableType:
        """For a terminal."""
        drawn = RichTable(*self.columns, box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for row in self.rows:
            drawn.add_row(*row)
        colours = {True: "green", False: "red", None: ""}
        results = [Text(f"• {result}", colours[result.reached]) for result in self.results]
        parts: list[RenderableType] = [
            Text(self.title, "bold underline"),
            Text(self.compared),
            drawn,
            *results,
        ]
        if self.note:
            parts.append(Text(self.note, "dim"))
        return Padding(Group(*parts), (1, 0, 1, 0))

    def markdown(self) -> str:
        """For the page, without the heading."""
        rows = "\n".join(
            f"| {' | '.join(row)} |" for row in (self.columns, ("---",) * len(self.columns), *self.rows)
        )
        results = "\n".join(wrapped(f"- {result}.", indent="  ") for result in self.results)
        parts = (wrapped(self.compared), rows, results, wrapped(self.note))
        return "\n\n".join(part for part in parts if part) + "\n"


def wrapped(text: str, indent: str = "") -> str:
    """A paragraph in lines as long as the other pages have."""
    return textwrap.fill(
        text, PAGE_WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
