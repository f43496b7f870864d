"""IMEI and IMEISV. 352099001761481 is the specimen of public articles; the rest is made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import imei as stdnum_imei
from stdnum import luhn

from simkyc.errors import NumberError
from simkyc.numbers import imei

VALID = [
    ("352099001761481", "352099001761481", "IMEI"),
    ("35-209900-176148-1", "352099001761481", "as on a box"),
    ("35/209900/176148/1", "352099001761481", "slashes"),
    ("352.099001761481", "352099001761481", "dots, as some phones show it"),
    ("３５２０９９００１７６１４８１", "352099001761481", "full-width digits"),
    ("3520990017614823", "3520990017614823", "IMEISV: no check digit, any software version"),
    ("3520990017614899", "3520990017614899", "IMEISV, reserved software version"),
    ("010101002761488", "010101002761488", "reporting body 01"),
    ("352099001761481/01", "352099001761481", "software version behind a slash"),
    ("35-209900-176148-1 / 01", "352099001761481", "the same, grouped"),
    ("35209900176148/1", "352099001761481", "a slash before the check digit"),
    ("490154203237518", "490154203237518", "specimen of public articles"),
    ("990000862471853", "990000862471853", "reporting body 99, a phone for CDMA too"),
    ("001012003456781", "001012003456781", "test device: one device, left to lists"),
    ("352099000000006", "352099000000006", "serial number of zeros: some device is the first"),
]
INVALID = [
    ("352099001761482", "checksum", "check digit one more"),
    ("352099001761418", "checksum", "last two transposed"),
    ("352099001761480", "checksum", "0 in the check digit's place, as networks send it"),
    ("35209900176148", "length", "14 digits: at a counter, one was lost"),
    ("35209900176148123", "length", "17 digits"),
    ("", "length", "empty"),
    ("35209900176148A", "shape", "letter for the check digit"),
    ("A0000012345678", "kind", "MEID"),
    ("a1000009296f21", "kind", "MEID, lower case"),
    ("A00000123456785", "kind", "MEID with check digit"),
    ("352099001761482/01", "checksum", "software version behind a wrong check digit"),
    ("352099001761481/012", "length", "three digits behind the slash"),
    ("000000001234564", "dummy", "TAC of zeros"),
    ("0000000012345601", "dummy", "TAC of zeros, with software version"),
    ("358240051111110", "dummy", "Android's emulator"),
    ("３５２０９９００１７６１４８２", "checksum", "full-width digits, check digit one more"),
    ("89860112345678901237", "length", "an ICCID"),
    ("IMEI352099001761481", "length", "with its label"),
    ("+35209900176148", "shape", "sign"),
    ("000000000000000", "dummy", "zeros, and Luhn holds"),
    ("0000000000000000", "dummy", "zeros with software version"),
    ("0000000000000012", "dummy", "zeros, software version set"),
    ("111111111111111", "dummy", "one digit repeated"),
    ("999999999999994", "dummy", "one digit repeated, Luhn holds"),
    ("004999010640000", "dummy", "unprogrammed board"),
    ("358673013795895", "dummy", "one number over whole batches"),
    ("123456789012347", "dummy", "keyboard run, Luhn holds"),
    ("123456789012345", "dummy", "keyboard run"),
    ("012345678901237", "dummy", "keyboard run from 0"),
    ("135790246811220", "dummy", "from a tracker's manual"),
]


@pytest.mark.parametrize(("number", "compact", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, compact: str, reason: str) -> None:
    assert imei.validate(number) == compact


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        imei.validate(number)
    assert caught.value.cause == cause


def test_parts() -> None:
    assert imei.tac("352099001761481") == "35209900"
    assert imei.software_version("3520990017614823") == "23"
    assert imei.software_version("352099001761481") is None
    assert imei.equipment("3520990017614823") == imei.equipment("352099001761481") == "35209900176148"
    assert imei.format("3520990017614823") == "35-209900-176148-23"


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        ("35209900176148", "no check digit"),
        ("352099001761480", "0 in its place"),
        ("352099001761481", "the digit itself"),
        ("3520990017614823", "IMEISV"),
    ],
    ids=["14 digits", "0 in the check digit's place", "the check digit itself", "IMEISV"],
)
def test_what_networks_report_names_one_device(reported: str, reason: str) -> None:
    assert imei.from_network(reported) == "352099001761481"


@pytest.mark.parametrize(
    ("reported", "cause"),
    [("3520990017614", "length"), ("3520990017614A", "shape"), ("0" * 14, "dummy")],
    ids=["13 digits", "letter", "zeros"],
)
def test_a_network_can_be_wrong_too(reported: str, cause: str) -> None:
    with pytest.raises(NumberError) as caught:
        imei.from_network(reported)
    assert caught.value.cause == cause


BODIES = st.from_regex(r"[0-9]{14}", fullmatch=True).filter(lambda body: len(set(body)) > 2)


@given(body=BODIES, place=st.integers(0, 14), other=st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, other: int) -> None:
    number = body + str(luhn.calc_check_digit(body))
    wrong = number[:place] + str((int(number[place]) + other) % 10) + number[place + 1 :]
    assert not imei.is_valid(wrong)


@given(number=st.from_regex(r"[0-9]{15,16}", fullmatch=True))
def test_apart_from_placeholders_python_stdnum_agrees(number: str) -> None:
    try:
        imei.validate(number)
    except NumberError as error:
        assert (error.cause == "dummy") or not stdnum_imei.is_valid(number)  # noqa: PT017  # either outcome is right
    else:
        assert stdnum_imei.is_valid(number)
