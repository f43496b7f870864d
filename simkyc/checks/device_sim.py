"""Do device and SIM belong together, and is this SIM this store's to sell?

Reasons: `device_sim.iccid_malformed`, `.imsi_malformed`, `.msisdn_malformed`, `.imei_malformed`,
`.operators_differ`, `.sim_not_allocated`, `.sim_already_issued`, `.sim_reserved`, `.device_not_declared`,
`.device_many_people`.
Units: people per device, the applicant included, within the policy's window in days.
Source: ITU-T E.118 (ICCID), ITU-T E.212 (IMSI), E.164 (MSISDN), 3GPP TS 23.003 (IMEI). The operator that
a phone number's prefix names is not compared: numbers are ported.
A false alarm costs another scan or a supervisor's look; a miss sells a stolen card or feeds a SIM box.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from collections.abc import Callable

from simkyc.application import Application, Sim
from simkyc.checks.answers import answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts, SimFacts
from simkyc.numbers import iccid, imei, imsi, msisdn
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the card's numbers, its place in the stock, and the device."""
    return (
        *_numbers(application.sim),
        *_stock(facts),
        *_device(application, facts, policy),
    )


def _fault(validate: Callable[[str], str], number: str) -> str | None:
    try:
        validate(number)
    except NumberError as error:
        return error.cause
    return None


def _numbers(sim: Sim) -> tuple[Finding, ...]:
    faults = {
        "device_sim.iccid_malformed": _fault(iccid.validate, sim.iccid),
        "device_sim.imsi_malformed": _fault(imsi.validate, sim.imsi),
        "device_sim.msisdn_malformed": _fault(msisdn.validate, sim.msisdn),
    }
    shapes = tuple(answer(reason, holds=fault is not None, cause=fault) for reason, fault in faults.items())
    if faults["device_sim.iccid_malformed"] or faults["device_sim.imsi_malformed"]:
        return (*shapes, not_assessed("device_sim.operators_differ", "number_malformed"))
    issuer, home = iccid.issuer(sim.iccid), imsi.operator(sim.imsi)
    if issuer is None or home is None:
        return (*shapes, not_assessed("device_sim.operators_differ", "operator_unknown"))
    return (*shapes, answer("device_sim.operators_differ", holds=issuer != home))


def _stock(facts: Facts) -> tuple[Finding, ...]:
    sim = facts.openings.sim
    if sim is None:
        reasons = ("sim_not_allocated", "sim_already_issued", "sim_reserved")
        return tuple(not_assessed(f"device_sim.{reason}", "number_malformed") for reason in reasons)
    return (
        _allocation(sim, facts),
        answer("device_sim.sim_already_issued", holds=sim.issued, data_as_of=facts.now),
        answer("device_sim.sim_reserved", holds=sim.reserved, data_as_of=facts.now),
    )


def _allocation(sim: SimFacts, facts: Facts) -> Finding:
    if not sim.allocated_here and not sim.store_has_stock:
        return not_assessed("device_sim.sim_not_allocated", "no_stock_recorded")
    return answer("device_sim.sim_not_allocated", holds=not sim.allocated_here, data_as_of=facts.now)


def _device(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    if application.device is None:
        return (
            not_assessed("device_sim.imei_malformed", "no_device"),
            answer("device_sim.device_not_declared", holds=True),
            not_assessed("device_sim.device_many_people", "no_device"),
        )
    fault = _fault(imei.validate, application.device.imei)
    limits = policy.device_sim
    others = facts.openings.device_people
    people = (
        not_assessed("device_sim.device_many_people", "number_malformed")
        if fault or others is None
        else answer(
            "device_sim.device_many_people",
            holds=others + 1 > limits.device_people.value,
            observed=others + 1,
            limit=limits.device_people.value,
            unit=f"people in {limits.device_window.value:g} days",
            data_as_of=facts.now,
        )
    )
    return (
        answer("device_sim.imei_malformed", holds=fault is not None, cause=fault),
        answer("device_sim.device_not_declared", holds=False),
        people,
    )
