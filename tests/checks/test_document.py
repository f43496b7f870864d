from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from simkyc.testing import resident_id
from tests.checks.table import Row, assert_row, run

BORN = date(1970, 1, 1)  # of test person 0
UNREAD = {
    "number_checksum": "number_malformed",
    "birth_date_disagrees": "number_malformed",
    "sex_disagrees": "number_malformed",
}
SAME_DAY_LATE_EVENING = datetime(2026, 11, 2, 23, 30, tzinfo=timezone(timedelta(hours=8)))


def document(**changes: object) -> dict[str, object]:
    return {"document": changes}


ROWS = [
    Row("an ordinary card"),
    Row("letters for a number", document(number="hello"), flagged=("number_malformed",), not_assessed=UNREAD),
    Row(
        "a digit missing",
        document(number="32050219700101001"),
        flagged=("number_malformed",),
        not_assessed=UNREAD,
    ),
    Row(
        "31 February",
        document(number="320502197002310017"),
        flagged=("number_malformed",),
        not_assessed=UNREAD,
    ),
    Row(
        "full-width digits are digits",
        document(number="３２０５０２１９７００１０１００１１"[:17] + resident_id(born=BORN)[-1]),
    ),
    Row("lower-case x is X", document(number=resident_id(born=BORN, sequence=7).lower())),
    Row(
        "Arabic-Indic digits are not",
        document(number="٣٢٠٥٠٢١٩٧٠٠١٠١٠٠١١"),
        flagged=("number_malformed",),
        not_assessed=UNREAD,
    ),
    Row(
        "first generation ended in 2013",
        document(number="320502700101001"),
        flagged=("number_malformed",),
        not_assessed=UNREAD,
    ),
    Row(
        "one wrong check digit",
        document(number=resident_id(born=BORN)[:-1] + "0"),
        flagged=("number_checksum",),
        not_assessed={"birth_date_disagrees": "number_malformed", "sex_disagrees": "number_malformed"},
    ),
    Row("an unlisted county", document(number=resident_id("329999", BORN))),
    Row("Hong Kong resident's permit", document(number=resident_id("810000", BORN))),
    Row(
        "number of another birthday",
        document(number=resident_id(born=date(1970, 1, 2))),
        flagged=("birth_date_disagrees",),
    ),
    Row(
        "a woman's number on a man's chip",
        document(number=resident_id(born=BORN, sequence=2)),
        flagged=("sex_disagrees",),
    ),
    Row("valid from today", document(valid_from=date(2026, 11, 2))),
    Row("valid from tomorrow", document(valid_from=date(2026, 11, 3)), flagged=("not_yet_valid",)),
    Row("last day of validity", document(valid_until=date(2026, 11, 2))),
    Row("expired yesterday", document(valid_until=date(2026, 11, 1)), flagged=("expired",)),
    Row("long-term card", document(valid_until=None)),
    Row(
        "the counter's day counts, not UTC's",
        {**document(valid_until=date(2026, 11, 2)), "applied_at": SAME_DAY_LATE_EVENING},
        {"now": SAME_DAY_LATE_EVENING},
    ),
    Row(
        "ends before it begins",
        document(valid_from=date(2018, 5, 1), valid_until=date(2017, 5, 1)),
        flagged=("dates_implausible", "expired"),
    ),
    Row("issued before birth", document(valid_from=date(1960, 1, 1)), flagged=("dates_implausible",)),
    Row(
        "older than anybody",
        document(birth_date=date(1900, 1, 1), number=resident_id(born=date(1900, 1, 1))),
        flagged=("dates_implausible",),
    ),
    Row(
        "born in the future",
        document(birth_date=date(2030, 1, 1), number=resident_id(born=date(2030, 1, 1))),
        flagged=("dates_implausible", "holder_minor"),
    ),
    Row(
        "sixteen today",
        document(birth_date=date(2010, 11, 2), number=resident_id(born=date(2010, 11, 2))),
    ),
    Row(
        "sixteen tomorrow",
        document(birth_date=date(2010, 11, 3), number=resident_id(born=date(2010, 11, 3))),
        flagged=("holder_minor",),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("document", row)


def test_a_minors_age_is_not_in_the_finding() -> None:
    child = Row("", document(birth_date=date(2015, 6, 1), number=resident_id(born=date(2015, 6, 1))))
    minor = next(finding for finding in run("document", child) if finding.reason == "document.holder_minor")
    assert minor.observed is None
