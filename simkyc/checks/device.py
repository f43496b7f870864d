"""Is the device what it claims to be, and what has it been used for?

Reasons: `device.second_imei_malformed`, `.imeis_alike`, `.imeis_of_two_types`, `.eid_malformed`, `.eid_differs`,
`.stolen`, `.blacklisted`, `.bulk_sim`, `.not_a_phone`, `.many_sims`, `.many_openings`.
Units: cards and openings per device, this one included, within each of the policy's windows in days.
Source: 3GPP TS 23.003 (IMEI), GSMA SGP.02 (EID); Anti-Telecom and Online Fraud Law, art. 14 (bulk-SIM equipment).
Types come from the operator's lists; an empty answer from a list that nobody keeps says nothing.
A false alarm sends somebody with a second-hand phone to a supervisor; a miss feeds a SIM box with one more card.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> sorted({finding.cause for finding in check(application(), facts(), Policy.default()) if finding.cause})
['no_eid', 'no_list', 'no_second_imei']
"""

from __future__ import annotations

from collections.abc import Iterator

from simkyc.application import Application
from simkyc.checks.answers import answer, listed_as, not_assessed, within_windows
from simkyc.errors import NumberError
from simkyc.facts import Facts, is_stores_own
from simkyc.numbers import eid, imei
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the device by its numbers, by lists, and by what it was seen with."""
    return (
        *_second_imei(application),
        *_eid(application),
        *_lists(application, facts),
        *_counts(application, facts, policy),
    )


def _second_imei(application: Application) -> Iterator[Finding]:
    device = application.device
    alike, types = "device.imeis_alike", "device.imeis_of_two_types"
    if device is None or device.second_imei is None:
        cause = "no_device" if device is None else "no_second_imei"
        for reason in ("device.second_imei_malformed", alike, types):
            yield not_assessed(reason, cause)
        return
    try:
        second = imei.validate(device.second_imei)
    except NumberError as error:
        yield answer("device.second_imei_malformed", holds=True, cause=error.cause)
        second = None
    else:
        yield answer("device.second_imei_malformed", holds=False)
    if second is None or not imei.is_valid(device.imei):
        yield not_assessed(alike, "number_malformed")
        yield not_assessed(types, "number_malformed")
        return
    yield answer(alike, holds=imei.equipment(device.imei) == imei.equipment(second))
    yield answer(types, holds=imei.tac(device.imei) != imei.tac(second))


def _eid(application: Application) -> Iterator[Finding]:
    """Of the profile and of the device: an eSIM that is ordered must be for the chip in the device."""
    ordered = application.sim.eid
    declared = application.device.eid if application.device else None
    named = [number for number in (ordered, declared) if number is not None]
    if not named:
        yield not_assessed("device.eid_malformed", "no_eid")
        yield not_assessed("device.eid_differs", "no_eid")
        return
    sound = all(eid.is_valid(number) for number in named)
    yield answer("device.eid_malformed", holds=not sound)
    if ordered is None or application.device is None:
        yield not_assessed("device.eid_differs", "no_eid" if ordered is None else "no_device")
    elif declared is None:
        yield not_assessed("device.eid_differs", "no_device_eid")
    elif not sound:
        yield not_assessed("device.eid_differs", "number_malformed")
    else:
        yield answer("device.eid_differs", holds=eid.compact(ordered) != eid.compact(declared))


def _lists(application: Application, facts: Facts) -> Iterator[Finding]:
    cause = None
    if application.device is None:
        cause = "no_device"
    elif facts.device_listed is None:
        cause = "number_malformed"
    for reason, name in (
        ("device.stolen", "stolen_device"),
        ("device.blacklisted", "blacklisted_device"),
        ("device.bulk_sim", "bulk_sim_device"),
    ):
        yield listed_as(reason, name, facts.device_listed, facts.lists, cause)
    # Industry cards go into modems and gateways: that is what they are for.
    cause = "iot" if application.sim.service == "iot" and cause is None else cause
    yield listed_as("device.not_a_phone", "not_a_phone", facts.device_listed, facts.lists, cause)


def _counts(application: Application, facts: Facts, policy: Policy) -> Iterator[Finding]:
    seen = facts.openings.shared.get("device")
    for reason in ("device.many_sims", "device.many_openings"):
        if application.device is None or seen is None:
            yield not_assessed(reason, "number_malformed" if application.device else "no_device")
            continue
        sims = reason == "device.many_sims"
        yield from within_windows(
            reason,
            policy.device.sims if sims else policy.device.openings,
            {window_s: (one.sims if sims else one.openings) + 1 for window_s, one in seen.items()},
            "cards" if sims else "openings",
            facts.now,
            explained="stores_own" if is_stores_own("device", application, facts, policy) else None,
        )
