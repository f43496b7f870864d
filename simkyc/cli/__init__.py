"""The command line: `simkyc demo`, `check`, and what else `simkyc --help` lists.

Exit codes of `check`: 0 accept, 10 retry, 11 review, 12 refuse. Of every command: 1 nobody reads the output any
more, 2 bad input, 3 the history, the face engine or the system cannot work, 70 a fault in simkyc, 130 stopped by
hand. Errors are one line that says what to do and never repeats a value: it may name a person.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from simkyc._version import __version__
from simkyc.cli.application_file import read_application
from simkyc.cli.calibrate import calibrate
from simkyc.cli.existing import existing
from simkyc.cli.leads import lead_app
from simkyc.cli.line import line_app
from simkyc.cli.reverify import reverify
from simkyc.cli.rings import rings
from simkyc.cli.tables import policy_table, reasons_table, verdict_panel
from simkyc.cli.usage import usage_app
from simkyc.cli.whole_file import write_whole
from simkyc.errors import FaceError, HistoryError, InputError, SimkycError
from simkyc.lists.rows import Encoding, FileFormat
from simkyc.lists.watch import CHINA
from simkyc.notice import NoticeText, notice_text, render_html, render_pdf
from simkyc.policy import Policy
from simkyc.reasons import Language
from simkyc.verdict import Decision

if TYPE_CHECKING:
    from simkyc.cli.lists import Exporter, Importer
    from simkyc.history.lists import Lists

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
notice_app = typer.Typer(help="Show the safe-card-use notice, or make a page of it to sign.")
app.add_typer(notice_app, name="notice")
watch_app = typer.Typer(
    help="Put people and lost documents on the lists that applications are compared with."
)
app.add_typer(watch_app, name="watch")
devices_app = typer.Typer(
    help="Say which devices and models were stolen, hold many SIM cards, or are no phones."
)
app.add_typer(devices_app, name="devices")
stock_app = typer.Typer(help="Say which SIM cards there are, where they lie and in which state.")
app.add_typer(stock_app, name="stock")
history_app = typer.Typer(help="Say what a history is, or bring its tables up to this version of simkyc.")
app.add_typer(history_app, name="history")
app.add_typer(usage_app, name="usage")
app.add_typer(lead_app, name="lead")
app.add_typer(line_app, name="line")

PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
]
LanguageOption = Annotated[Language, typer.Option("--language", help="Language of the words: zh-CN or en.")]
NoticeVersion = Annotated[
    str | None,
    typer.Option(
        "--version", help="Version of the notice; without it, the current one of the policy that ships."
    ),
]
ListFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A list in CSV or Parquet; the first line of CSV names the columns."),
]
ListHistory = Annotated[
    str,
    typer.Option("--history", metavar="URL", help="The history, e.g. sqlite:///kyc.db; it must be there."),
]
HistoryUrl = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="sqlite:///kyc.db or postgresql://user@host/database; its password stands in PGPASSWORD or ~/.pgpass.",
    ),
]
ListFormat = Annotated[
    FileFormat | None,
    typer.Option("--format", help="csv or parquet; without it the name of the file says so."),
]
ListEncoding = Annotated[
    Encoding, typer.Option("--encoding", help="Encoding of CSV: utf-8, or gb18030 for GBK too.")
]
BadRowsFile = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="JSONL", help="File for the bad rows: line, column and cause, never a value."
    ),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave bad rows out; without it one bad row stops everything.")
]


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


def _notice(version: str | None, language: Language) -> NoticeText:
    return notice_text(Policy.default().notice.current_version if version is None else version, language)


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
    rings: Annotated[
        Path | None, typer.Option("--rings", metavar="FILE", help="The rings.parquet that simkyc rings left.")
    ] = None,
    language: LanguageOption = "zh-CN",
) -> None:
    """Judge one application and record nothing."""
    from simkyc.screener import Screener

    moment = _moment(at)
    application = read_application(file)
    with Screener.open(existing(history), policy=_policy(policy), rings=rings) as screener:
        verdict = screener.preview(application, at=moment or application.applied_at)
    if as_json:
        typer.echo(verdict.model_dump_json(indent=2, ensure_ascii=True))
    else:
        Console().print(verdict_panel(verdict, language))
    raise typer.Exit(EXIT_CODES[verdict.decision])


app.command()(calibrate)
app.command()(reverify)
app.command()(rings)


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


@notice_app.command("show")
def notice_show(version: NoticeVersion = None, language: LanguageOption = "zh-CN") -> None:
    """Show the text of the safe-card-use notice, and its hash."""
    text = _notice(version, language)
    typer.echo(text.title)
    for paragraph in text.paragraphs:
        typer.echo("\n" + "\n".join((paragraph.heading, *paragraph.lines)))
    typer.echo(f"\n{text.version} {text.language} SHA-256 {text.sha256}")


@notice_app.command("render")
def notice_render(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The page to make: a name in .html or .pdf.")],
    version: NoticeVersion = None,
    language: LanguageOption = "zh-CN",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Make a page of the safe-card-use notice to print and sign."""
    kind = out.suffix.lower()
    if kind not in {".html", ".pdf"}:
        raise InputError("OUT ends in neither .html nor .pdf: name the page so")
    if not force and (out.is_symlink() or out.exists()):
        raise InputError("OUT is there already: choose another name, or say --force to replace it")
    text = _notice(version, language)
    write_whole(out, render_html(text).encode() if kind == ".html" else render_pdf(text))


@history_app.command("info")
def history_show(url: HistoryUrl) -> None:
    """Say what a history is kept in, its schema version, what it holds and who searches faces; needs no secret."""
    from simkyc.history import history_info

    info = history_info(url)
    held = "" if info.verdicts is None else f", {info.verdicts} verdicts"
    faces = f", faces searched {'by the server' if info.searches_faces else 'in memory'}"
    typer.echo(
        f"{info.database}, schema version {info.version}, this simkyc reads {info.readable}{held}{faces}"
    )


@history_app.command("upgrade")
def history_upgrade(
    url: HistoryUrl,
    backed_up: Annotated[
        bool, typer.Option("--backed-up", help="Say that there is a backup: nothing else leads back.")
    ] = False,
) -> None:
    """Bring the tables of a history up to this simkyc's version, all or nothing."""
    from simkyc.history import history_info, upgrade_history

    info = history_info(url)
    if info.version < info.readable and not backed_up:
        raise InputError("back the history up first, then say --backed-up: nothing but the backup leads back")
    before, after = upgrade_history(url)
    typer.echo(f"schema version {after}" + ("" if before == after else f", was {before}"))


@history_app.command("purge")
def history_purge(
    url: HistoryUrl,
    before: Annotated[
        datetime,
        typer.Option(
            "--before", formats=["%Y-%m-%d"], help="What was decided before this day in China goes."
        ),
    ],
) -> None:
    """Delete what is older than it has to be kept; numbers in use stay counted. Needs the secret."""
    from simkyc.screener import Screener

    with Screener.open(existing(url)) as screener:
        gone = screener.purge(before.replace(tzinfo=CHINA))
    typer.echo(f"{gone} rows deleted")


def _add_import(group: typer.Typer, name: str, says: str, take_in: Callable[[Lists], Importer]) -> None:
    """Add a command that takes a file into the lists."""

    def command(
        file: ListFile,
        history: ListHistory,
        file_format: ListFormat = None,
        encoding: ListEncoding = "utf-8",
        report: BadRowsFile = None,
        skip_bad: SkipBad = False,
    ) -> None:
        from simkyc.cli.lists import import_list
        from simkyc.screener import Screener

        with Screener.open(existing(history)) as screener:
            done = import_list(
                take_in(screener.lists),
                file,
                file_format=file_format,
                encoding=encoding,
                skip_bad=skip_bad,
                report=report,
            )
        typer.echo(done)

    group.command(name, help=says)(command)


def _add_export(group: typer.Typer, says: str, write: Callable[[Lists], Exporter]) -> None:
    """Add a command that writes a list into a file."""

    def command(
        out: Annotated[
            Path, typer.Argument(metavar="OUT", help="The file to make: a name in .csv or .parquet.")
        ],
        history: ListHistory,
        file_format: ListFormat = None,
        force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    ) -> None:
        from simkyc.cli.lists import export_list
        from simkyc.screener import Screener

        with Screener.open(existing(history)) as screener:
            typer.echo(export_list(write(screener.lists), out, file_format=file_format, overwrite=force))

    group.command("export", help=says)(command)


_AGAIN = "all or none; importing it again changes nothing."
_add_import(
    watch_app, "import", f"Put the rows of a file on their lists, {_AGAIN}", lambda lists: lists.import_watch
)
_add_import(
    watch_app,
    "remove",
    "Take the rows of a file off their lists: kind, number, list and source say which.",
    lambda lists: lists.import_unwatch,
)
_add_import(
    devices_app,
    "import",
    f"Put the devices and models of a file on their lists, {_AGAIN}",
    lambda lists: lists.import_devices,
)
_add_import(
    devices_app,
    "remove",
    "Take the devices and models of a file off their lists.",
    lambda lists: lists.remove_devices,
)
_add_export(devices_app, "Write the lists of devices into a file.", lambda lists: lists.export_devices)
_add_import(
    stock_app,
    "import",
    f"Put the SIM cards of a file into the stock, {_AGAIN}",
    lambda lists: lists.import_stock,
)
_add_export(stock_app, "Write the stock as it stands into a file.", lambda lists: lists.export_stock)
