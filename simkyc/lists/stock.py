"""SIM stock: one card and where it lies, in which state, and the numbers that go with it.

Only `iccid` must be given. What a row leaves empty stays as it is recorded; a new card is `in_stock` unless it says
otherwise.

>>> import io
>>> text = '''iccid,imsi,msisdn,store_id
... 89860112345678901237,460011234567890,13000000001,store-1
... 89860112345678901237,460001234567890,13000000001,store-1
... '''
>>> card, bad = read_stock_csv(io.BytesIO(text.encode()))
>>> card.iccid, card.msisdn, card.state
('89860112345678901237', '+8613000000001', None)
>>> bad.line, bad.column, bad.cause
(3, 'imsi', 'another_operator')
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Final, Literal

from pydantic import AfterValidator, StrictStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from simkyc.application import Identifier, Text
from simkyc.errors import NumberError
from simkyc.lists.rows import BadRow, Encoding, ListRow, columns_of, numbered_rows
from simkyc.numbers import iccid, imsi, msisdn
from simkyc.numbers.operators import Operator
from simkyc.numbers.text import is_digits

__all__ = ["COLUMNS", "CardState", "StockRow", "read_stock_csv"]

CardState = Literal["in_stock", "reserved", "issued", "returned", "lost", "cancelled"]
"""What the stock says of a card."""

ADVICE: Final = {
    "iccid": "no ICCID: compare it with the card, and keep the column as text, because spreadsheets round it",
    "imsi": "no IMSI: compare it with the maker's file, and keep the column as text",
    "msisdn": "no mobile number: compare it with the maker's file",
}

# Which network a number belongs to stands in its first digits, and millions of cards share a few hundred of them.
ISSUER_DIGITS: Final = 6
NETWORK_DIGITS: Final = 6
RANGE_DIGITS: Final = 7
"""Of a number in China, the digits by which ranges are given out; the others only tell its lines apart."""


def _iccid(number: str) -> str:
    try:
        return iccid.validate(number)
    except NumberError as error:
        raise PydanticCustomError(error.cause, ADVICE["iccid"]) from None


def _imsi(number: str) -> str:
    try:
        number = imsi.compact(number)
        if not is_digits(number) or len(number) not in (14, 15):
            return imsi.validate(number)
        _network(number[:NETWORK_DIGITS])
    except NumberError as error:
        raise PydanticCustomError(error.cause, ADVICE["imsi"]) from None
    return number


def _msisdn(number: str) -> str:
    try:
        number = msisdn.compact(number)
        if len(number) != len("+8613800138000") or not number.startswith("+86") or not is_digits(number[3:]):
            return msisdn.validate(number)
        _range(number[3 : 3 + RANGE_DIGITS])
    except NumberError as error:
        raise PydanticCustomError(error.cause, ADVICE["msisdn"]) from None
    return number


@functools.lru_cache(maxsize=4096)
def _issuer(digits: str) -> Operator | None:
    """Of the first digits of an ICCID."""
    return iccid.issuer(digits.ljust(20, "A"))  # letters have no check digit that could fail


@functools.lru_cache(maxsize=4096)
def _network(digits: str) -> Operator | None:
    """Of the first digits of an IMSI; raises as `simkyc.numbers.imsi.operator`."""
    return imsi.operator(digits.ljust(15, "0"))


@functools.lru_cache(maxsize=65_536)
def _range(digits: str) -> None:
    """See that there is such a range of numbers in China; raises as `simkyc.numbers.msisdn.validate`."""
    msisdn.validate(f"+86{digits.ljust(11, '0')}")


class StockRow(ListRow):
    """One card of the stock.

    Attributes:
        iccid: Its serial number, kept in the one spelling that `simkyc.numbers` gives it, like the other two.
        imsi: Its identity in the network; of the operator that the ICCID names.
        msisdn: The number it will carry.
        lot: The delivery it came with, 1 to 200 characters.
        store_id: The store that may sell it.
        dealer_id: The dealer whose store that is.
        state: `in_stock`, `reserved`, `issued`, `returned`, `lost` or `cancelled`; None: as recorded, and `in_stock`
            for a card that is new.
    """

    shown = ("lot", "store_id", "dealer_id", "state")

    iccid: Annotated[StrictStr, AfterValidator(_iccid)]
    imsi: Annotated[StrictStr, AfterValidator(_imsi)] | None = None
    msisdn: Annotated[StrictStr, AfterValidator(_msisdn)] | None = None
    lot: Text | None = None
    store_id: Identifier | None = None
    dealer_id: Identifier | None = None
    state: CardState | None = None

    @field_validator("imsi")
    @classmethod
    def _is_of_the_same_operator(cls, number: str | None, known: ValidationInfo) -> str | None:
        card: Any = known.data.get("iccid")
        if number is not None and card is not None:
            of_card, of_number = _issuer(card[:ISSUER_DIGITS]), _network(number[:NETWORK_DIGITS])
            if of_card is not None and of_number is not None and of_card != of_number:
                raise PydanticCustomError(
                    "another_operator", "ICCID and IMSI are of two operators: see which is wrong"
                )
        return number


COLUMNS: Final = columns_of(StockRow)
"""What may stand in the header."""


def read_stock_csv(file: BinaryIO, *, encoding: Encoding = "utf-8") -> Iterator[StockRow | BadRow]:
    """Read a file of stock, one card at a time, as `simkyc.lists.watch.read_watch_csv` reads a list of people."""
    return (row for _, row in numbered_rows(file, StockRow, encoding=encoding))
