"""Which number serves which kind of document, and whom it names: the only place that knows.

    kind                  number                     identity: namespace and number
    resident_id           `resident_id`              `resident_id`, the 18-character number
    household_booklet     `resident_id`              the same: a minor's card later bears the same number
    residence_permit      `resident_id`, 81 82 83    `residence_permit`, the number
    travel_permit         `travel_permit`            `travel_permit`, the part that survives renewals
    permanent_residence   `permanent_residence`      `permanent_residence`, the number
    passport              `passport`                 `passport`, issuing state and number
    military_id           `military_id`              `military_id` or `armed_police_id`, as the number itself
    armed_police_id       `military_id`              says, otherwise as the kind says

A number of another kind is refused with cause `kind` only where it can be nothing else: a checked 18-character
number, a number that begins with an ideograph, a letter before a number where only digits can stand. Eight digits
or a letter and eight digits may be a permit, a passport or a soldier's card, and pass as each of them.

A true number refused sends the clerk back to choose the kind again; two people with one identity would use up
each other's limits, one person with two identities doubles them. Nothing in the numbers links a resident of
Hong Kong's two permits, a foreigner's passport and card, or a soldier's two documents: the face does.

>>> validate("resident_id", "320502 800101 001"), identity("resident_id", "320502800101001")
('320502800101001', ('resident_id', '320502198001010018'))
>>> identity("household_booklet", "320502198001010018") == identity("resident_id", "320502800101001")
True
>>> identity("travel_permit", "H1234567802"), identity("passport", "E12345678", state="CHN")
(('travel_permit', 'H12345678'), ('passport', 'CHN:E12345678'))
>>> validate("passport", "320502198001010018")
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the number is on another kind of document: choose that kind, or read this one again
"""

from __future__ import annotations

import re
from datetime import date
from types import ModuleType
from typing import Final, Literal

from simkyc.errors import InputError, NumberError
from simkyc.numbers import military_id, passport, permanent_residence, resident_id, travel_permit
from simkyc.numbers.text import clean

__all__ = ["DocumentKind", "Sex", "birth_date", "division", "identity", "sex", "validate"]

DocumentKind = Literal[
    "resident_id",
    "residence_permit",
    "travel_permit",
    "permanent_residence",
    "passport",
    "military_id",
    "armed_police_id",
    "household_booklet",
]
Sex = Literal["male", "female"]

_MODULES: Final[dict[DocumentKind, ModuleType]] = {
    "resident_id": resident_id,
    "residence_permit": resident_id,
    "travel_permit": travel_permit,
    "permanent_residence": permanent_residence,
    "passport": passport,
    "military_id": military_id,
    "armed_police_id": military_id,
    "household_booklet": resident_id,
}
_ONE_CARD: Final[tuple[frozenset[str], ...]] = (
    frozenset({"resident_id", "household_booklet"}),
    frozenset({"military_id", "armed_police_id"}),
)
"""Kinds whose numbers do not tell them apart."""
_RESIDENT: Final = frozenset({"resident_id", "residence_permit", "household_booklet"})
_STATE = re.compile("[A-Z]{1,3}")
_GERMANY = {"D": "DEU"}
"""Doc 9303 gives Germany one letter; other sources of the state give three."""


def validate(kind: DocumentKind, number: str) -> str:
    """Return the compact number.

    Raises:
        NumberError: As `validate` of the number's own module; `kind` where it belongs to another document.
        InputError: There is no such kind.
    """
    module = _module(kind)
    resident = _resident(number)
    if _is_anothers(kind, number, resident):
        raise NumberError(
            "kind", "the number is on another kind of document: choose that kind, or read this one again"
        )
    compact: str = resident if resident and module is resident_id else module.validate(number)
    if kind == "residence_permit" and len(compact) != 18:
        raise NumberError("length", "a residence permit's number has 18 characters")
    return compact


def identity(kind: DocumentKind, number: str, *, state: str | None = None) -> tuple[str, str] | None:
    """Whom a document names in the history: a namespace and a number.

    Args:
        kind: Kind of the document.
        number: Its number, in any spelling.
        state: Who issued a passport, in the one to three letters of its machine-readable zone; for other kinds it
            means nothing. A passport whose state is not known is another identity than the same number with one.

    Returns:
        None where the number is none of this kind, or the state no state.
    """
    try:
        compact = validate(kind, number)
        issuer = "" if kind != "passport" or state is None else _state(state)
    except NumberError:
        return None
    if kind in {"resident_id", "household_booklet"}:
        return "resident_id", resident_id.upgrade(compact)
    if kind == "travel_permit":
        return kind, travel_permit.holder(compact)
    if kind == "passport":
        return kind, f"{issuer}:{compact}"
    if kind in {"military_id", "armed_police_id"}:
        says = military_id.is_armed_police(compact)
        is_police = kind == "armed_police_id" if says is None else says
        return "armed_police_id" if is_police else "military_id", compact
    return kind, compact


def birth_date(kind: DocumentKind, number: str) -> date | None:
    """The birth date in the number, None where the kind's number has none; raises as `validate`."""
    number = validate(kind, number)
    if kind in _RESIDENT:
        return resident_id.birth_date(number)
    return permanent_residence.birth_date(number) if kind == "permanent_residence" else None


def sex(kind: DocumentKind, number: str) -> Sex | None:
    """The sex in the number, None where the kind's number has none; raises as `validate`."""
    number = validate(kind, number)
    return resident_id.sex(number) if kind in _RESIDENT else None


def division(kind: DocumentKind, number: str) -> str | None:
    """The division code in the number, None where the kind's number has none; raises as `validate`.

    A residence permit's is 810000, 820000 or 830000, which `simkyc.numbers.division` compares with nothing.
    """
    number = validate(kind, number)
    return resident_id.division(number) if kind in _RESIDENT else None


def _module(kind: str) -> ModuleType:
    for known, module in _MODULES.items():
        if known == kind:
            return module
    raise InputError("there is no such kind of document")


def _resident(number: str) -> str | None:
    try:
        return resident_id.validate(number)
    except NumberError:
        return None


def _is_anothers(kind: DocumentKind, number: str, resident: str | None) -> bool:
    owner = _owner(kind, number, resident)
    return owner not in {None, kind} and not any({owner, kind} <= kinds for kinds in _ONE_CARD)


def _owner(kind: DocumentKind, number: str, resident: str | None) -> DocumentKind | None:
    """The kind that a number belongs to where it can be no other, asked of somebody who claims `kind`."""
    if resident is not None:
        return "residence_permit" if resident.startswith(resident_id.PERMIT_DIVISIONS) else "resident_id"
    if permanent_residence.is_valid(number):
        return "permanent_residence"
    if military_id.is_valid(number) and not military_id.compact(number).isascii():
        return "military_id"
    if kind in _RESIDENT | {"permanent_residence"}:  # their numbers begin with a digit, or are longer
        return _lettered(number)
    if kind == "passport" and travel_permit.is_valid(number) and len(travel_permit.compact(number)) > 9:
        return "travel_permit"
    return None


def _lettered(number: str) -> DocumentKind | None:
    if not (passport.is_valid(number) or travel_permit.is_valid(number)) or clean(number, " -<")[0].isdigit():
        return None
    return "travel_permit" if travel_permit.is_valid(number) else "passport"


def _state(state: str) -> str:
    letters = clean(state, " -<")
    if not _STATE.fullmatch(letters):
        raise NumberError("country", "a state has one to three letters, as in the machine-readable zone")
    return _GERMANY.get(letters, letters)
