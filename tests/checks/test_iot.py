from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run, worst

PERSONAL = dict.fromkeys(("not_restricted", "no_device_to_bind", "number_cap"), "personal")
UNBOUND = {"no_device_to_bind": "not_bound"}
NUMBER = "1064812345678"
SUZHOU = {"latitude": 31.3, "longitude": 120.62}
BOUND = {"imei_bind": True, "area": None}


def card(restriction: Any, msisdn: str = NUMBER, **changes: Any) -> dict[str, Any]:
    return {"sim": {"service": "iot", "msisdn": msisdn}, "restriction": restriction} | changes


def circle(radius_m: float) -> dict[str, Any]:
    return {"imei_bind": False, "area": {"centre": SUZHOU, "radius_m": radius_m}}


def divisions(*codes: str, imei_bind: bool = False) -> dict[str, Any]:
    return {"imei_bind": imei_bind, "area": {"divisions": codes}}


ROWS = [
    Row("a person's card", not_assessed=PERSONAL),
    Row(
        "a person's card with an IoT number",
        {"sim": {"msisdn": NUMBER}},
        flagged=("number_of_other_service",),
        not_assessed=PERSONAL,
    ),
    Row(
        "a number that is none",
        {"sim": {"msisdn": "abc"}},
        not_assessed=PERSONAL | {"number_of_other_service": "number_malformed"},
    ),
    Row("an IoT card bound to its device", card(BOUND)),
    Row("an IoT card with an ordinary number", card(BOUND, msisdn="+8613910000000")),
    Row("an IoT card held to a city", card(divisions("320500")), not_assessed=UNBOUND),
    Row("an IoT card held to a circle", card(circle(500)), not_assessed=UNBOUND),
    Row("bound and held to a city", card(divisions("320500", imei_bind=True))),
    Row("an IoT card without a restriction", card(None), flagged=("not_restricted",), not_assessed=UNBOUND),
    Row(
        "a restriction to nothing",
        card({"imei_bind": False, "area": None}),
        flagged=("not_restricted",),
        not_assessed=UNBOUND,
    ),
    Row("the widest circle", card(circle(200_000)), not_assessed=UNBOUND),
    Row(
        "a circle a metre wider",
        card(circle(200_001)),
        flagged=("not_restricted",),
        not_assessed=UNBOUND,
    ),
    Row(
        "a circle round the world",
        card(circle(20_100_000)),
        flagged=("not_restricted",),
        not_assessed=UNBOUND,
    ),
    Row("three provinces", card(divisions("310000", "320000", "330100")), not_assessed=UNBOUND),
    Row(
        "four provinces",
        card(divisions("310000", "320000", "330000", "340100")),
        flagged=("not_restricted",),
        not_assessed=UNBOUND,
    ),
    Row("anywhere, in its own device", card(circle(20_100_000) | {"imei_bind": True})),
    Row(
        "to be bound, and no device",
        card(BOUND, device=None),
        flagged=("no_device_to_bind",),
    ),
    Row("held to a city, and no device", card(divisions("320500"), device=None), not_assessed=UNBOUND),
    Row("the tenth IoT number", card(BOUND), {"iot_numbers": 9}),
    Row("the eleventh", card(BOUND), {"iot_numbers": 10}, flagged=("number_cap",)),
    Row("phone numbers do not count", card(BOUND), {"active_numbers": 400}),
    Row("IoT numbers do not count for a phone", facts={"iot_numbers": 400}, not_assessed=PERSONAL),
    Row(
        "a document number that names nobody",
        card(BOUND),
        {"active_numbers": None},
        not_assessed={"number_cap": "number_malformed"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("iot", row)


def test_an_area_that_is_too_wide_is_said_to_be() -> None:
    (flagged,) = [f for f in run("iot", Row("", card(circle(1e6)))) if f.state is State.FLAGGED]
    assert flagged.cause == "area_too_wide"
    (flagged,) = [f for f in run("iot", Row("", card(None))) if f.state is State.FLAGGED]
    assert flagged.cause is None


counts = st.integers(0, 1000)
radii = st.floats(1, 10_000_000)


@given(counts, counts, radii, radii)
def test_more_numbers_and_wider_areas_never_soften(held: int, more: int, radius: float, wider: float) -> None:
    def asked(numbers: int, radius_m: float) -> Any:
        return worst("iot", Row("", card(circle(radius_m)), {"iot_numbers": numbers}))

    assert asked(held + more, radius + wider) >= asked(held, radius)
