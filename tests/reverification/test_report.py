"""The report of a job: its figures against plain counting, what it names and what not, and its page in a browser."""

from __future__ import annotations

import itertools
import json
import re
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simkyc.errors import InputError
from simkyc.faces import DlibFaceEngine
from simkyc.faces.calibration import Calibration, CalibrationPoint, shipped
from simkyc.reverification.drift import GRID, LEAST_SHIFT, PLACES, Counted, drift_of
from simkyc.reverification.report import CardRun, Counts, JobFacts, Report, make_report
from simkyc.reverification.report_charts import timeline
from simkyc.reverification.report_page import reason_words, render
from simkyc.reverification.shares import above, adjusted, share_of
from simkyc.reverification.verdict_rows import SCHEMA
from simkyc.verdict import DECISION_WORDS, Decision
from tests.browser import WIDTHS, needs_browser, shown
from tests.reverification.made_verdicts import (
    ACCEPT,
    DARK,
    FAR,
    FIRST,
    HOT,
    HOT_CLERK,
    JOB,
    REVIEW,
    STACK,
    finding,
    made,
    measure,
    row,
    write,
)

REJECTS = (
    (5, "applied_at", "no_zone", "Write times with their zone."),
    (12, "applied_at", "no_zone", "Write times with their zone."),
    (77, "application_id", "duplicate", "Give every application its own id."),
    (90, None, "truncated", "<b>The file ends early</b>"),
)
ROWS = made()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "run[1]*"  # no pattern, but a name
    folder.mkdir()
    names = ("source_no", "column", "cause", "advice")
    lines = [
        json.dumps(dict(zip(names, one, strict=True)) | {"where": f"file 1 line {one[0]}"}) for one in REJECTS
    ]
    # the last line was cut off when the job was killed
    (folder / "rejects.jsonl").write_text("\n".join([*lines, '{"source_no": 91, "wh']), encoding="utf-8")
    write(ROWS, folder)
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return make_report(folder / "verdicts.parquet", job=JOB, rejects=folder / "rejects.jsonl")


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return render(report)


@pytest.fixture
def of(tmp_path: Path) -> Callable[..., Report]:
    """The report of some rows."""

    def made_of(*rows: dict[str, Any], job: JobFacts = JOB) -> Report:
        return make_report(write(list(rows), tmp_path), job=job, rejects=None)

    return made_of


# --- figures, against counting in plain Python


def flagged(one: dict[str, Any]) -> set[str]:
    return {
        found["reason"]
        for found in one["findings"]
        if found["state"] == "flagged" and found["decision"] != "accept"
    }


def not_accepted(rows: list[dict[str, Any]]) -> int:
    return sum(one["decision"] != "accept" for one in rows)


def test_the_headline(report: Report) -> None:
    counted = Counter(one["decision"] for one in ROWS)
    assert report.decisions == Counts(**counted)
    assert report.openings == report.decisions.total == len(ROWS)
    assert report.not_accepted == share_of(not_accepted(ROWS), len(ROWS))
    assert report.flagged == sum(bool(flagged(one)) for one in ROWS)
    assert report.only_unassessed == sum(one["decision"] != "accept" and not flagged(one) for one in ROWS)
    assert report.silent_alerts == sum(one["silent_alert"] for one in ROWS)
    assert report.first_at == min(one["decided_at"] for one in ROWS)
    assert report.last_at == max(one["decided_at"] for one in ROWS)


def test_decisions_and_reasons_by_week_in_china(report: Report) -> None:
    def week(one: dict[str, Any]) -> date:
        day = (one["decided_at"] + timedelta(hours=8)).date()
        return date.fromordinal(day.toordinal() - day.weekday())

    by_week = {
        first: Counter(one["decision"] for one in ROWS if week(one) == first)
        for first in set(map(week, ROWS))
    }
    assert report.span == "week"
    assert {one.first_day: one.decisions for one in report.periods} == {
        first: Counts(**counted) for first, counted in by_week.items()
    }
    days = [one.first_day for one in report.periods]
    assert days == sorted(days)
    for one in report.reasons:
        found = [row for row in ROWS if one.reason in flagged(row)]
        assert one.flagged == len(found)
        assert one.by_period == tuple(sum(week(row) == first for row in found) for first in days)


@pytest.mark.parametrize(
    ("days", "span", "periods"),
    [
        pytest.param(0, "day", 1, id="one day"),
        pytest.param(62, "day", 2, id="the longest by day"),
        pytest.param(63, "week", 2, id="by week"),
        pytest.param(733, "month", 2, id="by month"),
        pytest.param(3661, "year", 2, id="by year"),
    ],
)
def test_how_time_is_told(of: Callable[..., Report], days: int, span: str, periods: int) -> None:
    found = of(row(1), row(2, decided_at=FIRST + timedelta(days=days)))
    assert (found.span, len(found.periods)) == (span, periods)


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        pytest.param(15, date(2026, 7, 1), id="one hour before midnight in China"),
        pytest.param(16, date(2026, 7, 2), id="midnight in China"),
    ],
)
def test_days_are_those_of_china(of: Callable[..., Report], hour: int, day: date) -> None:
    assert [one.first_day for one in of(row(1, decided_at=FIRST.replace(hour=hour))).periods] == [day]


def test_what_was_flagged_noted_and_not_assessed_stays_apart(of: Callable[..., Report]) -> None:
    reason = "openings.repeat"
    found = of(
        row(
            1,
            decision="review",
            findings=[finding(reason, "review", subject=one) for one in ("applicant", "guardian")],
        ),
        row(2, findings=[finding(reason, "accept")]),
        row(3, decision="review", findings=[finding(reason, "review", "not_assessed", cause="no_key")]),
        row(
            4,
            findings=[
                finding(reason, "accept", "not_assessed", cause="no_key", subject=subject)
                for subject in ("applicant", "guardian")
            ],
        ),
    )
    (one,) = found.reasons
    assert (one.flagged, one.noted, one.not_assessed) == (1, 1, 1)
    (cause,) = found.not_assessed
    assert (cause.cause, cause.openings.count, cause.openings.of, cause.weighing) == ("no_key", 2, 4, 1)


@pytest.mark.parametrize(("before", "after"), [("decision_then", "decision"), ("decision", "other_decision")])
def test_the_matrices(report: Report, before: str, after: str) -> None:
    matrix = report.since_then if before == "decision_then" else report.compared
    assert matrix is not None
    both = [(one[before], one[after]) for one in ROWS if one[before] and one[after]]
    assert {(str(cell.before), str(cell.after)): cell.count for cell in matrix.cells} == Counter(both)
    assert matrix.openings == len(both)
    worse = sum(Decision(after) > Decision(before) for before, after in both)
    better = sum(Decision(after) < Decision(before) for before, after in both)
    assert (matrix.worse.count, matrix.better.count) == (worse, better)
    for cell in matrix.cells:
        ids = [
            one["application_id"]
            for one in ROWS
            if (one[before], one[after]) == (str(cell.before), str(cell.after))
        ]
        shown = [one.application_id for one in cell.examples]
        assert shown == ([] if cell.before is cell.after else ids[:5])


def test_the_reasons_that_made_the_difference(of: Callable[..., Report]) -> None:
    follows = finding("face.uncertain", "retry", "not_assessed", cause="live_photo")
    dark = finding("photo.live_dark", "retry")
    found = of(
        row(
            1,
            decision="retry",
            decision_then="accept",
            findings=[dark, follows],
            reasons=["photo.live_dark", "face.uncertain"],
            other_decision="accept",
            other_reasons=[],
        ),
        row(2, decision_then="accept", other_decision="review", other_reasons=["openings.repeat"]),
        row(
            3,
            decision="review",
            decision_then="accept",
            findings=[finding("authority.differs", "review", "not_assessed", cause="unavailable")],
            reasons=["authority.differs"],
            other_decision="review",
            other_reasons=["authority.differs"],
        ),
    )
    assert found.since_then is not None
    assert found.compared is not None
    then = {
        str(cell.after): [(one.reason, one.assessed) for one in cell.reasons]
        for cell in found.since_then.cells
    }
    assert then == {
        "accept": [],
        "retry": [("photo.live_dark", True)],
        "review": [("authority.differs", False)],
    }
    other = {
        (str(cell.before), str(cell.after)): [one.reason for one in cell.reasons]
        for cell in found.compared.cells
    }
    assert other == {
        ("accept", "review"): ["openings.repeat"],
        ("retry", "accept"): ["photo.live_dark"],
        ("review", "review"): [],
    }


def test_distances_and_the_thresholds(report: Report) -> None:
    seen = [one["observed"] for row in ROWS for one in row["measures"] if one["reason"] == "face.uncertain"]
    found = report.distances
    assert found is not None
    assert (found.comparisons, sum(found.bins)) == (len(seen), len(seen))
    assert (found.accept_distance, found.review_distance) == (ACCEPT, REVIEW)
    assert found.median == pytest.approx(statistics.median(seen), abs=GRID)
    assert found.different.count == pytest.approx(sum(one > REVIEW for one in seen), abs=2)  # on the grid
    assert found.uncertain.count == pytest.approx(sum(ACCEPT < one <= REVIEW for one in seen), abs=8)


def test_thresholds_that_the_job_does_not_know_are_read_from_the_findings(of: Callable[..., Report]) -> None:
    rows = [
        row(
            number, measures=[measure("face.uncertain", 0.5, 0.6), measure("face.different_person", 0.5, 0.7)]
        )
        for number in (1, 2)
    ]
    rows.append(row(3, measures=[measure("face.uncertain", 0.9, 0.8)]))
    found = of(*rows, job=JOB.model_copy(update={"accept": None, "review": None})).distances
    assert found is not None
    assert (found.accept_distance, found.review_distance) == (0.6, 0.7)
    assert (found.comparisons, found.other_limits) == (2, 1)


@pytest.mark.parametrize("kind", ["store", "dealer", "clerk"])
def test_every_actor_is_counted(report: Report, kind: str) -> None:
    (found,) = (one for one in report.stand_out if one.kind == kind)
    by_actor: dict[str, list[dict[str, Any]]] = {}
    for one in ROWS:
        if one[f"{kind}_id"]:
            by_actor.setdefault(one[f"{kind}_id"], []).append(one)
    assert found.number == found.tested == len(by_actor)
    assert {one.actor_id: one.not_accepted for one in found.busiest} == {
        actor: share_of(not_accepted(rows), len(rows)) for actor, rows in by_actor.items()
    }
    p_values = stats.false_discovery_control(
        [
            stats.binomtest(
                one.not_accepted.count, one.not_accepted.of, report.not_accepted.share, alternative="greater"
            ).pvalue
            for one in found.busiest
        ]
    )
    assert [one.p_value for one in found.busiest] == pytest.approx(p_values.tolist())
    assert report.not_accepted.share is not None
    standing = {
        one.actor_id
        for one, p_value in zip(found.busiest, p_values, strict=True)
        if p_value <= 0.05 and (one.not_accepted.low or 0) > report.not_accepted.share
    }
    assert {one.actor_id for one in found.first} == standing
    assert found.found == len(standing)


def test_who_stands_out_is_named_with_reasons(report: Report) -> None:
    stores, _, clerks = report.stand_out
    assert {HOT, DARK} <= {one.actor_id for one in stores.first}
    assert {one.actor_id: one.store_id for one in clerks.first}[HOT_CLERK] == "store-09"
    (dark,) = (one for one in stores.first if one.actor_id == DARK)
    rows = [one for one in ROWS if one["store_id"] == DARK]
    assert dark.reasons[0].reason == "photo.live_dark"
    assert dark.reasons[0].openings == sum("photo.live_dark" in flagged(one) for one in rows)
    assert all(one.reason != "face.uncertain" or one.assessed for one in dark.reasons)


def test_of_stores_that_are_all_alike_none_stands_out() -> None:
    random = np.random.default_rng(3)
    named = 0
    for _ in range(20):
        counts = random.binomial(200, 0.1, size=500)
        named += int(above(counts, np.full(500, 200), 0.1)[1].sum())
    # By the interval alone it would be about 250 of these 10,000.
    assert named <= 3


@pytest.mark.parametrize(
    ("openings", "tested"),
    [pytest.param(9, 1, id="too few to be tested"), pytest.param(10, 2, id="just enough")],
)
def test_small_stores(of: Callable[..., Report], openings: int, tested: int) -> None:
    small = [row(n, store_id="small", decision="refuse") for n in range(openings)]
    found = of(*small, *(row(n) for n in range(100, 300))).stand_out[0]
    assert (found.number, found.tested, found.found) == (2, tested, tested - 1)
    (actor,) = (one for one in found.busiest if one.actor_id == "small")
    assert (actor.p_value is None, actor.stands_out) == (tested == 1, tested == 2)


@pytest.mark.parametrize(("count", "of"), [(0, 1), (1, 1), (5, 100), (999, 1000)])
def test_wilson_intervals(count: int, of: int) -> None:
    found, z = share_of(count, of), 1.959963984540054
    share = count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half), abs=1e-12)


# --- cards in a row


def card(number: int, serial: int, minutes: float, **fields: Any) -> dict[str, Any]:
    return row(
        number,
        iccid=f"{8986000000000000000 + serial}0",
        decided_at=FIRST + timedelta(minutes=minutes),
        **fields,
    )


@pytest.mark.parametrize(
    ("cards", "runs"),
    [
        pytest.param([card(n, n, n) for n in range(1, 6)], [(5, "up")], id="off the stack"),
        pytest.param([card(n, -n, n) for n in range(1, 6)], [(5, "down")], id="from below"),
        pytest.param([card(n, n, 0) for n in range(1, 6)], [(5, "up")], id="all in one second: one run"),
        pytest.param([card(n, n, n) for n in range(1, 3)], [], id="two are no run"),
        pytest.param([card(n, 2 * n, n) for n in range(1, 6)], [], id="every other card"),
        pytest.param(
            [card(n, serial, n) for n, serial in enumerate((3, 1, 5, 2, 4))], [], id="customers who choose"
        ),
        pytest.param(
            [card(n, n, n, store_id=f"store-{n % 2}") for n in range(1, 7)], [], id="of two stores in turn"
        ),
        pytest.param([card(n, n, 1440 * n) for n in range(1, 6)], [], id="one a day"),
        pytest.param(
            [card(n, n, n, application_id="same") for n in range(1, 6)], [], id="of one application"
        ),
        pytest.param([card(n, n, n, kind="loss_report") for n in range(1, 6)], [], id="no openings"),
        pytest.param(
            [*(card(n, n, n) for n in range(1, 5)), card(9, 2, 9)], [(4, "up")], id="a card that came back"
        ),
        pytest.param(
            [*(card(n, n, n) for n in range(1, 4)), *(card(n, n, n) for n in range(5, 9))],
            [(4, "up"), (3, "up")],
            id="two runs, the longest first",
        ),
        pytest.param(
            [row(n, iccid=f"89860{'A' * 14}{n}") for n in range(1, 6)], [], id="letters in the number"
        ),
        pytest.param(
            [row(n, iccid=f"{'9' * 18}{n}0") for n in range(1, 6)], [(5, "up")], id="the largest numbers"
        ),
    ],
)
def test_runs_of_cards(
    of: Callable[..., Report], cards: list[dict[str, Any]], runs: list[tuple[int, str]]
) -> None:
    found = of(*cards)
    assert [(one.cards, one.direction) for one in found.runs] == runs
    assert found.runs_found == len(runs)


def test_the_longest_run_is_told(report: Report) -> None:
    assert report.runs[0] == CardRun(
        store_id=STACK,
        day=date(2026, 8, 10),
        cards=12,
        applications=12,
        clerks=1,
        not_accepted=0,
        first_iccid="89860000000070000000",
        last_iccid="89860000000070000111",
        first_application_id="app-006001",
        minutes=22.0,
        direction="up",
    )
    assert report.runs_found == 1


def test_only_the_twenty_longest_runs_are_told(of: Callable[..., Report]) -> None:
    cards = itertools.chain.from_iterable(
        [card(100 * run + n, 1000 * run + n, n, store_id=f"store-{run}") for n in range(3 + run % 2)]
        for run in range(25)
    )
    found = of(*cards)
    assert found.runs_found == 25
    assert [one.cards for one in found.runs] == [4] * 12 + [3] * 8


# --- photos


def test_photos_by_store(report: Report) -> None:
    found = report.photos
    assert found is not None
    assert [one.store_id for one in found.stores if one.differs] == [DARK]
    assert found.differing == 1
    dark = found.stores[0]
    rows = [one for one in ROWS if one["store_id"] == DARK]
    bad = sum(any(code.startswith("photo.") for code in flagged(one)) for one in rows)
    assert (dark.flagged.count, dark.flagged.of) == (bad, len(rows))
    for reason, median in dark.medians.items():
        seen = [m["observed"] for one in rows for m in one["measures"] if m["reason"] == reason]
        assert median == pytest.approx(statistics.median_low(seen), rel=0.005)
    for one in found.measures:
        seen = [m["observed"] for row in ROWS for m in row["measures"] if m["reason"] == one.reason]
        assert one.median == pytest.approx(statistics.median_low(seen), rel=0.005)
        assert one.measured == len(seen)
        assert one.flagged.count == sum(one.reason in flagged(row) for row in ROWS)


def test_a_median_is_of_one_limit(of: Callable[..., Report]) -> None:
    rows = [row(n, measures=[measure("photo.live_turned", 10.0, 25.0)]) for n in (1, 2)]
    found = of(*rows, row(3, measures=[measure("photo.live_turned", 99.0, 40.0)])).photos
    assert found is not None
    (one,) = found.measures
    assert (one.median, one.limit, one.measured, one.flagged.of) == (10.0, 25.0, 2, 3)


# --- drift


def counted(distances: Any) -> Counted:
    return np.bincount(np.round(np.asarray(distances) / GRID).astype(int), minlength=PLACES)


def stores_of(shifts: dict[str, float], each: int, seed: int) -> dict[str, Counted]:
    random = np.random.default_rng(seed)
    return {name: counted(random.normal(0.5 + shift, 0.06, each)) for name, shift in shifts.items()}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("each", [50, 2000])
def test_stores_of_one_distribution_do_not_drift(seed: int, each: int) -> None:
    stores = stores_of({f"store-{number}": 0.0 for number in range(40)}, each, seed)
    found = drift_of(sum(stores.values(), np.zeros(PLACES, np.int64)), stores.items(), None)
    assert found is not None
    assert (found.stores, found.from_everybody) == (40, ())


@pytest.mark.parametrize("shift", [0.05, -0.05], ids=["further", "nearer"])
@pytest.mark.parametrize("seed", range(5))
def test_a_store_that_moved_is_named_with_how_far(seed: int, shift: float) -> None:
    stores = stores_of({"moved": shift} | {f"store-{number}": 0.0 for number in range(40)}, 200, seed)
    found = drift_of(sum(stores.values(), np.zeros(PLACES, np.int64)), stores.items(), None)
    assert found is not None
    (one,) = found.from_everybody
    assert one.store_id == "moved"
    assert one.shift == pytest.approx(shift, abs=0.02)


def test_the_test_is_that_of_kolmogorov_and_smirnov() -> None:
    random = np.random.default_rng(5)
    own, others = (
        np.round(random.normal(mean, 0.06, number), 3) for mean, number in ((0.55, 80), (0.5, 900))
    )
    found = drift_of(counted(np.concatenate((own, others))), [("store", counted(own))], None)
    expected = stats.ks_2samp(own, others, method="asymp")
    assert found is not None
    (one,) = found.from_everybody
    assert one.difference == pytest.approx(expected.statistic, abs=1e-4)
    assert one.p_value == pytest.approx(expected.pvalue)


def test_what_moved_by_less_than_matters_is_not_named() -> None:
    stores = stores_of(
        {"moved": LEAST_SHIFT / 2} | {f"store-{number}": 0.0 for number in range(5)}, 20_000, 1
    )
    found = drift_of(sum(stores.values(), np.zeros(PLACES, np.int64)), stores.items(), None)
    assert found is not None
    assert found.from_everybody == ()


def test_too_few_comparisons_are_not_held_against_a_store() -> None:
    stores = stores_of({"store-1": 0.0, "store-2": 0.0}, 5000, 1) | stores_of({"small": 0.3}, 49, 2)
    found = drift_of(sum(stores.values(), np.zeros(PLACES, np.int64)), stores.items(), None)
    assert found is not None
    assert (found.stores, found.from_everybody) == (2, ())


def calibration(median: float) -> Calibration:
    """One person's distances are normal around `median`."""
    rates = ((1e-4, 0.0), (1e-3, 0.06), (1e-2, 0.12))
    return Calibration(
        engine_id="test/1",
        domain="chip-live",
        data="made up",
        people=1000,
        genuine_pairs=1000,
        impostor_pairs=100_000,
        points=tuple(
            CalibrationPoint(
                false_match_rate=rate,
                distance=median + further,
                distance_low=median + further,
                distance_high=median + further,
                false_non_match_rate=float(stats.norm.sf(further / 0.06)),
                false_non_match_rate_low=0,
                false_non_match_rate_high=1,
            )
            for rate, further in rates
        ),
    )


@pytest.mark.parametrize(
    ("median", "named"),
    [
        pytest.param(0.50, [], id="as the calibration says"),
        pytest.param(0.45, ["store-0", "store-1", "store-2"], id="all further than it says"),
    ],
)
def test_stores_are_held_against_the_calibration(median: float, named: list[str]) -> None:
    stores = stores_of({f"store-{number}": 0.0 for number in range(3)}, 1000, 7)
    everybody = sum(stores.values(), np.zeros(PLACES, np.int64))
    found = drift_of(everybody, stores.items(), calibration(median))
    assert found is not None
    assert sorted(one.store_id for one in found.from_calibration) == named
    assert all(one.shift == pytest.approx(0.5 - median, abs=0.01) for one in found.from_calibration)
    assert found.calibration_beyond == 0.5
    assert found.beyond == pytest.approx(float(stats.norm.sf((median - 0.5) / 0.06)), abs=0.03)


def test_the_one_store_that_moved_is_in_the_report(report: Report) -> None:
    assert report.drift is not None
    assert [one.store_id for one in report.drift.from_everybody] == [FAR]
    assert report.drift.from_everybody[0].shift == pytest.approx(0.06, abs=0.02)


def test_the_calibration_that_ships_can_be_held_against(of: Callable[..., Report]) -> None:
    rows = [row(n, measures=[measure("face.uncertain", 0.4, ACCEPT)]) for n in range(1, 61)]
    ours = shipped(DlibFaceEngine().engine_id, "chip-live")
    job = JOB.model_copy(update={"calibration": ours})
    found = of(*rows, job=job)
    assert found.drift is not None
    assert found.drift.calibration_id == ours.calibration_id
    assert [one.store_id for one in found.drift.from_calibration] == ["store-01"]
    assert "与标定相比" in render(found)
    assert "Off the calibration are 1 of 1 stores: it does not fit here" in render(found)


def test_no_p_values_are_no_fault() -> None:
    assert adjusted(np.zeros(0)).size == 0


# --- rows set aside


def test_rows_set_aside(report: Report) -> None:
    assert [(one.cause, one.column, one.rows, one.where) for one in report.set_aside] == [
        ("no_zone", "applied_at", 2, ("file 1 line 5", "file 1 line 12")),
        ("duplicate", "application_id", 1, ("file 1 line 77",)),
        ("truncated", None, 1, ("file 1 line 90",)),
    ]


@pytest.mark.parametrize(
    "text", ["", None, "\n", "not json\n"], ids=["empty", "absent", "a blank", "no JSON"]
)
def test_nothing_set_aside(tmp_path: Path, text: str | None) -> None:
    rejects = tmp_path / "rejects.jsonl"
    if text is not None:
        rejects.write_text(text, encoding="utf-8")
    assert make_report(write([row(1)], tmp_path), job=JOB, rejects=rejects).set_aside == ()


# --- edges


NOTHING = dict.fromkeys(SCHEMA.names)
ODD: dict[str, list[dict[str, Any]]] = {
    "no row": [],
    "one row": [row(1)],
    "one row of nothing": [NOTHING],
    "many rows of nothing": [NOTHING] * 100,
    "all refused": [row(n, decision="refuse", reasons=["openings.number_cap"]) for n in range(1, 30)],
    "decisions that nobody knows": [row(n, decision="maybe", decision_then="approved") for n in (1, 2)],
    "reasons that nobody knows": [
        row(1, decision="review", findings=[finding("new.reason", "review")], reasons=["new.reason"])
    ],
    "no measure of a photo": [row(1, measures=[measure("photo.live_dark", 0.0, None)])],
    "a face at the same place": [row(1, measures=[measure("face.uncertain", 0.0, None)])],
    "nonsense for a distance": [row(1, measures=[measure("face.uncertain", -3.0, 0.6)])],
    "the longest identifier": [
        row(n, store_id="S" * 64, clerk_id="C" * 64, application_id="A" * 64, decision="refuse")
        for n in range(1, 30)
    ]
    + [row(n) for n in range(100, 1000)],
    "far away in time": [
        row(1, decided_at=datetime(1970, 1, 1, tzinfo=UTC)),
        row(2, decided_at=datetime(2199, 12, 31, tzinfo=UTC)),
    ],
}


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_odd_tables_have_a_report_and_a_page(of: Callable[..., Report], rows: list[dict[str, Any]]) -> None:
    found = of(*rows)
    assert found.openings == found.decisions.total == len(rows)
    assert Report.from_json(found.model_dump_json()) == found
    shown = Shown(render(found))
    assert shown.open == []
    assert f"{len(rows):,}" in shown.texts


def test_no_row_says_so(of: Callable[..., Report]) -> None:
    found = of(job=JOB.model_copy(update={"rows_set_aside": 0}))
    assert (found.not_accepted.share, found.since_then, found.distances, found.drift) == (None,) * 4
    assert "没有需要优先处理的情况。" in " ".join(Shown(render(found)).texts)


def test_a_folder_of_parts_is_as_one_file(tmp_path: Path, report: Report) -> None:
    for place in range(3):
        (tmp_path / f"part={place}").mkdir()
        write(ROWS[place::3], tmp_path / f"part={place}")
    parts = make_report(tmp_path, job=JOB, rejects=None)
    assert parts == report.model_copy(update={"set_aside": ()})


def test_the_order_of_rows_changes_nothing(tmp_path: Path, report: Report) -> None:
    assert make_report(write(ROWS[::-1], tmp_path), job=JOB, rejects=None) == report.model_copy(
        update={"set_aside": ()}
    )


@pytest.mark.parametrize("content", [b"", b"PAR1 nothing", None], ids=["empty", "damaged", "absent"])
def test_verdicts_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "verdicts.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as raised:
        make_report(path, job=JOB, rejects=None)
    assert str(tmp_path) not in str(raised.value)


def test_the_json_is_read_back(report: Report) -> None:
    assert Report.from_json(report.model_dump_json()) == report


# --- the page


class Shown(HTMLParser):
    """What stands on a page: its texts, its attributes, and elements that were not closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(" ".join(data.split()))


def test_the_same_report_gives_the_same_page(report: Report, page: str) -> None:
    assert render(Report.from_json(report.model_dump_json())) == page


def test_it_asks_no_other_machine(page: str) -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert not re.search(r"https?:|//|@import|<script|<link|<img|<iframe", page.replace("xmlns", ""))
    links = [value for _, name, value in Shown(page).attributes if name in {"href", "xlink:href", "src"}]
    assert links
    assert all(value.startswith("#") for value in links)
    assert set(re.findall(r"url\((.)", page)) == {"#"}


def test_every_link_leads_to_one_place(page: str) -> None:
    attributes = Shown(page).attributes
    ids = Counter(value for _, name, value in attributes if name == "id")
    assert set(ids.values()) == {1}
    assert {value[1:] for _, name, value in attributes if name.endswith("href")} <= set(ids)
    assert set(re.findall(r"url\(#([^)]*)\)", page)) <= set(ids)


def test_what_matters_stands_on_it(report: Report, page: str) -> None:
    shown = " ".join(Shown(page).texts)
    for decision in Decision:
        assert all(word in shown for word in DECISION_WORDS[decision].values())
    for code in ("photo.live_dark", "openings.number_cap"):
        assert all(word in shown for word in reason_words(code))
    refused = sum(one["decision_then"] == "accept" and one["decision"] == "refuse" for one in ROWS)
    for said in (
        f"{refused} 笔当时通过，现应拒绝",
        f"{len(ROWS):,}",
        *(HOT, HOT_CLERK, DARK, FAR, STACK, "89860000000070000000"),
        *(JOB.policy_name, JOB.policy_id, "candidate 2026-10"),
        *("Benjamini-Hochberg", "Wilson", "Kolmogorov-Smirnov", "0.615", "0.713"),
        *("已全部完成", "complete", "Write times with their zone.", "<b>The file ends early</b>"),
    ):
        assert said in shown, said


def test_a_run_that_was_stopped_says_so_first(folder: Path) -> None:
    job = JOB.model_copy(update={"complete": False})
    stopped = render(make_report(folder / "verdicts.parquet", job=job, rejects=None))
    assert "stopped early: a partial result" in stopped
    first = stopped.index('<ul class="first">')
    assert stopped.index("任务未完成") - first < 120


def test_what_looks_like_markup_is_text(of: Callable[..., Report]) -> None:
    evil = "</b><script>alert(\"1\")</script><i onload='y'>&amp;{{ 7 * 7 }}"
    rows = [
        row(n, store_id=evil, clerk_id=evil, dealer_id=evil, application_id=f"{evil}{n}", decision="refuse")
        | {"decision_then": "accept", "reasons": [evil], "findings": [finding(evil, "refuse")]}
        for n in range(1, 30)
    ]
    found = of(*rows, *(row(n) for n in range(100, 1000)), job=JOB.model_copy(update={"policy_name": evil}))
    shown = Shown(render(found))
    assert shown.open == []
    assert not {"script", "onload"} & {part for one in shown.attributes for part in one[:2]}
    assert any(evil in text for text in shown.texts)


def test_charts_follow_the_page(report: Report) -> None:
    chart = timeline(report.periods, report.span, "name", 'what "it" shows')
    assert chart == timeline(report.periods, report.span, "name", 'what "it" shows')
    assert not re.search(r"#[0-9a-f]{6}\b|font-family|<metadata|<style|<!", chart)
    assert chart.count("<svg") == chart.count('aria-label="what &#34;it&#34; shows"') == 2


@needs_browser
@WIDTHS
def test_a_browser_shows_it_without_scrolling_sideways(page: str, width: int, tmp_path: Path) -> None:
    seen = shown(page, width, tmp_path)
    assert seen["scroll"] <= seen["client"] == width
    assert seen["requests"] == 0
    assert seen["pictures"] >= 6
    assert seen["smallest"] >= 9.5, "letters of a chart in CSS pixels"
    for word in ("先看这里", "各时期的结论", "人脸距离与阈值", "连号开卡", "Look here first", HOT, "REFUSE"):
        assert word in seen["words"]
