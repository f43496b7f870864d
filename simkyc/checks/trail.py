"""Did this person go from counter to counter?

Reasons: `trail.refused_elsewhere`, `.many_stores`, `.many_dealers`, `.too_fast`.
Units: applications, stores and dealers in the policy's window in hours, this one included; kilometres an hour between
two counters, from coordinates where both stores give them, of one person or of one face under two IDs.
Source: Anti-Telecom and Online Fraud Law, art. 10; local packs that report repeat openings at once [S].
Typology: whoever is refused at one counter tries the next; whoever buys for others spreads the cards over stores and
dealers; an ID that is used at two counters too far apart is in two hands.
A false alarm costs somebody who compares prices a supervisor's question; a miss lets a refusal be walked round.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.reason for finding in check(application(), facts(), Policy.default()) if finding.state == "flagged"]
[]
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from simkyc import geo
from simkyc.application import Application, Position
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts, Visit
from simkyc.policy import Policy
from simkyc.verdict import Decision, Evidence, Finding

__all__ = ["check"]

QUESTIONS = ("refused_elsewhere", "many_stores", "many_dealers", "too_fast")


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Look back over the applications of this person."""
    trail = facts.patterns.trail
    if trail is None:
        return tuple(not_assessed(f"trail.{question}", "number_malformed") for question in QUESTIONS)
    return (*_counts(application, trail, facts.now, policy), _speed(application, trail, facts, policy))


def _counts(
    application: Application, trail: tuple[Visit, ...], now: datetime, policy: Policy
) -> Iterator[Finding]:
    limits, store = policy.trail, application.store
    unit = f"in {limits.window.value:g} hours"
    refused = sum(visit.decision is Decision.REFUSE and visit.store_id != store.store_id for visit in trail)
    stores = {visit.store_id for visit in trail} | {store.store_id}
    dealers = {visit.dealer_id for visit in trail} | {store.dealer_id}
    for reason, observed, limit, what in (
        ("trail.refused_elsewhere", refused, limits.refused_elsewhere, "refusals at other stores"),
        ("trail.many_stores", len(stores), limits.stores, "stores"),
        ("trail.many_dealers", len(dealers - {None}), limits.dealers, "dealers"),
    ):
        yield answer(
            reason,
            holds=observed > limit.value,
            observed=observed,
            limit=limit.value,
            unit=f"{what} {unit}",
            data_as_of=now,
        )


def _speed(application: Application, trail: tuple[Visit, ...], facts: Facts, policy: Policy) -> Finding:
    """The fastest way of this person, or of this face, from an earlier counter to this one."""
    here, limits = application.store.position, policy.trail
    placed = [(visit.decided_at, visit.position) for visit in trail if visit.position is not None]
    placed += _seen(facts, policy)
    if here is None or not placed:
        return not_assessed("trail.too_fast", "no_place" if here is None else "no_earlier_place")
    fastest, apart = 0.0, 0.0
    for moment, position in placed:
        km = geo.distance_km(position, here)
        # Two counters' clocks differ by minutes, and a counter takes its time: nobody is fast over the street.
        minutes = (facts.now - moment).total_seconds() / 60 - limits.counter_time.value
        hours = max(minutes, limits.clock_difference.value) / 60
        if km >= limits.distance_min.value and km / hours > fastest:
            fastest, apart = km / hours, km
    return answer(
        "trail.too_fast",
        holds=fastest > limits.speed_max.value,
        observed=round(fastest, 1),
        limit=limits.speed_max.value,
        unit="km/h",
        data_as_of=facts.now,
        evidence=(Evidence(name="distance", value=round(apart, 1), unit="km"),) if fastest else (),
    )


def _seen(facts: Facts, policy: Policy) -> list[tuple[datetime, Position]]:
    """Where and when the same face was before, under whatever ID."""
    limits, gallery = policy.trail, facts.gallery
    since = facts.now - timedelta(hours=limits.window.value)
    return [
        (hit.decided_at, hit.position)
        for hit in (gallery.hits if gallery else ())
        if hit.position is not None
        and not hit.as_companion
        and hit.decided_at > since
        and hit.false_match_rate <= limits.face_false_match_rate.value
    ]
