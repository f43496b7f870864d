"""`simkyc usage messages`: a classifier of messages is trained and measured, and texts are read."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from simkyc.cli.moments import moment_or_day
from simkyc.cli.running import needed, stages_shown
from simkyc.cli.tables import titled_table
from simkyc.cli.whole_file import free_for, write_whole

if TYPE_CHECKING:
    from simkyc.reverification.shares import Share
    from simkyc.usage.messages.evaluation import MessageEvaluation
    from simkyc.usage.messages.model_file import MessageModelFile
    from simkyc.usage.model_file import Figure

__all__ = ["messages_app"]

STAGES = {"training": "训练 training"}
NO_EXTRA = "messages are read with NumPy, scikit-learn and opencc: pip install 'simkyc[usage]'"
CLASS_WORDS = {
    "fraud": "涉诈 fraud",
    "illegal": "违法 illegal",
    "advertising": "广告 advertising",
    "other": "普通 other",
}
FIGURES = {
    "macro_f1": "四类 macro-F1",
    **{f"f1_{name}": f"{words}: F1" for name, words in CLASS_WORDS.items()},
    **{
        f"taken_for_fraud_{name}": f"{words}: 误判为涉诈 taken for fraud"
        for name, words in CLASS_WORDS.items()
    },
    "caught": "涉诈检出 fraud caught",
    "log_loss": "对数损失 logarithmic loss",
    "brier_fraud": "Brier (涉诈 fraud)",
}

messages_app = typer.Typer(
    help="Train and measure a classifier of messages, and read texts, of which none is kept."
)

LabelledPath = Annotated[
    Path,
    typer.Argument(
        metavar="TABLE",
        help="Labelled texts in .csv, .csv.gz or .parquet: text, class, group; see docs/usage-messages.md.",
    ),
]
LexiconPath = Annotated[
    Path | None,
    typer.Option(
        "--lexicon", metavar="TOML", help="Your own lexicon in place of the one that simkyc brings along."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@messages_app.command("train")
def train_classifier(
    table: LabelledPath,
    out: Annotated[Path, typer.Option("--out", metavar="JSON", help="File to write the model into.")],
    name: Annotated[
        str, typer.Option("--name", metavar="WORDS", help="What the table is, in words that name nobody.")
    ] = "labelled messages of the operator",
    created: Annotated[
        str | None,
        typer.Option(
            "--created", metavar="TIME", help="When, to stand in the file; nothing where it is not given."
        ),
    ] = None,
    without_ordinary: Annotated[
        bool,
        typer.Option("--without-ordinary", help="Leave out the ordinary messages that simkyc brings along."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Of the folds.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Train a classifier, and say what cross-validation tells of it."""
    with needed(NO_EXTRA):
        from simkyc.usage.feature_table import sha256_of
        from simkyc.usage.messages.table import read_messages
        from simkyc.usage.messages.training import train_messages
    created_at = moment_or_day(created)
    free_for(out, force=force, inputs=(table,))
    read = read_messages(table)
    with stages_shown(STAGES) as shown:
        made = train_messages(
            read,
            name=name,
            sha256=sha256_of(table),
            created_at=created_at,
            ordinary=not without_ordinary,
            seed=seed,
            on_progress=partial(shown, "training"),
        )
    Console().print(_trained(made))
    write_whole(out, made.to_bytes())


@messages_app.command("evaluate")
def evaluate_classifier(
    table: LabelledPath,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="JSON", help="A classifier; without one the lexicon alone."),
    ] = None,
    lexicon: LexiconPath = None,
    as_json: AsJson = False,
) -> None:
    """Hold a classifier and a lexicon against labelled texts that they have not seen."""
    with needed(NO_EXTRA):
        from simkyc.usage.messages.evaluation import evaluate_messages
        from simkyc.usage.messages.lexicon import Lexicon
        from simkyc.usage.messages.model import MessageModel
        from simkyc.usage.messages.table import read_messages
    found = evaluate_messages(
        read_messages(table),
        model=None if model is None else MessageModel.open(model),
        lexicon=Lexicon.default() if lexicon is None else Lexicon.load(lexicon),
    )
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console().print(_evaluated(found))


@messages_app.command("read")
def read_file(
    texts: Annotated[
        Path,
        typer.Argument(
            metavar="TEXTS", help="One text a line in .txt, or a column text in .csv or .parquet."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="JSON", help="A classifier; without one the lexicon alone."),
    ] = None,
    lexicon: LexiconPath = None,
    as_json: AsJson = False,
) -> None:
    """Read texts, and say what of each would be kept; no text is printed."""
    with needed(NO_EXTRA):
        from simkyc.history.keys import Keyring
        from simkyc.usage.messages.lexicon import Lexicon
        from simkyc.usage.messages.model import MessageModel
        from simkyc.usage.messages.reader import TextReader
        from simkyc.usage.messages.table import read_texts
    # A secret for this once: which texts are of one template is told within the file, and nothing beyond.
    reader = TextReader(
        Keyring(secrets.token_bytes(32)),
        None if lexicon is None else Lexicon.load(lexicon),
        None if model is None else MessageModel.open(model),
    )
    read = reader.read(read_texts(texts))
    numbers: dict[str, int] = {}
    rows = [
        {
            "row": row + 1,
            "category": one.category,
            "lexicon": list(one.lexicon),
            "has_link": one.has_link,
            "has_contact": one.has_contact,
            "is_evasive": one.is_evasive,
            "template": None if one.template is None else numbers.setdefault(one.template, len(numbers) + 1),
        }
        for row, one in enumerate(read)
    ]
    if as_json:
        for each in rows:
            typer.echo(json.dumps(each, ensure_ascii=False))
        return
    table = titled_table(
        f"{reader.classifier or '–'} · {reader.lexicon_id}",
        "行\nrow",
        "类别\ncategory",
        "词库\nlexicon",
        "标记\nflags",
        "模板\ntemplate",
    )
    for each, one in zip(rows, read, strict=True):
        flags = {
            "链接 link": one.has_link,
            "联系方式 contact": one.has_contact,
            "变形 evasive": one.is_evasive,
        }
        table.add_row(
            str(each["row"]),
            "–" if one.category is None else CLASS_WORDS[one.category],
            "\n".join(one.lexicon),
            "\n".join(words for words, there in flags.items() if there),
            str(each["template"] or "–"),
        )
    counts = Counter("–" if one.category is None else CLASS_WORDS[one.category] for one in read)
    said = ", ".join(f"{count:,} {words}" for words, count in counts.most_common())
    Console().print(Group(table, Text(f"{len(read):,} 短信 messages: {said}")))


def _trained(made: MessageModelFile) -> RenderableType:
    on = made.trained_on
    said = ", ".join(f"{count:,} {CLASS_WORDS[name]}" for name, count in on.texts.items())
    heading = Text(
        f"{made.model_id}\n{said}; {on.groups:,} 组 groups, {on.folds} 折交叉验证 folds, "
        f"{on.ordinary} 内置普通短信 ordinary messages beside\n"
        f"涉诈阈值 fraud from {made.fraud_from:.3f}, 误报 ordinary beyond: {_share(made.ordinary_beyond)}"
    )
    return Group(heading, _figures("交叉验证 cross-validation (95%)", made.metrics))


def _evaluated(found: MessageEvaluation) -> RenderableType:
    said = ", ".join(f"{count:,} {CLASS_WORDS[name]}" for name, count in found.texts.items())
    parts: list[RenderableType] = [Text(f"{found.model_id or '–'} · {found.lexicon_id}\n{said}")]
    if found.classifier:
        parts.append(_figures("分类器 classifier (95%)", found.classifier))
        crossed = titled_table("判为 taken for", "", *CLASS_WORDS.values())
        for name, row in found.taken_for.items():
            crossed.add_row(CLASS_WORDS[name], *(f"{count:,}" for count in row.values()))
        parts.append(crossed)
    table = titled_table(
        "词库与变形 lexicon and disguise", "类别\nclass", "词库命中\nan entry hits", "变形\ndisguised"
    )
    for name in found.lexicon_found:
        table.add_row(CLASS_WORDS[name], _share(found.lexicon_found[name]), _share(found.evasive[name]))
    parts += [
        table,
        Text(
            f"词库命中中涉诈或违法 of what the lexicon hits, fraud or illegal: {_share(found.lexicon_right)}"
        ),
    ]
    return Group(*parts)


def _figures(title: str, figures: dict[str, Figure]) -> Table:
    table = titled_table(title, "指标\nfigure", "值\nvalue")
    for key, one in figures.items():
        interval = "" if one.low is None or one.high is None else f" ({one.low:.4f}–{one.high:.4f})"
        table.add_row(FIGURES.get(key, key), f"{one.value:.4f}{interval}")
    return table


def _share(share: Share) -> str:
    if share.share is None or share.low is None or share.high is None:
        return "–"
    return f"{share.share:.2%} ({share.low:.2%}–{share.high:.2%}), {share.count:,} / {share.of:,}"
