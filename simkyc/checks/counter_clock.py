"""Is the counter's clock right?

Reasons: `counter_clock.differs`.
Units: minutes between the application's own time and the screener's, either way.
Source: house rule. The history counts up to the screener's time, whatever the counter says.
A false alarm costs a clerk a look at the clock; a miss dates the record of an opening wrongly.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.state.value for finding in check(application(), facts(), Policy.default())]
['passed']
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.checks.answers import answer
from simkyc.facts import Facts
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Compare the two clocks."""
    minutes = abs((facts.now - application.applied_at).total_seconds()) / 60
    limit = policy.counter_clock.max_difference.value
    return (
        answer(
            "counter_clock.differs",
            holds=minutes > limit,
            observed=round(minutes, 1),
            limit=limit,
            unit="minutes",
        ),
    )
