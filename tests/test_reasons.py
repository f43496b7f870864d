"""Every reason has a check, a ruling, words in both languages and a row in a table."""

from __future__ import annotations

import importlib

import pytest

from simkyc import Policy
from simkyc.checks import CHECKS, LINE_CHECKS, USAGE_CHECKS
from simkyc.reasons import LINE_CHECK_NAMES, REASONS, Action, Reason, Words
from tests.checks.table import Row, run

NAMES = [name for name, _ in (*CHECKS, *LINE_CHECKS, *USAGE_CHECKS)]
BY_THE_POLICY = {"combination", "usage_pattern"}
"""The policy itself gives these findings, from those of the checks."""


def rows(name: str) -> list[Row]:
    table: list[Row] = importlib.import_module(f"tests.checks.test_{name}").ROWS
    return table


def flagged_in_tables() -> set[str]:
    return {f"{name}.{reason}" for name in NAMES for row in rows(name) for reason in row.flagged}


def test_every_reason_belongs_to_a_check() -> None:
    assert {reason.check for reason in REASONS.values()} == {*NAMES, *BY_THE_POLICY}
    assert all(code == reason.code for code, reason in REASONS.items())


def test_reasons_stand_in_the_order_of_the_checks() -> None:
    order = list(dict.fromkeys(reason.check for reason in REASONS.values()))
    assert [name for name in order if name not in BY_THE_POLICY] == NAMES


def test_every_reason_is_flagged_in_some_row() -> None:
    # Nobody is younger than the youngest age that ships; the
    # combination and the bands of use have tests of their own in test_policy.
    assert set(REASONS) - flagged_in_tables() == {
        "parties.too_young",
        "combination.several_signs",
        *("usage_pattern.suspend", "usage_pattern.restrict", "usage_pattern.remind"),
    }


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_words_and_a_basis(code: str) -> None:
    reason = REASONS[code]
    for words in (reason.label, reason.clerk, reason.customer):
        assert isinstance(words, Words)
        assert any("\u4e00" <= character <= "\u9fff" for character in words.zh)
        assert words.en.isascii()
        assert words.en
    assert reason.clerk.zh.endswith("。")
    assert reason.clerk.en.endswith(".")
    assert reason.basis


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_a_ruling(code: str) -> None:
    assert code in Policy.default().reasons


@pytest.mark.parametrize(
    "name",
    [
        "line",
        "device_sim",
        "device",
        "iot",
        "binding",
        "restriction",
        "second_check",
        *(name for name, _ in USAGE_CHECKS),
    ],
)
def test_every_cause_that_the_policy_names_is_in_some_row(name: str) -> None:
    named = {
        (code, cause)
        for code, ruling in Policy.default().reasons.items()
        for cause in ruling.causes
        if REASONS[code].check == name
    }
    shown = {(f"{name}.{reason}", cause) for row in rows(name) for reason, cause in row.not_assessed.items()}
    assert named <= shown
    # A cause without a ruling of its own leads to a person: only where that is meant.
    assert shown - named <= MEANT


MEANT = {
    ("device_sim.operators_differ", "operator_unknown"),
    ("device_sim.sim_not_allocated", "no_stock_recorded"),
}


@pytest.mark.parametrize(
    "reason",
    [reason for reason in REASONS.values() if reason.is_about_a_line],
    ids=lambda reason: reason.code,
)
def test_what_is_about_a_line_advises_nothing_at_a_counter(reason: Reason) -> None:
    assert reason.action in {
        Action.LOOK_AGAIN_LATER,
        Action.REMIND_SUBSCRIBER,
        Action.VERIFY_SUBSCRIBER,
        Action.RESTRICT_LINE,
    }
    for words in (reason.clerk, reason.customer):
        assert "发卡" not in words.zh
        assert "issue" not in words.en


def test_checks_of_lines_are_those() -> None:
    after_issue = {name for name, _ in (*LINE_CHECKS, *USAGE_CHECKS)}
    assert after_issue | {"usage_pattern"} == LINE_CHECK_NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_check_answers_each_of_its_reasons(name: str) -> None:
    answered = {finding.reason for finding in run(name, Row("honest"))}
    assert answered == {code for code, reason in REASONS.items() if reason.check == name}
