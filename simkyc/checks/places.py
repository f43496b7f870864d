"""Is a number where one phone in one pair of hands can be?

Reasons: `places.fixed_while_calling`, `.too_fast`, `.high_risk_region`.
Units: share of records in the commonest cell; km/h between two records at least 30 km apart; records by region.
Source: house rules; a SIM box stands still and calls, and which regions are hot spots the operator knows.
Staying in one cell is never a sign against anybody: the old, the ill and the night watchman stay. Only a number that
calls many strangers from one cell, day after day, and is not called back, is like a SIM box.
A false alarm weighs half of one sign; a miss leaves a SIM box among people at home.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> at_home = number_usage(places={"cells": 1, "commonest_share": 1.0})
>>> [finding.state.value for finding in check(at_home, Policy.default())]
['passed', 'passed', 'not_assessed']
"""

from __future__ import annotations

from simkyc.checks.answers import answer, not_assessed
from simkyc.checks.signs import all_unknown, calls_a_day, is_called_back
from simkyc.geo import is_in_divisions
from simkyc.policy import Policy
from simkyc.usage.number import NumberUsage, PlaceUse
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

QUESTIONS = ("fixed_while_calling", "too_fast", "high_risk_region")


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """Judge the places of the window."""
    places = usage.places
    if places is None:
        return all_unknown("places", QUESTIONS, "no_records")
    return (_fixed(usage, places, policy), _too_fast(places, policy), _region(places, policy))


def _fixed(usage: NumberUsage, places: PlaceUse, policy: Policy) -> Finding:
    reason, limits, calls = "places.fixed_while_calling", policy.places, usage.calls
    if calls is None:
        return not_assessed(reason, "no_calls")
    if places.commonest_share is None:
        return not_assessed(reason, "no_cell")
    if (
        places.events < limits.events_min.value
        or places.days < limits.one_cell_days.value
        or calls.outgoing < policy.calls.calls_min.value
        or calls.outgoing_share is None
    ):
        return not_assessed(reason, "too_few")
    return answer(
        reason,
        holds=places.commonest_share >= limits.one_cell.value
        and calls_a_day(calls) >= policy.calls.fan_out.value
        and calls.outgoing_share >= policy.calls.one_way_outgoing.value
        and not is_called_back(calls, policy),
        observed=round(places.commonest_share, 3),
        limit=limits.one_cell.value,
        unit="share of records in one cell",
        evidence=(
            Evidence(name="cells", value=float(places.cells)),
            Evidence(name="called_a_day", value=round(calls_a_day(calls), 1), unit="numbers"),
        ),
    )


def _too_fast(places: PlaceUse, policy: Policy) -> Finding:
    reason, limit = "places.too_fast", policy.places.speed_max
    if places.fastest_km_h is None:
        return not_assessed(reason, "not_far_apart")
    return answer(
        reason,
        holds=places.fastest_km_h > limit.value,
        observed=round(places.fastest_km_h),
        limit=limit.value,
        unit="km/h",
    )


def _region(places: PlaceUse, policy: Policy) -> Finding:
    reason, listed = "places.high_risk_region", policy.places.high_risk_regions
    if not listed:
        return not_assessed(reason, "no_list")
    if not places.regions:
        return not_assessed(reason, "no_region")
    hot = {name: count for name, count in places.regions.items() if is_in_divisions(name, listed)}
    return answer(
        reason,
        holds=any(hot.values()),
        observed=sum(hot.values()),
        limit=0,
        unit="records in a listed region",
        evidence=tuple(Evidence(name="region", value=name) for name, count in sorted(hot.items()) if count),
    )
