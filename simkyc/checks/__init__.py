"""The checks, one file a question. `CHECKS` names them in the order in which findings are listed.

A check is a pure function: `check(application, facts, policy) -> findings`. It reads no clock, store,
image or log. It answers every one of its reasons in every application, as passed, flagged or not
assessed, so that a verdict shows what was asked and not only what was wrong. Which checks a kind of application is
asked, the policy says. `LINE_CHECKS` are the same for a line after its card was issued, `USAGE_CHECKS` for the use of
a number.
"""

from __future__ import annotations

from collections.abc import Callable

from simkyc.application import Application
from simkyc.checks import (
    authority,
    batch,
    binding,
    calls,
    consent,
    counter_clock,
    device,
    device_sim,
    document,
    face,
    identity,
    iot,
    line,
    listed,
    messages,
    notice,
    openings,
    parties,
    photo,
    places,
    presentation,
    real_name,
    remote,
    restriction,
    ring,
    second_check,
    shared,
    trail,
    usage_devices,
    usage_model,
    usage_opening,
    usage_records,
)
from simkyc.facts import Facts, LineFacts
from simkyc.policy import Policy
from simkyc.usage.number import NumberUsage
from simkyc.verdict import Finding

__all__ = ["CHECKS", "LINE_CHECKS", "USAGE_CHECKS", "Check", "LineCheck", "UsageCheck"]

Check = Callable[[Application, Facts, Policy], tuple[Finding, ...]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("counter_clock", counter_clock.check),
    ("parties", parties.check),
    ("document", document.check),
    ("real_name", real_name.check),
    ("authority", authority.check),
    ("listed", listed.check),
    ("consent", consent.check),
    ("photo", photo.check),
    ("face", face.check),
    ("presentation", presentation.check),
    ("line", line.check),
    ("device_sim", device_sim.check),
    ("device", device.check),
    ("iot", iot.check),
    ("openings", openings.check),
    ("trail", trail.check),
    ("remote", remote.check),
    ("batch", batch.check),
    ("shared", shared.check),
    ("identity", identity.check),
    ("ring", ring.check),
    ("notice", notice.check),
)

LineCheck = Callable[[LineFacts | None, Policy], tuple[Finding, ...]]

LINE_CHECKS: tuple[tuple[str, LineCheck], ...] = (
    ("binding", binding.check),
    ("restriction", restriction.check),
    ("second_check", second_check.check),
)

UsageCheck = Callable[[NumberUsage, Policy], tuple[Finding, ...]]

USAGE_CHECKS: tuple[tuple[str, UsageCheck], ...] = (
    ("usage_records", usage_records.check),
    ("calls", calls.check),
    ("messages", messages.check),
    ("places", places.check),
    ("usage_devices", usage_devices.check),
    ("usage_opening", usage_opening.check),
    ("usage_model", usage_model.check),
)
