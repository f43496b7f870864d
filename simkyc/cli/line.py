"""`simkyc line`: what was done to a line, doing the next step, and what its subscriber is told.

A phone number names a person, so it stands in no command: it is asked for without an echo, or read from the first line
of the standard input.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from simkyc.cli.existing import existing
from simkyc.cli.moments import moment_or_day
from simkyc.errors import InputError
from simkyc.lists.watch import CHINA
from simkyc.policy import Policy, StepMeasure
from simkyc.reasons import Language
from simkyc.subscriber import Operator, SubscriberTexts, TextAbout, subscriber_text

if TYPE_CHECKING:
    from simkyc.steps import LineRecord

__all__ = ["line_app"]

STATES = {
    "in_service": "正常 in service",
    "restricted": "限制呼出 outgoing restricted",
    "suspended": "停机 suspended",
    "cancelled": "销户 cancelled",
}
DONE = {
    "remind": "提醒 reminded",
    "second_check": "要求二次实人认证 second check asked for",
    "restrict_outgoing": "限制呼出 outgoing restricted",
    "suspend": "停机 suspended",
    "cancel_notice": "销户通知 notice of cancellation",
    "cancel": "销户 cancelled",
    "restore": "恢复 restored",
    "expire": "到期恢复 ended by itself",
}

line_app = typer.Typer(
    help="Say how a line stands, remember a step that was taken, or write what its subscriber is told."
)

LineHistory = Annotated[
    str, typer.Argument(metavar="URL", help="The history, e.g. sqlite:///kyc.db; it must be there.")
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


def _number() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("MSISDN", hide_input=True))
    number = sys.stdin.readline(64).strip()
    if not number:
        raise InputError(
            "the phone number is read from the standard input: give it there, and not in the command"
        )
    return number


def _policy(path: Path | None) -> Policy:
    return Policy.default() if path is None else Policy.load(path)


@line_app.command("record")
def record(
    history: LineHistory,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="As of this time; without it, now.")
    ] = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Say how a line stands and what was done to it; the number is read from the standard input. For staff alone."""
    from simkyc.screener import Screener

    moment = moment_or_day(at, "--at")
    with Screener.open(existing(history), policy=_policy(policy)) as screener:
        found = screener.line_record(_number(), at=moment)
    if as_json:
        typer.echo(found.model_dump_json(indent=2, ensure_ascii=True))
    else:
        _show(found, Console())


@line_app.command("act")
def act(
    history: LineHistory,
    measure: Annotated[StepMeasure, typer.Argument(metavar="MEASURE", help="What was done at the operator.")],
    reason: Annotated[
        str, typer.Option("--reason", help="A reason code, or a ground of the policy (steps.grounds).")
    ],
    by: Annotated[str, typer.Option("--by", help="Identifier of who did it, no name.")],
    basis: Annotated[
        str | None, typer.Option("--basis", help="The rule it rests on; without it, that of the reason.")
    ] = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Remember a step that was taken with a line; the number is read from the standard input. It switches nothing."""
    from simkyc.screener import Screener

    with Screener.open(existing(history), policy=_policy(policy)) as screener:
        step = screener.act(_number(), measure, reason=reason, basis=basis, by=by)
    if as_json:
        typer.echo(step.model_dump_json(indent=2, ensure_ascii=True))
    else:
        typer.echo(f"{step.step_no}: {DONE[step.measure]}, {STATES[step.state]}")


@line_app.command("text")
def text(
    about: Annotated[TextAbout, typer.Argument(metavar="ABOUT", help="What the subscriber is told of.")],
    name_zh: Annotated[str, typer.Option("--name-zh", help="The operator's name in Chinese.")],
    name_en: Annotated[str, typer.Option("--name-en", help="The operator's name in English.")],
    hotline: Annotated[str, typer.Option("--hotline", help="The number to call.")],
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Until when, where the text says so.")
    ] = None,
    language: Annotated[Language, typer.Option("--language", help="zh-CN or en.")] = "zh-CN",
    form: Annotated[Literal["sms", "letter"], typer.Option("--form", help="sms or letter.")] = "sms",
    texts: Annotated[
        Path | None, typer.Option("--texts", metavar="TOML", help="The operator's own texts.")
    ] = None,
) -> None:
    """Write what a subscriber is told of a step."""
    written = subscriber_text(
        about,
        Operator(name_zh=name_zh, name_en=name_en, hotline=hotline),
        language=language,
        form=form,
        until=moment_or_day(until, "--until"),
        texts=None if texts is None else SubscriberTexts.load(texts),
    )
    typer.echo(written.body)
    if written.segments is not None:
        typer.echo(f"SMS: {written.segments}", err=True)


def _show(found: LineRecord, console: Console) -> None:
    said = [("状态 state", STATES[found.state])]
    said += [
        (name, _china(moment))
        for name, moment in (
            ("起始 since", found.since),
            ("到期 ends", found.expires_at),
            ("二次认证期限 second check by", found.verify_by),
            ("可销户 may be cancelled from", found.cancel_from),
        )
        if moment is not None
    ]
    if found.overdue:
        said.append(("建议 recommended", "停机 suspend"))
    for name, value in said:
        console.print(f"{name}: {value}", highlight=False)
    if not found.steps:
        return
    table = Table(box=None)
    for column in ("#", "时间 time", "措施 step", "原因 reason", "经办 by"):
        table.add_column(column)
    for step in found.steps:
        table.add_row(
            str(step.step_no or "-"),
            _china(step.taken_at),
            DONE[step.measure],
            step.reason,
            step.taken_by or "-",
        )
    console.print(table)


def _china(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"
