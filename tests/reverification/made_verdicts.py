"""Makes verdicts of a quarter of a year, with stores that a report should name and many that it should not.

- `store-07`: three openings in ten are refused or reviewed, where the others have one in twenty.
- `clerk-0901`: one clerk of store-09, in the same way.
- `store-11`: distances are 0.06 further apart than everywhere else.
- `store-13`: half of the photos are too dark.
- `store-05`: on one evening twelve cards in a row, to twelve applications, within half an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simkyc.reverification.report import JobFacts, OperatingPoint
from simkyc.reverification.verdict_rows import SCHEMA

__all__ = ["DARK", "FAR", "FIRST", "HOT", "HOT_CLERK", "JOB", "STACK", "made", "row", "write"]

HOT, HOT_CLERK, FAR, DARK, STACK = "store-07", "clerk-0901", "store-11", "store-13", "store-05"
FIRST = datetime(2026, 7, 1, 1, tzinfo=UTC)
ACCEPT, REVIEW = 0.615, 0.713
FLAGS = (
    ("openings.repeat", "review"),
    ("device_sim.device_many_people", "review"),
    ("openings.number_cap", "refuse"),
    ("batch.clerk_burst", "review"),
    ("document.expired", "refuse"),
)
JOB = JobFacts(
    policy_name="simkyc default",
    policy_id="policy:0123456789ab",
    other_policy_name="candidate 2026-10",
    other_policy_id="policy:ba9876543210",
    engine="duckdb",
    simkyc_version="0.1.0",
    face_engine_id="test/1",
    source_kind="parquet",
    source_files=3,
    rows_read=6004,
    rows_judged=6000,
    rows_set_aside=4,
    complete=True,
    started_at=datetime(2026, 10, 1, 2, tzinfo=UTC),
    ended_at=datetime(2026, 10, 1, 2, 14, 5, tzinfo=UTC),
    accept=OperatingPoint(false_match_rate=1e-4, distance=ACCEPT),
    review=OperatingPoint(false_match_rate=3e-3, distance=REVIEW),
)


def finding(reason: str, decision: str, state: str = "flagged", **fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("observed", "limit", "unit", "cause"))
    return {**empty, "reason": reason, "state": state, "subject": "applicant", "decision": decision, **fields}


def measure(reason: str, observed: float, limit: float | None) -> dict[str, Any]:
    return {"reason": reason, "subject": "applicant", "observed": observed, "limit": limit}


def row(source_no: int, **fields: Any) -> dict[str, Any]:
    """An accepted opening with nothing against it; every other column empty but those given."""
    plain = {
        "source_no": source_no,
        "application_id": f"app-{source_no:06d}",
        "kind": "opening",
        "service": "personal",
        "store_id": "store-01",
        "clerk_id": "clerk-0101",
        "decided_at": FIRST,
        "decision": "accept",
        "reasons": [],
        "silent_alert": False,
        "findings": [],
        "measures": [],
        "policy_id": JOB.policy_id,
    }
    return {**dict.fromkeys(SCHEMA.names), **plain, **fields}


def write(rows: list[dict[str, Any]], folder: Path) -> Path:
    path = folder / "verdicts.parquet"
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path)
    return path


def made(openings: int = 6000, seed: int = 1) -> list[dict[str, Any]]:
    """So many openings of 24 stores, with the cards in a row at the end."""
    random = np.random.default_rng(seed)
    rows = [_opening(number, random) for number in range(1, openings + 1)]
    evening = FIRST + timedelta(days=40, hours=10)
    for place in range(12):
        rows.append(
            row(
                openings + 1 + place,
                store_id=STACK,
                dealer_id="dealer-2",
                clerk_id="clerk-0501",
                iccid=f"898600000000{7_000_000 + place:07d}{place % 10}",
                decided_at=evening + timedelta(minutes=2 * place),
                decision_then="accept",
                other_decision="accept" if place < 4 else "review",
                other_reasons=[] if place < 4 else ["batch.consecutive_cards"],
            )
        )
    return rows


def _opening(number: int, random: np.random.Generator) -> dict[str, Any]:
    shop = int(random.integers(1, 25))
    store = f"store-{shop:02d}"
    clerk = f"clerk-{shop:02d}{int(random.integers(1, 4)):02d}"
    at = FIRST + timedelta(days=int(random.integers(0, 91)), seconds=int(random.integers(0, 36_000)))
    distance = float(np.round(random.normal(0.50 + (0.06 if store == FAR else 0.0), 0.06), 4))
    distance = float(np.round(random.normal(0.95, 0.05), 4)) if random.random() < 0.01 else distance
    dark = bool(random.random() < (0.5 if store == DARK else 0.03))
    findings, decisions = (
        [finding("openings.other_operators", "accept", "not_assessed", cause="not_asked")],
        ["accept"],
    )
    luminance = float(random.uniform(20, 44) if dark else random.uniform(90, 170))
    measures = [
        measure("photo.live_dark", round(luminance, 3), 45.0),
        measure("photo.live_blurred", round(float(random.lognormal(4, 0.4)), 3), 12.0),
        measure("photo.live_small", round(float(random.uniform(70, 180)), 3), 60.0),
        measure("face.uncertain", distance, ACCEPT),
        measure("face.different_person", distance, REVIEW),
    ]
    if dark:
        findings.append(finding("photo.live_dark", "retry", observed=luminance, limit=45.0))
        findings += [
            finding(f"face.{what}", "retry", "not_assessed", cause="live_photo")
            for what in ("uncertain", "different_person")
        ]
        measures = [one for one in measures if not one["reason"].startswith("face.")]
    elif distance > REVIEW:
        findings.append(finding("face.different_person", "refuse", observed=distance, limit=REVIEW))
    elif distance > ACCEPT:
        findings.append(finding("face.uncertain", "review", observed=distance, limit=ACCEPT))
    if random.random() < (0.3 if store == HOT or clerk == HOT_CLERK else 0.04):
        reason, decision = FLAGS[int(random.integers(0, len(FLAGS)))]
        findings.append(finding(reason, decision))
    if random.random() < 0.02:
        findings.append(finding("authority.differs", "review", "not_assessed", cause="unavailable"))
    order = ["accept", "retry", "review", "refuse"]
    weighing = [one for one in findings if one["decision"] != "accept"]
    decisions += [one["decision"] for one in weighing]
    decision = max(decisions, key=order.index)
    reasons = sorted(
        {one["reason"] for one in weighing},
        key=lambda reason: -max(order.index(one["decision"]) for one in weighing if one["reason"] == reason),
    )
    stricter = decision == "accept" and random.random() < 0.03
    milder = decision == "review" and random.random() < 0.3
    return row(
        number,
        store_id=store,
        dealer_id=f"dealer-{shop % 6 + 1}",
        clerk_id=clerk,
        iccid=f"898600000000{int(random.integers(0, 6_000_000)):07d}{number % 10}",
        decided_at=at,
        decision_then=None if random.random() < 0.1 else ("accept" if random.random() < 0.93 else decision),
        decision=decision,
        reasons=reasons,
        silent_alert="batch.clerk_burst" in reasons,
        findings=findings,
        measures=measures,
        engine_id="test/1",
        other_decision="review" if stricter else "accept" if milder else decision,
        other_reasons=["openings.repeat_far_from_home"] if stricter else [] if milder else reasons,
    )
