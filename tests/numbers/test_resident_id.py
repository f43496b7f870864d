"""Resident ID numbers. All numbers are made up; 320502... is the one of the domain notes."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import NumberError
from simkyc.numbers import resident_id

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHARACTERS = "10X98765432"


def with_check_character(body: str) -> str:
    """By the standard's own table of weights: another way to the same digit than the library's."""
    return body + CHARACTERS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


VALID = [
    ("320502198001010018", "born before the division code's listed start: people keep codes of their day"),
    ("32050219800101001８", "full-width digit"),
    ("320502 19800101 0018", "grouped"),
    ("320502-19800101-0018", "hyphens"),
    ("11010519491231002x", "lower-case x"),
    ("11010519491231002X", "X stands for ten"),
    ("11010519491231002Ｘ", "full-width X"),
    ("810000199408230021", "residence permit, Hong Kong"),
    (with_check_character("82000019900910885"), "residence permit, Macao"),
    ("830000199201300022", "residence permit, Taiwan"),
    (with_check_character("71000019800101001"), "Taiwan as a division"),
    (with_check_character("32999919800101001"), "a county that no table lists"),
    (with_check_character("11010120000229001"), "29 February of a leap year divisible by 400"),
    (with_check_character("11010119960229001"), "29 February of a leap year"),
    (with_check_character("11010118991231001"), "born in the 1800s: once issued"),
    ("320502800101001", "first generation"),
    ("320502 800101 001", "first generation, grouped"),
]
INVALID = [
    ("320502198001010017", "checksum", "check digit one less"),
    ("32050219800101001X", "checksum", "X where a digit belongs"),
    ("320502198010010018", "checksum", "month and day exchanged, still a date"),
    ("302502198001010018", "checksum", "two digits transposed"),
    ("320502198002300018", "date", "30 February"),
    ("110101190002290014", "date", "29 February 1900: divisible by 100 only"),
    ("110101198100010010", "date", "month 0"),
    ("110101198113010010", "date", "month 13"),
    ("110101198101320010", "date", "day 32"),
    ("110101000101010010", "date", "year 1"),
    ("110101219001010013", "date", "22nd century"),
    ("110101801301001", "date", "first generation, month 13"),
    ("020502198001010018", "shape", "no division begins with 0"),
    ("000000000000000000", "shape", "zeros"),
    ("3205021980010100l8", "shape", "letter l for 1"),
    ("32050219800101O018", "shape", "letter O for 0"),
    ("3205021980010100X8", "shape", "X anywhere but last"),
    ("32050280010100X", "shape", "X in a first-generation number"),
    ("32050219800101001", "length", "last character missing"),
    ("3205021980010100188", "length", "one too many"),
    ("32050280010100", "length", "14 digits"),
    ("911124198108030024", "kind", "a foreigner's permanent-residence card"),
    ("", "length", "empty"),
    ("320502198001010018 320502198001010018", "length", "twice"),
    ("32050219800101001\u200b8", "characters", "zero-width space"),
    ("32050219800101001Х", "characters", "Cyrillic letter for X"),
    ("٣20502198001010018", "characters", "Arabic-Indic digit"),
    ("110101000229001", "date", "first generation, 29 February 1900"),
]

BODIES = st.builds(
    lambda division, date, sequence: f"{division:06d}{date:%Y%m%d}{sequence:03d}",
    st.integers(100_000, 899_999),
    st.dates(datetime.date(1800, 1, 1), datetime.date(2099, 12, 31)),
    st.integers(0, 999),
)


@pytest.mark.parametrize(("number", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, reason: str) -> None:
    assert resident_id.is_valid(number), reason


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        resident_id.validate(number)
    assert caught.value.cause == cause


@pytest.mark.parametrize(
    ("number", "born", "sex", "division", "generation"),
    [
        ("320502198001010018", datetime.date(1980, 1, 1), "male", "320502", 2),
        ("11010519491231002X", datetime.date(1949, 12, 31), "female", "110105", 2),
        ("320502800101001", datetime.date(1980, 1, 1), "male", "320502", 1),
        ("320502000101002", datetime.date(1900, 1, 1), "female", "320502", 1),
        ("320502991231999", datetime.date(1899, 12, 31), "male", "320502", 1),
    ],
    ids=["second, male", "second, female", "first, male", "first, 1900", "first, over a hundred in 1984"],
)
def test_what_a_number_says(
    number: str, born: datetime.date, sex: str, division: str, generation: int
) -> None:
    assert resident_id.birth_date(number) == born
    assert resident_id.sex(number) == sex
    assert resident_id.division(number) == division
    assert resident_id.generation(number) == generation


@pytest.mark.parametrize(
    ("division", "permit"), [("810000", True), ("820000", True), ("830000", True), ("320502", False)]
)
def test_residence_permits(division: str, permit: bool) -> None:
    assert resident_id.is_residence_permit(with_check_character(division + "19900101001")) is permit


@given(body=BODIES)
def test_the_standards_own_weights_agree(body: str) -> None:
    number = with_check_character(body)
    assert resident_id.validate(number) == number
    assert resident_id.birth_date(number).strftime("%Y%m%d").zfill(8) == body[6:14]
    assert resident_id.sex(number) == ("male" if int(body[16]) % 2 else "female")


@given(body=BODIES, place=st.integers(0, 16), other=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, other: int) -> None:
    number = with_check_character(body)
    wrong = str((int(number[place]) + other) % 10)
    assert not resident_id.is_valid(number[:place] + wrong + number[place + 1 :])


@given(body=BODIES, place=st.integers(0, 15))
def test_a_transposition_is_always_found(body: str, place: int) -> None:
    number = with_check_character(body)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert resident_id.is_valid(swapped) is (swapped == number)


@given(
    division=st.integers(100_000, 899_999),
    born=st.dates(datetime.date(1900, 1, 1), datetime.date(1999, 12, 31)),
    sequence=st.integers(0, 995),
)
def test_upgrading_keeps_the_person(division: int, born: datetime.date, sequence: int) -> None:
    old = f"{division}{born:%y%m%d}{sequence:03d}"
    new = resident_id.upgrade(old)
    assert new == with_check_character(f"{division}{born:%Y%m%d}{sequence:03d}")
    assert resident_id.upgrade(new) == new
    for fact in (resident_id.birth_date, resident_id.sex, resident_id.division):
        assert fact(old) == fact(new)
