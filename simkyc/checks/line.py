"""Is the line this customer's, does it stay what it was, and did its card or device change a moment ago?

Reasons: `line.unknown`, `.cancelled`, `.held_by_other`, `.service_differs`, `.restriction_changed`, `.card_differs`,
`.reported_lost`, `.used_for_fraud`, `.suspended_for_fraud`, `.recent_sim_change`, `.recent_device_change`,
`.many_replacements`.
Units: hours since the last change; replacements, this one included, within each of the policy's windows in days.
Source: entry rules include the replacement of cards in some provinces [S]; a suspended line is restored after
person, document and physical card were verified [S]; the CAMARA APIs SIM Swap and Device Swap for what counts as a
change. An eSIM that moves to another phone with its IMSI changes the device and not the card.
A false alarm costs an honest customer a supervisor's look; a miss hands a line, and every account that hangs on it,
to whoever brought a stolen ID.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.state.value for finding in check(application(kind="loss_report"), facts(), Policy.default())][:2]
['flagged', 'passed']
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed, within_windows
from simkyc.facts import Facts, HeldLine
from simkyc.numbers import msisdn
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]

TAKES_OVER = frozenset({"replacement", "transfer", "esim_move"})
"""Kinds after which somebody else may hold the line, or another phone its codes."""


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the line that the application is about."""
    line = facts.line
    if line is None:
        known = msisdn.is_valid(application.sim.msisdn)
        cause, first = (
            "number_malformed",
            tuple(not_assessed(reason, "number_malformed") for reason in ("line.unknown", "line.cancelled")),
        )
        if known:
            cause, first = (
                "line_unknown",
                (
                    answer("line.unknown", holds=not facts.line_cancelled, data_as_of=facts.now),
                    answer("line.cancelled", holds=facts.line_cancelled, data_as_of=facts.now),
                ),
            )
        return (*first, *(not_assessed(f"line.{question}", cause) for question in QUESTIONS))
    return (
        answer("line.unknown", holds=False, data_as_of=facts.now),
        answer("line.cancelled", holds=False, data_as_of=facts.now),
        answer("line.held_by_other", holds=line.held_by != _holder(application), data_as_of=facts.now),
        *_purpose(application, line, facts.now),
        _card(application, line, facts.now),
        _lost(application, line, facts.now),
        answer("line.used_for_fraud", holds=line.is_fraud, data_as_of=facts.now),
        _suspended(application, line, facts.now),
        *_changes(application, line, facts.now, policy),
        *_replacements(application, line, facts.now, policy),
    )


QUESTIONS = (
    "held_by_other",
    "service_differs",
    "restriction_changed",
    "card_differs",
    "reported_lost",
    "used_for_fraud",
    "suspended_for_fraud",
    "recent_sim_change",
    "recent_device_change",
    "many_replacements",
)


def _holder(application: Application) -> str:
    return "transferor" if application.kind == "transfer" else "applicant"


def _purpose(application: Application, line: HeldLine, now: datetime) -> Iterator[Finding]:
    """Another service has other caps; a restriction of which nothing is said stays, and another may lift it."""
    if application.kind not in TAKES_OVER:
        yield not_assessed("line.service_differs", "takes_nothing_over")
        yield not_assessed("line.restriction_changed", "takes_nothing_over")
        return
    yield answer("line.service_differs", holds=line.service != application.sim.service, data_as_of=now)
    if line.restriction is None:
        yield not_assessed("line.restriction_changed", "not_restricted")
        return
    changed = application.restriction is not None and application.restriction != line.restriction
    yield answer("line.restriction_changed", holds=changed, data_as_of=now)


def _card(application: Application, line: HeldLine, now: datetime) -> Finding:
    """The card must be there, and be the line's, with the IMSI if it is named; of an eSIM the IMSI alone."""
    if application.kind == "replacement":
        return not_assessed("line.card_differs", "new_card")
    agrees = line.imsi_agrees if application.kind == "esim_move" else line.card_agrees
    if agrees is None:
        return not_assessed("line.card_differs", "no_card")
    return answer("line.card_differs", holds=not agrees or line.imsi_agrees is False, data_as_of=now)


def _lost(application: Application, line: HeldLine, now: datetime) -> Finding:
    if application.kind in {"replacement", "loss_report", "reactivation", "second_check"}:
        return not_assessed("line.reported_lost", "ends_it")
    return answer("line.reported_lost", holds=line.lost_at is not None, data_as_of=now)


def _suspended(application: Application, line: HeldLine, now: datetime) -> Finding:
    """Whoever comes back for it may be its victim or the fraudster; a lost card is stopped all the same."""
    if application.kind == "loss_report":
        return not_assessed("line.suspended_for_fraud", "stops_it")
    return answer("line.suspended_for_fraud", holds=line.is_suspended_for_fraud, data_as_of=now)


def _changes(application: Application, line: HeldLine, now: datetime, policy: Policy) -> Iterator[Finding]:
    limit = policy.line.recent_change
    for reason, changed_at in (
        ("line.recent_sim_change", line.sim_changed_at),
        ("line.recent_device_change", line.device_changed_at),
    ):
        if application.kind not in TAKES_OVER:
            yield not_assessed(reason, "takes_nothing_over")
            continue
        hours = None if changed_at is None else (now - changed_at).total_seconds() / 3600
        yield answer(
            reason,
            holds=hours is not None and hours < limit.value,
            observed=None if hours is None else round(hours, 1),
            limit=limit.value,
            unit="hours",
            data_as_of=now,
        )


def _replacements(
    application: Application, line: HeldLine, now: datetime, policy: Policy
) -> Iterator[Finding]:
    if application.kind != "replacement":
        yield not_assessed("line.many_replacements", "no_new_card")
        return
    counts = {window_s: count + 1 for window_s, count in line.replacements.items()}
    yield from within_windows("line.many_replacements", policy.line.replacements, counts, "replacements", now)
