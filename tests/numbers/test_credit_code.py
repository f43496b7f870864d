"""Unified social credit codes: python-stdnum's example, and made-up bodies with their check character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from simkyc.errors import NumberError
from simkyc.numbers import credit_code

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def with_check_character(body: str) -> str:
    return body + str(uscc.calc_check_digit(body))


VALID = [
    ("91110000600037341L", "company"),
    ("9 1 110000 600037341 l", "spaces and lower case"),
    ("９１１１００００６０００３７３４１Ｌ", "full-width"),
    (with_check_character("12100000400000000"), "public institution"),
    (with_check_character("51100000500000000"), "association"),
    (with_check_character("N2320502MA1000000"), "village collective: refused by python-stdnum's validate"),
    (with_check_character("Y1320502MA1000000"), "other registers"),
    (with_check_character("A1100000400000000"), "military"),
]
INVALID = [
    ("91110000600037341M", "checksum", "last character one more"),
    ("91110000600073341L", "checksum", "two digits transposed"),
    ("9111000060003734", "length", "two characters short"),
    ("911100006000373410L", "length", "one too many"),
    ("320502198001010018", "checksum", "a resident ID number: it has the shape, not the check character"),
    ("", "length", "empty"),
    ("9111000060003734IL", "shape", "letter I, which the alphabet leaves out"),
    ("9111000O600037341L", "shape", "letter O in the division code"),
    ("0111000060003734IL", "shape", "no authority has 0"),
    ("91110000600037341Ⅼ", "characters", "Roman numeral that looks like L"),
]


@pytest.mark.parametrize(("number", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, reason: str) -> None:
    assert credit_code.is_valid(number), reason


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        credit_code.validate(number)
    assert caught.value.cause == cause


BODIES = st.from_regex(r"[1-9ANY][1-9][1-6][0-9]{5}[0-9A-HJ-NP-RTUWXY]{9}", fullmatch=True)


@given(body=BODIES, place=st.integers(0, 17), other=st.integers(1, 30))
def test_one_wrong_character_is_always_found(body: str, place: int, other: int) -> None:
    number = with_check_character(body)
    assert credit_code.validate(number) == number
    wrong = ALPHABET[(ALPHABET.index(number[place]) + other) % 31]
    assert not credit_code.is_valid(number[:place] + wrong + number[place + 1 :])
