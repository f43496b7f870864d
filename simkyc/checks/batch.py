"""Is this opening one of a batch?

Reasons: `batch.clerk_burst`, `.dealer_burst`, `.store_burst`, `.terminal_burst`, `.remote_first_share`,
`.consecutive_cards`, `.consecutive_numbers`, `.fraudulent_before`.
Units: openings in the last 24 hours, this one included, against the median of the same one's own days; shares of them;
cards and numbers in an unbroken run; numbers reported as used for fraud.
Source: Anti-Telecom and Online Fraud Law, art. 9 and 10; local packs on group openings (多人集中办卡) [S]. India's ASTR
run blacklisted 40,123 points of sale, so clerk, dealer and store are subjects of their own.
Typology: a batch is opened by one pair of hands: more cards than on any usual day, for people from elsewhere who never
had a number here, from one stack of cards, with phone numbers nobody would choose. A campaign or an opening day has
more cards too, and a campus many people from elsewhere: each is measured against its own days, and a store that is new
has none, which is said.
A false alarm makes a busy day slower; a miss lets one corrupt clerk arm a ring in an afternoon.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> sorted({finding.cause or '' for finding in check(application(), facts(), Policy.default())})
['', 'few_openings', 'no_terminal']
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from typing import Final, get_args

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Actor, ActorCounts, Facts, SharedThing, is_stores_own
from simkyc.policy import Limit, Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

NEIGHBOURHOOD: Final = 10
"""As far as the history looks up and down from a card."""


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Compare today with the days before, and the card with its neighbours."""
    return (
        *_bursts(facts, policy),
        _remote_first(facts, policy),
        *_runs(facts, policy),
        _hour(facts, policy),
        *_staff(facts, policy),
        *_fraudulent(application, facts, policy),
    )


def _bursts(facts: Facts, policy: Policy) -> Iterator[Finding]:
    limits = policy.batch
    for actor in get_args(Actor):
        reason, today = f"batch.{actor}_burst", facts.openings.today.get(actor)
        days = [day.openings for day in facts.patterns.baselines.get(actor, ())]
        if today is None:
            yield not_assessed(reason, f"no_{actor}")
            continue
        if len(days) < limits.baseline_days_min.value:
            yield not_assessed(reason, "no_baseline")
            continue
        usual = statistics.median(days)
        # Counts of independent customers scatter by the root of their mean, on quiet and on busy days alike.
        most = max(
            usual * limits.burst_factor.value,
            usual + limits.burst_deviations.value * math.sqrt(usual),
            limits.burst_openings_min.value,
            # What was seen on a day before is no burst: a weekly campaign has its own days in the baseline.
            float(sorted(days)[-2]) if len(days) > 1 else 0.0,
        )
        many = today.openings + 1 > most
        shared = many and actor in {"clerk", "terminal"} and _whole_store(actor, facts, policy)
        yield answer(
            reason,
            holds=many and not shared,
            cause="whole_store" if shared else None,
            observed=today.openings + 1,
            limit=round(most, 1),
            unit="openings in 24 hours",
            data_as_of=facts.now,
            evidence=(Evidence(name="median of its days", value=float(usual), unit="openings"),),
        )


def _whole_store(actor: Actor, facts: Facts, policy: Policy) -> bool:
    """Whether this one has no larger share of a busy day than of every day."""
    store, own = facts.openings.today.get("store"), facts.openings.today[actor]
    if store is None:
        return False
    usual_of_store = sum(day.openings for day in facts.patterns.baselines.get("store", ()))
    usual = sum(day.openings for day in facts.patterns.baselines[actor]) / max(usual_of_store, 1)
    return (own.openings + 1) / (store.openings + 1) <= usual + policy.batch.clerk_excess.value


def _remote_first(facts: Facts, policy: Policy) -> Finding:
    """The share of newcomers from elsewhere among today's customers, against the store's own share."""
    reason, limits = "batch.remote_first_share", policy.batch
    clerk, days = facts.openings.today.get("clerk"), facts.patterns.baselines.get("store", ())
    usual_openings = sum(day.openings for day in days)
    if clerk is None or clerk.openings + 1 < limits.remote_first_openings_min.value:
        return answer(reason, holds=False, cause="few_openings")
    if len(days) < limits.baseline_days_min.value:
        return not_assessed(reason, "no_baseline")
    share = clerk.remote_first / clerk.openings
    usual = sum(day.remote_first for day in days) / usual_openings
    # Where everybody else's customers are newcomers too, it is the season and not the clerk.
    limit = min(1.0, max(usual, _elsewhere_today(clerk, facts, policy)) + limits.remote_first_excess.value)
    return answer(
        reason,
        holds=share > limit,
        observed=round(share, 2),
        limit=round(limit, 2),
        unit="share of the clerk's openings in 24 hours",
        data_as_of=facts.now,
        evidence=(Evidence(name="usual share of the store", value=round(usual, 2)),),
    )


def _elsewhere_today(clerk: ActorCounts, facts: Facts, policy: Policy) -> float:
    """The share of newcomers from elsewhere among the store's other openings today; 0 where those are few."""
    store = facts.openings.today.get("store", clerk)
    others = store.openings - clerk.openings
    if others < policy.batch.remote_first_openings_min.value:
        return 0.0
    return (store.remote_first - clerk.remote_first) / others


def _runs(facts: Facts, policy: Policy) -> Iterator[Finding]:
    patterns, limits = facts.patterns, policy.batch
    yield _run("batch.consecutive_cards", patterns.consecutive_cards, limits.consecutive_cards, facts, policy)
    yield _run(
        "batch.consecutive_numbers", patterns.consecutive_numbers, limits.consecutive_numbers, facts, policy
    )


def _run(reason: str, others: int | None, limit: Limit, facts: Facts, policy: Policy) -> Finding:
    if others is None:
        return not_assessed(reason, "number_malformed")
    store = facts.openings.today.get("store")
    sold = store.openings if store else 0
    # A store that sells its stack in order has every customer of the day in the run, and those of yesterday.
    in_order = (
        others >= policy.batch.run_share_max.value * min(sold, NEIGHBOURHOOD)
        and facts.patterns.cards_in_order >= policy.batch.in_order.value
    )
    most = limit.value + policy.batch.run_allowance.value * sold
    many = others + 1 > most
    return answer(
        reason,
        holds=many and not in_order,
        cause="in_order" if many and in_order else None,
        observed=others + 1,
        limit=round(most, 1),
        unit=f"people one after the other in {policy.batch.run_window.value:g} hours",
        data_as_of=facts.now,
    )


def _hour(facts: Facts, policy: Policy) -> Finding:
    """Whether this store hardly ever opens a number at this time of day."""
    reason, limits = "batch.unusual_hour", policy.batch
    at_this_hour, days = facts.patterns.days_at_this_hour, len(facts.patterns.baselines.get("store", ()))
    if at_this_hour is None or days < limits.baseline_days_min.value:
        return not_assessed(reason, "no_baseline")
    return answer(
        reason,
        holds=at_this_hour <= limits.hour_days_share_max.value * days,
        observed=round(at_this_hour / days, 3),
        limit=limits.hour_days_share_max.value,
        unit="share of the store's days with an opening within two hours of this time",
        data_as_of=facts.now,
    )


def _staff(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Of the numbers that this clerk or dealer opened lately, how many were used for fraud."""
    limits, reason = policy.batch, "batch.fraudulent_staff"
    staff: tuple[Actor, ...] = ("clerk", "dealer")
    for actor in staff:
        days = facts.patterns.baselines.get(actor, ())
        if len(days) < limits.baseline_days_min.value:
            yield not_assessed(reason, "no_baseline")
            continue
        count, openings = facts.patterns.fraudulent.get(actor, 0), sum(day.openings for day in days)
        share = count / openings
        yield answer(
            reason,
            holds=count > limits.fraudulent_of_staff.value and share > limits.fraudulent_share_of_staff.value,
            observed=round(share, 3),
            limit=limits.fraudulent_share_of_staff.value,
            unit=f"share of the {actor}'s openings in {limits.baseline_window.value:g} days",
            data_as_of=facts.now,
            evidence=(Evidence(name="used for fraud", value=count, unit="numbers"),),
        )


def _fraudulent(application: Application, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Numbers with the same device, contact, payer and so on that were used for fraud."""
    limits = policy.batch
    limit = limits.fraudulent_of_others
    things: tuple[SharedThing, ...] = ("device", "contact", "payer", "delivery", "representative")
    for thing in things:
        count = facts.patterns.fraudulent.get(thing, 0)
        many = count > limit.value
        own = many and is_stores_own(thing, application, facts, policy)
        yield answer(
            "batch.fraudulent_before",
            holds=many and not own,
            cause="stores_own" if own else None,
            observed=count,
            limit=limit.value,
            unit=f"numbers of the same {thing} used for fraud in {limits.outcomes_window.value:g} days",
            data_as_of=facts.now,
        )
