from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import Decision, Finding, Policy, PolicyError, State
from simkyc.application import ApplicationKind
from simkyc.policy import Limit
from simkyc.reasons import REASONS, Action
from simkyc.verdict import LineAction

TEXT = resources.files("simkyc").joinpath("policy.toml").read_text(encoding="utf-8")
POLICY = Policy.default()


def passed_all() -> list[Finding]:
    return [Finding(check=reason.check, reason=code, state=State.PASSED) for code, reason in REASONS.items()]


states = st.sampled_from(list(State))


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    found = [
        Finding(check=reason.check, reason=code, state=(state := draw(states)), cause="c" if state else None)
        for code, reason in REASONS.items()
    ]
    return draw(st.permutations(found))


def test_nothing_against_it_is_accepted() -> None:
    outcome = POLICY.decide(passed_all())
    assert (outcome.decision, outcome.reasons, outcome.advice) == (Decision.ACCEPT, (), ())


@given(findings(), st.randoms())
def test_the_order_of_findings_never_matters(found: list[Finding], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis does not export its type
    one, other = POLICY.decide(found), POLICY.decide(shuffled)
    assert replace(one, findings=()) == replace(other, findings=())
    assert sorted(map(str, one.findings)) == sorted(map(str, other.findings))


@given(findings(), st.integers(0, len(REASONS) - 1))
def test_a_finding_that_passes_instead_never_makes_it_worse(found: list[Finding], place: int) -> None:
    better = list(found)
    better[place] = better[place].model_copy(update={"state": State.PASSED, "cause": None})
    assert POLICY.decide(better).decision <= POLICY.decide(found).decision


@given(findings())
def test_the_worst_finding_decides(found: list[Finding]) -> None:
    worst = max(POLICY.reasons[finding.reason].decide(finding) for finding in found)
    outcome = POLICY.decide(found)
    assert outcome.decision is worst
    assert (outcome.decision is Decision.ACCEPT) == (not outcome.reasons)


@pytest.mark.parametrize(
    ("kind", "check"), [(kind, check) for kind in POLICY.kinds for check in POLICY.kinds[kind].checks]
)
def test_a_required_check_that_is_missing_is_never_accepted(kind: Any, check: str) -> None:
    with pytest.raises(PolicyError, match="required checks gave no finding"):
        POLICY.decide([finding for finding in passed_all() if finding.check != check], kind)


def test_no_findings_at_all_is_an_error() -> None:
    with pytest.raises(PolicyError):
        POLICY.decide([])


def test_a_reason_nobody_ruled_on_is_an_error() -> None:
    stray = Finding(check="document", reason="document.made_up", state=State.PASSED)
    with pytest.raises(PolicyError):
        POLICY.decide([*passed_all(), stray])


def test_what_is_not_assessed_for_an_unnamed_cause_is_never_accepted() -> None:
    for code, reason in REASONS.items():
        unknown = Finding(check=reason.check, reason=code, state=State.NOT_ASSESSED, cause="never heard of")
        assert POLICY.reasons[code].decide(unknown) > Decision.ACCEPT, code


def test_advice_follows_the_decision() -> None:
    def advice(*codes: str) -> tuple[Action, ...]:
        flagged = [Finding(check=REASONS[code].check, reason=code, state=State.FLAGGED) for code in codes]
        return POLICY.decide([*passed_all(), *flagged]).advice

    assert advice("photo.live_blurred") == (Action.TAKE_PHOTO_AGAIN,)
    assert advice("photo.live_blurred", "document.expired") == (Action.DO_NOT_ISSUE, Action.TAKE_PHOTO_AGAIN)
    assert advice("openings.repeat") == (Action.CALL_SUPERVISOR,)


def test_what_only_follows_from_another_reason_gives_no_advice_of_its_own() -> None:
    def finding(code: str, cause: str | None = None) -> Finding:
        state = State.NOT_ASSESSED if cause else State.FLAGGED
        return Finding(check=REASONS[code].check, reason=code, state=state, cause=cause)

    blurred = finding("photo.live_blurred")
    follows = finding("face.different_person", "live_photo")
    unknown = finding("device_sim.sim_not_allocated", "no_stock_recorded")
    assert POLICY.decide([*passed_all(), blurred, follows]).advice == (Action.TAKE_PHOTO_AGAIN,)
    assert POLICY.decide([*passed_all(), blurred, follows, unknown]).advice == (
        Action.CALL_SUPERVISOR,
        Action.TAKE_PHOTO_AGAIN,
    )
    # Where a policy sends what follows to a person, the person is called.
    strict = Policy.from_toml(TEXT.replace('live_photo = "retry", portrait = "retry" }, silent', "}, silent"))
    assert strict.decide([*passed_all(), blurred, follows]).advice == (
        Action.CALL_SUPERVISOR,
        Action.TAKE_PHOTO_AGAIN,
    )


def test_every_number_says_its_unit_and_source() -> None:
    def numbers(value: object, path: str = "") -> list[str]:
        if isinstance(value, bool):
            return []
        if isinstance(value, int | float):
            return [path]
        if isinstance(value, list):
            return list(itertools.chain.from_iterable(numbers(item, path) for item in value))
        if isinstance(value, dict):
            if "value" in value:
                assert value.keys() == {"value", "unit", "source"}, path
                return []
            return [bare for key, item in value.items() for bare in numbers(item, f"{path}.{key}")]
        return []

    bare = numbers(tomllib.loads(TEXT))
    # Weights have the unit and the source of the limit they are held against.
    weights = (".combination.weights.", ".usage_pattern.weights.")
    assert [path for path in bare if not path.startswith(weights)] == []


def test_the_policy_id_changes_with_any_value() -> None:
    other = Policy.from_toml(TEXT.replace("max_age = { value = 24", "max_age = { value = 25"))
    assert other.policy_id != POLICY.policy_id
    assert Policy.from_toml(TEXT).policy_id == POLICY.policy_id
    assert POLICY.policy_id.startswith("sha256:")


WRONG = [
    ("no TOML", "hello = = 1"),
    ("nested deep", "a = " + "[" * 100_000),
    ("empty", ""),
    ("a ruling missing", TEXT.replace('"notice.outdated" =', '# "notice.outdated" =')),
    ("a ruling for nothing", TEXT + '"notice.unheard_of" = { flagged = "retry" }\n'),
    ("a decision that is none", TEXT.replace('flagged = "refuse"', 'flagged = "perhaps"', 1)),
    ("a number without a source", TEXT.replace(', source = "house: signed for this application"', "")),
    ("a negative number", TEXT.replace("value = 24", "value = -24")),
    ("not a number", TEXT.replace("value = 24", "value = nan")),
    ("10,000 digits", TEXT.replace("value = 24", f"value = {'9' * 10_000}")),
    ("infinite", TEXT.replace("value = 24", "value = inf")),
    ("an unknown section", TEXT + "\n[surprise]\na = 1\n"),
    ("no checks", TEXT.replace("checks = [\n", "checks = []\nother = [\n", 1)),
    (
        "a check that does not exist",
        TEXT.replace('"counter_clock", "parties"', '"counter_cloak", "parties"', 1),
    ),
    ("a kind missing", re.sub(r"\[kinds\.esim_move\]\n(.*\n){4}", "", TEXT)),
    ("no checks for lines", re.sub(r"\[kinds\.line\]\n(.*\n){3}", "", TEXT)),
    ("a kind of nothing", TEXT + "\n[kinds.theft]\nchecks = ['line']\n"),
    ("a measure that is not defined", TEXT.replace('measure = "suspend" }', 'measure = "arrest" }', 1)),
    ("a kind's measure that is not defined", TEXT.replace('measure = "suspend"\n', 'measure = "arrest"\n')),
    (
        "a measure without a basis",
        TEXT.replace('basis = "request of the subscriber, whose card is lost"\n', ""),
    ),
    ("a basis without a measure", TEXT.replace('measure = "suspend"\nbasis', "basis")),
    (
        "a service that can only be on or off",
        TEXT.replace('voice_sms_out = "suspended"', 'voice_sms_out = "throttled"'),
    ),
    ("a measure of nothing known", TEXT.replace("remind = {}", "remind = { television = 'suspended' }")),
    ("no appeal in one language", TEXT.replace('en = "Anyone', '# en = "Anyone')),
    ("an appeal of no words", TEXT.replace('zh = "如有异议', 'zh = ""\nold = "如有异议')),
    ("a binding type that is none", TEXT.replace('["IMEIBIND", "AREALIMIT"]', '["IMEIBIND", "TIMELIMIT"]')),
    ("no window", re.sub(r"\[\[line\.replacements\]\]\n(.*\n){2}", "", TEXT)),
    ("a window of no time", TEXT.replace("days = { value = 365,", "days = { value = 0,", 1)),
    ("a window of two thousand years", TEXT.replace("days = { value = 365,", "days = { value = 730000,", 1)),
    (
        "an admission without end",
        TEXT.replace('value = 30, unit = "minutes"', 'value = 1e13, unit = "minutes"'),
    ),
    ("nobody looked at", TEXT.replace("nearest = { value = 5", "nearest = { value = 0.3")),
    ("no checks for use", re.sub(r"\[kinds\.usage\]\n(.*\n){3}", "", TEXT)),
    ("nobody cancels by a rule", TEXT.replace('measure = "suspend" }', 'measure = "cancel" }', 1)),
    ("a reminder above a suspension", TEXT.replace("remind = { value = 2,", "remind = { value = 9,")),
    ("everybody is reminded", TEXT.replace("remind = { value = 2,", "remind = { value = 0,")),
    ("suspended more than reminded", TEXT.replace("suspend = { value = 0.001", "suspend = { value = 0.5")),
    ("a region of no code", TEXT.replace("high_risk_regions = []", 'high_risk_regions = ["Suzhou"]')),
    (
        "a use that allows for anything",
        TEXT.replace('courier = ["calls.fan_out"', 'courier = ["face.uncertain"'),
    ),
    ("a sign that speaks for somebody", TEXT.replace('"trail.many_stores" = 2', '"trail.many_stores" = -2')),
    ("a weight of no number", TEXT.replace('"trail.many_stores" = 2', '"trail.many_stores" = true')),
    ("accept rate above review rate", TEXT.replace("value = 1e-4", "value = 0.5")),
    ("a zone missing", TEXT.replace("2026-11-01T00:00:00+08:00", "2026-11-01T00:00:00")),
]


@pytest.mark.parametrize(("why", "text"), WRONG, ids=[row[0] for row in WRONG])
def test_a_policy_that_does_not_hold_is_a_policy_error(why: str, text: str) -> None:
    assert text != TEXT
    with pytest.raises(PolicyError):
        Policy.from_toml(text)


def test_files_that_cannot_be_read_are_policy_errors(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent.toml", tmp_path, binary, "a\x00b"):
        with pytest.raises(PolicyError):
            Policy.load(path)


def test_a_policy_survives_a_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(TEXT, encoding="utf-8")
    assert Policy.load(path) == POLICY
    assert Policy.load(str(path)).policy_id == POLICY.policy_id


NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def flagged(*codes: str) -> list[Finding]:
    return [Finding(check=REASONS[code].check, reason=code, state=State.FLAGGED) for code in codes]


def measured(measures: dict[str, dict[str, Any]], **of: str) -> Policy:
    """The policy that ships with other measures, and these for the reasons of `binding` that are named."""
    rulings = {
        code: ruling.changed(measure=of.get(code.removeprefix("binding.")))
        for code, ruling in POLICY.reasons.items()
    }
    kinds = {name: kind.changed(measure=None, basis=None) for name, kind in POLICY.kinds.items()}
    return POLICY.changed(measures={**POLICY.measures, **measures}, reasons=rulings, kinds=kinds)


def hours(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "hours", "source": "made up"}


def told(actions: Sequence[LineAction]) -> list[tuple[str, str, str, float | None]]:
    return [
        (
            action.service,
            action.status,
            action.reason,
            None if action.expires_at is None else (action.expires_at - NOW) / timedelta(hours=1),
        )
        for action in actions
    ]


def test_nothing_is_recommended_where_nothing_is_flagged() -> None:
    assert POLICY.line_actions([], NOW) == ()
    assert POLICY.line_actions(passed_all(), NOW) == ()
    unknown = Finding(
        check="binding", reason="binding.moved_soon", state=State.NOT_ASSESSED, cause="not_seen"
    )
    assert POLICY.line_actions([unknown], NOW) == ()


def test_a_reason_without_a_measure_recommends_nothing() -> None:
    assert POLICY.line_actions(flagged("binding.imsi_differs", "openings.repeat"), NOW) == ()
    assert POLICY.line_actions(flagged("binding.not_used"), NOW) == ()  # to be reminded changes no service


def test_a_measure_names_what_it_rests_on_when_it_ends_and_whom_to_turn_to() -> None:
    (action,) = POLICY.line_actions(flagged("binding.moved_soon"), NOW)
    assert (action.service, action.status) == ("voiceSmsOut", "suspended")
    assert (action.reason, action.basis) == ("binding.moved_soon", REASONS["binding.moved_soon"].basis)
    assert action.expires_at == NOW + timedelta(hours=72)
    assert action.appeal == {"zh-CN": POLICY.appeal.zh, "en": POLICY.appeal.en}
    assert LineAction.from_json(action.to_json()) == action


def test_services_come_in_one_order_whatever_is_flagged_first() -> None:
    actions = POLICY.line_actions(flagged("restriction.area_left", "binding.moved_soon"), NOW)
    assert [action.service for action in actions] == ["voiceSmsIn", "voiceSmsOut", "dataService"]


def test_what_holds_until_it_is_lifted_outlasts_what_expires() -> None:
    for codes in itertools.permutations(("binding.moved_soon", "binding.device_bulk_sim")):
        assert told(POLICY.line_actions(flagged(*codes), NOW)) == [
            (service, "suspended", "binding.device_bulk_sim", None)
            for service in ("voiceSmsIn", "voiceSmsOut", "dataService")
        ]


WORST = [
    ("the worse status wins", {"data_service": "throttled"}, {"data_service": "suspended"}),
    (
        "though it ends sooner",
        {"data_service": "throttled"},
        {"data_service": "suspended", "expires_after": hours(1)},
    ),
    (
        "of one status the longer",
        {"data_service": "suspended", "expires_after": hours(1)},
        {"data_service": "suspended", "expires_after": hours(2)},
    ),
    (
        "of one status the one without end",
        {"data_service": "suspended", "expires_after": hours(9999)},
        {"data_service": "suspended"},
    ),
    (
        "anything is worse than active",
        {"data_service": "active"},
        {"data_service": "throttled", "expires_after": hours(1)},
    ),
]


@pytest.mark.parametrize(("why", "mild", "strong"), WORST, ids=[row[0] for row in WORST])
def test_of_each_service_the_worst_wins(why: str, mild: dict[str, Any], strong: dict[str, Any]) -> None:
    for first, second in itertools.permutations(("moved_soon", "many_devices")):
        policy = measured({"mild": mild, "strong": strong}, **{first: "mild", second: "strong"})
        for codes in itertools.permutations(("binding.moved_soon", "binding.many_devices")):
            ((_, status, reason, _),) = told(policy.line_actions(flagged(*codes), NOW))
            assert (status, reason) == (strong["data_service"], f"binding.{second}")


def test_services_are_judged_apart() -> None:
    policy = measured(
        {
            "quiet": {"voice_sms_out": "suspended", "expires_after": hours(5)},
            "slow": {"voice_sms_out": "active", "data_service": "throttled", "expires_after": hours(7)},
        },
        moved_soon="quiet",
        many_devices="slow",
    )
    assert told(policy.line_actions(flagged("binding.moved_soon", "binding.many_devices"), NOW)) == [
        ("voiceSmsOut", "suspended", "binding.moved_soon", 5),
        ("dataService", "throttled", "binding.many_devices", 7),
    ]


def test_a_measure_that_does_nothing_recommends_nothing() -> None:
    assert (
        measured({"nothing": {}}, moved_soon="nothing").line_actions(flagged("binding.moved_soon"), NOW) == ()
    )


CARRIED_OUT: list[tuple[ApplicationKind, str | None]] = [
    ("opening", None),
    ("replacement", "active"),
    ("loss_report", "suspended"),
    ("reactivation", "active"),
    ("second_check", "active"),
    ("transfer", None),
    ("esim_move", None),
]


@pytest.mark.parametrize(("kind", "status"), CARRIED_OUT)
def test_what_a_kind_asks_for_is_recommended_when_it_is_carried_out(
    kind: ApplicationKind, status: str | None
) -> None:
    services = ("voiceSmsIn", "voiceSmsOut", "dataService")
    expected = [(service, status, f"kind.{kind}", None) for service in services] if status else []
    assert told(POLICY.line_actions([], NOW, kind)) == expected
    assert POLICY.line_actions([], NOW) == ()
    assert all(action.basis == POLICY.kinds[kind].basis for action in POLICY.line_actions([], NOW, kind))


def test_no_kind_restores_what_a_finding_suspends() -> None:
    actions = POLICY.line_actions(flagged("binding.moved_soon"), NOW, "reactivation")
    assert told(actions) == [
        ("voiceSmsIn", "active", "kind.reactivation", None),
        ("voiceSmsOut", "suspended", "binding.moved_soon", 72),
        ("dataService", "active", "kind.reactivation", None),
    ]


@given(
    st.lists(st.sampled_from([code for code, r in POLICY.reasons.items() if r.measure]), max_size=6),
    st.randoms(),
)
def test_the_order_of_findings_never_matters_to_what_is_recommended(codes: list[str], order: Any) -> None:
    found = flagged(*codes)
    shuffled = list(found)
    order.shuffle(shuffled)
    assert POLICY.line_actions(found, NOW) == POLICY.line_actions(shuffled, NOW)


FACES = {
    "document",
    "real_name",
    "listed",
    "consent",
    "photo",
    "face",
    "presentation",
    "parties",
    "counter_clock",
}


@pytest.mark.parametrize("kind", get_args(ApplicationKind))
def test_no_kind_skips_the_person(kind: ApplicationKind) -> None:
    assert set(POLICY.kinds[kind].checks) >= FACES
    assert ("line" in POLICY.kinds[kind].checks) == (kind != "opening")


def test_kinds_that_take_a_number_are_asked_how_many_there_are() -> None:
    for kind in ("opening", "transfer"):
        assert set(POLICY.kinds[kind].checks) >= {"openings", "iot", "device", "device_sim", "notice"}


def test_what_looks_again_later_says_so() -> None:
    def advice(finding: Finding) -> tuple[Action, ...]:
        return POLICY.decide([*passed_all(), finding], "line").advice

    not_due = Finding(check="binding", reason="binding.not_used", state=State.NOT_ASSESSED, cause="not_due")
    assert advice(not_due) == (Action.LOOK_AGAIN_LATER,)
    (unused,) = flagged("binding.not_used")
    assert advice(unused) == (Action.REMIND_SUBSCRIBER,)
    (pooled,) = flagged("binding.device_bulk_sim")
    assert advice(pooled) == (Action.RESTRICT_LINE,)


def test_a_limit_is_a_number() -> None:
    assert Limit(value=1, unit="days", source="house").value == 1.0


# Signs that say little alone


def combined(*signs: str, kind: Any = "opening") -> Finding | None:
    asked = [one for one in passed_all() if one.check != "combination"]
    outcome = POLICY.decide([*asked, *flagged(*signs)], kind)
    return next((one for one in outcome.findings if one.check == "combination"), None)


WEIGHTS = POLICY.combination.weights
LIMIT = POLICY.combination.limit.value


def test_one_sign_is_never_several_however_heavy() -> None:
    heavy = POLICY.model_copy(
        update={"combination": POLICY.combination.model_copy(update={"weights": {"shared.delivery": 9.0}})}
    )
    outcome = heavy.decide([*passed_all(), *flagged("shared.delivery")])
    assert outcome.decision is Decision.ACCEPT


@pytest.mark.parametrize(
    ("weight", "holds"),
    [pytest.param(LIMIT / 2, True, id="exactly"), pytest.param(LIMIT / 2 - 0.01, False, id="just below")],
)
def test_several_signs_reach_the_limit(weight: float, holds: bool) -> None:
    weights = {"shared.delivery": weight, "shared.address": weight}
    combination = POLICY.combination.model_copy(update={"weights": weights})
    policy = POLICY.model_copy(update={"combination": combination})
    outcome = policy.decide([*passed_all(), *flagged("shared.delivery", "shared.address")])
    assert (outcome.reasons == ("combination.several_signs",)) is holds
    assert outcome.silent_alert is holds


def test_a_reason_that_is_flagged_twice_weighs_once() -> None:
    once, twice = combined("shared.delivery"), combined("shared.delivery", "shared.delivery")
    assert once is not None
    assert twice is not None
    assert once.observed == twice.observed == WEIGHTS["shared.delivery"]
    assert [one.name for one in twice.evidence] == ["shared.delivery"]


def test_only_what_is_flagged_weighs() -> None:
    found = combined()
    assert found is not None
    assert (found.state, found.observed, found.evidence) == (State.PASSED, 0, ())


def test_a_line_is_never_combined() -> None:
    assert combined(kind="line") is None


def test_a_weight_for_a_reason_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PolicyError, match="weight"):
        Policy.from_toml(TEXT.replace('"shared.address" = 0.5', '"shared.nothing" = 0.5'))


def test_no_sign_reaches_the_limit_by_itself() -> None:
    assert max(WEIGHTS.values()) < LIMIT


# Signs of use

USE = POLICY.usage_pattern
BAND_ORDER = ("remind", "restrict", "suspend")


def bands(weights: dict[str, float], *codes: str) -> dict[str, tuple[str, str | None]]:
    """State and cause of each band, where these reasons are flagged under these weights."""
    policy = POLICY.changed(usage_pattern=USE.changed(weights=weights))
    asked = [one for one in passed_all() if one.check != "usage_pattern"]
    found = policy.decide([*asked, *flagged(*codes)], "usage").findings
    return {
        one.reason.removeprefix("usage_pattern."): (one.state.value, one.cause)
        for one in found
        if one.check == "usage_pattern"
    }


TWO = ("calls.fan_out", "calls.burst")


@pytest.mark.parametrize(
    ("total", "band"),
    [
        pytest.param(USE.remind.value - 0.1, None, id="nearly nothing"),
        pytest.param(USE.remind.value, "remind", id="just reminded"),
        pytest.param(USE.restrict.value - 0.1, "remind", id="nearly restricted"),
        pytest.param(USE.restrict.value, "restrict", id="just restricted"),
        pytest.param(USE.suspend.value - 0.1, "restrict", id="nearly suspended"),
        pytest.param(USE.suspend.value, "suspend", id="just suspended"),
    ],
)
def test_the_strictest_band_alone_holds(total: float, band: str | None) -> None:
    found = bands(dict.fromkeys(TWO, total / 2), *TWO)
    for place, name in enumerate(BAND_ORDER):
        if name == band:
            assert found[name] == ("flagged", None)
        else:
            below = band is not None and place < BAND_ORDER.index(band)
            assert found[name] == ("passed", "stricter_band" if below else None)


def test_one_sign_of_use_is_never_a_band() -> None:
    assert set(bands({"calls.fan_out": 99.0}, "calls.fan_out").values()) == {("passed", None)}


def test_the_bands_stand_in_usage_alone() -> None:
    for kind in ("opening", "line"):
        asked = [one for one in passed_all() if one.check != "usage_pattern"]
        assert not [one for one in POLICY.decide(asked, kind).findings if one.check == "usage_pattern"]


def test_calls_alone_and_messages_alone_lead_to_a_reminder_at_most() -> None:
    """What a campaign or a bank shows, with every sign at once, and in a new number."""
    ordinary = ("fan_out", "one_way", "one_way_throughout", "unanswered", "short", "not_returned", "burst")
    calls = [*(f"calls.{name}" for name in ordinary), "places.fixed_while_calling"]
    messages = [
        f"messages.{name}" for name in ("many_recipients", "one_template", "burst", "no_reply", "links")
    ]
    for signs in (calls, messages):
        total = sum(USE.weights[sign] for sign in (*signs, "usage_opening.new_and_busy"))
        assert USE.remind.value <= total < USE.restrict.value


def test_the_opening_alone_weighs_nothing_that_counts() -> None:
    signs = [sign for sign in USE.weights if sign.startswith("usage_opening.")]
    assert sum(USE.weights[sign] for sign in signs) < USE.remind.value


def test_no_sign_of_use_restricts_by_weight_alone() -> None:
    assert max(USE.weights.values()) < USE.restrict.value


def test_nothing_recommends_to_cancel() -> None:
    assert "cancel" in POLICY.measures
    assert "cancel" not in {ruling.measure for ruling in POLICY.reasons.values()}
