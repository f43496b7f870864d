from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.authority import AuthorityQuery
from simkyc.authority.match import NoAnswerError, asked_of, check_status, fields_of, has_no_record
from simkyc.testing import NOW

ASKED = asked_of(AuthorityQuery("resident_id", "11010519491231002X", "张三"))
KEYS = ["idDocumentMatch", "nameMatch", "nameMatchScore", "idDocument", "name", "x"]
WORDS: list[object] = [
    "true",
    "false",
    "not_available",
    "True",
    "",
    True,
    False,
    None,
    0,
    101,
    [],
    {},
    *ASKED.values(),
]


def read(content: bytes) -> dict[str, str] | None:
    try:
        return dict(fields_of(content, ASKED))
    except NoAnswerError:
        return None


@given(st.binary())
def test_any_bytes_are_an_answer_or_none(content: bytes) -> None:
    read(content)
    has_no_record(content)


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(WORDS)))
def test_only_two_plain_words_are_a_match(said: dict[str, Any]) -> None:
    fields = read(json.dumps(said).encode())
    matches = fields is not None and set(fields.values()) == {"match"}
    assert not matches or (said["idDocumentMatch"], said["nameMatch"]) == ("true", "true")


@given(st.integers(min_value=0, max_value=999), st.text())
def test_no_other_status_is_passed(status: int, retry_after: str) -> None:
    if status in {200, 404}:
        assert check_status(status, {}, NOW) is None  # type: ignore[func-returns-value]  # that it returns nothing is the point
        return
    with pytest.raises(NoAnswerError) as refused:
        check_status(status, {"retry-after": retry_after}, NOW)
    assert refused.value.wait_s is None or refused.value.wait_s >= 0
