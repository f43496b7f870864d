"""Unified social credit code of an organisation (统一社会信用代码, GB 32100-2015).

18 characters of an alphabet without I, O, S, V and Z: the registering authority (1 to 9, `A` military, `N`
agriculture, `Y` others [S]), the kind of organisation, a 6-digit division code, the 9-character organisation
code, a check character modulo 31. The check character is python-stdnum's (`stdnum.cn.uscc`); its `validate`
is not used because it asks for a digit in the first two places and so refuses every `A`, `N` and `Y`, farmers'
cooperatives among them [V, tried with 2.2].

A code wrongly refused stops a company's order; a wrong one is caught by the register.

>>> validate('9111 0000 6000 3734 1L')
'91110000600037341L'
>>> division('91110000600037341L'), format('91110000600037341l')
('110000', '91 110000 600037341 L')
>>> validate('91110000600037341M')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the last character does not fit the others: copy it again from the certificate
"""

from __future__ import annotations

import re

from stdnum.cn import uscc

from simkyc.errors import NumberError
from simkyc.numbers.text import clean

__all__ = ["compact", "division", "format", "is_valid", "validate"]

_SHAPE = re.compile(r"[1-9ANY][1-9A-HJ-NP-RTUWXY][0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width characters, raise letters.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number)


def validate(number: str) -> str:
    """Return the compact code, 18 characters.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `checksum`.
    """
    number = compact(number)
    if len(number) != 18:
        raise NumberError("length", "a social credit code has 18 characters")
    if not _SHAPE.fullmatch(number):
        raise NumberError("shape", "a social credit code has no I, O, S, V or Z, and digits in places 3 to 8")
    if number[17] != uscc.calc_check_digit(number[:17]):
        raise NumberError(
            "checksum", "the last character does not fit the others: copy it again from the certificate"
        )
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the code."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Group authority and kind, division, organisation, check character; a wrong length is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if len(number) != 18:
        return number
    return f"{number[:2]} {number[2:8]} {number[8:17]} {number[17]}"


def division(number: str) -> str:
    """The 6-digit division code of the registering authority; raises as `validate`."""
    return validate(number)[2:8]
