"""The three answers a check gives, as findings.

>>> finding = answer("document.expired", holds=True, observed=12, limit=0, unit="days past its end")
>>> finding.check, finding.state.value
('document', 'flagged')
"""

from __future__ import annotations

from datetime import datetime

from simkyc.reasons import REASONS
from simkyc.verdict import Evidence, Finding, State

__all__ = ["answer", "not_assessed"]


def answer(
    reason: str,
    *,
    holds: bool,
    observed: float | None = None,
    limit: float | None = None,
    unit: str | None = None,
    cause: str | None = None,
    data_as_of: datetime | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    """A question that could be answered: flagged when the reason holds, else passed."""
    return Finding(
        check=REASONS[reason].check,
        reason=reason,
        state=State.FLAGGED if holds else State.PASSED,
        observed=observed,
        limit=limit,
        unit=unit,
        cause=cause,
        data_as_of=data_as_of,
        evidence=evidence,
    )


def not_assessed(reason: str, cause: str) -> Finding:
    """A question that could not be answered, and why."""
    return Finding(check=REASONS[reason].check, reason=reason, state=State.NOT_ASSESSED, cause=cause)
