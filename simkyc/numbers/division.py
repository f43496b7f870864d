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

All of these were read in python-stdnum's table of present and former codes (`stdnum/cn/loc.dat`, made from Wikipedia
by python-stdnum's update script) [V]. `place` looks names and their years up there: advice for a person to read, never
a reason against anybody.

A level too near lets a farther opening pass unremarked; a level too far flags a neighbour. Where a code says
too little the farther level is answered, as this is advice and never refuses.

>>> agreement('320502', '320507'), agreement('320502', '320102'), agreement('320502', '440305')
('same_city', 'same_province', 'different')
>>> agreement('110105', '110228'), agreement('469005', '469006'), agreement('810000', '440305')
('same_city', 'same_province', 'not_comparable')
>>> agreement('510215', '500109')  # Beibei in Chongqing, before 1997 and since
'same_city'
>>> place('320502').full_name(year=1990), place('320502').full_name(year=2020)
('江苏省苏州市沧浪区', '江苏省苏州市')
>>> named_in('江苏省苏州市姑苏区平江路1号'), named_in('平江路1号')
(('32', '3205'), (None, None))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from stdnum import numdb

from simkyc.errors import NumberError
from simkyc.numbers.text import clean, is_digits

__all__ = [
    "Agreement",
    "Period",
    "Place",
    "agreement",
    "compact",
    "format",
    "is_valid",
    "named_in",
    "place",
    "validate",
]

Agreement = Literal["same_county", "same_city", "same_province", "different", "not_comparable"]

_MUNICIPALITIES: Final = ("11", "12", "31", "50")
_ELSEWHERE: Final = ("71", "81", "82", "83")
_NO_CITY: Final = ("00", "90")
_HEADINGS: Final = ("市辖区", "县", "省直辖", "自治区直辖")
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


def format(number: str) -> str:
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


@dataclass(frozen=True, slots=True)
class Period:
    """A name that a code had, with the years in which it was given out; None where it is not known to be limited."""

    name: str
    since: int | None
    until: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """What a code is or was called; empty parts where the table knows none."""

    province: str
    city: str
    counties: tuple[Period, ...]

    def full_name(self, *, year: int) -> str:
        """Province, city and county as one text, the county by its name in that year if it had one."""
        county = next(
            (
                period.name
                for period in self.counties
                if (period.since is None or period.since <= year)
                and (period.until is None or year <= period.until)
            ),
            "",
        )
        return "".join(dict.fromkeys(part for part in (self.province, self.city, county) if part))


def place(code: str) -> Place:
    """The names behind a code, as far as the table knows them; raises as `validate`."""
    code = validate(code)
    province, city = _named(code[:2] + "0000"), _named(code[:4] + "00")
    counties = () if code.endswith("00") else tuple(_periods(_entry(code)))
    return Place(province, city if city != province else "", counties)


def named_in(address: str) -> tuple[str | None, str | None]:
    """The codes of the province (2 digits) and the city (4 digits) that an address names in full, if it does."""
    provinces, cities = _names()
    province = next((code for name, code in provinces.items() if name in address), None)
    city = next(
        (
            code
            for name, code in cities.items()
            if name in address and (province is None or code.startswith(province))
        ),
        None,
    )
    return province or (city[:2] if city else None), city


def _entry(code: str) -> str:
    """What the table says of a code: one name, or several with years in brackets."""
    found = numdb.get("cn/loc").info(code)
    return str(found[1][1].get("county", "")) if len(found) > 1 else ""


def _periods(entry: str) -> Iterator[Period]:
    for part in entry.split(","):
        years, bracket, name = part.rpartition("]")
        since, _, until = years.removeprefix("[").partition("-")
        if name:
            yield Period(name, int(since) if since else None, int(until) if bracket and until else None)


def _named(code: str) -> str:
    """The latest name of a province or city; the table's headings for places without a city are no names."""
    names = [period.name for period in _periods(_entry(code))]
    return names[-1] if names and not names[-1].startswith(_HEADINGS) else ""


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Provinces and cities by full name, longer names first."""
    provinces = {_named(f"{code}0000"): f"{code}" for code in range(11, 83)}
    cities = {
        _named(f"{province}{code:02d}00"): f"{province}{code:02d}"
        for name, province in provinces.items()
        if name
        for code in range(1, 100)
    }
    return _longest_first(provinces), _longest_first(cities)


def _longest_first(names: dict[str, str]) -> dict[str, str]:
    return {name: names[name] for name in sorted(names, key=len, reverse=True) if len(name) > 2}


def _province(code: str) -> str:
    return _MOVED.get(code[:4], code[:2])


def _is_elsewhere(code: str) -> bool:
    return code[0] == "9" or code[:2] in _ELSEWHERE
