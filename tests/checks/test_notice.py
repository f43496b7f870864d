from __future__ import annotations

import hashlib
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import InputError, Notice
from simkyc.notice.hashes import TEXT_SHA256
from simkyc.policy import Policy
from simkyc.testing import NOW, swatch
from tests.checks.parties import GUARDIAN, ORGANISATION, REPRESENTATIVE, child
from tests.checks.table import Row, assert_row, run

CURRENT = Policy.default().notice.current_version
SIGNED_AT = NOW - timedelta(minutes=2)
CHILD, YOUTH, ADULT = date(2015, 6, 1), date(2009, 6, 1), date(1990, 1, 1)
OF_A_SIGNED_NOTICE = (
    "outdated",
    "signed_at_other_time",
    "text_differs",
    "signed_before_shown",
    "signed_by_other",
)
HASH = TEXT_SHA256[CURRENT, "zh-CN"]


def notice(**changes: Any) -> dict[str, Any]:
    """What a counter of today sends."""
    return {"notice": {"text_sha256": HASH, "shown_at": SIGNED_AT - timedelta(minutes=5), **changes}}


def signed(**ago: float) -> dict[str, Any]:
    moment = NOW - timedelta(**ago)
    return notice(signed_at=moment, shown_at=moment - timedelta(minutes=1))


def signer(born: date, who: str, **others: Any) -> dict[str, Any]:
    return child(born, **others) | notice(signed_by=who)


NOT_SENT = {"text_differs": "no_text_hash", "signed_before_shown": "not_timed"}

ROWS = [
    Row("signed two minutes ago", notice()),
    Row("a counter of yesterday sends neither hash nor time of showing", not_assessed=NOT_SENT),
    Row(
        "not signed",
        {"notice": None},
        flagged=("not_signed",),
        not_assessed=dict.fromkeys(OF_A_SIGNED_NOTICE, "not_signed"),
    ),
    Row("a signature pad that sent no bytes", notice(signature={"data": b""}), flagged=("not_signed",)),
    Row("with a picture of the signature", notice(signature={"data": swatch(1)})),
    Row(
        "last year's text",
        notice(version="2025-01", text_sha256=None),
        flagged=("outdated",),
        not_assessed={"text_differs": "no_text_hash"},
    ),
    Row("signed a day ago", signed(hours=24)),
    Row("signed for an earlier application", signed(hours=25), flagged=("signed_at_other_time",)),
    Row("tablet's clock five minutes ahead", signed(minutes=-5)),
    Row("signed tomorrow", signed(hours=-24), flagged=("signed_at_other_time",)),
    Row("the English text", notice(language="en", text_sha256=TEXT_SHA256[CURRENT, "en"])),
    Row("the hash of another language", notice(language="en"), flagged=("text_differs",)),
    Row("another text under this version", notice(text_sha256="0" * 64), flagged=("text_differs",)),
    Row("a text unknown here", notice(version="2025-01"), flagged=("outdated", "text_differs")),
    Row("signed the moment it was shown", notice(shown_at=SIGNED_AT)),
    Row(
        "signed a second before it was shown",
        notice(shown_at=SIGNED_AT + timedelta(seconds=1)),
        flagged=("signed_before_shown",),
    ),
    Row(
        "the same moment in another zone",
        notice(shown_at=SIGNED_AT.astimezone(UTC), signed_at=SIGNED_AT),
    ),
    Row("an adult's guardian", signer(ADULT, "guardian", guardian=GUARDIAN), flagged=("signed_by_other",)),
    Row("a guardian who is not there", signer(CHILD, "guardian"), flagged=("signed_by_other",)),
    Row("a representative who is not there", signer(ADULT, "representative"), flagged=("signed_by_other",)),
    Row("a representative", signer(ADULT, "representative", representative=REPRESENTATIVE)),
    Row("the applicant, though represented", signer(ADULT, "applicant", representative=REPRESENTATIVE)),
    Row(
        "an organisation's handler",
        signer(ADULT, "representative", representative=REPRESENTATIVE, organisation=ORGANISATION),
    ),
    Row("a child", signer(CHILD, "applicant", guardian=GUARDIAN), flagged=("signed_by_other",)),
    Row("a child's guardian", signer(CHILD, "guardian", guardian=GUARDIAN)),
    Row(
        "somebody who acts for a child",
        signer(CHILD, "representative", guardian=GUARDIAN, representative=REPRESENTATIVE),
        flagged=("signed_by_other",),
    ),
    Row("seventeen years old", signer(YOUTH, "applicant", guardian=GUARDIAN)),
    Row("the guardian of somebody seventeen years old", signer(YOUTH, "guardian", guardian=GUARDIAN)),
    Row("sixteen today", signer(date(2010, 11, 2), "applicant")),
    Row("sixteen tomorrow", signer(date(2010, 11, 3), "applicant"), flagged=("signed_by_other",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("notice", row)


def evidence(row: Row) -> dict[str, object]:
    (first, *_) = run("notice", row)
    return {part.name: part.value for part in first.evidence}


def test_what_was_signed_is_evidence_and_the_picture_is_not() -> None:
    picture = swatch(1)
    assert evidence(Row("with a picture", notice(signature={"data": picture}))) == {
        "version": CURRENT,
        "language": "zh-CN",
        "text_sha256": HASH,
        "shown_at": "2026-11-02T09:53:00+08:00",
        "signed_at": "2026-11-02T09:58:00+08:00",
        "signed_by": "applicant",
        "signature_sha256": hashlib.sha256(picture).hexdigest(),
    }


def test_what_was_not_sent_is_no_evidence() -> None:
    assert evidence(Row("yesterday's counter")).keys() == {"version", "language", "signed_at", "signed_by"}
    assert evidence(Row("not signed", {"notice": None})) == {}


@given(late=st.integers(-(10**9), 10**9))
def test_the_later_it_was_shown_the_worse(late: int) -> None:
    row = Row("shown", notice(shown_at=SIGNED_AT + timedelta(microseconds=late)))
    finding = next(each for each in run("notice", row) if each.reason == "notice.signed_before_shown")
    assert (finding.state.value == "flagged") == (late > 0)


@given(text=st.text("0123456789abcdef", min_size=64, max_size=64))
def test_no_other_hash_passes(text: str) -> None:
    finding = next(
        each
        for each in run("notice", Row("hash", notice(text_sha256=text)))
        if each.reason == "notice.text_differs"
    )
    assert (finding.state.value == "passed") == (text == HASH)


def test_a_notice_of_yesterday_still_reads() -> None:
    read = Notice.from_json('{"version": "2026-11", "signed_at": "2026-11-02T09:58:00+08:00"}')
    assert read == Notice(version="2026-11", signed_at=SIGNED_AT)
    assert (read.language, read.signed_by, read.text_sha256) == ("zh-CN", "applicant", None)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, f"{'0' * 64}\n"])
def test_what_is_no_hash_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="text_sha256"):
        Notice(version="2026-11", signed_at=SIGNED_AT, text_sha256=text)
