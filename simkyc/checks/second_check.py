"""Did the subscriber show up for the second real-person check in time?

Reasons: `second_check.overdue`.
Units: hours since the check was due.
Source: Anti-Telecom and Online Fraud Law, art. 11; second real-person check within 24 hours, suspension when it
fails [V].
A false alarm suspends somebody who lay in hospital until they come with ID and card; a miss leaves a line in use of
which nobody knows whose it is.

>>> from simkyc.testing import line_facts
>>> from simkyc.policy import Policy
>>> [finding.state.value for finding in check(line_facts(), Policy.default())]
['passed']
"""

from __future__ import annotations

from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import LineFacts
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(line: LineFacts | None, policy: Policy) -> tuple[Finding, ...]:
    """Compare the time by which a check is due with now."""
    del policy  # the time was set when the check was asked for
    reason = "second_check.overdue"
    if line is None:
        return (not_assessed(reason, "line_unknown"),)
    if line.verify_by is None:
        return (answer(reason, holds=False, data_as_of=line.now),)
    late = (line.now - line.verify_by).total_seconds() / 3600
    return (
        answer(
            reason,
            holds=late >= 0,
            observed=round(late, 1),
            limit=0,
            unit="hours after it was due",
            data_as_of=line.now,
        ),
    )
