"""Travel permits, made up."""

from __future__ import annotations

import pytest

from simkyc.errors import NumberError
from simkyc.numbers import travel_permit

VALID = [
    ("H12345678", "hong_kong", "H12345678", "H12345678", "Hong Kong since 2013"),
    ("H1234567800", "hong_kong", "H12345678", "H12345678 00", "Hong Kong, first issue"),
    ("H1234567803", "hong_kong", "H12345678", "H12345678 03", "Hong Kong, third renewal: same holder"),
    ("M12345678", "macao", "M12345678", "M12345678", "Macao"),
    ("m12345678 01", "macao", "M12345678", "M12345678 01", "Macao, lower case, count apart"),
    ("12345678", "taiwan", "12345678", "12345678", "Taiwan, card"),
    ("1234567801", "taiwan", "12345678", "12345678 01", "Taiwan, older, with renewals"),
    ("1234567801(B)", "taiwan", "12345678", "12345678 01", "Taiwan, older, with a letter"),
    ("1234567801（B）", "taiwan", "12345678", "12345678 01", "Taiwan, full-width brackets"),
]
INVALID = [
    ("H1234567", "seven digits"),
    ("H123456789", "nine digits"),
    ("H123456780112", "twelve digits"),
    ("C12345678", "a mainlander's permit for Hong Kong, which is no document here"),
    ("HA1234567", "two letters"),
    ("123456789", "nine digits: rather a passport"),
    ("12345678(B)", "letter without the count of renewals"),
    ("A123456(7)", "a Hong Kong identity card"),
    ("", "empty"),
]


@pytest.mark.parametrize(
    ("number", "kind", "holder", "shown", "reason"), VALID, ids=[row[-1] for row in VALID]
)
def test_valid(number: str, kind: str, holder: str, shown: str, reason: str) -> None:
    assert travel_permit.kind(number) == kind
    assert travel_permit.holder(number) == holder
    assert travel_permit.format(number) == shown


@pytest.mark.parametrize(("number", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        travel_permit.validate(number)
    assert caught.value.cause == "shape"
