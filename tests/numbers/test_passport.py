"""Passport numbers, made up."""

from __future__ import annotations

import pytest

from simkyc.errors import NumberError
from simkyc.numbers import passport

VALID = [
    ("E12345678", "China, since 2012"),
    ("EA1234567", "China, second letter"),
    ("G12345678", "China, before 2012"),
    ("PE1234567", "China, public affairs"),
    ("K12345678", "Hong Kong"),
    ("MA1234567", "Macao"),
    ("123456789", "nine digits, as the United States and others"),
    ("C01X00T47", "letters and digits mixed, as Germany"),
    ("AB12345", "seven characters"),
    ("L898902C<", "filler copied from the zone"),
    ("e 1234 5678", "lower case and spaces"),
    ("Ｅ１２３４５６７８", "full-width"),
]
INVALID = [
    ("A123", "length", "too short for anything but a slip"),
    ("E123456789", "length", "ten characters"),
    ("320502198001010018", "length", "a resident ID number"),
    ("", "length", "empty"),
    ("ABCDEFGH", "shape", "no digit: a name"),
    ("E1234.678", "shape", "dot"),
    ("E1234/678", "shape", "slash"),
    ("000000000", "dummy", "zeros"),
    ("Е12345678", "characters", "Cyrillic letter that looks like E"),
    ("护照1234567", "characters", "Chinese in the number"),
]


@pytest.mark.parametrize(("number", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, reason: str) -> None:
    assert passport.is_valid(number), reason


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        passport.validate(number)
    assert caught.value.cause == cause
