"""Is a line used in the device it was opened for, and does it stay there?

Reasons: `binding.line_unknown`, `.not_used`, `.imei_malformed`, `.device_differs`, `.imsi_differs`, `.moved_soon`,
`.first_change_of_new_user`, `.frequent_changes`, `.many_devices`, `.many_lines_on_device`, `.device_stolen`,
`.device_blacklisted`, `.device_bulk_sim`, `.device_not_a_phone`.
Units: hours from opening; changes, devices and numbers within each of the policy's windows in days.
Source: packs of provincial operators [S]: not used 24 hours after opening, the first change of device of a new user,
frequent changes; Anti-Telecom and Online Fraud Law, art. 11 and art. 14.
A false alarm costs a subscriber a text message or a visit; a miss leaves a sold card in a SIM box.

>>> from simkyc.testing import line_facts
>>> from simkyc.policy import Policy
>>> [finding.reason for finding in check(line_facts(), Policy.default()) if finding.state == "flagged"]
[]
"""

from __future__ import annotations

from collections.abc import Iterator

from simkyc.checks.answers import answer, listed_as, not_assessed, within_windows
from simkyc.facts import LineFacts
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]

QUESTIONS = (
    "not_used",
    "imei_malformed",
    "device_differs",
    "imsi_differs",
    "moved_soon",
    "first_change_of_new_user",
    "frequent_changes",
    "many_devices",
    "many_lines_on_device",
    "device_stolen",
    "device_blacklisted",
    "device_bulk_sim",
    "device_not_a_phone",
)


def check(line: LineFacts | None, policy: Policy) -> tuple[Finding, ...]:
    """Judge what the network saw of a line; None of a line that is not on record."""
    if line is None:
        unknown = answer("binding.line_unknown", holds=True)
        return (unknown, *(not_assessed(f"binding.{question}", "line_unknown") for question in QUESTIONS))
    return (answer("binding.line_unknown", holds=False), *_use(line, policy), *_device(line, policy))


def _use(line: LineFacts, policy: Policy) -> Iterator[Finding]:
    hours = (line.now - line.opened_at).total_seconds() / 3600
    limit = policy.binding.use_within
    unused = line.seen_at is None and line.imei_fault is None
    if unused and hours < limit.value:
        yield not_assessed("binding.not_used", "not_due")
    else:
        yield answer(
            "binding.not_used", holds=unused, observed=round(hours, 1), limit=limit.value, unit="hours"
        )
    if unused:
        for question in QUESTIONS[1:]:
            yield not_assessed(f"binding.{question}", "not_seen")
        return
    yield answer("binding.imei_malformed", holds=line.imei_fault is not None, cause=line.imei_fault)
    if line.imei_fault is not None:
        yield not_assessed("binding.device_differs", "number_malformed")
    elif not line.declared:
        yield not_assessed("binding.device_differs", "not_declared")
    else:
        yield answer("binding.device_differs", holds=not line.in_declared, data_as_of=line.seen_at)
    if line.imsi_agrees is None:
        yield not_assessed("binding.imsi_differs", "no_imsi")
    else:
        yield answer("binding.imsi_differs", holds=not line.imsi_agrees, data_as_of=line.seen_at)


def _device(line: LineFacts, policy: Policy) -> Iterator[Finding]:
    if line.seen_at is None and line.imei_fault is None:
        return
    limits, changed = policy.binding, line.first_change_at
    hours = None if changed is None else (changed - line.opened_at).total_seconds() / 3600
    yield answer(
        "binding.moved_soon",
        holds=hours is not None and hours < limits.moved_within.value,
        observed=None if hours is None else round(hours, 1),
        limit=limits.moved_within.value,
        unit="hours",
        data_as_of=line.seen_at,
    )
    first = "binding.first_change_of_new_user"
    if line.is_new_user:
        days = None if hours is None else hours / 24
        yield answer(
            first,
            holds=days is not None and days < limits.new_user.value,
            observed=None if days is None else round(days, 1),
            limit=limits.new_user.value,
            unit="days",
            data_as_of=line.seen_at,
        )
    else:
        yield not_assessed(first, "not_new")
    yield from within_windows("binding.frequent_changes", limits.changes, line.changes, "changes", line.now)
    yield from within_windows("binding.many_devices", limits.devices, line.devices, "devices", line.now)
    if line.lines_on_device is None:
        yield not_assessed("binding.many_lines_on_device", "number_malformed")
    else:
        numbers = {window_s: count + 1 for window_s, count in line.lines_on_device.items()}
        yield from within_windows(
            "binding.many_lines_on_device", limits.lines_on_device, numbers, "numbers", line.now
        )
    malformed = "number_malformed" if line.device_listed is None else None
    for reason, name in (
        ("device_stolen", "stolen_device"),
        ("device_blacklisted", "blacklisted_device"),
        ("device_bulk_sim", "bulk_sim_device"),
    ):
        yield listed_as(f"binding.{reason}", name, line.device_listed, line.lists, malformed)
    cause = "iot" if line.service == "iot" and malformed is None else malformed
    yield listed_as("binding.device_not_a_phone", "not_a_phone", line.device_listed, line.lists, cause)
