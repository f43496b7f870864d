"""Listed devices: one by its IMEI, a model by its type allocation code (TAC), many models by a range of codes.

A list of devices says what they are (`bulk_sim_device`: modem pools, gateways, SIM boxes; `not_a_phone`, `phone`) or
what happened to them (`stolen_device`, `blacklisted_device`), under these names or one of your own. A range is looked
up by the first digits that its codes share, so that a question about one device is a handful of equal keys.

>>> import io
>>> text = '''tac,tac_from,tac_to,list,source,basis,from
... 35209900,,,bulk_sim_device,MIIT,modem of 16 cards,2026-01-01
... ,35000000,35999999,not_a_phone,us,house rule,2026-01-01
... 35209900,35000000,35999999,not_a_phone,us,house rule,2026-01-01
... '''
>>> model, models, bad = read_devices_csv(io.BytesIO(text.encode()))
>>> model.prefixes, models.prefixes, models.equipment
(('35209900',), ('35',), '35000000-35999999')
>>> bad.line, bad.cause
(4, 'one_of')
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, BinaryIO, Final, Self

from pydantic import AfterValidator, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from simkyc.application import Identifier, Text
from simkyc.errors import NumberError
from simkyc.lists.rows import BadRow, Encoding, ListRow, columns_of, numbered_rows
from simkyc.lists.watch import Listed
from simkyc.numbers import imei

__all__ = [
    "BLACKLISTED_DEVICE",
    "BULK_SIM_DEVICE",
    "COLUMNS",
    "MOST_PREFIXES",
    "NOT_A_PHONE",
    "PHONE",
    "STOLEN_DEVICE",
    "DeviceEntryRow",
    "DeviceRow",
    "prefixes_of",
    "read_devices_csv",
    "tac_key",
]

STOLEN_DEVICE: Final = "stolen_device"
BLACKLISTED_DEVICE: Final = "blacklisted_device"
BULK_SIM_DEVICE: Final = "bulk_sim_device"
NOT_A_PHONE: Final = "not_a_phone"
PHONE: Final = "phone"

MOST_PREFIXES: Final = 200
"""More than any range of 8-digit codes needs, which is 144."""

_TAC = re.compile(r"[0-9]{8}")


def tac_key(prefix: str) -> str:
    """What the history knows the first digits of a type allocation code by."""
    return f"tac:{prefix}"


def prefixes_of(first: str, last: str) -> tuple[str, ...]:
    """The fewest prefixes, of a digit at least, that cover a range of codes and nothing else; none if it is reversed.

    >>> prefixes_of("35000000", "35999999"), prefixes_of("35209898", "35209901")
    (('35',), ('35209898', '35209899', '35209900', '35209901'))
    """
    start, end, digits = int(first), int(last), len(first)
    found = []
    while start <= end:
        free = 0
        while free < digits - 1 and start % 10 ** (free + 1) == 0 and start + 10 ** (free + 1) - 1 <= end:
            free += 1
        found.append(f"{start:0{digits}}"[: digits - free])
        start += 10**free
    return tuple(found)


def _tac(code: str) -> str:
    code = code.translate(_NO_SEPARATORS)
    if not _TAC.fullmatch(code):
        raise PydanticCustomError("tac", "a type allocation code has 8 digits: keep the column as text")
    return code


_NO_SEPARATORS = str.maketrans("", "", " -")
Tac = Annotated[Text, AfterValidator(_tac)]


class DeviceRow(ListRow):
    """Which device or devices, on which list: enough to take them off again.

    One of `imei`, `tac`, or `tac_from` with `tac_to`.

    Attributes:
        imei: IMEI or IMEISV of one device; kept in the one spelling that `simkyc.numbers` gives it.
        tac: The 8 digits that name a model.
        tac_from: The first code of a range.
        tac_to: The last, which belongs to it.
        list: `stolen_device`, `blacklisted_device`, `bulk_sim_device`, `not_a_phone`, `phone`, or a name of your own.
        source: Who keeps the list.
    """

    shown = ("list", "source")

    imei: Text | None = None
    tac: Tac | None = None
    tac_from: Tac | None = None
    tac_to: Tac | None = None
    list: Identifier
    source: Text

    @field_validator("imei")
    @classmethod
    def _is_an_imei(cls, number: str | None) -> str | None:
        try:
            return None if number is None else imei.validate(number)
        except NumberError as error:
            raise PydanticCustomError(
                error.cause, "no IMEI: compare it with the source, keep it as text"
            ) from None

    @field_validator("tac_to")
    @classmethod
    def _is_not_before_the_first(cls, last: str | None, known: ValidationInfo) -> str | None:
        first = known.data.get("tac_from")
        if first is not None and last is not None:
            if last < first:
                raise PydanticCustomError("range_reversed", "the range ends before it begins")
            if len(prefixes_of(first, last)) > MOST_PREFIXES:
                raise PydanticCustomError("range", "the range is no range of codes")
        return last

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.tac_from is None) != (self.tac_to is None):
            raise PydanticCustomError("range", "a range has both tac_from and tac_to")
        if sum(part is not None for part in (self.imei, self.tac, self.tac_from)) != 1:
            raise PydanticCustomError(
                "one_of", "give an imei, or a tac, or a range of them, and nothing beside it"
            )
        return self

    @property
    def equipment(self) -> str:
        """The IMEI, the TAC, or the range as `first-last`."""
        return self.imei or self.tac or f"{self.tac_from}-{self.tac_to}"

    @property
    def prefixes(self) -> tuple[str, ...]:
        """First digits of the codes that are meant; none for a single device."""
        if self.tac is not None:
            return (self.tac,)
        return () if self.tac_from is None or self.tac_to is None else prefixes_of(self.tac_from, self.tac_to)


class DeviceEntryRow(Listed, DeviceRow):
    """One entry of a list of devices: the fields of `DeviceRow` and of `simkyc.lists.watch.Listed`."""


COLUMNS: Final = columns_of(DeviceEntryRow)
"""What may stand in the header."""


def read_devices_csv(file: BinaryIO, *, encoding: Encoding = "utf-8") -> Iterator[DeviceEntryRow | BadRow]:
    """Read a list of devices, one row at a time, as `simkyc.lists.watch.read_watch_csv` reads one of people."""
    return (row for _, row in numbered_rows(file, DeviceEntryRow, encoding=encoding))
