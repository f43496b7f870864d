from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from simkyc.checks.calls import QUESTIONS
from simkyc.testing import NOW
from tests.checks.table import Row, assert_row, run


def calling(**changes: Any) -> dict[str, Any]:
    return {"calls": changes}


def days(count: float) -> dict[str, Any]:
    return {"since": NOW - timedelta(days=count)}


def unknown(cause: str, *questions: str) -> dict[str, str]:
    return dict.fromkeys(questions, cause)


ONE_WAY = {"per_counterpart": 2.0, "outgoing_share": 0.8, "returned_share": 0.1}
THROUGHOUT = {"per_counterpart": 1.3, "outgoing_share": 0.9, "returned_share": 0.1}
WOKEN = {"silent_days": 10, "busiest_day": 30, "other_days": 6.0, "returned_share": 0.1}
RELAY = {"calls": 205, "outgoing": 130, "callers": 5, "returned_share": 0.04}
EVERY_HOUR = {"hours": 20, "night_share": 0.15, "returned_share": 0.1}

ROWS = [
    Row("friends and a few strangers"),
    Row("no records are kept", facts={"calls": None}, not_assessed=unknown("no_records", *QUESTIONS)),
    Row(
        "known to have called nobody",
        facts=calling(calls=0, outgoing=0, per_counterpart=None, outgoing_share=None),
        not_assessed=unknown("too_few", *QUESTIONS),
    ),
    Row("hardly used", facts=calling(outgoing=19), not_assessed=unknown("too_few", *QUESTIONS)),
    Row("twenty different numbers a day", facts=calling(counterparts=580), flagged=("fan_out",)),
    Row("one fewer", facts=calling(counterparts=579)),
    Row("all of it on one day", facts=calling(counterparts=20, days=1), flagged=("fan_out",)),
    Row("to each once or twice, and nobody calls", facts=calling(**ONE_WAY), flagged=("one_way",)),
    Row("a little more to each", facts=calling(**ONE_WAY | {"per_counterpart": 2.01})),
    Row("a little more comes in", facts=calling(**ONE_WAY | {"outgoing_share": 0.79})),
    Row("a courier is called back", facts=calling(**ONE_WAY | {"returned_share": 0.15})),
    Row("to each once", facts=calling(**THROUGHOUT), flagged=("one_way", "one_way_throughout")),
    Row("to each once, and called back", facts=calling(**THROUGHOUT | {"returned_share": 0.15})),
    Row(
        "to each once, and the records do not say who called",
        facts=calling(**THROUGHOUT | {"returned_share": None}),
        flagged=("one_way", "one_way_throughout"),
        not_assessed=unknown("not_recorded", "not_returned", "relay"),
    ),
    Row(
        "twenty calls to nineteen",
        facts=calling(**THROUGHOUT | {"counterparts": 19}),
        not_assessed=unknown("too_few", "one_way", "one_way_throughout", "not_returned", "relay"),
    ),
    Row("nobody picks up", facts=calling(answered_share=0.4), flagged=("unanswered",)),
    Row("many do", facts=calling(answered_share=0.41)),
    Row("everybody hangs up", facts=calling(short_share=0.5), flagged=("short",)),
    Row(
        "records without durations",
        facts=calling(answered_share=None, short_share=None),
        not_assessed=unknown("not_recorded", "unanswered", "short"),
    ),
    Row("nobody calls back", facts=calling(returned_share=0.04), flagged=("not_returned",)),
    Row("somebody does", facts=calling(returned_share=0.05)),
    Row(
        "too short to be called back",
        facts=calling(returned_share=0.0) | days(2),
        not_assessed=unknown("short_window", "not_returned", "round_the_clock", "woken"),
    ),
    Row(
        "records of those who called are missing",
        facts=calling(returned_share=0.0) | {"outage_hours": 73.0},
        not_assessed=unknown("outage", "not_returned", "woken"),
    ),
    Row("a call a minute for an hour", facts=calling(busiest_hour=61), flagged=("burst",)),
    Row("a busy hour", facts=calling(busiest_hour=60)),
    Row("two a minute for ten", facts=calling(busiest_ten_minutes=21), flagged=("burst",)),
    Row("strangers at night", facts=calling(night_share=0.4, returned_share=0.1), flagged=("at_night",)),
    Row(
        "a night watchman calls home",
        facts=calling(night_share=0.9, counterparts=10),
        not_assessed=unknown("too_few", "one_way", "one_way_throughout", "not_returned", "relay"),
    ),
    Row("a taxi at night is called back", facts=calling(night_share=0.5, returned_share=0.3)),
    Row("in shifts", facts=calling(**EVERY_HOUR), flagged=("round_the_clock",)),
    Row("an hour less", facts=calling(**EVERY_HOUR | {"hours": 19})),
    Row("awake now and then", facts=calling(**EVERY_HOUR | {"night_share": 0.14})),
    Row("a hotline is called back", facts=calling(**EVERY_HOUR | {"returned_share": 0.15})),
    Row(
        "when they called is not known",
        facts=calling(night_share=None),
        not_assessed=unknown("not_recorded", "at_night", "round_the_clock"),
    ),
    Row("awakened", facts=calling(**WOKEN), flagged=("woken",)),
    Row("a traveller is back, and called back", facts=calling(**WOKEN | {"returned_share": 0.15})),
    Row("not silent for long", facts=calling(**WOKEN | {"silent_days": 9})),
    Row("not so many", facts=calling(**WOKEN | {"busiest_day": 29})),
    Row("as on the days before", facts=calling(**WOKEN | {"other_days": 6.1})),
    Row(
        "ten days cannot show ten days of silence",
        facts=calling(**WOKEN) | days(10),
        not_assessed=unknown("short_window", "woken"),
    ),
    Row(
        "busiest on the first day",
        facts=calling(**WOKEN | {"other_days": None}),
        not_assessed=unknown("short_window", "woken"),
    ),
    Row(
        "silent because the network was",
        facts=calling(**WOKEN) | {"outage_hours": 200.0},
        not_assessed=unknown("outage", "woken", "not_returned"),
    ),
    Row("a relay", facts=calling(**RELAY), flagged=("relay", "not_returned")),
    Row(
        "a driver whom the office calls, and customers too", facts=calling(**RELAY | {"returned_share": 0.2})
    ),
    Row("called by more", facts=calling(**RELAY | {"callers": 6}), flagged=("not_returned",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("calls", row)


def named(row: Row, reason: str) -> Iterable[tuple[str, object]]:
    (finding,) = (one for one in run("calls", row) if one.reason == f"calls.{reason}")
    return [(one.name, one.value) for one in finding.evidence]


def test_one_way_says_what_else_it_rests_on() -> None:
    row = Row("", facts=calling(**THROUGHOUT))
    assert named(row, "one_way") == [("outgoing_share", 0.9), ("returned_share", 0.1)]


def test_what_is_called_back_says_why_it_passes() -> None:
    findings = run("calls", Row("", facts=calling(**THROUGHOUT | {"returned_share": 0.5})))
    assert [one.cause for one in findings if "one_way" in one.reason] == ["called_back", "called_back"]
