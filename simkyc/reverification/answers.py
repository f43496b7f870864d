"""A reader over answers that were asked for many applications at once.

The assembling of facts is the history's own: only where the rows of an answer come from is another.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from simkyc.errors import HistoryError
from simkyc.facts import Actor, ActorCounts
from simkyc.history import pattern_questions, questions
from simkyc.history.protocol import Enrolled, KeptFace, OpeningWindows
from simkyc.history.sql import SqlReader, spans
from simkyc.history.statements import FOREVER, Asker, Spans, epoch_seconds, moment_of, position_of
from simkyc.lists.watch import Listing

__all__ = [
    "OF_DAY",
    "QUESTIONS",
    "AnsweredReader",
    "ByAsker",
    "FacesOfThePast",
    "Past",
    "Question",
    "frauds_of",
    "rows_by_asker",
    "spans_of",
]


class Question(NamedTuple):
    """How a question is asked for many at once.

    Attributes:
        text: Its SQL.
        use: Which keys stand in `ask_key`; None where it reads none.
        counts: Whether rows in which everything is zero are left out.
        order: By which columns the rows of one answer are put in order; a minus turns it round.
    """

    text: str
    use: str | None = None
    counts: bool = False
    order: tuple[str, ...] = ()


QUESTIONS: Final[Mapping[str, Question]] = {
    "active_numbers": Question(questions.ACTIVE_NUMBERS, counts=True),
    "person_openings": Question(questions.PERSON_OPENINGS, counts=True),
    "actors": Question(questions.ACTORS, "shared", counts=True),
    "shared": Question(questions.SHARED, "shared", counts=True),
    "card": Question(questions.CARD, counts=True),
    "number": Question(questions.NUMBER, counts=True),
    "other_cards": Question(questions.OTHER_CARDS, counts=True),
    "store_has_stock": Question(questions.STORE_HAS_STOCK, counts=True),
    "stock": Question(questions.STOCK),
    "bindings": Question(questions.BINDINGS, order=("opened_at", "entry_no")),
    "sightings": Question(questions.SIGHTINGS, order=("seen_at", "recorded_at", "device_key")),
    "line_outcomes": Question(questions.LINE_OUTCOMES),
    "line_steps": Question(questions.LINE_STEPS, order=("step_no",)),
    "suspended_numbers": Question(questions.SUSPENDED_NUMBERS, counts=True),
    "listings": Question(questions.LISTINGS, "listing", order=("what", "list", "source", "listed_from")),
    "trail": Question(pattern_questions.TRAIL, order=("-decided_at", "-entry_no")),
    "neighbours": Question(pattern_questions.NEIGHBOURS, order=("iccid",)),
    "neighbour_numbers": Question(pattern_questions.NEIGHBOUR_NUMBERS, "neighbour"),
    "baseline": Question(pattern_questions.BASELINE, "shared"),  # its answers are `past.FULL_DAYS`
    "hour": Question(pattern_questions.HOUR),
    "spread": Question(pattern_questions.SPREAD, "shared"),
    "outcomes": Question(pattern_questions.OUTCOMES, "shared"),
}
"""Every question that judging an application asks, by the column that its answers stand in."""


def spans_of(name: str, windows: OpeningWindows) -> Spans:
    """The windows of one question, as the history's own reader asks it."""
    own: dict[str, Spans] = {
        "trail": (("trail", windows.trail_s),),
        "neighbours": (("neighbours", windows.order_s),),
        "neighbour_numbers": (("neighbours", windows.neighbours_s),),
        "baseline": (("baseline", windows.baseline_s),),
        "hour": (("baseline", windows.baseline_s),),
        "spread": tuple(("spread", window_s) for window_s in windows.spread_s),
        "outcomes": tuple(("outcomes", window_s) for window_s in {windows.outcomes_s, windows.baseline_s}),
    }
    return own.get(name) or spans(windows)


OF_DAY: Final = 2**32
"""A day's openings, and how many were first numbers from elsewhere, are one number: `openings * OF_DAY + first`."""
BY_TEXT: Final = {question.text: name for name, question in QUESTIONS.items()}


Rows = Sequence[Any]
"""Rows of an answer, a named tuple each."""
ByAsker = Mapping[int, Rows]


@cache
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names)  # its fields are those of the question


def rows_by_asker(answer: pa.Table) -> ByAsker:
    """The rows of an answer to many, by who asked."""
    made = _row_type(tuple(answer.column_names))._make
    found: dict[int, list[Any]] = {}
    for row in map(made, zip(*(column.to_pylist() for column in answer.columns), strict=True)):
        found.setdefault(row.ask_id, []).append(row)
    return found


class AnsweredReader(SqlReader):
    """What the history answers one application, out of answers to many.

    Args:
        answers: The rows of each question, as `QUESTIONS` names them.
        entry_no: The number of the application that asks; None where the past does not know it.
        past: What is the same for all of them.
    """

    def __init__(self, answers: Mapping[str, Rows], entry_no: int | None, past: Past) -> None:
        self._answers = answers
        self._entry_no = FOREVER if entry_no is None else entry_no
        self._past = past
        self._full_days = None
        self.fault = None

    def _asked(
        self,
        texts: tuple[str, ...],
        asker: Asker,
        named: tuple[tuple[str, str], ...] = (),
        spans: Spans = (),
    ) -> Sequence[Any]:
        del asker, named, spans  # the answers are to this application, as of its own time, in these windows
        return [row for text in texts for row in self._answered(BY_TEXT[text])]

    def _answered(self, name: str) -> Rows:
        rows = self._answers[name]
        if len(rows) > 1 and (order := QUESTIONS[name].order):
            rows = list(rows)
            for column in reversed(order):
                rows.sort(key=attrgetter(column.removeprefix("-")), reverse=column.startswith("-"))
        return rows

    def _counted(
        self, asker: Asker, actors: tuple[tuple[Actor, str], ...], windows: OpeningWindows
    ) -> dict[Actor, tuple[ActorCounts, ...]]:
        del asker, windows
        days = {row.what: row.counted or () for row in self._answered("baseline")}
        return {
            what: tuple(ActorCounts(*divmod(counted, OF_DAY)) for counted in days.get(what, ()) if counted)
            for what, _ in actors
        }

    def _rows(self, statement: object, parameters: object = None) -> Sequence[Any]:
        del statement, parameters
        raise HistoryError("a batch was asked what it was not prepared for: report this as a fault of simkyc")

    def listings(self, keys: Sequence[str], at: datetime) -> tuple[Listing, ...]:
        """The entries of all lists that hold for these keys."""
        del at
        place = {key: str(number) for number, key in enumerate(dict.fromkeys(keys))}
        found = [row for row in self._answered("listings") if row.what in place]
        found.sort(key=lambda row: (place[row.what], row.list, row.source, row.listed_from))
        return tuple(
            Listing(
                list=row.list,
                source=row.source,
                basis=row.basis,
                since=moment_of(row.listed_from),
                until=None if row.listed_until is None else moment_of(row.listed_until),
                silent_alert=bool(row.silent_alert),
            )
            for row in found
        )

    def lists(self, at: datetime) -> Mapping[str, datetime]:
        """When each list that simkyc knows by name was last brought up to date."""
        latest: dict[str, datetime] = {}
        for name, imported_at in self._past.imports:
            if imported_at <= at:
                latest[name] = max(imported_at, latest.get(name, imported_at))
        return latest

    def faces(self, engine_id: str, after: int, since: datetime, most: int = 50_000) -> tuple[Enrolled, ...]:
        """Templates of one engine, of applications after that number: of all times, for others ask of other times."""
        del since
        return self._past.faces.after(engine_id, after, most)

    def faces_of(
        self, person: str, engine_id: str, since: datetime, *, before: str | None = None
    ) -> tuple[Enrolled, ...]:
        """Templates of this person recorded since, by applications before this one."""
        del before
        return self._past.faces.of(person, engine_id, since, self._entry_no)

    def faces_there(
        self, entries: Sequence[int], at: datetime, *, before: str | None = None
    ) -> Mapping[tuple[int, str], KeptFace]:
        """Which faces of these applications are kept, by number and role, and what became of the numbers."""
        del before
        return {
            face: kept._replace(is_fraud=self._past.is_fraud(face[0], at))
            for face, kept in self._past.faces.there(entries, self._entry_no).items()
        }

    def entry_no(self, application_id: str | None) -> int:
        """Number of the application that asks."""
        del application_id
        return self._entry_no

    def erased(self) -> int:
        """Nothing is deleted while a batch runs."""
        return 0


class FacesOfThePast:
    """The templates of the past, in the order of their applications, in memory.

    Args:
        table: `entry_no`, `role`, `engine_id`, `person_key`, `sex`, `decided_at`, `vector`, `latitude_e6`,
            `longitude_e6`, ordered by the first two.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()
        self._entries = self._table["entry_no"].to_numpy()

    def __len__(self) -> int:
        return len(self._entries)

    def after(self, engine_id: str, after: int, most: int) -> tuple[Enrolled, ...]:
        """At most so many of one engine, of applications after that number."""
        first = int(np.searchsorted(self._entries, after, side="right"))
        found: list[Enrolled] = []
        for batch in self._table.slice(first).to_batches(max_chunksize=most):
            found += [_enrolled(row) for row in batch.to_pylist() if row["engine_id"] == engine_id]
            if len(found) >= most:
                break
        return tuple(found[:most])

    def of(self, person: str, engine_id: str, since: datetime, before: int) -> tuple[Enrolled, ...]:
        """Those of this person, recorded since, by applications with a lower number."""
        rows = self._table.take(pa.array(self._by_person.get(person, []), pa.int64())).to_pylist()
        return tuple(
            one
            for row in rows
            for one in [_enrolled(row)]
            if row["engine_id"] == engine_id
            and not one.is_companion
            and one.decided_at > since
            and one.entry_no < before
        )

    @cached_property
    def _by_person(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, person in enumerate(self._table["person_key"].to_pylist()):
            if person is not None:
                places.setdefault(person, []).append(place)
        return places

    def there(self, entries: Sequence[int], before: int) -> dict[tuple[int, str], KeptFace]:
        """Those of these applications, by number and role."""
        wanted = np.unique(np.asarray([one for one in entries if one < before], dtype=np.int64))
        first = np.searchsorted(self._entries, wanted, side="left")
        last = np.searchsorted(self._entries, wanted, side="right")
        places = [place for low, high in zip(first, last, strict=True) for place in range(low, high)]
        return {
            (row["entry_no"], row["role"]): KeptFace(
                row["person_key"], position_of(row["latitude_e6"], row["longitude_e6"])
            )
            for row in self._table.take(pa.array(places, pa.int64())).to_pylist()
        }


@dataclass(frozen=True)
class Past:
    """What is the same for all that ask.

    Attributes:
        imports: When lists were brought up to date.
        faces: The faces of the past.
        frauds: From when and until when numbers counted as used for fraud, in seconds, by the number of the
            application that opened them; `FOREVER` where no later word ended it.
    """

    imports: tuple[tuple[str, datetime], ...]
    faces: FacesOfThePast = field(repr=False)
    frauds: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict, repr=False)

    def is_fraud(self, entry_no: int, at: datetime) -> bool:
        """Whether this number was reported as used for fraud, as of that moment."""
        now = epoch_seconds(at)
        return any(since <= now < until for since, until in self.frauds.get(entry_no, ()))


def frauds_of(rows: Iterable[Sequence[int]]) -> dict[int, tuple[tuple[int, int], ...]]:
    """What `Past` takes, of rows of an application's number, from when and until when."""
    frauds: dict[int, tuple[tuple[int, int], ...]] = {}
    for entry_no, since, until in rows:
        frauds[entry_no] = (*frauds.get(entry_no, ()), (since, until))
    return frauds


def _enrolled(row: Mapping[str, Any]) -> Enrolled:
    return Enrolled(
        entry_no=row["entry_no"],
        role=row["role"],
        person=row["person_key"],
        sex=row["sex"],
        decided_at=moment_of(row["decided_at"]),
        vector=row["vector"],
    )
