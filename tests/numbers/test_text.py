"""Characters: the table of what is folded, dropped and refused."""

from __future__ import annotations

import pytest

from simkyc.errors import NumberError
from simkyc.numbers.text import LONGEST, clean, is_digits

FOLDED = [
    ("１２３ＡＢｃ", "123ABC", "full-width, as Chinese input methods give"),
    ("12\u300034", "1234", "ideographic space"),
    ("12\u00a034", "1234", "no-break space, from web pages"),
    ("12\u201334\u22125", "12345", "en dash and minus sign, from word processors"),
    (" \t12\r\n", "12", "a scanner's line end"),
    ("x", "X", "lower case"),
]
REFUSED = [
    ("1\t2", "tab inside: two columns pasted"),
    ("1\n2", "line break inside: two numbers pasted"),
    ("①②", "circled digits: NFKC would fold them"),
    ("１²", "superscript digit"),
    ("𝟏𝟐", "mathematical digits"),
    ("١٢", "Arabic-Indic digits"),
    ("一二", "Chinese numerals"),
    ("1\u200b2", "zero-width space"),
    ("\ufeff12", "byte order mark"),
    ("1\u202e2", "right-to-left override"),
    ("1\u03012", "combining accent"),
    ("\ud83d", "lone surrogate"),
    ("Х", "Cyrillic letter that looks like X"),
    ("Ⅹ", "Roman numeral ten"),
    ("ß", "a letter whose upper case is two letters"),
    ("1\x002", "null character"),
]


@pytest.mark.parametrize(("given", "cleaned", "reason"), FOLDED, ids=[row[-1] for row in FOLDED])
def test_folded(given: str, cleaned: str, reason: str) -> None:
    assert clean(given) == cleaned


@pytest.mark.parametrize(("given", "reason"), REFUSED, ids=[row[-1] for row in REFUSED])
def test_refused(given: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        clean(given)
    assert caught.value.cause == "characters"


def test_length_is_judged_before_anything_else() -> None:
    assert clean("1" * LONGEST) == "1" * LONGEST
    with pytest.raises(NumberError) as caught:
        clean("\u200b" * (LONGEST + 1))
    assert caught.value.cause == "length"


def test_digits_are_ascii() -> None:
    assert is_digits("0123456789")
    assert not any(map(is_digits, ("", "١", "１", "1 ", "-1", "²")))


def test_ideographs_count_only_where_they_are_asked_for() -> None:
    assert clean("军字第 1234 号", ideographs=True) == "军字第1234号"
    for number in ("军1234", "軍1234"):
        with pytest.raises(NumberError):
            clean(number)
    for number in (
        "𠀀1234",
        "⾞1234",
        "か1234",
        "军\u200b1234",
    ):  # beyond the plane, a radical, kana, invisible
        with pytest.raises(NumberError) as caught:
            clean(number, ideographs=True)
        assert caught.value.cause == "characters"
