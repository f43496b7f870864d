"""The rows of `verdicts.parquet`: one a judged application, the same from every engine.

`COLUMNS` is the one list of them: the file is written by it, a page of the documentation is made from it, and the
report reads by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa

from simkyc.application import Application
from simkyc.verdict import Finding, State, Verdict

__all__ = [
    "APPLIED",
    "COLUMNS",
    "FINDING",
    "SCHEMA",
    "VerdictColumn",
    "applied",
    "finding_row",
    "verdict_row",
]

FINDING: Final = pa.struct(
    [
        ("reason", pa.string()),
        ("state", pa.string()),
        ("subject", pa.string()),
        ("observed", pa.float64()),
        ("limit", pa.float64()),
        ("unit", pa.string()),
        ("cause", pa.string()),
        ("decision", pa.string()),
    ]
)
MEASURE: Final = pa.struct(
    [
        ("reason", pa.string()),
        ("subject", pa.string()),
        ("observed", pa.float64()),
        ("limit", pa.float64()),
    ]
)
MEASURED_CHECKS: Final = frozenset({"photo", "face"})
"""Checks whose figures are kept where nothing was found, too: they tell how good photos and matches are."""


class VerdictColumn(NamedTuple):
    """One column: its name, its type in Arrow, and what stands in it."""

    name: str
    type: pa.DataType
    says: str


COLUMNS: Final = (
    VerdictColumn("source_no", pa.int64(), "The row's place in the source, from 1 over all files in order."),
    VerdictColumn("application_id", pa.string(), "The application."),
    VerdictColumn("kind", pa.string(), "What was asked for, as `Application.kind`."),
    VerdictColumn("service", pa.string(), "`personal` or `iot`."),
    VerdictColumn("store_id", pa.string(), "Where."),
    VerdictColumn("dealer_id", pa.string(), "Whose store; empty where none is named."),
    VerdictColumn("clerk_id", pa.string(), "By whom."),
    VerdictColumn("terminal_id", pa.string(), "On which terminal; empty where none is named."),
    VerdictColumn(
        "iccid", pa.string(), "The card's ICCID as compacted; empty where it is absent or malformed."
    ),
    VerdictColumn("decided_at", pa.timestamp("us", tz="UTC"), "The moment that it was judged as of."),
    VerdictColumn(
        "decision_then", pa.string(), "What the source says was decided then; empty where it does not."
    ),
    VerdictColumn(
        "decision", pa.string(), "`accept`, `retry`, `review` or `refuse`, under the job's policy."
    ),
    VerdictColumn("reasons", pa.list_(pa.string()), "Codes that made it worse than accept, worst first."),
    VerdictColumn("silent_alert", pa.bool_(), "Whether security staff should be told."),
    VerdictColumn(
        "findings",
        pa.list_(FINDING),
        "What was flagged or could not be assessed, in the order of the checks.",
    ),
    VerdictColumn(
        "measures",
        pa.list_(MEASURE),
        "The figures of photos and face comparison, also where nothing was found.",
    ),
    VerdictColumn("policy_id", pa.string(), "Hash of the policy."),
    VerdictColumn("engine_id", pa.string(), "The face engine; empty where no face was looked at."),
    VerdictColumn(
        "other_decision",
        pa.string(),
        "The decision under the policy compared with; empty where there is none.",
    ),
    VerdictColumn("other_reasons", pa.list_(pa.string()), "Its reasons."),
)
"""Every column, in the order of the file."""

SCHEMA: Final = pa.schema([(column.name, column.type) for column in COLUMNS])


APPLIED: Final = tuple(column.name for column in COLUMNS[1:9])
"""The columns that say what was applied for, where and by whom."""


def applied(application: Application, iccid: str | None) -> dict[str, Any]:
    """The columns `APPLIED` of an application.

    Args:
        application: What is judged.
        iccid: Its card's ICCID as compacted.
    """
    store = application.store
    return {
        "application_id": application.application_id,
        "kind": application.kind,
        "service": application.sim.service,
        "store_id": store.store_id,
        "dealer_id": store.dealer_id,
        "clerk_id": application.clerk.clerk_id,
        "terminal_id": store.terminal_id,
        "iccid": iccid,
    }


def verdict_row(
    source_no: int,
    applied_for: Mapping[str, Any],
    decision_then: str | None,
    verdict: Verdict,
    other: Verdict | None,
) -> dict[str, Any]:
    """One row.

    Args:
        source_no: The row's place in the source.
        applied_for: The columns `APPLIED`.
        decision_then: What the source says was decided then.
        verdict: Under the job's policy.
        other: Under the policy compared with.
    """
    return {
        "source_no": source_no,
        **applied_for,
        "decided_at": verdict.decided_at,
        "decision_then": decision_then,
        "decision": verdict.decision.value,
        "reasons": list(verdict.reasons),
        "silent_alert": verdict.silent_alert,
        "findings": [finding_row(one) for one in verdict.findings if one.state is not State.PASSED],
        "measures": [
            {"reason": one.reason, "subject": one.subject, "observed": one.observed, "limit": one.limit}
            for one in verdict.findings
            if one.check in MEASURED_CHECKS and one.observed is not None
        ],
        "policy_id": verdict.policy_id,
        "engine_id": verdict.engine_id,
        "other_decision": None if other is None else other.decision.value,
        "other_reasons": None if other is None else list(other.reasons),
    }


def finding_row(one: Finding) -> Mapping[str, Any]:
    """A finding as `FINDING` has it."""
    return {
        "reason": one.reason,
        "state": one.state.value,
        "subject": one.subject,
        "observed": one.observed,
        "limit": one.limit,
        "unit": one.unit,
        "cause": one.cause,
        "decision": None if one.decision is None else one.decision.value,
    }
