"""What the command line draws. Nothing is cut off: what is too long for its column goes on in the next line."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simkyc.policy import Limit, Policy
from simkyc.reasons import REASONS, Action, Language, words
from simkyc.verdict import DECISION_WORDS, Decision, Finding, State, Verdict

__all__ = [
    "ACTION_WORDS",
    "COLOURS",
    "day_table",
    "policy_table",
    "reasons_table",
    "titled_table",
    "verdict_panel",
]

COLOURS = {
    Decision.ACCEPT: "green",
    Decision.RETRY: "cyan",
    Decision.REVIEW: "yellow",
    Decision.REFUSE: "red",
}
ISSUE = ("可以发卡", "issue the card")
ACTION_WORDS = {
    Action.SET_CLOCK: ("校准终端时间", "set the clock"),
    Action.READ_CARD_AGAIN: ("重新读取证件", "read the ID card again"),
    Action.CORRECT_FORM: ("更正登记信息", "correct the form"),
    Action.ASK_FOR_DOCUMENT: ("请客户出示其他证件", "ask for another document"),
    Action.ASK_FOR_GUARDIAN: ("请监护人到场", "ask for the guardian"),
    Action.ASK_FOR_REPRESENTATIVE: ("登记经办人", "enter the handler"),
    Action.ASK_FOR_AUTHORISATION: ("请出示授权书", "ask for the letter of authorisation"),
    Action.TAKE_PHOTO_AGAIN: ("重新拍照", "take the photo again"),
    Action.SCAN_SIM_AGAIN: ("重新扫描 SIM 卡", "scan the SIM again"),
    Action.TAKE_ANOTHER_SIM: ("换一张 SIM 卡", "take another SIM"),
    Action.SCAN_DEVICE_AGAIN: ("重新读取手机 IMEI", "scan the phone again"),
    Action.HAVE_NOTICE_SIGNED: ("请客户签署告知书", "have the notice signed"),
    Action.LOOK_AGAIN_LATER: ("稍后再查", "look again later"),
    Action.REMIND_SUBSCRIBER: ("提醒机主", "remind the subscriber"),
    Action.VERIFY_SUBSCRIBER: ("核验机主本人", "verify the subscriber"),
    Action.RESTRICT_LINE: ("限制号码服务", "restrict the line"),
    Action.CALL_SUPERVISOR: ("请主管处理", "call the supervisor"),
    Action.DO_NOT_ISSUE: ("不得发卡", "do not issue the card"),
}
"""What the clerk does next, in Chinese and English."""


def titled_table(title: str, *headings: str) -> Table:
    """A table with nothing in it yet."""
    table = Table(box=box.ROUNDED, title=Text(title), title_justify="left", title_style="")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def verdict_panel(verdict: Verdict, language: Language) -> RenderableType:
    """One verdict for a person at a terminal: the decision, what the clerk does, and the figures, worst first."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("reason", "state", "figures"):
        table.add_column(heading, overflow="fold")
    states = (State.FLAGGED, State.NOT_ASSESSED, State.PASSED)
    for finding in sorted(verdict.findings, key=lambda finding: states.index(finding.state)):
        if finding.state is State.PASSED and finding.observed is None:
            continue
        style = {State.FLAGGED: "bold", State.NOT_ASSESSED: "italic"}.get(finding.state, "dim")
        table.add_row(finding.reason, finding.state.value, _figures(finding), style=style)
    colour = COLOURS[verdict.decision]
    title = dict.fromkeys((DECISION_WORDS[verdict.decision][language], verdict.decision.name))
    return Panel(
        Group(*(Text(line) for line in verdict.messages(language, "clerk")), Text(), table),
        title=f"[bold {colour}]{' '.join(title)}[/]",
        subtitle=verdict.application_id,
        border_style=colour,
    )


def day_table(verdicts: list[tuple[str, str, Verdict]]) -> RenderableType:
    """Several verdicts for a shop manager, each after its title in Chinese and in English."""
    table = Table(box=box.ROUNDED, show_lines=True, expand=True)
    table.add_column("案例\ncase", overflow="fold", ratio=5)
    table.add_column("结论\ndecision", overflow="fold", width=8)
    table.add_column("原因\nwhat was found", overflow="fold", ratio=8)
    table.add_column("下一步\nwhat the clerk does", overflow="fold", ratio=5)
    for zh, en, verdict in verdicts:
        decision = DECISION_WORDS[verdict.decision]
        found = zip(verdict.messages("zh-CN"), verdict.messages("en"), strict=True)
        next_steps = [ACTION_WORDS[action] for action in verdict.advice] or [ISSUE]
        table.add_row(
            _bilingual([(zh, en)]),
            Text("\n".join((decision["zh-CN"], decision["en"])), style=f"bold {COLOURS[verdict.decision]}"),
            _bilingual(list(found)),
            _bilingual(next_steps),
        )
    return table


def reasons_table(policy: Policy, language: Language) -> RenderableType:
    """Every reason code with its decision and the clerk's words."""
    table = Table(box=box.ROUNDED, show_lines=True)
    for heading in ("code", "decision", "clerk", "basis"):
        table.add_column(heading, overflow="fold")
    for code, reason in REASONS.items():
        decision = policy.reasons[code].flagged
        table.add_row(
            code, Text(decision.value, style=COLOURS[decision]), words(code, language, "clerk"), reason.basis
        )
    return table


def policy_table(policy: Policy) -> RenderableType:
    """Every number of a policy."""
    table = Table(box=box.ROUNDED, show_lines=True, title=Text(f"{policy.name}  {policy.policy_id}"))
    for heading in ("number", "value", "unit", "source"):
        table.add_column(heading, overflow="fold")
    for path, limit in limits_of(policy):
        table.add_row(Text(path), _number(limit.value), Text(limit.unit), Text(limit.source))
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


def _bilingual(pairs: list[tuple[str, str]]) -> Text:
    return Text("\n").join(Text.assemble(zh, "\n", (en, "dim")) for zh, en in pairs)


def _figures(finding: Finding) -> Text:
    parts = [finding.cause] if finding.cause else []
    if finding.observed is not None:
        parts.append(f"{_number(finding.observed)} {finding.unit or ''}".strip())
    if finding.limit is not None:
        parts.append(f"limit {_number(finding.limit)}")
    return Text("; ".join(parts))


def _number(value: float) -> str:
    """All its digits, as people write it.

    >>> _number(10485760.0), _number(0.0001)
    ('10,485,760', '0.0001')
    """
    return f"{value:,.10g}"
