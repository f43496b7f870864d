"""Is enough on record to tell anything of a number's use?

Reasons: `usage_records.none`, `.outage`.
Units: hours of the window in which the network, or the writing of records, was down.
Source: house rule: what was not recorded is not known, and no zero.
A false alarm costs a second look later; a miss calls a number in order that nobody looked at.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> [finding.state.value for finding in check(number_usage(calls=None, messages=None), Policy.default())]
['flagged', 'passed']
"""

from __future__ import annotations

from simkyc.checks.answers import answer
from simkyc.checks.signs import dark_hours, is_too_dark
from simkyc.policy import Policy
from simkyc.usage.number import NumberUsage
from simkyc.verdict import Finding

__all__ = ["check"]


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """See what is there: calls or messages, and no long gap in them."""
    return (
        answer("usage_records.none", holds=usage.calls is None and usage.messages is None),
        answer(
            "usage_records.outage",
            holds=is_too_dark(usage, policy),
            observed=round(usage.outage_hours, 1),
            limit=round(dark_hours(usage, policy), 1),
            unit="hours",
            data_as_of=usage.until,
        ),
    )
