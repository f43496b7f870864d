"""The verdict on a number's use: who is told apart from whom, and what worse records lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import REASONS, Decision, InputError, Policy, State, Verdict
from simkyc.judge import judge_usage
from simkyc.reasons import Audience, Language
from simkyc.testing import NOW, number_usage
from simkyc.testing.usage import FRAUD_ROLES, HONEST_ROLES, UsedLine, play
from simkyc.usage.number import NumberUsage
from simkyc.usage.scored import Driver
from tests.usage.reference import SINCE, usages

POLICY = Policy.default()
FEW = {"bank_sender": 2, "hospital_hotline": 3}
"""Lines of roles that make very many records."""


@cache
def played(role: str) -> tuple[tuple[UsedLine, NumberUsage], ...]:
    lines = play(role, FEW.get(role, 8), seed=11)
    return tuple(zip(lines, usages(lines), strict=True))


def verdicts(role: str, *, declared: bool = False) -> list[Verdict]:
    return [
        judge_usage(usage, POLICY, declared_use=line.declared_use if declared else None)
        for line, usage in played(role)
    ]


def flagged(verdict: Verdict) -> set[str]:
    return {one.reason for one in verdict.findings if one.state is State.FLAGGED}


# --- the honest and those they look like


@pytest.mark.parametrize("role", HONEST_ROLES)
def test_nobody_honest_loses_a_service_by_rules(role: str) -> None:
    for verdict in verdicts(role):
        assert verdict.line_actions == ()
        assert verdict.decision < Decision.REFUSE
        assert not verdict.silent_alert


@pytest.mark.parametrize(
    "role",
    ["ordinary", "newcomer", "night_watchman", "traveller", "hospital_hotline", "courier", "taxi_driver",
     "school_absence_line"],
)  # fmt: skip
def test_who_lives_and_serves_is_left_alone(role: str) -> None:
    assert {verdict.decision for verdict in verdicts(role)} == {Decision.ACCEPT}


@pytest.mark.parametrize("role", ["campaign_call_centre", "bank_sender"])
def test_who_works_through_lists_is_reminded_and_left_alone_once_it_is_declared(role: str) -> None:
    for verdict in verdicts(role):
        assert verdict.decision is Decision.REVIEW
        assert "usage_pattern.remind" in verdict.reasons
    for verdict in verdicts(role, declared=True):
        assert verdict.decision is Decision.ACCEPT
        assert "declared_use" in {one.cause for one in verdict.findings}
        assert verdict.usage is not None
        assert verdict.usage.declared_use is not None


SIGNS = {
    "sim_box": {"usage_devices.many_numbers", "calls.round_the_clock", "places.fixed_while_calling"},
    "caller_in_shifts": {"calls.one_way_throughout", "calls.not_returned", "usage_opening.new_and_busy"},
    "sms_blaster": {"messages.fraud_content", "messages.evasive", "messages.one_template"},
    "awakened_number": {"calls.woken", "calls.one_way"},
    "moved_mule": {"usage_devices.many_devices"},
    "relay": {"calls.relay", "calls.fan_out"},
}
"""What each is to be found by."""


@pytest.mark.parametrize("role", FRAUD_ROLES)
def test_fraud_is_noticed_and_by_what_it_is(role: str) -> None:
    for verdict in verdicts(role):
        assert verdict.decision >= Decision.REVIEW
        assert flagged(verdict) >= SIGNS[role]


@pytest.mark.parametrize("role", ["sim_box", "sms_blaster"])
def test_machines_are_suspended(role: str) -> None:
    for verdict in verdicts(role):
        assert {action.status for action in verdict.line_actions} == {"suspended"}
        assert len(verdict.line_actions) == 3
        assert verdict.silent_alert


def test_no_declaration_covers_a_machine() -> None:
    (_, usage), *_ = played("sim_box")
    assert usage.opening is not None
    as_unit = replace(usage, opening=replace(usage.opening, customer="unit"))
    verdict = judge_usage(as_unit, POLICY, declared_use="call_centre")
    assert "usage_devices.many_numbers" in verdict.flagged
    assert verdict.line_actions or verdict.decision >= Decision.REVIEW


def test_a_person_cannot_declare() -> None:
    (line, usage), *_ = played("campaign_call_centre")
    assert usage.opening is not None
    for opening in (None, replace(usage.opening, customer="personal")):
        verdict = judge_usage(replace(usage, opening=opening), POLICY, declared_use=line.declared_use)
        assert verdict.decision is Decision.REVIEW
        assert verdict.usage is not None
        assert verdict.usage.declared_use is None


def test_lines_come_anew_from_their_seed() -> None:
    assert play("sim_box", 2, seed=1) == play("sim_box", 2, seed=1)
    assert play("sim_box", 1, seed=1) != play("sim_box", 1, seed=2)
    assert min(one.began_at for one in play("ordinary", 1)[0].calls) >= SINCE


# --- spikes


def woken(age_days: float | None, silent_days: int, other_days: float) -> str:
    usage = number_usage(
        calls={
            "silent_days": silent_days,
            "busiest_day": 80,
            "other_days": other_days,
            "returned_share": 0.1,
        },
        opening=None if age_days is None else {"age_days": age_days},
    )
    (found,) = (one for one in judge_usage(usage, POLICY).findings if one.reason == "calls.woken")
    return found.state.value


WOKEN = [
    ("nobody was called before", 900.0, 26, 0.0, "flagged"),
    ("the same, and no one knows its age", None, 26, 0.0, "flagged"),
    ("opened just before", 5.0, 26, 0.0, "passed"),
    ("opened long enough before", 14.0, 26, 0.0, "flagged"),
    ("used a little, then not", 900.0, 12, 3.0, "flagged"),
    ("used a little since its opening, then not", 20.0, 12, 3.0, "flagged"),
    ("used all the time", 900.0, 0, 3.0, "passed"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "age", "silent", "before", "state"), WOKEN, ids=[row[0] for row in WOKEN])
def test_silence_counts_from_the_opening(
    why: str, age: float | None, silent: int, before: float, state: str
) -> None:
    assert woken(age, silent, before) == state


# --- what honest work shows


NO_HONEST_WORK = {"calls.at_night", "calls.round_the_clock", "calls.relay"}
NO_HONEST_TEXTS = {"messages.fraud_content", "messages.lexicon", "messages.evasive"}


@pytest.mark.parametrize(("kind", "not_honest"), [("calls", NO_HONEST_WORK), ("messages", NO_HONEST_TEXTS)])
def test_every_sign_of_busy_work_together_is_a_reminder_at_most(kind: str, not_honest: set[str]) -> None:
    """In a new number too, as docs/usage.md says."""
    pattern = POLICY.usage_pattern
    shown = {one for one in pattern.weights if one.startswith(f"{kind}.")} - not_honest
    shown |= {"usage_opening.new_and_busy"} | ({"places.fixed_while_calling"} if kind == "calls" else set())
    assert sum(pattern.weights[one] for one in shown) < pattern.restrict.value


# --- what is not known


NOTHING: dict[str, Any] = dict.fromkeys(("calls", "messages", "places", "devices", "opening", "scored"))


def test_a_number_without_records_is_looked_at_again_and_not_in_order() -> None:
    verdict = judge_usage(number_usage(**NOTHING), POLICY)
    assert (verdict.decision, verdict.reasons) == (Decision.RETRY, ("usage_records.none",))
    assert verdict.application_id is None
    states = {one.state for one in verdict.findings if one.reason.split(".")[0] in ("calls", "messages")}
    assert states == {State.NOT_ASSESSED}


@pytest.mark.parametrize("part", NOTHING)
def test_each_kind_of_record_may_be_missing(part: str) -> None:
    verdict = judge_usage(number_usage(**{part: None}), POLICY)
    assert verdict.decision is Decision.ACCEPT
    unknown = [one for one in verdict.findings if one.state is State.NOT_ASSESSED]
    assert {one.cause for one in unknown} & {"no_records", "line_unknown", "no_model", "no_calls"}


BAD = [
    ("ends before it begins", {"until": NOW - timedelta(days=31)}, None),
    ("has no length", {"since": NOW}, None),
    ("has no zone", {"since": datetime(2026, 10, 1)}, None),  # noqa: DTZ001  # that is the fault
    ("is declared as nothing known", {}, "circus"),
]


@pytest.mark.parametrize(("why", "changes", "declared"), BAD, ids=[row[0] for row in BAD])
def test_what_nobody_can_judge_is_an_input_error(
    why: str, changes: dict[str, Any], declared: str | None
) -> None:
    with pytest.raises(InputError):
        judge_usage(number_usage(**changes), POLICY, declared_use=declared)


# --- worse is never better


SHARE = st.floats(0, 1)
COUNT = st.integers(0, 3000)

USES = st.builds(
    lambda calls, messages, places, devices, opening, scored, days, outage: number_usage(
        since=NOW - timedelta(days=days),
        outage_hours=outage,
        calls=calls,
        messages=messages,
        places=places,
        devices=devices,
        opening=opening,
        scored=scored,
    ),
    st.none() | st.fixed_dictionaries(
        {
            "calls": st.integers(3000, 6000),
            "outgoing": COUNT,
            "counterparts": COUNT,
            "callers": COUNT,
            "per_counterpart": st.floats(1, 4),
            "outgoing_share": SHARE,
            "answered_share": st.none() | SHARE,
            "short_share": st.none() | SHARE,
            "returned_share": st.none() | SHARE,
            "busiest_hour": st.integers(0, 200),
            "busiest_ten_minutes": st.integers(0, 60),
            "night_share": SHARE,
            "hours": st.integers(1, 24),
            "days": st.integers(1, 30),
            "silent_days": st.integers(0, 29),
            "busiest_day": st.integers(0, 300),
            "other_days": st.floats(0, 100),
        }
    ),
    st.none() | st.fixed_dictionaries(
        {
            "sent": COUNT,
            "recipients": COUNT,
            "replied_share": st.none() | SHARE,
            "busiest_hour": COUNT,
            "read": st.just(0) | st.just(1000),
            "largest_template": COUNT,
            "categories": st.fixed_dictionaries({"fraud": st.integers(0, 500)}),
            "fraud_recipients": st.integers(0, 50),
            "lexicon": st.fixed_dictionaries({"loan": st.integers(0, 300)}),
            "with_link": st.integers(0, 1000),
            "evasive": st.integers(0, 100),
        }
    ),
    st.none() | st.fixed_dictionaries(
        {
            "events": st.integers(0, 100),
            "commonest_share": SHARE,
            "days": st.integers(0, 30),
            "fastest_km_h": st.none() | st.floats(0, 5000),
        }
    ),
    st.none() | st.fixed_dictionaries(
        {
            "devices": st.integers(1, 9),
            "changes": st.integers(0, 50),
            "numbers_in_device": st.none() | st.integers(1, 9),
            "bulk_tac": st.none() | st.integers(0, 1),
        }
    ),
    st.none() | st.fixed_dictionaries(
        {"age_days": st.floats(0, 100), "owner_numbers": st.integers(1, 6), "owner_openings": st.integers(0, 6)}
    ),
    st.none() | st.fixed_dictionaries(
        {"false_positive_rate": st.none() | st.floats(0.0001, 0.2), "known": st.integers(0, 2)}
    ),
    st.sampled_from([1, 2, 5, 20, 30, 200]),
    st.sampled_from([0.0, 0.0, 5.0, 40.0]),
)  # fmt: skip

MORE = {
    "calls": (
        *(
            "counterparts",
            "outgoing_share",
            "short_share",
            "busiest_hour",
            "busiest_ten_minutes",
            "night_share",
        ),
        *("hours", "silent_days", "busiest_day", "outgoing"),
    ),
    "messages": (
        *(
            "sent",
            "recipients",
            "busiest_hour",
            "largest_template",
            "fraud_recipients",
            "with_link",
            "evasive",
        ),
    ),
    "places": ("events", "commonest_share", "days", "fastest_km_h"),
    "devices": ("devices", "changes", "numbers_in_device", "bulk_tac"),
    "opening": ("owner_numbers", "owner_openings"),
}
"""More of these is worse."""
FEWER = {
    "calls": ("per_counterpart", "answered_share", "returned_share", "other_days", "days", "callers"),
    "messages": ("replied_share",),
    "opening": ("age_days",),
    "scored": ("false_positive_rate",),
}
"""Less of these is worse."""
WORSE = [
    *((part, name, 1) for part, names in MORE.items() for name in names),
    *((part, name, -1) for part, names in FEWER.items() for name in names),
]
SHARES = {
    *("outgoing_share", "short_share", "night_share", "commonest_share", "answered_share", "returned_share"),
    "replied_share",
}


def worsened(usage: NumberUsage, part: str, name: str, sign: int, by: float) -> NumberUsage:
    group = getattr(usage, part)
    value = None if group is None else getattr(group, name)
    if value is None:
        return usage
    step = by if name in SHARES else by * 0.01 if name == "false_positive_rate" else round(by * 40)
    other = value + sign * step
    if name in SHARES:
        other = min(1.0, max(0.0, other))
    elif name == "false_positive_rate":
        other = max(0.00001, other)
    else:
        other = max(0, other)
    changes = {name: other}
    if name == "outgoing":
        changes["calls"] = group.calls + (other - value)  # as many come in as before
    return replace(usage, **{part: replace(group, **changes)})


def severity(verdict: Verdict) -> dict[str, int]:
    order = ("active", "throttled", "suspended")
    return {action.service: order.index(action.status) for action in verdict.line_actions}


@given(USES, st.sampled_from(WORSE), st.floats(0, 1))
def test_a_worse_observation_never_softens_the_verdict(
    usage: NumberUsage, worse: tuple[str, str, int], by: float
) -> None:
    before, after = (judge_usage(one, POLICY) for one in (usage, worsened(usage, *worse, by)))
    assert after.decision >= before.decision
    assert before.silent_alert <= after.silent_alert
    now = severity(after)
    assert all(now.get(service, -1) >= status for service, status in severity(before).items())


@given(USES)
def test_every_question_of_use_is_answered_once_asked(usage: NumberUsage) -> None:
    verdict = judge_usage(usage, POLICY)
    asked = {*POLICY.kinds["usage"].checks, "usage_pattern"}
    assert {one.reason for one in verdict.findings} == {
        code for code, reason in REASONS.items() if reason.check in asked
    }
    assert Verdict.from_json(verdict.to_json()) == verdict


# --- in words


TIPS = (
    "涉诈",
    "诈骗",
    "模型",
    "可疑",
    "上报",
    "警",
    "fraud",
    "model",
    "suspicio",
    "police",
    "alert",
    "score",
    "SIM box",
)


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("audience", get_args(Audience))
@given(usage=USES)
def test_a_verdict_speaks_to_everybody(language: Language, audience: Audience, usage: NumberUsage) -> None:
    verdict = judge_usage(usage, POLICY)
    lines = verdict.messages(language, audience)
    assert lines
    assert all(line.strip() for line in lines)
    if audience == "customer":
        assert not [line for line in lines for tip in TIPS if tip in line]
        assert "application" not in " ".join(lines)


def test_the_model_speaks_in_internal_words_and_stands_in_the_verdict() -> None:
    drivers = (Driver("calls_per_counterpart", 1.1, "calls", 2.2),)
    usage = number_usage(scored={"false_positive_rate": 0.001, "probability": 0.99, "drivers": drivers})
    verdict = judge_usage(usage, POLICY)
    assert verdict.decision is Decision.REFUSE
    assert verdict.reasons == ("usage_model.suspend",)
    assert {action.reason for action in verdict.line_actions} == {"usage_model.suspend"}
    assert verdict.usage is not None
    assert verdict.usage.model_id == "test-model"
    (found,) = (one for one in verdict.findings if one.reason == "usage_model.suspend")
    assert ("calls_per_counterpart", 1.1) in [(one.name, one.value) for one in found.evidence]
    assert "0.001" in verdict.messages("en", "internal")[0]


def test_in_order_is_said_of_a_line_and_not_of_an_application() -> None:
    assert judge_usage(number_usage(), POLICY).messages("en") == ("The line is in order: leave it as it is.",)
