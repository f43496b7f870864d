"""What a policy finds of the fraud planted in simulated cities, and whom it bothers there."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from bench.run import Run
from bench.table import Result, Table
from simkyc import Decision, Policy, Screener
from simkyc.testing import Clock
from simkyc.testing.city import CUSTOMERS, PATTERNS, Played, Seen, Visit, play
from simkyc.testing.city import world as city
from simkyc.testing.fakes import FakeCrowdEngine

__all__ = ["CHOOSING", "REPORTING", "Tally", "measure", "world"]

CHOOSING: Final = (11, 12, 13, 14, 15)
"""Seeds on which limits are chosen: look at these as often as you like."""
REPORTING: Final = (101, 102, 103, 104, 105)
"""Seeds on which the chosen limits are reported, and nothing is chosen."""

ALWAYS: Final = frozenset({"document.holder_minor", "parties.represented"})
"""Reasons that send every child and everybody represented to a supervisor, whatever the history holds."""

FRAUD: Final = 0.08
"""Planted share: more than life has, so that every pattern has several rings."""


def world(run: Run) -> Table:
    """Cities of seeds that no limit was chosen on, played from an empty history."""
    seeds = REPORTING[: run.pick(1, 1, 3, 5)]
    people, days = run.pick(30, 600, 2000, 4000), run.pick(21, 90, 90)
    tally = measure(seeds, people=people, days=days, policy=Policy.default(), run=run)
    rows = [
        *(_fraud(pattern, tally) for pattern in PATTERNS),
        *(_honest(customer, tally) for customer in CUSTOMERS if tally.visits[customer]),
    ]
    planted, found = (_sum(counted, PATTERNS) for counted in (tally.visits, tally.caught))
    honest, bothered = (_sum(counted, CUSTOMERS) for counted in (tally.visits, tally.caught))
    rings = [first is not None for first in tally.first.values()]
    late, late_caught = tally.late.total(), tally.late_caught.total()
    boxed = [flagged for (kind, _, _), flagged in tally.lines_of_rings.items() if kind == "resale"]
    forged = [caught for (kind, _, _), caught in tally.last.items() if kind == "retry"]
    of_fraud, of_honest = (
        _share(tally.lines_caught[kind], tally.lines[kind]) for kind in ("fraud", "honest")
    )
    return Table(
        title="A simulated city: what is found, and who is bothered",
        compared=(
            f"Seeds {', '.join(map(str, seeds))}, kept for reporting, each with {people:,} customers in 12 stores "
            f"over {days} days and planted fraud of every pattern, under the policy that ships. "
            "A planted application counts as found when it is at least in review; an honest one as bothered then."
        ),
        columns=(
            "who",
            "applications",
            "in review or worse",
            "share",
            "after the third",
            "rings found",
            "found from",
            "because of",
        ),
        rows=tuple(rows),
        results=(
            Result(
                "planted applications at least in review", f"{found} of {planted} ({_share(found, planted)})"
            ),
            Result(
                "planted rings of which any application was",
                f"{sum(rings)} of {len(rings)} ({_share(sum(rings), len(rings))})",
            ),
            Result(
                "planted applications after a ring's third",
                f"{late_caught} of {late} ({_share(late_caught, late)})",
            ),
            Result("honest applications bothered", f"{bothered} of {honest} ({_share(bothered, honest)})"),
            Result(
                "retries that come back with a forged card, at least in review",
                f"{sum(forged)} of {len(forged)}",
            ),
            Result(
                "rings of resale that are found by their lines, in one box",
                f"{sum(boxed)} of {len(boxed)}",
            ),
            Result("sightings of lines opened by fraud that are flagged", of_fraud),
            Result("sightings of honest lines that are flagged", of_honest),
            Result(
                "seconds per 1,000 applications, the city's making included", f"{tally.seconds_per_1000:.1f}"
            ),
        ),
        note=(
            "After the third: the share of the applications after a ring's third, when there is something to see. "
            "Found from: the median, over the rings that were found, of the first application that was. Every child "
            "and everybody represented goes to a supervisor anyway: that alone counts as neither. A dealer's ring "
            "and one that resells have nothing that tells them at the counter: the first shows in the share of the "
            "dealer's numbers that are reported, the second where its lines meet in one device. "
            "docs/world.md tells the patterns. Their mix and shares are made up: compare policies by this table, and "
            "do not read from it how much fraud there is."
        ),
    )


@dataclass(slots=True)
class Tally:
    """What was counted, by pattern or kind of customer.

    Attributes:
        visits: Applications.
        caught: Of these at least in review, not for what `ALWAYS` asks alone.
        reasons: Why, by pattern or kind.
        first: The place of the first application that was found, by ring; None while none is.
        last: Whether the latest was.
        late: Applications after a ring's third.
        late_caught: Of these at least in review.
        lines_of_rings: Whether any line of a ring was flagged.
        lines: Sightings, of `fraud` and `honest` lines.
        lines_caught: Of these at least in review.
        seconds: What playing took.
    """

    visits: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    reasons: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    first: dict[tuple[str, int, str], int | None] = field(default_factory=dict)
    last: dict[tuple[str, int, str], bool] = field(default_factory=dict)
    late: Counter[str] = field(default_factory=Counter)
    late_caught: Counter[str] = field(default_factory=Counter)
    lines_of_rings: dict[tuple[str, int, str], bool] = field(default_factory=dict)
    lines: Counter[str] = field(default_factory=Counter)
    lines_caught: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def seconds_per_1000(self) -> float:
        """Of playing, by application."""
        return self.seconds / max(self.visits.total(), 1) * 1000

    def count(self, seed: int, played: Played) -> None:
        """Take one event in."""
        event = played.event
        if isinstance(event, Seen):
            kind = "honest" if event.label is None else "fraud"
            self.lines[kind] += 1
            flagged = played.decision >= Decision.REVIEW
            self.lines_caught[kind] += flagged
            if event.label is not None:
                one = (event.label.pattern, seed, event.label.ring)
                self.lines_of_rings[one] = self.lines_of_rings.get(one, False) or flagged
        else:
            self._visit(seed, event, played)

    def _visit(self, seed: int, visit: Visit, played: Played) -> None:
        kind = visit.label.pattern if visit.label else str(visit.customer)
        reasons = [reason for reason in played.reasons if reason not in ALWAYS]
        # What is worse than accepted without a reason that holds could not be checked, and counts.
        caught = played.decision is not Decision.ACCEPT and (bool(reasons) or not played.reasons)
        self.visits[kind] += 1
        self.caught[kind] += caught
        if caught:
            self.reasons[kind].update(reasons)
        if visit.label is not None:
            ring = (kind, seed, visit.label.ring)
            if self.first.setdefault(ring, None) is None and caught:
                self.first[ring] = visit.label.place
            self.last[ring] = caught
            if visit.label.place > 3:
                self.late[kind] += 1
                self.late_caught[kind] += caught


def measure(
    seeds: Sequence[int], *, people: int, days: int = 90, policy: Policy | None = None, run: Run | None = None
) -> Tally:
    """Play a city of each seed from an empty history under a policy.

    Args:
        seeds: `CHOOSING` to choose by, `REPORTING` to report.
        people: Honest customers of each.
        days: How long each is watched.
        policy: None for the one that ships.
        run: Shows how far it is.
    """
    tally, start = Tally(), time.perf_counter()
    for seed in run.track(seeds, "playing cities") if run else seeds:
        made = city(seed, people=people, days=days, fraud=FRAUD)
        clock = Clock(made.start)
        with Screener.open("sqlite://", policy=policy, faces=FakeCrowdEngine(), clock=clock) as screener:
            for played in play(screener, made, clock):
                tally.count(seed, played)
    tally.seconds = time.perf_counter() - start
    return tally


def _fraud(pattern: str, tally: Tally) -> tuple[str, ...]:
    rings = [first for (kind, _, _), first in tally.first.items() if kind == pattern]
    found = [first for first in rings if first is not None]
    return (
        f"fraud: {pattern}",
        *_counted(pattern, tally),
        _share(tally.late_caught[pattern], tally.late[pattern]),
        f"{len(found)} of {len(rings)}",
        f"application {median(found):g}" if found else "never",
        _why(pattern, tally),
    )


def _honest(customer: str, tally: Tally) -> tuple[str, ...]:
    return (f"honest: {customer}", *_counted(customer, tally), "-", "-", "-", _why(customer, tally))


def _counted(kind: str, tally: Tally) -> tuple[str, str, str]:
    caught, of = tally.caught[kind], tally.visits[kind]
    return (str(of), str(caught), _share(caught, of))


def _why(kind: str, tally: Tally) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in tally.reasons[kind].most_common(2)) or "-"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none there"


def _sum(counted: Counter[str], kinds: Sequence[str]) -> int:
    return sum(counted[kind] for kind in kinds)
