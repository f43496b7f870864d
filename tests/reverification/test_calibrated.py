"""What pairs say, on distances from distributions that are known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from simkyc.errors import InputError
from simkyc.faces.calibration import impostor_pairs_needed
from simkyc.reverification.calibrated import GroupAtRate, Measured, Share, measure, people_needed
from simkyc.reverification.pairs import LabelledPairs

IMPOSTORS, GENUINE, SPREAD = 1.35, 0.6, 0.12
RATES = (1e-2, 1e-3)


def made(
    people: Sequence[int], nearer: Sequence[float] = (), *, seed: int = 0, groups: bool = True
) -> LabelledPairs:
    """Groups of so many people, everybody against everybody else of the group, normal around `IMPOSTORS`.

    `nearer` moves a group's impostors. No pair leans on another through its people.
    """
    random = np.random.default_rng(seed)
    a, b, group, distance = [], [], [], []
    begin = 0
    for place, count in enumerate(people):
        first, second = np.divmod(np.arange(count * count), count)
        same = first == second
        centre = np.where(same, GENUINE, IMPOSTORS - (nearer[place] if nearer else 0))
        a.append(begin + first)
        b.append(begin + second)
        group.append(np.full(count * count, place if groups else -1))
        distance.append(np.clip(random.normal(centre, SPREAD), 0, 2))
        begin += count
    probe, reference = np.concatenate(a), np.concatenate(b)
    none = np.full(probe.size, -1)
    return LabelledPairs(
        engine_id="example/1",
        line=np.arange(probe.size),
        same_person=probe == reference,
        person_a=probe,
        person_b=reference,
        group=np.concatenate(group),
        distance=np.concatenate(distance),
        photo_a=none,
        photo_b=none,
        groups=tuple(f"g{place}" for place in range(len(people))) if groups else (),
    )


def measured(pairs: LabelledPairs, rates: Sequence[float] = RATES, seed: int = 0) -> Measured:
    return measure(pairs, domain="chip-live", data="made up", rates=rates, seed=seed)


def true_distance(rate: float) -> float:
    return float(stats.norm.ppf(rate, IMPOSTORS, SPREAD))


def test_the_true_rates_lie_within_the_intervals() -> None:
    inside = []
    for seed in range(12):
        for asked in measured(made([180], seed=seed, groups=False), seed=seed).asked:
            point = asked.point
            assert point is not None
            inside.append(point.distance_low <= true_distance(asked.rate) <= point.distance_high)
            missed = float(stats.norm.sf(point.distance, GENUINE, SPREAD))
            inside.append(point.false_non_match_rate_low <= missed <= point.false_non_match_rate_high)
    # 48 intervals of 95%: so few would be inside less than once in a thousand times.
    assert stats.binom.cdf(sum(inside), len(inside), 0.95) > 1e-3


def test_a_rate_asked_for_stands_in_the_table_itself() -> None:
    result = measured(made([120], groups=False), [2.5e-3, 1e-2])
    rates = [point.false_match_rate for point in result.calibration.points]
    assert 2.5e-3 in rates
    assert rates == sorted(rates)
    assert [one.rate for one in result.asked] == [1e-2, 2.5e-3]


def test_too_few_pairs_for_a_rate_say_how_many_it_takes() -> None:
    (enough, few) = measured(made([60], groups=False), [1e-2, 1e-4]).asked
    assert enough.point is not None
    assert (few.point, few.impostor_pairs_needed, few.people_needed) == (None, 300_000, 549)


@pytest.mark.parametrize("rate", [1e-2, 3e-3, 1e-3, 1e-4, 1e-6])
def test_as_many_people_as_are_needed_are_enough_and_one_fewer_is_not(rate: float) -> None:
    needed = impostor_pairs_needed(rate)
    people = people_needed(rate, "chip-live")
    assert people * (people - 1) >= needed > (people - 1) * (people - 2)
    people = people_needed(rate, "live-live")
    assert math.comb(people, 2) >= needed > math.comb(people - 1, 2)


@pytest.mark.parametrize("rate", [0.0, -1e-3, 0.2, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match=r"above 0 and at most 0\.1"):
        measured(made([60], groups=False), [rate])


# --- groups


def of(result: Measured, rate: float) -> dict[str, GroupAtRate]:
    return {one.group: one for one in result.groups if one.rate == rate}


def test_a_group_whose_strangers_look_alike_is_found() -> None:
    result = measured(made([110, 110, 110], nearer=[0, 0, 0.1]))
    for rate in RATES:
        groups = of(result, rate)
        assert [name for name, one in groups.items() if one.is_higher] == ["g2"]
        for place, one in enumerate(groups.values()):
            true = float(stats.norm.cdf(one.distance, IMPOSTORS - (0.1 if place == 2 else 0), SPREAD))
            assert one.false_match is not None
            assert one.false_match.low <= true <= one.false_match.high
    found = of(result, 1e-2)["g2"]
    assert found.times_others is not None
    assert found.times_others > 4
    assert found.own is not None
    assert found.own.distance_high < found.distance
    assert found.own.distance == pytest.approx(true_distance(1e-2) - 0.1, abs=0.03)


def test_groups_that_are_alike_are_rarely_warned_about() -> None:
    warned = sum(
        any(one.is_higher for one in measured(made([70, 60, 50], seed=seed), seed=seed).groups)
        for seed in range(20)
    )
    assert warned <= 2


def person_effects(seed: int) -> LabelledPairs:
    """Two alike groups in which some people are near to everybody, as in life."""
    pairs = made([60, 60], seed=seed)
    lamb = np.random.default_rng(seed + 1000).normal(0, 0.08, 120)
    moved = np.where(pairs.same_person, 0, lamb[pairs.person_a] + lamb[pairs.person_b])
    pairs.distance[:] = np.clip(pairs.distance + moved, 0, 2)
    return pairs


def test_people_who_are_near_to_everybody_make_no_group_differ() -> None:
    """Counted as independent, the pairs of a few such people would make many groups differ."""
    naive = warned = 0
    for seed in range(20):
        groups = of(measured(person_effects(seed), [1e-2], seed), 1e-2)
        warned += any(one.is_higher for one in groups.values())
        for name, one in groups.items():
            (other,) = (other for label, other in groups.items() if label != name)
            assert one.false_match is not None
            assert other.false_match is not None
            naive += bool(
                stats.binomtest(
                    one.false_match.events,
                    one.false_match.pairs,
                    other.false_match.value,
                    alternative="greater",
                ).pvalue
                < 0.025
            )
    assert warned <= 2
    assert naive > 5


def test_where_nothing_happened_the_interval_says_so_much_and_no_more() -> None:
    result = measured(made([100, 20], nearer=[0, -0.5]))
    quiet = of(result, 1e-2)["g1"].false_match
    assert quiet is not None
    assert (quiet.events, quiet.pairs, quiet.low) == (0, 380, 0.0)
    assert quiet.high == pytest.approx(
        3.69 / 380, rel=0.01
    )  # -ln 0.025 = 3.69, as the rule of three at 97.5%


def test_a_group_with_one_kind_of_pair_is_told_of_that_alone() -> None:
    pairs = made([80, 80])
    keep = (pairs.group == 0) | pairs.same_person
    for name in ("line", "same_person", "person_a", "person_b", "group", "distance", "photo_a", "photo_b"):
        object.__setattr__(pairs, name, getattr(pairs, name)[keep])
    one = of(measured(pairs), 1e-2)["g1"]
    assert (one.false_match, one.own, one.times_others, one.is_higher) == (None, None, None, False)
    assert isinstance(one.false_non_match, Share)


def test_a_small_group_has_no_distance_of_its_own() -> None:
    small = of(measured(made([120, 20])), 1e-2)["g1"]
    assert (small.own, small.false_match is None) == (None, False)


def test_the_order_of_rows_changes_nothing() -> None:
    pairs = made([70, 70], nearer=[0, 0.05])
    before = measured(pairs)
    order = np.random.default_rng(5).permutation(pairs.count)
    for name in ("line", "same_person", "person_a", "person_b", "group", "distance", "photo_a", "photo_b"):
        object.__setattr__(pairs, name, getattr(pairs, name)[order])
    assert measured(pairs) == before
