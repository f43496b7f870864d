"""Does a number call as people do, or as those who work through lists of strangers?

Reasons: `calls.fan_out`, `.one_way`, `.one_way_throughout`, `.unanswered`, `.short`, `.not_returned`, `.burst`,
`.at_night`, `.round_the_clock`, `.woken`, `.relay`.
Units: different numbers called on a day with calls; calls to each; shares of 0 to 1; calls in an hour and in ten
minutes; hours of the day; days of silence.
Source: the Sichuan contest of 2020 (docs/measured.md) for fan-out and one-way calling, house rules for the rest; packs
of provincial operators on high-frequency calling and on dormant numbers [S]. No law names a frequency.
Whoever serves people (a courier, an agent) calls many numbers once, and is called back: then calls are not one-way.
A false alarm costs a text message to somebody busy, for calls alone lead to no more; a miss leaves a number to a gang.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> usage = number_usage(calls={"per_counterpart": 1.1, "outgoing_share": 0.97, "returned_share": 0.01})
>>> [finding.reason for finding in check(usage, Policy.default()) if finding.state == "flagged"]
['calls.one_way', 'calls.one_way_throughout', 'calls.not_returned']
"""

from __future__ import annotations

from collections.abc import Iterator

from simkyc.checks.answers import answer, not_assessed
from simkyc.checks.signs import (
    all_unknown,
    calls_a_day,
    is_called_back,
    is_too_dark,
    is_too_short,
    watched_days,
)
from simkyc.policy import Limit, Policy
from simkyc.usage.number import CallUse, NumberUsage
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

QUESTIONS = (
    *("fan_out", "one_way", "one_way_throughout", "unanswered", "short", "not_returned", "burst"),
    *("at_night", "round_the_clock", "woken", "relay"),
)


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """Judge the calls of the window."""
    calls = usage.calls
    if calls is None:
        return all_unknown("calls", QUESTIONS, "no_records")
    if calls.outgoing < policy.calls.calls_min.value:
        return all_unknown("calls", QUESTIONS, "too_few")
    return (
        *_strangers(usage, calls, policy),
        *_answers(usage, calls, policy),
        *_hours(usage, calls, policy),
        _woken(usage, calls, policy),
        _relay(calls, policy),
    )


def _strangers(usage: NumberUsage, calls: CallUse, policy: Policy) -> Iterator[Finding]:
    limits = policy.calls
    a_day = calls_a_day(calls)
    yield answer(
        "calls.fan_out",
        holds=a_day >= limits.fan_out.value,
        observed=round(a_day, 1),
        limit=limits.fan_out.value,
        unit="different numbers called on a day with calls",
        data_as_of=usage.until,
        evidence=(Evidence(name="counterparts", value=float(calls.counterparts), unit="numbers"),),
    )
    for question, each, outgoing in (
        ("one_way", limits.one_way_each, limits.one_way_outgoing),
        ("one_way_throughout", limits.throughout_each, limits.throughout_outgoing),
    ):
        yield _one_way(f"calls.{question}", calls, each, outgoing, policy)


def _one_way(reason: str, calls: CallUse, each: Limit, outgoing: Limit, policy: Policy) -> Finding:
    few = calls.counterparts < policy.calls.counterparts_min.value
    if few or calls.per_counterpart is None or calls.outgoing_share is None:
        return not_assessed(reason, "too_few")
    one_way = calls.per_counterpart <= each.value and calls.outgoing_share >= outgoing.value
    called_back = is_called_back(calls, policy)
    evidence = [Evidence(name="outgoing_share", value=round(calls.outgoing_share, 3))]
    if calls.returned_share is not None:
        evidence.append(Evidence(name="returned_share", value=round(calls.returned_share, 3)))
    return answer(
        reason,
        holds=one_way and not called_back,
        cause="called_back" if one_way and called_back else None,
        observed=round(calls.per_counterpart, 2),
        limit=each.value,
        unit="calls to each number spoken with",
        evidence=tuple(evidence),
    )


def _answers(usage: NumberUsage, calls: CallUse, policy: Policy) -> Iterator[Finding]:
    limits = policy.calls
    yield _share(
        "calls.unanswered", calls.answered_share, limits.answered, "outgoing calls answered", below=True
    )
    yield _share("calls.short", calls.short_share, limits.short, "answered calls of 15 seconds at most")
    reason = "calls.not_returned"
    if calls.counterparts < limits.counterparts_min.value:
        yield not_assessed(reason, "too_few")
    elif is_too_short(usage, policy):
        yield not_assessed(reason, "short_window")
    elif is_too_dark(usage, policy):
        yield not_assessed(reason, "outage")
    else:
        yield _share(
            reason, calls.returned_share, limits.returned, "numbers called that called too", below=True
        )


def _share(reason: str, share: float | None, limit: Limit, of: str, *, below: bool = False) -> Finding:
    if share is None:
        return not_assessed(reason, "not_recorded")
    return answer(
        reason,
        holds=share <= limit.value if below else share >= limit.value,
        observed=round(share, 3),
        limit=limit.value,
        unit=f"share of {of}",
    )


def _hours(usage: NumberUsage, calls: CallUse, policy: Policy) -> Iterator[Finding]:
    limits = policy.calls
    for count, most, unit in (
        (calls.busiest_hour, limits.busiest_hour, "outgoing calls in an hour"),
        (calls.busiest_ten_minutes, limits.busiest_ten_minutes, "outgoing calls in ten minutes"),
    ):
        yield answer("calls.burst", holds=count > most.value, observed=count, limit=most.value, unit=unit)
    night, clock = "calls.at_night", "calls.round_the_clock"
    share = calls.night_share
    if share is None:
        yield from (not_assessed(night, "not_recorded"), not_assessed(clock, "not_recorded"))
        return
    many = calls.counterparts >= limits.night_counterparts.value
    called_back = is_called_back(calls, policy)
    yield answer(
        night,
        holds=many and share >= limits.night.value and not called_back,
        observed=round(share, 3),
        limit=limits.night.value,
        unit="share of outgoing calls from 23:00 to 07:00",
    )
    if is_too_short(usage, policy):
        yield not_assessed(clock, "short_window")
        return
    yield answer(
        clock,
        holds=many
        and calls.hours >= limits.clock_hours.value
        and share >= limits.clock_night.value
        and not called_back,
        observed=calls.hours,
        limit=limits.clock_hours.value,
        unit="different hours of the day with calls",
        evidence=(Evidence(name="night_share", value=round(share, 3)),),
    )


def _woken(usage: NumberUsage, calls: CallUse, policy: Policy) -> Finding:
    reason, limits = "calls.woken", policy.calls
    silent, before = calls.silent_days, calls.other_days
    if watched_days(usage) < limits.silent.value + 1 or silent is None or before is None:
        return not_assessed(reason, "short_window")
    if is_too_dark(usage, policy):
        return not_assessed(reason, "outage")
    days = _silent_days(usage, silent, before)
    return answer(
        reason,
        holds=days >= limits.silent.value
        and calls.busiest_day >= limits.woken_calls.value
        and calls.busiest_day >= limits.woken_times.value * before
        and not is_called_back(calls, policy),
        observed=days,
        limit=limits.silent.value,
        unit="days of silence before the busy days",
        evidence=(
            Evidence(name="busiest_day", value=float(calls.busiest_day), unit="outgoing calls"),
            Evidence(name="other_days", value=round(before, 2), unit="outgoing calls a day"),
        ),
    )


def _silent_days(usage: NumberUsage, silent: int, before: float) -> float:
    """Days of silence of a number that could have been used: none of those before it was opened."""
    if usage.opening is None or before:
        return silent
    # Nobody was called before: the silence reaches back to the window's start.
    closed = max(0.0, watched_days(usage) - usage.opening.age_days)
    return round(max(0.0, silent - closed), 1)


def _relay(calls: CallUse, policy: Policy) -> Finding:
    """The same few call in, again and again, and strangers are called who do not call back."""
    reason, limits = "calls.relay", policy.calls
    if calls.counterparts < limits.counterparts_min.value:
        return not_assessed(reason, "too_few")
    if calls.returned_share is None:
        return not_assessed(reason, "not_recorded")
    each = (calls.calls - calls.outgoing) / max(1, calls.callers)
    return answer(
        reason,
        holds=each >= limits.relayed.value and calls.returned_share <= limits.returned.value,
        observed=round(each, 1),
        limit=limits.relayed.value,
        unit="incoming calls from each caller",
        evidence=(Evidence(name="callers", value=float(calls.callers), unit="numbers"),),
    )
