from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from simkyc.testing import resident_id
from tests.checks.table import Row, assert_row

NUMBER = resident_id(born=date(1970, 1, 1))
ON_FORM = {"birth_date_differs": "not_on_form", "sex_differs": "not_on_form"}


def names(form: str, chip: str) -> dict[str, object]:
    return {"applicant": {"name": form}, "document": {"name": chip}}


def addresses(form: str, chip: str) -> dict[str, object]:
    return {"applicant": {"address": form}, "document": {"address": chip}}


ROWS = [
    Row("one address in two ways", addresses("苏州市姑苏区平江路1号", "江苏省苏州市姑苏区平江路1号")),
    Row(
        "moved to another city",
        addresses("江苏省南京市玄武区甲路1号", "江苏省苏州市姑苏区平江路1号"),
        flagged=("address_differs",),
    ),
    Row(
        "moved to another province",
        addresses("广东省深圳市福田区乙路2号", "江苏省苏州市姑苏区平江路1号"),
        flagged=("address_differs",),
    ),
    Row("another street", addresses("丙丁大道88号三单元", "平江路1号"), flagged=("address_differs",)),
    Row(
        "form without birth date and sex",
        {"applicant": {"birth_date": None, "sex": None}},
        not_assessed=ON_FORM,
    ),
    Row("form that repeats them", {}),
    Row(
        "other birth date",
        {"applicant": {"birth_date": date(1970, 1, 2)}},
        flagged=("birth_date_differs",),
    ),
    Row(
        "other sex",
        {"applicant": {"sex": "female"}},
        flagged=("sex_differs",),
    ),
    Row("one other character", names("张伟", "张玮"), flagged=("name_differs",)),
    Row("one character left out", names("张伟", "张伟明"), flagged=("name_differs",)),
    Row("characters swapped", names("伟张", "张伟"), flagged=("name_differs",)),
    Row("traditional for simplified: somebody looks", names("劉乾", "刘乾"), flagged=("name_variant",)),
    Row("a variant character", names("李峯", "李峰"), flagged=("name_variant",)),
    Row("only signs", names("·", "张伟"), flagged=("name_differs",)),
    Row("spaces inside", names("张 伟", "张伟")),
    Row("ideographic space", names("张\u3000伟", "张伟")),
    Row("a minority's name, bullet for middle dot", names("买买提•吐尔逊", "买买提·吐尔逊")),
    Row("katakana middle dot", names("买买提・吐尔逊", "买买提·吐尔逊")),
    Row("hyphenation point", names("买买提‧吐尔逊", "买买提·吐尔逊")),
    Row("full stop for the dot", names("买买提.吐尔逊", "买买提·吐尔逊")),
    Row("dot left out is another name", names("买买提吐尔逊", "买买提·吐尔逊"), flagged=("name_differs",)),
    Row("full-width Latin", names("ＪＯＨＮ　ＳＭＩＴＨ", "John Smith")),
    Row("rare ideograph beyond the basic plane", names("王𠮷", "王𠮷")),
    Row("private-use ideograph of an older system", names("王\ue863", "王\ue863")),
    Row(
        "zero-width space inside",
        names("张\u200b伟", "张伟"),
        flagged=("name_differs", "name_hidden_characters"),
    ),
    Row(
        "right-to-left override",
        names("\u202e张伟", "张伟"),
        flagged=("name_differs", "name_hidden_characters"),
    ),
    Row("digits in a name", names("张伟1", "张伟"), flagged=("name_differs", "name_hidden_characters")),
    Row("an emoji", names("张伟😀", "张伟"), flagged=("name_differs", "name_hidden_characters")),
    Row("Cyrillic that looks Latin", names("Jоhn", "John"), flagged=("name_differs",)),
    Row(
        "number of somebody else",
        {"applicant": {"document_number": "320502199001010014"}},
        flagged=("number_differs",),
    ),
    Row("number typed with spaces", {"applicant": {"document_number": f"{NUMBER[:6]} {NUMBER[6:]}"}}),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    given = {} if "address" in row.application.get("document", {}) else {"address_differs": "not_given"}
    assert_row("real_name", replace(row, not_assessed=given | dict(row.not_assessed)))
