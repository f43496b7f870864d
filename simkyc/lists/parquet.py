"""Rows of a Parquet file, a few thousand in memory at a time however large its row groups.

A file that says much about itself is not believed: before a row group is read the header of each of its pages is,
so that nothing is unpacked that is larger than `LARGEST_PAGE`, or that refers back to what stood before it and so
grows without end. Where a dictionary may hold a long text that every row names, fewer rows are read at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar, get_args

from pydantic import ValidationError

from simkyc.errors import InputError
from simkyc.lists.rows import BadHeader, BadRow, ListRow, Numbered, bad_row, columns_of, header_fault

__all__ = ["LARGEST_CELL", "LARGEST_PAGE", "parquet_rows", "parquet_writer"]

ROWS_AT_ONCE: Final = 4096
LARGEST_PAGE: Final = 16 * 2**20
"""Bytes of a page when it is unpacked; writers make pages of 1 MiB."""
LARGEST_BATCH: Final = 256 * 2**20
"""Bytes that rows may come to when each names the longest text that the dictionaries of its columns could hold."""
LARGEST_CELL: Final = 4096
"""Bytes of a text, as many as of a whole line of CSV."""
BUFFER: Final = 2**20
LARGEST_FOOTER: Final = 16 * 2**20
MAGIC: Final = b"PAR1"
PLAIN_ENCODINGS: Final = frozenset({0, 2, 3, 4, 5, 6, 8})
"""Of parquet.thrift's `Encoding`, all but DELTA_BYTE_ARRAY (7), whose texts lean on the one before, and what is new."""

NO_PARQUET: Final = "Parquet is read and written by pyarrow: pip install 'simkyc[parquet]', or use CSV"
BROKEN: Final = "the list is no whole Parquet file: take it from its source again"
TOO_LARGE: Final = (
    "the Parquet file has pages larger than 16 MiB, or of a kind that is not read: write it anew"
)

Row = TypeVar("Row", bound=ListRow)
Answer = TypeVar("Answer")


def parquet_rows(file: BinaryIO, model: type[Row], columns: tuple[str, ...]) -> Iterator[Numbered[Row]]:
    """Read the rows of a Parquet file; see `simkyc.lists.rows.numbered_rows`."""
    try:
        import pyarrow as pa
        import pyarrow.compute
        from pyarrow import parquet as pq
    except ImportError:
        raise InputError(NO_PARQUET) from None
    groups = _column_chunks(file)
    names = columns_of(model)
    opened = _whole(partial(pq.ParquetFile, file, pre_buffer=False, buffer_size=BUFFER))
    schema = _whole(lambda: opened.schema_arrow)
    header = header_fault(list(schema.names), model, columns, line=0)
    wanted = [name for name in schema.names if name in names]
    numbers = _columns_of_numbers(model)
    for name in wanted if header is None else ():
        kind = schema.field(name).type
        if not (_is_number(pa, kind) if name in numbers else _is_readable(pa, kind)):
            holds = "no numbers" if name in numbers else "neither text nor dates nor flags"
            header = BadHeader(0, name, "column_type", f"the column holds {holds}")
            break
    if header is not None:
        yield 0, header
        return
    validate = model.__pydantic_validator__.validate_python
    place = 0
    for group, chunks in enumerate(groups):
        longest = _whole(partial(_check_pages, file, chunks))
        rows_at_once = max(1, min(ROWS_AT_ONCE, LARGEST_BATCH // max(1, longest)))
        read = partial(opened.iter_batches, rows_at_once, row_groups=[group], columns=wanted)
        batches = _whole(partial(read, use_threads=False))
        while (batch := _whole(partial(next, batches, None))) is not None:
            cells = _whole(partial(_rows_of, pa, batch))
            for row in zip(*cells, strict=True):
                place += 1
                given = {name: cell for name, cell in zip(wanted, row, strict=True) if cell not in (None, "")}
                spoiled = next((name for name, cell in given.items() if isinstance(cell, _Spoiled)), None)
                if spoiled is not None:
                    yield place, BadRow(place, spoiled, given[spoiled].cause, given[spoiled].advice)
                elif given:
                    try:
                        made = validate(given)
                    except ValidationError as error:
                        yield place, bad_row(place, error)
                    else:
                        yield place, made


class _Spoiled:
    """Stands for a cell that cannot be read."""

    def __init__(self, cause: str, advice: str) -> None:
        self.cause, self.advice = cause, advice


TOO_LONG = _Spoiled("length", f"no field has more than {LARGEST_CELL} bytes")
NO_TEXT = _Spoiled("encoding", "the field is no text in UTF-8")
NO_DATE = _Spoiled("date", "the field is no date that can be")


def _whole(work: Callable[[], Answer]) -> Answer:
    """What pyarrow says of a broken file, in the words of this house."""
    try:
        return work()
    except InputError:
        raise
    except MemoryError:
        raise InputError(TOO_LARGE) from None
    # Whatever the library makes of hostile bytes, the file is at fault.
    except Exception:
        raise InputError(BROKEN) from None


def _columns_of_numbers(model: type[ListRow]) -> set[str]:
    """What may come as a number; anything else would lose digits."""
    fields = zip(columns_of(model), model.model_fields.values(), strict=True)
    return {name for name, field in fields if float in (field.annotation, *get_args(field.annotation))}


def _is_number(pa: Any, kind: Any) -> bool:
    types = pa.types
    return any(fits(kind) for fits in (types.is_floating, types.is_integer, types.is_decimal, types.is_null))


def _is_readable(pa: Any, kind: Any) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        fits(kind)
        for fits in (
            *(types.is_string, types.is_large_string, types.is_boolean, types.is_date, types.is_timestamp),
            types.is_null,
        )
    )


def _rows_of(pa: Any, batch: Any) -> list[list[Any]]:
    return [_cells(pa, column) for column in batch.columns]


def _cells(pa: Any, column: Any) -> list[Any]:
    kind = column.type
    if pa.types.is_dictionary(kind) and _longest(pa, column.dictionary) <= LARGEST_CELL:
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_dictionary(kind):
        if (pa.compute.max(column.indices).as_py() or 0) >= len(column.dictionary) > 0:
            raise InputError(BROKEN)
        return [_text(pa, scalar.value) for scalar in column]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(pa, column)
    if _is_number(pa, kind):
        numbers: list[Any] = _whole(lambda: column.cast(pa.float64()).to_pylist())
        return numbers
    if pa.types.is_timestamp(kind):
        utc = pa.timestamp("us", "UTC" if kind.tz else None)
        column = _whole(lambda: column.cast(utc, safe=False))
    return [_value(cell) for cell in column]


def _longest(pa: Any, texts: Any) -> int:
    return _whole(lambda: pa.compute.max(pa.compute.binary_length(texts)).as_py()) or 0


def _texts(pa: Any, column: Any) -> list[Any]:
    if _longest(pa, column) <= LARGEST_CELL:
        try:
            return [text and text.strip() for text in column.to_pylist()]
        except UnicodeDecodeError:
            pass
    return [_text(pa, scalar) for scalar in column]


def _text(pa: Any, scalar: Any) -> str | _Spoiled | None:
    """One text, looked at before it is made."""
    if not scalar.is_valid:
        return None
    if pa.compute.binary_length(scalar).as_py() > LARGEST_CELL:
        return TOO_LONG
    try:
        text: str = scalar.as_py()
    except UnicodeDecodeError:
        return NO_TEXT
    return text.strip()


def _value(cell: Any) -> object:
    try:
        value = cell.as_py()
    except (ValueError, OverflowError):
        return NO_DATE
    return value if isinstance(value, bool | dt.date | None) else NO_DATE


def _column_chunks(file: BinaryIO) -> list[list[_Chunk]]:
    """Where each column of each row group lies, from the footer itself.

    pyarrow tells it too, but ends the whole process over some footers that make no sense.

    Raises:
        InputError: The file does not begin and end as Parquet does, or its footer is none.
    """
    try:
        size = file.seek(0, 2)
        file.seek(0)
        begins = file.read(4)
        file.seek(max(0, size - 8))
        length, ends = int.from_bytes(file.read(4), "little"), file.read(4)
    except (OSError, ValueError):
        raise InputError("Parquet cannot be read through a pipe: give a file") from None
    if size < 12 or begins != MAGIC or ends != MAGIC or not 0 < length <= min(size - 12, LARGEST_FOOTER):
        raise InputError(BROKEN)
    file.seek(size - 8 - length)
    footer = _Thrift(file.read(length)).struct()
    file.seek(0)
    # In parquet.thrift: 4 row groups, 1 their columns, 3 what is said of one.
    return [
        [_chunk(_field(column, 3, dict), size) for column in _field(group, 1, list)]
        for group in _field(footer, 4, list)
    ]


class _Chunk(NamedTuple):
    """The pages of one column of one row group."""

    begins: int
    ends: int
    values: int


def _chunk(said: dict[int, Any], size: int) -> _Chunk:
    if _field(said, 5, int) == 0:
        return _Chunk(0, 0, 0)  # no pages either
    begins = _field(said, 9, int)
    if 11 in said:  # the dictionary's page, which stands before the others
        begins = min(begins, _field(said, 11, int))
    chunk = _Chunk(begins, begins + _field(said, 7, int), _field(said, 5, int))
    if not 0 < chunk.begins <= chunk.ends <= size or chunk.values < 0:
        raise InputError(BROKEN)
    return chunk


def _check_pages(file: BinaryIO, chunks: list[_Chunk]) -> int:
    """See that no page of a row group unpacks to more than it should.

    Returns:
        How long the texts of one row can be that stand in dictionaries, in bytes.

    Raises:
        InputError: One does, or the pages are not where the file says.
    """
    place, longest = file.tell(), 0
    for chunk in chunks:
        begins, values, over = chunk.begins, 0, 0
        while values < chunk.values and begins < chunk.ends:
            file.seek(begins)
            page = _page(file.read(2**16))
            if max(page.unpacked, page.packed) > LARGEST_PAGE or page.encoding not in PLAIN_ENCODINGS:
                raise InputError(TOO_LARGE)
            values += page.values
            if page.texts is not None:
                longest += page.unpacked - 4 * page.texts  # four bytes before each say how long it is
            else:
                # Many pages of few and long texts would fill as much memory as one that is too large.
                over += max(0, page.unpacked - page.values * LARGEST_CELL)
            if over > 2 * LARGEST_PAGE:
                raise InputError(TOO_LARGE)
            begins += page.length + page.packed
        if values != chunk.values:
            raise InputError(BROKEN)
    file.seek(place)
    return longest


class _Page(NamedTuple):
    """How much a page is and will be, in bytes; a dictionary has no values and so many texts, others None."""

    length: int
    packed: int
    unpacked: int
    values: int
    encoding: int
    texts: int | None


def _page(data: bytes) -> _Page:
    reader = _Thrift(data)
    header = reader.struct()
    # 5, 7 and 8 are the headers of data, dictionary and later data pages: 1 counts values, then the encoding.
    kind = next((number for number in (5, 8, 7) if number in header), 0)
    said = _field(header, kind, dict)
    page = _Page(
        length=reader.place,
        packed=_field(header, 3, int),
        unpacked=_field(header, 2, int),
        values=0 if kind == 7 else _field(said, 1, int),
        encoding=_field(said, 4 if kind == 8 else 2, int),
        texts=_field(said, 1, int) if kind == 7 else None,
    )
    if min(page[:5]) < 0:
        raise InputError(BROKEN)
    return page


def _field(struct: Any, number: int, kind: type[Answer]) -> Answer:
    value = struct.get(number) if isinstance(struct, dict) else None
    if not isinstance(value, kind):
        raise InputError(BROKEN)
    return value


class _Thrift:
    """Reads structs of Thrift's compact protocol; texts and fractions are passed over."""

    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, 0

    def struct(self) -> dict[int, Any]:
        """The next struct, by the numbers of its fields.

        Raises:
            InputError: There is none.
        """
        try:
            return self._struct(0)
        except IndexError:
            raise InputError(BROKEN) from None

    def _byte(self) -> int:
        self.place += 1
        return self._data[self.place - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise IndexError

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _struct(self, depth: int) -> dict[int, Any]:
        if depth > 16:
            raise IndexError
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 0x0F
            fields[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._zigzag()
        if kind == 7:
            self.place += 8
        elif kind == 8:
            size = self._varint()  # which moves on itself
            self.place += size
        elif kind in (9, 10):
            head = self._byte()
            size = self._varint() if head >> 4 == 15 else head >> 4
            return self._list(size, head & 0x0F, depth + 1)
        elif kind == 12:
            return self._struct(depth + 1)
        else:
            raise IndexError
        return None

    def _list(self, size: int, kind: int, depth: int) -> list[Any]:
        if depth > 16:
            raise IndexError
        return [self._value(kind, depth) for _ in range(size)]


@contextmanager
def parquet_writer(
    file: BinaryIO, columns: tuple[str, ...]
) -> Iterator[Callable[[list[tuple[object, ...]]], None]]:
    """Write rows of text into a Parquet file, a row group for each call.

    Raises:
        InputError: Parquet cannot be written here.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet as pq
    except ImportError:
        raise InputError(NO_PARQUET) from None
    schema = pa.schema([(name, pa.string()) for name in columns])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:

        def put(rows: list[tuple[object, ...]]) -> None:
            cells = zip(*rows, strict=True) if rows else ([] for _ in columns)
            arrays = [pa.array(list(column), pa.string()) for column in cells]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield put
