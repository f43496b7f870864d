"""What the command line draws."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simkyc.policy import Limit, Policy
from simkyc.reasons import REASONS, Language, words
from simkyc.verdict import Decision, State, Verdict

__all__ = ["COLOURS", "DECISION_WORDS", "policy_table", "reasons_table", "verdict_panel"]

COLOURS = {
    Decision.ACCEPT: "green",
    Decision.RETRY: "cyan",
    Decision.REVIEW: "yellow",
    Decision.REFUSE: "red",
}
DECISION_WORDS = {
    Decision.ACCEPT: {"zh-CN": "通过", "en": "ACCEPT"},
    Decision.RETRY: {"zh-CN": "重新采集", "en": "RETRY"},
    Decision.REVIEW: {"zh-CN": "人工复核", "en": "REVIEW"},
    Decision.REFUSE: {"zh-CN": "拒绝", "en": "REFUSE"},
}


def verdict_panel(verdict: Verdict, language: Language) -> RenderableType:
    """One verdict for a person at a terminal: the decision, what the clerk does, and the figures."""
    table = Table("reason", "state", "observed", "limit", "unit", "cause", box=None, header_style="dim")
    for finding in verdict.findings:
        if finding.state is State.PASSED and finding.observed is None:
            continue
        style = {State.FLAGGED: "bold", State.NOT_ASSESSED: "italic"}.get(finding.state, "dim")
        table.add_row(
            finding.reason,
            finding.state.value,
            "" if finding.observed is None else f"{finding.observed:g}",
            "" if finding.limit is None else f"{finding.limit:g}",
            finding.unit or "",
            finding.cause or "",
            style=style,
        )
    colour = COLOURS[verdict.decision]
    lines = [Text(f"• {line}") for line in verdict.messages(language, "clerk")]
    return Panel(
        Group(*lines, Text(), table),
        title=f"[bold {colour}]{DECISION_WORDS[verdict.decision][language]} {verdict.decision.name}[/]",
        subtitle=verdict.application_id,
        border_style=colour,
    )


def reasons_table(policy: Policy, language: Language) -> RenderableType:
    """Every reason code with its decision and the clerk's words."""
    table = Table("code", "decision", "clerk", "basis")
    for code, reason in REASONS.items():
        decision = policy.reasons[code].flagged
        table.add_row(
            code, Text(decision.value, style=COLOURS[decision]), words(code, language, "clerk"), reason.basis
        )
    return table


def policy_table(policy: Policy) -> RenderableType:
    """Every number of a policy."""
    table = Table("number", "value", "unit", "source", title=f"{policy.name}  {policy.policy_id}")
    for path, limit in limits_of(policy):
        table.add_row(path, f"{limit.value:g}", limit.unit, limit.source)
    return table


def limits_of(part: BaseModel, path: str = "") -> Iterator[tuple[str, Limit]]:
    """Every `Limit` in a policy with its dotted path."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        for place, item in enumerate(value if isinstance(value, tuple) else (value,)):
            here = f"{path}{name}" + (f"[{place}]" if isinstance(value, tuple) else "")
            if isinstance(item, Limit):
                yield here, item
            elif isinstance(item, BaseModel):
                yield from limits_of(item, f"{here}.")
