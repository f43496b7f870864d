"""Is a number used in one phone, or handed from device to device, or in one with many numbers?

Reasons: `usage_devices.many_devices`, `.many_changes`, `.many_numbers`, `.bulk_tac`.
Units: devices and changes in the window, held against the windows of the policy, between two of them in proportion;
numbers in one device; records in bulk-SIM equipment.
Source: the Sichuan contest of 2020 for devices over 8 months (docs/measured.md), house rules for the rest; Anti-Telecom
and Online Fraud Law, art. 14. `binding` asks the same of what the network reported, this of the records of use.
A false alarm costs a text message to somebody who repairs or sells phones; a miss leaves a mule's card in use.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> [finding.state.value for finding in check(number_usage(devices={"devices": 7}), Policy.default())]
['flagged', 'passed', 'passed', 'passed']
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from simkyc.checks.answers import answer, not_assessed
from simkyc.checks.signs import all_unknown, watched_days
from simkyc.policy import Policy, Window
from simkyc.usage.number import NumberUsage
from simkyc.verdict import Finding

__all__ = ["check"]

QUESTIONS = ("many_devices", "many_changes", "many_numbers", "bulk_tac")


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """Judge the devices of the window."""
    devices, limits = usage.devices, policy.usage_devices
    if devices is None:
        return all_unknown("usage_devices", QUESTIONS, "no_records")
    days = watched_days(usage)
    return (
        _within("usage_devices.many_devices", devices.devices, limits.devices, "devices", days),
        _within(
            "usage_devices.many_changes",
            devices.changes,
            limits.changes,
            "changes",
            days,
            own=devices.devices <= limits.own_devices.value,
        ),
        not_assessed("usage_devices.many_numbers", "others_not_at_hand")
        if devices.numbers_in_device is None
        else answer(
            "usage_devices.many_numbers",
            holds=devices.numbers_in_device > limits.numbers.value,
            observed=devices.numbers_in_device,
            limit=limits.numbers.value,
            unit="numbers in one device",
        ),
        not_assessed("usage_devices.bulk_tac", "no_list")
        if devices.bulk_tac is None
        else answer(
            "usage_devices.bulk_tac",
            holds=devices.bulk_tac > 0,
            observed=devices.bulk_tac,
            limit=0,
            unit="records in bulk-SIM equipment",
        ),
    )


def _within(
    reason: str, count: int, windows: Sequence[Window], unit: str, days: float, *, own: bool = False
) -> Finding:
    """Whether there are more than the windows allow; not where they are somebody's own."""
    most = _most(windows, days)
    return answer(
        reason,
        holds=count > most and not own,
        observed=count,
        limit=most,
        unit=f"{unit} in {days:g} days",
    )


def _most(windows: Sequence[Window], days: float) -> int:
    """What so many days allow: between two windows in proportion, whole ones alone."""
    rising = sorted((window.days.value, window.most.value) for window in windows)
    if days <= rising[0][0]:
        return math.floor(rising[0][1])
    for (fewer, least), (more, most) in itertools.pairwise(rising):
        if days <= more:
            return math.floor(least + (most - least) * (days - fewer) / (more - fewer))
    return math.floor(rising[-1][1])
