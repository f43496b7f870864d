"""Number of a military or armed-police ID (军官证、文职干部证、士官证、义务兵证、武警警官证、武警士兵证).

Printed as `军字第1234567号`: what the card is or who issued it, then digits. `军` and seven digits are on officers'
cards, `兵` and `士` on soldiers', `文` on civilian staff's; older ones begin with a military region or service (南,
沈, 海, 空, ...), the armed police's with `武` or a province or branch [S]. Forms that register such cards ask for one
or two ideographs and four to eight letters and digits, or for a letter and eight to fourteen digits without any [S].
No list of beginnings is complete, cards were renewed several times, and there is no check digit. So this is
all that is asked: up to six ideographs, then 4 to 15 letters and digits, at least four of them digits; without an
ideograph at least six characters.

`字第` and `号` are dropped, for counters type them or not; a leading 0 stays. What the card begins with is part of
the number: the same digits after another ideograph are another person's.

A number wrongly refused turns a soldier away who may have no other document at hand; a wrong one is caught by the
authority, or goes to a supervisor, because a machine cannot read these cards.

>>> validate('军字第 1234567 号'), validate('军1234567'), format('南字第０123456号')
('军1234567', '军1234567', '南字第0123456号')
>>> is_armed_police('武字第0123456号'), is_armed_police('军字第1234567号'), is_armed_police('1234567')
(True, False, None)
>>> validate('军字第123号')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: a military ID has up to six ideographs, then 4 to 15 letters and digits
"""

from __future__ import annotations

import re

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = ["compact", "format", "is_armed_police", "is_valid", "validate"]

_PRINTED = re.compile("([\u4e00-\u9fff]{0,6}?)(?:字第?|第)?([A-Z0-9]+)号?")
_SHAPE = re.compile("(?=(?:.*[0-9]){4})(?:[\u4e00-\u9fff]{1,6}[A-Z0-9]{4,15}|[A-Z0-9]{6,15})")
_BEGINNING = re.compile("^([\u4e00-\u9fff]*)")
_WORDS = frozenset("字第号")


def compact(number: str) -> str:
    """Strip spaces, hyphens, dots, `字第` and `号`, fold full-width characters, raise letters.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    number = clean(number, " -.", ideographs=True)
    printed = _PRINTED.fullmatch(number)
    return printed[1] + printed[2] if printed and not _WORDS & set(printed[1]) else number


def validate(number: str) -> str:
    """Return the compact number.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `dummy`.
    """
    number = compact(number)
    if not _SHAPE.fullmatch(number) or _WORDS & set(number):
        raise NumberError("shape", "a military ID has up to six ideographs, then 4 to 15 letters and digits")
    if not set(_BEGINNING.sub("", number)) - {"0"}:
        raise NumberError("dummy", "nothing but zeros is a placeholder, not the number of a card")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """As printed on the card, where it begins with an ideograph; what is no such number is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if number.isascii() or not is_valid(number):
        return number
    return _BEGINNING.sub(r"\1字第", number) + "号"


def is_armed_police(number: str) -> bool | None:
    """Whether its first ideograph says armed police, or says army; None where it says neither.

    Raises:
        NumberError: As `validate`.
    """
    first = validate(number)[0]
    return True if first == "武" else False if first in "军兵士文" else None
