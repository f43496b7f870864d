"""`docs/measured.md`: one section a table, all measured on the machine that its first lines describe."""

from __future__ import annotations

from collections.abc import Mapping

from bench.table import Table, wrapped

__all__ = ["page", "sections"]

HEADING = "# Measured"
FOREWORD = (
    "Written by `make bench`; `python -m bench NAME ...` measures single tables again. Every ratio was taken side by "
    "side in one run, both sides in turns: absolute times are of one machine, ratios travel better. Numbers in "
    "brackets are the smallest and the largest measured. Where a target was not reached, it says so."
)


def page(machine: str, tables: Mapping[str, Table | str]) -> str:
    """The whole page; a text stands for a section that is kept as it was."""
    parts = [HEADING, wrapped(FOREWORD), wrapped(machine)]
    for name, table in tables.items():
        parts.append(table if isinstance(table, str) else _section(name, table))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def sections(text: str, machine: str) -> dict[str, str]:
    """The sections of a page by name; none when it was measured on another machine or with other libraries."""
    if wrapped(machine) not in text:
        return {}
    parts = text.split("\n## ")[1:]
    return {part.partition(":")[0]: f"## {part}" for part in parts}


def _section(name: str, table: Table) -> str:
    return f"## {name}: {table.title}\n\n{table.markdown()}"
