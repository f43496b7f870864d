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
from datetime import datetime
from typing import get_args

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Actor, Facts
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Compare today with the days before, and the card with its neighbours."""
    return (
        *_bursts(facts, policy),
        _remote_first(facts, policy),
        *_runs(facts, policy),
        *_fraudulent(facts, policy),
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
        yield answer(
            reason,
            holds=today.openings + 1 > most,
            observed=today.openings + 1,
            limit=round(most, 1),
            unit="openings in 24 hours",
            data_as_of=facts.now,
            evidence=(Evidence(name="median of its days", value=float(usual), unit="openings"),),
        )


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
    limit = min(1.0, usual + limits.remote_first_excess.value)
    return answer(
        reason,
        holds=share > limit,
        observed=round(share, 2),
        limit=round(limit, 2),
        unit="share of the clerk's openings in 24 hours",
        data_as_of=facts.now,
        evidence=(Evidence(name="usual share of the store", value=round(usual, 2)),),
    )


def _runs(facts: Facts, policy: Policy) -> Iterator[Finding]:
    limits, now = policy.batch, facts.now
    unit = f"different people in an unbroken run in {limits.run_window.value:g} hours"
    yield _run(
        "batch.consecutive_cards", facts.patterns.consecutive_cards, limits.consecutive_cards.value, unit, now
    )
    yield _run(
        "batch.consecutive_numbers",
        facts.patterns.consecutive_numbers,
        limits.consecutive_numbers.value,
        unit,
        now,
    )


def _run(reason: str, others: int | None, limit: float, unit: str, now: datetime) -> Finding:
    if others is None:
        return not_assessed(reason, "number_malformed")
    return answer(
        reason, holds=others + 1 > limit, observed=others + 1, limit=limit, unit=unit, data_as_of=now
    )


def _fraudulent(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Numbers from the same hands, or with the same device, contact or payer, that were used for fraud."""
    limits = policy.batch
    for thing in ("clerk", "dealer", "device", "contact", "payer", "delivery", "representative"):
        count = facts.patterns.fraudulent.get(thing, 0)
        limit = limits.fraudulent_of_staff if thing in {"clerk", "dealer"} else limits.fraudulent_of_others
        yield answer(
            "batch.fraudulent_before",
            holds=count > limit.value,
            observed=count,
            limit=limit.value,
            unit=f"numbers of the same {thing} used for fraud in {limits.outcomes_window.value:g} days",
            data_as_of=facts.now,
        )
