"""The checks, one file a question. `CHECKS` names them in the order in which findings are listed.

A check is a pure function: `check(application, facts, policy) -> findings`. It reads no clock, store,
image or log. It answers every one of its reasons in every application, as passed, flagged or not
assessed, so that a verdict shows what was asked and not only what was wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from simkyc.application import Application
from simkyc.checks import (
    authority,
    consent,
    counter_clock,
    device_sim,
    document,
    face,
    listed,
    notice,
    openings,
    parties,
    photo,
    presentation,
    real_name,
)
from simkyc.facts import Facts
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["CHECKS", "Check"]

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
    ("device_sim", device_sim.check),
    ("openings", openings.check),
    ("notice", notice.check),
)
