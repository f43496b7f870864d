"""The command line: `simkyc demo`, `check`, `reasons`, `policy`.

Exit codes of `check`: 0 accept, 10 retry, 11 review, 12 refuse. Of every command: 1 nobody reads the output any
more, 2 bad input, 3 the history, the face engine or the system cannot work, 70 a fault in simkyc, 130 stopped by
hand. Errors are one line that says what to do and never repeats a value: it may name a person.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from simkyc._version import __version__
from simkyc.cli.application_file import read_application
from simkyc.cli.tables import policy_table, reasons_table, verdict_panel
from simkyc.errors import FaceError, HistoryError, InputError, SimkycError
from simkyc.policy import Policy
from simkyc.reasons import Language
from simkyc.verdict import Decision

__all__ = ["main"]

EXIT_CODES = {Decision.ACCEPT: 0, Decision.RETRY: 10, Decision.REVIEW: 11, Decision.REFUSE: 12}
BAD_INPUT, UNAVAILABLE, FAULT = 2, 3, 70

USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
"""What the parser of the command line raises; Typer gives it no public name."""

app = typer.Typer(
    name="simkyc",
    help="Real-name, face and device-SIM verification against SIM card fraud.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(help="Show or check a policy file.")
app.add_typer(policy_app, name="policy")

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
]
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of the words: zh-CN or en.")]


def main() -> None:
    """Run the command line; every error leaves as one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Chinese shows question marks instead of a fault.
        if isinstance(stream, TextIOWrapper) and stream.errors in {"strict", "surrogateescape"}:
            stream.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False)
    except SimkycError as error:
        _fail(str(error), UNAVAILABLE if isinstance(error, HistoryError | FaceError) else BAD_INPUT)
    except USAGE_ERROR as error:
        _fail(_misused(error), BAD_INPUT)
    except OSError as error:
        _discard_output()
        _fail(f"the system does not go along ({error.strerror}): see to it and call again", UNAVAILABLE)
    except Exception as error:
        if "SIMKYC_DEBUG" in os.environ:
            raise
        _fail(
            f"a fault in simkyc ({type(error).__name__}): set SIMKYC_DEBUG=1 to see where, and report it",
            FAULT,
        )
    raise SystemExit(code or 0)


def _fail(message: str, code: int) -> NoReturn:
    line = " ".join(message.split())
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"simkyc: {line}", markup=False)
    raise SystemExit(code) from None


def _misused(error: Exception) -> str:
    """What on the command line does not fit, without the value."""
    parameter = getattr(error, "param", None)
    option = getattr(error, "option_name", None)
    if parameter is not None:
        name = parameter.opts[0]
        what = f"{name if name.startswith('-') else name.upper()} is missing or does not fit"
    elif option is not None:
        what = f"{option} is no option here, or lacks its value"
    else:
        what = "there is no such command, or it takes fewer arguments"
    context = getattr(error, "ctx", None)
    return f"{what}: see `{context.command_path if context else 'simkyc'} --help`"


def _discard_output() -> None:
    """What is left to write goes nowhere, or Python would fail again on its way out."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _policy(path: Path | None) -> Policy:
    return Policy.default() if path is None else Policy.load(path)


def _existing(history: str) -> str:
    """The URL of a history that is there; a preview makes neither a file nor a key.

    An empty file counts as none, for a history would be made in it.
    """
    scheme = "sqlite:///"
    if history.startswith(scheme) and history != f"{scheme}:memory:":
        try:
            there = Path(history.removeprefix(scheme)).stat().st_size > 0
        except (OSError, ValueError):
            there = False
        if not there:
            raise InputError("there is no history at --history: name one that exists, or leave it out")
    return history


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError("--at takes a time with its zone, such as 2026-11-02T10:00:00+08:00")
    return moment


@app.callback(invoke_without_command=True)
def _about(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"simkyc {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        # Not 0: a script whose command got lost must not read an accept.
        raise typer.Exit(BAD_INPUT)


@app.command()
def demo(
    out: Annotated[
        Path,
        typer.Option("--out", help="Folder for photos and verdicts; what a demo left there is replaced."),
    ] = Path("simkyc-demo"),
) -> None:
    """Judge a day's applications of people who do not exist, with the real face engine."""
    from simkyc.cli.demo import run

    run(out, Console())


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="An application in JSON; a photo is {'data': base64} or {'path': …}, seen from FILE's folder.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    history: Annotated[
        str,
        typer.Option(
            "--history",
            metavar="URL",
            help="The history to ask, e.g. sqlite:///kyc.db; without it, one that knows nothing.",
        ),
    ] = "sqlite://",
    policy: PolicyFile = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Judge as of this time; without it, the application's own."
        ),
    ] = None,
    language: LanguageOption = "zh-CN",
) -> None:
    """Judge one application and record nothing."""
    from simkyc.screener import Screener

    moment = _moment(at)
    application = read_application(file)
    with Screener.open(_existing(history), policy=_policy(policy)) as screener:
        verdict = screener.preview(application, at=moment or application.applied_at)
    if as_json:
        typer.echo(verdict.model_dump_json(indent=2, ensure_ascii=True))
    else:
        Console().print(verdict_panel(verdict, language))
    raise typer.Exit(EXIT_CODES[verdict.decision])


@app.command()
def reasons(language: LanguageOption = "zh-CN") -> None:
    """List every reason code, what it leads to and what the clerk is told."""
    Console().print(reasons_table(Policy.default(), language))


@policy_app.command("show")
def policy_show(policy: PolicyFile = None) -> None:
    """Show every number of a policy with its unit and source."""
    Console().print(policy_table(_policy(policy)))


@policy_app.command("check")
def policy_check(file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")]) -> None:
    """Say whether a policy file holds, and its policy_id."""
    checked = Policy.load(file)
    typer.echo(f"{checked.name}: {checked.policy_id}")
