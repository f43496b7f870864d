"""Measure and write `docs/measured.md`: `make bench`, or `python -m bench --help`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import BENCHES
from bench.machine import description
from bench.page import page, sections
from bench.run import Run, Size
from bench.table import Table

PAGE = Path(__file__).parents[1] / "docs" / "measured.md"


def main() -> int:
    """Run what is asked for, print every table as it comes, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHES)}; all if none is named"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="small sizes, a minute or two; the page is left as it is"
    )
    size.add_argument(
        "--full",
        action="store_true",
        help="10 and 30 million openings too: 60 GB of disk, an hour or more",
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHES]
    if unknown:
        parser.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")

    console = Console()
    machine = description()
    console.print(machine, style="dim", highlight=False)
    if busy():
        console.print("other programs are at work on this machine: what uses several cores will look slower")
    chosen = Size.QUICK if arguments.quick else Size.FULL if arguments.full else Size.USUAL
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        for name in arguments.names or BENCHES:
            table = bench(name)(Run(chosen, progress))
            console.print(table.rich())
            if not arguments.quick:
                write(machine, name, table)
    said = "is left as it was: these sizes are small" if arguments.quick else "is written"
    console.print(f"docs/{PAGE.name} {said}", highlight=False)
    return 0


def busy() -> bool:
    """Whether half a core or more was taken in the last minute."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5


def bench(name: str) -> Callable[[Run], Table]:
    """The function of a bench; its libraries load when it is asked for."""
    function: Callable[[Run], Table] = getattr(import_module(f"bench.{name}"), name)
    return function


def write(machine: str, name: str, table: Table) -> None:
    """Write one table to the page, at once: the others are kept if they were measured on the same machine."""
    every: dict[str, Table | str] = {}
    if PAGE.exists():
        every |= sections(PAGE.read_text(encoding="utf-8"), machine)
    every[name] = table
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(
        page(machine, {known: every[known] for known in BENCHES if known in every}), encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
