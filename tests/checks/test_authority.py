from __future__ import annotations

import pytest

from simkyc.authority import AuthorityAnswer
from simkyc.testing import NOW
from tests.checks.table import Row, assert_row, run

BOTH = ("differs", "no_record")
ROWS = [
    Row("nobody to ask", not_assessed=dict.fromkeys(BOTH, "not_configured")),
    Row("it says yes", facts={"authority": AuthorityAnswer("match", NOW)}),
    Row("it says no", facts={"authority": AuthorityAnswer("mismatch", NOW)}, flagged=("differs",)),
    Row(
        "a soldier: no record is no mismatch",
        facts={"authority": AuthorityAnswer("no_record", NOW)},
        flagged=("no_record",),
        not_assessed={"differs": "no_record"},
    ),
    Row(
        "it is down",
        facts={"authority": AuthorityAnswer("unavailable", NOW)},
        not_assessed=dict.fromkeys(BOTH, "unavailable"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("authority", row)


def test_the_answers_time_stands_in_the_finding() -> None:
    findings = run("authority", Row("", facts={"authority": AuthorityAnswer("match", NOW)}))
    assert {finding.data_as_of for finding in findings} == {NOW}
