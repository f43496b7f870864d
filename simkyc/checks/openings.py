"""Does this opening look like the work of a card farmer?

Reasons: `openings.number_cap`, `.repeat`, `.far_from_home`, `.repeat_far_from_home`, `.clerk_burst`,
`.suspended_number`, `.other_operators`.
Units: openings, this one included, in the policy's windows in days or minutes; active numbers; numbers that stand
suspended, or were cancelled, on suspicion of fraud.
Source: Anti-Telecom and Online Fraud Law, art. 10. The cap counts this operator's numbers only: what other
operators issued is unknown here, which is not zero.
A false alarm sends a family's shopper to a supervisor; a miss arms a fraud ring with one more card. Being
from elsewhere alone is held against nobody: students and migrant workers are most of the remote openings.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [f.reason for f in check(application(), facts(), Policy.default()) if f.state == "not_assessed"]
['openings.other_operators']
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed, within_windows
from simkyc.facts import Facts, from_elsewhere
from simkyc.policy import OpeningLimits, Policy, Window
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Count what the history holds against the policy's windows."""
    limits = policy.openings
    return (
        _cap(application, facts, limits),
        *_repeats("openings.repeat", limits.repeat, facts),
        *_far(application, facts, policy),
        answer(
            "openings.clerk_burst",
            holds=facts.openings.clerk_openings + 1 > limits.clerk_openings.value,
            observed=facts.openings.clerk_openings + 1,
            limit=limits.clerk_openings.value,
            unit=f"openings in {limits.clerk_window.value:g} minutes",
            data_as_of=facts.now,
        ),
        _suspended(facts),
        _elsewhere(application, limits),
    )


def _suspended(facts: Facts) -> Finding:
    """Whether another line of this person is stopped on suspicion: art. 10 permits enhanced checks then."""
    stopped = facts.openings.suspended_numbers
    if stopped is None:
        return not_assessed("openings.suspended_number", "number_malformed")
    return answer(
        "openings.suspended_number",
        holds=stopped > 0,
        observed=stopped,
        limit=0,
        unit="numbers stopped on suspicion",
        data_as_of=facts.now,
    )


def _cap(application: Application, facts: Facts, limits: OpeningLimits) -> Finding:
    held = facts.openings.active_numbers
    if application.sim.service == "iot":
        return not_assessed("openings.number_cap", "iot")
    if held is None:
        return not_assessed("openings.number_cap", "number_malformed")
    return answer(
        "openings.number_cap",
        holds=held["personal"] + 1 > limits.active_numbers.value,
        observed=held["personal"] + 1,
        limit=limits.active_numbers.value,
        unit="active numbers",
        data_as_of=facts.now,
    )


def _elsewhere(application: Application, limits: OpeningLimits) -> Finding:
    """Numbers at other operators, where somebody asked for them with the person's consent."""
    held, limit = application.numbers_elsewhere, limits.numbers_elsewhere
    if held is None:
        return not_assessed("openings.other_operators", "not_known_here")
    return answer(
        "openings.other_operators",
        holds=held > limit.value,
        observed=held,
        limit=limit.value,
        unit="active numbers at other operators",
    )


def _repeats(reason: str, windows: tuple[Window, ...], facts: Facts) -> tuple[Finding, ...]:
    earlier = facts.openings.person_openings
    if earlier is None:
        return (not_assessed(reason, "number_malformed"),)
    counts = {window_s: count + 1 for window_s, count in earlier.items()}
    return tuple(within_windows(reason, windows, counts, "openings", facts.now))


def _far(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    reason, combined = "openings.far_from_home", "openings.repeat_far_from_home"
    limits, is_far = policy.openings, from_elsewhere(application, policy)
    if isinstance(is_far, str):
        return (not_assessed(reason, is_far), not_assessed(combined, is_far))
    far = answer(reason, holds=is_far)
    repeats = _repeats(combined, limits.repeat_far_from_home, facts)
    if not is_far:
        return (far, answer(combined, holds=False, cause="near_home"))
    return (far, *repeats)
