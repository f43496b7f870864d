"""What is drawn: every word of every reason and number, at any width, cut off nowhere."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console, RenderableType

from simkyc import REASONS, Decision, Finding, Policy, State, Verdict
from simkyc.cli.tables import (
    ACTION_WORDS,
    COLOURS,
    limits_of,
    policy_table,
    reasons_table,
    verdict_panel,
)
from simkyc.policy import Limit
from simkyc.reasons import Action, Language
from simkyc.testing import NOW
from simkyc.verdict import DECISION_WORDS

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
WIDTHS = (60, 80, 140, 200)


def drawn(what: RenderableType, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def said(lines: list[str], column: int) -> str:
    """All that stands in one column, without white space."""
    rows = (line.split("│") for line in lines if line.startswith("│"))
    return "".join("".join(row[column].split()) for row in rows)


def squeezed(text: str) -> str:
    return "".join(text.split())


def flagged(decision: Decision, *codes: str) -> Verdict:
    findings = tuple(
        Finding(
            check=REASONS[code].check, reason=code, state=State.FLAGGED, observed=3, limit=2, unit="numbers"
        )
        for code in codes
    )
    return Verdict(
        verdict_id="1",
        application_id="test-0",
        decision=decision,
        final=True,
        reasons=codes,
        findings=findings,
        advice=(),
        silent_alert=False,
        policy_id="sha256:0",
        engine_id=None,
        simkyc_version="0",
        decided_at=NOW,
    )


def test_every_decision_and_action_has_words_and_colour() -> None:
    assert list(DECISION_WORDS) == list(COLOURS) == list(Decision)
    assert list(ACTION_WORDS) == list(Action)
    assert all(zh and en and zh != en for zh, en in ACTION_WORDS.values())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_panel_says_every_reason_in_full(language: Language, width: int) -> None:
    verdict = flagged(Decision.REFUSE, *REASONS)
    lines = drawn(verdict_panel(verdict, language), width)
    assert {cell_len(line) for line in lines} == {width}
    inside = said(lines, 1)
    for sentence in verdict.messages(language, "clerk"):
        assert squeezed(sentence) in inside
    assert inside.count("3numbers;limit2") == len(REASONS)


def test_a_panel_shows_the_worst_first_and_leaves_out_what_has_no_figure() -> None:
    findings = [
        Finding(check="document", reason="document.number_malformed", state=State.PASSED),
        Finding(check="document", reason="document.expired", state=State.PASSED, observed=0, unit="days"),
        Finding(
            check="authority", reason="authority.differs", state=State.NOT_ASSESSED, cause="not_configured"
        ),
        Finding(check="openings", reason="openings.number_cap", state=State.FLAGGED, observed=6, limit=5),
    ]
    verdict = flagged(Decision.REFUSE, "openings.number_cap").model_copy(update={"findings": tuple(findings)})
    shown = [line.strip("│ ").split()[0] for line in drawn(verdict_panel(verdict, "en"), 100)[4:-1]]
    assert shown == ["openings.number_cap", "authority.differs", "document.expired"]


@pytest.mark.parametrize("decision", Decision)
def test_a_panel_names_the_decision_once_in_english(decision: Decision) -> None:
    title = drawn(verdict_panel(flagged(decision), "en"), 80)[0]
    assert title.strip("╭─╮ ") == decision.name
    assert (
        drawn(verdict_panel(flagged(decision), "zh-CN"), 80)[0].count(DECISION_WORDS[decision]["zh-CN"]) == 1
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reasons_are_all_there_in_full(language: Language, width: int) -> None:
    lines = drawn(reasons_table(Policy.default(), language), width)
    assert max(cell_len(line) for line in lines) <= width
    assert said(lines, 1) == squeezed("code" + "".join(REASONS))
    clerk = [reason.clerk.in_language(language) for reason in REASONS.values()]
    assert said(lines, 3) == squeezed("clerk" + "".join(clerk))
    assert said(lines, 4) == squeezed("basis" + "".join(reason.basis for reason in REASONS.values()))


@pytest.mark.parametrize("width", WIDTHS)
def test_every_number_of_a_policy_is_there_with_unit_and_source(width: int) -> None:
    lines = drawn(policy_table(Policy.default()), width)
    assert Policy.default().policy_id in "".join(lines)
    limits = dict(limits_of(Policy.default()))
    assert list(limits.values()) == list(every_limit(Policy.default()))
    assert said(lines, 1) == squeezed("number" + "".join(limits))
    assert said(lines, 2) == "value" + "".join(f"{limit.value:,.10g}" for limit in limits.values())
    assert said(lines, 3) == squeezed("unit" + "".join(limit.unit for limit in limits.values()))
    assert said(lines, 4) == squeezed("source" + "".join(limit.source for limit in limits.values()))


def every_limit(part: object) -> Iterator[Limit]:
    """The limits by another road: through the fields' own values, whatever holds them."""
    if isinstance(part, Limit):
        yield part
    elif isinstance(part, BaseModel):
        for _, value in part:
            yield from every_limit(value)
    elif isinstance(part, tuple):
        for item in part:
            yield from every_limit(item)


def test_what_looks_like_markup_is_shown_as_it_stands() -> None:
    policy = Policy.default().model_copy(update={"name": "[bold]ours[/bold]"})
    assert "[bold]ours[/bold]" in "".join(drawn(policy_table(policy), 100))
