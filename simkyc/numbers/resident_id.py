"""Resident ID number of the People's Republic of China (公民身份号码), second and first generation.

Second generation, 18 characters (GB 11643-1999): a 6-digit division code, the birth date as YYYYMMDD, a
3-digit sequence whose last digit is odd for a man and even for a woman, and a check character by ISO 7064
MOD 11-2 (`X` stands for ten). First generation, 15 digits (GB 11643-1989): the year has two digits and there
is no check digit; sequences 996 to 999 belong to people who were then over a hundred, born in the 1800s [S].
Residence permits for residents of Hong Kong, Macao and Taiwan (81, 82, 83) have the second shape.

Only shape, date and check character can refuse a number. The division code is advice: `stdnum.cn.ric`
refuses people born before their county's code existed, residence permits and 15-digit numbers, so only its
MOD 11-2 is used here. A number from 9 is refused as `kind`: that is a foreigner's permanent-residence card
(`simkyc.numbers.permanent_residence`). Dates are checked to be real dates of the 19th to 21st century;
whether a date lies in the future is for a check that knows the day.

Refusing a true number turns away a citizen for good; letting a wrong one pass is caught by the chip, the
authority and the face. So nothing is refused that the standard does not rule out.

>>> validate('320502 19800101 001 8')
'320502198001010018'
>>> birth_date('320502198001010018'), sex('320502198001010018'), division('320502198001010018')
(datetime.date(1980, 1, 1), 'male', '320502')
>>> generation('320502800101001'), upgrade('320502800101001')
(1, '320502198001010018')
>>> format('32050219800101001８')
'320502 19800101 0018'
>>> validate('320502198001010017')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the last character does not fit the others: read the card again
"""

from __future__ import annotations

import datetime
import re
from typing import Literal

from stdnum.iso7064 import mod_11_2

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = [
    "birth_date",
    "compact",
    "division",
    "format",
    "generation",
    "is_residence_permit",
    "is_valid",
    "sex",
    "upgrade",
    "validate",
]

_SECOND = re.compile(r"[0-9]{17}[0-9X]")
_FIRST = re.compile(r"[0-9]{15}")
PERMIT_DIVISIONS = ("810000", "820000", "830000")
_CENTENARIAN_SEQUENCES = ("996", "997", "998", "999")


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width characters, `x` to `X`.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number)


def validate(number: str) -> str:
    """Return the compact number, 15 or 18 characters.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `kind` (a foreigner's card), `date`, `checksum`.
    """
    number = compact(number)
    if len(number) not in (15, 18):
        raise NumberError("length", "a resident ID number has 18 characters, or 15 on an old card")
    if not (_SECOND.fullmatch(number) or _FIRST.fullmatch(number)) or number[0] == "0":
        raise NumberError("shape", "only digits, and an X at the very end, belong in a resident ID number")
    if number[0] == "9":
        raise NumberError("kind", "numbers from 9 are on foreigners' permanent-residence cards")
    _birth_date(number)
    if len(number) == 18 and not mod_11_2.is_valid(number):
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
    """Group division, birth date and the rest, as a clerk reads them aloud; a wrong length is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if len(number) == 18:
        return f"{number[:6]} {number[6:14]} {number[14:]}"
    if len(number) == 15:
        return f"{number[:6]} {number[6:12]} {number[12:]}"
    return number


def generation(number: str) -> Literal[1, 2]:
    """1 for 15 digits (such cards ended on 2013-01-01 [S]), 2 for 18 characters; raises as `validate`."""
    return 1 if len(validate(number)) == 15 else 2


def upgrade(number: str) -> str:
    """The 18-character number of the same person; raises as `validate`."""
    number = validate(number)
    if len(number) == 18:
        return number
    body = number[:6] + _century(number) + number[6:]
    return body + str(mod_11_2.calc_check_digit(body))


def birth_date(number: str) -> datetime.date:
    """The birth date written in the number; raises as `validate`."""
    return _birth_date(validate(number))


def sex(number: str) -> Literal["male", "female"]:
    """The sex written in the number; raises as `validate`."""
    number = validate(number)
    sequence_end = number[16] if len(number) == 18 else number[14]
    return "male" if int(sequence_end) % 2 else "female"


def division(number: str) -> str:
    """The 6-digit division code where the number was first given, not where its holder lives."""
    return validate(number)[:6]


def is_residence_permit(number: str) -> bool:
    """Whether it is on a residence permit for Hong Kong, Macao or Taiwan residents; raises as `validate`."""
    return division(number) in PERMIT_DIVISIONS


def _century(first_generation: str) -> str:
    return "18" if first_generation[12:] in _CENTENARIAN_SEQUENCES else "19"


def _birth_date(number: str) -> datetime.date:
    digits = number[6:14] if len(number) == 18 else _century(number) + number[6:12]
    if digits[:2] not in ("18", "19", "20"):
        raise NumberError("date", "the birth date in the number is no date: read the card again")
    try:
        return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise NumberError("date", "the birth date in the number is no date: read the card again") from None
