"""IMSIs, made up."""

from __future__ import annotations

import pytest

from simkyc.errors import NumberError
from simkyc.numbers import imsi

VALID = [
    ("460001234567890", "china_mobile", "Mobile"),
    ("460021234567890", "china_mobile", "Mobile 02"),
    ("460041234567890", "china_mobile", "Mobile 04, IoT"),
    ("460071234567890", "china_mobile", "Mobile 07"),
    ("460081234567890", "china_mobile", "Mobile 08"),
    ("460011234567890", "china_unicom", "Unicom"),
    ("460061234567890", "china_unicom", "Unicom 06"),
    ("460091234567890", "china_unicom", "Unicom 09"),
    ("460031234567890", "china_telecom", "Telecom"),
    ("460051234567890", "china_telecom", "Telecom 05"),
    ("460111234567890", "china_telecom", "Telecom 11"),
    ("460151234567890", "china_broadnet", "Broadnet"),
    ("460201234567890", None, "railway network"),
    ("460991234567890", None, "network code nobody lists: passes without an operator"),
    ("460101234567890", None, "10: public code gives it to Unicom, no list confirms it"),
    ("460131234567890", None, "13: public code disagrees, so no operator"),
    ("461011234567890", None, "461, in reserve for China: says nothing of the operator"),
    ("46001123456789", "china_unicom", "14 digits"),
    ("460 01 1234567890", "china_unicom", "grouped"),
    ("４６００１１２３４５６７８９０", "china_unicom", "full-width digits"),
    ("454001234567890", None, "Hong Kong"),
    ("310150123456789", None, "abroad, 3-digit network code"),
    ("001010123456789", None, "test network"),
    ("999991234567890", None, "internal use"),
    ("901281234567890", None, "international network, IoT"),
    ("455011234567890", None, "Macao"),
    ("466011234567890", None, "Taiwan"),
    ("441101234567890", None, "Japan's second country code"),
    ("535011234567890", None, "Guam, unknown to python-stdnum"),
    ("46001123456789 ", "china_unicom", "14 digits, space behind"),
]
INVALID = [
    ("4600112345678", "length", "13 digits"),
    ("4600112345678901", "length", "16 digits"),
    ("46001123456789A", "shape", "letter"),
    ("46OO11234567890", "shape", "letters O for 0"),
    ("000001234567890", "country", "country code 000"),
    ("100011234567890", "country", "no country code begins with 1"),
    ("898601123456789", "country", "the first digits of an ICCID"),
    ("868623071306708", "country", "an IMEI"),
    ("46001 1234 5678 90 1", "length", "16 digits, grouped"),
    ("", "length", "empty"),
    ("46001123456789\u0660", "characters", "Arabic-Indic digit"),
]


@pytest.mark.parametrize(("number", "operator", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, operator: str | None, reason: str) -> None:
    assert imsi.is_valid(number), reason
    assert imsi.operator(number) == operator


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        imsi.validate(number)
    assert caught.value.cause == cause


def test_split_and_format() -> None:
    assert imsi.split("460110123456789") == ("460", "11", "0123456789")
    assert imsi.split("461011234567890") == ("461", "", "011234567890")
    assert imsi.format("461011234567890") == "461  011234567890"
    assert imsi.split("310150123456789") == ("310", "150", "123456789")
    assert imsi.format("310150123456789") == "310 150 123456789"
