"""The three answers a check gives, as findings, and whom they are about.

>>> finding = answer("document.expired", holds=True, observed=12, limit=0, unit="days past its end")
>>> finding.check, finding.state.value
('document', 'flagged')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from simkyc.application import Application, Role, Subject
from simkyc.facts import Facts, consent_fault
from simkyc.lists.watch import Listing
from simkyc.policy import Policy, Window
from simkyc.reasons import REASONS
from simkyc.verdict import Evidence, Finding, State

__all__ = ["about", "answer", "listed_as", "not_assessed", "unseen", "within_windows"]


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
    if observed is None and limit is None and unit is None and data_as_of is None and not evidence:
        return _plain(reason, State.FLAGGED if holds else State.PASSED, cause)
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
    return _plain(reason, State.NOT_ASSESSED, cause)


# Most answers say nothing of this application alone, and a finding never changes: it is made and checked once.
@lru_cache(maxsize=4096)
def _plain(reason: str, state: State, cause: str | None) -> Finding:
    return Finding(check=REASONS[reason].check, reason=reason, state=state, cause=cause)


def within_windows(
    reason: str,
    windows: Iterable[Window],
    counts: Mapping[int, float],
    unit: str,
    now: datetime,
    *,
    explained: str | None = None,
) -> Iterator[Finding]:
    """One answer a window: whether more were counted than the policy allows.

    Args:
        reason: The reason code.
        windows: Of the policy.
        counts: What was counted, by window in seconds.
        unit: What was counted, in words.
        now: The moment it holds for.
        explained: Why more are allowed for; it is said where there are more.
    """
    for window in windows:
        count = counts[window.seconds]
        many = count > window.most.value
        yield answer(
            reason,
            holds=many and explained is None,
            cause=explained if many else None,
            observed=count,
            limit=window.most.value,
            unit=f"{unit} in {window.days.value:g} days",
            data_as_of=now,
        )


def listed_as(
    reason: str,
    name: str,
    entries: tuple[Listing, ...] | None,
    lists: Mapping[str, datetime],
    cause: str | None,
) -> Finding:
    """Whether one list of devices names it; not assessed for `cause`, or when nobody keeps that list."""
    if cause is not None or entries is None:
        return not_assessed(reason, cause or "number_malformed")
    if name not in lists:
        return not_assessed(reason, "no_list")
    found = [entry for entry in entries if entry.list == name]
    sources = tuple(
        Evidence(name="source", value=source) for source in dict.fromkeys(e.source for e in found)
    )
    return answer(reason, holds=bool(found), data_as_of=lists[name], evidence=sources)


def about(role: Role, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings about somebody else than the applicant."""
    if role == "applicant":
        return tuple(findings)
    return tuple(finding.model_copy(update={"subject": role}) for finding in findings)


def unseen(subject: Subject, application: Application, facts: Facts, policy: Policy) -> str | None:
    """Why nobody looked at this person's face; None where somebody did."""
    if consent_fault(subject, application, policy, facts.now) is not None:
        return "no_consent"
    return "engine_not_asked" if facts.people[subject.role].face is None else None
