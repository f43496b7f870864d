"""A report as one HTML page, for a fraud manager: Chinese first, English beside it.

It asks no other machine for anything, reads on a telephone and on paper, and follows the reader into the dark. What
it says comes from `report.Report` alone, so that it can be drawn again from `report.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from importlib import resources
from typing import Final, NamedTuple

import jinja2

from simkyc.reasons import REASONS, words
from simkyc.reverification import report_charts as charts
from simkyc.reverification.drift import DriftedStore
from simkyc.reverification.report import Actor, ActorKind, Cell, Matrix, Report
from simkyc.reverification.shares import Share
from simkyc.verdict import DECISION_WORDS, SEVERITY, Decision

__all__ = ["render"]

CHINA: Final = timezone(timedelta(hours=8))
SHOWN: Final = 12
"""Lines of a table or a chart; all of them stand in `report.json`."""
LONG_RUN: Final = 5
"""Cards in a row that are worth the reader's first look."""
MANY_SET_ASIDE: Final = 0.05
"""A share of rows set aside that is the first thing to see to."""
KIND_WORDS: Final[dict[ActorKind, tuple[str, str]]] = {
    "store": ("门店", "Stores"),
    "dealer": ("代理商", "Dealers"),
    "clerk": ("营业员", "Clerks"),
}
LEVELS: Final = ("bad", "warn", "note")
SPAN_WORDS: Final = {
    "day": ("日", "day"),
    "week": ("周", "week"),
    "month": ("月", "month"),
    "year": ("年", "year"),
}


class Pointer(NamedTuple):
    """One thing to look at first: in Chinese, in English, how bad, and where on the page it stands."""

    zh: str
    en: str
    level: str
    anchor: str


def render(report: Report) -> str:
    """The page.

    Args:
        report: As `report.make_report` or `report.json` gives it.
    """
    reasons = [one for one in report.reasons if one.flagged or one.noted or one.not_assessed]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": _number,
        "percent": _percent,
        "share": _share,
        "chance": _chance,
        "figure": _figure,
        "minute": _minute,
        "reason": reason_words,
    }
    text = resources.files(__package__).joinpath("report.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        report=report,
        job=report.job,
        decisions=list(Decision),
        decision_words=DECISION_WORDS,
        kind_words=KIND_WORDS,
        span_words=SPAN_WORDS[report.span],
        pointers=sorted(_pointers(report), key=lambda one: LEVELS.index(one.level)),
        reasons=reasons,
        shown=SHOWN,
        cell=_cell,
        changed=_changed,
        most_flagged=max((one.flagged for one in report.reasons), default=0),
        timeline=charts.timeline(report.periods, report.span, "timeline", "未通过占比 share not accepted")
        if report.periods
        else None,
        sparklines=[
            charts.sparkline(one.by_period, f"reason-{place}") if len(one.by_period) > 1 else ""
            for place, one in enumerate(reasons[:SHOWN])
        ],
        distances=charts.distances(report.distances, "distances", "人脸距离分布 distances of faces")
        if report.distances
        else None,
        actors={one.kind: _actors(one.first, one.kind, one.everybody) for one in report.stand_out},
        photo_stores=_photo_stores(report),
        drift_everybody=_drift(report, report.drift.from_everybody, "everybody") if report.drift else None,
    )


def reason_words(code: str) -> tuple[str, str]:
    """The question that a reason answers, in Chinese and in English."""
    known = REASONS.get(code)
    if known is None:
        return words(code, "zh-CN", "internal"), words(code, "en", "internal")
    return known.label.zh, known.label.en


def _pointers(report: Report) -> Iterator[Pointer]:
    """What to look at first, the most pressing first."""
    job = report.job
    if not job.complete:
        yield Pointer(
            f"任务未完成：{_number(job.rows_read)} 行中核验了 {_number(job.rows_judged)} 行。以下仅为已核验部分。",
            f"The job was stopped: {_number(job.rows_judged)} of {_number(job.rows_read)} rows were judged. "
            "All below is of these.",
            "bad",
            "job",
        )
    elif job.rows_judged == 0:
        yield Pointer("没有核验任何一行。", "Not one row was judged.", "bad", "job")
    if job.unread_columns:
        like = f"（疑为 {'、'.join(job.unread_like)}）" if job.unread_like else ""
        meant = f" (meant for {', '.join(job.unread_like)}?)" if job.unread_like else ""
        yield Pointer(
            f"来源中有 {job.unread_columns} 列的列名无法识别，未读取{like}。",
            f"Columns of the source whose names are not known were not read: {job.unread_columns}{meant}.",
            "bad" if job.unread_like else "note",
            "job",
        )
    yield from _changed_since(report)
    if report.silent_alerts:
        yield Pointer(
            f"{_number(report.silent_alerts)} 笔应通知安全部门。",
            f"Tell security staff of {_openings(report.silent_alerts)}.",
            "bad",
            "reasons",
        )
    for kind in report.stand_out:
        if kind.found:
            zh, en = KIND_WORDS[kind.kind]
            ids = [one.actor_id for one in kind.first]
            yield Pointer(
                f"{_number(kind.found)} {'名' if kind.kind == 'clerk' else '家'}{zh}未通过占比明显偏高："
                f"{_names(ids, kind.found, '、')}。",
                f"{en} with clearly more openings not accepted ({_number(kind.found)}): "
                f"{_names(ids, kind.found, ', ')}.",
                "bad",
                f"stand-out-{kind.kind}",
            )
    yield from _cards_and_cameras(report)
    if report.only_unassessed:
        yield Pointer(
            f"{_number(report.only_unassessed)} 笔未通过，只因有项目无法核验。",
            f"Not accepted only because something could not be checked: {_openings(report.only_unassessed)}.",
            "note",
            "not-assessed",
        )
    if job.rows_set_aside:
        yield Pointer(
            f"{_number(job.rows_set_aside)} 行数据无法读取，已单独存放。",
            f"Rows that could not be read and were set aside: {_number(job.rows_set_aside)}.",
            "bad" if job.rows_set_aside > MANY_SET_ASIDE * job.rows_read else "note",
            "set-aside",
        )


def _cards_and_cameras(report: Report) -> Iterator[Pointer]:
    if report.runs and report.runs[0].applications >= LONG_RUN:
        run = report.runs[0]
        yield Pointer(
            f"最长的连号：{run.store_id} 在 {run.minutes:g} 分钟内依次开出 {run.cards} 张连号卡。",
            f"The longest run of cards: {run.cards} in a row at {run.store_id} within {run.minutes:g} minutes.",
            "warn",
            "runs",
        )
    if report.drift and report.drift.from_everybody:
        ids = [one.store_id for one in report.drift.from_everybody]
        yield Pointer(
            f"{len(ids)} 家门店的人脸距离与其他门店不同：{_names(ids, len(ids), '、')}。"
            "请检查摄像头、光线和证件读卡器。",
            f"Stores whose distances of faces moved ({len(ids)}): {_names(ids, len(ids), ', ')}. "
            "Look at camera, light and card reader.",
            "warn",
            "drift",
        )
    if report.drift and report.drift.from_calibration:
        ids, number = [one.store_id for one in report.drift.from_calibration], report.drift.stores
        most = 2 * len(ids) > number
        yield Pointer(
            f"{number} 家门店中 {len(ids)} 家的人脸距离偏离标定"
            + (
                "：标定不适合这里，请用自己的数据重新标定。" if most else f"：{_names(ids, len(ids), '、')}。"
            ),
            f"Off the calibration are {len(ids)} of {number} stores"
            + (
                ": it does not fit here, calibrate with your own pairs."
                if most
                else f": {_names(ids, len(ids), ', ')}."
            ),
            "warn",
            "drift",
        )
    if report.photos and report.photos.differing:
        ids, number = [one.store_id for one in report.photos.stores if one.differs], report.photos.differing
        yield Pointer(
            f"{_number(number)} 家门店照片质量明显较差：{_names(ids, number, '、')}。",
            f"Stores with clearly worse photos ({_number(number)}): {_names(ids, number, ', ')}.",
            "warn",
            "photos",
        )


def _changed_since(report: Report) -> Iterator[Pointer]:
    if report.since_then:
        for after, zh, en in (
            (Decision.REFUSE, "当时通过，现应拒绝", "accepted then would be refused now"),
            (Decision.REVIEW, "当时通过，现应复核", "accepted then would be reviewed now"),
        ):
            count = sum(
                cell.count
                for cell in report.since_then.cells
                if cell.before is Decision.ACCEPT and cell.after is after
            )
            if count:
                yield Pointer(
                    f"{_number(count)} 笔{zh}：请先核查这些号码。",
                    f"{_openings(count)} {en}: look at these numbers first.",
                    "bad" if after is Decision.REFUSE else "warn",
                    "since-then",
                )
    if report.compared and (report.compared.worse.count or report.compared.better.count):
        worse, better = _number(report.compared.worse.count), _number(report.compared.better.count)
        yield Pointer(
            f"换用对照策略：{worse} 笔变严，{better} 笔变宽。",
            f"Under the other policy: {worse} stricter, {better} milder.",
            "note",
            "compared",
        )


def _names(names: list[str], number: int, comma: str) -> str:
    """The first three, and how many more."""
    return comma.join(names[:3]) + (f" (+{number - 3})" if number > 3 else "")


def _openings(number: int) -> str:
    return f"{_number(number)} opening" + ("" if number == 1 else "s")


def _cell(matrix: Matrix, before: Decision, after: Decision) -> tuple[int, str]:
    """How many, and whether that is the same, worse or better."""
    count = next((cell.count for cell in matrix.cells if (cell.before, cell.after) == (before, after)), 0)
    return count, "same" if before is after else "worse" if after > before else "better"


def _changed(matrix: Matrix) -> list[Cell]:
    """Cells off the diagonal, those that came out worst first."""
    cells = [cell for cell in matrix.cells if cell.before is not cell.after]
    return sorted(cells, key=lambda cell: (SEVERITY[cell.before] - SEVERITY[cell.after], -cell.count))


def _actors(first: tuple[Actor, ...], kind: ActorKind, everybody: Share) -> str | None:
    lines = [
        charts.Interval(one.actor_id, one.not_accepted.low, one.not_accepted.share, one.not_accepted.high)
        for one in first[:SHOWN]
        if one.not_accepted.low is not None
        and one.not_accepted.share is not None
        and one.not_accepted.high is not None
    ]
    if not lines or everybody.share is None:
        return None
    zh, en = KIND_WORDS[kind]
    said = f"{zh}未通过占比 {en}, share not accepted"
    return charts.intervals(lines, f"actors-{kind}", said, everybody=everybody.share, percent=True)


def _photo_stores(report: Report) -> str | None:
    if report.photos is None or report.photos.flagged.share is None:
        return None
    lines = [
        charts.Interval(one.store_id, one.flagged.low, one.flagged.share, one.flagged.high)
        for one in report.photos.stores[:SHOWN]
        if one.differs
        and one.flagged.low is not None
        and one.flagged.share is not None
        and one.flagged.high is not None
    ]
    said = "照片不合格占比 share of poor photos"
    everybody = report.photos.flagged.share
    return charts.intervals(lines, "photos", said, everybody=everybody, percent=True) if lines else None


def _drift(report: Report, moved: tuple[DriftedStore, ...], name: str) -> str | None:
    if report.drift is None or not moved:
        return None
    return charts.intervals(
        [charts.Interval(one.store_id, one.low, one.median, one.high) for one in moved[:SHOWN]],
        f"drift-{name}",
        "人脸距离偏移 distances that moved",
        everybody=report.drift.median,
        band=(report.drift.low, report.drift.high),
    )


def _number(value: int) -> str:
    """As people write it.

    >>> _number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def _percent(share: float | None) -> str:
    """A share to about three digits; a dash where there is none.

    >>> _percent(0.156), _percent(0.00042), _percent(0.0), _percent(None)
    ('15.6%', '0.042%', '0%', '–')
    """
    if share is None:
        return "–"
    return f"{100 * share:.2g}%" if 0 < share < 0.001 else f"{100 * share:.3g}%"


def _share(share: Share) -> str:
    """A share's interval.

    >>> from simkyc.reverification.shares import share_of
    >>> _share(share_of(5, 100)), _share(share_of(0, 0))
    ('2.15%–11.2%', '–')
    """
    return "–" if share.low is None else f"{_percent(share.low)}–{_percent(share.high)}"


def _chance(p_value: float | None) -> str:
    """How likely by chance.

    >>> _chance(1e-9), _chance(0.0312), _chance(None)
    ('< 0.001', '0.031', '–')
    """
    if p_value is None:
        return "–"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.2g}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"


def _minute(moment: datetime | None) -> str:
    """A moment in China."""
    return "–" if moment is None else moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
