"""`simkyc calibrate`: an operator's labelled pairs in, its own calibration and what they say out."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from simkyc.cli.lists import reported
from simkyc.cli.running import needed, stages_shown
from simkyc.cli.tables import titled_table
from simkyc.cli.whole_file import free_for, write_whole
from simkyc.errors import EngineMismatchError, InputError
from simkyc.lists.rows import BadRow, Encoding
from simkyc.policy import Policy

if TYPE_CHECKING:
    from simkyc.faces.calibration import CalibrationPoint, Domain
    from simkyc.reverification.calibrated import AskedRate, GroupAtRate, Measured, Share
    from simkyc.reverification.pairs import LabelledPairs

__all__ = ["calibrate"]

LINES_SHOWN = 5
STAGES = {"reading": "读取 reading", "comparing": "比对照片 photos", "measuring": "计算 measuring"}
NO_SCIPY = "pairs are measured with scipy: pip install 'simkyc[reverify]'"

OnProgress = Callable[[str, int, int], None]


class SetAside:
    """Rows that were left out: how many for each column and cause, and the first lines of each."""

    def __init__(self, then: Callable[[BadRow], None] | None, *, strict: bool) -> None:
        self._then, self._strict = then, strict
        self.counts: dict[tuple[str, str], int] = defaultdict(int)
        self.lines: dict[tuple[str, str], list[int]] = defaultdict(list)

    def __call__(self, row: BadRow) -> None:
        if self._then is not None:
            self._then(row)
        if self._strict:
            where = f"line {row.line}" + (f", {row.column}" if row.column else "")
            raise InputError(f"{where}: {row.cause}: {row.advice}; without --strict it is set aside")
        cause = (row.column or "", row.cause)
        self.counts[cause] += 1
        if len(self.lines[cause]) < LINES_SHOWN:
            self.lines[cause].append(row.line)


def calibrate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS",
            help="CSV, JSON Lines or Parquet with same_person, person_a, person_b, maybe group, and distance with "
            "engine_id, or photo_a (the ID's portrait) and photo_b, paths seen from its folder.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="JSON", help="File to write the calibration into.")
    ] = None,
    domain: Annotated[
        Literal["chip-live", "live-live"],
        typer.Option("--domain", help="Kind of pair: an ID's portrait and a live photo, or two live photos."),
    ] = "chip-live",
    rate: Annotated[
        list[float] | None,
        typer.Option(
            "--rate",
            help="A false match rate to use, e.g. 1e-4; may repeat. Without it, those of the policy.",
        ),
    ] = None,
    data: Annotated[
        str, typer.Option("--data", metavar="WORDS", help="What the pairs are, in words that name nobody.")
    ] = "labelled pairs of the operator",
    file_format: Annotated[
        Literal["csv", "jsonl", "parquet"] | None,
        typer.Option("--format", help="csv, jsonl or parquet; without it the name of the file says so."),
    ] = None,
    encoding: Annotated[
        Encoding, typer.Option("--encoding", help="Encoding of CSV: utf-8, or gb18030 for GBK too.")
    ] = "utf-8",
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="JSONL",
            help="File for rows set aside: line, column and cause, never a value.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that look at photos; one a core.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Stop at a row or photo that cannot be used, or too few pairs for a rate."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Make the operator's own calibration of a face engine from labelled pairs, and say what it tells."""
    with needed(NO_SCIPY):
        from simkyc.reverification.calibrated import measure
    if out is not None:
        free_for(out, force=force, inputs=(file,))
    rates = rate or _policy_rates(domain)
    with reported(report, file) as then, stages_shown(STAGES) as on_progress:
        aside = SetAside(then, strict=strict)
        try:
            pairs = _pairs(
                file, domain, file_format, encoding, aside, workers or os.cpu_count() or 1, on_progress
            )
        except EngineMismatchError as error:
            # Here it is what stands in the file, not an engine that cannot work.
            raise InputError(str(error)) from None
        on_progress("measuring", 0, 0)
        measured = measure(pairs, domain=domain, data=data, rates=rates)
    unmet = [one for one in measured.asked if one.point is None]
    if strict and unmet:
        raise InputError(f"too few pairs for the rate asked: {_needed(unmet[0], measured)}")
    Console().print(_page(measured, aside))
    if out is not None:
        write_whole(out, measured.calibration.to_json().encode())


def _policy_rates(domain: Domain) -> list[float]:
    """What the policy that ships needs of a calibration."""
    policy = Policy.default()
    if domain == "chip-live":
        return [policy.face.accept_false_match_rate.value, policy.face.review_false_match_rate.value]
    return [policy.identity.other_face_false_match_rate.value]


def _pairs(
    file: Path,
    domain: Domain,
    file_format: Literal["csv", "jsonl", "parquet"] | None,
    encoding: Encoding,
    aside: SetAside,
    workers: int,
    on_progress: OnProgress,
) -> LabelledPairs:
    from simkyc.faces import DlibFaceEngine
    from simkyc.reverification.pairs import read_pairs

    pairs = read_pairs(
        file,
        domain=domain,
        photo_engine_id=DlibFaceEngine().engine_id,
        file_format=file_format,
        encoding=encoding,
        on_bad=aside,
        on_progress=lambda rows: on_progress("reading", rows, 0),
    )
    if not pairs.photos:
        return pairs
    from simkyc.reverification.photo_pairs import compare_photos

    return compare_photos(
        pairs,
        workers=workers,
        on_bad=aside,
        on_progress=lambda done, total: on_progress("comparing", done, total),
    )


# --- what is drawn ---


def _page(measured: Measured, aside: SetAside) -> RenderableType:
    parts: list[RenderableType] = [_heading(measured), _rates_table(measured)]
    parts += [
        Text(f"样本不足 too few pairs: {_needed(one, measured)}", "yellow")
        for one in measured.asked
        if one.point is None
    ]
    for asked in measured.asked:
        rows = [one for one in measured.groups if one.rate == asked.rate]
        if rows:
            parts.append(_groups_table(rows))
    parts += [_warning(one) for one in measured.groups if one.is_higher]
    if aside.counts:
        parts.append(_aside_table(aside))
    return Group(*parts)


def _heading(measured: Measured) -> Text:
    made = measured.calibration
    return Text(
        f"{made.calibration_id}\n{made.engine_id}\n{made.people:,} 人 people, "
        f"{made.genuine_pairs:,} 同人对 genuine pairs, {made.impostor_pairs:,} 异人对 impostor pairs"
    )


def _needed(asked: AskedRate, measured: Measured) -> str:
    return (
        f"误识率 false match rate {asked.rate:g}: {asked.impostor_pairs_needed:,} 异人对 impostor pairs needed "
        f"({asked.people_needed:,} 人两两比对 people, everybody with everybody else), "
        f"{measured.calibration.impostor_pairs:,} 已有 there"
    )


def _rates_table(measured: Measured) -> Table:
    table = titled_table(
        "距离与错误率 distances and rates (95%)",
        "误识率\nfalse match\nrate",
        "距离\ndistance",
        "拒识率\nfalse non-match\nrate",
    )
    asked = {one.rate for one in measured.asked}
    for point in measured.calibration.points:
        cells = (f"{point.false_match_rate:g}", _distance(point), _non_match(point))
        table.add_row(*cells, style="bold" if point.false_match_rate in asked else "dim")
    return table


def _groups_table(rows: list[GroupAtRate]) -> Table:
    first = rows[0]
    table = titled_table(
        f"各组 groups: 误识率 false match rate {first.rate:g}, 距离 distance {first.distance:.4f}",
        "组\ngroup",
        "误识率\nfalse match\nrate",
        "拒识率\nfalse non-match\nrate",
        "本组距离\nown distance",
    )
    for row in rows:
        own = Text("样本不足 too few", "yellow") if row.own is None else Text(_distance(row.own))
        group = Text(row.group, "bold red" if row.is_higher else "")
        table.add_row(group, _share(row.false_match), _share(row.false_non_match), own)
    return table


def _warning(row: GroupAtRate) -> Text:
    share = row.false_match.value if row.false_match else 0.0
    times = "" if row.times_others is None else f", {row.times_others:.1f} 倍于其余 times that of the others"
    return Text(
        f"注意 warning: {row.group}: 误识率显著偏高 the false match rate is significantly higher: {share:.2g} "
        f"at {row.distance:.4f}{times}. 请对全体采用更小的误识率 Ask for a lower rate for everybody.",
        "bold red",
    )


def _aside_table(aside: SetAside) -> Table:
    table = titled_table(
        "未采用的行 rows set aside", "列\ncolumn", "原因\ncause", "行数\nrows", "行号\nlines"
    )
    for (column, cause), count in sorted(aside.counts.items()):
        lines = aside.lines[column, cause]
        more = " …" if count > len(lines) else ""
        table.add_row(Text(column), Text(cause), f"{count:,}", ", ".join(map(str, lines)) + more)
    return table


def _distance(point: CalibrationPoint) -> str:
    return f"{point.distance:.4f} ({point.distance_low:.4f}–{point.distance_high:.4f})"


def _non_match(point: CalibrationPoint) -> str:
    low, high = point.false_non_match_rate_low, point.false_non_match_rate_high
    return f"{point.false_non_match_rate:.2%} ({low:.2%}–{high:.2%})"


def _share(share: Share | None) -> str:
    if share is None:
        return "–"
    low, high = f"{share.low:.2g}", f"{share.high:.2g}"
    return f"{share.value:.2g} ({low}–{high})\n{share.events:,} / {share.pairs:,}"
