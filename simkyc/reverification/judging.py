"""Judging rows whose questions are answered: the same Python in a process of this machine and in one of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from simkyc.application import Application
from simkyc.faces.engine import FaceEngine
from simkyc.gather import About, opening_keys
from simkyc.history.keys import Keyring
from simkyc.history.protocol import StoredFace
from simkyc.history.statements import moment_of
from simkyc.judge import Judge, Stopwatch
from simkyc.policy import Policy
from simkyc.reverification.answers import QUESTIONS, AnsweredReader, Past
from simkyc.reverification.intake import ABOUT
from simkyc.reverification.job import OTHER
from simkyc.reverification.verdict_rows import SCHEMA, applied, verdict_row
from simkyc.verdict import Verdict

__all__ = ["ASKED_COLUMNS", "Bench"]

ASKED_COLUMNS: Final = (
    *("source_no", "application_json", "iccid", "decided_at", "decision_then"),
    *("about_json", "other_about_json", "faces", "entry_no"),
)
"""What judging needs of a row beside its answers."""
AT_ONCE: Final = 500


@dataclass
class Bench:
    """Judges rows, for one job.

    Args:
        policy: Under which is judged.
        other: The policy that it is compared with, if any.
        keyring: Makes the keys.
        past: What is the same for all rows.
        engine: Makes the face engine, which tells what distances mean; None for the built-in one.
    """

    policy: Policy
    other: Policy | None
    keyring: Keyring = field(repr=False)
    past: Past
    engine: Callable[[], FaceEngine] | None = None

    def judged(self, tables: Iterable[pa.Table | pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The verdicts of these rows, some at a time, as `verdict_rows.SCHEMA` has them."""
        for table in tables:
            for start in range(0, table.num_rows, AT_ONCE):
                rows = table.slice(start, AT_ONCE).to_pylist()
                yield pa.RecordBatch.from_pylist([self._row(row) for row in rows], SCHEMA)

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        application = Application.from_json(row["application_json"])
        verdict = self._verdict(self._judge, application, row, row["about_json"], "")
        other = None
        if self._other_judge is not None:
            other = self._verdict(self._other_judge, application, row, row["other_about_json"], OTHER)
        about = applied(application, row["iccid"])
        return verdict_row(row["source_no"], about, row["decision_then"], verdict, other)

    def _verdict(
        self, judge: Judge, application: Application, row: Mapping[str, Any], about_json: str, before: str
    ) -> Verdict:
        answers = {name: row.get(before + name, row.get(name)) or () for name in QUESTIONS}
        reader = AnsweredReader(answers, row["entry_no"], self.past)
        now = moment_of(row["decided_at"])
        faces = [
            (StoredFace(one["role"], one["engine_id"], one["person_key"], one["sex"], one["vector"]),)
            for one in row["faces"] or ()
        ]
        searched = None
        if faces and judge.asks_faces(application):
            searched = judge.gallery.search_turned(faces, reader, now, application.application_id)
        keys = opening_keys(application, self.keyring)
        about = About(ABOUT.validate_json(about_json))
        return judge.judge(application, keys, reader, about, searched, now, Stopwatch())[0]

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.policy, self.keyring, lambda: self._engine)

    @cached_property
    def _other_judge(self) -> Judge | None:
        return None if self.other is None else Judge(self.other, self.keyring, lambda: self._engine)

    @cached_property
    def _engine(self) -> FaceEngine:
        if self.engine is not None:
            return self.engine()
        from simkyc.faces import DlibFaceEngine

        return DlibFaceEngine()
