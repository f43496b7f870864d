"""Tables of messages: a row a text, in CSV (also gzipped) or Parquet.

Columns: `text`; `class` or `label` where they are labelled (`fraud`, `illegal`, `advertising`, `other`, or finer ones
that begin with `FR:`, `IL:`, `AD:`); `group` where near-duplicates are known, which no fold divides. Without it,
texts of one template are one group. Other columns are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as pa_csv
from pyarrow import parquet as pq

from simkyc.errors import InputError
from simkyc.history.keys import Keyring
from simkyc.usage.messages.classes import CLASSES, class_of
from simkyc.usage.messages.normalise import LONGEST, normalised
from simkyc.usage.messages.templates import templates

__all__ = ["LabelledMessages", "read_messages", "read_texts"]

MOST_ROWS: Final = 5_000_000
BLOCK: Final = 1 << 24
LABELS: Final = ("class", "label")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LabelledMessages:
    """A labelled table in memory; it shows nothing of its texts.

    Attributes:
        texts: As they stand in the table.
        label: int8 (n,), places in `CLASSES`.
        group: int64 (n,), numbered from 0; near-duplicates belong together.
    """

    texts: tuple[str, ...]
    label: NDArray[np.int8]
    group: NDArray[np.int64]


def read_messages(path: Path) -> LabelledMessages:
    """Read a labelled table.

    Raises:
        InputError: It cannot be read, lacks a column, or a class is none of the four.
    """
    table = _table(path)
    named = next((name for name in LABELS if name in table.column_names), None)
    if named is None:
        raise InputError("the table has no column class: fraud, illegal, advertising or other")
    labels = []
    for row, told in enumerate(_strings(table, named)):
        known = class_of(told or "")
        if known is None:
            raise InputError(
                f"the class in row {row + 1} is none of {', '.join(CLASSES)}, and does not begin with FR:, IL: or AD:"
            )
        labels.append(CLASSES.index(known))
    texts = _texts(table)
    keys = _strings(table, "group") if "group" in table.column_names else _same(texts)
    numbers: dict[str, int] = {}
    group = [
        numbers.setdefault(f"group {key}" if key else f"row {row}", len(numbers))
        for row, key in enumerate(keys)
    ]
    return LabelledMessages(texts, np.array(labels, dtype=np.int8), np.array(group, dtype=np.int64))


def read_texts(path: Path) -> tuple[str, ...]:
    """Read the texts of a table, or of a file with one text a line where it is called .txt.

    Raises:
        InputError: It cannot be read.
    """
    if path.name.lower().endswith(".txt"):
        try:
            # Lines end where files end them: U+2028 and others are characters of a text.
            return tuple(path.read_text(encoding="utf-8-sig").split("\n")[: MOST_ROWS + 1])
        except UnicodeError:
            raise InputError("the file of texts is no UTF-8: save it as such") from None
        except (OSError, ValueError):
            raise InputError("the file of texts cannot be read: see its name and rights") from None
    return _texts(_table(path))


def _same(texts: Sequence[str]) -> list[str | None]:
    """Templates under a key that nobody keeps: equal ones are one group."""
    return list(templates([normalised(text).text for text in texts], Keyring(bytes(16))))


def _table(path: Path) -> pa.Table:
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            there = pq.read_schema(path).names
            table = pq.read_table(path, columns=[one for one in there if one in {"text", "group", *LABELS}])
        elif name.endswith((".csv", ".csv.gz")):
            with pa.input_stream(str(path), compression="detect") as file:
                table = pa_csv.read_csv(
                    file,
                    read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK),
                    parse_options=pa_csv.ParseOptions(newlines_in_values=True),
                    convert_options=pa_csv.ConvertOptions(
                        column_types=dict.fromkeys(("text", "group", *LABELS), pa.string()),
                        strings_can_be_null=False,
                    ),
                )
        else:
            raise InputError("a table of messages is CSV or Parquet: call it .csv, .csv.gz or .parquet")
    except (pa.ArrowException, UnicodeError):
        raise InputError("the table cannot be read: it is no whole CSV in UTF-8 or Parquet") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "the table cannot be read: see its name and rights, and whether it is whole"
        ) from None
    if "text" not in table.column_names:
        raise InputError("the table has no column text")
    if not 0 < table.num_rows <= MOST_ROWS:
        raise InputError(f"a table of messages has 1 to {MOST_ROWS:,} rows")
    return table


def _texts(table: pa.Table) -> tuple[str, ...]:
    return tuple((text or "")[: LONGEST + 1] for text in _strings(table, "text"))


def _strings(table: pa.Table, name: str) -> list[str | None]:
    column = table.column(name)
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise InputError(f"the column {name} is no text")
    told: list[str | None] = column.cast(pa.string()).to_pylist()
    return told
