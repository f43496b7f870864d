"""How far apart are the places that this opening names?

Reasons: `remote.no_residence_shown`, `.residence_elsewhere`, `.device_elsewhere`, `.delivery_elsewhere`.
Units: kilometres between device and store; provinces, cities and counties by their codes.
Source: Anti-Telecom and Online Fraud Law, art. 10; local packs on openings away from home (异地办卡) [S].
Typology: recruits are brought to a counter far from home, the phone that the card is meant for is somewhere else, and
the card is posted to a third place. Each of these alone is everyday life: students, migrant workers, people who buy
for their parents. `openings.far_from_home` says whether the ID is from elsewhere; here the other places are compared,
and only the policy's combination of them sends anybody to a supervisor.
A false alarm on its own costs nothing, for it only adds its weight; a miss leaves that weight out.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> sorted({finding.cause for finding in check(application(), facts(), Policy.default())})
['near_home', 'no_place', 'not_given']
"""

from __future__ import annotations

from simkyc import geo
from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts, from_elsewhere
from simkyc.numbers import division
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Compare the places."""
    return (*_residence(application, policy), _device(application, policy), _delivery(application))


def _residence(application: Application, policy: Policy) -> tuple[Finding, ...]:
    shown, elsewhere = application.residence, from_elsewhere(application, policy)
    missing, other = "remote.no_residence_shown", "remote.residence_elsewhere"
    if isinstance(elsewhere, str):
        return (not_assessed(missing, elsewhere), not_assessed(other, elsewhere))
    if not elsewhere:
        return (
            answer(missing, holds=False, cause="near_home"),
            answer(other, holds=False, cause="near_home"),
        )
    if shown is None:
        return (answer(missing, holds=True), not_assessed(other, "not_given"))
    level = division.agreement(shown.division, application.store.division)
    if level == "not_comparable":
        return (answer(missing, holds=False), not_assessed(other, "no_home_division"))
    return (answer(missing, holds=False), answer(other, holds=level in policy.openings.far_agreements))


def _device(application: Application, policy: Policy) -> Finding:
    reason, limit = "remote.device_elsewhere", policy.remote.device_distance_max
    here = application.store.position
    there = application.device.position if application.device else None
    if here is None or there is None:
        return not_assessed(reason, "no_place")
    apart = geo.distance_km(here, there)
    return answer(reason, holds=apart > limit.value, observed=round(apart, 1), limit=limit.value, unit="km")


def _delivery(application: Application) -> Finding:
    """Whether the card is posted to another province than the store's, as far as the address names one in full."""
    reason = "remote.delivery_elsewhere"
    if application.delivery_address is None:
        return not_assessed(reason, "not_given")
    province, _ = division.named_in(application.delivery_address)
    if province is None:
        return not_assessed(reason, "not_comparable")
    return answer(reason, holds=not application.store.division.startswith(province))
