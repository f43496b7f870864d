"""Do the numbers of one line agree, and two IMEIs of one phone? Numbers made up; check digits computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from simkyc.errors import NumberError
from simkyc.numbers.agreement import Operators, dual_sim, operators

MOBILE, UNICOM, TELECOM, BROADNET = "china_mobile", "china_unicom", "china_telecom", "china_broadnet"
ICCIDS = {
    MOBILE: "898600B5061730220087",
    UNICOM: "89860112345678901237",
    TELECOM: "89861112345678901234",
    BROADNET: "89861512345678901234",
    None: "8944501810180244540",
}
IMSIS = {
    MOBILE: "460001234567890",
    UNICOM: "460011234567890",
    TELECOM: "460111234567890",
    BROADNET: "460151234567890",
    None: "454001234567890",
}
MSISDNS = {
    MOBILE: "13800138000",
    UNICOM: "18612345678",
    TELECOM: "18912345678",
    BROADNET: "19212345678",
    None: "+85251234567",
}

LINES = [
    (MOBILE, MOBILE, MOBILE, False, False, "all one operator"),
    (TELECOM, TELECOM, TELECOM, False, False, "all one operator, another"),
    (BROADNET, BROADNET, BROADNET, False, False, "Broadnet"),
    (UNICOM, UNICOM, MOBILE, False, True, "a ported number"),
    (UNICOM, TELECOM, UNICOM, True, None, "one card, two operators: the range has nothing to agree with"),
    (UNICOM, TELECOM, MOBILE, True, None, "three operators"),
    (UNICOM, None, UNICOM, None, False, "IMSI from abroad"),
    (UNICOM, None, MOBILE, None, True, "IMSI from abroad, range of another than the ICCID"),
    (None, UNICOM, UNICOM, None, False, "ICCID from abroad"),
    (None, UNICOM, MOBILE, None, True, "ICCID from abroad, range of another than the IMSI"),
    (UNICOM, UNICOM, None, False, None, "MSISDN from abroad"),
    (None, None, MOBILE, None, None, "the card says nothing"),
    (None, None, None, None, None, "nothing says anything"),
]


@pytest.mark.parametrize(
    ("iccid", "imsi", "msisdn", "card", "range_", "reason"), LINES, ids=[row[-1] for row in LINES]
)
def test_operators(
    iccid: str | None,
    imsi: str | None,
    msisdn: str | None,
    card: bool | None,
    range_: bool | None,
    reason: str,
) -> None:
    said = operators(ICCIDS[iccid], IMSIS[imsi], MSISDNS[msisdn])
    assert (said.iccid, said.imsi, said.msisdn) == (iccid, imsi, msisdn)
    assert said.card_differs is card
    assert said.range_differs is range_


@pytest.mark.parametrize(
    ("msisdn", "says"),
    [("17112345678", None), ("16512345678", None), ("17491234567", None), ("1064812345678", MOBILE)],
    ids=["virtual, 171", "virtual, 165", "maritime satellite", "IoT"],
)
def test_what_a_range_says(msisdn: str, says: str | None) -> None:
    assert operators(ICCIDS[MOBILE], IMSIS[MOBILE], msisdn).msisdn == says


@pytest.mark.parametrize("place", [0, 1, 2], ids=["ICCID", "IMSI", "MSISDN"])
def test_a_number_that_is_none_is_an_error(place: int) -> None:
    numbers = [ICCIDS[MOBILE], IMSIS[MOBILE], MSISDNS[MOBILE]]
    numbers[place] = "1"
    with pytest.raises(NumberError):
        operators(*numbers)


OPERATORS = st.sampled_from([MOBILE, UNICOM, TELECOM, BROADNET, None])


@given(iccid=OPERATORS, imsi=OPERATORS, msisdn=OPERATORS)
def test_who_says_nothing_is_never_a_difference(
    iccid: str | None, imsi: str | None, msisdn: str | None
) -> None:
    said = operators(ICCIDS[iccid], IMSIS[imsi], MSISDNS[msisdn])
    assert isinstance(said, Operators)
    assert (said.card_differs is None) is (iccid is None or imsi is None)
    if msisdn is None or (iccid is None and imsi is None):
        assert said.range_differs is None
    if said.card_differs is False and said.range_differs is not None:
        assert said.range_differs is (msisdn != iccid)


def with_luhn(body: str) -> str:
    return body + str(luhn.calc_check_digit(body))


PHONES = [
    ("35209900176148", "35209900176148", "same", "one number twice"),
    ("35209900176148", "35209900176149", "plausible", "one TAC, neighbouring serial numbers: Xiaomi"),
    ("35209900176148", "35209900912345", "plausible", "one TAC, serial numbers far apart: Apple"),
    ("35209900176148", "35209910176148", "plausible", "two TACs, one serial number: Samsung"),
    ("35209900176148", "35209910176149", "unusual", "both differ"),
    ("35209900176148", "86730210456789", "unusual", "nothing in common"),
]


@pytest.mark.parametrize(("imei", "imei2", "answer", "reason"), PHONES, ids=[row[-1] for row in PHONES])
def test_dual_sim(imei: str, imei2: str, answer: str, reason: str) -> None:
    assert dual_sim(with_luhn(imei), with_luhn(imei2)) == answer
    assert dual_sim(with_luhn(imei2), with_luhn(imei)) == answer, "the order does not matter"
    assert dual_sim(imei + "01", with_luhn(imei2)) == answer, "nor does IMEI or IMEISV"


@pytest.mark.parametrize(
    ("imei2", "cause"),
    [("352099001761482", "checksum"), ("000000000000000", "dummy"), ("A0000012345678", "kind")],
    ids=["check digit one more", "zeros", "MEID"],
)
def test_an_imei_that_is_none_is_an_error(imei2: str, cause: str) -> None:
    for pair in (("352099001761481", imei2), (imei2, "352099001761481")):
        with pytest.raises(NumberError) as caught:
            dual_sim(*pair)
        assert caught.value.cause == cause


SERIALS = st.from_regex(r"[0-9]{6}", fullmatch=True)
TACS = st.from_regex(r"(?:35|86)[0-9]{6}", fullmatch=True).filter(lambda tac: tac != "35824005")


@given(tac=TACS, serial=SERIALS, other=SERIALS)
def test_one_tac_is_never_unusual(tac: str, serial: str, other: str) -> None:
    answer = dual_sim(with_luhn(tac + serial), with_luhn(tac + other))
    assert answer == ("same" if serial == other else "plausible")
