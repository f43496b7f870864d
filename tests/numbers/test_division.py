"""Division codes and their agreement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import NumberError
from simkyc.numbers import division

AGREEMENTS = [
    ("320502", "320502", "same_county", "equal"),
    ("320502", "320507", "same_city", "two districts of Suzhou"),
    ("320502", "320581", "same_city", "a district and a county-level city"),
    ("320502", "320102", "same_province", "Suzhou and Nanjing"),
    ("320502", "310101", "different", "neighbours, but Shanghai is its own province"),
    ("320502", "440305", "different", "far"),
    ("110101", "110228", "same_city", "municipality: district and county"),
    ("120101", "120221", "same_city", "municipality: Tianjin"),
    ("310101", "310230", "same_city", "municipality: Shanghai"),
    ("500101", "500243", "same_city", "municipality: Chongqing"),
    ("110000", "110105", "same_city", "municipality named as a whole"),
    ("110000", "110000", "same_city", "municipality twice: no county is named"),
    ("320500", "320502", "same_city", "a city's own code"),
    ("320500", "320500", "same_city", "a city's own code twice: no county is named"),
    ("320500", "320100", "same_province", "two cities' own codes"),
    ("320000", "320502", "same_province", "a province's own code"),
    ("320000", "320000", "same_province", "a province's own code twice"),
    ("469005", "469005", "same_county", "county directly under the province, twice"),
    ("469005", "469006", "same_province", "Hainan: Wenchang and Wanning are two cities"),
    ("429004", "429005", "same_province", "Hubei: Xiantao and Qianjiang"),
    ("419001", "410102", "same_province", "Henan: Jiyuan and Zhengzhou"),
    ("659001", "659002", "same_province", "Xinjiang: Shihezi and Aral, far apart"),
    ("460001", "460003", "same_province", "Hainan before 2002"),
    ("460001", "460001", "same_county", "Hainan before 2002, equal"),
    ("460106", "460107", "same_city", "two districts of Haikou"),
    ("442101", "460106", "same_province", "Haikou while it was Guangdong's"),
    ("442101", "440305", "different", "so it is no longer Guangdong"),
    ("510215", "500109", "same_city", "Beibei while it was Sichuan's"),
    ("512301", "500102", "same_city", "Fuling while it was Sichuan's"),
    ("510215", "510104", "different", "so it is no longer Sichuan"),
    ("510104", "510105", "same_city", "Chengdu stayed"),
    ("511423", "511402", "same_city", "1995-97 Chongqing's, since 2000 Meishan's: read as now"),
    ("810000", "440305", "not_comparable", "Hong Kong resident"),
    ("820000", "820000", "not_comparable", "Macao twice says nothing of a home"),
    ("830000", "350102", "not_comparable", "Taiwan resident"),
    ("710000", "320502", "not_comparable", "Taiwan as a division"),
    ("911124", "110105", "not_comparable", "foreigner"),
    ("329999", "320502", "same_province", "a county that no table lists"),
]
NEARNESS = ["not_comparable", "different", "same_province", "same_city", "same_county"]
CODES = st.integers(100_000, 999_999).map(str)


@pytest.mark.parametrize(("a", "b", "level", "reason"), AGREEMENTS, ids=[row[-1] for row in AGREEMENTS])
def test_agreement(a: str, b: str, level: str, reason: str) -> None:
    assert division.agreement(a, b) == level
    assert division.agreement(b, a) == level


@pytest.mark.parametrize(
    ("code", "cause"),
    [("32050", "length"), ("3205021", "length"), ("", "length"), ("32050X", "shape"), ("020502", "shape")],
)
def test_invalid(code: str, cause: str) -> None:
    for a, b in ((code, "320502"), ("320502", code)):
        with pytest.raises(NumberError) as caught:
            division.agreement(a, b)
        assert caught.value.cause == cause


@given(a=CODES, b=CODES)
def test_symmetric_and_nearest_to_itself(a: str, b: str) -> None:
    assert division.agreement(a, b) == division.agreement(b, a)
    assert NEARNESS.index(division.agreement(a, b)) <= NEARNESS.index(division.agreement(a, a)) or (
        division.agreement(a, a) == "not_comparable"
    )


@given(code=CODES, county=st.integers(1, 99))
def test_another_county_of_the_same_city_is_never_nearer_than_the_city(code: str, county: int) -> None:
    other = code[:4] + f"{county:02d}"
    if other != code:
        assert division.agreement(code, other) in {"same_city", "same_province", "not_comparable"}


NAMED = [
    ("320502", 1990, "江苏省苏州市沧浪区", "a county that was merged away"),
    ("320502", 1970, "江苏省苏州市", "before the county had its code"),
    ("320502", 2020, "江苏省苏州市", "after it was merged"),
    ("110105", 2020, "北京市朝阳区", "a municipality's heading is no name"),
    ("429004", 2020, "湖北省仙桃市", "a city directly under its province"),
    ("320000", 2020, "江苏省", "a province"),
    ("320599", 2020, "江苏省苏州市", "a county nobody knows"),
    ("999999", 2020, "", "a code of nowhere"),
]


@pytest.mark.parametrize(("code", "year", "name", "why"), NAMED, ids=[row[3] for row in NAMED])
def test_a_place_has_the_names_of_its_time(code: str, year: int, name: str, why: str) -> None:
    assert division.place(code).full_name(year=year) == name


@given(st.from_regex(r"[1-9][0-9]{5}", fullmatch=True), st.integers(1900, 2100))
def test_any_code_has_a_place_and_no_error(code: str, year: int) -> None:
    assert isinstance(division.place(code).full_name(year=year), str)


@given(st.text(max_size=50))
def test_any_address_names_something_or_nothing(address: str) -> None:
    province, city = division.named_in(address)
    assert city is None or city[:2] == province


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("江苏省苏州市姑苏区平江路1号", ("32", "3205")),
        ("苏州市姑苏区", ("32", "3205")),
        ("上海市浦东新区", ("31", None)),
        ("平江路1号", (None, None)),
        ("", (None, None)),
    ],
    ids=["in full", "without the province", "a municipality", "a street alone", "nothing"],
)
def test_what_an_address_names(address: str, named: tuple[str | None, str | None]) -> None:
    assert division.named_in(address) == named
