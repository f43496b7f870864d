"""What labelled pairs say of an engine: its calibration, the rates asked for, and each group beside the others.

Groups are compared at the pooled distance, the one that a policy's rate leads to for everybody. A group's interval
is the wider of two: of the bootstrap over people that `simkyc.faces.calibration` uses, which knows that pairs of one
person go together, and the exact one (Clopper-Pearson), which still says something where nothing or little happened.

A group's false match rate counts as higher than that of all other pairs only where both the exact test and the
resampled ratio say so, at 5% over all groups and rates together (Bonferroni): of twenty operators with equal groups
at most one is warned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simkyc.errors import InputError
from simkyc.faces.calibration import (
    RATES,
    RESAMPLINGS,
    Calibration,
    CalibrationPoint,
    Domain,
    Pairs,
    calibrate,
    impostor_pairs_needed,
)
from simkyc.reverification.pairs import LabelledPairs

__all__ = ["AskedRate", "GroupAtRate", "Measured", "Share", "measure", "people_needed"]

FALSE_ALARM: Final = 0.05
"""Of a warning anywhere though all groups are alike."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the pairs of a kind went wrong.

    Attributes:
        events: So many.
        pairs: Of so many.
        low: Lower end of the 95% confidence interval of their share.
        high: Its upper end.
    """

    events: int
    pairs: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself."""
        return self.events / self.pairs


@dataclass(frozen=True, slots=True)
class AskedRate:
    """A false match rate that somebody wants to use.

    Attributes:
        rate: The rate.
        point: Its distance and false non-match rate; None where the pairs are too few to say.
        impostor_pairs_needed: How many pairs of two people it takes.
        people_needed: How many people give as many, everybody compared with everybody else.
    """

    rate: float
    point: CalibrationPoint | None
    impostor_pairs_needed: int
    people_needed: int


@dataclass(frozen=True, slots=True)
class GroupAtRate:
    """One group at the pooled distance of one rate.

    Attributes:
        group: Its name.
        rate: The false match rate over all pairs.
        distance: The pooled distance of that rate.
        false_match: Impostor pairs at most so far apart; None where the group has none.
        false_non_match: Genuine pairs further apart; None where the group has none.
        own: What the group's own pairs say of the rate; None where they are too few.
        times_others: The group's false match rate over that of all other pairs; None where one of them is unknown.
        is_higher: Whether that is more than chance.
    """

    group: str
    rate: float
    distance: float
    false_match: Share | None
    false_non_match: Share | None
    own: CalibrationPoint | None
    times_others: float | None
    is_higher: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of the pairs.

    Attributes:
        calibration: To be given to the engine.
        asked: Each rate that was asked for, falling.
        groups: Each group at each of these that the pairs suffice for.
    """

    calibration: Calibration
    asked: tuple[AskedRate, ...]
    groups: tuple[GroupAtRate, ...]


def people_needed(false_match_rate: float, domain: Domain) -> int:
    """How many people give enough impostor pairs, with one pair of photos each.

    Every portrait is compared with everybody else's live photo, or every live photo with every other.

    >>> people_needed(1e-4, "chip-live"), people_needed(1e-4, "live-live")
    (549, 776)
    """
    pairs = impostor_pairs_needed(false_match_rate) * (1 if domain == "chip-live" else 2)
    return math.ceil((1 + math.sqrt(1 + 4 * pairs)) / 2)


def measure(
    pairs: LabelledPairs, *, domain: Domain, data: str, rates: Sequence[float], seed: int = 0
) -> Measured:
    """Calibrate from labelled pairs, and compare their groups.

    Args:
        pairs: With all their distances.
        domain: The kind of pair.
        data: What was measured, in words that name nobody.
        rates: False match rates that are wanted, above 0 and up to 0.1.
        seed: Of the resampling; the same seed gives the same results.

    Raises:
        InputError: A rate is none, or as `simkyc.faces.calibration.calibrate`.
    """
    if not all(0 < rate <= RATES[-1] for rate in rates):
        raise InputError(f"a false match rate to ask for is above 0 and at most {RATES[-1]:g}")
    wanted = sorted(set(rates), reverse=True)
    calibration = _calibrated(pairs, pairs.engine_id, domain, data, wanted, seed)
    points = {point.false_match_rate: point for point in calibration.points}
    asked = tuple(
        AskedRate(rate, points.get(rate), impostor_pairs_needed(rate), people_needed(rate, domain))
        for rate in wanted
    )
    told = [one.point for one in asked if one.point is not None]
    return Measured(calibration, asked, _groups(pairs, told, calibration, seed) if told else ())


def _calibrated(
    pairs: LabelledPairs, engine_id: str, domain: Domain, data: str, rates: Sequence[float], seed: int
) -> Calibration:
    people = _numbered(pairs.person_a, pairs.person_b)
    genuine, impostor = (
        Pairs(pairs.distance[kind], people[0][kind], people[1][kind])
        for kind in (pairs.same_person, ~pairs.same_person)
    )
    return calibrate(genuine, impostor, engine_id=engine_id, domain=domain, data=data, rates=rates, seed=seed)


def _numbered(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Both columns with people numbered from 0 and none left out, (2, n)."""
    _, numbers = np.unique(np.concatenate([a, b]), return_inverse=True)
    return numbers.reshape(2, -1)


def _groups(
    pairs: LabelledPairs, points: Sequence[CalibrationPoint], calibration: Calibration, seed: int
) -> tuple[GroupAtRate, ...]:
    if not pairs.groups:
        return ()
    matched, missed = (_Counted(pairs, points, genuine=genuine, seed=seed) for genuine in (False, True))
    level = FALSE_ALARM / (len(pairs.groups) * len(points))
    found = []
    for group, name in enumerate(pairs.groups):
        own = _own_points(pairs, group, calibration, points, seed)
        for place, point in enumerate(points):
            times, higher = matched.against_others(group, place, level)
            found.append(
                GroupAtRate(
                    group=name,
                    rate=point.false_match_rate,
                    distance=point.distance,
                    false_match=matched.share(group, place),
                    false_non_match=missed.share(group, place),
                    own=own.get(point.false_match_rate),
                    times_others=times,
                    is_higher=higher,
                )
            )
    return tuple(found)


def _own_points(
    pairs: LabelledPairs,
    group: int,
    calibration: Calibration,
    points: Sequence[CalibrationPoint],
    seed: int,
) -> dict[float, CalibrationPoint]:
    """What a group's own pairs say of the rates, as far as they suffice."""
    here = pairs.group == group
    impostors = int(np.sum(here & ~pairs.same_person))
    if impostors < impostor_pairs_needed(RATES[-2]) or impostors == int(np.sum(here)):
        return {}
    own = LabelledPairs(
        engine_id=pairs.engine_id,
        line=pairs.line[here],
        same_person=pairs.same_person[here],
        person_a=pairs.person_a[here],
        person_b=pairs.person_b[here],
        group=pairs.group[here],
        distance=pairs.distance[here],
        photo_a=pairs.photo_a[here],
        photo_b=pairs.photo_b[here],
    )
    rates = [point.false_match_rate for point in points]
    made = _calibrated(own, calibration.engine_id, calibration.domain, calibration.data, rates, seed)
    return {point.false_match_rate: point for point in made.points}


class _Counted:
    """Pairs of one kind that went wrong at each distance, by group, as they are and over resampled people.

    The last group stands for pairs that belong to none.
    """

    def __init__(
        self, pairs: LabelledPairs, points: Sequence[CalibrationPoint], *, genuine: bool, seed: int
    ) -> None:
        kind = pairs.same_person == genuine
        groups = len(pairs.groups) + 1
        group = np.where(pairs.group[kind] < 0, groups - 1, pairs.group[kind])
        a, b = _numbered(pairs.person_a[kind], pairs.person_b[kind])
        distance = pairs.distance[kind]
        wrong = [
            np.flatnonzero(distance > point.distance if genuine else distance <= point.distance)
            for point in points
        ]
        self.pairs = np.bincount(group, minlength=groups)
        self.events = np.array([np.bincount(group[rows], minlength=groups) for rows in wrong])
        # Several pairs of one person are no more independent trials than that person is.
        self.independent = (
            [np.unique(a[group == one]).size for one in range(groups)] if genuine else self.pairs
        )
        people = int(a.max(initial=-1)) + 1 if genuine else int(max(a.max(initial=-1), b.max(initial=-1))) + 1
        self._resampled_pairs = np.zeros((RESAMPLINGS, groups))
        self._resampled_events = np.zeros((RESAMPLINGS, len(points), groups))
        random = np.random.default_rng(seed)
        for place in range(RESAMPLINGS if people else 0):
            weights = np.bincount(random.integers(people, size=people), minlength=people).astype(np.float64)
            each = weights[a] if genuine else weights[a] * weights[b]
            self._resampled_pairs[place] = np.bincount(group, each, groups)
            for at, rows in enumerate(wrong):
                self._resampled_events[place, at] = np.bincount(group[rows], each[rows], groups)

    def share(self, group: int, place: int) -> Share | None:
        """How many of a group's pairs went wrong; None where it has none."""
        pairs, events = int(self.pairs[group]), int(self.events[place, group])
        if not pairs:
            return None
        trials, happened = pairs, events
        if events in {0, pairs}:
            trials = int(self.independent[group])
            happened = trials if events else 0
        exact = stats.binomtest(happened, trials).proportion_ci(0.95, method="exact")
        weights = self._resampled_pairs[:, group]
        # A resampling that took nobody of the group says nothing of it.
        shares = self._resampled_events[weights > 0, place, group] / weights[weights > 0]
        low, high = np.quantile(shares, [0.025, 0.975]) if shares.size else (0.0, 1.0)
        return Share(events, pairs, float(min(low, exact.low)), float(max(high, exact.high)))

    def against_others(self, group: int, place: int, level: float) -> tuple[float | None, bool]:
        """How many times a group's share is that of all other pairs, and whether that is more than chance."""
        pairs, events = int(self.pairs[group]), int(self.events[place, group])
        other_pairs, other_events = int(self.pairs.sum()) - pairs, int(self.events[place].sum()) - events
        if not pairs or not other_pairs:
            return None, False
        others = (other_events + 0.5) / (other_pairs + 1)
        by_chance = stats.binomtest(events, pairs, others, alternative="greater").pvalue
        # Half an event more keeps the logarithm finite where a resampling has none.
        all_pairs, all_events = self._resampled_pairs, self._resampled_events[:, place]
        ratio = np.log((all_events[:, group] + 0.5) / (all_pairs[:, group] + 1)) - np.log(
            (all_events.sum(axis=1) - all_events[:, group] + 0.5)
            / (all_pairs.sum(axis=1) - all_pairs[:, group] + 1)
        )
        observed = math.log((events + 0.5) / (pairs + 1) / others)
        beyond = observed - float(stats.norm.isf(level)) * float(ratio.std()) > 0
        times = events / pairs * other_pairs / other_events if other_events else None
        return times, bool(by_chance < level and beyond)
