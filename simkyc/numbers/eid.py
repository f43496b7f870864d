"""EID, the number of an eSIM chip (eUICC) in a device (GSMA SGP.02, SGP.29).

32 decimal digits of which the last two are check digits: the number as a whole leaves 1 on division by 97
(SGP.02 annex J, as quoted in Infineon's public wiki with examples) [V]. EIDs by SGP.02 begin with 89; those
by SGP.29 need not [V], so the beginning is not judged. Thirty zeros with fitting check digits are a `dummy`.

An EID wrongly refused stops an eSIM order; one mistyped and let through would order to another chip, and two
check digits leave one mistake in a hundred.

>>> validate('8904 4011 1122 3344 1122 3344 1122 3321')
'89044011112233441122334411223321'
>>> format('89044011112233441122334411223321')
'8904 4011 1122 3344 1122 3344 1122 3321'
>>> validate('89044011112233441122334411223322')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the check digits do not fit: copy it again from the settings of the device
"""

from __future__ import annotations

from simkyc.errors import NumberError
from simkyc.numbers.text import clean, is_digits

__all__ = ["compact", "format", "is_valid", "validate"]


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width digits.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number)


def validate(number: str) -> str:
    """Return the compact EID, 32 digits.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `dummy`, `checksum`.
    """
    number = compact(number)
    if len(number) != 32:
        raise NumberError("length", "an EID has 32 digits: *#06# or the settings of the device show it")
    if not is_digits(number):
        raise NumberError("shape", "an EID holds digits only")
    if number.startswith("0" * 30):
        raise NumberError("dummy", "this is a placeholder, not the number of one chip")
    if int(number) % 97 != 1:
        raise NumberError(
            "checksum", "the check digits do not fit: copy it again from the settings of the device"
        )
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Group by four.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
