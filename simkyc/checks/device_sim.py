"""Do device and SIM belong together, and is this SIM this store's to sell?

Reasons: `device_sim.iccid_malformed`, `.imsi_malformed`, `.msisdn_malformed`, `.imei_malformed`,
`.operators_differ`, `.number_of_other_operator`, `.sim_not_allocated`, `.sim_already_issued`, `.sim_reserved`,
`.sim_not_for_sale`, `.triple_differs`, `.device_not_declared`, `.device_many_people`.
Units: people per device, the applicant included, within each of the policy's windows in days.
Source: ITU-T E.118 (ICCID), ITU-T E.212 (IMSI), E.164 (MSISDN), 3GPP TS 23.003 (IMEI). The operator that a phone
number's range names is a hint alone: numbers are ported.
A false alarm costs another scan or a supervisor's look; a miss sells a stolen card or feeds a SIM box.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simkyc.application import Application, Sim
from simkyc.checks.answers import answer, not_assessed, within_windows
from simkyc.errors import NumberError
from simkyc.facts import Facts, is_stores_own
from simkyc.numbers import iccid, imei, imsi, msisdn
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]

NEW_CARD = frozenset({"opening", "replacement", "esim_move"})
"""Kinds that take a card out of the stock; the others are about a card that the customer has."""
FOR_SALE = frozenset({"in_stock", "reserved"})


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the card's numbers, its place in the stock, and the device."""
    return (
        *_numbers(application.sim),
        *_stock(application, facts),
        *_device(application, facts, policy),
    )


def _fault(validate: Callable[[str], str], number: str | None) -> str | None:
    try:
        if number is not None:
            validate(number)
    except NumberError as error:
        return error.cause
    return None


def _numbers(sim: Sim) -> Iterator[Finding]:
    faults = {
        "device_sim.iccid_malformed": _fault(iccid.validate, sim.iccid),
        "device_sim.imsi_malformed": _fault(imsi.validate, sim.imsi),
        "device_sim.msisdn_malformed": _fault(msisdn.validate, sim.msisdn),
    }
    yield from (answer(reason, holds=fault is not None, cause=fault) for reason, fault in faults.items())
    issuer = home = owner = None
    if sim.iccid is not None and not faults["device_sim.iccid_malformed"]:
        issuer = iccid.issuer(sim.iccid)
    if sim.imsi is not None and not faults["device_sim.imsi_malformed"]:
        home = imsi.operator(sim.imsi)
    if not faults["device_sim.msisdn_malformed"]:
        owner = msisdn.operator(sim.msisdn)
    if sim.imsi is None:
        yield not_assessed("device_sim.operators_differ", "no_imsi")
    elif faults["device_sim.iccid_malformed"] or faults["device_sim.imsi_malformed"]:
        yield not_assessed("device_sim.operators_differ", "number_malformed")
    elif issuer is None or home is None:
        yield not_assessed("device_sim.operators_differ", "operator_unknown")
    else:
        yield answer("device_sim.operators_differ", holds=issuer != home)
    other = "device_sim.number_of_other_operator"
    if any(faults.values()):
        yield not_assessed(other, "number_malformed")
    elif owner is None or (home or issuer) is None:
        yield not_assessed(other, "operator_unknown")
    else:
        yield answer(other, holds=owner != (home or issuer))


def _stock(application: Application, facts: Facts) -> Iterator[Finding]:
    sim, now = facts.openings.sim, facts.now
    questions = ("sim_not_allocated", "sim_already_issued", "sim_not_for_sale", "triple_differs")
    if sim is None:
        for question in (*questions, "sim_reserved"):
            yield not_assessed(f"device_sim.{question}", "number_malformed")
        return
    yield answer("device_sim.sim_reserved", holds=sim.reserved, data_as_of=now)
    # The profile of an eSIM that is moved may be loaded again as it is.
    again = application.kind == "esim_move" and facts.line is not None and facts.line.card_agrees is True
    if application.kind not in NEW_CARD or again:
        for question in questions:
            yield not_assessed(f"device_sim.{question}", "own_card")
        return
    # A card that is on record lies somewhere, whatever store is named.
    if not sim.allocated_here and not sim.store_has_stock and sim.state is None:
        yield not_assessed("device_sim.sim_not_allocated", "no_stock_recorded")
    else:
        yield answer("device_sim.sim_not_allocated", holds=not sim.allocated_here, data_as_of=now)
    # The number of a replacement is in use, of course, and so is an eSIM's that is moved.
    taken = sim.card_issued or (application.kind == "opening" and sim.number_in_use)
    yield answer("device_sim.sim_already_issued", holds=taken or sim.state == "issued", data_as_of=now)
    if sim.state is None:
        cause = "not_in_stock" if sim.store_has_stock else "no_stock_recorded"
        yield not_assessed("device_sim.sim_not_for_sale", cause)
    else:
        # What was issued has a reason of its own.
        held = sim.state not in FOR_SALE | {"issued"}
        why = sim.state if held else None
        yield answer("device_sim.sim_not_for_sale", holds=held, cause=why, data_as_of=now)
    # A card that takes over a number in use was meant for another one, or for none.
    agree = sim.numbers_agree if application.kind == "opening" else sim.imsi_agrees
    if agree is None:
        yield not_assessed("device_sim.triple_differs", "not_recorded")
    else:
        yield answer("device_sim.triple_differs", holds=not agree, data_as_of=now)


def _device(application: Application, facts: Facts, policy: Policy) -> Iterator[Finding]:
    if application.device is None:
        yield not_assessed("device_sim.imei_malformed", "no_device")
        yield answer("device_sim.device_not_declared", holds=True)
        yield not_assessed("device_sim.device_many_people", "no_device")
        return
    fault = _fault(imei.validate, application.device.imei)
    yield answer("device_sim.imei_malformed", holds=fault is not None, cause=fault)
    yield answer("device_sim.device_not_declared", holds=False)
    seen = None if fault else facts.openings.shared.get("device")
    if seen is None:
        yield not_assessed("device_sim.device_many_people", "number_malformed")
        return
    yield from within_windows(
        "device_sim.device_many_people",
        policy.device.people,
        {window_s: counts.people + 1 for window_s, counts in seen.items()},
        "people",
        facts.now,
        explained="stores_own" if is_stores_own("device", application, facts, policy) else None,
    )
