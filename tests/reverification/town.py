"""A simulated town whose counters screened everybody: what happened, as a history and as rows of a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc import Application, Decision, Policy, Screener, Verdict
from simkyc.application import ApplicationKind
from simkyc.history import open_history
from simkyc.reverification.columns import flat, schema
from simkyc.testing import Clock, FakeCrowdEngine, World, iccid_of, play
from simkyc.testing.city import Closed, Outcome, Visit

__all__ = ["SECRET", "Town", "played", "stopped", "visited", "write_rows"]

SECRET = "a secret for tests only"


@dataclass(frozen=True)
class Town:
    """What happened.

    Attributes:
        history: URL of the history.
        rows: Of a source that tells the same.
        applications: In the order of their times.
        decided_at: When each was decided, by its identifier.
    """

    history: str
    rows: list[dict[str, Any]]
    applications: list[Application]
    decided_at: dict[str, datetime]

    def previewed(self, policy: Policy | None = None) -> dict[str, Verdict]:
        """Every application judged again, one after the other, as of its own time."""
        with Screener.open(self.history, secret=SECRET, policy=policy, faces=FakeCrowdEngine()) as screener:
            return {
                one.application_id: screener.preview(one, at=self.decided_at[one.application_id])
                for one in self.applications
            }


def played(folder: Path, city: World) -> Town:
    """Everything that happens in a city, stock and networks too: only its history knows all of it."""
    clock = Clock(city.start)
    url = f"sqlite:///{folder}/kyc.db"
    with Screener.open(url, secret=SECRET, faces=FakeCrowdEngine(), clock=clock) as screener:
        applications = [
            one.event.application for one in play(screener, city, clock) if isinstance(one.event, Visit)
        ]
        decided_at = {one.application_id: _verdict(screener, one).decided_at for one in applications}
    rows = [flat(one, decided_at=decided_at[one.application_id]) for one in applications]
    return Town(url, rows, applications, decided_at)


def visited(folder: Path, city: World) -> Town:
    """Only who came to a counter, what was cancelled and what was reported: rows can tell all of it."""
    clock = Clock(city.start)
    url = f"sqlite:///{folder}/visits.db"
    applications: list[Application] = []
    issued: set[str] = set()
    frauds: dict[str, datetime] = {}
    with Screener.open(url, secret=SECRET, faces=FakeCrowdEngine(), clock=clock) as screener:
        for event in city.events():
            # One second each: of the same one the order of a source is that of the identifiers.
            clock.now = max(event.at, clock.advance(seconds=1))
            match event:
                case Visit() if event.after is None or event.after in issued:
                    application = event.application.changed(applied_at=clock.now)
                    applications.append(application)
                    if _settled(screener, application, honest=event.label is None):
                        issued.add(application.application_id)
                case Closed() if event.application_id in issued:
                    screener.close_number(event.application_id)
                case Outcome() if event.application_id in issued and event.fraud:
                    number = next(
                        one.sim.msisdn for one in applications if one.application_id == event.application_id
                    )
                    if event.application_id not in frauds:
                        frauds[event.application_id] = clock.now
                        _reported(screener, number, event.application_id, clock.now)
                case _:
                    pass
    rows = list(_told(url, applications, frauds))
    return Town(url, rows, applications, {row["application_id"]: row["decided_at"] for row in rows})


def stopped(folder: Path, city: World) -> Town:
    """Lines are suspended, some of them as used for fraud, and their holders come back for them and for more."""
    clock = Clock(city.start)
    url = f"sqlite:///{folder}/stopped.db"
    applications: list[Application] = []

    def comes(application: Application, *, honest: bool) -> bool:
        asked = application.changed(applied_at=clock.advance(seconds=1))
        applications.append(asked)
        return _settled(screener, asked, honest=honest)

    with Screener.open(url, secret=SECRET, faces=FakeCrowdEngine(), clock=clock) as screener:
        visits = [event for event in city.events() if isinstance(event, Visit)]
        openings = [one for one in visits if one.application.kind == "opening"][:60]
        for place, event in enumerate(openings):
            clock.now, opened = max(event.at, clock.now), event.application
            if not comes(opened, honest=True) or place % 2:
                continue
            screener.act(opened.sim.msisdn, "suspend", reason="suspected_use", by="staff-1")
            if place % 4:
                screener.report_outcome(opened.sim.msisdn, is_fraud=True)
            more = opened.sim.changed(
                msisdn=f"+86135{place:08d}", imsi=f"46007{place:010d}", iccid=iccid_of(900_000 + place)
            )
            kinds: tuple[ApplicationKind, ...] = ("reactivation", "second_check", "opening")
            for kind in kinds:
                name = f"{opened.application_id}-{kind}"
                sim = more if kind == "opening" else opened.sim
                again = opened.changed(application_id=name, kind=kind, sim=sim)
                comes(again, honest=kind == "reactivation" and place % 6 == 0)
        decided_at = {one.application_id: _verdict(screener, one).decided_at for one in applications}
    rows = [flat(one, decided_at=decided_at[one.application_id]) for one in applications]
    return Town(url, rows, applications, decided_at)


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A source in Parquet."""
    pq.write_table(pa.Table.from_pylist(rows, schema()), path)
    return path


def _verdict(screener: Screener, application: Application) -> Verdict:
    verdict = screener.verdict(application.application_id)
    assert verdict is not None
    return verdict


def _settled(screener: Screener, application: Application, *, honest: bool) -> bool:
    verdict = screener.screen(application)
    if verdict.decision is Decision.ACCEPT:
        screener.settle(application.application_id, opened=True)
        return True
    if verdict.decision is Decision.REVIEW:
        opened = honest and not verdict.to_correct
        screener.settle(application.application_id, opened=opened, approved_by="s-1" if opened else None)
        return opened
    return False


def _reported(screener: Screener, number: str, application_id: str, at: datetime) -> None:
    """The word is on this application: the number may be somebody else's by now."""
    with screener._history.write() as transaction:
        transaction.report_outcome(application_id, at, is_fraud=True)
    del number


def _told(url: str, applications: list[Application], frauds: dict[str, datetime]) -> Iterator[dict[str, Any]]:
    with closing(open_history(url, secret=SECRET)) as history, history.read() as reader:
        for one in applications:
            recorded = reader.recorded(one.application_id)
            assert recorded is not None
            yield flat(
                one,
                decided_at=recorded.decided_at,
                decision=recorded.decision.value,
                admitted_until=recorded.admitted_until,
                opened_at=recorded.opened_at,
                released_at=recorded.released_at,
                closed_at=recorded.closed_at,
                fraud_reported_at=frauds.get(one.application_id),
            )
