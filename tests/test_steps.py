"""The steps of a line, without a store: which there are, what each takes, what comes about by itself."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simkyc import LineStepError, Policy
from simkyc.policy import StepMeasure, StepRules
from simkyc.steps import (
    TRANSITIONS,
    LineRecord,
    LineStatus,
    LineStep,
    Standing,
    Wanted,
    next_status,
    next_step,
    recommended,
    record_of,
    same_step,
    standing,
)
from simkyc.verdict import Decision, Finding, State, Verdict

POLICY = Policy.default()
RULES = POLICY.steps
TEN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
STATES: tuple[LineStatus, ...] = get_args(LineStatus)
MEASURES: tuple[StepMeasure, ...] = get_args(StepMeasure)
LESS: StepMeasure = "restrict_outgoing"
RANK = {state: place for place, state in enumerate(STATES)}


def hour(number: float) -> datetime:
    return TEN + timedelta(hours=number)


def wants(measure: StepMeasure, at: float = 0, **changes: Any) -> Wanted:
    lasts = POLICY.measures[measure].expires_after
    fields: dict[str, Any] = {
        "measure": measure,
        "at": hour(at),
        "reason": "appeal_upheld" if measure == "restore" else "suspected_use",
        "basis": "a rule",
        "taken_by": "staff-1",
        "opened_by": "open-1",
        "until": None if lasts is None else hour(at + lasts.value),
    }
    return Wanted(**fields | changes)


def taken(*wanted: Wanted, rules: StepRules = RULES) -> list[LineStep]:
    """What is on record after these, one after the other."""
    steps: list[LineStep] = []
    for one in wanted:
        step = next_step(steps, one, rules)
        if step is not None:
            steps.append(step)
    return steps


def stands(*wanted: Wanted, at: float = 10_000, rules: StepRules = RULES) -> Standing:
    return standing(taken(*wanted, rules=rules), hour(at), rules)


def refused(*wanted: Wanted, rules: StepRules = RULES) -> str:
    """Why the last of these is no step."""
    before = taken(*wanted[:-1], rules=rules)
    with pytest.raises(LineStepError) as caught:
        next_step(before, wanted[-1], rules)
    return caught.value.cause


NOTICE_H = POLICY.measures["cancel_notice"].expires_after.value  # type: ignore[union-attr]  # the policy asks for it
LOST = wants("suspend", reason="kind.loss_report")
FRAUD = wants("suspend")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("measure", MEASURES)
def test_there_are_no_steps_but_those_of_the_table(state: LineStatus, measure: StepMeasure) -> None:
    if measure in TRANSITIONS[state]:
        assert next_status(state, measure) == TRANSITIONS[state][measure]
    else:
        with pytest.raises(LineStepError):
            next_status(state, measure)


def test_the_table_names_every_state_and_only_restoring_leads_to_a_milder_one() -> None:
    assert set(TRANSITIONS) == set(STATES)
    for before, steps in TRANSITIONS.items():
        for measure, after in steps.items():
            assert measure == "restore" or RANK[after] >= RANK[before]
            assert after != "cancelled" or before == "suspended"
    assert TRANSITIONS["cancelled"] == {}


REFUSED = [
    ("a line in service is not cancelled", "not_suspended", [wants("cancel")]),
    ("nor given notice", "not_suspended", [wants("cancel_notice")]),
    ("nor a restricted one", "not_suspended", [wants("restrict_outgoing"), wants("cancel", 1)]),
    ("without notice nothing is cancelled", "no_notice", [FRAUD, wants("cancel", 1)]),
    (
        "nor before the notice is over",
        "notice_running",
        [FRAUD, wants("cancel_notice", 1), wants("cancel", NOTICE_H)],
    ),
    ("software gives no notice", "not_a_person", [FRAUD, wants("cancel_notice", 1, taken_by="system")]),
    (
        "software cancels nothing",
        "not_a_person",
        [FRAUD, wants("cancel_notice", 1), wants("cancel", NOTICE_H + 1, taken_by="system")],
    ),
    (
        "a notice of before the last restoration is void",
        "no_notice",
        [FRAUD, wants("cancel_notice", 1), wants("restore", 2), wants("suspend", 3), wants("cancel", 9999)],
    ),
    (
        "nothing leads back from cancelled",
        "cancelled",
        [FRAUD, wants("cancel_notice", 1), wants("cancel", 9999), wants("restore", 9999)],
    ),
    ("nothing to restore", "nothing_to_restore", [wants("restore")]),
    ("a reminder is nothing to restore from", "nothing_to_restore", [wants("remind"), wants("restore", 1)]),
    (
        "what ended by itself needs no restoring",
        "nothing_to_restore",
        [wants("restrict_outgoing"), wants("restore", 73)],
    ),
    (
        "suspicion is no ground to restore on",
        "no_ground",
        [FRAUD, wants("restore", 1, reason="suspected_use")],
    ),
    ("nor a reason code", "no_ground", [FRAUD, wants("restore", 1, reason="binding.moved_soon")]),
    ("software upholds no appeal", "not_a_person", [FRAUD, wants("restore", 1, taken_by="system")]),
    ("nobody upholds no appeal", "not_a_person", [FRAUD, wants("restore", 1, taken_by=None)]),
    ("nobody said that it is cleared", "not_cleared", [FRAUD, wants("restore", 1, reason="cleared")]),
    (
        "it was cleared of an earlier suspicion",
        "not_cleared",
        [wants("suspend", 5), wants("restore", 6, reason="cleared", cleared_at=hour(4))],
    ),
    ("steps are told in order", "out_of_order", [wants("suspend", 5), wants("remind", 4)]),
]


@pytest.mark.parametrize(("why", "cause", "steps"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_step(why: str, cause: str, steps: list[Wanted]) -> None:
    assert refused(*steps) == cause


def state_of(now: Standing) -> tuple[Any, ...]:
    return now.status, now.suspected, now.expires_at


SERVES, STOPPED, LESSER = ("in_service", False, None), ("suspended", True, None), ("restricted", True)
HELD: list[tuple[str, list[Wanted], float, tuple[Any, ...]]] = [
    ("nothing was ever done", [], 0, SERVES),
    ("a reminder changes nothing", [wants("remind")], 1, SERVES),
    ("restricted for its time", [wants(LESS)], 71, (*LESSER, hour(72))),
    ("and no longer", [wants(LESS)], 72, SERVES),
    ("suspended without end", [FRAUD], 9999, STOPPED),
    ("a lost card suspects nobody", [LOST], 9999, ("suspended", False, None)),
    (
        "a worse measure replaces a lesser",
        [wants(LESS), wants("suspend", 1)],
        99,
        STOPPED,
    ),
    ("a lesser never weakens a worse", [FRAUD, wants(LESS, 1)], 99, STOPPED),
    (
        "restricted again, for longer",
        [wants(LESS), wants(LESS, 10)],
        80,
        (*LESSER, hour(82)),
    ),
    (
        "a shorter one shortens nothing",
        [wants(LESS), wants(LESS, 1, until=hour(2))],
        71,
        (*LESSER, hour(72)),
    ),
    ("lost, and then suspected", [LOST, wants("suspend", 1)], 9, STOPPED),
    (
        "lost, and then suspected of less",
        [LOST, wants(LESS, 1)],
        99,
        STOPPED,
    ),
    (
        "suspected, and then reported lost",
        [FRAUD, wants("suspend", 1, reason="kind.loss_report")],
        9,
        STOPPED,
    ),
    ("restored on appeal", [FRAUD, wants("restore", 1)], 2, SERVES),
    (
        "restored at a counter",
        [FRAUD, wants("restore", 1, reason="kind.reactivation", is_granted=True, taken_by="clerk-1")],
        2,
        SERVES,
    ),
    ("restored when cleared", [FRAUD, wants("restore", 3, reason="cleared", cleared_at=hour(2))], 4, SERVES),
    (
        "cancelled after notice",
        [FRAUD, wants("cancel_notice", 1), wants("cancel", NOTICE_H + 1)],
        9999,
        ("cancelled", True, None),
    ),
    ("a second check due changes no state", [wants("second_check")], 1, SERVES),
    ("nor does it by being missed", [wants("second_check")], 99, SERVES),
]


@pytest.mark.parametrize(("why", "steps", "at", "expected"), HELD, ids=[row[0] for row in HELD])
def test_how_a_line_stands(why: str, steps: list[Wanted], at: float, expected: tuple[Any, ...]) -> None:
    assert state_of(stands(*steps, at=at)) == expected


NO_STEP = [
    ("suspended twice", [FRAUD, wants("suspend", 1)]),
    ("restricted while suspended", [FRAUD, wants("restrict_outgoing", 1)]),
    ("restricted for less", [wants("restrict_outgoing"), wants("restrict_outgoing", 1, until=hour(2))]),
    ("asked to show up while asked already", [wants("second_check"), wants("second_check", 1)]),
    ("asked to show up while suspended", [FRAUD, wants("second_check", 1)]),
    ("given notice twice", [FRAUD, wants("cancel_notice", 1), wants("cancel_notice", 2)]),
]


@pytest.mark.parametrize(("why", "steps"), NO_STEP, ids=[row[0] for row in NO_STEP])
def test_what_holds_already_is_no_further_step(why: str, steps: list[Wanted]) -> None:
    assert next_step(taken(*steps[:-1]), steps[-1], RULES) is None


def test_what_ends_by_itself_is_told_without_a_writer() -> None:
    now = stands(wants("restrict_outgoing"), wants("remind", 80), at=90)
    assert [(one.measure, one.step_no, one.taken_by) for one in now.steps] == [
        ("restrict_outgoing", 1, "staff-1"),
        ("expire", None, None),
        ("remind", 2, "staff-1"),
    ]
    assert now.since == now.steps[1].taken_at == hour(72)
    assert stands(wants("restrict_outgoing"), at=71).steps[-1].measure == "restrict_outgoing"


def test_a_missed_second_check_is_overdue_until_somebody_acts() -> None:
    asked = wants("second_check")
    on_time, late = (record_of(stands(asked, at=at), hour(at)) for at in (23, 24))
    assert (on_time.overdue, late.overdue, late.state) == (False, True, "in_service")
    done = stands(asked, wants("restore", 1, is_granted=True), at=99)
    assert (done.verify_by, done.status) == (None, "in_service")
    suspended = stands(asked, wants("suspend", 25, reason="unverified"), at=99)
    assert (suspended.verify_by, suspended.is_suspended_for_fraud) == (None, True)


def test_who_reports_a_card_lost_is_still_to_show_up() -> None:
    assert stands(wants("second_check"), wants("suspend", 1, reason="kind.loss_report")).verify_by == hour(24)


def test_where_the_policy_says_so_a_missed_check_suspends_by_itself() -> None:
    rules = RULES.changed(suspend_unverified=True)
    now = stands(wants("restrict_outgoing"), wants("second_check", 1), at=26, rules=rules)
    assert (now.status, now.since, now.suspected) == ("suspended", hour(25), True)
    assert (now.steps[-1].measure, now.steps[-1].reason, now.steps[-1].taken_by) == (
        "suspend",
        "unverified",
        None,
    )
    assert now.expires_at is None, "what was restricted before ends no suspension"
    assert refused(wants("second_check"), wants("cancel", 30), rules=rules) == "no_notice"
    assert stands(wants("second_check"), wants("restore", 30), at=40, rules=rules).status == "in_service"


def test_where_the_policy_says_so_the_word_that_it_is_cleared_restores_without_a_person() -> None:
    rules = RULES.changed(clearing_restores=True)
    back = wants("restore", 3, reason="cleared", cleared_at=hour(2), taken_by=None)
    assert stands(FRAUD, back, rules=rules).status == "in_service"
    assert refused(FRAUD, back) == "not_a_person"


def test_the_same_step_on_the_same_verdict_is_found() -> None:
    steps = taken(wants("restrict_outgoing", verdict_id="v-1"))
    assert same_step(steps, wants("restrict_outgoing", 5, verdict_id="v-1")) == steps[0]
    assert same_step(steps, wants("suspend", 5, verdict_id="v-1")) is None
    assert same_step(steps, wants("restrict_outgoing", 5)) is None


def test_a_record_comes_back_from_json() -> None:
    record = record_of(
        stands(wants("second_check"), wants("suspend", 30), wants("cancel_notice", 40)), hour(50)
    )
    assert LineRecord.from_json(record.to_json()) == record
    assert "suspected_use" not in repr(record)


def verdict(*codes: str) -> Verdict:
    findings = tuple(Finding(check=code.split(".")[0], reason=code, state=State.FLAGGED) for code in codes)
    return Verdict(
        verdict_id="v", application_id="a", decision=Decision.REVIEW, final=False, reasons=codes, findings=findings,
        advice=(), silent_alert=False, policy_id="p", engine_id=None, simkyc_version="0", decided_at=TEN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "measure", "reason"),
    [
        (("binding.not_used",), "remind", "binding.not_used"),
        (("binding.not_used", "binding.moved_soon"), "restrict_outgoing", "binding.moved_soon"),
        (("binding.device_bulk_sim", "binding.moved_soon"), "suspend", "binding.device_bulk_sim"),
        (("second_check.overdue",), "suspend", "second_check.overdue"),
    ],
)
def test_of_what_a_verdict_recommends_the_worst_is_taken(
    codes: tuple[str, ...], measure: str, reason: str
) -> None:
    for order in itertools.permutations(codes):
        found = recommended(verdict(*order), POLICY)
        assert found is not None
        assert (found.measure, found.reason) == (measure, reason)


def test_a_verdict_may_recommend_nothing() -> None:
    assert recommended(verdict("binding.imsi_differs"), POLICY) is None


# --- whatever is done in whatever order

TIMES = st.floats(0, 400, allow_nan=False)
REASONS = st.sampled_from(
    [
        "suspected_use",
        "kind.loss_report",
        "unpaid",
        "appeal_upheld",
        "cleared",
        "binding.moved_soon",
        "unverified",
    ]
)


class Line(RuleBasedStateMachine):
    """One line, on which staff, software and counters try whatever comes to their mind."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[LineStep] = []
        self.policy_says = RULES
        self.now = 0.0
        self.seen: list[tuple[datetime, Standing]] = []

    @initialize(itself=st.booleans(), clears=st.booleans())
    def begin(self, *, itself: bool, clears: bool) -> None:
        self.policy_says = RULES.changed(suspend_unverified=itself, clearing_restores=clears)

    @rule(hours=TIMES)
    def wait(self, hours: float) -> None:
        self.now += hours

    @rule(
        measure=st.sampled_from(MEASURES),
        reason=REASONS,
        by=st.sampled_from(["staff-1", "system", None]),
        granted=st.booleans(),
        cleared_ago=st.none() | TIMES,
    )
    def act(
        self, measure: StepMeasure, reason: str, by: str | None, *, granted: bool, cleared_ago: float | None
    ) -> None:
        wanted = wants(
            measure,
            self.now,
            reason=reason,
            taken_by=by,
            is_granted=granted,
            cleared_at=None if cleared_ago is None else hour(self.now - cleared_ago),
        )
        before = standing(self.steps, hour(self.now), self.policy_says)
        try:
            step = next_step(self.steps, wanted, self.policy_says)
        except LineStepError:
            return
        if step is None:
            assert RANK[before.status] >= RANK[next_status(before.status, measure)]
            assert measure not in {"restore", "cancel", "remind"}
            return
        assert step.state == TRANSITIONS[before.status][measure], "a step beside the table"
        self.steps.append(step)
        after = standing(self.steps, hour(self.now), self.policy_says)
        if measure == "restore":
            assert granted or self.policy_says.grounds[reason].restores
            assert not after.needs_restoring
        else:
            assert RANK[after.status] >= RANK[before.status], "only a restoration makes anything milder"
            assert after.suspected >= before.suspected
        if measure == "cancel":
            assert by == "staff-1"
            assert before.status == "suspended"
            assert before.cancel_from is not None
            assert before.cancel_from <= hour(self.now)

    @invariant()
    def what_was_is_told_the_same_later(self) -> None:
        at = hour(self.now)
        self.seen.append((at, standing(self.steps, at, self.policy_says)))
        moment, then = self.seen[len(self.seen) // 2]
        again = standing([one for one in self.steps if one.taken_at < moment], moment, self.policy_says)
        if all(one.taken_at != moment for one in self.steps):
            assert again == then

    @invariant()
    def the_steps_are_numbered_and_in_order(self) -> None:
        assert [one.step_no for one in self.steps] == list(range(1, len(self.steps) + 1))
        told = standing(self.steps, hour(self.now), self.policy_says).steps
        assert [one.taken_at for one in told] == sorted(one.taken_at for one in told)

    @invariant()
    def a_cancelled_line_stays_so(self) -> None:
        assert all(one.state != "cancelled" for one in self.steps[:-1])


TestLine = Line.TestCase
TestLine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.lists(st.tuples(st.sampled_from(MEASURES), TIMES), max_size=8), TIMES)
def test_as_of_a_moment_later_steps_do_not_count(told: list[tuple[StepMeasure, float]], at: float) -> None:
    steps: list[LineStep] = []
    for measure, hours in sorted(told, key=lambda one: one[1]):
        try:
            step = next_step(steps, wants(measure, hours), RULES)
        except LineStepError:
            continue
        steps += [] if step is None else [step]
    known = [one for one in steps if one.taken_at <= hour(at)]
    assert standing(steps, hour(at), RULES) == standing(known, hour(at), RULES)
