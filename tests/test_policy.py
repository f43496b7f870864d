from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import Decision, Finding, Policy, PolicyError, State
from simkyc.policy import Limit
from simkyc.reasons import REASONS, Action

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


@pytest.mark.parametrize("check", POLICY.required_checks)
def test_a_required_check_that_is_missing_is_never_accepted(check: str) -> None:
    with pytest.raises(PolicyError, match="required checks gave no finding"):
        POLICY.decide([finding for finding in passed_all() if finding.check != check])


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

    assert numbers(tomllib.loads(TEXT)) == []


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
    ("no required checks", TEXT.replace("required_checks = [", "required_checks = []\nother = [")),
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


def test_a_limit_is_a_number() -> None:
    assert Limit(value=1, unit="days", source="house").value == 1.0
