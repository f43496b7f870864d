"""A line through all that is done to it, at counters and by staff, on every database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simkyc import Application, Decision, LineStepError, Policy, Screener, SettlementError, State, Verdict
from simkyc.errors import InputError
from simkyc.steps import TRANSITIONS, LineRecord, LineStep
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, party, swatch

SECRET = "a secret for tests only"
KINDS = ("sqlite-file", "sqlite-memory", "postgresql")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> str:
    return url_of(request.param)


class Office:
    """A counter, and staff who act on the line of person 0."""

    def __init__(self, url: str, policy: Policy | None = None) -> None:
        self.clock = Clock(NOW - timedelta(days=40))
        self.url, self.policy = url, policy
        self.screener = self.opened()
        self.screener.allocate("store-1", STORE_ICCIDS)
        self.settled("opening", application_id="first")
        self.clock.now = NOW

    def opened(self) -> Screener:
        return Screener.open(
            self.url, secret=SECRET, policy=self.policy, faces=FakeFaceEngine(), clock=self.clock
        )

    def asks(self, kind: str, seed: int = 0, **changes: Any) -> Application:
        photo = {"data": swatch(seed)}
        sim: dict[str, Any] = {"msisdn": NUMBER, "iccid": STORE_ICCIDS[0], "imsi": IMSI}
        if kind == "replacement":
            sim |= {"iccid": STORE_ICCIDS[100], "imsi": "460000000001000"}
        if kind == "loss_report":
            sim |= {"iccid": None, "imsi": None}
        usual: dict[str, Any] = {
            "application_id": f"{kind}-{seed}-{self.clock.now:%d%H%M%S}",
            "kind": kind,
            "applied_at": self.clock.now,
            "live_photo": photo,
            "document": {"portrait": photo},
            "sim": sim | changes.pop("sim", {}),
        }
        if kind == "transfer":
            giver = application(0, live_photo={"data": swatch(0)}, document={"portrait": {"data": swatch(0)}})
            usual["transferor"] = party(
                0,
                live_photo={"data": swatch(0)},
                document={"portrait": giver.document.portrait},
                face_consent={"given_at": self.clock.now - timedelta(minutes=3)},
            )
        return application(seed, **usual | changes)

    def screened(self, kind: str, seed: int = 0, **changes: Any) -> Verdict:
        return self.screener.screen(self.asks(kind, seed, **changes))

    def settled(self, kind: str, seed: int = 0, **changes: Any) -> Verdict:
        """Asked for, approved where a supervisor must, and carried out."""
        verdict = self.screened(kind, seed, **changes)
        assert verdict.application_id is not None
        approved = "supervisor-1" if verdict.decision is Decision.REVIEW else None
        self.screener.settle(verdict.application_id, opened=True, approved_by=approved)
        return verdict

    def acts(self, measure: Any, reason: str | None = "suspected_use", **more: Any) -> LineStep:
        return self.screener.act(NUMBER, measure, reason=reason, **{"by": "staff-1", **more})

    def record(self, at: datetime | None = None) -> LineRecord:
        return self.screener.line_record(NUMBER, at=at)

    @property
    def state(self) -> str:
        return self.record().state

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(one.measure, one.reason, one.taken_by) for one in self.record().steps]


FIRST = application(0, live_photo=None, document={"portrait": None})
NUMBER, IMSI = FIRST.sim.msisdn, FIRST.sim.imsi


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    made = Office(url)
    yield made
    made.screener.close()


def flagged(verdict: Verdict) -> set[str]:
    return {finding.reason for finding in verdict.findings if finding.state is State.FLAGGED}


def refused(office: Office, measure: Any, reason: str | None = "suspected_use", **more: Any) -> str:
    with pytest.raises(LineStepError) as caught:
        office.acts(measure, reason, **more)
    return caught.value.cause


def cancelled(office: Office) -> None:
    office.acts("suspend")
    office.acts("cancel_notice")
    office.clock.advance(days=31)
    office.acts("cancel", "notice_over")


# --- at the counter and back


@pytest.mark.parametrize("kind", ["reactivation", "second_check"])
def test_who_comes_with_id_and_card_is_back_in_service(office: Office, kind: str) -> None:
    office.acts("restrict_outgoing")
    office.clock.advance(hours=5)
    assert office.settled(kind).decision is Decision.ACCEPT
    assert office.state == "in_service"
    assert office.told()[-1] == ("restore", f"kind.{kind}", "clerk-1")


def test_whoever_comes_back_for_a_suspended_line_alerts_staff_and_hears_nothing(office: Office) -> None:
    office.acts("suspend")
    verdict = office.screened("reactivation")
    assert (verdict.decision, verdict.silent_alert) == (Decision.REVIEW, True)
    assert "line.suspended_for_fraud" in flagged(verdict)
    assert verdict.line_actions == ()
    said = "".join(
        line
        for audience, language in itertools.product(("clerk", "customer"), ("zh-CN", "en"))
        for line in verdict.messages(language, audience)  # type: ignore[arg-type]  # all four of them
    )
    assert not {
        word for word in ("诈", "嫌疑", "公安", "警", "fraud", "suspect", "police", "suspen") if word in said
    }
    assert office.state == "suspended", "nothing is restored before a supervisor approved it"
    assert verdict.application_id is not None
    office.screener.settle(verdict.application_id, opened=True, approved_by="supervisor-1")
    assert office.told()[-1] == ("restore", "kind.reactivation", "supervisor-1")


def test_a_lost_card_is_suspended_and_its_replacement_restores(office: Office) -> None:
    office.settled("loss_report")
    assert (office.state, office.record().suspected) == ("suspended", False)
    verdict = office.settled("replacement")
    assert "line.suspended_for_fraud" not in flagged(verdict)
    assert office.state == "in_service"


def test_a_new_card_lifts_no_suspicion(office: Office) -> None:
    office.settled("loss_report")
    office.acts("suspend")
    verdict = office.settled("replacement")
    assert "line.suspended_for_fraud" in flagged(verdict)
    assert office.state == "suspended"


def test_a_lost_card_of_a_suspended_line_is_reported_without_a_supervisor(office: Office) -> None:
    office.acts("suspend")
    assert office.settled("loss_report").decision is Decision.ACCEPT
    assert [one.reason for one in office.record().steps] == ["suspected_use"]


def test_a_settlement_that_is_said_again_restores_nothing_anew(office: Office) -> None:
    office.acts("restrict_outgoing")
    verdict = office.settled("second_check")
    office.acts("suspend")
    assert verdict.application_id is not None
    office.screener.settle(verdict.application_id, opened=True)
    assert office.state == "suspended"


@pytest.mark.parametrize("kind", ["reactivation", "second_check", "transfer"])
def test_what_was_decided_before_the_line_was_stopped_lifts_nothing(office: Office, kind: str) -> None:
    verdict = office.screened(kind, 7 if kind == "transfer" else 0)
    office.acts("suspend")
    with pytest.raises(SettlementError, match="stopped since"):
        office.screener.settle(str(verdict.application_id), opened=True, approved_by="supervisor-1")
    assert office.state == "suspended"


def test_who_asks_again_about_an_application_finds_the_line_as_it_stood_then(office: Office) -> None:
    office.acts("suspend")
    asked = office.asks("reactivation")
    verdict = office.screener.screen(asked)
    office.screener.settle(asked.application_id, opened=True, approved_by="supervisor-1")
    again = office.screener.preview(asked, at=verdict.decided_at)
    assert (again.decision, again.reasons) == (verdict.decision, verdict.reasons)


def test_whoever_has_the_number_next_begins_anew(office: Office) -> None:
    office.acts("restrict_outgoing")
    then = office.clock.now
    office.clock.advance(hours=1)
    office.settled("transfer", 7)
    assert (office.state, office.record().steps) == ("in_service", ())
    assert office.record(then).state == "restricted"
    office.acts("remind")
    assert [one.step_no for one in office.record().steps] == [2], "the numbers go on"


def test_a_cancelled_line_counts_no_more_and_comes_back_at_no_counter(office: Office) -> None:
    cancelled(office)
    assert office.record().state == "cancelled"
    for kind in ("reactivation", "second_check", "replacement"):
        verdict = office.screened(kind)
        assert (verdict.decision, "line.cancelled" in flagged(verdict)) == (Decision.REFUSE, True)
    assert refused(office, "restore", "appeal_upheld") == "cancelled"
    assert refused(office, "suspend") == "cancelled"
    office.settled("opening", 8, sim={"iccid": STORE_ICCIDS[120], "imsi": "460000000001200"})
    assert (office.state, office.record().steps) == ("in_service", ())


def test_a_number_that_was_handed_back_is_told_as_cancelled(office: Office) -> None:
    office.screener.close_number("first")
    assert (office.record().state, office.record().since) == ("cancelled", office.clock.now)
    assert refused(office, "suspend") == "cancelled"


def test_another_number_of_somebody_whose_line_is_suspended_is_looked_at(office: Office) -> None:
    office.acts("suspend")
    other = {"msisdn": "+8613900000777", "iccid": STORE_ICCIDS[130], "imsi": "460000000001300"}
    verdict = office.screened("opening", sim=other)
    assert (verdict.decision, verdict.silent_alert) == (Decision.REVIEW, True)
    assert "openings.suspended_number" in flagged(verdict)
    office.acts("restore", "appeal_upheld")
    again = office.screened("opening", application_id="again", sim=other)
    assert "openings.suspended_number" not in flagged(again)


# --- by staff


def test_the_same_step_on_the_same_verdict_changes_nothing(office: Office) -> None:
    verdict = office.screener.check_line(NUMBER)
    restrict = office.acts("restrict_outgoing", verdict=verdict)
    office.clock.advance(hours=1)
    assert office.acts("restrict_outgoing", verdict=verdict) == restrict
    assert restrict.verdict_id == verdict.verdict_id
    assert len(office.record().steps) == 1


def test_what_a_verdict_recommends_is_done(office: Office) -> None:
    office.acts("second_check")
    office.clock.advance(hours=25)
    verdict = office.screener.check_line(NUMBER)
    assert "second_check.overdue" in flagged(verdict)
    assert {action.status for action in verdict.line_actions} == {"suspended"}
    assert office.state == "in_service", "a recommendation does nothing"
    step = office.screener.act_on(NUMBER, verdict, by="system")
    assert step is not None
    assert (step.measure, step.reason, step.basis) == ("suspend", "second_check.overdue", step.basis)
    assert office.screener.act_on(NUMBER, verdict, by="system") == step
    assert office.state == "suspended"
    nothing = office.screener.check_line(NUMBER)
    assert "second_check.overdue" not in flagged(nothing)


def test_a_verdict_that_recommends_nothing_is_acted_on_by_nobody(office: Office) -> None:
    office.clock.now = NOW - timedelta(days=40)
    verdict = office.screener.check_line(NUMBER)
    assert office.screener.act_on(NUMBER, verdict, by="staff-1") is None
    with pytest.raises(InputError, match="say why"):
        office.acts("suspend", None, verdict=verdict)


def test_the_word_that_it_is_cleared_makes_restoring_possible_and_lifts_nothing(office: Office) -> None:
    office.screener.report_outcome(NUMBER, is_fraud=True)
    office.acts("suspend")
    assert refused(office, "restore", "cleared") == "not_cleared"
    office.clock.advance(days=1)
    office.screener.report_outcome(NUMBER, is_fraud=False)
    assert office.state == "suspended"
    office.acts("restore", "cleared")
    assert office.state == "in_service"


def test_where_the_policy_says_so_it_lifts_what_was_suspected(url: str) -> None:
    policy = Policy.default()
    office = Office(url, policy.changed(steps=policy.steps.changed(clearing_restores=True)))
    office.settled("loss_report")
    office.screener.report_outcome(NUMBER, is_fraud=False)
    assert office.state == "suspended", "what the subscriber asked for is not the suspicion"
    office.acts("suspend")
    office.screener.report_outcome(NUMBER, is_fraud=False)
    assert office.told()[-1] == ("restore", "cleared", None)
    office.screener.close()


def test_steps_are_told_as_of_any_moment(office: Office) -> None:
    office.acts("restrict_outgoing")
    start = office.clock.now
    office.clock.advance(hours=80)
    assert [office.record(start + timedelta(hours=hours)).state for hours in (-1, 0, 71, 72, 80)] == [
        "in_service",
        "restricted",
        "restricted",
        "in_service",
        "in_service",
    ]
    assert [one[0] for one in office.told()] == ["restrict_outgoing", "expire"]


def test_a_step_may_be_told_late_and_not_before_another(office: Office) -> None:
    done_at = office.clock.now
    office.clock.advance(hours=2)
    assert office.acts("suspend", at=done_at).taken_at == done_at
    with pytest.raises(LineStepError, match="order of time"):
        office.acts("remind", at=done_at - timedelta(minutes=1))
    with pytest.raises(InputError, match="future"):
        office.acts("remind", at=office.clock.now + timedelta(minutes=1))


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no measure", {"measure": "explode"}, "a measure is one of"),
    ("no reason", {"reason": None}, "say why"),
    ("a reason of nobody", {"reason": "I do not like them"}, "name one"),
    ("a name for an identifier", {"by": "王 经理"}, "by is 1 to 64"),
    ("a basis without end", {"basis": "x" * 201}, "a line of"),
    ("a basis of two lines", {"basis": "a\nb"}, "a line of"),
    ("no number", {"number": "hello"}, "no MSISDN"),
    ("a time without a zone", {"at": NOW.replace(tzinfo=None)}, "needs a zone"),
]


@pytest.mark.parametrize(("why", "changes", "says"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_meant(why: str, changes: dict[str, Any], says: str) -> None:
    office = Office("sqlite://")
    fields: dict[str, Any] = {
        "number": NUMBER,
        "measure": "suspend",
        "reason": "suspected_use",
        "by": "staff-1",
    }
    fields |= changes
    with pytest.raises(InputError, match=says) as caught:
        office.screener.act(fields.pop("number"), fields.pop("measure"), **fields)
    assert "经理" not in str(caught.value)
    office.screener.close()


def test_a_number_that_was_opened_nowhere_has_no_record(office: Office) -> None:
    with pytest.raises(LineStepError, match="no such number"):
        office.screener.line_record("+8613900009999")
    with pytest.raises(LineStepError, match="no such number"):
        office.screener.act("+8613900009999", "suspend", reason="suspected_use", by="staff-1")
    with pytest.raises(LineStepError, match="no such number"):
        office.record(NOW - timedelta(days=400))


def test_a_verdict_on_another_line_is_acted_on_for_this_one_by_nobody(office: Office) -> None:
    sim = {"msisdn": "+8613900000888", "iccid": STORE_ICCIDS[9], "imsi": "460000000000888"}
    office.settled("opening", 9, sim=sim)
    verdict = office.screener.check_line("+8613900000888")
    with pytest.raises(InputError, match="another line"):
        office.acts("remind", verdict=verdict)


# --- together, after restarts, and when it is deleted


def test_of_two_who_act_at_once_one_comes_after_the_other(office: Office) -> None:
    office.acts("restrict_outgoing")
    together = Barrier(6)

    def act(place: int) -> str:
        together.wait()
        try:
            if place % 2:
                return office.acts("suspend", by=f"staff-{place}").measure
            return office.acts("restore", "appeal_upheld", by=f"staff-{place}").measure
        except LineStepError as error:
            return error.cause

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(act, range(6)))
    assert set(said) <= {"suspend", "restore", "nothing_to_restore"}
    steps = office.record().steps
    assert [one.step_no for one in steps] == list(range(1, len(steps) + 1))
    states = ["in_service", *(one.state for one in steps)]
    for before, step in zip(states, steps, strict=False):
        assert TRANSITIONS[before][step.measure] == step.state  # type: ignore[index]  # the measures of staff


def test_of_two_counters_that_suspend_at_once_one_step_is_left(office: Office) -> None:
    together = Barrier(4)

    def act(place: int) -> LineStep:
        together.wait()
        return office.acts("suspend", by=f"staff-{place}")

    with ThreadPoolExecutor(4) as pool:
        steps = list(pool.map(act, range(4)))
    assert len(set(map(LineStep.to_json, steps))) == 1
    assert len(office.record().steps) == 1


@pytest.mark.parametrize("url", ["sqlite-file", "postgresql-alone"], indirect=True)
def test_a_new_secret_leaves_the_steps_with_their_line(office: Office) -> None:
    office.acts("suspend")
    before = office.record()
    office.screener.close()
    changed = Screener.open(
        office.url,
        secret="another secret for tests",
        former_secrets=[SECRET],
        faces=FakeFaceEngine(),
        clock=office.clock,
    )
    with changed:
        assert changed.line_record(NUMBER) == before
        verdict = changed.screen(office.asks("reactivation"))
        assert "line.suspended_for_fraud" in flagged(verdict)


def test_what_holds_a_line_back_is_kept_as_long_as_it_does(office: Office) -> None:
    office.acts("remind")
    office.acts("suspend")
    office.clock.advance(days=400)
    office.screener.purge(office.clock.now)
    assert office.state == "suspended"
    office.acts("restore", "appeal_upheld")
    office.clock.advance(days=1)
    office.screener.purge(office.clock.now)
    assert office.record().steps == ()
    assert office.state == "in_service"


def test_of_a_line_that_is_nobodys_old_steps_go(office: Office) -> None:
    office.acts("restrict_outgoing")
    office.clock.advance(hours=1)
    office.settled("transfer", 7)
    office.acts("suspend")
    office.clock.advance(days=1)
    office.screener.purge(office.clock.now)
    assert [one.measure for one in office.record().steps] == ["suspend"]
    assert office.record(NOW).steps == ()


def test_erasing_somebody_leaves_no_step_of_theirs(office: Office) -> None:
    office.acts("restrict_outgoing")
    office.clock.advance(hours=1)
    office.settled("transfer", 7)
    office.acts("remind")
    office.clock.advance(days=400)
    office.screener.erase_person(office.asks("opening").document)
    assert [one.measure for one in office.record().steps] == ["remind"]
    with office.screener._history.read() as reader:
        assert len(reader.steps(office.screener._history.keyring.msisdn(NUMBER), office.clock.now)) == 1


class LineInUse(RuleBasedStateMachine):
    """One line in a history on disk, which is closed and opened again at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.office: Office | None = None
        self.expected: list[str] = []
        self.folder: Path | None = None

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = Path(tempfile.mkdtemp())
        self.office = Office(f"sqlite:///{self.folder}/kyc.db")

    @precondition(lambda self: self.office is not None)
    @rule(hours=st.integers(0, 400))
    def wait(self, hours: int) -> None:
        assert self.office is not None
        self.office.clock.advance(hours=hours)

    @precondition(lambda self: self.office is not None)
    @rule()
    def restart(self) -> None:
        assert self.office is not None
        self.office.screener.close()
        self.office.screener = self.office.opened()

    @precondition(lambda self: self.office is not None)
    @rule(
        measure=st.sampled_from(
            ["remind", "second_check", "restrict_outgoing", "suspend", "cancel_notice", "cancel", "restore"]
        ),
        reason=st.sampled_from(["suspected_use", "unpaid", "appeal_upheld", "cleared"]),
    )
    def act(self, measure: str, reason: str) -> None:
        assert self.office is not None
        before = self.office.record()
        try:
            step = self.office.acts(measure, reason)
        except LineStepError:
            assert self.office.record() == before, "what is no step changes nothing"
            return
        if step.measure == measure and step not in before.steps:
            assert step.state == TRANSITIONS[before.state][measure]  # type: ignore[index]  # one of the seven
            self.expected.append(step.to_json())

    @precondition(lambda self: self.office is not None)
    @rule(kind=st.sampled_from(["reactivation", "second_check", "loss_report"]))
    def at_the_counter(self, kind: str) -> None:
        assert self.office is not None
        self.office.clock.advance(minutes=1)
        before = self.office.record()
        verdict = self.office.screened(kind)
        if verdict.decision not in {Decision.ACCEPT, Decision.REVIEW}:
            assert before.state == "cancelled"
            return
        self.office.screener.settle(str(verdict.application_id), opened=True, approved_by="supervisor-1")
        after = self.office.record()
        assert after.state == ("suspended" if kind == "loss_report" else "in_service")
        known = {one.to_json() for one in before.steps}
        self.expected += [
            one.to_json() for one in after.steps if one.step_no is not None and one.to_json() not in known
        ]

    @invariant()
    def nothing_is_lost(self) -> None:
        if self.office is not None:
            steps = self.office.record().steps
            assert [one.to_json() for one in steps if one.step_no is not None] == self.expected

    def teardown(self) -> None:
        import shutil

        if self.office is not None and self.folder is not None:
            self.office.screener.close()
            shutil.rmtree(self.folder)


TestLineInUse = LineInUse.TestCase
TestLineInUse.settings = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
