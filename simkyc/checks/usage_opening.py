"""What of the opening behind a number sharpens what its use tells?

Reasons: `usage_opening.new_and_busy`, `.many_numbers`, `.many_openings`.
Units: days from the opening to the window's end; different numbers called on a day with calls, or written to in a day;
numbers and openings of its holder.
Source: house rules; cards of recruits are sold when new, and several at once (docs/patterns.md).
None of this is a sign without use, and it never leads anywhere alone: it only weighs.
A false alarm adds a little weight to a newcomer's busy week; a miss leaves it out.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> usage = number_usage(opening={"age_days": 5.0}, calls={"counterparts": 300, "returned_share": 0.01})
>>> [finding.state.value for finding in check(usage, Policy.default())]
['flagged', 'passed', 'passed']
"""

from __future__ import annotations

from simkyc.checks.answers import answer, not_assessed
from simkyc.checks.signs import all_unknown, calls_a_day, is_called_back, watched_days
from simkyc.policy import Policy
from simkyc.usage.number import NumberUsage, OpeningKnown
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

QUESTIONS = ("new_and_busy", "many_numbers", "many_openings")


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """Judge the opening together with the use."""
    opening, limits = usage.opening, policy.usage_opening
    if opening is None:
        return all_unknown("usage_opening", QUESTIONS, "line_unknown")
    return (
        _new(usage, opening, policy),
        answer(
            "usage_opening.many_numbers",
            holds=opening.owner_numbers >= limits.numbers.value,
            observed=opening.owner_numbers,
            limit=limits.numbers.value,
            unit="numbers of its holder",
        ),
        answer(
            "usage_opening.many_openings",
            holds=opening.owner_openings >= limits.openings.value,
            observed=opening.owner_openings,
            limit=limits.openings.value,
            unit="openings of its holder in 365 days",
        ),
    )


def _new(usage: NumberUsage, opening: OpeningKnown, policy: Policy) -> Finding:
    reason, limits = "usage_opening.new_and_busy", policy.usage_opening
    calls, messages = usage.calls, usage.messages
    if calls is None and messages is None:
        return not_assessed(reason, "no_records")
    called = 0.0 if calls is None or is_called_back(calls, policy) else calls_a_day(calls)
    written = 0.0 if messages is None else messages.recipients / max(1.0, watched_days(usage))
    busy = called >= limits.new_fan_out.value or written >= limits.new_recipients.value
    return answer(
        reason,
        holds=busy and opening.age_days < limits.new_within.value,
        observed=round(opening.age_days, 1),
        limit=limits.new_within.value,
        unit="days old",
        evidence=(
            Evidence(name="called_a_day", value=round(called, 1), unit="numbers"),
            Evidence(name="written_to_a_day", value=round(written, 1), unit="numbers"),
        ),
    )
