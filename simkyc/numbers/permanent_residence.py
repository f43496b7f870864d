"""Number of a foreigner's permanent-residence card (外国人永久居留身份证).

Since 2023-12-01, 18 characters after the resident ID number's standard: `9`, where the application was made,
the state of nationality as digits, the birth date as YYYYMMDD in places 7 to 14 [R], a sequence, and a check
character by ISO 7064 MOD 11-2 (rules of the National Immigration Administration for reading the card, 2023:
the leading 9, the 17 + 1 characters and MOD 11-2 [S]). Before, 15 characters: three letters for the
state and twelve digits [S]; both cards are valid. Whether the older form ends in a check digit is not known
well enough to refuse by it.

A number wrongly refused turns away someone with a right to the service; the chip catches a mistyped one.

>>> validate('911124 19810803 0024')
'911124198108030024'
>>> birth_date('911124198108030024'), birth_date('USA110081080301')
(datetime.date(1981, 8, 3), None)
>>> validate('911124198108030025')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the last character does not fit the others: read the card again
"""

from __future__ import annotations

import datetime
import re

from stdnum.iso7064 import mod_11_2

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = ["birth_date", "compact", "format", "is_valid", "validate"]

_NEW = re.compile(r"9[0-9]{16}[0-9X]")
_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width characters, raise letters.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number)


def validate(number: str) -> str:
    """Return the compact number, 18 or 15 characters.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `kind` (a resident ID number), `date`, `checksum`.
    """
    number = compact(number)
    if len(number) not in (15, 18):
        raise NumberError(
            "length", "a permanent-residence card has 18 characters, before 2023 three letters and 12"
        )
    if len(number) == 15:
        if not _OLD.fullmatch(number):
            raise NumberError("shape", "an older permanent-residence card has three letters and 12 digits")
        return number
    if number[0] in "12345678":
        raise NumberError("kind", "numbers from 1 to 8 are resident ID numbers")
    if not _NEW.fullmatch(number):
        raise NumberError("shape", "a permanent-residence card has 9 and 17 more digits; the last may be X")
    _birth_date(number)
    if not mod_11_2.is_valid(number):
        raise NumberError("checksum", "the last character does not fit the others: read the card again")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Group the parts; a wrong length is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if len(number) == 18:
        return f"{number[:6]} {number[6:14]} {number[14:]}"
    return f"{number[:3]} {number[3:]}" if len(number) == 15 else number


def birth_date(number: str) -> datetime.date | None:
    """The birth date in an 18-character number, None for the older form; raises as `validate`."""
    number = validate(number)
    return _birth_date(number) if len(number) == 18 else None


def _birth_date(number: str) -> datetime.date:
    digits = number[6:14]
    if digits[:2] not in ("18", "19", "20"):
        raise NumberError("date", "the birth date in the number is no date: read the card again")
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise NumberError("date", "the birth date in the number is no date: read the card again") from None
