"""EIDs: the examples of Infineon's public wiki, and what goes wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import NumberError
from simkyc.numbers import eid

VALID = [
    ("89034011560010000000000000000121", "plain"),
    ("8900 1012 0123 4123 4012 3456 7890 1224", "grouped by four"),
    ("8900 1567 01020304 0506 0708 0910 1152", "grouped in another way"),
    ("89044011112233441122334411223321", "another maker"),
    ("35840574202500000000000000000196", "SGP.29: need not begin with 89"),
    (
        "89034011560010000000000000000121".translate({48 + n: 0xFF10 + n for n in range(10)}),
        "full-width digits",
    ),
]
INVALID = [
    ("89034011560010000000000000000122", "checksum", "last digit one more"),
    ("89034011560010000000000000000211", "checksum", "two digits transposed"),
    ("00000000000000000000000000000000", "dummy", "zeros"),
    ("00000000000000000000000000000001", "dummy", "zeros with fitting check digits"),
    ("11111111111111111111111111111111", "checksum", "one digit repeated"),
    ("8903401156001000000000000000012", "length", "31 digits"),
    ("890340115600100000000000000001210", "length", "33 digits"),
    ("89860112345678901237", "length", "an ICCID"),
    ("", "length", "empty"),
    ("352099001761481", "length", "an IMEI, shown beside it"),
    ("8903401156001000000000000000012A", "shape", "letter"),
    ("-".join("89034011560010000000000000000121") + "٣", "characters", "Arabic-Indic digit"),
]


@pytest.mark.parametrize(("number", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, reason: str) -> None:
    assert eid.is_valid(number), reason


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        eid.validate(number)
    assert caught.value.cause == cause


BODIES = st.from_regex(r"89[0-9]{28}", fullmatch=True)


def with_check_digits(body: str) -> str:
    return f"{body}{98 - int(body + '00') % 97:02d}"


@given(body=BODIES, place=st.integers(0, 31), other=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, other: int) -> None:
    number = with_check_digits(body)
    assert eid.validate(number) == number
    wrong = number[:place] + str((int(number[place]) + other) % 10) + number[place + 1 :]
    assert not eid.is_valid(wrong)


@given(body=BODIES, place=st.integers(0, 30))
def test_a_transposition_is_always_found(body: str, place: int) -> None:
    number = with_check_digits(body)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert eid.is_valid(swapped) is (swapped == number)
