"""Machine-readable zone of passports (TD3) and cards (TD1), ICAO Doc 9303 parts 3, 4 and 5.

TD3 has two lines of 44 characters, TD1 three of 30, from `A` to `Z`, `0` to `9` and the filler `<`. Check
digits weigh 7, 3, 1 in turn, letters counting 10 to 35 and fillers 0, modulo 10; they stand behind number,
birth date, expiry date and (TD3) optional data, and a composite one covers them together. Names and states
have none. A TD1 number longer than nine characters goes on in the optional data, its check digit last. All
of this from Doc 9303 as restated, with the specimens used here, by several public parsers [V].

A zone wrongly refused is scanned once more; one misread and let through names another person. So `validate`
is strict, and `repaired` swaps only O and 0, I and 1, in places where the standard leaves no choice, and only
when every check digit then holds. Dates have two-digit years: expiry lies in 2000 to 2099, birth is the
latest such date that is not after a day the caller names.

>>> zone = parse('''P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
... L898902C36UTO7408122F1204159ZE184226B<<<<<10''')
>>> zone.surname, zone.given_names, zone.number, zone.nationality, zone.sex
('ERIKSSON', 'ANNA MARIA', 'L898902C3', 'UTO', 'female')
>>> zone.birth_date(not_after=datetime.date(2026, 1, 1)), zone.expiry_date
(datetime.date(1974, 8, 12), datetime.date(2012, 4, 15))
>>> parse('IDUTO123456789<07<<<<<<<<<<<<< 8601012M3001019UTO<<<<<<<<<<<6 SPECIMEN<<JANE<<<<<<<<<<<<<<<<').number
'1234567890'
>>> validate('L898902C36UTO7408122F1204159ZE184226B<<<<<10 P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the lines are in the wrong order
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from itertools import cycle, islice, permutations
from typing import Final, Literal

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = ["Zone", "check_digit", "compact", "format", "is_valid", "parse", "repaired", "validate"]

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LINE_LENGTHS: Final = {88: 44, 90: 30}

# N: digit, or filler in an unknown date; A: letter or filler; X: anything; S: sex; the rest stands for itself.
_TD3: Final = "P" + "A" * 43 + "X" * 9 + "N" + "A" * 3 + "NNNNNNN" + "S" + "NNNNNNN" + "X" * 14 + "NN"
_TD1: Final = (
    "AA" + "AAA" + "X" * 9 + "N" + "X" * 15 + "NNNNNNN" + "S" + "NNNNNNN" + "AAA" + "X" * 11 + "N" + "A" * 30
)
_CLASSES: Final = {"N": "[0-9<]", "A": "[A-Z<]", "X": "[A-Z0-9<]", "S": "[MFX<]", "P": "P"}
_TO_DIGIT: Final = str.maketrans("OI", "01")
_TO_LETTER: Final = str.maketrans("01", "OI")


@dataclass(frozen=True, slots=True, repr=False)
class Zone:
    """What a valid zone says. Its `repr` shows none of it.

    Attributes:
        size: `TD3` (passport booklet) or `TD1` (card).
        document_code: One or two letters, `P` first for passports.
        issuer: State or organisation, one to three letters.
        number: Document number without fillers.
        nationality: One to three letters.
        birth: `YYMMDD`, with `<` where unknown; see `birth_date`.
        sex: None where unspecified.
        expiry_date: None where the document has none.
        surname: Words separated by a space; the only name of those who have one.
        given_names: Words separated by a space, perhaps none.
        names_truncated: Whether the name field is full, so that names may be cut.
        optional: Optional data without fillers at its ends; in TD1 both fields, separated by a space.
    """

    size: Literal["TD3", "TD1"]
    document_code: str
    issuer: str
    number: str
    nationality: str
    birth: str
    sex: Literal["male", "female"] | None
    expiry_date: datetime.date | None
    surname: str
    given_names: str
    names_truncated: bool
    optional: str

    def birth_date(self, *, not_after: datetime.date) -> datetime.date | None:
        """The latest date that fits the two-digit year and is not after `not_after`.

        None where part of it is unknown, or neither of the last two centuries has such a date.
        """
        century = not_after.year // 100
        dates = (_date(century, self.birth), _date(century - 1, self.birth))
        return next((date for date in dates if date is not None and date <= not_after), None)


def check_digit(field: str) -> str:
    """The check digit of a field of `A` to `Z`, `0` to `9` and `<`; weights 7, 3, 1, modulo 10."""
    weighed = zip(field, cycle((7, 3, 1)))
    return str(sum(_ALPHABET.index(c) * weight for c, weight in weighed if c != "<") % 10)


def compact(number: str) -> str:
    """All lines in one piece, without line breaks, spaces and tabs, letters raised.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number, " \t\r\n")


def validate(number: str) -> str:
    """Return the compact zone, 88 (TD3) or 90 (TD1) characters.

    Raises:
        NumberError: `type`, `length`, `characters`, `lines` (swapped), `shape`, `date`, `checksum`.
    """
    number = compact(number)
    if len(number) not in _LINE_LENGTHS:
        raise NumberError("length", "the zone has 2 lines of 44 characters or 3 of 30: scan all of it again")
    mask = _mask(number)
    if not _pattern(mask).fullmatch(number):
        if _is_swapped(number):
            raise NumberError("lines", "the lines are in the wrong order")
        raise NumberError(
            "shape", "a character stands where it cannot be, perhaps O for 0 or I for 1: scan again"
        )
    fields = _checked_fields(number)
    if not fields[0][0].strip("<"):
        raise NumberError("shape", "the zone has no document number: scan it again")
    for field, digit in fields:
        if not (check_digit(field) == digit or (digit == "<" and not field.strip("<"))):
            raise NumberError("checksum", "a check digit does not fit: scan the zone again")
    birth, expiry = _dates(number)
    known_birth = "<" in birth or _date(19, birth) or _date(20, birth)
    if not known_birth or not (expiry == "<<<<<<" or _date(20, expiry)):
        raise NumberError("date", "a date in the zone is no date: scan it again")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the zone."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """One line under the other; a wrong length is left in one piece.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    length = _LINE_LENGTHS.get(len(number), len(number) or 1)
    return "\n".join(number[start : start + length] for start in range(0, len(number), length))


def repaired(number: str) -> str:
    """The valid zone after exchanging O and 0, I and 1, where only a digit or only a letter can stand.

    Raises:
        NumberError: As `validate`, when the exchange does not make a valid zone.
    """
    number = compact(number)
    if len(number) in _LINE_LENGTHS and not _is_swapped(number):
        number = _exchanged(number)
    return validate(number)


def parse(number: str) -> Zone:
    """What the zone says; raises as `validate`."""
    number = validate(number)
    if len(number) == 88:
        size: Literal["TD3", "TD1"] = "TD3"
        names, document_number, nationality, sex = number[5:44], number[44:53], number[54:57], number[64]
        optional = number[72:86].strip("<")
    else:
        size = "TD1"
        names, nationality, sex = number[60:90], number[45:48], number[37]
        document_number, first = _td1_number(number)
        optional = " ".join(part for part in (first.strip("<"), number[48:59].strip("<")) if part)
    birth, expiry = _dates(number)
    surname, _, given_names = names.rstrip("<").partition("<<")
    return Zone(
        size=size,
        document_code=number[:2].rstrip("<"),
        issuer=number[2:5].rstrip("<"),
        number=document_number.rstrip("<"),
        nationality=nationality.rstrip("<"),
        birth=birth,
        sex="male" if sex == "M" else "female" if sex == "F" else None,
        expiry_date=_date(20, expiry),
        surname=" ".join(surname.replace("<", " ").split()),
        given_names=" ".join(given_names.replace("<", " ").split()),
        names_truncated=names[-1] != "<",
        optional=optional,
    )


def _mask(number: str) -> str:
    return _TD3 if len(number) == 88 else _TD1


def _pattern(mask: str) -> re.Pattern[str]:
    return re.compile("".join(_CLASSES[kind] for kind in mask))


def _is_swapped(number: str) -> bool:
    length = _LINE_LENGTHS[len(number)]
    lines = [number[start : start + length] for start in range(0, len(number), length)]
    others = islice(permutations(lines), 1, None)  # the first is the order they are in
    return any(_pattern(_mask(number)).fullmatch(_exchanged("".join(order))) for order in others)


def _exchanged(number: str) -> str:
    return "".join(_repaired_character(c, kind) for c, kind in zip(number, _mask(number), strict=True))


def _repaired_character(character: str, kind: str) -> str:
    if kind == "N":
        return character.translate(_TO_DIGIT)
    if kind == "A":
        return character.translate(_TO_LETTER)
    return character


def _checked_fields(number: str) -> list[tuple[str, str]]:
    """Each field with the check digit that belongs to it, the composite one last."""
    if len(number) == 88:
        second = number[44:]
        return [
            (second[:9], second[9]),
            (second[13:19], second[19]),
            (second[21:27], second[27]),
            (second[28:42], second[42]),
            (second[:10] + second[13:20] + second[21:43], second[43]),
        ]
    document_number, digit = number[5:14], number[14]
    if digit == "<":
        rest = number[15:30].partition("<")[0]
        document_number, digit = document_number + rest[:-1], rest[-1:] or "<"
    return [
        (document_number, digit),
        (number[30:36], number[36]),
        (number[38:44], number[44]),
        (number[5:30] + number[30:37] + number[38:45] + number[48:59], number[59]),
    ]


def _td1_number(number: str) -> tuple[str, str]:
    """Document number and what is left of the first optional field."""
    if number[14] != "<":
        return number[5:14], number[15:30]
    rest, _, optional = number[15:30].partition("<")
    return number[5:14] + rest[:-1], optional


def _dates(number: str) -> tuple[str, str]:
    return (number[57:63], number[65:71]) if len(number) == 88 else (number[30:36], number[38:44])


def _date(century: int, yymmdd: str) -> datetime.date | None:
    try:
        return datetime.date(century * 100 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return None
