from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simkyc
from simkyc.authority import AuthorityAnswer, AuthorityQuery
from simkyc.testing import NOW, FakeAuthority
from simkyc.testing.contracts import AUTHORITY_CHECKS

PERSON = ("11010519491231002X", "张三", date(1949, 12, 31), "female")


def test_a_query_shows_the_kind_of_document_and_nothing_else() -> None:
    assert repr(AuthorityQuery("resident_id", *PERSON)) == "AuthorityQuery(kind='resident_id')"  # type: ignore[arg-type]  # one tuple of several types


@given(st.text(min_size=3), st.text(min_size=3))
def test_whatever_is_asked_is_not_shown(number: str, name: str) -> None:
    assert (
        repr(AuthorityQuery("k", number, name))
        == str(AuthorityQuery("k", "", ""))
        == "AuthorityQuery(kind='k')"
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [(AuthorityQuery("resident_id", "1", "2"), "name"), (AuthorityAnswer("match", NOW), "outcome")],
)
def test_queries_and_answers_do_not_change(value: object, field: str) -> None:
    with pytest.raises(AttributeError):
        setattr(value, field, "other")
    assert not hasattr(value, "__dict__")


def test_what_an_answer_leaves_out() -> None:
    answer = AuthorityAnswer("match", NOW)
    assert (dict(answer.fields), answer.reference, answer.cause) == ({}, None, None)


def test_the_public_names_are_those_of_the_room() -> None:
    assert (simkyc.AuthorityQuery, simkyc.AuthorityAnswer) == (AuthorityQuery, AuthorityAnswer)


@pytest.mark.parametrize("outcome", ["match", "mismatch", "no_record", "unavailable"])
@pytest.mark.parametrize("check", AUTHORITY_CHECKS, ids=lambda check: str(check.__name__))
def test_every_double_keeps_the_contract(check: object, outcome: object) -> None:
    check(FakeAuthority(outcome))  # type: ignore[operator, arg-type]  # outcomes come as plain words
