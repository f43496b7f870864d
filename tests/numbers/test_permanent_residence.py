"""Permanent-residence cards, made up."""

from __future__ import annotations

import datetime

import pytest

from simkyc.errors import NumberError
from simkyc.numbers import permanent_residence

VALID = [
    ("911124198108030024", datetime.date(1981, 8, 3), "2023 card"),
    ("911124 19810803 0024", datetime.date(1981, 8, 3), "2023 card, grouped"),
    ("USA110081080301", None, "older card"),
    ("usa 1100 8108 0301", None, "older card, lower case and spaces"),
]
INVALID = [
    ("911124198108030025", "checksum", "check digit one more"),
    ("911124198113030024", "date", "month 13"),
    ("911124218108030024", "date", "22nd century"),
    ("320502198001010018", "kind", "a resident ID number"),
    ("811124198108030024", "kind", "a residence permit or resident ID number"),
    ("011124198108030024", "shape", "begins with 0"),
    ("91112419810803002A", "shape", "letter but X in the last place"),
    ("US1110081080301", "shape", "two letters"),
    ("123110081080301", "shape", "digits for the state: a first-generation resident ID number"),
    ("USA11008108030", "length", "14 characters"),
    ("", "length", "empty"),
    ("U\u200bSA110081080301", "characters", "zero-width space"),
]


@pytest.mark.parametrize(("number", "born", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, born: datetime.date | None, reason: str) -> None:
    assert permanent_residence.birth_date(number) == born


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        permanent_residence.validate(number)
    assert caught.value.cause == cause


def test_format() -> None:
    assert permanent_residence.format("911124198108030024") == "911124 19810803 0024"
    assert permanent_residence.format("usa110081080301") == "USA 110081080301"
