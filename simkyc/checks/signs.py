"""What the checks of a number's use share: what was watched, and whether the number is called back.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import DAY_S, Policy
>>> watched_days(number_usage()), is_called_back(number_usage().calls, Policy.default())
(30.0, True)
"""

from __future__ import annotations

from simkyc.checks.answers import not_assessed
from simkyc.policy import DAY_S, Policy
from simkyc.usage.number import CallUse, NumberUsage
from simkyc.verdict import Finding

__all__ = [
    "DAY_S",
    "all_unknown",
    "calls_a_day",
    "dark_hours",
    "is_called_back",
    "is_too_dark",
    "is_too_short",
    "watched_days",
]


def watched_days(usage: NumberUsage) -> float:
    """Length of the window in days."""
    return (usage.until - usage.since).total_seconds() / DAY_S


def is_too_short(usage: NumberUsage, policy: Policy) -> bool:
    """Whether the window is too short to call anything a habit."""
    return watched_days(usage) < policy.usage.window_min.value


def is_too_dark(usage: NumberUsage, policy: Policy) -> bool:
    """Whether so many records are missing that silence tells nothing."""
    return usage.outage_hours > dark_hours(usage, policy)


def dark_hours(usage: NumberUsage, policy: Policy) -> float:
    """So many hours of the window may lack records."""
    return max(policy.usage.outage_max.value, policy.usage.outage_share.value * watched_days(usage) * 24)


def is_called_back(calls: CallUse, policy: Policy) -> bool:
    """Whether enough of the numbers called ever called too; not where the records do not say."""
    return calls.returned_share is not None and calls.returned_share >= policy.usage.called_back_min.value


def calls_a_day(calls: CallUse) -> float:
    """Different numbers called, on a day with calls."""
    return calls.counterparts / max(1, calls.days)


def all_unknown(check: str, questions: tuple[str, ...], cause: str) -> tuple[Finding, ...]:
    """None of a check's questions can be answered."""
    return tuple(not_assessed(f"{check}.{question}", cause) for question in questions)
