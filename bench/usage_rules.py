"""How much fraud the transparent rules find among real users, and how many honest ones each of them takes for it.

The same data as in `bench.usage_model`; without it, drawn numbers show that the table can be made, and it says so.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet as pq

from bench.run import Run, Size
from bench.table import Result, Table, at_least, at_most
from bench.usage_model import usage_folder
from simkyc import Policy
from simkyc.judge import judge_usage
from simkyc.reverification.shares import Share, share_of
from simkyc.usage.feature_table import read_table
from simkyc.usage.number import CallUse, DeviceUse, NumberUsage, PlaceUse
from simkyc.verdict import State

__all__ = ["usage_rules"]

COLUMNS: Final = (
    *("opposite_count", "opposite_unique", "voccalltype1", "voc_calltype1", "phone2opposite_mean"),
    *("phone2opposite_max", "voc_hour_nunique", "voc_day_nunique", "county_name_nunique", "imeis"),
)
UNTIL: Final = datetime(2020, 4, 1, tzinfo=UTC)
SINCE: Final = UNTIL - timedelta(days=243)
"""The contest's eight months."""

MEASURED: Final = (
    *("calls.fan_out", "calls.one_way", "calls.one_way_throughout", "places.fixed_while_calling"),
    "usage_devices.many_devices",
)
"""Reasons that the contest's columns can answer."""
BANDS: Final[Mapping[str, frozenset[str]]] = {
    "reminded or more": frozenset({"remind", "restrict", "suspend"}),
    "restricted or more": frozenset({"restrict", "suspend"}),
    "suspended": frozenset({"suspend"}),
}


@dataclass(frozen=True, slots=True)
class _Counted:
    fraud: Counter[str]
    honest: Counter[str]
    frauds: int
    honests: int

    def shares(self, name: str) -> tuple[Share, Share]:
        return share_of(self.fraud[name], self.frauds), share_of(self.honest[name], self.honests)


def usage_rules(run: Run) -> Table:
    """Each rule, and what the policy that ships makes of all of them."""
    folder = None if run.size is Size.TINY else usage_folder()
    with tempfile.TemporaryDirectory() as drawn:
        if folder is None:
            paths = (
                _drawn(Path(drawn) / "train.parquet", 300, 1),
                _drawn(Path(drawn) / "valid.parquet", 200, 2),
            )
        else:
            paths = (folder / "sichuan_train.csv.gz", folder / "sichuan_valid.csv.gz")
        train, valid = (_counted(path) for path in run.track(paths, "rules"))
    rows = tuple(
        (name, *(_percent(share) for part in (train, valid) for share in part.shares(name)))
        for name in (*MEASURED, *BANDS)
    )
    caught, reminded = valid.shares("reminded or more")
    _, suspended = valid.shares("suspended")
    source = (
        "The Sichuan telecom fraud contest of 2020 at feature level, eight months a number"
        if folder
        else "Drawn numbers, not real ones: the contest's data is not there"
    )
    return Table(
        title="Rules of use: what each finds, and whom it takes for fraud",
        compared=(
            f"{source}: limits were put where they are on {train.frauds + train.honests:,} numbers "
            f"({train.frauds:,} fraud) and are reported on {valid.frauds + valid.honests:,} others "
            f"({valid.frauds:,} fraud), by the checks and the policy that ship. 95% intervals by Wilson."
        ),
        columns=("what", "fraud, first part", "honest, first part", "fraud, others", "honest, others"),
        rows=rows,
        results=(
            at_least("fraud reminded or more", caught.share or 0, 0.5, written=_percent(caught)),
            at_most("honest numbers reminded or more", reminded.share or 0, 0.02, written=_percent(reminded)),
            Result("honest numbers suspended", _percent(suspended)),
            Result("rules that the data can answer", f"{len(MEASURED)} of {_all_signs()}"),
        ),
        note=(
            "The contest says calls, numbers called, the share of outgoing calls, counties, days of the month and "
            "devices, and not who called back, who answered, when within the day, what was written, or when a number "
            "was opened: those rules stay unanswered here and add nothing, so that no band above the reminder can be "
            "reached at all. Two things are rougher than in records: days are days of the month, 31 at most over eight "
            "months, so that numbers in long use look busier a day, and one county stands for one cell. That nobody "
            "honest is restricted or suspended here is therefore no proof of 1 in 1,000."
        ),
    )


def _all_signs() -> int:
    return len(Policy.default().usage_pattern.weights)


def _counted(path: Path) -> _Counted:
    table = read_table(path, names=COLUMNS)
    policy = Policy.default()
    counters: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for values, label in zip(table.values, table.label, strict=True):
        row = dict(zip(table.names, values.tolist(), strict=True))
        counters[int(label)].update(_found(_usage(row), policy))
    frauds = int(table.label.sum())
    return _Counted(counters[1], counters[0], frauds, table.label.size - frauds)


def _found(usage: NumberUsage, policy: Policy) -> Iterator[str]:
    verdict = judge_usage(usage, policy)
    flagged = {one.reason for one in verdict.findings if one.state is State.FLAGGED}
    yield from flagged
    measures = {policy.reasons[reason].measure for reason in flagged}
    measures = {"restrict" if one == "restrict_outgoing" else one for one in measures}
    yield from (name for name, band in BANDS.items() if measures & band)


def _usage(row: Mapping[str, float]) -> NumberUsage:
    def whole(name: str) -> int:
        return 0 if math.isnan(row[name]) else round(row[name])

    calls, counties = whole("opposite_count"), whole("county_name_nunique")
    return NumberUsage(
        number="-",
        since=SINCE,
        until=UNTIL,
        calls=CallUse(
            calls=calls,
            outgoing=whole("voccalltype1"),
            counterparts=whole("opposite_unique"),
            callers=0,
            per_counterpart=None if math.isnan(row["phone2opposite_mean"]) else row["phone2opposite_mean"],
            most_with_one=whole("phone2opposite_max"),
            outgoing_share=None if math.isnan(row["voc_calltype1"]) else row["voc_calltype1"],
            answered_share=None,
            short_share=None,
            returned_share=None,
            talk_s=None,
            talk_s_per_counterpart=None,
            busiest_hour=0,
            busiest_ten_minutes=0,
            night_share=None,
            hours=whole("voc_hour_nunique"),
            days=whole("voc_day_nunique"),
            first_at=None,
            last_at=None,
            silent_days=None,
            busiest_day=0,
            other_days=None,
        ),
        places=PlaceUse(
            events=calls,
            cells=counties,
            days=whole("voc_day_nunique"),
            commonest_share=None if not counties else 1.0 if counties == 1 else 0.5,
            fastest_km_h=None,
        ),
        devices=DeviceUse(devices=whole("imeis"), changes=0, numbers_in_device=None, bulk_tac=None),
    )


def _percent(share: Share) -> str:
    return f"{share.share or 0:.2%} ({share.low or 0:.2%} to {share.high or 0:.2%})"


def _drawn(file: Path, rows: int, seed: int) -> Path:
    """Numbers of nobody: fraud calls many strangers once, from one place."""
    random = np.random.default_rng(seed)
    fraud = np.arange(rows) % 3 == 0
    counterparts = np.where(fraud, random.poisson(400, rows), random.poisson(60, rows)).astype(float)
    each = np.where(fraud, 1 + random.exponential(0.4, rows), 2 + random.exponential(4, rows))
    outgoing = np.where(fraud, random.uniform(0.7, 1, rows), random.uniform(0.3, 0.8, rows))
    columns: Mapping[str, NDArray[Any]] = {
        "opposite_count": np.round(counterparts * each),
        "opposite_unique": counterparts,
        "voccalltype1": np.round(counterparts * each * outgoing),
        "voc_calltype1": outgoing,
        "phone2opposite_mean": each,
        "phone2opposite_max": np.round(each * 9),
        "voc_hour_nunique": random.integers(9, 24, rows).astype(float),
        "voc_day_nunique": np.where(fraud, 6, 30).astype(float),
        "county_name_nunique": np.where(fraud, 1, random.integers(1, 6, rows)).astype(float),
        "imeis": random.integers(1, 5, rows).astype(float),
        "label": fraud.astype(int),
    }
    pq.write_table(pa.table(dict(columns)), file)
    return file
