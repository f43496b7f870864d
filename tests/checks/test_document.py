from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from simkyc.numbers import mrz
from simkyc.testing import NOW, resident_id
from tests.checks.table import Row, assert_row, run

BORN = date(1970, 1, 1)  # of test person 0
ZONE = ("zone_malformed", "zone_differs")
UNREAD = {
    "number_checksum": "number_malformed",
    "birth_date_disagrees": "number_malformed",
    "sex_disagrees": "number_malformed",
}
SAME_DAY_LATE_EVENING = datetime(2026, 11, 2, 23, 30, tzinfo=timezone(timedelta(hours=8)))


def document(**changes: object) -> dict[str, object]:
    return {"document": changes}


def zone(
    birth: str = "740812",
    sex: str = "F",
    expiry: str = "320415",
    number: str = "L898902C3",
    name: str = "EXAMPLE<<ANNA",
) -> str:
    """A machine-readable zone of a made-up passport, with check digits that hold."""
    field = f"{number:<<9}{mrz.check_digit(f'{number:<<9}')}"
    dates = f"{birth}{mrz.check_digit(birth)}{sex}{expiry}{mrz.check_digit(expiry)}"
    optional = "<" * 14 + "<"
    whole = field + birth + mrz.check_digit(birth) + expiry + mrz.check_digit(expiry) + optional
    return f"{f'P<UTO{name}':<<44}\n{field}UTO{dates}{optional}{mrz.check_digit(whole)}"


def passport(**changes: object) -> dict[str, object]:
    fields = {
        "kind": "passport",
        "number": "L898902C3",
        "name": "EXAMPLE ANNA",
        "sex": "female",
        "birth_date": date(1974, 8, 12),
        "valid_from": date(2022, 4, 15),
        "valid_until": date(2032, 4, 15),
        "zone": zone(),
    }
    return document(**fields | changes)


ROWS = [
    Row("a passport and its zone", passport()),
    Row("lines scanned as one", passport(zone=zone().replace("\n", ""))),
    Row("a scanner's O for a 0", passport(zone=zone().replace("740812", "74O812"))),
    Row(
        "half a zone",
        passport(zone=zone()[:44]),
        flagged=("zone_malformed",),
        not_assessed={"zone_differs": "zone_malformed"},
    ),
    Row("a zone of another number", passport(zone=zone(number="X1234567")), flagged=("zone_differs",)),
    Row("another birthday", passport(zone=zone(birth="740813")), flagged=("zone_differs",)),
    Row("another end", passport(zone=zone(expiry="330415")), flagged=("zone_differs",)),
    Row("another sex", passport(zone=zone(sex="M")), flagged=("zone_differs",)),
    Row("another name", passport(zone=zone(name="SMITH<<JOHN")), flagged=("zone_differs",)),
    Row("surname first or last", passport(name="Anna Example")),
    Row("a name in Chinese is not comparable", passport(name="测试安娜")),
    Row(
        "an end that only the zone has",
        passport(valid_until=None),
        flagged=("zone_differs", "dates_implausible"),
    ),
    Row(
        "a zone beside what is no number",
        passport(number="号码"),
        flagged=("number_malformed",),
        not_assessed=UNREAD | {"zone_differs": "number_malformed"},
    ),
    Row(
        "a permit's zone without its renewals",
        passport(kind="travel_permit", number="H1234567802", zone=zone(number="H12345678")),
    ),
    Row("a zone on a card that has none", document(zone=zone()), flagged=("zone_differs",)),
    Row("a sex that the zone leaves open", passport(zone=zone(sex="<"))),
    Row("an ordinary card"),
    Row(
        "an officer's card", document(kind="military_id", number="军字第1234567号"), flagged=("read_by_eye",)
    ),
    Row(
        "a permit without end",
        document(kind="residence_permit", number=resident_id("810000", BORN), valid_until=None),
        flagged=("dates_implausible",),
    ),
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
    Row(
        "Hong Kong resident's permit",
        document(kind="residence_permit", number=resident_id("810000", BORN)),
    ),
    Row(
        "a permit taken for a resident's card",
        document(number=resident_id("810000", BORN)),
        flagged=("number_malformed",),
        not_assessed=UNREAD,
    ),
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
    given = {} if row.application.get("document", {}).get("zone") else dict.fromkeys(ZONE, "no_zone")
    assert_row("document", replace(row, not_assessed=given | dict(row.not_assessed)))


def test_a_passport_without_its_zone_is_scanned_again() -> None:
    row = Row(
        "typed from the page",
        passport(zone=None),
        flagged=("zone_malformed",),
        not_assessed={"zone_differs": "zone_malformed"},
    )
    assert_row("document", row)


@pytest.mark.parametrize("hours", [-12, 0, 14])
def test_no_zone_of_the_counters_clock_moves_the_day(hours: int) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=hours)))
    row = Row(
        "expired yesterday",
        {**document(valid_until=date(2026, 11, 1)), "applied_at": elsewhere},
        {"now": elsewhere},
        flagged=("expired",),
        not_assessed=dict.fromkeys(ZONE, "no_zone"),
    )
    assert_row("document", row)


def test_a_minors_age_is_not_in_the_finding() -> None:
    child = Row("", document(birth_date=date(2015, 6, 1), number=resident_id(born=date(2015, 6, 1))))
    minor = next(finding for finding in run("document", child) if finding.reason == "document.holder_minor")
    assert minor.observed is None
