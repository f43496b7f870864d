"""`simkyc usage`: records of use to features, and a model of how fraud uses a number: trained, measured, used."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console, Group, RenderableType
from rich.text import Text

from simkyc.cli.existing import existing
from simkyc.cli.messages import messages_app
from simkyc.cli.moments import DAY_OR_TIME, moment_or_day
from simkyc.cli.reverify import judging_shown
from simkyc.cli.running import needed, stages_shown
from simkyc.cli.tables import titled_table
from simkyc.cli.whole_file import free_for, write_whole
from simkyc.errors import InputError
from simkyc.lists.rows import BadRow, Encoding

if TYPE_CHECKING:
    from simkyc.reverification.shares import Share
    from simkyc.usage.evaluation import Evaluation
    from simkyc.usage.features import Made
    from simkyc.usage.model import Drift
    from simkyc.usage.model_file import Figure, ModelFile
    from simkyc.usage.read_message import MessageReader
    from simkyc.usage.record_columns import RecordKind

__all__ = ["usage_app"]

STAGES = {"training": "训练 training"}
NO_EXTRA = "usage models are trained with LightGBM: pip install 'simkyc[usage]'"
FIGURES = {
    "auc": "AUC",
    "macro_f1": "macro-F1",
    "caught_at_0.01": "误报率 1% 时检出 caught at 1% false positives",
    "caught_at_0.001": "误报率 0.1% 时检出 caught at 0.1% false positives",
    "brier": "Brier",
    "expected_calibration_error": "校准误差 calibration error",
}
SHOWN_DRIFT = 10
SHOWN_REJECTS = 8

NO_DUCKDB = "usage records are read with DuckDB and pyarrow: pip install 'simkyc[usage]'"
KIND_WORDS = {"calls": "通话 calls", "messages": "短信 messages", "places": "位置 places"}

usage_app = typer.Typer(
    help="Count how numbers are used; train, measure and use a model of how fraud uses them."
)
usage_app.add_typer(messages_app, name="messages")

ModelPath = Annotated[Path, typer.Argument(metavar="MODEL", help="A model made by simkyc usage train.")]
TablePath = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE",
        help="Features in .csv, .csv.gz or .parquet, a row a number; see docs/usage-model.md.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
Threads = Annotated[
    int, typer.Option("--threads", min=0, max=512, help="0 for all processors; results are the same.")
]


@usage_app.command("features")
def count_features(
    since: Annotated[str, typer.Option("--since", help=f"The window begins here: {DAY_OR_TIME}.")],
    until: Annotated[str, typer.Option("--until", help="And ends before here.")],
    out: Annotated[Path, typer.Option("--out", metavar="PARQUET", help="File to write, a row a number.")],
    calls: Annotated[
        str | None,
        typer.Option(
            "--calls", metavar="SRC", help="A file, a quoted pattern or a folder of CSV or Parquet."
        ),
    ] = None,
    messages: Annotated[str | None, typer.Option("--messages", metavar="SRC", help="Likewise.")] = None,
    places: Annotated[
        str | None, typer.Option("--places", metavar="SRC", help="Where numbers were seen, likewise.")
    ] = None,
    outage: Annotated[
        list[str] | None,
        typer.Option(
            "--outage",
            metavar="A/B",
            help="From when until when the network, or the writing of records, was down; may repeat.",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="Of times without one: +08:00, or a name such as Asia/Shanghai."),
    ] = None,
    devices: Annotated[
        Path | None,
        typer.Option(
            "--devices",
            metavar="CSV",
            help="A list as simkyc devices imports it: which are bulk-SIM equipment.",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            metavar="DIR",
            help="Keep the records in a folder to make, hashed, as a source for later.",
        ),
    ] = None,
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Option("--engine", help="duckdb on this machine, or spark.")
    ] = "duckdb",
    encoding: Annotated[
        Encoding, typer.Option("--encoding", help="Encoding of CSV: utf-8, or gb18030 for GBK too.")
    ] = "utf-8",
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=128, help="What DuckDB may use before it goes to disk.")
    ] = 2048,
    message_model: Annotated[
        Path | None,
        typer.Option(
            "--message-model",
            metavar="JSON",
            help="Reads texts, as simkyc usage messages train made it; without it the lexicon alone does.",
        ),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option("--lexicon", metavar="TOML", help="Your own; without it, the one that ships."),
    ] = None,
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Count calls, messages, places and devices of every number in a window, for simkyc usage train and score.

    Numbers in the clear are hashed with the secret in SIMKYC_SECRET and never kept.
    """
    with needed(NO_DUCKDB):
        from simkyc.history.secret import given_secret
        from simkyc.usage.features import FeatureRun, feature_table
        from simkyc.usage.intake import zone_of
    free_for(out, force=force, inputs=(devices,))
    given: dict[RecordKind, str] = {}
    if calls is not None:
        given["calls"] = calls
    if messages is not None:
        given["messages"] = messages
    if places is not None:
        given["places"] = places
    if not given:
        raise InputError("there is nothing to count: give --calls, --messages or --places")
    begins, ends = moment_or_day(since), moment_or_day(until)
    assert begins is not None, "it is required"
    assert ends is not None, "it is required"
    run = FeatureRun(
        sources=given,
        since=begins,
        until=ends,
        outages=tuple(_outage(one) for one in outage or ()),
        engine=engine,
        secret=given_secret(None),
        encoding=encoding,
        bulk_tacs=None if devices is None else _bulk_tacs(devices, ends, encoding),
        store=store,
        memory_mb=memory_mb,
        threads=threads or None,
    )
    reader = None if messages is None else _reader(run.secret, message_model, lexicon)
    Console().print(_counted(feature_table(run, out, zone=zone_of(zone), reader=reader)))


@usage_app.command("check")
def check_numbers(
    features: Annotated[
        Path, typer.Argument(metavar="FEATURES", help="A table made by simkyc usage features.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="PARQUET", help="File to write the verdicts into.")],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="JSON", help="A usage model; without it the rules work alone."),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history", metavar="URL", help="The history that knows the openings, under the same secret."
        ),
    ] = None,
    declared: Annotated[
        Path | None,
        typer.Option(
            "--declared",
            metavar="CSV",
            help="number, declared_use: what units declared their lines to be for.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=512, help="Processes; verdicts are the same.")
    ] = None,
    force: Force = False,
) -> None:
    """Judge every number of a table by how it is used: decision, reasons, and what is recommended for the line."""
    with needed(NO_EXTRA):
        from simkyc.history.keys import Keyring
        from simkyc.history.secret import given_secret
        from simkyc.monitoring import judge_table, read_declared
    from simkyc.policy import Policy

    if declared is not None and history is None:
        raise InputError(
            "what units declared counts for lines that an organisation opened: name the --history that knows it"
        )
    free_for(out, force=force, inputs=(features, policy, model, declared))
    secret = given_secret(None)
    keyring = None if secret is None else Keyring(secret)
    with judging_shown(Console(stderr=True)) as shown:
        counts = judge_table(
            features,
            out,
            policy=None if policy is None else Policy.load(policy),
            model=model,
            history=None if history is None else existing(history),
            declared=None if declared is None else read_declared(declared, keyring),
            workers=workers,
            progress=lambda done, total: shown("judge", done, total),
        )
    decisions = ", ".join(
        f"{counts.get(name, 0):,} {name}" for name in ("accept", "retry", "review", "refuse")
    )
    typer.echo(f"{sum(counts.values()):,} numbers judged: {decisions}")


@usage_app.command("train")
def train_model(
    table: TablePath,
    out: Annotated[Path, typer.Option("--out", metavar="JSON", help="File to write the model into.")],
    name: Annotated[
        str, typer.Option("--name", metavar="WORDS", help="What the table is, in words that name nobody.")
    ] = "labelled numbers of the operator",
    valid: Annotated[
        Path | None,
        typer.Option(
            "--valid", metavar="TABLE", help="Labelled numbers to measure on; nothing is learnt from them."
        ),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Leave a column out; may repeat.")
    ] = None,
    spec: Annotated[
        Path | None,
        typer.Option("--spec", metavar="TOML", help="Units of features, and directions agreed for them."),
    ] = None,
    missing: Annotated[
        Literal["signal", "ignored"],
        typer.Option("--missing", help="Whether a missing value may tell something, or none."),
    ] = "signal",
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Of folds and trees.")] = 0,
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Train a model, and say what cross-validation tells of it."""
    with needed(NO_EXTRA):
        from simkyc.usage.evaluation import evaluate
        from simkyc.usage.feature_table import read_table, sha256_of
        from simkyc.usage.model import UsageModel
        from simkyc.usage.training import Spec, read_spec, train
    free_for(out, force=force, inputs=(table, valid, spec))
    agreed = Spec() if spec is None else read_spec(spec)
    dropped = sorted(set(drop or ()))
    read = read_table(table, drop=dropped)
    # Read before hours of training are spent.
    held = None if valid is None else read_table(valid, names=read.names)
    with stages_shown(STAGES) as shown:
        made = train(
            read,
            name=name,
            sha256=sha256_of(table),
            spec=agreed,
            dropped=dropped,
            missing=missing,
            seed=seed,
            threads=threads,
            on_progress=partial(shown, "training"),
        )
    console = Console()
    console.print(_trained(made))
    if held is not None:
        console.print(_evaluated(evaluate(UsageModel(made), held, threads=threads)))
    write_whole(out, made.to_bytes())


@usage_app.command("evaluate")
def evaluate_model(
    model: ModelPath,
    table: TablePath,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    threads: Threads = 0,
) -> None:
    """Hold a model against labelled numbers that it has not seen."""
    with needed(NO_EXTRA):
        from simkyc.usage.evaluation import evaluate
        from simkyc.usage.feature_table import read_table
        from simkyc.usage.model import UsageModel
    opened = UsageModel.open(model)
    found = evaluate(opened, read_table(table, names=opened.features), threads=threads)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console().print(_evaluated(found))


@usage_app.command("score")
def score_numbers(
    model: ModelPath,
    table: TablePath,
    out: Annotated[Path, typer.Option("--out", metavar="PARQUET", help="File to write the scores into.")],
    explain_all: Annotated[
        bool,
        typer.Option(
            "--explain-all", help="Name what drove every score, not only those that fall into a band."
        ),
    ] = False,
    threads: Threads = 0,
    force: Force = False,
) -> None:
    """Score a table of numbers, and warn where it is spread otherwise than the training table."""
    with needed(NO_EXTRA):
        from simkyc.usage.model import UsageModel
    free_for(out, force=force, inputs=(model, table))
    opened = UsageModel.open(model)
    rows, bands, drift = opened.score_table(table, out, explain_all=explain_all, threads=threads)
    Console().print(_scored(opened.model_id, rows, bands, drift))


def _reader(secret: bytes | None, model: Path | None, lexicon: Path | None) -> MessageReader | None:
    """What reads texts; None without a secret, for then everything was read and hashed before."""
    if secret is None:
        if model is not None or lexicon is not None:
            raise InputError("texts are read with the secret in SIMKYC_SECRET: templates are keyed hashes")
        return None
    from simkyc.history.keys import Keyring
    from simkyc.usage.messages.lexicon import Lexicon
    from simkyc.usage.messages.model import MessageModel
    from simkyc.usage.messages.reader import TextReader

    return TextReader(
        Keyring(secret),
        None if lexicon is None else Lexicon.load(lexicon),
        None if model is None else MessageModel.open(model),
    )


def _outage(text: str) -> tuple[datetime, datetime]:
    begins, _, ends = text.partition("/")
    try:
        both = moment_or_day(begins), moment_or_day(ends)
    except InputError:
        both = None, None
    if both[0] is None or both[1] is None:
        raise InputError(f"--outage takes two times with / between them, each {DAY_OR_TIME}")
    return both[0], both[1]


def _bulk_tacs(path: Path, at: datetime, encoding: Encoding) -> tuple[str, ...]:
    from simkyc.lists.devices import read_devices_csv

    found: list[str] = []
    try:
        with path.open("rb") as file:
            for row in read_devices_csv(file, encoding=encoding):
                if isinstance(row, BadRow):
                    raise InputError(f"--devices, line {row.line} ({row.cause}): {row.advice}")
                if (
                    row.list == "bulk_sim_device"
                    and row.since < at
                    and (row.until is None or row.until >= at)
                ):
                    found += row.prefixes
    except OSError:
        raise InputError("the file of --devices cannot be read: see its name and rights") from None
    return tuple(found)


# --- what is drawn ---


def _counted(made: Made) -> RenderableType:
    parts: list[RenderableType] = [Text(f"{made.numbers:,} 号码 numbers")]
    table = titled_table("记录 records", "种类\nkind", "读入\ntaken in", "未读入\nset aside")
    for kind, rows in made.taken.items():
        table.add_row(KIND_WORDS[kind], f"{rows:,}", f"{made.aside[kind]:,}")
    parts.append(table)
    if made.rejects:
        aside = titled_table("未读入 set aside", "种类\nkind", "位置\nwhere", "列\ncolumn", "原因\ncause", "")
        for one in made.rejects[:SHOWN_REJECTS]:
            aside.add_row(one.kind, one.where, one.column or "–", one.cause, one.advice)
        parts.append(aside)
    return Group(*parts)


def _trained(made: ModelFile) -> RenderableType:
    on = made.trained_on
    heading = Text(
        f"{made.model_id}\n{on.rows:,} 号码 numbers, {on.fraud:,} 涉诈 fraud, {len(made.features)} 特征 features, "
        f"{on.folds} 折交叉验证 folds"
    )
    figures = titled_table("交叉验证 cross-validation (95%)", "指标\nfigure", "值\nvalue")
    for key, figure in made.metrics.items():
        figures.add_row(FIGURES.get(key, key), _figure(figure))
    calibration = titled_table("校准 calibration", "方法\nmethod", "Brier", "校准误差\ncalibration error")
    for one in made.tried:
        style = "bold" if one.method == made.calibration else "dim"
        calibration.add_row(
            one.method, f"{one.brier:.4f}", f"{one.expected_calibration_error:.4f}", style=style
        )
    thresholds = titled_table(
        "阈值 thresholds (95%)",
        "误报率\nfalse positive rate",
        "概率\nprobability",
        "误报\nhonest numbers beyond",
        "检出\nfraud beyond",
        "",
    )
    for row in made.thresholds:
        said = Text() if row.enough else Text("正常号码不足 too few honest numbers for this rate", "yellow")
        probability = "–" if row.probability is None else f"{row.probability:.4f}"
        cells = (f"{row.false_positive_rate:g}", probability, _share(row.honest), _share(row.fraud))
        thresholds.add_row(*cells, said)
    return Group(heading, figures, calibration, thresholds)


def _evaluated(found: Evaluation) -> RenderableType:
    heading = Text(f"{found.model_id}\n{found.rows:,} 号码 numbers, {found.fraud:,} 涉诈 fraud")
    figures = titled_table("评估 evaluation (95%)", "指标\nfigure", "值\nvalue")
    figures.add_row(FIGURES["auc"], _figure(found.auc))
    figures.add_row(FIGURES["macro_f1"], _figure(found.macro_f1))
    for rate, caught in found.caught.items():
        figures.add_row(FIGURES[f"caught_at_{rate}"], _figure(caught))
    figures.add_row(FIGURES["brier"], f"{found.brier:.4f}")
    figures.add_row(FIGURES["expected_calibration_error"], f"{found.expected_calibration_error:.4f}")
    bins = titled_table(
        "概率与实际 probability and what came of it", "概率\nprobability", "涉诈占比\nshare of fraud"
    )
    for one in found.bins:
        bins.add_row(f"{one.probability:.4f}", _share(one.fraud))
    kept = titled_table(
        "模型阈值 the model's thresholds here",
        "误报率\nfalse positive rate",
        "误报\nhonest numbers beyond",
        "检出\nfraud beyond",
    )
    for row in found.kept:
        style = "" if row.enough else "dim"
        kept.add_row(f"{row.false_positive_rate:g}", _share(row.honest), _share(row.fraud), style=style)
    return Group(heading, figures, bins, kept)


def _scored(model_id: str, rows: int, bands: dict[str, int], drift: Drift) -> RenderableType:
    said = ", ".join(f"{count:,} {name}" for name, count in bands.items())
    parts: list[RenderableType] = [Text(f"{model_id}\n{rows:,} 号码 numbers: {said}")]
    drifted = drift.drifted()
    if drifted:
        parts.append(
            Text(
                f"注意 warning: {len(drifted)} 个特征与训练数据分布不同，请核对口径或重新训练 "
                "features are spread otherwise than in training: see whether they are counted alike, or train again",
                "bold yellow",
            )
        )
        table = titled_table(
            "漂移 drift", "特征\nfeature", "PSI", "缺失\nmissing", "训练时缺失\nmissing in training"
        )
        for one in drifted[:SHOWN_DRIFT]:
            cells = (f"{one.index:.2f}", f"{one.missing:.1%}", f"{one.missing_in_training:.1%}")
            table.add_row(Text(one.feature), *cells)
        parts.append(table)
    return Group(*parts)


def _figure(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} ({figure.low:.4f}–{figure.high:.4f})"


def _share(share: Share | None) -> str:
    if share is None or share.share is None or share.low is None or share.high is None:
        return "–"
    return f"{share.share:.2%}\n({share.low:.2%}–{share.high:.2%})\n{share.count:,} / {share.of:,}"
