"""Line numbers, made up; 138 0013 8000 is the old short-message centre number everybody quotes."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import carrier

from simkyc.errors import NumberError
from simkyc.numbers import msisdn

VALID = [
    ("13800138000", "+8613800138000", "mobile", "china_mobile", "national"),
    ("+86 138 0013 8000", "+8613800138000", "mobile", "china_mobile", "international"),
    ("0086 138-0013-8000", "+8613800138000", "mobile", "china_mobile", "00 for +"),
    ("8613800138000", "+8613800138000", "mobile", "china_mobile", "country code without +"),
    ("(+86)13800138000", "+8613800138000", "mobile", "china_mobile", "brackets"),
    ("１３８００１３８０００", "+8613800138000", "mobile", "china_mobile", "full-width digits"),
    ("＋８６１３８００１３８０００", "+8613800138000", "mobile", "china_mobile", "full-width plus"),
    ("18612345678", "+8618612345678", "mobile", "china_unicom", "Unicom"),
    ("18912345678", "+8618912345678", "mobile", "china_telecom", "Telecom"),
    ("19212345678", "+8619212345678", "mobile", "china_broadnet", "Broadnet"),
    ("14712345678", "+8614712345678", "mobile", "china_mobile", "data card with calls"),
    ("14912345678", "+8614912345678", "mobile", "china_telecom", "data card, unknown to the library"),
    ("16101234567", "+8616101234567", "mobile", "china_broadnet", "Broadnet by 1610"),
    ("16212345678", "+8616212345678", "mobile", "china_telecom", "virtual operator on Telecom"),
    ("16512345678", "+8616512345678", "mobile", "china_mobile", "virtual operator on Mobile"),
    ("16712345678", "+8616712345678", "mobile", "china_unicom", "virtual operator on Unicom"),
    ("17012345678", "+8617012345678", "mobile", "china_telecom", "1701"),
    ("17051234567", "+8617051234567", "mobile", "china_mobile", "1705"),
    ("17091234567", "+8617091234567", "mobile", "china_unicom", "1709"),
    ("17112345678", "+8617112345678", "mobile", "china_unicom", "171"),
    ("17400123456", "+8617400123456", "satellite", "china_telecom", "174-00 satellite"),
    ("17405123456", "+8617405123456", "satellite", "china_telecom", "174-05 satellite"),
    ("17406123456", "+8617406123456", "mobile", None, "174-06 emergency communications"),
    ("17412123456", "+8617412123456", "mobile", None, "174-12 emergency communications"),
    ("17491234567", "+8617491234567", "satellite", None, "maritime satellite, unknown to the library"),
    ("13491234567", "+8613491234567", "satellite", "china_telecom", "1349 satellite"),
    ("13481234567", "+8613481234567", "mobile", "china_mobile", "1348, below the satellite range"),
    ("1064612345678", "+861064612345678", "iot", "china_unicom", "13 digits from 10646"),
    ("1064712345678", "+861064712345678", "iot", "china_mobile", "13 digits from 10647"),
    ("1064812345678", "+861064812345678", "iot", "china_mobile", "13 digits from 10648"),
    ("1064912345678", "+861064912345678", "iot", "china_telecom", "13 digits from 10649"),
    ("1064112345678", "+861064112345678", "iot", None, "1064, operator not listed"),
    ("1410012345678", "+861410012345678", "iot", "china_telecom", "13 digits from 1410"),
    ("1440012345678", "+861440012345678", "iot", "china_mobile", "13 digits from 1440"),
    ("1461234567890", "+861461234567890", "iot", "china_unicom", "13 digits from 146"),
    ("1481234567890", "+861481234567890", "iot", "china_mobile", "13 digits from 148"),
    ("861064812345678", "+861064812345678", "iot", "china_mobile", "13 digits behind a bare country code"),
    ("013800138000", "+8613800138000", "mobile", "china_mobile", "trunk zero"),
    ("+86 (0)138 0013 8000", "+8613800138000", "mobile", "china_mobile", "trunk zero in brackets"),
    ("86013800138000", "+8613800138000", "mobile", "china_mobile", "trunk zero behind a bare country code"),
    ("0086013800138000", "+8613800138000", "mobile", "china_mobile", "trunk zero behind 0086"),
    ("17951 13800138000", "+8613800138000", "mobile", "china_mobile", "dialled over 17951"),
    ("12593-13800138000", "+8613800138000", "mobile", "china_mobile", "dialled over 12593"),
    (
        "17911 018612345678",
        "+8618612345678",
        "mobile",
        "china_unicom",
        "dialled over 17911, with a trunk zero",
    ),
    ("19012345678", "+8619012345678", "mobile", "china_telecom", "190"),
    ("19312345678", "+8619312345678", "mobile", "china_telecom", "193"),
    ("19512345678", "+8619512345678", "mobile", "china_mobile", "195"),
    ("19612345678", "+8619612345678", "mobile", "china_unicom", "196"),
    ("19712345678", "+8619712345678", "mobile", "china_mobile", "197"),
    ("17212345678", "+8617212345678", "mobile", "china_mobile", "172"),
    ("14761234567", "+8614761234567", "mobile", "china_mobile", "1476: 11 digits, in use for IoT"),
    ("1441012345678", "+861441012345678", "iot", "china_mobile", "13 digits from 1441"),
    ("1064012345678", "+861064012345678", "iot", None, "13 digits from 10640"),
    ("008610648 1234 5678", "+861064812345678", "iot", "china_mobile", "13 digits behind 0086"),
    ("+852 5123 4567", "+85251234567", "mobile", None, "Hong Kong"),
    ("00853 6612 3456", "+85366123456", "mobile", None, "Macao"),
    ("+886 912 345 678", "+886912345678", "mobile", None, "Taiwan"),
    ("+44 7400 123456", "+447400123456", "mobile", None, "abroad"),
    ("+1 201 555 0123", "+12015550123", "mobile", None, "abroad, where ranges are shared with landlines"),
]
INVALID = [
    ("1380013800", "length", "10 digits"),
    ("138001380001", "length", "12 digits"),
    ("10086", "length", "service number"),
    ("", "length", "empty"),
    ("1380013800O", "shape", "letter O for 0"),
    ("138+00138000", "shape", "plus inside"),
    ("++8613800138000", "shape", "two plus signs"),
    ("13800138000x5", "shape", "extension"),
    ("+8860912345678", "shape", "trunk zero behind the country code, abroad"),
    ("0912345678", "kind", "Taiwan without country code"),
    ("51234567", "length", "Hong Kong without country code"),
    ("85251234567", "length", "Hong Kong without +"),
    ("0013800138000", "range", "two trunk zeros, read as +1 380"),
    ("01064812345678", "length", "trunk zero before an IoT number"),
    ("17951021622212", "length", "a landline dialled over 17951"),
    ("1795112345678901", "length", "17951 before no mobile number"),
    ("1795113800138000 1", "length", "one digit too many behind 17951"),
    ("95588", "length", "a bank's service number"),
    ("4008001234", "length", "service number"),
    ("106912345678", "length", "sender of text messages"),
    ("19412345678", "range", "194 was never given out"),
    ("17413123456", "range", "174-13, behind the emergency ranges"),
    ("12345678901", "range", "no such range"),
    ("16112345678", "range", "161 but not 1610"),
    ("15412345678", "range", "154 was never given out"),
    ("14012345678", "range", "IoT range with 11 digits"),
    ("1380013800012", "range", "13 digits outside the IoT ranges"),
    ("1065012345678", "range", "1065 is for messages, not machines"),
    ("+99912345678", "range", "no such country"),
    ("02162221234", "kind", "landline"),
    ("+862162221234", "kind", "landline, international"),
    ("+864001234567", "kind", "service number, international"),
    ("1380013800\u0660", "characters", "Arabic-Indic digit: the library would take it"),
    ("\u202a13800138000\u202c", "characters", "direction marks from a phone's address book"),
    ("tel:+8613800138000", "shape", "link"),
]


@pytest.mark.parametrize(
    ("number", "compact", "kind", "operator", "reason"), VALID, ids=[row[-1] for row in VALID]
)
def test_valid(number: str, compact: str, kind: str, operator: str | None, reason: str) -> None:
    assert msisdn.validate(number) == compact
    assert msisdn.kind(number) == kind
    assert msisdn.operator(number) == operator


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        msisdn.validate(number)
    assert caught.value.cause == cause


def test_format() -> None:
    assert msisdn.format("13800138000") == "+86 138 0013 8000"
    assert msisdn.format("1440012345678") == "+86 14400 1234 5678"
    assert msisdn.format("+85251234567") == "+852 5123 4567"
    assert msisdn.format("10086") == "10086"


@pytest.mark.parametrize(
    ("number", "virtual"),
    [
        ("16212345678", True),
        ("16512345678", True),
        ("16712345678", True),
        ("17012345678", True),
        ("17112345678", True),
        ("+8617112345678", True),
        ("16612345678", False),
        ("17212345678", False),
        ("13800138000", False),
        ("1064812345678", False),
        ("+447400123456", False),
    ],
    ids=["162", "165", "167", "170", "171", "+86 171", "166", "172", "138", "10648", "abroad"],
)
def test_virtual_operators(number: str, virtual: bool) -> None:
    assert msisdn.is_virtual(number) is virtual


NAMES = {
    "China Mobile": "china_mobile",
    "China Unicom": "china_unicom",
    "China Telecom": "china_telecom",
    "China Broadnet": "china_broadnet",
}


def test_the_prefix_table_agrees_with_the_librarys_carrier_data() -> None:
    compared = 0
    for prefix in range(1300, 2000):
        number = phonenumbers.parse(f"+86{prefix}1234567")
        name = carrier.name_for_number(number, "en")
        if name and phonenumbers.is_valid_number(number):
            assert msisdn.operator(f"{prefix}1234567") == NAMES[name], prefix
            compared += 1
    assert compared > 400


def test_what_is_dropped_before_a_number_is_what_the_library_drops() -> None:
    for code in range(10_000, 20_000):
        dialled = f"{code}13800138000"
        library = phonenumbers.parse(dialled, "CN")
        same = phonenumbers.format_number(library, phonenumbers.PhoneNumberFormat.E164) == "+8613800138000"
        assert msisdn.is_valid(dialled) is same, code


def test_every_range_of_the_table_is_a_valid_number_and_none_begins_another() -> None:
    for prefix in msisdn._PREFIXES:
        assert not any(other != prefix and other.startswith(prefix) for other in msisdn._PREFIXES)
        length = 13 if msisdn._IOT.fullmatch("+86" + prefix.ljust(13, "0")) else 11
        assert msisdn.is_valid(prefix.ljust(length, "5")), prefix
