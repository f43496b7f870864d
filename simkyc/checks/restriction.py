"""Does an IoT card stay in the device and the area that it is held to?

Reasons: `restriction.device_changed`, `.area_left`.
Units: none; inside or outside.
Source: Anti-Telecom and Online Fraud Law, art. 12; `IMEIBIND` and `AREALIMIT` as in the CAMARA API IoT SIM Fraud
Prevention.
A false alarm silences a meter until somebody looks; a miss lets a card for a meter make calls from a SIM box.

>>> from simkyc.testing import line_facts
>>> from simkyc.policy import Policy
>>> [finding.cause for finding in check(line_facts(), Policy.default())]
['not_restricted', 'not_restricted']
"""

from __future__ import annotations

from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import LineFacts
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]


def check(line: LineFacts | None, policy: Policy) -> tuple[Finding, ...]:
    """Compare the device and the place with what the card is held to."""
    if line is None:
        return tuple(
            not_assessed(f"restriction.{name}", "line_unknown") for name in ("device_changed", "area_left")
        )
    return (_device(line), _area(line))


def _device(line: LineFacts) -> Finding:
    reason = "restriction.device_changed"
    if line.restriction is None or not line.restriction.imei_bind:
        return not_assessed(reason, "not_restricted")
    if line.imei_fault is not None:
        return not_assessed(reason, "number_malformed")
    if line.seen_at is None:
        return not_assessed(reason, "not_seen")
    bound = (Evidence(name="bindType", value="IMEIBIND"),)
    return answer(reason, holds=not line.in_declared, data_as_of=line.seen_at, evidence=bound)


def _area(line: LineFacts) -> Finding:
    reason = "restriction.area_left"
    if line.restriction is None or line.restriction.area is None:
        return not_assessed(reason, "not_restricted")
    if line.in_area is None:
        return not_assessed(reason, "not_seen" if line.seen_at is None else "no_place")
    limited = (Evidence(name="bindType", value="AREALIMIT"),)
    return answer(reason, holds=not line.in_area, data_as_of=line.seen_at, evidence=limited)
