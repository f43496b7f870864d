"""Passport number, of any state.

ICAO Doc 9303 gives it up to nine letters and digits; each state has its own shape, and no list of them is
complete. So only the general rule is kept: five to nine letters and digits with at least one digit, not one
character repeated. The machine-readable zone has check digits and the issuing state: prefer
`simkyc.numbers.mrz`.

A passport wrongly refused turns a visitor away; a mistyped number is caught by the zone or the chip.

>>> validate('e 1234 5678'), format('E12345678')
('E12345678', 'E12345678')
>>> validate('00000000')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: one character repeated is a placeholder, not a passport number
"""

from __future__ import annotations

import re

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = ["compact", "format", "is_valid", "validate"]

_SHAPE = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,9}")


def compact(number: str) -> str:
    """Strip spaces, hyphens and the zone's `<` fillers, fold full-width characters, raise letters.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number, " -<")


def validate(number: str) -> str:
    """Return the compact number, 5 to 9 characters.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `dummy`.
    """
    number = compact(number)
    if not 5 <= len(number) <= 9:
        raise NumberError("length", "a passport number has 5 to 9 letters and digits")
    if not _SHAPE.fullmatch(number):
        raise NumberError("shape", "a passport number has letters and digits, at least one of them a digit")
    if len(set(number)) == 1:
        raise NumberError("dummy", "one character repeated is a placeholder, not a passport number")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """The compact number: it is written in one piece.

    Raises:
        NumberError: As `compact`.
    """
    return compact(number)
