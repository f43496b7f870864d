"""Every reason has a check, a ruling, words in both languages and a row in a table."""

from __future__ import annotations

import importlib

import pytest

from simkyc import Policy
from simkyc.checks import CHECKS
from simkyc.reasons import REASONS, Words

NAMES = [name for name, _ in CHECKS]


def flagged_in_tables() -> set[str]:
    found = set()
    for name in NAMES:
        table = importlib.import_module(f"tests.checks.test_{name}")
        found |= {f"{name}.{reason}" for row in table.ROWS for reason in row.flagged}
    return found


def test_every_reason_belongs_to_a_check() -> None:
    assert {reason.check for reason in REASONS.values()} == set(NAMES)
    assert all(code == reason.code for code, reason in REASONS.items())


def test_reasons_stand_in_the_order_of_the_checks() -> None:
    order = list(dict.fromkeys(reason.check for reason in REASONS.values()))
    assert order == NAMES


def test_every_reason_is_flagged_in_some_row() -> None:
    # What other operators issued is never known here; nobody is younger than the youngest age that ships.
    assert set(REASONS) - flagged_in_tables() == {"openings.other_operators", "parties.too_young"}


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


@pytest.mark.parametrize(("name", "check"), CHECKS)
def test_every_check_answers_each_of_its_reasons(name: str, check: object) -> None:
    from tests.checks.table import Row, run

    answered = {finding.reason for finding in run(name, Row("honest"))}
    assert answered == {code for code, reason in REASONS.items() if reason.check == name}
