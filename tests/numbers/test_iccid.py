"""ICCIDs, made up after the forms seen in public code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from simkyc.errors import NumberError
from simkyc.numbers import iccid


def with_luhn(body: str) -> str:
    return body + str(luhn.calc_check_digit(body))


VALID = [
    (with_luhn("8986011234567890123"), "china_unicom", "holds", "Unicom, 20 digits, Luhn holds"),
    (with_luhn("8986061234567890123"), "china_unicom", "holds", "Unicom by 06"),
    (with_luhn("8986091234567890123"), "china_unicom", "holds", "Unicom by 09"),
    ("8986011234567890123", "china_unicom", "absent", "Unicom, 19 digits: the check digit is not printed"),
    ("8986061800002057740N", "china_unicom", "absent", "Unicom, a card maker's letter in the last place"),
    ("898601101231170983S", "china_unicom", "absent", "Unicom, 19 with the letter"),
    ("89860412345678901233", "china_mobile", "fails", "Mobile 04 does not keep Luhn"),
    (with_luhn("8986001234567890123"), "china_mobile", "holds", "Mobile 00, Luhn by chance"),
    ("898600B5061730220087", "china_mobile", "absent", "Mobile, hexadecimal letter"),
    ("898602a8221478de0092", "china_mobile", "absent", "Mobile, three letters, lower case"),
    ("89860712345678901234", "china_mobile", "fails", "Mobile by 07"),
    ("89860812345678901234", "china_mobile", "fails", "Mobile by 08"),
    ("89860312345678901234", "china_telecom", "fails", "Telecom: some cards do not keep Luhn"),
    ("8986031746205500703", "china_telecom", "absent", "Telecom, 19 digits"),
    ("89861112345678901234", "china_telecom", "fails", "Telecom by 11"),
    ("89861512345678901234", "china_broadnet", "fails", "Broadnet by 15"),
    ("89862112345678901234", None, "fails", "issuer code nobody lists"),
    ("8986 0112 3456 7890 1237", "china_unicom", "holds", "grouped"),
    ("８９８６０１１２３４５６７８９０１２３７", "china_unicom", "holds", "full-width digits"),
    ("8944501810180244540", None, "holds", "abroad, 19 digits by E.118"),
    ("8944501810180244540F", None, "holds", "abroad, padded as on the card"),
    ("89014103211118510720", None, "holds", "abroad, 20 digits"),
    ("89014103211118510721", None, "fails", "abroad, 20 digits: not all keep Luhn"),
    ("8944501810180244541", None, "fails", "abroad, 19 digits: some platforms leave the last digit off"),
    ("894450181018024454", None, "holds", "abroad, 18 digits"),
    ("894450181018024454FF", None, "holds", "abroad, 18 digits, padded to 20"),
    ("894450181018024454F", None, "holds", "abroad, 18 digits, padded to 19"),
    ("89852012345678901234", None, "fails", "Hong Kong: not 8986"),
    ("8986 06 1234567890123 N", "china_unicom", "absent", "Unicom, grouped in another way"),
    ("8986041234567890123F", "china_mobile", "absent", "Mobile, 19 digits, padded"),
    ("89860512345678901234", None, "fails", "05: one list only, no operator"),
]
INVALID = [
    ("89860112345678901236", "checksum", "Unicom, check digit one less"),
    ("89860112345678901327", "checksum", "Unicom, two digits transposed"),
    ("79860112345678901237", "prefix", "not a telecommunication card"),
    ("6222021234567890123", "prefix", "a bank card"),
    ("460011234567890", "length", "an IMSI"),
    ("98681021436587092173", "prefix", "read with the digits of each pair swapped"),
    ("9868102143658709213F", "prefix", "swapped, with padding"),
    ("89860112345678901 ", "length", "17 digits"),
    ("898601123456789012", "length", "18 characters, Chinese"),
    ("89445018101802445", "length", "17 characters, abroad"),
    ("898601123456789012371", "length", "21 characters"),
    ("", "length", "empty"),
    ("8986O112345678901237", "shape", "letter O in the issuer code"),
    ("8986011234567890123O", "shape", "letter O last: no card maker has it"),
    ("8986011234567890123I", "shape", "letter I last"),
    ("898601S2345678901237", "shape", "a letter in the middle that is not hexadecimal"),
    ("89860112345678901-2.7", "shape", "dot"),
    ("89860112345678901٣37", "characters", "Arabic-Indic digit"),
]


@pytest.mark.parametrize(("number", "issuer", "luhn_says", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, issuer: str | None, luhn_says: str, reason: str) -> None:
    assert iccid.is_valid(number), reason
    assert iccid.issuer(number) == issuer
    assert iccid.check_digit(number) == luhn_says


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        iccid.validate(number)
    assert caught.value.cause == cause


def test_padding_is_no_part_of_the_number() -> None:
    assert iccid.compact("8944501810180244540f") == "8944501810180244540"
    assert iccid.compact("898600B506173022008F") == "898600B506173022008F", (
        "a letter among letters may be real"
    )
    assert iccid.format("8944501810180244540F") == "8944 5018 1018 0244 540"


def test_the_advice_for_swapped_digits_says_what_happened() -> None:
    with pytest.raises(NumberError, match="swapped"):
        iccid.validate("98681021436587092173")


@given(
    body=st.from_regex(r"89860[169][0-9]{13}", fullmatch=True),
    place=st.integers(6, 19),
    other=st.integers(1, 9),
)
def test_one_wrong_digit_of_a_unicom_card_is_always_found(body: str, place: int, other: int) -> None:
    number = with_luhn(body)
    assert iccid.validate(number) == number
    wrong = number[:place] + str((int(number[place]) + other) % 10) + number[place + 1 :]
    assert not iccid.is_valid(wrong)


@given(number=st.from_regex(r"89860[02478][0-9]{13}[0-9]", fullmatch=True))
def test_luhn_never_refuses_a_china_mobile_card(number: str) -> None:
    assert iccid.validate(number) == number
