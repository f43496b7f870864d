"""Finding rings: links in, groups that hang together, and those of them that have enough against them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import numpy as np
import pyarrow as pa
from pydantic import Field
from scipy.stats import binom

from simkyc._version import __version__
from simkyc.application import Model, Moment
from simkyc.errors import FaceError, InputError
from simkyc.faces.calibration import Calibration, shipped
from simkyc.policy import Policy
from simkyc.rings import questions
from simkyc.rings.limits import AGAINST, SIGNS, RingLimits
from simkyc.rings.links import Taken, Window, database, take_history, take_table
from simkyc.rings.naming import ring_ids
from simkyc.rings.parts import cores, groups
from simkyc.rings.ring import Harm, Link, Member, Named, Ring, Rings, Shared, Staff

__all__ = ["Search", "find_rings"]

STAFF_KINDS: Final[dict[Literal["clerk", "dealer"], tuple[str, str]]] = {
    "clerk": ("clerk_id", "COALESCE(store_id, '')"),
    "dealer": ("dealer_id", "''"),
}


class Search(Model):
    """What is searched, and how.

    Attributes:
        source: URL of a history, or a file or folder of links in Parquet.
        out: A folder that is there, for what does not fit into memory.
        policy: Says which faces are one person's, and what is a store's own.
        limits: What ties, and from where on a group is a ring.
        window_days: Days before the end; None as the limits say.
        since: The window begins here instead.
        until: And ends here; None after the last thing that happened.
        secret: The history's, as `open_history` takes it.
        calibrations: Of face engines, live photos against live ones; those that ship are known.
        memory_mb: What DuckDB may use before it goes to disk.
    """

    shown = ("out",)

    source: str = Field(repr=False)
    out: Path
    policy: Policy = Field(default_factory=Policy.default)
    limits: RingLimits = Field(default_factory=RingLimits.default)
    window_days: float | None = Field(default=None, gt=0, le=36_500)
    since: Moment | None = None
    until: Moment | None = None
    secret: bytes | str | None = Field(default=None, repr=False)
    calibrations: tuple[Calibration, ...] = ()
    memory_mb: int = Field(default=2048, ge=128)

    @property
    def window(self) -> Window:
        """In seconds.

        Raises:
            InputError: It ends before it begins.
        """
        days = self.limits.window.value if self.window_days is None else self.window_days
        since, until = (None if one is None else int(one.timestamp()) for one in (self.since, self.until))
        if since is not None and until is not None and since >= until:
            raise InputError("since must be before until")
        return Window(max(1, int(days * 86_400)), since, until)


def find_rings(search: Search, former: Mapping[str, frozenset[str]] | None = None) -> Rings:
    """Find the rings of a history or of a table of links.

    The same links give the same rings, in whatever order they come.

    Args:
        search: What is searched, and how.
        former: The people of each ring of the run before, so that rings keep their names.

    Raises:
        InputError: The source cannot be read, or the window ends before it begins.
        HistoryError: The history cannot be read.
        SimkycError: No memory or space is left.
    """
    with tempfile.TemporaryDirectory(dir=search.out, prefix=".rings-") as folder:
        scratch = Path(folder)
        with database(search.memory_mb, scratch) as connection:
            if "://" in search.source:
                taken = take_history(
                    connection,
                    search.source,
                    search.window,
                    scratch,
                    policy=search.policy,
                    calibration_of=partial(_calibration_of, search.calibrations),
                    secret=search.secret,
                )
            else:
                taken = take_table(connection, Path(search.source), search.window)
            return _Found(connection, search, taken).rings(former or {})


def _calibration_of(given: Sequence[Calibration], engine_id: str) -> Calibration | None:
    """That of an engine for two live photos: given, or shipped with simkyc."""
    for one in given:
        if (one.engine_id, one.domain) == (engine_id, "live-live"):
            return one
    try:
        return shipped(engine_id, "live-live")
    except FaceError:
        return None


@dataclass(slots=True)
class _Parts:
    """What one ring is put together from."""

    members: list[Member] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    staff: list[Staff] = field(default_factory=list)


class _Found:
    """One search over the tables of a database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, search: Search, taken: Taken) -> None:
        self._connection, self._search, self._taken = connection, search, taken
        self._limits = questions.limits_of(search.limits, search.policy, taken.until or 0)

    def rings(self, former: Mapping[str, frozenset[str]]) -> Rings:
        for text in (
            questions.PAIR,
            questions.SHARED,
            questions.OWN,
            questions.THING,
            questions.TIE,
            questions.PERSON,
        ):
            self._ask(text)
        group_count = self._group()
        for text in (questions.GROUP, questions.INSIDE, questions.UNTIED, questions.GIVEN, questions.FACT):
            self._ask(text)
        rings = self._told(former)
        counts = self._connection.execute(
            "SELECT (SELECT COUNT(*) FROM link), (SELECT COUNT(DISTINCT person) FROM link),"
            " (SELECT COUNT(*) FROM shared) - (SELECT COUNT(*) FROM thing)"
        ).fetchall()[0]
        since, until = (None if at is None else _moment(at) for at in (self._taken.since, self._taken.until))
        return Rings(
            simkyc_version=__version__,
            limits_id=self._search.limits.limits_id,
            policy_id=self._search.policy.policy_id,
            since=since,
            until=until,
            links=counts[0],
            links_dropped=self._taken.dropped,
            people=counts[1],
            things_cut=counts[2],
            groups=group_count,
            faces=self._taken.faces.compared,
            faces_missing=self._taken.faces.missing,
            rings=rings,
        )

    def _ask(self, text: str, **more: object) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(text.format(**self._limits, **more))

    def _group(self) -> int:
        """Make the table of who belongs to which group of enough people; how many groups there are of two or more."""
        ties = self._connection.execute(
            "SELECT CAST(person_no AS INTEGER) AS person_no, CAST(thing_no AS INTEGER) AS thing_no,"
            " CAST(weight AS FLOAT) AS weight"
            " FROM tie JOIN person USING (person) JOIN thing USING (thing_no) WHERE alone"
        ).fetchnumpy()
        people, things = (
            self._connection.execute(f"SELECT COUNT(*) FROM {name}").fetchall()[0][0]
            for name in ("person", "thing")
        )
        columns = [np.asarray(ties[name]) for name in ("person_no", "thing_no", "weight")]
        found = groups(columns[0], columns[1], columns[2], people, things, self._search.limits)
        sizes = np.bincount(found)
        enough = np.flatnonzero(sizes[found] >= self._search.limits.people_min.value) if people else found
        table = pa.table({"group_no": found[enough], "person_no": enough.astype(np.int64)})
        self._connection.register("found_groups", table)
        self._connection.execute("CREATE TABLE grouped AS SELECT * FROM found_groups")
        self._connection.unregister("found_groups")
        return int(np.sum(sizes > 1))

    # --- those that are rings ----------------------------------------------------------------------------------------

    def _told(self, former: Mapping[str, frozenset[str]]) -> tuple[Ring, ...]:
        limits = self._search.limits
        least, of_staff = limits.score_min.value, limits.signs["unusual_staff"].value
        self._connection.execute(
            f"CREATE TABLE chosen AS SELECT * FROM fact WHERE people >= {limits.people_min.value}"
            f" AND score >= {least - of_staff - 1e-9}"
        )
        staff = self._staff()
        facts: dict[int, dict[str, Any]] = {}
        cursor = self._connection.execute("SELECT * FROM chosen ORDER BY group_no")
        names = [column[0] for column in cursor.description or ()]
        for row in cursor.fetchall():
            fact = dict(zip(names, row, strict=True))
            fact["unusual_staff"] = fact["group_no"] in staff
            fact["score"] = round(float(fact["score"]) + of_staff * fact["unusual_staff"], 6)
            if fact["score"] >= least:
                facts[fact["group_no"]] = fact
        self._connection.execute("CREATE TABLE ring_group (group_no BIGINT)")
        if facts:
            self._connection.register("ring_groups", pa.table({"group_no": list(facts)}))
            self._connection.execute("INSERT INTO ring_group SELECT group_no FROM ring_groups")
            self._connection.unregister("ring_groups")
        parts = self._parts(staff)
        people = [frozenset(member.person for member in parts[group].members) for group in facts]
        ids = ring_ids(people, former)
        rings = [
            _ring(ring_id, fact, parts[group])
            for ring_id, (group, fact) in zip(ids, facts.items(), strict=True)
        ]
        return tuple(sorted(rings, key=lambda ring: (-ring.score, -len(ring.members), ring.ring_id)))

    def _staff(self) -> dict[int, list[Staff]]:
        """Clerks and dealers who served a group's people more often than chance makes likely."""
        limits, found = self._search.limits, dict[int, list[Staff]]()
        for kind, (column, place) in STAFF_KINDS.items():
            rows = self._ask(questions.STAFF, staff=column, place=place).fetchall()
            for group, staff_id, people, of, others, all_others, staff_there, stores in rows:
                # One more for each of them: who served nobody else might have.
                usual = (others + 1) / (all_others + staff_there)
                chance = float(binom.sf(people - 1, of, min(1.0, usual)))
                # Of one store's customers all come to its dealer.
                if kind == "dealer" and stores < 2:
                    continue
                if people >= limits.staff_openings_min.value and chance <= limits.staff_chance_max.value:
                    found.setdefault(group, []).append(
                        Staff(
                            kind=kind,
                            staff_id=staff_id,
                            people=people,
                            of=int(of),
                            usual_share=round(usual, 6),
                            chance=chance,
                        )
                    )
        return found

    def _parts(self, staff: Mapping[int, Sequence[Staff]]) -> dict[int, _Parts]:
        """Members, shared things and links of each ring, each in the order of its keys."""
        parts: dict[int, _Parts] = {}
        for group, kind, key, here, people, seen, weight, alone in self._of_rings(
            "group_no, kind, key, people_here, people, seen, weight, alone", "inside", "kind, key"
        ):
            parts.setdefault(group, _Parts()).shared.append(
                Shared(
                    kind=kind,
                    key=key,
                    people_here=here,
                    people=people,
                    seen=seen,
                    weight=round(weight, 6),
                    alone=alone,
                )
            )
        applied: dict[str, list[str]] = {}
        for _, person, application_id in self._of_rings(
            "group_no, person, application_id",
            "opening JOIN grouped_person USING (person)",
            "decided_at, entry",
        ):
            applied.setdefault(person, []).append(application_id)
        spans = {
            person: (first_at, last_at)
            for _, person, first_at, last_at in self._of_rings(
                "group_no, person, MIN(first_at), MAX(last_at)",
                "given JOIN grouped_person USING (person)",
                "person",
                grouped="GROUP BY group_no, person",
            )
        }
        alone = [kind for kind, tie in self._search.limits.ties.items() if tie.alone_people.value <= 2]
        for group, kind, key in self._of_rings(
            "DISTINCT group_no, kind, key",
            "given JOIN grouped_person USING (person) ANTI JOIN inside USING (group_no, kind, key)"
            " LEFT JOIN shared USING (kind, key) LEFT JOIN thing USING (kind, key)",
            "kind, key",
            condition=f"(shared.people IS NULL OR thing.people IS NOT NULL) AND kind IN {(*alone, '')}",
        ):
            parts[group].named.append(Named(kind, key))
        ties: dict[int, dict[str, list[int]]] = {}
        for group, person, place in self._of_rings(
            "group_no, grouped_person.person, place",
            "grouped_person JOIN tie USING (person) JOIN (SELECT group_no, thing_no,"
            " ROW_NUMBER() OVER (PARTITION BY group_no ORDER BY kind, key) - 1 AS place FROM inside) AS placed"
            " USING (group_no, thing_no)",
            "grouped_person.person, place",
        ):
            ties.setdefault(group, {}).setdefault(person, []).append(place)
        for group, of_person in ties.items():
            one = parts[group]
            one.links = [Link(at, place) for at, places in enumerate(of_person.values()) for place in places]
            core = cores(one.links, len(of_person), len(one.shared))
            one.members = [
                Member(
                    person=person,
                    application_ids=tuple(applied.get(person, ())),
                    first_at=_moment(spans[person][0]),
                    last_at=_moment(spans[person][1]),
                    ties=len(places),
                    core=core[at],
                )
                for at, (person, places) in enumerate(of_person.items())
            ]
            one.staff = sorted(staff.get(group, ()), key=lambda each: (each.chance, each.kind, each.staff_id))
        return parts

    def _of_rings(
        self, columns: str, tables: str, order: str, *, condition: str = "TRUE", grouped: str = ""
    ) -> list[tuple[Any, ...]]:
        """Rows of what is a ring, in order; each begins with its group."""
        return self._connection.execute(
            f"SELECT {columns} FROM {tables} SEMI JOIN ring_group USING (group_no) WHERE {condition} {grouped}"
            f" ORDER BY group_no, {order}"
        ).fetchall()


def _ring(ring_id: str, fact: Mapping[str, Any], parts: _Parts) -> Ring:
    return Ring(
        ring_id=ring_id,
        score=fact["score"],
        signs=tuple(name for name in SIGNS if fact[name]),
        against=tuple(name for name in AGAINST if fact[name]),
        members=tuple(parts.members),
        shared=tuple(parts.shared),
        links=tuple(parts.links),
        named=tuple(parts.named),
        staff=tuple(parts.staff),
        first_at=_moment(fact["first_at"]),
        last_at=_moment(fact["last_at"]),
        harm=Harm(**{name: fact[name] for name in ("applications", "opened", "in_use", "fraud")}),
        stores=fact["stores"],
        days=fact["days"],
    )


def _moment(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
