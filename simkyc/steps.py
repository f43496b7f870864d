"""What is done to a line step by step (处置): remind, restrict, suspend, cancel, restore, and what leads where.

No clock and no store: what was done comes in, the moment comes in, and what may be done next comes out. A worse measure
replaces a lesser one; a lesser one never weakens a worse that holds. What expires ends by itself, as of any moment that
is asked about, without anybody's step.

>>> next_status("in_service", "restrict_outgoing"), next_status("restricted", "suspend")
('restricted', 'suspended')
>>> next_status("in_service", "cancel")
Traceback (most recent call last):
simkyc.errors.LineStepError: a line in service cannot be cancelled: suspend it, give notice, and wait
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from simkyc.application import Identifier, Model, Moment
from simkyc.errors import LineStepError
from simkyc.policy import Policy, StepMeasure, StepRules
from simkyc.reasons import REASONS
from simkyc.verdict import State, Verdict

__all__ = [
    "TRANSITIONS",
    "LineRecord",
    "LineStatus",
    "LineStep",
    "Recommended",
    "Standing",
    "Wanted",
    "next_status",
    "next_step",
    "recommended",
    "record_of",
    "same_step",
    "standing",
]

LineStatus = Literal["in_service", "restricted", "suspended", "cancelled"]
"""A second check that was asked for is a deadline and no status: the line works on, restricted or not, meanwhile."""

TRANSITIONS: Final[Mapping[LineStatus, Mapping[StepMeasure, LineStatus]]] = {
    "in_service": {
        "remind": "in_service",
        "second_check": "in_service",
        "restrict_outgoing": "restricted",
        "suspend": "suspended",
        "restore": "in_service",  # ends a second check that is due, and nothing else
    },
    "restricted": {
        "remind": "restricted",
        "second_check": "restricted",
        "restrict_outgoing": "restricted",
        "suspend": "suspended",
        "restore": "in_service",
    },
    "suspended": {
        "remind": "suspended",
        "second_check": "suspended",
        "restrict_outgoing": "suspended",
        "suspend": "suspended",
        "cancel_notice": "suspended",
        "cancel": "cancelled",
        "restore": "in_service",
    },
    "cancelled": {},
}
"""Every step that there is. A line that is not on the left of a step cannot take it."""

MISSED: Final = "unverified"
"""The ground of a suspension because a second check was missed."""
CLEARED: Final = "cleared"

WORSE: Final[tuple[StepMeasure, ...]] = ("remind", "second_check", "restrict_outgoing", "suspend")
"""What a verdict may recommend, the worst last."""


class LineStep(Model):
    """One step that was taken with a line, or what came about by itself.

    Attributes:
        step_no: Its number in the history of the phone number, from 1; None where it came about by itself.
        taken_at: When it took effect at the operator.
        measure: What was done; `expire` where a measure ended by itself.
        state: The line's after it.
        suspected: Whether the line is suspected of fraud after it.
        reason: A reason code, `kind.` and a kind of application, or a ground of the policy.
        basis: The rule it rests on.
        taken_by: Identifier of who took it, no name; None where nobody did.
        until: When the measure ends by itself. Of a second check the time by which it is due, of a notice the time
            before which the line is not cancelled.
        opened_by: The application by which the line came to its holder.
        application_id: The application that asked for it at a counter.
        verdict_id: The verdict that recommended it.
    """

    shown = ("step_no", "measure", "state", "reason")

    step_no: Annotated[int, Field(ge=1)] | None
    taken_at: Moment
    measure: StepMeasure | Literal["expire"]
    state: LineStatus
    suspected: bool
    reason: str
    basis: str
    taken_by: Identifier | None
    until: Moment | None
    opened_by: Identifier
    application_id: Identifier | None = None
    verdict_id: str | None = None


class LineRecord(Model):
    """How a line stands at one moment, and every step since it came to its holder.

    It is for staff alone: it says whether the line is suspected.

    Attributes:
        as_of: The moment.
        state: What holds.
        since: Since when; None where nothing was ever done.
        suspected: Whether what holds is there because fraud is suspected.
        expires_at: When it ends by itself; None where somebody must lift it.
        verify_by: By when the subscriber is to show up for a second check; None where none is due.
        cancel_from: From when the line may be cancelled; None where no notice was given.
        steps: The oldest first, with what came about by itself.
    """

    shown = ("as_of", "state", "since", "expires_at")

    as_of: Moment
    state: LineStatus
    since: Moment | None
    suspected: bool
    expires_at: Moment | None
    verify_by: Moment | None
    cancel_from: Moment | None
    steps: tuple[LineStep, ...]

    @property
    def overdue(self) -> bool:
        """Whether the second check was missed, so that the line is recommended for suspension."""
        return self.verify_by is not None and self.verify_by <= self.as_of


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line stands at one moment; the attributes are those of `LineRecord`."""

    status: LineStatus = "in_service"
    since: datetime | None = None
    suspected: bool = False
    expires_at: datetime | None = None
    verify_by: datetime | None = None
    cancel_from: datetime | None = None
    steps: tuple[LineStep, ...] = ()

    @property
    def is_suspended_for_fraud(self) -> bool:
        """Whether it is suspended, and not because the subscriber asked for it."""
        return self.status == "suspended" and self.suspected

    @property
    def needs_restoring(self) -> bool:
        """Whether anything holds, or is due, that a restoration would end."""
        return self.status in {"restricted", "suspended"} or self.verify_by is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step that somebody wants to take.

    Attributes:
        at: When it takes effect.
        until: As `LineStep` has it.
        is_granted: Whether a counter's application, settled, lets a line be restored.
        cleared_at: When the number was cleared of the suspicion; None when it was not.
    """

    measure: StepMeasure
    at: datetime
    reason: str
    basis: str
    taken_by: str | None
    opened_by: str
    until: datetime | None = None
    application_id: str | None = None
    verdict_id: str | None = None
    is_granted: bool = False
    cleared_at: datetime | None = None


def next_status(status: LineStatus, measure: StepMeasure) -> LineStatus:
    """What a line is after a step; what else the step takes, `next_step` asks.

    Raises:
        LineStepError: There is no such step.
    """
    after = TRANSITIONS[status].get(measure)
    if after is not None:
        return after
    if status == "cancelled":
        raise LineStepError(
            "cancelled", "the line is cancelled: nothing leads back, open a new number instead"
        )
    where = "in service" if status == "in_service" else status
    what = "cancelled" if measure == "cancel" else "given notice of its cancellation"
    raise LineStepError(
        "not_suspended", f"a line {where} cannot be {what}: suspend it, give notice, and wait"
    )


def standing(steps: Iterable[LineStep], at: datetime, rules: StepRules) -> Standing:
    """How a line stands at a moment.

    Args:
        steps: All that were taken with it since it came to its holder, oldest first; later ones than `at` do not count.
        at: The moment.
        rules: Say whether a missed second check suspends by itself.
    """
    now = Standing()
    for step in steps:
        if step.taken_at > at:
            break
        now = _after(_by_itself(now, step.taken_at, rules), step)
    return _by_itself(now, at, rules)


def _by_itself(now: Standing, at: datetime, rules: StepRules) -> Standing:
    """What came about until then without anybody's step, in the order of time."""
    missed = (
        now.verify_by if rules.suspend_unverified and now.status in {"in_service", "restricted"} else None
    )
    for moment in sorted(
        {moment for moment in (now.expires_at, missed) if moment is not None and moment <= at}
    ):
        last = now.steps[-1]
        if moment == missed:
            step = _derived(last, "suspend", "suspended", moment, MISSED, rules.grounds[MISSED].basis)
            now = replace(now, status="suspended", since=moment, suspected=True, expires_at=None)
        elif now.expires_at == moment:
            step = _derived(last, "expire", "in_service", moment, last.reason, last.basis)
            now = replace(
                now, status="in_service", since=moment, suspected=False, expires_at=None, cancel_from=None
            )
        else:
            continue
        now = replace(now, steps=(*now.steps, step))
    return now


def _derived(
    last: LineStep,
    measure: Literal["suspend", "expire"],
    state: LineStatus,
    at: datetime,
    reason: str,
    basis: str,
) -> LineStep:
    return LineStep(
        step_no=None,
        taken_at=at,
        measure=measure,
        state=state,
        suspected=state != "in_service",
        reason=reason,
        basis=basis,
        taken_by=None,
        until=None,
        opened_by=last.opened_by,
    )


def _after(now: Standing, step: LineStep) -> Standing:
    steps, measure = (*now.steps, step), step.measure
    if measure == "restore":
        return Standing(step.state, step.taken_at, steps=steps)
    since = now.since if now.status == step.state else step.taken_at
    held = replace(now, status=step.state, since=since, suspected=step.suspected, steps=steps)
    if measure == "second_check":
        return replace(held, verify_by=step.until)
    if measure == "cancel_notice":
        return replace(held, cancel_from=step.until)
    if measure == "cancel":
        return replace(held, expires_at=None, verify_by=None)
    if measure == "suspend":
        # Whoever reports a card lost is still to show up, if they were to before.
        return replace(held, expires_at=step.until, verify_by=None if step.suspected else now.verify_by)
    return replace(held, expires_at=step.until) if measure == "restrict_outgoing" else held


def next_step(
    steps: Sequence[LineStep], wanted: Wanted, rules: StepRules, step_no: int | None = None
) -> LineStep | None:
    """The step to be recorded; None where what holds already is as bad or worse, so that nothing is done.

    Args:
        steps: All that were taken with the line since it came to its holder, oldest first.
        wanted: The step.
        rules: What the policy asks for.
        step_no: Its number; None for the next after these.

    Raises:
        LineStepError: The line cannot take this step; the message says what comes first.
    """
    if steps and wanted.at < steps[-1].taken_at:
        raise LineStepError(
            "out_of_order", "a later step is recorded already: steps are told in order of time"
        )
    now = standing(steps, wanted.at, rules)
    state = next_status(now.status, wanted.measure)
    suspected = now.suspected
    until = wanted.until
    if wanted.measure == "restore":
        _may_restore(now, wanted, rules)
        suspected = False
    elif wanted.measure in {"cancel_notice", "cancel"}:
        if wanted.measure == "cancel_notice" and now.cancel_from is not None:
            return None
        _takes_a_person(wanted, rules)
        if wanted.measure == "cancel":
            _may_cancel(now, wanted)
    elif wanted.measure == "second_check":
        if now.status == "suspended" or now.verify_by is not None:
            return None
    elif wanted.measure in {"restrict_outgoing", "suspend"}:
        suspected = suspected or rules.suspects(wanted.reason)
        if now.status == state:
            # Longer, or for a worse reason: what is left of the old measure stays.
            ends = now.expires_at
            longer = wanted.measure != "restrict_outgoing" or state == "restricted"
            lasts = longer and ends is not None and (until is None or until > ends)
            if not lasts and suspected == now.suspected:
                return None
            until = until if lasts else ends
    return LineStep(
        step_no=step_no or 1 + max((step.step_no or 0 for step in steps), default=0),
        taken_at=wanted.at,
        measure=wanted.measure,
        state=state,
        suspected=suspected,
        reason=wanted.reason,
        basis=wanted.basis,
        taken_by=wanted.taken_by,
        until=until,
        opened_by=wanted.opened_by,
        application_id=wanted.application_id,
        verdict_id=wanted.verdict_id,
    )


def _takes_a_person(wanted: Wanted, rules: StepRules) -> None:
    if wanted.taken_by is None or wanted.taken_by in rules.automata:
        raise LineStepError(
            "not_a_person", "this step takes a person: say who decided it (by), and no software"
        )


def _may_cancel(now: Standing, wanted: Wanted) -> None:
    if now.cancel_from is None:
        raise LineStepError(
            "no_notice", "the subscriber was given no notice: give it (cancel_notice), and wait"
        )
    if wanted.at < now.cancel_from:
        raise LineStepError("notice_running", "the notice is not over yet: cancel the line when it is")


def _may_restore(now: Standing, wanted: Wanted, rules: StepRules) -> None:
    if not now.needs_restoring:
        raise LineStepError("nothing_to_restore", "nothing holds the line back: there is nothing to restore")
    if wanted.is_granted:
        return
    ground = rules.grounds.get(wanted.reason)
    if ground is None or not ground.restores:
        raise LineStepError(
            "no_ground",
            "a line is restored by a reactivation or second check that is settled, or by a person on a ground that "
            "the policy lets restore: see its steps",
        )
    if wanted.reason == CLEARED:
        since = now.since or now.steps[-1].taken_at
        if wanted.cleared_at is None or wanted.cleared_at < since:
            raise LineStepError(
                "not_cleared", "the number was not cleared since: report its outcome (is_fraud=False) first"
            )
        if rules.clearing_restores:
            return
    _takes_a_person(wanted, rules)


@dataclass(frozen=True, slots=True)
class Recommended:
    """The worst measure that a verdict asks for, the reason that does, and its basis."""

    measure: StepMeasure
    reason: str
    basis: str


def recommended(verdict: Verdict, policy: Policy) -> Recommended | None:
    """What a verdict on a line recommends, in one measure; None where it recommends nothing.

    Measures of the policy's own, beside those of `simkyc.policy.StepMeasure`, are no steps.
    """
    flagged = {finding.reason for finding in verdict.findings if finding.state is State.FLAGGED}
    found: Recommended | None = None
    # In the order of the reasons, so that of two with one measure always the same is named.
    for code, reason in REASONS.items():
        measure = policy.reasons[code].measure if code in flagged else None
        for known in WORSE:
            if measure == known and (found is None or WORSE.index(known) > WORSE.index(found.measure)):
                found = Recommended(known, code, reason.basis)
    return found


def record_of(now: Standing, at: datetime) -> LineRecord:
    """A standing as it leaves the house."""
    return LineRecord(
        as_of=at,
        state=now.status,
        since=now.since,
        suspected=now.suspected,
        expires_at=now.expires_at,
        verify_by=now.verify_by,
        cancel_from=now.cancel_from,
        steps=now.steps,
    )


def same_step(steps: Sequence[LineStep], wanted: Wanted) -> LineStep | None:
    """The step that was recorded on the same verdict already, if one was: saying it again changes nothing."""
    if wanted.verdict_id is None:
        return None
    return next(
        (one for one in steps if (one.verdict_id, one.measure) == (wanted.verdict_id, wanted.measure)), None
    )
