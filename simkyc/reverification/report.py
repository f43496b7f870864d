"""What a job found, in figures: `report.json`.

Everything is counted by DuckDB over `verdicts.parquet`, in bounded memory whatever its size; `report_page` draws it.
Days are those of China (UTC+8). Nothing in it is personal: applications, stores, dealers, clerks and cards stand in it
by their identifiers.
"""

from __future__ import annotations

import bisect
import glob
import itertools
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

import duckdb
import numpy as np
import pyarrow as pa
from pydantic import AwareDatetime

from simkyc.application import Model
from simkyc.errors import InputError
from simkyc.faces.calibration import Calibration
from simkyc.reverification import report_questions as questions
from simkyc.reverification.drift import GRID, PLACES, Counted, Drift, drift_of
from simkyc.reverification.shares import FEWEST, Share, above, share_of
from simkyc.verdict import EXPLAINED, Decision

__all__ = [
    "Actor",
    "ActorKind",
    "Behind",
    "CardRun",
    "Cell",
    "Counts",
    "Distances",
    "Example",
    "JobFacts",
    "Matrix",
    "NotAssessed",
    "OperatingPoint",
    "Period",
    "PhotoMeasure",
    "PhotoStore",
    "Photos",
    "ReasonCount",
    "Report",
    "SetAside",
    "Span",
    "StandingOut",
    "make_report",
]

MEMORY_LIMIT: Final = "1GB"
"""Of DuckDB; what does not fit goes to a folder for the time being."""
MOST_ACTORS: Final = 1000
"""Stores, dealers and clerks each that are listed, the busiest; all of them are tested."""
MOST_TOLD: Final = 100
"""Of those that stand out, so many are told with reasons."""
MOST_ROWS: Final = 200
"""Rows of other lists."""
MOST_RUNS: Final = 20
SHORTEST_RUN: Final = 3
"""Cards in a row that are worth a line."""
EXAMPLES: Final = 5
BIN: Final = 0.01
"""Width of a bar of the distances' histogram."""

ActorKind = Literal["store", "dealer", "clerk"]
Span = Literal["day", "week", "month", "year"]
LONGEST: Final[tuple[tuple[Span, int], ...]] = (("day", 62), ("week", 732), ("month", 3660))
"""How many days a report may span at most to be told by that."""


class OperatingPoint(Model):
    """A false match rate of the policy, and its distance under the calibration where that is known."""

    false_match_rate: float
    distance: float | None = None


class JobFacts(Model):
    """What the job knows of itself.

    Attributes:
        policy_name: The policy that decided.
        policy_id: Its hash.
        other_policy_name: The policy compared with, if one was.
        other_policy_id: Its hash.
        engine: What ran it.
        simkyc_version: Version of this library.
        face_engine_id: The face engine that was asked, if one was.
        source_kind: What was read; never where it lies.
        source_files: From how many files.
        rows_read: Rows of the source.
        rows_judged: Rows that got a verdict.
        rows_set_aside: Rows that could not be read as an application.
        complete: False when it was stopped before the end.
        checks: The only checks that were asked; None where the policy's all were.
        since: Openings of before were left out; None where none were.
        until: Openings from then on were left out.
        past: What was asked about the past: a history, or the source itself.
        unread_columns: How many columns of the files have names that are not known, and were not read.
        unread_like: What known columns those seem to be meant for.
        started_at: When it began.
        ended_at: When it ended or was stopped.
        accept: Up to here two faces count as one person.
        review: Beyond here they count as two.
        calibration: What the distances rest on, where the job has it.
    """

    policy_name: str
    policy_id: str
    other_policy_name: str | None = None
    other_policy_id: str | None = None
    engine: Literal["duckdb", "spark"]
    simkyc_version: str
    face_engine_id: str | None = None
    source_kind: Literal["parquet", "csv", "jsonl", "history"]
    source_files: int
    rows_read: int
    rows_judged: int
    rows_set_aside: int
    complete: bool
    checks: tuple[str, ...] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    past: Literal["history", "source"] = "source"
    unread_columns: int = 0
    unread_like: tuple[str, ...] = ()
    started_at: AwareDatetime
    ended_at: AwareDatetime
    accept: OperatingPoint | None = None
    review: OperatingPoint | None = None
    calibration: Calibration | None = None


class Counts(Model):
    """Openings by decision; `unknown` where a row has none."""

    accept: int = 0
    retry: int = 0
    review: int = 0
    refuse: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.accept + self.retry + self.review + self.refuse + self.unknown


class Period(Model):
    """One day, week, month or year, by its first day in China."""

    first_day: date
    decisions: Counts


class ReasonCount(Model):
    """One reason.

    Attributes:
        reason: Its code.
        flagged: Openings where it holds and weighs.
        noted: Openings where it holds and the policy lets it pass.
        not_assessed: Openings that were not accepted and where it could not be told and weighs.
        by_period: `flagged` in each period of the report, in its order.
    """

    reason: str
    flagged: int
    noted: int
    not_assessed: int
    by_period: tuple[int, ...]


class Behind(Model):
    """One reason behind some openings.

    Attributes:
        reason: Its code.
        assessed: False where it could not be told whether it holds.
        openings: How many.
    """

    reason: str
    assessed: bool
    openings: int


class Example(Model):
    """One application of a cell, with the reasons on either side."""

    application_id: str | None
    before: tuple[str, ...]
    after: tuple[str, ...]


class Cell(Model):
    """Openings that were decided one way before and another way after.

    Attributes:
        before: Then, or under the job's policy.
        after: Now, or under the policy compared with.
        count: How many.
        reasons: What the worse side has and the other has not, most frequent first, without what only follows from
            another reason.
        examples: The first of them in the source.
    """

    before: Decision
    after: Decision
    count: int
    reasons: tuple[Behind, ...]
    examples: tuple[Example, ...]


class Matrix(Model):
    """Two decisions for each opening, against each other.

    Attributes:
        openings: That have both.
        worse: Share that came out worse after.
        better: Share that came out better after.
        cells: By decision before and after; those without openings are left out.
    """

    openings: int
    worse: Share
    better: Share
    cells: tuple[Cell, ...]


class Distances(Model):
    """How far apart live photo and portrait were.

    Attributes:
        comparisons: How many.
        median: Half of them are below.
        bins: How many by distance, from 0 in steps of `bin_width`, up to the last that is not empty.
        bin_width: In distance.
        accept_distance: Up to here one person; as the job or, where it does not know, most findings say.
        review_distance: Beyond here two.
        uncertain: Share in between.
        different: Share beyond.
        other_limits: Comparisons that were held against another accept distance; they are left out of all above.
    """

    comparisons: int
    median: float
    bins: tuple[int, ...]
    bin_width: float
    accept_distance: float | None
    review_distance: float | None
    uncertain: Share
    different: Share
    other_limits: int


class Actor(Model):
    """A store, a dealer or a clerk.

    Attributes:
        actor_id: Which.
        store_id: Of a clerk the store, where it is only one.
        not_accepted: Share of the openings that were not accepted.
        flagged: Openings with something found against them, apart from what could not be checked.
        p_value: How likely so large a share is by chance, corrected for the number of those tested; None of those
            with too few openings.
        stands_out: Its interval lies wholly above everybody's share, and `p_value` is small.
        reasons: Why its openings were not accepted, most frequent first; told of the first that stand out.
    """

    actor_id: str
    store_id: str | None
    not_accepted: Share
    flagged: int
    p_value: float | None
    stands_out: bool
    reasons: tuple[Behind, ...] = ()


class StandingOut(Model):
    """One kind of actor.

    Attributes:
        kind: Store, dealer or clerk.
        number: How many there are.
        tested: How many have openings enough to be tested.
        fewest: So many are enough.
        everybody: The share of everybody's openings that were not accepted.
        found: How many stand out.
        first: Those that stand out, the least likely by chance first.
        busiest: The busiest, whether they stand out or not.
    """

    kind: ActorKind
    number: int
    tested: int
    fewest: int = FEWEST
    everybody: Share
    found: int
    first: tuple[Actor, ...]
    busiest: tuple[Actor, ...]


class CardRun(Model):
    """Cards in a row, opened one after the other at one store on one day.

    Attributes:
        store_id: Where.
        day: When, in China.
        cards: How many in a row.
        applications: For how many applications.
        clerks: By how many clerks.
        not_accepted: How many of them were not accepted.
        first_iccid: The first of them.
        last_iccid: The last.
        first_application_id: Whose application was the first.
        minutes: From the first to the last.
        direction: Whether ICCIDs rose or fell with time.
    """

    store_id: str
    day: date
    cards: int
    applications: int
    clerks: int
    not_accepted: int
    first_iccid: str
    last_iccid: str
    first_application_id: str | None
    minutes: float
    direction: Literal["up", "down"]


class PhotoMeasure(Model):
    """One measure of live photos.

    Attributes:
        reason: The reason it belongs to.
        measured: Photos that it was taken of, against `limit`.
        median: Its median, to three digits.
        limit: The policy's limit, where it has one; where a reason looks at several, the most frequent.
        flagged: Share of all photos measured in which the reason holds.
    """

    reason: str
    measured: int
    median: float
    limit: float | None
    flagged: Share


class PhotoStore(Model):
    """The photos of one store.

    Attributes:
        store_id: Which.
        flagged: Share of openings with a photo in which anything was found against it.
        p_value: As `Actor.p_value`.
        differs: Its interval lies wholly above everybody's share, and `p_value` is small.
        by_reason: How often each reason holds, most frequent first.
        medians: The median of each measure, as `PhotoMeasure.median`.
    """

    store_id: str
    flagged: Share
    p_value: float | None
    differs: bool
    by_reason: tuple[tuple[str, int], ...]
    medians: Mapping[str, float]


class Photos(Model):
    """How good photos are.

    Attributes:
        flagged: Share of openings with a photo in which anything was found against it.
        tested: How many stores have photos enough to be tested.
        differing: How many stores differ.
        measures: Each measure over all stores.
        stores: Those that differ, least likely by chance first, then the busiest.
    """

    flagged: Share
    tested: int
    differing: int
    measures: tuple[PhotoMeasure, ...]
    stores: tuple[PhotoStore, ...]


class NotAssessed(Model):
    """A question that could not be answered.

    Attributes:
        reason: Which.
        cause: Why not.
        openings: How many, as a share of all.
        weighing: How many of them the policy does not accept without an answer.
    """

    reason: str
    cause: str
    openings: Share
    weighing: int


class SetAside(Model):
    """Rows of the source that could not be read, by cause.

    Attributes:
        cause: A short stable word.
        column: In which column, if in one.
        rows: How many.
        advice: What to do.
        where: The first of them.
    """

    cause: str
    column: str | None
    rows: int
    advice: str
    where: tuple[str, ...]


class Report(Model):
    """What came out.

    Attributes:
        schema_version: Version of this JSON form.
        job: What the job knows of itself.
        openings: Rows of `verdicts.parquet`.
        first_at: The first moment that was judged as of.
        last_at: The last.
        decisions: Openings by decision.
        not_accepted: Share of those with a decision that were not accepted.
        flagged: Openings with something found that weighs.
        only_unassessed: Not accepted only because something could not be checked.
        silent_alerts: Openings that security staff should be told of.
        span: What `periods` are.
        periods: Decisions over time; days on which nothing was opened are left out.
        reasons: Every reason that holds or could not be told somewhere, most flagged first.
        since_then: What the source says was decided then, against the job's policy; None where it says nothing.
        compared: The job's policy against the one compared with; None without one.
        distances: Of face comparison; None where there was none.
        stand_out: Stores, dealers and clerks.
        runs: The longest runs of cards.
        runs_found: How many runs of at least `SHORTEST_RUN` cards there are.
        photos: None where no photo was looked at.
        not_assessed: By reason and cause, what weighs first.
        set_aside: By cause.
        drift: None where nothing was compared.
    """

    schema_version: int = 1
    job: JobFacts
    openings: int
    first_at: AwareDatetime | None
    last_at: AwareDatetime | None
    decisions: Counts
    not_accepted: Share
    flagged: int
    only_unassessed: int
    silent_alerts: int
    span: Span
    periods: tuple[Period, ...]
    reasons: tuple[ReasonCount, ...]
    since_then: Matrix | None
    compared: Matrix | None
    distances: Distances | None
    stand_out: tuple[StandingOut, ...]
    runs: tuple[CardRun, ...]
    runs_found: int
    photos: Photos | None
    not_assessed: tuple[NotAssessed, ...]
    set_aside: tuple[SetAside, ...]
    drift: Drift | None


def make_report(
    verdicts: Path, *, job: JobFacts, rejects: Path | None, scratch: Path | None = None
) -> Report:
    """Count what a job found.

    What does not fit into memory goes to a folder for a while: about 50 bytes an opening.

    Args:
        verdicts: `verdicts.parquet`, or a folder of its parts.
        job: What the job knows of itself.
        rejects: `rejects.jsonl`, if rows were set aside.
        scratch: In which folder that is; None for the system's folder for temporary files.

    Raises:
        InputError: `verdicts` cannot be read, or there is no room for temporary files.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as spill, duckdb.connect() as connection:
        connection.execute("SET memory_limit = $1", [MEMORY_LIMIT])
        connection.execute("SET temp_directory = $1", [spill])
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET VARIABLE explained = $1", [sorted(EXPLAINED)])
        _open(connection, verdicts, Path(spill, "opening.parquet"))
        return _Counter(connection, job).report(rejects)


def _open(connection: duckdb.DuckDBPyConnection, verdicts: Path, copy: Path) -> None:
    """Make the views `verdict` and, of a copy without what means nothing, `opening`."""
    path = glob.escape(str(verdicts))
    try:
        connection.read_parquet(f"{path}/**/*.parquet" if verdicts.is_dir() else path).create_view("verdict")
        connection.sql(questions.OPENING).write_parquet(str(copy))
    except duckdb.Error as error:
        raise InputError("the verdicts cannot be read, or there is no room for a copy of them") from error
    connection.read_parquet(glob.escape(str(copy))).create_view("opening")


class _Counter:
    """Asks one connection after the other thing that the report tells."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, job: JobFacts) -> None:
        self._connection = connection
        self._job = job

    def report(self, rejects: Path | None) -> Report:
        """All of it."""
        total = self._record(questions.TOTALS)
        decisions = {decision.value: total[decision.value] for decision in Decision}
        counts = Counts(**decisions, unknown=total["openings"] - sum(decisions.values()))
        decided = counts.total - counts.unknown
        not_accepted = share_of(decided - counts.accept, decided)
        span: Span = next((name for name, days in LONGEST if total["days"] <= days), "year")
        self._connection.execute("SET VARIABLE span = $1", [span])
        periods = self._periods()
        self._connection.execute(questions.FOUND)
        self._connection.execute(questions.PASSED_OVER)
        self._connection.execute(questions.ACTORS)
        self._connection.execute(questions.RUNS, {"shortest": SHORTEST_RUN})
        self._connection.execute(questions.MEASURED)
        distances, drift = self._faces()
        return Report(
            job=self._job,
            openings=total["openings"],
            first_at=_moment(total["first_at"]),
            last_at=_moment(total["last_at"]),
            decisions=counts,
            not_accepted=not_accepted,
            flagged=total["flagged"],
            only_unassessed=total["only_unassessed"],
            silent_alerts=total["silent_alerts"],
            span=span,
            periods=periods,
            reasons=self._reasons([period.first_day for period in periods]),
            since_then=self._matrix(questions.PAIRS_THEN),
            compared=self._matrix(questions.PAIRS_COMPARED),
            distances=distances,
            stand_out=tuple(self._stand_out(kind, not_accepted) for kind in get_args(ActorKind)),
            runs=self._runs(),
            runs_found=self._number("SELECT count(*) FROM run"),
            photos=self._photos(),
            not_assessed=tuple(
                NotAssessed(
                    reason=reason,
                    cause=cause,
                    # One opening may lack an answer that weighs of one person, and one that does not of another.
                    openings=share_of(min(openings, total["openings"]), total["openings"]),
                    weighing=weighing,
                )
                for reason, cause, openings, weighing in self._rows(
                    questions.NOT_ASSESSED, {"most": MOST_ROWS}
                )
            ),
            set_aside=self._set_aside(rejects),
            drift=drift,
        )

    def _rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values or {}).fetchall()

    def _record(self, sql: str) -> dict[str, Any]:
        asked = self._connection.execute(sql)
        names = [column[0] for column in asked.description or ()]
        return dict(zip(names, asked.fetchall()[0], strict=True))

    def _number(self, sql: str) -> int:
        return int(self._rows(sql)[0][0])

    def _periods(self) -> tuple[Period, ...]:
        by_day: dict[date, dict[str, int]] = {}
        for first_day, decision, number in self._rows(questions.PERIODS):
            by_day.setdefault(first_day, {})[decision] = number
        return tuple(Period(first_day=day, decisions=Counts(**found)) for day, found in by_day.items())

    def _reasons(self, days: list[date]) -> tuple[ReasonCount, ...]:
        by_period: dict[str, dict[date, int]] = {}
        for reason, first_day, number in self._rows(questions.REASONS_BY_PERIOD):
            by_period.setdefault(reason, {})[first_day] = number
        return tuple(
            ReasonCount(
                reason=reason,
                flagged=flagged,
                noted=noted,
                not_assessed=not_assessed,
                by_period=tuple(by_period.get(reason, {}).get(day, 0) for day in days),
            )
            for reason, flagged, noted, not_assessed in self._rows(questions.REASONS_FOUND)
        )

    def _matrix(self, pairs: str) -> Matrix | None:
        self._connection.execute(pairs)
        cells = self._rows(questions.CELLS, {"examples": EXAMPLES})
        if not cells:
            return None
        reasons: dict[tuple[str, str], list[Behind]] = {}
        for before, after, *behind in self._rows(questions.DIFFERENCES):
            reasons.setdefault((before, after), []).append(_behind(*behind))
        made = [
            Cell(
                before=Decision(before),
                after=Decision(after),
                count=number,
                reasons=tuple(reasons.get((before, after), ())[:EXAMPLES]),
                examples=tuple(Example(**example) for example in examples or ()),
            )
            for before, after, number, examples in cells
        ]
        made.sort(key=lambda cell: (cell.before, cell.after))
        total = sum(cell.count for cell in made)
        return Matrix(
            openings=total,
            worse=share_of(sum(cell.count for cell in made if cell.after > cell.before), total),
            better=share_of(sum(cell.count for cell in made if cell.after < cell.before), total),
            cells=tuple(made),
        )

    def _stand_out(self, kind: ActorKind, everybody: Share) -> StandingOut:
        number, tested, found = self._test(questions.ACTOR_COUNTS, everybody, {"what": kind})
        asked = {"what": kind, "most": MOST_ACTORS}
        first = [_actor(*row) for row in self._rows(questions.FIRST_ACTORS, asked)]
        named = [one.actor_id for one in first[:MOST_TOLD]]
        reasons: dict[str, list[Behind]] = {}
        for who, *behind in self._rows(questions.ACTOR_REASONS, {"what": kind, "actors": named}):
            reasons.setdefault(who, []).append(_behind(*behind))
        return StandingOut(
            kind=kind,
            number=number,
            tested=tested,
            everybody=everybody,
            found=found,
            first=tuple(
                one.model_copy(update={"reasons": tuple(reasons.get(one.actor_id, ())[:EXAMPLES])})
                for one in first
            ),
            busiest=tuple(_actor(*row) for row in self._rows(questions.BUSIEST_ACTORS, asked)),
        )

    def _test(
        self, counts: str, everybody: Share, values: Mapping[str, Any] | None = None
    ) -> tuple[int, int, int]:
        """Test all of a kind and keep the answers as `tested`: those with the same counts have the same answer.

        Returns:
            How many there are, how many have enough to be tested, and how many stand out.
        """
        of, bad, alike = np.array(self._rows(counts, values), dtype=np.int64).reshape(-1, 3).T
        enough = of >= FEWEST
        number, (of, bad, alike) = int(alike.sum()), (of[enough], bad[enough], alike[enough])
        every_p, every_out = above(np.repeat(bad, alike), np.repeat(of, alike), everybody.share or 0.0)
        firsts = np.cumsum(alike) - alike
        p_values, stands_out = every_p[firsts], every_out[firsts]
        self._connection.register(
            "tested", pa.table({"of": of, "bad": bad, "p_value": p_values, "stands_out": stands_out})
        )
        return number, int(alike.sum()), int(every_out.sum())

    def _runs(self) -> tuple[CardRun, ...]:
        asked = self._connection.execute(questions.LONGEST_RUNS, {"most": MOST_RUNS})
        names = [column[0] for column in asked.description or ()]
        runs = []
        for row in asked.fetchall():
            one = dict(zip(names, row, strict=True))
            ends = (one["low"], one["high"])
            first, last = ends if one["direction"] == "up" else ends[::-1]
            runs.append(
                CardRun(
                    store_id=one["store_id"],
                    day=one["day"],
                    cards=one["cards"],
                    applications=one["applications"],
                    clerks=one["clerks"],
                    not_accepted=one["not_accepted"],
                    first_iccid=first,
                    last_iccid=last,
                    first_application_id=one["first_id"],
                    minutes=round(one["seconds"] / 60, 1),
                    direction=one["direction"],
                )
            )
        return tuple(runs)

    def _faces(self) -> tuple[Distances | None, Drift | None]:
        """Distances and their drift, of the comparisons held against the job's or the most frequent limit."""
        limits = self._rows(questions.FACE_LIMITS)
        accepts = [(bound, number) for reason, bound, number in limits if reason == "face.uncertain"]
        if not accepts:
            return None, None
        known = self._job.accept.distance if self._job.accept else None
        accept, compared = next(
            (one for one in accepts if known is not None and one[0] == round(known, 4)), accepts[0]
        )
        reviews = [bound for reason, bound, _ in limits if reason == "face.different_person"]
        review = self._job.review.distance if self._job.review else None
        if review is None:
            review = reviews[0] if reviews else None
        bound = {"bound": accept}
        everybody = np.zeros(PLACES, dtype=np.int64)
        for place, number in self._rows(questions.DISTANCES, bound):
            everybody[place] = number
        total = int(everybody.sum())
        if not total:
            return None, None
        grid = np.arange(PLACES) * GRID
        different = int(everybody[grid > review].sum()) if review is not None else 0
        uncertain = int(everybody[grid > accept].sum()) - different if accept is not None else 0
        step = round(BIN / GRID)
        bins = [int(everybody[place : place + step].sum()) for place in range(0, PLACES, step)]
        last = max(place for place, number in enumerate(bins) if number)
        distances = Distances(
            comparisons=total,
            median=round(float(np.searchsorted(np.cumsum(everybody), total / 2)) * GRID, 4),
            bins=tuple(bins[: last + 1]),
            bin_width=BIN,
            accept_distance=accept,
            review_distance=None if review is None else round(review, 4),
            uncertain=share_of(max(uncertain, 0), total),
            different=share_of(different, total),
            other_limits=sum(number for _, number in accepts) - compared,
        )
        furthest = 2.0 if review is None else review
        one_person = np.where(grid <= furthest, everybody, 0)
        stores = self._distances_by_store({**bound, "furthest": furthest})
        return distances, drift_of(one_person, stores, self._job.calibration)

    def _distances_by_store(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Counted]]:
        """Each store's comparisons, one store in memory at a time."""
        asked = self._connection.execute(questions.DISTANCES_BY_STORE, values)
        name, counted = None, np.zeros(PLACES, dtype=np.int64)
        while rows := asked.fetchmany(10_000):
            for store_id, place, number in rows:
                if store_id != name:
                    if name is not None:
                        yield name, counted
                    name, counted = store_id, np.zeros(PLACES, dtype=np.int64)
                counted[place] = number
        if name is not None:
            yield name, counted

    def _photos(self) -> Photos | None:
        for table in (questions.PHOTO_FLAGS, questions.PHOTO_STORES, questions.PHOTO_LIMITS):
            self._connection.execute(table)
        seen = self._rows(
            "SELECT coalesce(sum(bad), 0)::BIGINT, coalesce(sum(openings), 0)::BIGINT FROM photo_store"
        )
        everybody = share_of(*seen[0])
        if not everybody.of:
            return None
        _, tested, differing = self._test(questions.PHOTO_STORE_COUNTS, everybody)
        stores = self._rows(questions.FIRST_PHOTO_STORES, {"most": MOST_ROWS})
        named = {"stores": [store_id for store_id, *_ in stores]}
        reasons: dict[str, list[tuple[str, int]]] = {}
        for store_id, reason, photos in self._rows(questions.PHOTO_FLAGS_OF, named):
            reasons.setdefault(store_id, []).append((reason, photos))
        medians: dict[str, dict[str, float]] = {}
        for store_id, reason, median in self._rows(questions.PHOTO_MEDIANS, named):
            medians.setdefault(store_id, {})[reason] = median
        return Photos(
            flagged=everybody,
            tested=tested,
            differing=differing,
            measures=self._measures(),
            stores=tuple(
                PhotoStore(
                    store_id=store_id,
                    flagged=share_of(bad, openings),
                    p_value=p_value,
                    differs=differs,
                    by_reason=tuple(reasons.get(store_id, ())),
                    medians=dict(sorted(medians.get(store_id, {}).items())),
                )
                for store_id, openings, bad, p_value, differs in stores
            ),
        )

    def _measures(self) -> tuple[PhotoMeasure, ...]:
        flagged, measured = (
            dict(self._rows(questions.PHOTO_FLAGGED)),
            dict(self._rows(questions.PHOTO_MEASURED)),
        )
        values: dict[tuple[str, float | None], list[tuple[float, int]]] = {}
        for reason, bound, value, number in self._rows(questions.PHOTO_MEASURES):
            values.setdefault((reason, bound), []).append((value, number))
        made = []
        for (reason, bound), counted in values.items():
            total = sum(number for _, number in counted)
            made.append(
                PhotoMeasure(
                    reason=reason,
                    measured=total,
                    median=_median(counted),
                    limit=bound,
                    flagged=share_of(min(flagged.get(reason, 0), measured[reason]), measured[reason]),
                )
            )
        return tuple(sorted(made, key=lambda one: (-(one.flagged.share or 0), one.reason)))

    def _set_aside(self, rejects: Path | None) -> tuple[SetAside, ...]:
        if rejects is None or not rejects.exists() or not rejects.stat().st_size:
            return ()
        columns = dict.fromkeys(("where", "column", "cause", "advice"), "VARCHAR")
        self._connection.read_json(
            glob.escape(str(rejects)),
            columns={"source_no": "BIGINT", **columns},
            format="newline_delimited",
            ignore_errors=True,  # a line that was cut off when the job was killed
        ).create_view("reject")
        return tuple(
            SetAside(cause=cause, column=column, rows=number, advice=advice or "", where=tuple(where or ()))
            for cause, column, number, advice, where in self._rows(questions.REJECTS, {"most": MOST_ROWS})
        )


def _median(counted: list[tuple[float, int]]) -> float:
    """The lower of the two middle values, of values that rise."""
    upto = list(itertools.accumulate(number for _, number in counted))
    return counted[bisect.bisect_left(upto, upto[-1] / 2)][0]


def _moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _behind(reason: str, assessed: bool, openings: int) -> Behind:
    return Behind(reason=reason, assessed=assessed, openings=openings)


def _actor(
    actor_id: str,
    store_id: str | None,
    openings: int,
    not_accepted: int,
    flagged: int,
    p_value: float | None,
    stands_out: bool,
) -> Actor:
    return Actor(
        actor_id=actor_id,
        store_id=store_id,
        not_accepted=share_of(not_accepted, openings),
        flagged=flagged,
        p_value=p_value,
        stands_out=stands_out,
    )
