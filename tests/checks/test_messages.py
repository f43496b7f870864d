from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simkyc.checks.messages import QUESTIONS
from simkyc.testing import NOW
from tests.checks.table import Row, assert_row, run


def writing(**changes: Any) -> dict[str, Any]:
    return {"messages": changes}


def unknown(cause: str, *questions: str) -> dict[str, str]:
    return dict.fromkeys(questions, cause)


FRAUD = {"fraud_recipients": 10, "categories": {"fraud": 4, "illegal": 2, "other": 54}}

ROWS = [
    Row("friends"),
    Row("no records are kept", facts={"messages": None}, not_assessed=unknown("no_records", *QUESTIONS)),
    Row("hardly any", facts=writing(sent=19), not_assessed=unknown("too_few", *QUESTIONS)),
    Row("fifty different numbers a day", facts=writing(recipients=1500), flagged=("many_recipients",)),
    Row("one fewer", facts=writing(recipients=1499)),
    Row(
        "in an hour's window a day's worth",
        facts=writing(recipients=50) | {"since": NOW - timedelta(hours=1)},
        flagged=("many_recipients",),
    ),
    Row("greetings at new year", facts=writing(largest_template=99, recipients=99)),
    Row("the same to a hundred", facts=writing(largest_template=100), flagged=("one_template",)),
    Row("a hundred in an hour", facts=writing(busiest_hour=100)),
    Row("one more", facts=writing(busiest_hour=101), flagged=("burst",)),
    Row("nobody answers", facts=writing(recipients=50, replied_share=0.02), flagged=("no_reply",)),
    Row("few were asked", facts=writing(replied_share=0.0), not_assessed=unknown("too_few", "no_reply")),
    Row(
        "nobody knows who answered",
        facts=writing(recipients=50, replied_share=None),
        not_assessed=unknown("not_recorded", "no_reply"),
    ),
    Row(
        "answers are missing",
        facts=writing(recipients=50, replied_share=0.0) | {"outage_hours": 73.0},
        not_assessed=unknown("outage", "no_reply"),
    ),
    Row("links to many", facts=writing(recipients=50, with_link=30), flagged=("links",)),
    Row("numbers to turn to", facts=writing(recipients=50, with_contact=30), flagged=("links",)),
    Row("links to friends", facts=writing(with_link=60)),
    Row(
        "texts are not kept",
        facts=writing(read=0),
        not_assessed=unknown("no_texts", "one_template", "links", "fraud_content", "lexicon", "evasive"),
    ),
    Row("fraud to ten", facts=writing(**FRAUD), flagged=("fraud_content",)),
    Row("to nine", facts=writing(**FRAUD | {"fraud_recipients": 9})),
    Row("a classifier errs now and then", facts=writing(**FRAUD | {"categories": {"fraud": 5}})),
    Row("the operator's words", facts=writing(lexicon={"loan": 6, "refund": 4}), flagged=("lexicon",)),
    Row("now and then", facts=writing(lexicon={"loan": 9})),
    Row("disguised", facts=writing(evasive=5), flagged=("evasive",)),
    Row("playful", facts=writing(evasive=4)),
    Row("five of a thousand", facts=writing(evasive=5, read=1000)),
]


def finish(row: Row) -> Row:
    """Few recipients cannot tell whether anybody answers: said once here instead of in every row."""
    messages = (row.facts or {}).get("messages", {})
    if messages is None or messages.get("sent", 60) < 20 or messages.get("recipients", 12) >= 50:
        return row
    return Row(row.why, {}, row.facts, row.flagged, {"no_reply": "too_few", **row.not_assessed})


ROWS = [finish(row) for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("messages", row)


def test_who_read_the_texts_is_named() -> None:
    for classifier, name in (("sms-1", "sms-1"), (None, "lexicon alone")):
        findings = run("messages", Row("", facts=writing(**FRAUD, classifier=classifier)))
        (found,) = (one for one in findings if one.reason == "messages.fraud_content")
        assert [(one.name, one.value) for one in found.evidence] == [
            ("classifier", name),
            ("fraud", 4.0),
            ("illegal", 2.0),
            ("read", 60.0),
        ]
