"""Mainland travel permits of Hong Kong, Macao and Taiwan residents (来往内地 / 来往大陆通行证).

Hong Kong and Macao: `H` or `M`, eight digits that stay with the holder for life, and two digits that count
renewals; on cards since 2013 the count stands apart and the number ends after nine characters (Ministry of
Public Security, rules for the number, 2010 [S]; the shorter form [S]). Taiwan: eight digits for life, on
older cards followed by two digits for renewals [S], sometimes by a letter in brackets [R], which is dropped.
There is no check digit.

So one person shows different numbers over time: history and limits must count `holder`, not the number. A
number wrongly refused turns a traveller away; a mistyped one is caught by reading the card.

>>> validate('H12345678'), validate('m1234567801'), validate('1234567801(B)')
('H12345678', 'M1234567801', '1234567801')
>>> kind('M12345678'), kind('12345678')
('macao', 'taiwan')
>>> holder('H1234567802') == holder('H12345678')
True
>>> validate('K12345678')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: a travel permit is H or M and 8 digits, or 8 digits for Taiwan residents
"""

from __future__ import annotations

import re
from typing import Final, Literal

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = ["Kind", "compact", "format", "holder", "is_valid", "kind", "validate"]

Kind = Literal["hong_kong", "macao", "taiwan"]

_SHAPE = re.compile(r"[HM]?[0-9]{8}(?:[0-9]{2})?")
_BRACKETED_LETTER = re.compile(r"([0-9]{10})\([A-Z]\)")
_KINDS: Final[dict[str, Kind]] = {"H": "hong_kong", "M": "macao"}


def compact(number: str) -> str:
    """Strip spaces and hyphens and a bracketed letter at the end, fold full-width characters, raise letters.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return _BRACKETED_LETTER.sub(r"\1", clean(number))


def validate(number: str) -> str:
    """Return the compact number: 9 or 11 characters, or 8 or 10 digits.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`.
    """
    number = compact(number)
    if not _SHAPE.fullmatch(number):
        raise NumberError("shape", "a travel permit is H or M and 8 digits, or 8 digits for Taiwan residents")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Set the renewal count apart where there is one; what is no permit is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if not is_valid(number):
        return number
    lifelong = holder(number)
    return f"{lifelong} {number[len(lifelong) :]}".rstrip()


def kind(number: str) -> Kind:
    """Where the holder lives; raises as `validate`."""
    return _KINDS.get(validate(number)[0], "taiwan")


def holder(number: str) -> str:
    """The part that stays with the holder over renewals; raises as `validate`."""
    number = validate(number)
    return number[:9] if number[0] in _KINDS else number[:8]
