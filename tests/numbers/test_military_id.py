"""Military and armed-police IDs, made up."""

from __future__ import annotations

import pytest

from simkyc.errors import NumberError
from simkyc.numbers import military_id

VALID = [
    ("军字第1234567号", "军1234567", "军字第1234567号", False, "officer, as printed"),
    ("军字第 0123456 号", "军0123456", "军字第0123456号", False, "spaces; the leading 0 stays"),
    ("军1234567", "军1234567", "军字第1234567号", False, "typed without 字第 and 号"),
    ("军第1234567", "军1234567", "军字第1234567号", False, "typed with half of it"),
    ("军字第１２３４５６７号", "军1234567", "军字第1234567号", False, "full-width digits"),
    ("士字第123456789号", "士123456789", "士字第123456789号", False, "sergeant"),
    ("兵字第20230012号", "兵20230012", "兵字第20230012号", False, "conscript"),
    ("文字第1234567号", "文1234567", "文字第1234567号", False, "civilian staff"),
    ("南字第123456号", "南123456", "南字第123456号", None, "of a military region, as before 2016"),
    ("海字第012345", "海012345", "海字第012345号", None, "navy"),
    ("空政字第1234号", "空政1234", "空政字第1234号", None, "two ideographs, four digits"),
    ("武字第0123456号", "武0123456", "武字第0123456号", True, "armed police"),
    (
        "武水电字第12345678号",
        "武水电12345678",
        "武水电字第12345678号",
        True,
        "armed police, of a special branch",
    ),
    ("京字第123456号", "京123456", "京字第123456号", None, "armed police of a province: it does not say so"),
    ("军字第A1234567号", "军A1234567", "军字第A1234567号", False, "a letter before the digits"),
    ("军字第12-34567号", "军1234567", "军字第1234567号", False, "hyphen"),
    ("1234567", "1234567", "1234567", None, "digits alone, as some systems keep them"),
    ("m12345678901234", "M12345678901234", "M12345678901234", None, "a letter and 14 digits"),
]
INVALID = [
    ("军字第123号", "shape", "three digits"),
    ("军字第ABCDEFG号", "shape", "no digits"),
    ("12345", "shape", "five digits alone"),
    ("军", "shape", "no number"),
    ("字第号", "shape", "the frame alone"),
    ("字第1234567号字", "shape", "words behind"),
    ("1234567军", "shape", "ideograph behind"),
    ("军12军34567", "shape", "ideograph inside"),
    ("军字第1234567890123456号", "shape", "sixteen digits"),
    ("中国人民解放军字第1234567号", "shape", "the army's name before it"),
    ("军字第0000000号", "dummy", "zeros"),
    ("0000000", "dummy", "zeros alone"),
    ("军字第123456七号", "shape", "a Chinese numeral"),
    ("軍\u200b1234567", "characters", "zero-width space"),
    ("𠀀字第1234567号", "characters", "ideograph beyond the basic plane"),
    ("⾞字第1234567号", "characters", "a radical, no ideograph"),
    ("ぐん1234567", "characters", "kana"),
    ("", "shape", "empty"),
]


@pytest.mark.parametrize(
    ("number", "compact", "shown", "police", "reason"), VALID, ids=[row[-1] for row in VALID]
)
def test_valid(number: str, compact: str, shown: str, police: bool | None, reason: str) -> None:
    assert military_id.validate(number) == compact
    assert military_id.format(number) == shown
    assert military_id.is_armed_police(number) is police


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        military_id.validate(number)
    assert caught.value.cause == cause


def test_the_beginning_is_part_of_the_number() -> None:
    assert military_id.compact("南字第123456号") != military_id.compact("沈字第123456号")
    assert military_id.compact("南字第123456号") != military_id.compact("123456")
