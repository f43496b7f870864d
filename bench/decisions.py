"""Whether the faster side also decides as well, each at its usual threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from bench import peer
from bench.pairs import Pair, genuine, impostors, sources
from bench.run import Run
from bench.table import Result, Table
from simkyc import Policy
from simkyc.faces import DlibFaceEngine, distance
from simkyc.faces.intake import decode

__all__ = ["decisions"]

Ours = Literal["accepted", "to review", "refused", "no face"]
Theirs = Literal["matched", "not matched", "no face"]


def decisions(run: Run) -> Table:
    """What both sides say of the same genuine and impostor pairs."""
    judge = _Judge()
    rows, results = [], []
    for source in sources(run, run.pick(2, 12, 60)):
        worse = better = 0
        for kind, pairs in (("same person", genuine(source)), ("two people", impostors(source))):
            said = [
                (judge.ours(pair), _theirs(pair))
                for pair in run.track(pairs, f"deciding, {source.name} people, {kind}")
            ]
            ours, theirs = Counter[str](one for one, _ in said), Counter[str](other for _, other in said)
            worse_here = sum(_wrong(one, kind) and _right(other, kind) for one, other in said)
            better_here = sum(_wrong_of_theirs(other, kind) and not _wrong(one, kind) for one, other in said)
            worse, better = worse + worse_here, better + better_here
            rows.append(
                (
                    f"{source.name}, {kind}",
                    str(len(said)),
                    _counted(ours, ("accepted", "to review", "refused", "no face")),
                    _counted(theirs, ("matched", "not matched", "no face")),
                    str(worse_here),
                    str(better_here),
                )
            )
        results.append(Result(f"decisions worse, {source.name} people", str(worse), "none", worse == 0))
        results.append(Result(f"decisions better, {source.name} people", str(better)))
    return Table(
        title="The decisions behind those times",
        compared=(
            f"simkyc accepts up to a false match rate of {judge.accept_rate:g}, sends to review up to "
            f"{judge.review_rate:g} (the policy that ships) and refuses beyond; face_recognition matches up to a "
            f"distance of {peer.USUAL_DISTANCE} (its default). The same pairs on both sides."
        ),
        columns=("pairs", "of", "simkyc", "face_recognition", "worse", "better"),
        rows=tuple(rows),
        results=tuple(results),
        note=(
            "Worse: simkyc refuses or cannot see somebody whom face_recognition matches with their own ID, or accepts "
            "one whom it tells from the ID's owner. Better: the other way round, or left to a person where "
            "face_recognition is wrong. What goes to review is nobody's wrong decision, and it is somebody's work. "
            "Some of the real people are among those the calibration was made on; docs/accuracy.md keeps them apart."
        ),
    )


class _Judge:
    """simkyc's engine, calibration and default policy."""

    def __init__(self) -> None:
        policy = Policy.default().face
        self.accept_rate = policy.accept_false_match_rate.value
        self.review_rate = policy.review_false_match_rate.value
        self._engine = DlibFaceEngine()
        calibration = self._engine.calibration("chip-live")
        self._accept_distance = calibration.distance_at(self.accept_rate)
        self._review_distance = calibration.distance_at(self.review_rate)

    def ours(self, pair: Pair) -> Ours:
        portrait = self._engine.examine(decode(pair.chip), "portrait").template
        live = self._engine.examine(decode(pair.live), "live").template
        if portrait is None or live is None:
            return "no face"
        apart = distance(portrait, live)
        if apart <= self._accept_distance:
            return "accepted"
        return "to review" if apart <= self._review_distance else "refused"


def _theirs(pair: Pair) -> Theirs:
    apart = peer.compare(pair.chip, pair.live, enlarge=peer.needs_enlarging(pair.chip))
    if apart is None:
        return "no face"
    return "matched" if apart <= peer.USUAL_DISTANCE else "not matched"


def _wrong(said: Ours, kind: str) -> bool:
    return said in {"refused", "no face"} if kind == "same person" else said == "accepted"


def _wrong_of_theirs(said: Theirs, kind: str) -> bool:
    return said != "matched" if kind == "same person" else said == "matched"


def _right(said: Theirs, kind: str) -> bool:
    return not _wrong_of_theirs(said, kind)


def _counted(said: Mapping[str, int], words: tuple[str, ...]) -> str:
    return ", ".join(f"{said[word]} {word}" for word in words if word in said)
