"""The command line: `simkyc demo`, `check`, `reasons`, `policy`.

Exit codes of `check`: 0 accept, 10 retry, 11 review, 12 refuse; of all commands: 2 bad input, 3 the
history or the face engine cannot work. Errors are one line that says what to do.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simkyc._version import __version__
from simkyc.cli.application_file import read_application
from simkyc.cli.tables import policy_table, reasons_table, verdict_panel
from simkyc.errors import FaceError, HistoryError, InputError, PolicyError, SimkycError
from simkyc.policy import Policy
from simkyc.reasons import Language
from simkyc.verdict import Decision

__all__ = ["main"]

EXIT_CODES = {Decision.ACCEPT: 0, Decision.RETRY: 10, Decision.REVIEW: 11, Decision.REFUSE: 12}
BAD_INPUT, UNAVAILABLE, FAULT = 2, 3, 70

app = typer.Typer(
    name="simkyc",
    help="Real-name, face and device-SIM verification against SIM card fraud.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
policy_app = typer.Typer(help="Show or check a policy file.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
]
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of the words.")]


def main() -> None:
    """Run the command line; every error leaves as one line and an exit code."""
    try:
        app()
    except SimkycError as error:
        _fail(str(error), UNAVAILABLE if isinstance(error, HistoryError | FaceError) else BAD_INPUT)
    except BrokenPipeError:
        # Whoever read our output has gone; closing stdout again at exit would complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        if "SIMKYC_DEBUG" in os.environ:
            raise
        _fail(
            f"a fault in simkyc ({type(error).__name__}): set SIMKYC_DEBUG=1 to see where, and report it",
            FAULT,
        )


def _fail(message: str, code: int) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"simkyc: {message}", markup=False)
    raise SystemExit(code) from None


def _policy(path: Path | None) -> Policy:
    return Policy.default() if path is None else Policy.load(path)


@app.callback(invoke_without_command=True)
def _about(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"simkyc {__version__}")
        raise typer.Exit


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
        Path, typer.Argument(help="An application in JSON; a photo is {'path': …} or {'data': base64}.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    history: Annotated[
        str,
        typer.Option(
            "--history", help="The history to ask, e.g. sqlite:///kyc.db; nothing is written to it."
        ),
    ] = "sqlite://",
    policy: PolicyFile = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at",
            help="Judge as of this time; without it, the application's own.",
            formats=["%Y-%m-%dT%H:%M:%S%z"],
        ),
    ] = None,
    language: LanguageOption = "zh-CN",
) -> None:
    """Judge one application and record nothing."""
    from simkyc.screener import Screener

    application = read_application(file)
    with Screener.open(history, policy=_policy(policy)) as screener:
        verdict = screener.preview(application, at=at or application.applied_at)
    if as_json:
        typer.echo(verdict.model_dump_json(indent=2))
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
def policy_check(file: Annotated[Path, typer.Argument(help="The policy file.")]) -> None:
    """Say whether a policy file holds, and its policy_id."""
    try:
        checked = Policy.load(file)
    except PolicyError as error:
        raise InputError(str(error)) from None
    typer.echo(f"{checked.name}: {checked.policy_id}")
