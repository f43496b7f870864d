"""Division codes (GB/T 2260) and how far two of them agree.

Six digits: two for the province, two for the prefecture-level city, two for the county. `agreement` is the
only place where two codes are compared. Codes are never refused: people keep the code they were first given,
whatever became of the county.

What the digits alone do not say:

- The four municipalities (11 Beijing, 12 Tianjin, 31 Shanghai, 50 Chongqing) are one city each, although
  their districts and counties have codes of their own at city level (1101 and 1102).
- `00` and `90` at city level are no city: places directly under the province or region (4290, 4690, 6590,
  until 2002 4600) are each a city for themselves, and agree beyond the province only when they are equal.
- A code that ends in `00` names a city, one that ends in `0000` a province: it agrees only as far as it goes.
- Chongqing was part of Sichuan until 1997 and Hainan of Guangdong until 1988. Whoever was numbered there
  before keeps a code from 51 or 44; prefixes that meant nothing else are read as 50 and 46.
- 71, 81, 82, 83 (Taiwan, Hong Kong, Macao, and 83 on Taiwan residents' permits) and 9 (foreigners) say nothing
  about a home on the mainland: `not_comparable`.

All of these were read in python-stdnum's table of present and former codes (from Wikipedia) [V], which is not
needed at run time.

A level too near lets a farther opening pass unremarked; a level too far flags a neighbour. Where a code says
too little the farther level is answered, as this is advice and never refuses.

>>> agreement('320502', '320507'), agreement('320502', '320102'), agreement('320502', '440305')
('same_city', 'same_province', 'different')
>>> agreement('110105', '110228'), agreement('469005', '469006'), agreement('810000', '440305')
('same_city', 'same_province', 'not_comparable')
>>> agreement('510215', '500109')  # Beibei in Chongqing, before 1997 and since
'same_city'
"""

from __future__ import annotations

from typing import Final, Literal

from simkyc.errors import NumberError
from simkyc.numbers.text import clean, is_digits

__all__ = ["Agreement", "agreement", "compact", "format", "is_valid", "validate"]

Agreement = Literal["same_county", "same_city", "same_province", "different", "not_comparable"]

_MUNICIPALITIES: Final = ("11", "12", "31", "50")
_ELSEWHERE: Final = ("71", "81", "82", "83")
_NO_CITY: Final = ("00", "90")
_MOVED: Final = {
    **dict.fromkeys(("5102", "5112", "5121", "5122", "5123", "5135"), "50"),
    **dict.fromkeys(("4410", "4411", "4421", "4422"), "46"),
}


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width digits.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number)


def validate(number: str) -> str:
    """Return the compact code; six digits, the first of them not 0, are all that is asked.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`.
    """
    number = compact(number)
    if len(number) != 6:
        raise NumberError("length", "a division code has 6 digits")
    if not is_digits(number) or number[0] == "0":
        raise NumberError("shape", "a division code has 6 digits and does not begin with 0")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the code."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:  # noqa: A001
    """The compact code: it is written in one piece.

    Raises:
        NumberError: As `compact`.
    """
    return compact(number)


def agreement(a: str, b: str) -> Agreement:
    """The nearest level on which two codes name the same place; symmetric; raises as `validate`."""
    a, b = validate(a), validate(b)
    if _is_elsewhere(a) or _is_elsewhere(b):
        return "not_comparable"
    if a == b and not a.endswith("00"):
        return "same_county"
    province = _province(a)
    if province != _province(b):
        return "different"
    if province in _MUNICIPALITIES or (a[:4] == b[:4] and a[2:4] not in _NO_CITY):
        return "same_city"
    return "same_province"


def _province(code: str) -> str:
    return _MOVED.get(code[:4], code[:2])


def _is_elsewhere(code: str) -> bool:
    return code[0] == "9" or code[:2] in _ELSEWHERE
