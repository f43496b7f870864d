"""Doing something to a line, in the transaction that remembers it: what `simkyc.steps` allows, and nothing else.

The caller holds the number's lock from reading on, so that of two who act at once one comes after the other and finds
what the first has done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, get_args

from simkyc import line
from simkyc.errors import InputError, LineStepError, SettlementError
from simkyc.policy import Policy, StepMeasure
from simkyc.reasons import REASONS
from simkyc.steps import (
    CLEARED,
    LineRecord,
    LineStep,
    Standing,
    Wanted,
    next_step,
    record_of,
    same_step,
)
from simkyc.verdict import Verdict

if TYPE_CHECKING:
    from simkyc.history.protocol import Binding, Reader, Recorded, Transaction

__all__ = ["basis_of", "carried_out", "cleared", "record", "take"]

MEASURES: Final = get_args(StepMeasure)
HOLDS: Final[Mapping[str, frozenset[str]]] = {
    "second_check": frozenset({"second_check", "suspend"}),
    "restrict_outgoing": frozenset({"restrict_outgoing", "suspend"}),
    "suspend": frozenset({"suspend", "restrict_outgoing"}),
    "cancel_notice": frozenset({"cancel_notice"}),
}
"""Of a measure that changes nothing: by which steps what holds came about."""


def basis_of(reason: str, policy: Policy) -> str:
    """The rule behind a reason code or a ground of the policy.

    Raises:
        InputError: It is neither.
    """
    if reason in REASONS:
        return REASONS[reason].basis
    if reason in policy.steps.grounds:
        return policy.steps.grounds[reason].basis
    raise InputError("a step rests on a reason code, or on a ground of the policy (steps.grounds): name one")


def record(reader: Reader, number: str, at: datetime, policy: Policy) -> LineRecord:
    """How a line stands at a moment.

    Args:
        reader: The history.
        number: Keyed hash of the MSISDN.
        at: The moment.
        policy: Says what comes about by itself.

    Raises:
        LineStepError: No such number was opened here by then.
    """
    bindings = reader.bindings(number, at)
    if not any(one.kind in line.BINDING_KINDS for one in bindings):
        raise _unknown()
    now = line.stands(bindings, reader.steps(number, at), at, policy.steps)
    if line.was_cancelled(bindings) and now.status != "cancelled":
        # Closed without a step, as whoever hands a number back.
        since = max(one.ended_at for one in bindings if one.ended_at is not None)
        now = Standing("cancelled", since, steps=now.steps)
    return record_of(now, at)


def take(
    transaction: Transaction,
    number: str,
    measure: StepMeasure,
    *,
    reason: str,
    basis: str,
    taken_by: str | None,
    now: datetime,
    policy: Policy,
    at: datetime | None = None,
    verdict: Verdict | None = None,
    application_id: str | None = None,
) -> LineStep:
    """Take a step and remember it; where what holds is as bad already, the step that holds.

    Args:
        transaction: Holds the number's lock.
        number: Keyed hash of the MSISDN.
        measure: What is done.
        reason: Why; see `basis_of`.
        basis: The rule it rests on.
        taken_by: Who does it; None where nobody does.
        now: The moment.
        policy: Says what it takes, and how long a measure lasts.
        at: When it took effect at the operator; None for now.
        verdict: What recommended it.
        application_id: The settled application that asks for it.

    Raises:
        InputError: It took effect in the future, or the verdict is about another line.
        LineStepError: The line cannot take this step, or no such line is on record.
    """
    bindings = transaction.bindings(number, now)
    first = line.last_holders_first(bindings)
    if first is None:
        raise _unknown()
    if verdict is not None and verdict.application_id not in {one.application_id for one in bindings}:
        raise InputError("the verdict is about another line: act on the verdict of this one")
    every = transaction.steps(number, now)
    own = [one for one in every if one.opened_by == first.application_id]
    # Clocks of two counters differ: what comes later is told later.
    moment = max([now, *(one.taken_at for one in own[-1:])]) if at is None else at
    moment = moment.astimezone(UTC)
    if at is not None and at > now:
        raise InputError("a step took effect in the future: see to the clocks, or say when it did")
    lasts = policy.measures[measure].expires_after
    wanted = Wanted(
        measure=measure,
        at=moment,
        reason=reason,
        basis=basis,
        taken_by=taken_by,
        opened_by=first.application_id,
        until=None if lasts is None else moment + timedelta(hours=lasts.value),
        application_id=application_id,
        verdict_id=None if verdict is None else verdict.verdict_id,
        is_granted=application_id is not None,
        cleared_at=transaction.cleared_at(first.application_id) if reason == CLEARED else None,
    )
    before = same_step(own, wanted)
    if before is not None:
        return before
    if line.was_cancelled(bindings):
        raise LineStepError(
            "cancelled", "the line is cancelled: nothing leads back, open a new number instead"
        )
    step = next_step(
        own, wanted, policy.steps, step_no=max((one.step_no or 0 for one in every), default=0) + 1
    )
    if step is None:
        stands = line.stands(bindings, every, moment, policy.steps)
        return next(one for one in reversed(stands.steps) if one.measure in HOLDS[measure])
    transaction.take_step(number, step, max(now, moment))
    if step.state == "cancelled":
        # The number is nobody's from here on, and counts towards no limit.
        transaction.close_number(line.chain_of(bindings)[-1].application_id, max(now, moment))
    return step


def carried_out(
    transaction: Transaction,
    application_id: str,
    recorded: Recorded,
    now: datetime,
    policy: Policy,
    approved_by: str | None,
) -> LineStep | None:
    """What a settled application does to its line, by the measure that the policy gives its kind; None for nothing.

    Args:
        transaction: The application was carried out in it.
        application_id: Which.
        recorded: What is remembered of it.
        now: The moment.
        policy: Says which kinds restore what.
        approved_by: The supervisor, where one approved it; else its clerk counts as who took the step.

    Raises:
        SettlementError: Somebody else than the line's holder would restore it.
    """
    kind, number = policy.kinds[recorded.kind], recorded.msisdn
    measure = next((known for known in MEASURES if known == kind.measure), None)
    if number is None or measure is None or kind.basis is None:
        return None
    bindings = transaction.bindings(number, now)
    if not line.chain_of(bindings):
        return None  # a line from before this history: a supervisor looked into the operator's own system
    if measure == "restore":
        stands = line.stands(bindings, transaction.steps(number, now), now, policy.steps)
        if not stands.needs_restoring:
            return None
        if recorded.kind not in policy.steps.restored_by and (
            stands.suspected or stands.verify_by is not None
        ):
            return None
        if not _is_holders(bindings, application_id):
            raise SettlementError("somebody else holds this line: only its holder has it restored")
    return take(
        transaction,
        number,
        measure,
        reason=f"kind.{recorded.kind}",
        basis=kind.basis,
        taken_by=approved_by or recorded.clerk_id,
        now=now,
        policy=policy,
        application_id=application_id,
    )


def _is_holders(bindings: Sequence[Binding], application_id: str) -> bool:
    holder = line.holders_first(line.chain_of(bindings)).person
    asks = next((one.person for one in bindings if one.application_id == application_id), None)
    return holder is not None and holder == asks


def cleared(transaction: Transaction, number: str, now: datetime, policy: Policy) -> None:
    """What the word that a number is cleared does to its line, where the policy lets it do anything."""
    if not policy.steps.clearing_restores:
        return
    bindings = transaction.bindings(number, now)
    stands = line.stands(bindings, transaction.steps(number, now), now, policy.steps)
    if not line.chain_of(bindings) or not stands.suspected or not stands.needs_restoring:
        return
    take(
        transaction,
        number,
        "restore",
        reason=CLEARED,
        basis=policy.steps.grounds[CLEARED].basis,
        taken_by=None,
        now=now,
        policy=policy,
    )


def _unknown() -> LineStepError:
    return LineStepError("unknown_line", "no such number was opened here: see the number, or the time")
