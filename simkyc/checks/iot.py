"""Is an IoT or industry card held to a device or an area, and does one person hold too many?

Reasons: `iot.number_of_other_service`, `.not_restricted`, `.no_device_to_bind`, `.number_cap`.
Units: active IoT numbers of one person, this one included; kilometres, provinces.
Source: Anti-Telecom and Online Fraud Law, art. 12; a cap of ten IoT cards an ID [S]; `IMEIBIND` and `AREALIMIT` as in
the CAMARA API IoT SIM Fraud Prevention. Numbers of 13 digits are for IoT cards; some IoT cards carry 11 digits.
A false alarm costs a form filled in again; a miss lets a card for a water meter make calls.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.cause for finding in check(application(), facts(), Policy.default())]
[None, 'personal', 'personal', 'personal']
"""

from __future__ import annotations

from simkyc.application import Application, AreaCircle, AreaDivisions
from simkyc.checks.answers import answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts
from simkyc.numbers import msisdn
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the card's service, its restriction, and how many there are."""
    if application.sim.service == "personal":
        restricted = ("not_restricted", "no_device_to_bind", "number_cap")
        return (_number(application), *(not_assessed(f"iot.{reason}", "personal") for reason in restricted))
    restriction = application.restriction
    types = set(restriction.bind_types) if restriction else set()
    bound, wide = "IMEIBIND" in types, restriction is not None and _is_wide(restriction.area, policy)
    holding = (types - {"AREALIMIT"} if wide else types) & set(policy.iot.bind_types)
    return (
        _number(application),
        answer(
            "iot.not_restricted", holds=not holding, cause="area_too_wide" if wide and not holding else None
        ),
        answer("iot.no_device_to_bind", holds=application.device is None)
        if bound
        else not_assessed("iot.no_device_to_bind", "not_bound"),
        _cap(facts, policy),
    )


def _is_wide(area: AreaCircle | AreaDivisions | None, policy: Policy) -> bool:
    """Whether an area is so wide that a card in it is held to nothing."""
    if isinstance(area, AreaCircle):
        return area.radius_m > policy.iot.area_radius_max.value * 1000
    provinces = {code[:2] for code in area.divisions} if area else set()
    return len(provinces) > policy.iot.area_provinces_max.value


def _number(application: Application) -> Finding:
    try:
        kind = msisdn.kind(application.sim.msisdn)
    except NumberError:
        return not_assessed("iot.number_of_other_service", "number_malformed")
    return answer(
        "iot.number_of_other_service", holds=kind == "iot" and application.sim.service == "personal"
    )


def _cap(facts: Facts, policy: Policy) -> Finding:
    held, limit = facts.openings.active_numbers, policy.iot.active_numbers
    if held is None:
        return not_assessed("iot.number_cap", "number_malformed")
    return answer(
        "iot.number_cap",
        holds=held["iot"] + 1 > limit.value,
        observed=held["iot"] + 1,
        limit=limit.value,
        unit="active IoT numbers",
        data_as_of=facts.now,
    )
